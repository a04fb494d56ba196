"""Everything that is due on one business date, in the rulebook's order (section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.models.bulk import Progress, fetch_value, no_progress
from app.models.database import Database
from app.services import autopay, billing, dayclose, refunds
from app.services.autopay import AutopayResult
from app.services.billing import BillingTotals
from app.services.dayclose import DayCloseResult
from app.services.desk import Desk
from app.services.gateways.autopay import PaymentGateway
from app.services.gateways.mail import MailGateway
from app.services.policies.conduct import adv_9_is_refund_date
from app.services.refunds import RefundRunResult
from app.services.terms import refund_days


class DueResult(NamedTuple):
    """What was done; None where nothing of the kind was due."""

    billed: BillingTotals
    autopay: AutopayResult | None
    refunds: RefundRunResult | None
    closed: DayCloseResult


def do_everything_due(
    database: Database,
    desk: Desk,
    gateway: PaymentGateway,
    mail: MailGateway,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> DueResult:
    """Billing run, auto-pay (once after the month was billed), refunds, receipts, close of day.

    Each part is its own service with its own transactions, so that a day cut off is done by calling it again.
    Raises UserError when logged checks keep the day from being closed; what was done before stays done.
    """
    billed = billing.run_billing(database, desk, progress, cancelled)
    with database.read() as session:
        asks = autopay.belongs_to(session, desk.on)
    asked = autopay.run_autopay(database, desk, gateway, fresh_only=True) if asks else None
    refunded = None
    with database.read() as session:
        days = refund_days(session, desk.on)
        waiting = bool(refunds.refunds_due(session, desk.on))
    if waiting and adv_9_is_refund_date(desk.on, days):
        with database.write() as session:
            refunded = refunds.run_refunds(session, desk)
    with database.write() as session:
        closed = dayclose.close_day(session, desk, mail)
    return DueResult(billed, asked, refunded, closed)


def is_closed(database: Database, desk: Desk) -> bool:
    """Whether the desk's date is closed."""
    with database.read() as session:
        return bool(fetch_value(session, "SELECT closed_through >= ? FROM office WHERE id = 1", desk.on))
