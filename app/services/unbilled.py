"""What members owed for services of a month that were not billed by its end (section 6)."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch_tuples, fetch_value, insert_row, parse_day
from app.periods import ONE_DAY, month_end, prorate
from app.services import loading
from app.services.desk import Act
from app.services.ledger import Gl, Transfer, post
from app.services.memberbilling import all_members
from app.services.policies.arrears import arr_3_days, section_6_unbilled
from app.services.policies.facts import SuspensionFacts


def first_month(session: Session) -> date | None:
    """The first month end that may have unbilled revenue; None without a member whose fees run."""
    found = fetch_value(session, "SELECT min(processing_paid_on) FROM membership")
    return None if found is None else month_end(parse_day(found))


def unbilled_cents(session: Session, month_last: date) -> int:
    """Section 6: cents of services performed through a month's last day that were not billed by then.

    What was billed since for such days counts by its days; for the rest the fees are counted that the dates still
    to be billed will have.
    """
    cents = sum(section_6_unbilled(member, month_last) for member in all_members(session))
    suspensions: dict[int, tuple[SuspensionFacts, ...]] = {}
    for account_id, first_text, last_text, billed in fetch_tuples(
        session,
        "SELECT l.account_id, l.period_from, l.period_to, l.cents FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE i.issued_on > ? AND l.kind IN ('monthly-fee', 'final-fee') AND l.period_from <= ?",
        month_last,
        month_last,
    ):
        if account_id not in suspensions:
            suspensions[account_id] = tuple(loading.suspensions(session, account_id, account_id).get(account_id, ()))
        first, last = parse_day(first_text), day_or_none(last_text) or month_last
        ran, _ = arr_3_days(first, min(last, month_last), suspensions[account_id])
        of_days, _ = arr_3_days(first, last, suspensions[account_id])
        cents += prorate(billed, ran, of_days) if of_days else 0
    return cents


def recognise_unbilled(session: Session, act: Act, month_last: date) -> int:
    """Post a month's unbilled revenue, dated its last day, and its reversal, dated the 1st; returns the cents."""
    cents = unbilled_cents(session, month_last)
    if not cents:
        return 0
    entry_id = post(
        session, act, "unbilled-revenue", [Transfer(Gl.UNBILLED_RECEIVABLE, Gl.SERVICE_REVENUE, cents)], on=month_last
    )
    reversal = post(
        session,
        act,
        "unbilled-reversed",
        [Transfer(Gl.SERVICE_REVENUE, Gl.UNBILLED_RECEIVABLE, cents)],
        on=month_last + ONE_DAY,
        reverses=entry_id,
    )
    insert_row(session, "unbilled_revenue", month_end=month_last, cents=cents, entry_id=entry_id, reversal_entry_id=reversal)
    return cents
