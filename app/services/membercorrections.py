"""What was recorded for a member and can be taken back while nothing was billed by it (BOTH-3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, fetch_tuples, parse_day
from app.money import format_cents
from app.services import autopayanswers, credits
from app.services.accounts import record_change
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.memberbilling import member
from app.services.memberplans import undo_plan_change
from app.services.policies.arrears import arr_2_first_fee_on, arr_8_moved_fee_on
from app.services.subscriptions import brought_up_to_date
from app.services.terms import arrears_policy_of
from app.services.waived import waives

_FEE_DAY = re.compile(r"\(day (\d+)\)")


class Step(NamedTuple):
    """Something recorded that can be taken back: `key` names it for `take_back`, `on` is its day."""

    key: str
    words: str
    on: date


class _Moved(NamedTuple):
    """The latest move of a fee date: the date and the day of the month before it, its fee's line if it has one."""

    on: date
    before: date
    fee_day: int
    invoice_id: int | None
    line_n: int


class _Change(NamedTuple):
    """A move of a fee date as it was recorded, or its taking back."""

    moved_on: str
    what: str
    before: str
    after: str
    action_id: int


def steps(session: Session, account_id: int) -> list[Step]:
    """What can be taken back on a member's account, the latest first; nothing for other accounts."""
    if not fetch_tuples(session, "SELECT 1 FROM membership WHERE account_id = ?", account_id):
        return []
    known = member(session, account_id)
    found = []
    if known.processing_charged_on is None and known.work_performed_on is not None:
        found.append(Step("work", "Work performed", known.work_performed_on))
    if known.processing_charged_on is None and known.instructed_on is not None:
        found.append(Step("instruction", f"Charge the processing fee on {known.instructed_on}", known.instructed_on))
    moved = _last_move(session, account_id, known.next_fee_on)
    if moved is not None:
        found.append(Step("fee-day", f"Fee date moved from {moved.before} to {known.next_fee_on}", moved.on))
    for change_id, from_day, plan, cents, on in fetch_tuples(
        session,
        "SELECT c.id, c.from_day, c.plan, c.monthly_cents, x.business_date FROM plan_change c JOIN action x "
        "ON x.id = c.action_id WHERE c.account_id = ? AND c.id NOT IN (SELECT plan_change_id FROM plan_change_undone) "
        "AND NOT EXISTS (SELECT 1 FROM line l WHERE l.account_id = c.account_id AND l.period_from >= c.from_day "
        "AND l.kind IN ('monthly-fee', 'final-fee') AND NOT EXISTS (SELECT 1 FROM invoice_reversal r "
        "WHERE r.invoice_id = l.invoice_id OR r.by_invoice_id = l.invoice_id)) ORDER BY c.id",
        account_id,
    ):
        words = f"Plan {plan} at {format_cents(cents)} from {from_day}"
        found.append(Step(f"plan:{change_id}", words, parse_day(on)))
    found += [
        Step(f"attempt:{item.id}", f"Declined attempt of {format_cents(item.cents)}", item.on)
        for item in autopayanswers.declined_attempts(session, account_id)
    ]
    return sorted(found, key=lambda step: step.on, reverse=True)


def _standing_moves(session: Session, account_id: int) -> list[_Change]:
    """The moves of the fee date since the processing fee was paid that were not taken back, in their order."""
    standing: list[_Change] = []
    for found in fetch_tuples(
        session,
        "SELECT c.business_date, c.what, c.before, c.after, c.action_id FROM account_change c "
        "JOIN membership m ON m.account_id = c.account_id WHERE c.account_id = ? "
        "AND c.what IN ('fee-day', 'fee-day-taken-back') AND c.business_date >= m.processing_paid_on ORDER BY c.id",
        account_id,
    ):
        change = _Change(*found)
        if change.what == "fee-day":
            standing.append(change)
        elif standing:  # it is always the latest one that is taken back
            standing.pop()
    return standing


def _day_of(written: str) -> int:
    """The day of the month of a fee date as a change has it: `2026-02-28 (day 31)`."""
    day = _FEE_DAY.search(written)
    return int(day.group(1)) if day else parse_day(written[:10]).day


def _after_moves(fee_on: date, moves: Sequence[_Change]) -> tuple[date, int]:
    """ARR-8: a fee date and its day of the month after moves made one after the other."""
    day = fee_on.day
    for move in moves:
        day = _day_of(move.after)
        fee_on = arr_8_moved_fee_on(fee_on, day)
    return fee_on, day


def _set_anew_since(session: Session, account_id: int, action_id: int) -> date | None:
    """ARR-2: the first fee date as a return of the processing fee, taken back after an action, set it; else None."""
    row = fetch_one(
        session,
        "SELECT m.processing_paid_on FROM membership m WHERE m.account_id = ? AND m.monthly_fee_charged = 0 "
        "AND m.period_from = m.processing_paid_on AND EXISTS (SELECT 1 FROM return_taken_back t JOIN allocation a "
        "ON a.credit_id = t.by_payment_id AND a.action_id = t.action_id WHERE t.account_id = m.account_id "
        "AND t.action_id > ? AND a.invoice_id = m.processing_invoice_id AND a.cents > 0)",
        account_id,
        action_id,
    )
    if row is None:
        return None
    paid_on = parse_day(row.processing_paid_on)
    return arr_2_first_fee_on(paid_on, arrears_policy_of(session, account_id, paid_on))


def _last_move(session: Session, account_id: int, next_fee_on: date | None) -> _Moved | None:
    """The latest move of the fee date, while the date that it set is still the next one."""
    moves = _standing_moves(session, account_id)
    if not moves or next_fee_on is None:
        return None
    row = moves[-1]
    before, day, after = parse_day(row.before[:10]), _day_of(row.before), parse_day(row.after[:10])
    anew = _set_anew_since(session, account_id, row.action_id)
    if anew is not None:  # it holds again from another date than the one that it had replaced
        before, day = _after_moves(anew, moves[:-1])
        after, _ = _after_moves(anew, moves)
    if after != next_fee_on:
        return None
    fee = fetch_one(
        session,
        "SELECT invoice_id, n FROM line WHERE account_id = ? AND key = ?",
        account_id,
        f"date-change-fee:{row.action_id}",
    )
    invoice_id, line_n = (None, 0) if fee is None else (fee.invoice_id, fee.n)
    return _Moved(parse_day(row.moved_on), before, day, invoice_id, line_n)


def move_again(session: Session, account_id: int) -> None:
    """ARR-8: the moves of a fee date hold again after the processing fee was paid anew by a return taken back.

    The date had been withdrawn with the payment (ARR-2) and was just set from the day on which the fee counts as paid:
    each move that stands is made again from there, in its order. Nothing after the first monthly fee, which leaves it
    alone.
    """
    row = fetch_one(
        session,
        "SELECT next_fee_on FROM membership WHERE account_id = ? AND monthly_fee_charged = 0 AND next_fee_on IS NOT NULL",
        account_id,
    )
    moves = [] if row is None else _standing_moves(session, account_id)
    if row is None or not moves:
        return
    fee_on, day = _after_moves(parse_day(row.next_fee_on), moves)
    execute(session, "UPDATE membership SET next_fee_on = ?, fee_day = ? WHERE account_id = ?", fee_on, day, account_id)


def take_back(session: Session, desk: Desk, account_id: int, key: str, reason: str) -> None:
    """Take back a step of `steps`; the reason is kept. A fee charged for it is waived, which is a supervisor's.

    Raises UserError on a closed account, without a reason, and when it cannot be taken back (any more).
    """
    if key.startswith("plan:"):
        undo_plan_change(session, desk, int(key.partition(":")[2]), reason)
        return
    if key.startswith("attempt:"):
        autopayanswers.take_back_attempt(session, desk, int(key.partition(":")[2]), reason)
        return
    if key not in _UNDO:
        raise UserError("That is nothing that could be taken back.", field="step")
    reason = require_reason(reason, "Taking something back")
    if key not in {step.key for step in steps(session, account_id)}:
        raise UserError("That cannot be taken back any more: something was billed by it, or it was taken back.", "step")
    _UNDO[key](session, desk, account_id, reason)


def _undo_work(session: Session, desk: Desk, account_id: int, reason: str) -> None:
    act = begin(session, desk, "undo-work-performed", reason=reason)
    brought_up_to_date(session, act, account_id, "taking it back")
    known = member(session, account_id)
    execute(session, "UPDATE membership SET work_performed_on = NULL WHERE account_id = ?", account_id)
    record_change(session, act, account_id, "work-performed", str(known.work_performed_on), f"taken back: {reason}")


def _undo_instruction(session: Session, desk: Desk, account_id: int, reason: str) -> None:
    act = begin(session, desk, "undo-instruction", reason=reason)
    brought_up_to_date(session, act, account_id, "taking it back")
    known = member(session, account_id)
    execute(session, "UPDATE membership SET instructed_on = NULL WHERE account_id = ?", account_id)
    record_change(session, act, account_id, "instruction", str(known.instructed_on), f"taken back: {reason}")


def _undo_fee_day(session: Session, desk: Desk, account_id: int, reason: str) -> None:
    moved = _last_move(session, account_id, member(session, account_id).next_fee_on)
    assert moved is not None, "it is one of the steps"
    if moved.invoice_id is not None:
        require_role(desk, "supervisor", "Waiving the fee of a move")
    act = begin(session, desk, "undo-fee-day", reason=reason)
    brought_up_to_date(session, act, account_id, "taking it back")
    known = member(session, account_id)
    execute(
        session,
        "UPDATE membership SET next_fee_on = ?, fee_day = ? WHERE account_id = ?",
        moved.before,
        moved.fee_day,
        account_id,
    )
    was = f"{moved.before}, taken back: {reason}"
    record_change(session, act, account_id, "fee-day-taken-back", str(known.next_fee_on), was)
    waived = f"{waives(moved.line_n, moved.invoice_id)}%"
    if moved.invoice_id is not None and not fetch_tuples(
        session, "SELECT 1 FROM credit WHERE account_id = ? AND why LIKE ?", account_id, waived
    ):
        # The form's mark stands on the first action.
        credits.waive_charge(session, replace(desk, token=None), moved.invoice_id, moved.line_n, reason)


_UNDO: Mapping[str, Callable[[Session, Desk, int, str], None]] = {
    "work": _undo_work,
    "instruction": _undo_instruction,
    "fee-day": _undo_fee_day,
}
