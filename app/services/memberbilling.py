"""What members are billed: their part of the billing run, and the end of a membership (ARR-1 to ARR-4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute, execute_many, fetch_tuples, insert_row, iso, parse_day
from app.services import allocation, feedates, loading
from app.services.desk import Act
from app.services.invoicing import write_invoices
from app.services.policies.arrears import (
    MONTHLY,
    PROCESSING,
    MemberBilling,
    ending_drafts,
    member_billing,
)
from app.services.policies.clause import InvoiceDraft
from app.services.policies.facts import MemberFacts, TermFacts
from app.services.policies.policyfile import ArrearsPolicy
from app.services.terms import arrears_policy_of

_MEMBER = (
    "SELECT m.account_id, m.plan, m.monthly_cents, m.processing_cents, m.individuals, m.signed_up_on, "
    "m.work_performed_on, m.instructed_on, i.issued_on, m.period_from, m.next_fee_on, m.fee_day FROM membership m "
    "JOIN account a ON a.id = m.account_id LEFT JOIN invoice i ON i.id = m.processing_invoice_id "
    "WHERE m.account_id BETWEEN ? AND ?"
)


def insert_membership(
    session: Session, account_id: int, *, plan: str, monthly_cents: int, processing_cents: int, individuals: int, on: date
) -> None:
    """Write a new member's row; it signed up `on`."""
    insert_row(
        session,
        "membership",
        account_id=account_id,
        plan=plan,
        monthly_cents=monthly_cents,
        processing_cents=processing_cents,
        individuals=individuals,
        signed_up_on=on,
        work_performed_on=None,
        instructed_on=None,
        processing_invoice_id=None,
        processing_paid_on=None,
        period_from=None,
        next_fee_on=None,
        fee_day=None,
        monthly_fee_charged=0,
    )


def _facts(row: tuple[Any, ...]) -> MemberFacts:
    account_id, plan, monthly, processing, individuals, signed_up, work, instructed, charged, period, fee_on, day = row
    return MemberFacts(
        account_id,
        plan,
        monthly,
        processing,
        individuals,
        parse_day(signed_up),
        day_or_none(work),
        day_or_none(instructed),
        day_or_none(charged),
        day_or_none(period),
        day_or_none(fee_on),
        day,
    )


def _with_days(session: Session, members: list[MemberFacts]) -> list[MemberFacts]:
    """The same with their suspensions, the plans agreed since, and the day of a cancellation that waits."""
    if not members:
        return []
    first, last = members[0].account_id, members[-1].account_id
    suspended = loading.suspensions(session, first, last)
    ends = {
        account_id: change.effective
        for account_id, changes in loading.scheduled(session, first, last).items()
        for change in changes
        if change.what == "cancel"
    }
    agreed = _terms(session, first, last)
    return [
        member._replace(
            suspensions=tuple(suspended.get(member.account_id, ())),
            ends_on=ends.get(member.account_id),
            terms=tuple(agreed.get(member.account_id, ())),
        )
        for member in members
    ]


def _terms(session: Session, first: int, last: int) -> dict[int, list[TermFacts]]:
    """The plans agreed after the sign-up and not taken back, by account and day; of one day the latest counts."""
    found: dict[int, list[TermFacts]] = {}
    for account_id, from_day, plan, monthly in fetch_tuples(
        session,
        "SELECT account_id, from_day, plan, monthly_cents FROM plan_change "
        "WHERE account_id BETWEEN ? AND ? AND id NOT IN (SELECT plan_change_id FROM plan_change_undone) "
        "ORDER BY account_id, from_day, id",
        first,
        last,
    ):
        found.setdefault(account_id, []).append(TermFacts(parse_day(from_day), plan, monthly))
    return found


def member(session: Session, account_id: int) -> MemberFacts:
    """One member's facts. Raises UserError for an account that is none."""
    rows = fetch_tuples(session, _MEMBER, account_id, account_id)
    if not rows:
        raise UserError("This account is billed in advance; it is no membership.", field="account")
    return _with_days(session, [_facts(rows[0])])[0]


def all_members(session: Session) -> list[MemberFacts]:
    """Every member whose fees run, by account."""
    rows = fetch_tuples(session, f"{_MEMBER} AND m.next_fee_on IS NOT NULL ORDER BY m.account_id", 0, 2**62)
    return _with_days(session, [_facts(row) for row in rows])


def due_members(session: Session, policy: ArrearsPolicy, first: int, last: int, on: date) -> list[MemberFacts]:
    """Members of a range of accounts for whom something may be due by `on`; reads nothing of other accounts."""
    rows = fetch_tuples(
        session,
        f"{_MEMBER} AND (m.next_fee_on <= ? OR (m.processing_invoice_id IS NULL AND m.work_performed_on <= ?)) "
        "AND a.policy = ? AND a.status <> 'closed' ORDER BY m.account_id",
        first,
        last,
        on,
        on,
        policy.name,
    )
    return _with_days(session, [_facts(row) for row in rows])


def run_drafts(members: Sequence[MemberFacts], policy: ArrearsPolicy, on: date) -> list[MemberBilling]:
    """What the run of `on` bills each of the members; it bills no day after a cancellation that waits (BOTH-10)."""
    return [
        member_billing(member, policy, on if member.ends_on is None else min(on, member.ends_on), on) for member in members
    ]


def drafts_of_range(
    session: Session, policy: ArrearsPolicy, first: int, last: int, on: date
) -> tuple[int, list[InvoiceDraft]]:
    """What the run of `on` bills the members of a range of accounts, and how many of them were due."""
    members = due_members(session, policy, first, last, on)
    return len(members), [draft for billing in run_drafts(members, policy, on) for draft in billing.drafts]


def bill_range(
    session: Session, act: Act, policy: ArrearsPolicy, first: int, last: int, run_id: int | None
) -> tuple[int, list[InvoiceDraft]]:
    """As `drafts_of_range`, and written. The caller settles the accounts afterwards."""
    members = due_members(session, policy, first, last, act.on)
    return len(members), _write(session, act, members, run_drafts(members, policy, act.on), run_id)


def _write(
    session: Session,
    act: Act,
    members: Sequence[MemberFacts],
    billings: Sequence[MemberBilling],
    run_id: int | None = None,
) -> list[InvoiceDraft]:
    """Write what members are billed and move their fee dates on."""
    drafts = [draft for billing in billings for draft in billing.drafts]
    if drafts:
        _mark_written(session, drafts, write_invoices(session, act, drafts, run_id))
    execute_many(
        session,
        "UPDATE membership SET period_from = ?, next_fee_on = ? WHERE account_id = ?",
        [
            (iso(billing.period_from), iso(billing.next_fee_on), member.account_id)
            for member, billing in zip(members, billings, strict=True)
            if billing.next_fee_on != member.next_fee_on
        ],
    )
    return drafts


def _mark_written(session: Session, drafts: Sequence[InvoiceDraft], numbers: range) -> None:
    """Remember a processing fee's invoice, and that the first monthly fee was charged (ARR-2)."""
    processing = [
        (number, draft.account_id) for draft, number in zip(drafts, numbers, strict=True) if draft.what == PROCESSING
    ]
    execute_many(session, "UPDATE membership SET processing_invoice_id = ? WHERE account_id = ?", processing)
    execute_many(
        session,
        "UPDATE membership SET monthly_fee_charged = 1 WHERE account_id = ?",
        [(draft.account_id,) for draft in drafts if draft.what == MONTHLY],
    )
    for draft, _ in zip(drafts, numbers, strict=True):
        if draft.what == PROCESSING and draft.total_cents == 0:  # nothing to pay is paid
            feedates.set_from(session, draft.account_id, draft.issued_on)


def bill_member(session: Session, act: Act, account_id: int, through: date, run_id: int | None = None) -> list[InvoiceDraft]:
    """What a run on `through` would bill one member, made on the action's day, with its credit applied."""
    facts = member(session, account_id)
    policy = arrears_policy_of(session, account_id, act.on)
    drafts = _write(session, act, [facts], [member_billing(facts, policy, through, act.on)], run_id)
    allocation.settle(session, act, account_id)
    return drafts


def end_membership(
    session: Session, act: Act, account_id: int, last_day: date, run_id: int | None = None
) -> list[InvoiceDraft]:
    """ARR-4: what a run on the last day would bill, the processing fee if earned, then the final fee.

    The caller closes the account. A closed account has no fee date (ARR-2).
    """
    policy = arrears_policy_of(session, account_id, act.on)
    drafts = ending_drafts(member(session, account_id), policy, last_day, act.on)
    if drafts:
        _mark_written(session, drafts, write_invoices(session, act, drafts, run_id))
    allocation.settle(session, act, account_id)
    execute(
        session,
        "UPDATE membership SET period_from = NULL, next_fee_on = NULL, fee_day = NULL WHERE account_id = ?",
        account_id,
    )
    return list(drafts)


def fee_dates(session: Session, account_id: int) -> tuple[date | None, date | None]:
    """A member's next fee date and the day from which its fee counts; none for other accounts."""
    rows = fetch_tuples(session, "SELECT next_fee_on, period_from FROM membership WHERE account_id = ?", account_id)
    return (day_or_none(rows[0][0]), day_or_none(rows[0][1])) if rows else (None, None)
