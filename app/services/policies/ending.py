"""ADV-9 and price changes: what ending or changing a service credits and bills. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.periods import ONE_DAY, days_in_month, month_key, months_between, prorate
from app.services.policies.advance import adv_1_recurring
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
    key: str = "credit-unused",
) -> list[Charge]:
    """ADV-9: what was billed for the days after `after`, credited by month.

    Whole months in full, part months prorated. `billed` gives the net cents billed for each month
    (`2026-12`); a credit never exceeds it. A month that is missing there was billed before the import.
    """
    if service.billed_through is None:
        return []
    credits = []
    for month_first, month_last in months_between(after + ONE_DAY, service.billed_through):
        left = billed.get(month_key(month_first))
        for first, last, price in _price_pieces(prices, month_first, month_last):
            days = (last - first).days + 1
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
    suspensions: Sequence[SuspensionFacts] = (),
) -> list[Charge]:
    """ADV-9: ending a service: unused days credited, days up to its last day that no cycle billed are billed."""
    unbilled = [charge._replace(clause="ADV-9") for charge in adv_1_recurring(service, last_day, suspensions)]
    return unbilled + adv_9_unused_credit(service, prices, last_day, billed)


def price_change(
    service: ServiceFacts,
    prices: Sequence[PriceFacts],
    new_cents: int,
    effective: date,
    billed: Mapping[str, int],
    change_id: int,
    suspensions: Sequence[SuspensionFacts] = (),
) -> list[Charge]:
    """BOTH-10, ADV-1: a new price from `effective` on; every line waits for the next cycle invoice.

    Billed days from `effective` on are credited at the old price and billed at the new one, a line of each
    per month; days before it that no cycle has billed yet are billed at the old price.
    """
    key = f"price-change:{change_id}"
    before = adv_1_recurring(service, effective - ONE_DAY, suspensions, key=f"{key}:before")
    credits = adv_9_unused_credit(service, prices, effective - ONE_DAY, billed, key=f"{key}:credit")
    if service.billed_through is None or service.billed_through < effective:
        return before
    at_new_price = service._replace(monthly_cents=new_cents, billed_through=effective - ONE_DAY)
    again = adv_1_recurring(at_new_price, service.billed_through, key=f"{key}:again")
    return before + credits + again
