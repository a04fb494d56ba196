"""The calculator for arrangements: to the cent, on the right days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.services.instalments import MOST_INSTALMENTS, RHYTHMS, Rhythm, in_parts, of_amount

FIRST = date(2026, 1, 31)
totals = st.integers(1, 10_000_000)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
rhythms: st.SearchStrategy[Rhythm] = st.sampled_from(RHYTHMS)


def test_the_last_part_takes_the_odd_cents() -> None:
    assert [part.cents for part in in_parts(10000, 3, FIRST, "month")] == [3333, 3333, 3334]
    assert [part.cents for part in in_parts(9999, 3, FIRST, "month")] == [3333, 3333, 3333]
    assert [part.cents for part in in_parts(5, 5, FIRST, "week")] == [1] * 5


def test_an_amount_is_paid_until_the_rest_is_less() -> None:
    assert [part.cents for part in of_amount(9500, 4000, FIRST, "week")] == [4000, 4000, 1500]
    assert [part.cents for part in of_amount(8000, 4000, FIRST, "week")] == [4000, 4000]
    assert [part.cents for part in of_amount(3900, 4000, FIRST, "week")] == [3900]


def test_months_are_counted_from_the_first_day_and_clamped() -> None:
    assert [part.due_on for part in in_parts(400, 4, FIRST, "month")] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


@pytest.mark.parametrize(("every", "step"), [("week", 7), ("two-weeks", 14)])
def test_weeks_keep_the_day_of_the_week(every: Rhythm, step: int) -> None:
    assert [part.due_on for part in in_parts(300, 3, FIRST, every)] == [FIRST + timedelta(days=step * n) for n in range(3)]


@given(totals, st.integers(1, MOST_INSTALMENTS), days, rhythms)
def test_parts_add_up_and_their_days_follow_one_another(total: int, count: int, first: date, every: Rhythm) -> None:
    if total < count:
        with pytest.raises(UserError):
            in_parts(total, count, first, every)
        return
    parts = in_parts(total, count, first, every)
    assert sum(part.cents for part in parts) == total and len(parts) == count
    assert min(part.cents for part in parts) > 0
    assert 0 <= parts[-1].cents - parts[0].cents < count
    assert parts[0].due_on == first
    assert all(one.due_on < other.due_on for one, other in pairwise(parts))


@given(totals, st.integers(1, 1_000_000), days, rhythms)
def test_amounts_add_up_and_only_the_last_is_smaller(total: int, each: int, first: date, every: Rhythm) -> None:
    if total > each * MOST_INSTALMENTS:
        with pytest.raises(UserError, match="at most"):
            of_amount(total, each, first, every)
        return
    parts = of_amount(total, each, first, every)
    assert sum(part.cents for part in parts) == total
    assert {part.cents for part in parts[:-1]} <= {each} and 0 < parts[-1].cents <= each


def test_what_cannot_be_is_refused_at_its_input() -> None:
    for total in (0, -1):
        with pytest.raises(UserError) as refused:
            in_parts(total, 2, FIRST, "month")
        assert refused.value.field == "total"
        with pytest.raises(UserError) as refused:
            of_amount(total, 100, FIRST, "month")
        assert refused.value.field == "total"
    for count in (0, MOST_INSTALMENTS + 1):
        with pytest.raises(UserError) as refused:
            in_parts(100_000, count, FIRST, "month")
        assert refused.value.field == "count"
    for each in (0, -5):
        with pytest.raises(UserError) as refused:
            of_amount(100, each, FIRST, "month")
        assert refused.value.field == "each"


def test_the_longest_arrangement_is_a_year_of_weeks() -> None:
    assert len(in_parts(100_000, MOST_INSTALMENTS, FIRST, "week")) == 52
    assert len(of_amount(5200, 100, FIRST, "week")) == 52
    with pytest.raises(UserError, match="53 instalments"):
        of_amount(5201, 100, FIRST, "week")
