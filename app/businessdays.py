"""Banking days: Monday to Friday less the Federal Reserve's holidays.

Source: the Federal Reserve Banks' holiday schedule. A holiday on a Saturday closes nothing; one on a
Sunday closes the Monday (rulebook ADV-9).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from dateutil.relativedelta import FR, MO, SA, SU, TH, relativedelta

from app.periods import ONE_DAY

_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_FLOATING = (
    relativedelta(month=1, day=1, weekday=MO(3)),  # Martin Luther King Jr.
    relativedelta(month=2, day=1, weekday=MO(3)),  # Washington's birthday
    relativedelta(month=5, day=31, weekday=MO(-1)),  # Memorial Day
    relativedelta(month=9, day=1, weekday=MO(1)),  # Labor Day
    relativedelta(month=10, day=1, weekday=MO(2)),  # Columbus Day
    relativedelta(month=11, day=1, weekday=TH(4)),  # Thanksgiving
)


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """The weekdays of `year` on which the Federal Reserve Banks are closed."""
    closed = set()
    for month, day in _FIXED:
        holiday = date(year, month, day)
        if holiday.weekday() == SU.weekday:
            closed.add(holiday + ONE_DAY)
        elif holiday.weekday() != SA.weekday:
            closed.add(holiday)
    closed.update(date(year, 1, 1) + rule for rule in _FLOATING)
    return frozenset(closed)


def is_business_day(day: date) -> bool:
    """Whether banks are open on `day`."""
    return day.weekday() <= FR.weekday and day not in bank_holidays(day.year)


def next_business_day(day: date) -> date:
    """`day` itself when banks are open on it, else the first day after it on which they are."""
    while not is_business_day(day):
        day += ONE_DAY
    return day


def previous_business_day(day: date) -> date:
    """The last day before `day` on which banks are open."""
    day -= ONE_DAY
    while not is_business_day(day):
        day -= ONE_DAY
    return day
