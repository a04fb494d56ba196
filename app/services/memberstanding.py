"""Where a member stands, in plain words and as data for the account page (ARR-1 to ARR-7)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, fetch_one, fetch_tuples, fetch_value, parse_day
from app.money import format_cents
from app.periods import ONE_DAY
from app.services import memberbilling
from app.services.chargesback import FIRST
from app.services.loading import AccountCard
from app.services.policies.arrears import (
    PROCESSING,
    arr_1_charge_on,
    arr_1_is_overdue,
    arr_1_window,
    arr_2_first_fee_on,
    arr_3_monthly_fee,
    arr_3_period_of,
    arr_3_terms_on,
    ending_drafts,
)
from app.services.policies.clause import Charge
from app.services.policies.facts import MemberFacts, TermFacts
from app.services.policies.policyfile import ArrearsPolicy
from app.services.sentences import short_day
from app.services.terms import arrears_policy_of, policy_of


class AttemptLine(NamedTuple):
    """An attempt to be paid: `outcome` is approved, declined or returned; cents asked, and what its failure cost."""

    on: date
    method: str
    cents: int
    outcome: str
    charged_cents: int


class MemberStanding(NamedTuple):
    """A member's standing on a date; amounts in cents, None where there is nothing (yet).

    The processing fee may be charged from `window_from`, and is overdue after `window_to`; `charge_on` is when the
    run will charge it. The next fee covers `covers_from` through `covers_through` and is `next_fee_cents` as things
    stand. `plan` and `monthly_cents` are in force on the date, `coming` the plans agreed that count for a later fee
    period. `ending` are the charges that cancelling on the date would make, `ending_cents` their sum.
    """

    plan: str
    monthly_cents: int
    processing_cents: int
    individuals: int
    signed_up_on: date
    window_from: date
    window_to: date
    work_performed_on: date | None
    instructed_on: date | None
    overdue: bool
    charge_on: date | None
    processing_charged_on: date | None
    processing_paid_on: date | None
    first_fee_on: date | None
    next_fee_on: date | None
    fee_day: int | None
    covers_from: date | None
    covers_through: date | None
    next_fee_cents: int
    attempts: tuple[AttemptLine, ...]
    ending: tuple[Charge, ...]
    ending_cents: int
    sentence: str
    coming: tuple[TermFacts, ...] = ()


def member_standing(session: Session, account: AccountCard, on: date) -> MemberStanding | None:
    """The standing of a member on a date; None for an account billed in advance."""
    policy = policy_of(session, account.id, on)
    if not isinstance(policy, ArrearsPolicy):
        return None
    member = memberbilling.member(session, account.id)
    row = fetch_one(session, "SELECT processing_paid_on FROM membership WHERE account_id = ?", account.id)
    paid_on = None if row is None else day_or_none(row[0])
    window = arr_1_window(member.signed_up_on, policy)
    charge_on = None if member.processing_charged_on else arr_1_charge_on(member, policy)
    overdue = account.status != "closed" and arr_1_is_overdue(member, policy, on)
    first, fee_on = member.period_from, member.next_fee_on
    fee = None if first is None or fee_on is None else arr_3_monthly_fee(member, first, fee_on, on)
    drafts = () if account.status == "closed" else ending_drafts(member, policy, on, on)
    ending = tuple(charge for draft in drafts for charge in draft.charges)
    terms = arr_3_terms_on(member, on)
    return MemberStanding(
        terms.plan,
        terms.monthly_cents,
        member.processing_cents,
        member.individuals,
        member.signed_up_on,
        *window,
        member.work_performed_on,
        member.instructed_on,
        overdue,
        charge_on,
        member.processing_charged_on,
        paid_on,
        _first_fee_on(session, member, paid_on),
        fee_on,
        member.fee_day,
        first,
        None if fee_on is None else fee_on - ONE_DAY,
        0 if fee is None else fee.total_cents,
        attempts(session, account.id),
        ending,
        sum(charge.cents for charge in ending),
        _sentence(account, member, policy, on, 0 if fee is None else fee.total_cents, ending),
        _coming(account, member, on),
    )


def _coming(account: AccountCard, member: MemberFacts, on: date) -> tuple[TermFacts, ...]:
    """The plans agreed that still begin; none does once the membership has ended."""
    if account.status == "closed":
        return ()
    return tuple(item for item in member.terms if item.from_day > (arr_3_period_of(member, on) or on))


def _first_fee_on(session: Session, member: MemberFacts, paid_on: date | None) -> date | None:
    """ARR-2, ARR-8: the first fee date as it was set at the time, moved or not; None while none is set.

    The date of the fee billed for the days from the payment on; before that the next fee date. Where neither is known
    (taken over from an old program, or no fee for a first period without services), the terms of the day of payment.
    """
    if paid_on is None:
        return None
    billed = fetch_value(
        session,
        "SELECT min(i.due_on) FROM line l JOIN invoice i ON i.id = l.invoice_id WHERE l.account_id = ? "
        "AND l.kind = 'monthly-fee' AND l.period_from = ? AND NOT EXISTS (SELECT 1 FROM invoice_reversal r "
        "WHERE r.invoice_id = i.id OR r.by_invoice_id = i.id)",
        member.account_id,
        paid_on,
    )
    if billed is not None:
        return parse_day(billed)
    if member.next_fee_on is None or member.period_from == paid_on:
        return member.next_fee_on
    try:
        return arr_2_first_fee_on(paid_on, arrears_policy_of(session, member.account_id, paid_on))
    except UserError:  # paid in the old program, before this office had terms
        return None


def attempts(session: Session, account_id: int) -> tuple[AttemptLine, ...]:
    """Every attempt to be paid by card or draft, and every payment that came back, the latest first."""
    rows = fetch_tuples(
        session,
        "SELECT business_date, method, cents, outcome, 'date:' || business_date, action_id FROM payment_attempt "
        "WHERE account_id = ?1 AND id NOT IN (SELECT attempt_id FROM attempt_taken_back) UNION ALL "
        "SELECT r.business_date, p.kind, p.cents, r.state, 'payment:' || p.id, r.action_id "
        "FROM payment_reversal r JOIN payment p ON p.id = r.payment_id WHERE p.account_id = ?1 AND r.state = 'returned' "
        "AND NOT EXISTS (SELECT 1 FROM return_taken_back t WHERE t.payment_id = p.id) "
        "ORDER BY 6 DESC",
        account_id,
    )
    if not rows:
        return ()
    costs: dict[str, int] = {}
    for key, cents in fetch_tuples(
        session,
        "SELECT key, cents FROM line WHERE account_id = ? AND kind IN ('late-charge', 'dishonored-fee')",
        account_id,
    ):
        attempt = key.removeprefix("reversed:").partition(":")[2].removesuffix(FIRST)
        costs[attempt] = costs.get(attempt, 0) + cents
    return tuple(
        AttemptLine(parse_day(on), method, cents, outcome, costs.get(attempt, 0))
        for on, method, cents, outcome, attempt, _ in rows
    )


def _sentence(
    account: AccountCard, member: MemberFacts, policy: ArrearsPolicy, on: date, fee_cents: int, ending: tuple[Charge, ...]
) -> str:
    if account.status == "closed":
        return f"The membership ended{_on(account.closed_on, on)}."
    start = f"Signed up{_on(member.signed_up_on, on)}."
    said = f"{start} {_where(member, policy, on, fee_cents)}"
    cents = sum(charge.cents for charge in ending)
    if not cents:
        return f"{said} Cancelling today would cost nothing more."
    final = [charge for charge in ending if charge.kind != PROCESSING]
    what = "the processing fee" if not final else "the fees since the last one"
    return f"{said} Cancelling today would bill ${format_cents(cents)}, {what}."


def _where(member: MemberFacts, policy: ArrearsPolicy, on: date, fee_cents: int) -> str:
    first_day, last_day = arr_1_window(member.signed_up_on, policy)
    processing = f"the processing fee of ${format_cents(member.processing_cents)}"
    if member.processing_charged_on is None:
        charge_on = arr_1_charge_on(member, policy)
        if charge_on is not None:
            asked = ", as the customer asked" if charge_on < first_day else ""
            return (
                f"Work was performed{_on(member.work_performed_on, on)}; {processing} is charged{_on(charge_on, on)}{asked}."
            )
        if on > last_day:
            return f"Work was to be performed by {short_day(last_day, on)}; {processing} is charged once it is."
        if member.instructed_on is not None:
            start = f", from {short_day(member.instructed_on, on)} on" if member.instructed_on > on else ""
            return (
                f"Work is waited for until {short_day(last_day, on)}; {processing} is charged as soon as it is "
                f"performed{start}, as the customer asked."
            )
        return (
            f"Work is waited for; {processing} is charged from {short_day(first_day, on)} to {short_day(last_day, on)}, "
            "once it is performed."
        )
    if member.next_fee_on is None:
        charged = f"{processing[:1].upper()}{processing[1:]} was charged{_on(member.processing_charged_on, on)}"
        return f"{charged} and is not paid; monthly fees start {policy.first_fee_after_days} days after it is."
    covers = f"for {short_day(member.period_from or on, on)} through {short_day(member.next_fee_on - ONE_DAY, on)}"
    if not fee_cents:
        return f"No fee{_on(member.next_fee_on, on)}, {covers}: services were suspended."
    return f"The next fee, ${format_cents(fee_cents)}{_on(member.next_fee_on, on)}, is {covers}."


def _on(day: date | None, on: date) -> str:
    return "" if day is None else f" on {short_day(day, on)}"
