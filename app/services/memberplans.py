"""Another plan for a member: agreed from a day on, it counts from the first fee period that begins then or later."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_value, insert_row, insert_with_id
from app.money import format_cents
from app.services.accounts import MAX_FEE_CENTS, MAX_INDIVIDUALS, record_change
from app.services.desk import Desk, begin, require_reason
from app.services.memberbilling import member
from app.services.policies.arrears import arr_2_next_fee_on, arr_3_terms
from app.services.policies.facts import MemberFacts
from app.services.policies.policyfile import ArrearsPolicy
from app.services.subscriptions import brought_up_to_date
from app.services.terms import arrears_policy_of


class NewTerms(NamedTuple):
    """A plan as agreed: it counts for the fee period that begins on `counts_from`, billed on `first_fee_on`.

    Both are None while no fee date is set; cents a month.
    """

    plan: str
    monthly_cents: int
    counts_from: date | None
    first_fee_on: date | None


def change_plan(
    session: Session,
    desk: Desk,
    account_id: int,
    plan: str,
    monthly_cents: int | None = None,
    effective: date | None = None,
) -> NewTerms:
    """ARR-3: another plan, or another monthly fee, for the fee periods that begin on `effective` or later.

    `effective` is the business date unless given, `monthly_cents` what the plan offers. The open fee period, and
    what was billed, keep their terms. Raises UserError on a closed account, an account that is no membership, for an
    unknown plan, a fee that cannot be, a day whose fee is billed already, and when nothing would be different.
    """
    effective = effective or desk.on
    act = begin(session, desk, "change-plan")
    account = brought_up_to_date(session, act, account_id, "another plan")
    policy = arrears_policy_of(session, account_id, desk.on)
    monthly = _offered(policy, plan, monthly_cents)
    known = member(session, account_id)
    if effective < known.signed_up_on:
        raise UserError(f"Account {account.number} signed up on {known.signed_up_on}, after {effective}.", field="effective")
    billed = _billed_from(session, account_id, effective)
    if billed is not None:
        raise UserError(
            f"The fee from {billed} on is billed and keeps its terms; choose a day after {billed}.", field="effective"
        )
    counts_from, first_fee_on = _first_period(known, effective)
    before = arr_3_terms(known, counts_from or effective)
    if (before.plan, before.monthly_cents) == (plan, monthly):
        raise UserError(f"That is the plan already: {plan} at {format_cents(monthly)} a month.", field="plan")
    insert_with_id(
        session,
        "plan_change",
        account_id=account_id,
        from_day=effective,
        plan=plan,
        monthly_cents=monthly,
        action_id=act.id,
    )
    after = f"{plan} at {format_cents(monthly)} a month from {effective}"
    record_change(session, act, account_id, "plan", f"{before.plan} at {format_cents(before.monthly_cents)}", after)
    return NewTerms(plan, monthly, counts_from, first_fee_on)


def _offered(policy: ArrearsPolicy, plan: str, monthly_cents: int | None) -> int:
    if plan not in policy.late_charge:
        raise UserError(f"“{plan}” is no plan of this office; choose {', '.join(policy.late_charge)}.", field="plan")
    offered = policy.plans.get(plan)
    cents = monthly_cents if monthly_cents is not None or offered is None else offered.monthly_cents
    if cents is None or not 0 <= cents <= MAX_FEE_CENTS:
        raise UserError(f"A monthly fee is from 0.00 to {format_cents(MAX_FEE_CENTS)}.", field="monthly")
    return cents


def _billed_from(session: Session, account_id: int, day: date) -> date | None:
    """The first day of the latest fee billed for a period that began on `day` or later."""
    found = fetch_value(
        session,
        "SELECT max(period_from) FROM line WHERE account_id = ? AND kind IN ('monthly-fee', 'final-fee') "
        "AND period_from >= ? AND NOT EXISTS (SELECT 1 FROM invoice_reversal r "
        "WHERE r.invoice_id = line.invoice_id OR r.by_invoice_id = line.invoice_id)",
        account_id,
        day,
    )
    return None if found is None else date.fromisoformat(found)


def _first_period(member: MemberFacts, effective: date) -> tuple[date | None, date | None]:
    """The first fee period that begins on `effective` or later, and its fee date."""
    first, fee_on = member.period_from, member.next_fee_on
    if first is None or fee_on is None or member.fee_day is None:
        return None, None
    while first < effective:
        first, fee_on = fee_on, arr_2_next_fee_on(fee_on, member.fee_day)
    return first, fee_on


def undo_plan_change(session: Session, desk: Desk, change_id: int, reason: str) -> None:
    """Take back a plan change that counted for no fee yet. Raises UserError once one was billed, or without a reason."""
    row = fetch_value(
        session,
        "SELECT account_id || ' ' || from_day || ' ' || plan FROM plan_change WHERE id = ? "
        "AND id NOT IN (SELECT plan_change_id FROM plan_change_undone)",
        change_id,
    )
    if row is None:
        raise UserError("That change of plan was taken back already.", field="change")
    account_id, from_day, plan = row.split(" ", 2)
    reason = require_reason(reason, "Taking back a change of plan")
    act = begin(session, desk, "undo-plan-change", reason=reason)
    brought_up_to_date(session, act, int(account_id), "taking back a change of plan")
    if _billed_from(session, int(account_id), date.fromisoformat(from_day)) is not None:
        raise UserError("A fee was billed under that plan already; agree another plan from a later day.", field="change")
    insert_row(session, "plan_change_undone", plan_change_id=change_id, action_id=act.id)
    record_change(session, act, int(account_id), "plan", f"{plan} from {from_day}", f"taken back: {reason}")


def change_individuals(session: Session, desk: Desk, account_id: int, individuals: int) -> None:
    """ARR-9: how many individuals are on the plan from now on. Raises UserError for none, and when it is so already."""
    if not 1 <= individuals <= MAX_INDIVIDUALS:
        raise UserError(f"A plan is for 1 to {MAX_INDIVIDUALS} individuals.", field="individuals")
    act = begin(session, desk, "change-individuals")
    brought_up_to_date(session, act, account_id, "another number of individuals")
    known = member(session, account_id)
    if known.individuals == individuals:
        raise UserError(f"So many are on the plan already: {individuals}.", field="individuals")
    execute(session, "UPDATE membership SET individuals = ? WHERE account_id = ?", individuals, account_id)
    record_change(session, act, account_id, "individuals", str(known.individuals), str(individuals))
