"""The next monthly bill of an account: its day and its lines, from the code of the billing run (ADV-1, BOTH-1)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.periods import month_start, next_month_start
from app.services import loading, memberbilling
from app.services.loading import AccountCard
from app.services.policies.advance import cycle_invoice
from app.services.policies.arrears import arr_1_charge_on
from app.services.policies.clause import Charge
from app.services.policies.policyfile import ArrearsPolicy
from app.services.terms import policy_of


class NextBill(NamedTuple):
    """The next cycle invoice if nothing else happens before; `cents` its total, 0 when it bills nothing.

    `complete` is False when a change is to be carried out first (BOTH-10): then only a trial run
    (`whatif.next_bill`) knows the amount.
    """

    on: date
    due_on: date | None
    cents: int
    charges: tuple[Charge, ...]
    complete: bool = True


def cycle_day(status: str, cycle_done: date | None, on: date) -> date | None:
    """The day of the next cycle as seen on `on`: that day itself while this month's is not done (ADV-1)."""
    if status == "closed":
        return None
    return on if cycle_done is None or cycle_done < month_start(on) else next_month_start(cycle_done)


def next_bill(session: Session, account: AccountCard, cycle_done: date | None, on: date) -> NextBill | None:
    """The next bill of an account as seen on `on`; None for a closed account."""
    day = cycle_day(account.status, cycle_done, on)
    if day is None:
        return None
    policy = policy_of(session, account.id, day)
    if isinstance(policy, ArrearsPolicy):
        return _next_fee(session, account, policy, on)
    facts = loading.cycle_facts(
        session, policy.name, account.id, account.id, day, with_suspensions=not policy.bill_while_suspended
    )
    changes = loading.scheduled(session, account.id, account.id).get(account.id, [])
    complete = all(change.effective > day for change in changes)
    draft = cycle_invoice(facts[0], policy, day) if facts else None
    if draft is None:
        return NextBill(day, None, 0, (), complete)
    return NextBill(day, draft.due_on, sum(charge.cents for charge in draft.charges), draft.charges, complete)


def _next_fee(session: Session, account: AccountCard, policy: ArrearsPolicy, on: date) -> NextBill | None:
    """ARR-1, ARR-3: the next fee of a member, or all that a run of `on` would bill; None while none has a day."""
    member = memberbilling.member(session, account.id)
    charge_on = arr_1_charge_on(member, policy) if member.processing_charged_on is None else None
    days = [day for day in (charge_on, member.next_fee_on) if day is not None]
    if not days:
        return None
    day = max(min(days), on)
    (billing,) = memberbilling.run_drafts([member], policy, day)
    charges = tuple(charge for draft in billing.drafts for charge in draft.charges)
    complete = member.ends_on is None or member.ends_on > day
    due_on = billing.drafts[0].due_on if billing.drafts else None
    return NextBill(day, due_on, sum(charge.cents for charge in charges), charges, complete)
