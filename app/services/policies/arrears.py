"""`membership-arrears`: processing, monthly and final fees. Pure functions, one for each clause of section 2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.money import plain_cents
from app.periods import ONE_DAY, days_in_month, month_start, next_month_start, prorate
from app.services.policies.advance import suspended_days
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.facts import MemberFacts, SuspensionFacts, TermFacts
from app.services.policies.policyfile import ArrearsPolicy

PROCESSING, MONTHLY, FINAL = "processing-fee", "monthly-fee", "final-fee"
# The charges of which an invoice counts as "never failed before" (ARR-7); others ride along.
FEE_KINDS = (PROCESSING, MONTHLY, FINAL)


class MemberBilling(NamedTuple):
    """What a member is billed at one moment, and where its fees stand after it."""

    drafts: tuple[InvoiceDraft, ...]
    period_from: date | None
    next_fee_on: date | None


def arr_1_window(signed_up_on: date, policy: ArrearsPolicy) -> tuple[date, date]:
    """ARR-1: the first day on which the processing fee may be charged, and the last before it is overdue."""
    return (
        signed_up_on + timedelta(days=policy.processing_after_days),
        signed_up_on + timedelta(days=policy.processing_before_days),
    )


def arr_1_charge_on(member: MemberFacts, policy: ArrearsPolicy) -> date | None:
    """ARR-1: the day from which the processing fee is charged; None while no work is performed.

    The later of the day work was performed and sign-up + 5 days, or the day on which the customer asked for it.
    """
    if member.work_performed_on is None:
        return None
    earliest = member.instructed_on or arr_1_window(member.signed_up_on, policy)[0]
    return max(earliest, member.work_performed_on)


def arr_1_is_overdue(member: MemberFacts, policy: ArrearsPolicy, on: date) -> bool:
    """ARR-1: listed from the day after sign-up + 10 days on, until work is recorded."""
    return member.work_performed_on is None and on > arr_1_window(member.signed_up_on, policy)[1]


def arr_1_processing_fee(member: MemberFacts, on: date, clause: str = "ARR-1") -> InvoiceDraft:
    """ARR-1, ARR-4: the processing fee, due the day it is made."""
    asked = f", charged sooner at the customer's instruction for {member.instructed_on}" if member.instructed_on else ""
    why = f"{plain_cents(member.processing_cents)}: signed up {member.signed_up_on}, work {member.work_performed_on}{asked}"
    charge = Charge(PROCESSING, PROCESSING, member.processing_cents, clause, f"Processing fee, {member.plan}", why)
    return InvoiceDraft(member.account_id, on, on, PROCESSING, (charge,))


def arr_2_first_fee_on(paid_on: date, policy: ArrearsPolicy) -> date:
    """ARR-2: 30 days after the business date on which the processing fee was paid."""
    return paid_on + timedelta(days=policy.first_fee_after_days)


def arr_2_fee_on_day(month: date, fee_day: int) -> date:
    """ARR-2: the fee date of a month: the member's day, or the month's last one when it is shorter."""
    return month.replace(day=min(fee_day, days_in_month(month)))


def arr_2_next_fee_on(fee_on: date, fee_day: int) -> date:
    """ARR-2: the fee date a month after `fee_on`, counted from the original day."""
    return arr_2_fee_on_day(next_month_start(fee_on), fee_day)


def arr_3_terms(member: MemberFacts, first: date) -> TermFacts:
    """ARR-3: the plan of the fee period that begins on `first`: the latest one agreed for it, else the sign-up's.

    A plan counts from the first period that begins on its day or later; the period that is open keeps its own.
    """
    agreed = [terms for terms in member.terms if terms.from_day <= first]
    return agreed[-1] if agreed else TermFacts(member.signed_up_on, member.plan, member.monthly_cents)


def arr_3_period_of(member: MemberFacts, on: date) -> date | None:
    """ARR-3: the first day of the fee period in which `on` lies; None while no fee date is set."""
    first, fee_on = member.period_from, member.next_fee_on
    if first is None or fee_on is None or member.fee_day is None:
        return None
    while fee_on <= on:
        first, fee_on = fee_on, arr_2_next_fee_on(fee_on, member.fee_day)
    return first


def arr_3_terms_on(member: MemberFacts, on: date) -> TermFacts:
    """ARR-3, ARR-6: the plan in force on `on`: that of the fee period in which it lies."""
    return arr_3_terms(member, arr_3_period_of(member, on) or on)


def arr_3_days(first: date, last: date, suspensions: Sequence[SuspensionFacts]) -> tuple[int, int]:
    """ARR-3: on how many of the days from `first` through `last` services ran, and how many there are."""
    days = (last - first).days + 1
    return days - len(suspended_days(first, last, suspensions)), days


def _period(first: date, last: date) -> str:
    return f"{first:%b} {first.day}, {first.year} - {last:%b} {last.day}, {last.year}"


def _price(cents: int, ran: int, of_days: int) -> tuple[int, str]:
    """Cents and worked arithmetic of a fee for `ran` of a period's days."""
    if ran == of_days:
        return cents, f"{plain_cents(cents)} x 1 period"
    return prorate(cents, ran, of_days), f"{plain_cents(cents)} x {ran}/{of_days}"


def arr_3_monthly_fee(member: MemberFacts, first: date, fee_on: date, on: date) -> InvoiceDraft | None:
    """ARR-3: the fee of one fee date, for the days from `first` through the day before; made `on`, due on it.

    Prorated by the days on which services ran; None when they were suspended on all of them.
    """
    last = fee_on - ONE_DAY
    ran, days = arr_3_days(first, last, member.suspensions)
    if not ran:
        return None
    terms = arr_3_terms(member, first)
    cents, why = _price(terms.monthly_cents, ran, days)
    charge = Charge(
        MONTHLY,
        f"{MONTHLY}:{fee_on.isoformat()}",
        cents,
        "ARR-3",
        f"Monthly fee, {terms.plan}, {_period(first, last)}",
        why if ran == days else f"{why}, suspended on {days - ran} of the days",
        None,
        first,
        last,
    )
    return InvoiceDraft(member.account_id, on, fee_on, MONTHLY, (charge,))


def member_billing(member: MemberFacts, policy: ArrearsPolicy, through: date, on: date) -> MemberBilling:
    """ARR-1, ARR-3: what a run bills by `through`, made `on`: the processing fee, and a fee for each fee date."""
    drafts = []
    charge_on = arr_1_charge_on(member, policy)
    if member.processing_charged_on is None and charge_on is not None and charge_on <= through:
        drafts.append(arr_1_processing_fee(member, on))
    first, fee_on = member.period_from, member.next_fee_on
    if first is not None and fee_on is not None and member.fee_day is not None:
        while fee_on <= through:
            fee = arr_3_monthly_fee(member, first, fee_on, on)
            if fee is not None:
                drafts.append(fee)
            first, fee_on = fee_on, arr_2_next_fee_on(fee_on, member.fee_day)
    return MemberBilling(tuple(drafts), first, fee_on)


def arr_4_earned_processing_fee(member: MemberFacts, ends_on: date, on: date) -> InvoiceDraft | None:
    """ARR-4: the processing fee of work performed by the last day and not charged yet."""
    if member.processing_charged_on is not None or member.work_performed_on is None:
        return None
    if member.work_performed_on > ends_on:
        return None
    return arr_1_processing_fee(member, on, "ARR-4")


def arr_4_final_fee(member: MemberFacts, policy: ArrearsPolicy, ends_on: date, on: date) -> InvoiceDraft | None:
    """ARR-4: the fee of the open period through the day on which services end, due the day it is made.

    None while no fee date is set, when the processing fee was charged on the last day (or later), when the open
    period begins after it, and, unless the policy bills a whole fee, when services ran on none of its days.
    """
    first, fee_on = member.period_from, member.next_fee_on
    if first is None or fee_on is None or first > ends_on:
        return None
    if member.processing_charged_on is not None and member.processing_charged_on >= ends_on:
        return None
    ran, _ = arr_3_days(first, ends_on, member.suspensions)
    if not ran and policy.final_fee == "prorated":
        return None
    of_days, terms = (fee_on - first).days, arr_3_terms(member, first)
    cents, why = (
        (terms.monthly_cents, f"{plain_cents(terms.monthly_cents)}: a whole monthly fee")
        if policy.final_fee == "full"
        else _price(terms.monthly_cents, ran, of_days)
    )
    charge = Charge(
        FINAL,
        f"{FINAL}:{ends_on.isoformat()}",
        cents,
        "ARR-4",
        f"Final fee, {terms.plan}, {_period(first, ends_on)}",
        why,
        None,
        first,
        ends_on,
    )
    return InvoiceDraft(member.account_id, on, on, FINAL, (charge,))


def ending_drafts(member: MemberFacts, policy: ArrearsPolicy, ends_on: date, on: date) -> tuple[InvoiceDraft, ...]:
    """ARR-4: all that ending a membership on `ends_on` bills, made `on`: what a run would, then what is left."""
    billing = member_billing(member, policy, ends_on, on)
    drafts = list(billing.drafts)
    charged = any(draft.what == PROCESSING for draft in drafts)
    earned = None if charged else arr_4_earned_processing_fee(member, ends_on, on)
    if earned is not None:
        drafts.append(earned)
    after = member._replace(
        period_from=billing.period_from,
        next_fee_on=billing.next_fee_on,
        processing_charged_on=on if charged or earned is not None else member.processing_charged_on,
    )
    final = arr_4_final_fee(after, policy, ends_on, on)
    return tuple(drafts) if final is None else (*drafts, final)


def arr_8_moved_fee_on(next_fee_on: date, day: int) -> date:
    """ARR-8: the first date on or after the fee date replaced that falls on the new day of the month."""
    moved = arr_2_fee_on_day(month_start(next_fee_on), day)
    return moved if moved >= next_fee_on else arr_2_next_fee_on(next_fee_on, day)


def arr_8_fee(policy: ArrearsPolicy, account_id: int, on: date, change_id: int, why: str) -> InvoiceDraft:
    """ARR-8: the fee for moving the monthly fee date."""
    charge = Charge(
        "date-change-fee",
        f"date-change-fee:{change_id}",
        policy.date_change_fee,
        "ARR-8",
        "Monthly fee date moved",
        f"{plain_cents(policy.date_change_fee)}: {why}",
    )
    return InvoiceDraft(account_id, on, on, "date-change", (charge,))


def section_6_unbilled(member: MemberFacts, month_last: date) -> int:
    """Section 6: cents of services performed through a month's last day whose fee dates were not billed."""
    first, fee_on = member.period_from, member.next_fee_on
    if first is None or fee_on is None or member.fee_day is None:
        return 0
    cents = 0
    while first <= month_last:
        last = min(month_last, fee_on - ONE_DAY)
        ran, _ = arr_3_days(first, last, member.suspensions)
        cents += prorate(arr_3_terms(member, first).monthly_cents, ran, (fee_on - first).days)
        first, fee_on = fee_on, arr_2_next_fee_on(fee_on, member.fee_day)
    return cents
