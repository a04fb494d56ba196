"""Calendar arithmetic of the rulebook's section 0: months, clamping, proration in whole cents."""

from __future__ import annotations

import re
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


def parse_typed_day(text: str, today: date) -> date:
    """A date as people type it: `t` (today), `+3`, `-1`, `15`, `3/15`, `mar 15`, `3/15/26`, `2026-03-15`.

    A day alone is of this month; a day and a month are of the year in which they are nearest to today.
    Raises ValueError with a short reason.
    """
    said = text.strip().casefold()
    reason = f"“{text.strip()}” is not a date; type 15, 3/15, mar 15 or t for today"
    if said in ("t", "today"):
        return today
    if said in ("y", "yesterday"):
        return today - ONE_DAY
    if said[:1] in "+-" and said[1:].isdecimal() and len(said) < 6:
        return today + int(said) * ONE_DAY
    numbers = re.fullmatch(r"(?:(\d{4})-)?(\d{1,2})[-/. ](\d{1,2})(?:[-/. ](\d{4}|\d{2}))?|(\d{1,2})", said, re.ASCII)
    worded = re.fullmatch(r"([a-z]{3,9})\.? *(\d{1,2})(?:,? +(\d{4}|\d{2}))?", said, re.ASCII)
    if numbers is not None:
        first_year, month, day, last_year, alone = numbers.groups()
        year = first_year or last_year
        month, day = (today.month, alone) if alone else (month, day)
        year = str(today.year) if alone else year
    elif worded is not None and worded[1][:3] in _MONTHS:
        month, day, year = _MONTHS.index(worded[1][:3]) + 1, worded[2], worded[3]
    else:
        raise ValueError(reason)
    full_years = [today.year - 1, today.year, today.year + 1] if year is None else [int(year) + 2000 * (len(year) == 2)]
    found = [made for full in full_years if (made := _day_or_none(full, int(month), int(day))) is not None]
    if not found:
        raise ValueError(reason)
    return min(found, key=lambda made: abs(made - today))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _day_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
