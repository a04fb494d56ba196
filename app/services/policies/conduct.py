"""`isp-advance`: returns, work, suspension, re-activation and refund dates. Pure, a function a clause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from app.businessdays import next_business_day
from app.money import plain_cents
from app.periods import add_months
from app.services.policies.clause import Charge
from app.services.policies.policyfile import AdvancePolicy

BUSINESS_OPENS = time(8)
BUSINESS_CLOSES = time(17)
FREE_KINDS = ("repair", "emergency-repair", "scheduled-upgrade")
BILLABLE_KINDS = ("out-of-scope", "unscheduled-change")
WORK_KINDS = FREE_KINDS + BILLABLE_KINDS


def adv_9_refund_dates(year: int, month: int, refund_days: Iterable[int]) -> tuple[date, ...]:
    """ADV-9: the refund dates of a month, each moved to the next business day."""
    return tuple(next_business_day(date(year, month, day)) for day in refund_days)


def adv_9_is_refund_date(on: date, refund_days: Sequence[int]) -> bool:
    """ADV-9: whether the refund run may be made on `on`."""
    before = add_months(on.replace(day=1), -1)
    return on in adv_9_refund_dates(on.year, on.month, refund_days) or on in adv_9_refund_dates(
        before.year, before.month, refund_days
    )


def adv_9_next_refund_date(on: date, refund_days: Sequence[int]) -> date | None:
    """ADV-9: the first refund date on or after `on`; None when no day of the month is named."""
    return min((day for day in _refund_dates_around(on, refund_days) if day >= on), default=None)


def adv_9_last_refund_date(on: date, refund_days: Sequence[int]) -> date | None:
    """ADV-9: the latest refund date on or before `on`; None when no day of the month is named."""
    return max((day for day in _refund_dates_around(on, refund_days) if day <= on), default=None)


def _refund_dates_around(on: date, refund_days: Sequence[int]) -> list[date]:
    first = on.replace(day=1)
    months = (add_months(first, -1), first, add_months(first, 1))
    return [day for month in months for day in adv_9_refund_dates(month.year, month.month, refund_days)]


def adv_10_returned_charges(policy: AdvancePolicy, payment_id: int, bank_fee_cents: int, what: str) -> list[Charge]:
    """ADV-10: the bank's fee (no line when zero) and the administrative fee of one return."""
    charges = []
    if bank_fee_cents:
        charges.append(
            Charge(
                "returned-bank-fee",
                f"returned-bank-fee:{payment_id}",
                bank_fee_cents,
                "ADV-10",
                f"Bank's fee, {what} returned",
                "what the bank took",
            )
        )
    charges.append(
        Charge(
            "returned-admin-fee",
            f"returned-admin-fee:{payment_id}",
            policy.returned_admin_fee,
            "ADV-10",
            f"Administrative fee, {what} returned",
            f"{plain_cents(policy.returned_admin_fee)} for each return",
        )
    )
    return charges


class WorkDecision(NamedTuple):
    """How logged work is billed: `free`, `billed` or `needs-decision`; `cents` only when billed."""

    decision: str
    clause: str
    why: str
    cents: int = 0


def in_business_hours(start: datetime, end: datetime) -> bool:
    """ADV-11: wholly inside 8-5, Monday to Friday, of one day."""
    return (
        start.date() == end.date()
        and start.weekday() < 5
        and start.time() >= BUSINESS_OPENS
        and end.time() <= BUSINESS_CLOSES
    )


def adv_11_to_13_work(
    kind: str, start: datetime, end: datetime, *, business: bool, managed: bool, hourly_cents: int
) -> WorkDecision:
    """ADV-11, ADV-12, ADV-13: what a piece of work costs; what no rule covers goes to a supervisor.

    Raises ValueError for an unknown kind.
    """
    if kind in BILLABLE_KINDS:
        quarters = -(-(end - start) // timedelta(minutes=15))
        cents = (hourly_cents * quarters * 2 + 4) // 8
        hours = f"{quarters // 4}.{quarters % 4 * 25:02d}"
        return WorkDecision("billed", "ADV-13", f"{hours} h x {plain_cents(hourly_cents)}", cents)
    if kind not in FREE_KINDS:
        raise ValueError(f"work of kind “{kind}” is unknown; known are {', '.join(WORK_KINDS)}")
    if kind == "emergency-repair" and business and managed:
        return WorkDecision("free", "ADV-12", "emergency repair of managed business services")
    if in_business_hours(start, end):
        return WorkDecision("free", "ADV-11", "within business hours")
    return WorkDecision("needs-decision", "ADV-13", "no rule covers this work outside business hours")


def adv_15_may_be_suspended(status: str, past_due_cents: int, arrangement_is_kept: bool) -> bool:
    """ADV-15: active, past due and without a kept arrangement."""
    return status == "active" and past_due_cents > 0 and not arrangement_is_kept


def adv_15_is_restored(status: str, balance_cents: int) -> bool:
    """ADV-15: a suspended account that is paid in full is restored the same day."""
    return status == "suspended" and balance_cents <= 0


def adv_17_fee_is_proposed(suspended_on: Sequence[date], restored_by: str, policy: AdvancePolicy) -> bool:
    """ADV-17: restored by a payment after at least the n-th suspension in the months up to and including it.

    `suspended_on`: the account's suspensions, the one now ending last.
    """
    if restored_by != "payment":
        return False
    latest = suspended_on[-1]
    since = add_months(latest, -policy.reactivation_months)
    return sum(1 for day in suspended_on if since < day <= latest) >= policy.reactivation_after


def adv_17_reactivation_fee(policy: AdvancePolicy, suspension_id: int) -> Charge:
    """ADV-17: the fee that a supervisor approves."""
    return Charge(
        "reactivation-fee",
        f"reactivation-fee:{suspension_id}",
        policy.reactivation_fee,
        "ADV-17",
        "Re-activation fee",
        f"services restored by a payment; suspension number {policy.reactivation_after} or later "
        f"in {policy.reactivation_months} months",
    )
