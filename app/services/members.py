"""What is done for a member: work recorded, an early charge instructed, the fee day moved (ARR-1, ARR-8)."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute
from app.services import standing
from app.services.accounts import record_change, refuse_closed
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.invoicing import write_invoices
from app.services.limits import require_waivable
from app.services.loading import card
from app.services.memberbilling import bill_member, member
from app.services.policies.arrears import arr_1_window, arr_8_fee, arr_8_moved_fee_on
from app.services.subscriptions import brought_up_to_date
from app.services.terms import arrears_policy_of


def record_work_performed(session: Session, desk: Desk, account_id: int) -> None:
    """ARR-1: work was performed on the desk's business date; recorded once.

    Raises UserError on a closed account, an account that is no membership, or when it is recorded already.
    """
    act = begin(session, desk, "record-work-performed")
    account = brought_up_to_date(session, act, account_id, "recording work")
    known = member(session, account_id)
    if known.work_performed_on is not None:
        raise UserError(f"Work was performed on {known.work_performed_on} already; that is recorded once.", field="on")
    if desk.on < known.signed_up_on:
        raise UserError(f"Account {account.number} signed up on {known.signed_up_on}, after {desk.on}.", field="on")
    execute(session, "UPDATE membership SET work_performed_on = ? WHERE account_id = ?", desk.on, account_id)
    record_change(session, act, account_id, "work-performed", "", desk.on.isoformat())


def instruct_early(session: Session, desk: Desk, account_id: int, charge_on: date) -> None:
    """ARR-1: the customer asks to be charged on `charge_on`, at the latest on the policy's own first day.

    Raises UserError on a closed account, an account that is no membership, for a later day or one before the sign-up,
    and once the fee is charged.
    """
    act = begin(session, desk, "instruct-early")
    account = brought_up_to_date(session, act, account_id, "an instruction")
    known = member(session, account_id)
    if known.processing_charged_on is not None:
        raise UserError(
            f"The processing fee was charged on {known.processing_charged_on} already; it cannot be charged sooner.",
            "account",
        )
    if charge_on < known.signed_up_on:
        raise UserError(
            f"Account {account.number} signed up on {known.signed_up_on}; name that day or a later one.", field="charge_on"
        )
    latest, _ = arr_1_window(known.signed_up_on, arrears_policy_of(session, account_id, desk.on))
    if charge_on > latest:
        raise UserError(f"The processing fee is charged from {latest} on anyway; name that day or one before.", "charge_on")
    execute(session, "UPDATE membership SET instructed_on = ? WHERE account_id = ?", charge_on, account_id)
    record_change(session, act, account_id, "instruction", str(known.instructed_on or ""), charge_on.isoformat())


def change_fee_day(
    session: Session, desk: Desk, account_id: int, day: int, *, waive: bool = False, reason: str = ""
) -> date:
    """ARR-8: move the monthly fee date to a day of the month; returns the next fee date.

    What a run of the day would bill is billed first. `waive`: without the fee, a supervisor's with a reason. Raises
    UserError on a closed account, for a day that is none, and while no fee date is set.
    """
    if not 1 <= day <= 31:
        raise UserError(f"{day} is no day of a month.", field="day")
    if waive:
        require_role(desk, "supervisor", "Waiving a fee")
        reason = require_reason(reason, "Waiving a fee")
        require_waivable(session, desk, account_id, arrears_policy_of(session, account_id, desk.on).date_change_fee)
    refuse_closed(card(session, account_id), "moving the fee date")
    act = begin(session, desk, "change-fee-day", reason=reason)
    account = brought_up_to_date(session, act, account_id, "moving the fee date")
    if member(session, account_id).next_fee_on is None:
        raise UserError(f"Account {account.number} has no fee date yet: its processing fee is not paid.", field="account")
    bill_member(session, act, account_id, desk.on)
    known = member(session, account_id)
    before = known.next_fee_on
    if before is None:
        raise UserError(f"Account {account.number} has no fee date any more.", field="account")
    moved = arr_8_moved_fee_on(before, day)
    execute(session, "UPDATE membership SET next_fee_on = ?, fee_day = ? WHERE account_id = ?", moved, day, account_id)
    # The day of the month stays known: a fee date at the end of a short month does not tell it.
    was = f"{before.isoformat()} (day {known.fee_day})"
    record_change(session, act, account_id, "fee-day", was, f"{moved.isoformat()} (day {day})")
    if not waive:
        policy = arrears_policy_of(session, account_id, desk.on)
        why = f"from {before} to {moved}"
        write_invoices(session, act, [arr_8_fee(policy, account_id, desk.on, act.id, why)])
    standing.after_money(session, act, account_id, "credit")
    return moved
