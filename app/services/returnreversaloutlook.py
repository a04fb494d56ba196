"""What follows from taking a recorded return back, in words: seen before it is confirmed, by the same code (BOTH-1)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_value
from app.money import format_cents
from app.services.desk import Desk
from app.services.loading import AccountCard, card
from app.services.memberbilling import fee_dates
from app.services.payments import KIND_NAMES
from app.services.returnreversal import Return, later_charges, recorded_return, take_back_return
from app.services.standing import IS_VOID


class TakenBack(NamedTuple):
    """What was done: the payment that stands for the returned one from now on, and what else follows, in sentences."""

    payment_id: int
    sentences: tuple[str, ...]


def take_back(session: Session, desk: Desk, payment_id: int, reason: str) -> TakenBack:
    """Take a recorded return back, and say what followed. Raises what `returnreversal.take_back_return` raises."""
    back = recorded_return(session, payment_id)
    before, fee_on = card(session, back.payment.account_id), fee_dates(session, back.payment.account_id)[0]
    last = fetch_value(session, "SELECT coalesce(max(id), 0) FROM action")
    by_id = take_back_return(session, desk, payment_id, reason, desk.token)
    after = card(session, before.id)
    said = (
        *_paid_again(session, by_id),
        *_refunded(session, by_id),
        *_authorized(before, after),
        *_fee_date(fee_on, fee_dates(session, before.id)[0]),
        *_suspension(session, back, before, after),
        *_rated_anew(session, before.id, last),
        *_written_off(session, before.id, last),
        *_stays(session, back),
    )
    return TakenBack(by_id, said)


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _paid_again(session: Session, payment_id: int) -> list[str]:
    rows = fetch(
        session,
        "SELECT invoice_id, sum(cents) FROM allocation WHERE credit_id = ? AND invoice_id IS NOT NULL GROUP BY invoice_id "
        "HAVING sum(cents) > 0 ORDER BY min(id)",
        payment_id,
    )
    if not rows:
        return ["Nothing is open that it would pay: it stays on the account as credit."]
    said = ", ".join(f"{format_cents(cents)} of invoice {number}" for number, cents in rows)
    return [f"It pays again {said}."]


def _refunded(session: Session, payment_id: int) -> list[str]:
    cents = fetch_value(
        session,
        "SELECT coalesce(sum(cents), 0) FROM allocation WHERE credit_id = ? AND refund_id IS NOT NULL",
        payment_id,
    )
    return [f"{format_cents(cents)} of it had been refunded; that part is owed no more."] if cents else []


def _authorized(before: AccountCard, after: AccountCard) -> list[str]:
    if before.authorized_on is None and after.authorized_on is not None:
        return [
            f"Auto-pay by {KIND_NAMES[after.autopay]} is used again; its form is the one of {_day(after.authorized_on)}."
        ]
    if after.autopay != "none" and after.authorized_on is None:
        return ["Auto-pay still waits for a signed form."]
    return []


def _fee_date(before: date | None, after: date | None) -> list[str]:
    if before == after or after is None:
        return []
    came = "" if before is None else f", not {_day(before)}"
    return [f"The next monthly fee is due on {_day(after)} again{came} (ARR-2)."]


def _suspension(session: Session, back: Return, before: AccountCard, after: AccountCard) -> list[str]:
    said = []
    void = fetch_value(
        session,
        f"SELECT count(*) FROM suspension WHERE account_id = ? AND action_id > ? AND {IS_VOID}",
        before.id,
        back.action_id,
    )
    if before.status == "suspended" and after.status == "suspended":
        said.append("Services stay suspended: the account is not paid in full, and was past due without this return too.")
    if void:
        said.append("The suspension came from this return alone: it counts for no re-activation fee.")
    return said


def _rated_anew(session: Session, account_id: int, last: int) -> list[str]:
    """ARR-6: a later failure that is the first for its fee now."""
    rows = fetch(
        session,
        "SELECT l.cents FROM line l JOIN invoice i ON i.id = l.invoice_id WHERE l.account_id = ? AND i.action_id > ? "
        "AND l.kind = 'late-charge' AND l.cents > 0 ORDER BY l.key",
        account_id,
        last,
    )
    return [
        f"A later failure is the first for its fee now: its late charge is {format_cents(row[0])} (ARR-6)." for row in rows
    ]


def _written_off(session: Session, account_id: int, last: int) -> list[str]:
    cents = fetch_value(
        session,
        "SELECT coalesce(sum(l.cents), 0) FROM line l JOIN invoice i ON i.id = l.invoice_id WHERE l.account_id = ? "
        "AND i.action_id > ? AND l.kind = 'write-off'",
        account_id,
        last,
    )
    return [f"{format_cents(cents)} that was written off comes back and is paid by it (BOTH-8)."] if cents else []


def _stays(session: Session, back: Return) -> list[str]:
    """What was charged since and may be due to the return: it stays, and can be waived."""
    rows = later_charges(session, back)
    if not rows:
        return []
    listed = ", ".join(f"{what} {format_cents(cents)} of {_day(on)} (invoice {number})" for what, cents, on, number in rows)
    return [f"Charged since the return, and not taken back by this: {listed}. Waive what only the return had caused."]
