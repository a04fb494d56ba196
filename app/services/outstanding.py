"""Refund checks once issued: printed well or spoiled, cleared at the bank, stale, unclaimed (BOTH-6, section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute, fetch, fetch_one, parse_day
from app.money import format_cents
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.ledger import Gl, Transfer, post
from app.services.refundapproval import approved_refunds
from app.services.refunds import RefundDue, give_check_number, print_anew

STALE_AFTER_DAYS: Final = 180
"""A check that has been out for more days than this is listed as stale."""

Standing = Literal["to-print", "outstanding", "old", "cleared", "void", "stopped", "unclaimed"]


class IssuedRow(NamedTuple):
    """A check number that was given to a refund. `cents` is its amount; `days_out` counts from `issued_on` while it is out.

    `standing`: to-print (nobody has said yet that the sheet is good), outstanding, old (outstanding for more than
    180 days), cleared, void, stopped, unclaimed (its money was moved). `is_latest`: no newer number was given to
    the refund since.
    """

    number: int
    refund_id: int
    account_id: int
    account_number: str
    payee: str
    cents: int
    issued_on: date
    days_out: int | None
    standing: Standing
    cleared_on: date | None
    reason: str
    is_latest: bool


_ENDED: Final[dict[str, Standing]] = {"void": "void", "stopped": "stopped", "stale": "unclaimed"}

_ISSUED = (
    "SELECT c.number, c.refund_id, f.account_id, a.number AS account_number, f.payee, f.cents, c.business_date, c.state, "
    "c.printed_on, c.cleared_on, c.reason, NOT EXISTS (SELECT 1 FROM issued_check n WHERE n.refund_id = c.refund_id "
    "AND (n.action_id, n.number) > (c.action_id, c.number)) AS is_latest "
    "FROM issued_check c JOIN refund f ON f.id = c.refund_id JOIN account a ON a.id = f.account_id "
)


def issued_checks(session: Session, on: date) -> list[IssuedRow]:
    """Every check number spent so far, the oldest first, as it stands on `on`."""
    return [_row(found, on) for found in fetch(session, _ISSUED + "ORDER BY c.business_date, c.number")]


def checks_out(session: Session, on: date) -> list[IssuedRow]:
    """The checks that the bank has not paid yet, printed or not, the oldest first."""
    query = _ISSUED + "WHERE c.state = 'issued' AND c.cleared_on IS NULL ORDER BY c.business_date, c.number"
    return [_row(found, on) for found in fetch(session, query)]


def sheets_to_confirm(session: Session, on: date) -> list[IssuedRow]:
    """The checks of which nobody has said yet whether their sheet came out well, by number."""
    query = _ISSUED + "WHERE c.state = 'issued' AND c.cleared_on IS NULL AND c.printed_on IS NULL ORDER BY c.number"
    return [_row(found, on) for found in fetch(session, query)]


def one_check(session: Session, number: int, on: date) -> IssuedRow:
    """The check of that number. Raises UserError when the number was never given to one."""
    found = fetch_one(session, _ISSUED + "WHERE c.number = ?", number)
    if found is None:
        raise UserError(f"No refund check has the number {number}.", field="number")
    return _row(found, on)


def _row(found: Any, on: date) -> IssuedRow:
    issued_on, cleared_on = parse_day(found.business_date), day_or_none(found.cleared_on)
    days = (on - issued_on).days
    standing: Standing
    if found.state != "issued":
        standing = _ENDED.get(found.state, "void")
    elif cleared_on is not None:
        standing = "cleared"
    elif found.printed_on is None:
        standing = "to-print"
    else:
        standing = "old" if days > STALE_AFTER_DAYS else "outstanding"
    is_out = found.state == "issued" and cleared_on is None
    return IssuedRow(
        found.number,
        found.refund_id,
        found.account_id,
        found.account_number,
        found.payee,
        found.cents,
        issued_on,
        days if is_out else None,
        standing,
        cleared_on,
        found.reason,
        bool(found.is_latest),
    )


class SheetsDone(NamedTuple):
    """What became of printed sheets: how many are good, and the new number of each spoiled one."""

    good: int
    new_numbers: dict[int, int]


def confirm_sheets(
    session: Session, desk: Desk, good: Iterable[int], spoiled: Iterable[int], reason: str = ""
) -> SheetsDone:
    """Say which sheets came out well; each spoiled one is void and gets the next number (BOTH-6).

    `good`, `spoiled`: check numbers. Spoiled sheets need a supervisor and a reason. Raises UserError for a number
    that is not waiting.
    """
    good, spoiled = sorted(set(good)), sorted(set(spoiled))
    waiting = {row.number: row.refund_id for row in sheets_to_confirm(session, desk.on)}
    for number in (*good, *spoiled):
        if number not in waiting:
            raise UserError(f"Check {number} does not wait for printing any more; look at the list again.")
    if set(good) & set(spoiled):
        raise UserError("A sheet is either good or spoiled.")
    begin(session, desk, "confirm-sheets", reason=reason.strip())
    for number in good:
        execute(session, "UPDATE issued_check SET printed_on = ? WHERE number = ?", desk.on, number)
    once = replace(desk, token=None)
    return SheetsDone(len(good), {number: print_anew(session, once, waiting[number], reason) for number in spoiled})


class Clearing(NamedTuple):
    """The bank paid a check: its number, the cents that the bank took (None: not told), and the day."""

    number: int
    cents: int | None
    on: date


def clear_checks(session: Session, desk: Desk, clearings: Sequence[Clearing]) -> int:
    """Mark checks as paid by the bank; returns how many. No money moves: the bank was credited when they were issued.

    Raises UserError, and marks none, for a number that is not out, another amount, or a day before the check was
    issued or after today.
    """
    begin(session, desk, "clear-checks")
    for clearing in clearings:
        row = one_check(session, clearing.number, desk.on)
        if row.days_out is None:
            raise UserError(f"Check {row.number} is not out: it is {told(row)}.", field="number")
        if clearing.cents is not None and clearing.cents != row.cents:
            raise UserError(
                f"Check {row.number} is over {format_cents(row.cents)}, but the bank paid {format_cents(clearing.cents)}.",
                field="amount",
            )
        if clearing.on < row.issued_on:
            raise UserError(
                f"Check {row.number} was issued on {row.issued_on:%m/%d/%Y}; it cannot have cleared before that.", field="on"
            )
        if clearing.on > desk.today:
            raise UserError(f"{clearing.on:%m/%d/%Y} has not come yet; when did the bank pay the check?", field="on")
        execute(
            session,
            "UPDATE issued_check SET cleared_on = ?, printed_on = coalesce(printed_on, business_date) WHERE number = ?",
            clearing.on,
            row.number,
        )
    return len(clearings)


def unclear_check(session: Session, desk: Desk, number: int, reason: str) -> None:
    """A check was marked as cleared by mistake: it is out again. A supervisor's, with a reason."""
    require_role(desk, "supervisor", "Taking back a cleared check")
    reason = require_reason(reason, "Taking back a cleared check")
    row = one_check(session, number, desk.on)
    if row.standing != "cleared":
        raise UserError(f"Check {number} is not cleared; it is {told(row)}.", field="number")
    begin(session, desk, "unclear-check", reason=reason)
    execute(session, "UPDATE issued_check SET cleared_on = NULL WHERE number = ?", number)


def reissue_unclaimed(session: Session, desk: Desk, refund_id: int, reason: str) -> int:
    """The customer asked for an unclaimed refund after all: it goes on a new check. Returns the new number.

    As a refund outside the run it is within the office's limits, or somebody approves it.
    """
    require_role(desk, "supervisor", "Paying an unclaimed refund")
    reason = require_reason(reason, "Paying an unclaimed refund")
    due = _unclaimed(session, refund_id)
    desk = approved_refunds(session, desk, "pay-unclaimed", [due], reason, refund_id)
    act = begin(session, desk, "pay-unclaimed", reason=reason)
    post(session, act, "pay-unclaimed", [Transfer(Gl.UNCLAIMED_REFUNDS, Gl.BANK, due.cents)])
    return give_check_number(session, act, refund_id)


def paid_after_all(session: Session, desk: Desk, number: int, cleared_on: date, reason: str) -> None:
    """The bank paid a check whose money had been moved to unclaimed refunds: it goes back and the check is cleared."""
    require_role(desk, "supervisor", "Taking back an unclaimed refund")
    reason = require_reason(reason, "Taking back an unclaimed refund")
    row = one_check(session, number, desk.on)
    if row.standing != "unclaimed" or not row.is_latest:
        raise UserError(f"Check {number} is not unclaimed; it is {told(row)}.", field="number")
    act = begin(session, desk, "unclaimed-paid", reason=reason)
    post(session, act, "unclaimed-paid", [Transfer(Gl.UNCLAIMED_REFUNDS, Gl.BANK, row.cents)])
    execute(session, "UPDATE issued_check SET state = 'issued' WHERE number = ?", number)
    clear_checks(session, replace(desk, token=None), [Clearing(number, row.cents, cleared_on)])


def _unclaimed(session: Session, refund_id: int) -> RefundDue:
    found = fetch_one(
        session,
        "SELECT f.account_id, a.number, f.payee, f.address, f.cents, c.state FROM refund f "
        "JOIN account a ON a.id = f.account_id JOIN issued_check c ON c.refund_id = f.id WHERE f.id = ? "
        "ORDER BY c.action_id DESC, c.number DESC",
        refund_id,
    )
    if found is None or found.state != "stale":
        raise UserError("The money of that refund does not lie in unclaimed refunds.", field="refund")
    return RefundDue(found.account_id, found.number, found.payee, found.address, found.cents, None)


def told(row: IssuedRow) -> str:
    """How a check stands, in words: `cleared on 11/20/2026`, `void: jam`."""
    words = {
        "to-print": "not confirmed as printed yet",
        "outstanding": "outstanding",
        "old": f"outstanding for more than {STALE_AFTER_DAYS} days",
        "cleared": f"cleared on {row.cleared_on:%m/%d/%Y}" if row.cleared_on else "cleared",
        "void": "void",
        "stopped": "stopped at the bank",
        "unclaimed": "moved to unclaimed refunds",
    }[row.standing]
    return f"{words}: {row.reason}" if row.reason else words
