"""Members of a customer list: which policy each row is under, and their memberships continued where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import insert_ready_rows, iso
from app.money import plain_cents
from app.periods import ONE_DAY, month_start
from app.services.customerfile_types import ImportAccount, ImportMember
from app.services.desk import Act
from app.services.invoicing import write_invoices
from app.services.policies.arrears import PROCESSING, arr_1_window, arr_2_fee_on_day, arr_2_first_fee_on
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy, Policy
from app.services.terms import policies_on, policy_named

_MEMBERSHIP = (
    "account_id",
    "plan",
    "monthly_cents",
    "processing_cents",
    "individuals",
    "signed_up_on",
    "work_performed_on",
    "instructed_on",
    "processing_invoice_id",
    "processing_paid_on",
    "period_from",
    "next_fee_on",
    "fee_day",
    "monthly_fee_charged",
)


def offered(session: Session, on: date) -> dict[str, tuple[str, ...]]:
    """The office's policies on a day, each with the names of its plans; none where services are billed."""
    return {
        policy.name: tuple(policy.late_charge) if isinstance(policy, ArrearsPolicy) else ()
        for policy in policies_on(session, on)
    }


def policies_of(session: Session, on: date, accounts: Sequence[ImportAccount], default: str | None = None) -> list[Policy]:
    """The policy of each account of a list, in its order. Raises UserError for one that the office does not have.

    `default`: of the accounts billed in advance whose row names none; else the office's only one of the kind.
    """
    known = {policy.name: policy for policy in policies_on(session, on)}
    if default is not None:
        known[default] = policy_named(session, default, on)
    return [_policy_of(known, item, default) for item in accounts]


def _policy_of(known: dict[str, Policy], item: ImportAccount, default: str | None) -> Policy:
    kind = AdvancePolicy if item.member is None else ArrearsPolicy
    name = item.policy or (default if item.member is None else None)
    fitting = [policy for policy in known.values() if isinstance(policy, kind)]
    found = known.get(name) if name else (fitting[0] if len(fitting) == 1 else None)
    if found is None and not name and len(fitting) > 1:
        raise UserError(f"Line {item.line}: name the policy; this office has more than one.", field="policy")
    if not isinstance(found, kind):
        what = "services" if item.member is None else "members"
        raise UserError(f"Line {item.line}: this office has no policy {name or ''} for {what}.".replace("  ", " "), "policy")
    if isinstance(found, ArrearsPolicy) and item.member is not None and item.member.plan not in found.late_charge:
        plans = ", ".join(found.late_charge)
        raise UserError(
            f"Line {item.line}: “{item.member.plan}” is no plan of this office; there are {plans}.", field="plan"
        )
    return found


def write_members(session: Session, act: Act, rows: Sequence[tuple[int, ImportAccount, Policy]]) -> list[InvoiceDraft]:
    """Write the memberships of the accounts that are members'; returns the processing fees taken over as invoices."""
    members = [
        (i, item, item.member, policy) for i, item, policy in rows if item.member and isinstance(policy, ArrearsPolicy)
    ]
    if not members:
        return []
    charged = [(i, item, member) for i, item, member, _ in members if member.processing_charged_on is not None]
    drafts = [_processing(i, item, member) for i, item, member in charged]
    invoice_of = dict(zip((i for i, _, _ in charged), write_invoices(session, act, drafts), strict=True))
    insert_ready_rows(
        session,
        "membership",
        _MEMBERSHIP,
        [
            _row(i, item, _fitting(act.on, item, member, policy), policy, invoice_of.get(i))
            for i, item, member, policy in members
        ],
    )
    return drafts


def _processing(account_id: int, item: ImportAccount, member: ImportMember) -> InvoiceDraft:
    """ARR-1: the fee of the old program, so that it is never charged again; what of it is open is owed."""
    on, cents = member.processing_charged_on, member.processing_open_cents
    assert on is not None
    said = f"{plain_cents(cents)} still open" if cents else f"paid on {member.processing_paid_on}"
    why = f"{said} in the old program, line {item.line} of the list"
    charge = Charge(PROCESSING, PROCESSING, cents, "section 6", "Processing fee of the old program", why)
    return InvoiceDraft(account_id, on, on, "opening", (charge,))


def _fitting(on: date, item: ImportAccount, member: ImportMember, policy: ArrearsPolicy) -> ImportMember:
    """The member with the first day of its fee period; raises UserError where the policy's days speak against the row.

    An empty `fee_from` is the fee date before `next_fee_on` (ARR-2: counted from the original day), or the day on which
    the processing fee was paid where that one would lie before the first fee date.
    """
    latest, _ = arr_1_window(item.opened_on, policy)
    asked, paid, next_fee = member.instructed_on, member.processing_paid_on, member.next_fee_on
    if asked is not None and not item.opened_on <= asked <= latest:
        said = f"the customer's day for the processing fee, {asked}, must lie from {item.opened_on} through {latest} (ARR-1)"
        raise UserError(f"Line {item.line}: {said}.", field="instructed_on")
    if item.status == "closed" or paid is None or next_fee is None or member.fee_day is None:
        return member
    first_fee_on = arr_2_first_fee_on(paid, policy)
    first = member.fee_from
    if first is None:
        before = arr_2_fee_on_day(month_start(month_start(next_fee) - ONE_DAY), member.fee_day)
        first = paid if before < first_fee_on else before
    if next_fee < first_fee_on:
        said = f"the first monthly fee falls on {first_fee_on} or later, as the processing fee was paid on {paid} (ARR-2)"
        raise UserError(f"Line {item.line}: {said}; the list says {next_fee}.", field="next_fee_on")
    if first > on:
        said = f"the fee of {next_fee} would cover days from {first} on, after the cut-over; name the fee date before"
        raise UserError(f"Line {item.line}: {said}.", field="next_fee_on")
    return replace(member, fee_from=first)


def _row(
    account_id: int, item: ImportAccount, member: ImportMember, policy: ArrearsPolicy, invoice_id: int | None
) -> tuple[Any, ...]:
    plan = policy.plans.get(member.plan)
    monthly, processing = member.monthly_cents, member.processing_cents
    if plan is not None:
        monthly = plan.monthly_cents if monthly is None else monthly
        processing = plan.processing_cents if processing is None else processing
    if monthly is None or processing is None:
        raise UserError(f"Line {item.line}: plan {member.plan} has no fees of its own; type monthly_fee and processing_fee.")
    if member.processing_open_cents > processing:
        said = f"{plain_cents(member.processing_open_cents)} cannot be open of a processing fee of {plain_cents(processing)}"
        raise UserError(f"Line {item.line}: {said}; name the rest as an open item.", field="processing_open")
    is_open = item.status != "closed"
    return (
        account_id,
        member.plan,
        monthly,
        processing,
        member.individuals,
        iso(item.opened_on),
        iso(member.work_performed_on),
        iso(member.instructed_on),
        invoice_id,
        iso(member.processing_paid_on) if is_open else None,
        iso(member.fee_from) if is_open else None,
        iso(member.next_fee_on) if is_open else None,
        member.fee_day if is_open else None,
        0,
    )
