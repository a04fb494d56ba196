"""Refund checks for closed accounts with credit, twice a month (ADV-9), voids and reprints (BOTH-4, BOTH-6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Literal, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute, fetch, fetch_one, fetch_value, insert_row, insert_with_id
from app.money import format_cents
from app.periods import add_months
from app.services import allocation, standing
from app.services.allocation import Applied
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.ledger import Gl, Transfer, post, reverse
from app.services.policies.conduct import adv_9_is_refund_date, adv_9_refund_dates
from app.services.refundapproval import RefundDue as RefundDue
from app.services.refundapproval import approved_again, approved_refunds
from app.services.terms import refund_days

PAID_BY_CHECK_WITHIN_DAYS = 10


class RefundDates(NamedTuple):
    """ADV-9's dates as seen from a day: whether it is one, and the next two after it."""

    is_today: bool
    coming: tuple[date, ...]


class RefundRunResult(NamedTuple):
    """What a refund run did; amounts in cents."""

    run_id: int
    refund_ids: tuple[int, ...]
    total_cents: int
    without_address: tuple[int, ...]


_NEVER = "0001-01-01"


def refunds_due(session: Session, on: date) -> list[RefundDue]:
    """Every closed account in credit, by number, with or without an address."""
    rows = fetch(
        session,
        "SELECT a.id, a.number, a.name, a.address, -a.balance_cents, p.business_date, coalesce(p.check_number, ''), "
        f"coalesce(p.cents, 0), max(coalesce(a.closed_on, '{_NEVER}'), (SELECT coalesce(min(c.business_date), '{_NEVER}') "
        "FROM credit c WHERE c.account_id = a.id AND c.remaining_cents > 0)) AS since "
        "FROM account a LEFT JOIN payment p ON p.id = (SELECT x.id FROM payment x "
        "LEFT JOIN payment_reversal r ON r.payment_id = x.id WHERE x.account_id = a.id AND x.kind = 'check' "
        "AND r.payment_id IS NULL AND julianday(?) - julianday(x.business_date) <= ? "
        "ORDER BY x.business_date DESC, x.id DESC LIMIT 1) "
        "WHERE a.status = 'closed' AND a.balance_cents < 0 ORDER BY a.id",
        on,
        PAID_BY_CHECK_WITHIN_DAYS,
    )
    return [
        RefundDue(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            day_or_none(row[5]),
            row[6],
            row[7],
            None if row.since == _NEVER else day_or_none(row.since),
        )
        for row in rows
    ]


def refund_dates(session: Session, on: date) -> RefundDates:
    """ADV-9: whether `on` is a refund date of some policy of the office, and the next two that come after it."""
    days = refund_days(session, on)
    months = [add_months(on.replace(day=1), number) for number in range(3)]
    coming = sorted({found for month in months for found in adv_9_refund_dates(month.year, month.month, days)})
    return RefundDates(adv_9_is_refund_date(on, days), tuple(day for day in coming if day > on)[:2])


def refuse_wrong_date(session: Session, on: date) -> None:
    """Raises UserError unless some policy of the office has a refund date on `on` (ADV-9)."""
    days = refund_days(session, on)
    if not adv_9_is_refund_date(on, days):
        listed = " and ".join(str(day) for day in days)
        raise UserError(
            f"{on} is no refund date; refunds go out on day {listed} of the month, or the next business day.",
            field="on",
        )


def run_refunds(
    session: Session,
    desk: Desk,
    *,
    force: bool = False,
    reason: str = "",
    leave_out: frozenset[int] = frozenset(),
    seen_cents: int | None = None,
    first_number: int | None = None,
) -> RefundRunResult:
    """Refund every closed account in credit in full, one check each, to its address as it stands today.

    Accounts without an address are listed, not printed. `force` makes it on another date: a supervisor's.
    `seen_cents`: the total that the person agreed to; `first_number`: what is printed on the first sheet in the
    printer. Raises UserError on a wrong date, when the box has too few checks left, and when what is due or the
    box's next number is no longer what was seen.
    """
    if force:
        require_role(desk, "supervisor", "A refund run on another date")
        reason = require_reason(reason, "A refund run on another date")
    else:
        refuse_wrong_date(session, desk.on)
    due = [item for item in refunds_due(session, desk.on) if item.account_id not in leave_out]
    desk = approved_refunds(session, desk, "run-refunds", [item for item in due if item.address], reason)
    act = begin(session, desk, "run-refunds", reason=reason)
    if first_number is not None:
        refuse_other_number(session, first_number)
    run_id = _insert_run(session, desk, act)
    refund_ids, missing, total = [], [], 0
    for item in due:
        if not item.address:
            standing.list_exception(
                session,
                act,
                item.account_id,
                standing.NO_REFUND_ADDRESS,
                "no postal address for the refund check",
            )
            missing.append(item.account_id)
            continue
        refund_ids.append(_refund(session, act, item, run_id))
        total += item.cents
    if seen_cents is not None and total != seen_cents:
        raise UserError(
            f"What is due has changed: it was {format_cents(seen_cents)} and is {format_cents(total)}. "
            "Nothing was refunded; look at the list again."
        )
    execute(
        session,
        "UPDATE run SET state = 'done', finished_at = ?, accounts = ?, documents = ?, cents = ? WHERE id = ?",
        desk.now(),
        len(refund_ids) + len(missing),
        len(refund_ids),
        total,
        run_id,
    )
    return RefundRunResult(run_id, tuple(refund_ids), total, tuple(missing))


def refund_now(session: Session, desk: Desk, account_id: int, reason: str) -> int:
    """BOTH-4: refund one closed account in credit outside the run; returns the refund's id.

    Raises UserError when nothing is to be refunded, or no address is known.
    """
    require_role(desk, "supervisor", "A refund outside the run")
    reason = require_reason(reason, "A refund outside the run")
    item = next((due for due in refunds_due(session, desk.on) if due.account_id == account_id), None)
    if item is None:
        raise UserError("Only a closed account with a credit is refunded.", field="account")
    if not item.address:
        raise UserError(f"Account {item.number} has no postal address; record one first.", field="address")
    desk = approved_refunds(session, desk, "refund", [item], reason)
    act = begin(session, desk, "refund", reason=reason)
    return _refund(session, act, item, None)


def move_to_unclaimed(session: Session, desk: Desk, refund_id: int, reason: str) -> None:
    """A check that nobody cashed: its money goes from the bank to unclaimed refunds; its number is stale (section 6)."""
    _, cents, _ = _live_refund(session, refund_id)
    require_role(desk, "supervisor", "Moving a refund to unclaimed refunds")
    reason = require_reason(reason, "Moving a refund to unclaimed refunds")
    touched = execute(
        session,
        "UPDATE issued_check SET state = 'stale', reason = ? WHERE refund_id = ? AND state = 'issued'",
        reason,
        refund_id,
    )
    if not touched:
        raise UserError("That refund has no check that is still out.", field="refund")
    act = begin(session, desk, "unclaimed-refund", reason=reason)
    post(session, act, "unclaimed-refund", [Transfer(Gl.BANK, Gl.UNCLAIMED_REFUNDS, cents)])


def _insert_run(session: Session, desk: Desk, act: Act) -> int:
    return insert_with_id(
        session,
        "run",
        what="refunds",
        business_date=desk.on,
        state="running",
        started_at=desk.now(),
        finished_at=None,
        actor=desk.actor,
        accounts=0,
        documents=0,
        cents=0,
        through_action_id=act.id,
    )


def _refund(session: Session, act: Act, item: RefundDue, run_id: int | None) -> int:
    entry_id = post(session, act, "refund", [Transfer(Gl.RECEIVABLE, Gl.BANK, item.cents, item.account_id)])
    refund_id = insert_with_id(
        session,
        "refund",
        account_id=item.account_id,
        business_date=act.on,
        cents=item.cents,
        open_cents=item.cents,
        reopened_on=None,
        payee=item.name,
        address=item.address,
        why="",
        run_id=run_id,
        entry_id=entry_id,
        action_id=act.id,
    )
    credits = fetch(
        session,
        "SELECT id, remaining_cents FROM credit WHERE account_id = ? AND remaining_cents > 0 ORDER BY business_date, id",
        item.account_id,
    )
    allocation.write(
        session,
        act,
        [Applied(item.account_id, credit_id, None, refund_id, cents) for credit_id, cents in credits],
    )
    give_check_number(session, act, refund_id)
    standing.after_money(session, act, item.account_id, "other")
    return refund_id


def give_check_number(session: Session, act: Act, refund_id: int) -> int:
    """Spend the next check number on a refund; it is never used again. Raises UserError when the box is empty."""
    row = _box_in_use(session)
    execute(session, "UPDATE check_stock SET next_number = next_number + 1 WHERE id = ?", row.id)
    insert_row(
        session,
        "issued_check",
        number=row.next_number,
        stock_id=row.id,
        refund_id=refund_id,
        business_date=act.on,
        state="issued",
        printed_on=None,
        cleared_on=None,
        reason="",
        action_id=act.id,
    )
    return int(row.next_number)


def _box_in_use(session: Session) -> Any:
    row = fetch_one(
        session,
        "SELECT id, next_number FROM check_stock WHERE next_number <= last_number ORDER BY id LIMIT 1",
    )
    if row is None:
        raise UserError("No check numbers are left; enter the numbers of the next box of checks.", field="stock")
    return row


def refuse_other_number(session: Session, number: int) -> None:
    """Raises UserError unless the next check number is that of the first sheet in the printer."""
    following = _box_in_use(session).next_number
    if following != number:
        raise UserError(
            f"The next check of the box is {following}, but the first sheet in the printer is {number}. "
            f"Load the sheets from {following} on, or change the box's next number.",
            field="first",
        )


def _live_refund(session: Session, refund_id: int) -> tuple[int, int, int]:
    row = fetch_one(
        session,
        "SELECT account_id, cents, entry_id, (SELECT 1 FROM refund_void v WHERE v.refund_id = refund.id) AS void, "
        "(SELECT max(cleared_on) FROM issued_check c WHERE c.refund_id = refund.id) AS cleared, "
        "(SELECT c.state = 'stale' FROM issued_check c WHERE c.refund_id = refund.id "
        "ORDER BY c.action_id DESC, c.number DESC LIMIT 1) AS stale "
        "FROM refund WHERE id = ?",
        refund_id,
    )
    if row is None:
        raise UserError("There is no such refund.", field="refund")
    if row.void:
        raise UserError("That refund check is void already.", field="refund")
    if row.stale:
        raise UserError("That refund check is stale; its money lies in unclaimed refunds.", field="refund")
    if row.cleared is not None:
        raise UserError(f"That refund check was paid by the bank on {row.cleared}.", field="refund")
    return row.account_id, row.cents, row.entry_id


def latest_refund(session: Session, account_id: int) -> int:
    """The account's latest refund that is not void. Raises UserError when there is none."""
    found = fetch_value(
        session,
        "SELECT max(id) FROM refund WHERE account_id = ? AND id NOT IN (SELECT refund_id FROM refund_void)",
        account_id,
    )
    if found is None:
        raise UserError("The account has no refund check that could be voided.", field="refund")
    return int(found)


def void_refund(session: Session, desk: Desk, refund_id: int, reason: str) -> None:
    """BOTH-6: declare a refund check void; the credit is back on the account, the number is never used again."""
    account_id, cents, original = _live_refund(session, refund_id)
    require_role(desk, "supervisor", "Voiding a refund check")
    reason = require_reason(reason, "Voiding a refund check")
    act = begin(session, desk, "void-refund", reason=reason)
    entry_id = reverse(session, act, original, "void-refund", [Transfer(Gl.BANK, Gl.RECEIVABLE, cents, account_id)])
    insert_row(
        session,
        "refund_void",
        refund_id=refund_id,
        business_date=desk.on,
        reason=reason,
        entry_id=entry_id,
        action_id=act.id,
    )
    allocation.undo(session, act, refund_id=refund_id)
    execute(session, "UPDATE refund SET open_cents = 0 WHERE id = ?", refund_id)
    _end_number(session, refund_id, "void", reason)
    standing.after_money(session, act, account_id, "credit")


def _end_number(session: Session, refund_id: int, state: Literal["void", "stopped"], reason: str) -> None:
    execute(
        session,
        "UPDATE issued_check SET state = ?, reason = ? WHERE refund_id = ? AND state = 'issued'",
        state,
        reason,
        refund_id,
    )


def reprint_refund(session: Session, desk: Desk, refund_id: int, reason: str) -> int:
    """BOTH-6: print a refund on a new check; the old number is void. Returns the new number.

    Raises NotPermitted above the office's limit unless a second person approves (`refundapproval`).
    """
    _, cents, _ = _live_refund(session, refund_id)
    require_role(desk, "supervisor", "Reprinting a refund check")
    desk = approved_again(session, desk, "reprint-refund", refund_id, cents, reason)
    return print_anew(session, desk, refund_id, reason)


def print_anew(session: Session, desk: Desk, refund_id: int, reason: str) -> int:
    """As `reprint_refund`, for a sheet that the printer spoiled: it never left the house, so one person is enough."""
    _live_refund(session, refund_id)
    require_role(desk, "supervisor", "Reprinting a refund check")
    reason = require_reason(reason, "Reprinting a refund check")
    act = begin(session, desk, "reprint-refund", reason=reason)
    _end_number(session, refund_id, "void", reason)
    return give_check_number(session, act, refund_id)


def stop_and_reissue(session: Session, desk: Desk, refund_id: int, reason: str) -> int:
    """BOTH-6: the bank was told to stop a check that is out; the refund goes on a new one. Returns the new number.

    When the account's name or address is another by now the refund itself is void, and what is then due is refunded
    to the address as it stands today (ADV-9). Raises UserError when nothing is due any more, and NotPermitted above the
    office's limit unless a second person approves (`refundapproval`).
    """
    account_id, cents, _ = _live_refund(session, refund_id)
    require_role(desk, "supervisor", "Stopping a refund check")
    reason = require_reason(reason, "Stopping a refund check")
    moved = fetch_value(
        session,
        "SELECT f.payee <> a.name OR f.address <> a.address FROM refund f JOIN account a ON a.id = f.account_id "
        "WHERE f.id = ?",
        refund_id,
    )
    if not moved:
        desk = approved_again(session, desk, "stop-refund", refund_id, cents, reason)
        act = begin(session, desk, "stop-refund", reason=reason)
        _end_number(session, refund_id, "stopped", reason)
        return give_check_number(session, act, refund_id)
    stopped = fetch_value(session, "SELECT number FROM issued_check WHERE refund_id = ? AND state = 'issued'", refund_id)
    void_refund(session, desk, refund_id, reason)
    execute(session, "UPDATE issued_check SET state = 'stopped' WHERE number = ?", stopped)
    again = refund_now(session, replace(desk, token=None), account_id, reason)
    return int(fetch_value(session, "SELECT number FROM issued_check WHERE refund_id = ? AND state = 'issued'", again))
