"""The auto-pay run: asks each account with a usable method for its whole balance, once a date (ADV-5)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import Cancelled, OfficeFileError
from app.models.bulk import Progress, fetch, fetch_tuples, fetch_value, insert_with_id, no_progress
from app.models.database import Database
from app.periods import month_start
from app.services import dishonored, standing
from app.services.desk import Act, Desk, begin, refuse_closed_or_future, require_right
from app.services.gateways.autopay import Outcome, PaymentGateway
from app.services.payments import record_payment
from app.services.policies.policyfile import ArrearsPolicy
from app.services.terms import policy_of

log = logging.getLogger(__name__)


class AutopayDue(NamedTuple):
    """An account that owes and has a usable method; `cents` is its whole balance."""

    account_id: int
    number: str
    method: str
    label: str
    cents: int


class AutopayResult(NamedTuple):
    """Totals of a run, in cents; `failed` are the account numbers whose attempt could not be recorded."""

    approved: int
    approved_cents: int
    declined: int
    declined_cents: int
    failed: tuple[str, ...] = ()


# A member whom nobody asked for its latest fee; what a failed attempt cost is no fee, and a mistake was no attempt.
_FRESH = (
    "(NOT EXISTS (SELECT 1 FROM membership m WHERE m.account_id = a.id) OR EXISTS (SELECT 1 FROM invoice i "
    "WHERE i.account_id = a.id AND i.open_cents > 0 AND i.what IN ('processing-fee', 'monthly-fee', 'final-fee') "
    "AND NOT EXISTS (SELECT 1 FROM payment_attempt x WHERE x.account_id = a.id AND x.business_date >= i.issued_on "
    "AND x.id NOT IN (SELECT attempt_id FROM attempt_taken_back) AND NOT EXISTS (SELECT 1 FROM payment_reversal r "
    "WHERE r.payment_id = x.payment_id AND r.state = 'reversed'))))"
)


# Of a run that was cut off the attempts are recorded and the run is not: the next one of that date takes them in.
_ATTEMPTS_OF_RUN = """
SELECT count(CASE WHEN outcome = 'approved' THEN 1 END),
  coalesce(sum(CASE WHEN outcome = 'approved' THEN cents END), 0),
  count(CASE WHEN outcome <> 'approved' THEN 1 END),
  coalesce(sum(CASE WHEN outcome <> 'approved' THEN cents END), 0)
FROM payment_attempt t JOIN action x ON x.id = t.action_id AND x.what = 'autopay'
WHERE t.business_date = ? AND t.action_id > coalesce(
  (SELECT max(through_action_id) FROM run WHERE what = 'autopay' AND business_date = ?), 0)
"""


def due(session: Session, desk: Desk, *, fresh_only: bool = False) -> list[AutopayDue]:
    """Who is asked on the desk's date: whoever owes, closed and suspended accounts too (BOTH-9).

    `fresh_only`: of members only those with a fee that no attempt was made for, since each failure costs them.
    """
    rows = fetch(
        session,
        "SELECT id, number, autopay, method_label, balance_cents FROM account a WHERE autopay <> 'none' "
        "AND authorized_on IS NOT NULL AND balance_cents > 0 AND NOT EXISTS (SELECT 1 FROM payment_attempt t "
        f"WHERE t.account_id = a.id AND t.business_date = ?) AND {_FRESH if fresh_only else '1 = 1'} ORDER BY id",
        desk.on,
    )
    return [AutopayDue(*row) for row in rows]


def attempt(session: Session, desk: Desk, item: AutopayDue, gateway: PaymentGateway) -> bool:
    """One attempt in one transaction; returns whether it was paid.

    A declined one costs nothing on an account billed in advance (BOTH-9), and a member the charges of ARR-6, ARR-7.
    """
    act = begin(session, desk, "autopay")
    key = f"{item.number}-{desk.on.isoformat()}"
    outcome = gateway.charge(
        attempt_key=key, account_number=item.number, method=item.method, label=item.label, cents=item.cents
    )
    record_outcome(session, act, item, outcome)
    return outcome.approved


def record_outcome(
    session: Session, act: Act, item: AutopayDue, outcome: Outcome, waive: frozenset[str] = frozenset()
) -> None:
    """Record the answer to an attempt of the action's date: the payment, or what the failure costs a member.

    `waive`: kinds of charge that a supervisor waived before they are made.
    """
    payment_id = record_payment(session, act, item.account_id, item.method, item.cents) if outcome.approved else None
    insert_with_id(
        session,
        "payment_attempt",
        account_id=item.account_id,
        business_date=act.on,
        method=item.method,
        cents=item.cents,
        outcome="approved" if outcome.approved else "declined",
        payment_id=payment_id,
        reference=outcome.reference,
        action_id=act.id,
    )
    policy = policy_of(session, item.account_id, act.on)
    if not outcome.approved and isinstance(policy, ArrearsPolicy):
        open_now = dishonored.open_invoices(session, item.account_id, item.cents)
        failed = dishonored.Failed(item.account_id, f"date:{act.on.isoformat()}", "declined", "declined", open_now)
        dishonored.charge_failed(session, act, policy, failed, waive)
        standing.after_money(session, act, item.account_id, "other")


def _record_run(session: Session, desk: Desk, failed: Sequence[str]) -> AutopayResult:
    """Record the run with all its attempts, those before it was cut off included; its totals."""
    through = fetch_value(session, "SELECT coalesce(max(id), 0) FROM action")
    paid, paid_cents, declined, declined_cents = fetch_tuples(session, _ATTEMPTS_OF_RUN, desk.on, desk.on)[0]
    insert_with_id(
        session,
        "run",
        what="autopay",
        business_date=desk.on,
        state="done",
        started_at=desk.now(),
        finished_at=desk.now(),
        actor=desk.actor,
        accounts=paid + declined,
        documents=paid,
        cents=paid_cents,
        through_action_id=through,
    )
    return AutopayResult(paid, paid_cents, declined, declined_cents, tuple(failed))


def belongs_to(session: Session, on: date) -> bool:
    """ADV-5: whether the auto-pay run belongs to `on`: the month is billed and no run was made since then."""
    return bool(
        fetch_value(
            session,
            "SELECT 1 FROM run b WHERE b.what = 'billing' AND b.state = 'done' AND b.documents > 0 "
            "AND b.business_date BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM run a WHERE a.what = 'autopay' "
            "AND a.state = 'done' AND a.business_date >= b.business_date) LIMIT 1",
            month_start(on),
            on,
        )
    )


def run_autopay(
    database: Database,
    desk: Desk,
    gateway: PaymentGateway,
    *,
    fresh_only: bool = False,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> AutopayResult:
    """Ask every account that is due, each in a transaction of its own: cut off anywhere, run it again.

    `fresh_only` as for `due`: what an office does by itself every day does not ask a member for a fee twice.
    Raises Cancelled when asked to stop: who was asked stays asked, and the same run made again asks the others.
    """
    with database.read() as session:
        require_right(session, desk, "autopay")
        refuse_closed_or_future(session, desk)
        items = due(session, desk, fresh_only=fresh_only)
    failed: list[str] = []
    for place, item in enumerate(items):
        if cancelled():
            raise Cancelled
        progress(place, len(items))
        try:
            with database.write() as session:
                attempt(session, desk, item, gateway)
        except (OfficeFileError, OSError):
            raise
        except Exception:
            log.exception("auto-pay of account %s failed", item.number)
            failed.append(item.number)
    with database.write() as session:
        return _record_run(session, desk, failed)
