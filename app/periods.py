"""Calendar arithmetic of the rulebook's section 0: months, clamping, proration in whole cents."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from dateutil.relativedelta import relativedelta

ONE_DAY = timedelta(days=1)


def add_months(original: date, months: int) -> date:
    """The same day `months` later, clamped to that month's last day.

    Always counted from the original day: Jan 31 plus one is Feb 28, plus two is Mar 31.
    """
    return original + relativedelta(months=months)


@lru_cache(maxsize=1024)
def month_end(day: date) -> date:
    """The last calendar day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def month_start(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def next_month_start(day: date) -> date:
    """The first day of the month after that of `day`."""
    return month_end(day) + ONE_DAY


def days_in_month(day: date) -> int:
    """How many days the month of `day` has."""
    return month_end(day).day


def prorate(cents: int, days: int, of_days: int) -> int:
    """`cents` x `days` / `of_days`, rounded half up to the cent (away from zero for credits)."""
    product = abs(cents) * days
    rounded = (2 * product + of_days) // (2 * of_days)
    return -rounded if cents < 0 else rounded


def month_key(day: date) -> str:
    """`2026-12` of any day of December 2026, as used in charge keys."""
    return f"{day.year:04d}-{day.month:02d}"


@lru_cache(maxsize=4096)
def months_between(first: date, last: date) -> tuple[tuple[date, date], ...]:
    """The days from `first` through `last`, both included, cut at month ends; empty if none."""
    pieces = []
    while first <= last:
        end = min(month_end(first), last)
        pieces.append((first, end))
        first = end + ONE_DAY
    return tuple(pieces)
