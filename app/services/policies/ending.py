"""ADV-9 and price changes: what ending or changing a service credits and bills. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.periods import ONE_DAY, days_in_month, month_key, months_between, prorate
from app.services.policies.advance import NO_DAYS, adv_1_recurring, adv_15_billable
from app.services.policies.clause import Charge, arithmetic, days_label
from app.services.policies.facts import PriceFacts, ServiceFacts, SuspensionFacts


def price_on(prices: Sequence[PriceFacts], day: date) -> int:
    """The monthly price of a day: the latest recorded price that is in force on it."""
    return next(price.monthly_cents for price in reversed(prices) if price.from_day <= day)


def _price_pieces(prices: Sequence[PriceFacts], first: date, last: date) -> list[tuple[date, date, int]]:
    """`first` through `last` (within one month), cut where the price changes."""
    pieces: list[tuple[date, date, int]] = []
    day = first
    while day <= last:
        cents = price_on(prices, day)
        if pieces and pieces[-1][2] == cents:
            pieces[-1] = (pieces[-1][0], day, cents)
        else:
            pieces.append((day, day, cents))
        day += ONE_DAY
    return pieces


def adv_9_unused_credit(
    service: ServiceFacts,
    prices: Sequence[PriceFacts],
    after: date,
    billed: Mapping[str, int],
    never_billed: frozenset[date] = NO_DAYS,
    key: str = "credit-unused",
) -> list[Charge]:
    """ADV-9: what was billed for the days after `after`, credited by month.

    Whole months in full, part months prorated. `billed` gives the net cents billed for each month
    (`2026-12`); a credit never exceeds it. A month that is missing there was billed before the import.
    `never_billed` are days that were left out for a suspension (ADV-15).
    """
    if service.billed_through is None:
        return []
    credits = []
    for month_first, month_last in months_between(after + ONE_DAY, service.billed_through):
        left = billed.get(month_key(month_first))
        for first, last, price in _price_pieces(prices, month_first, month_last):
            days = (last - first).days + 1 - sum(1 for day in never_billed if first <= day <= last)
            if not days:
                continue
            cents = prorate(price, days, days_in_month(first))
            why = arithmetic(price, days, first)
            if left is not None and cents > left:
                cents, why = max(left, 0), f"{why}, at most what was billed"
            if left is not None:
                left -= cents
            if cents == 0 and price != 0:
                continue
            credits.append(
                Charge(
                    "credit-unused",
                    f"{key}:{service.id}:{first.isoformat()}",
                    -cents,
                    "ADV-9",
                    f"{service.name}, unused {days_label(first, last)}",
                    f"-{why}",
                    service.id,
                    first,
                    last,
                    True,
                )
            )
    return credits


def adv_9_end_of_service(
    service: ServiceFacts,
    prices: Sequence[PriceFacts],
    last_day: date,
    billed: Mapping[str, int],
    never_billed: frozenset[date] = NO_DAYS,
    suspensions: Sequence[SuspensionFacts] = (),
) -> list[Charge]:
    """ADV-9: ending a service: unused days credited, days up to its last day that no cycle billed are billed."""
    through, left_out = adv_15_billable(service, last_day, suspensions)
    unbilled = [charge._replace(clause="ADV-9") for charge in adv_1_recurring(service, through, left_out)]
    return unbilled + adv_9_unused_credit(service, prices, last_day, billed, never_billed)


def price_change(
    service: ServiceFacts,
    prices: Sequence[PriceFacts],
    new_cents: int,
    effective: date,
    billed: Mapping[str, int],
    change_id: int,
    never_billed: frozenset[date] = NO_DAYS,
    suspensions: Sequence[SuspensionFacts] = (),
) -> list[Charge]:
    """BOTH-10, ADV-1: a new price from `effective` on; every line waits for the next cycle invoice.

    Billed days from `effective` on are credited at the old price and billed at the new one, a line of each
    per month; days before it that no cycle has billed yet are billed at the old price.
    """
    key = f"price-change:{change_id}"
    day_before = effective - ONE_DAY
    through, left_out = adv_15_billable(service, day_before, suspensions)
    before = adv_1_recurring(service, through, left_out, key=f"{key}:before")
    credits = adv_9_unused_credit(service, prices, day_before, billed, never_billed, key=f"{key}:credit")
    if service.billed_through is None or service.billed_through < effective:
        return before
    at_new_price = service._replace(monthly_cents=new_cents, billed_through=day_before)
    again = adv_1_recurring(at_new_price, service.billed_through, never_billed, key=f"{key}:again")
    return before + credits + again
