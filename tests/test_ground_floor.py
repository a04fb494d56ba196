"""The ground floor: money in and out of text, months and proration, banking days, account numbers."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.businessdays import bank_holidays, is_business_day, next_business_day, previous_business_day
from app.money import MAX_CENTS, amount_in_words, format_cents, parse_cents, plain_cents
from app.periods import (
    ONE_DAY,
    add_months,
    days_in_month,
    month_end,
    month_key,
    month_start,
    months_between,
    next_month_start,
    prorate,
)
from app.services.accountnumbers import account_number, is_account_number

cents = st.integers(-MAX_CENTS, MAX_CENTS)
days = st.dates(date(1990, 1, 1), date(2120, 12, 31))

# Money


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234", 123400),
        ("12.34", 1234),
        (".50", 50),
        ("0.5", 50),
        ("7.", 700),
        ("$1,234.50", 123450),
        ("-3.00", -300),
        ("-$3.00", -300),
        ("  49.95\t", 4995),
        ("0", 0),
        ("0049.95", 4995),
        ("1,234,567.89", 123456789),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, expected: int) -> None:
    assert parse_cents(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "-", "$", "-.", "1.005", "1.000", "1,23", "12,34.00", "1,2345", ",123", "1.2.3", "1e5", "NaN", "inf",
     "--1", "1-", "(1.00)", "1 000", "1_000", "١٢", "１２", "49,95", "0x10", "1.0\u0660", "5 USD", "+5", "1\n2", "\u22125"],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_the_text_in_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match="“") as refused:
        parse_cents(text)
    assert text in str(refused.value)


def test_three_decimals_are_refused_by_that_name() -> None:
    with pytest.raises(ValueError, match="more than two decimals"):
        parse_cents("49.955")


def test_the_largest_amount_is_read_and_a_cent_more_is_too_large() -> None:
    assert parse_cents(plain_cents(MAX_CENTS)) == MAX_CENTS
    for text in (plain_cents(MAX_CENTS + 1), plain_cents(-MAX_CENTS - 1), "9" * 18, "9" * 4000):
        with pytest.raises(ValueError, match="too large"):
            parse_cents(text)


@given(cents)
@example(-1)
@example(-99)
@example(100)
@example(99_999_99)
def test_every_amount_survives_being_written_and_read(amount: int) -> None:
    assert parse_cents(format_cents(amount)) == amount
    assert parse_cents(plain_cents(amount)) == amount
    assert format_cents(amount).replace(",", "") == plain_cents(amount)


@given(cents)
def test_a_written_amount_has_two_decimals_and_commas_every_three_digits(amount: int) -> None:
    whole, part = format_cents(amount).removeprefix("-").split(".")
    assert len(part) == 2
    head, *groups = whole.split(",")
    assert 1 <= len(head) <= 3
    assert all(len(group) == 3 for group in groups)
    assert format_cents(amount).startswith("-") == (amount < 0)


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_refused_and_never_anything_else(text: str) -> None:
    try:
        amount = parse_cents(text)
    except ValueError:
        return
    assert abs(amount) <= MAX_CENTS
    assert any(character in "0123456789" for character in text)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Zero and 00/100"),
        (1, "Zero and 01/100"),
        (8129, "Eighty-one and 29/100"),
        (10000, "One hundred and 00/100"),
        (10101, "One hundred one and 01/100"),
        (123456, "One thousand two hundred thirty-four and 56/100"),
        (100000100, "One million one and 00/100"),
    ],
)
def test_the_legal_line_of_a_check(amount: int, words: str) -> None:
    assert amount_in_words(amount) == words


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"thousand": 1000, "million": 10**6, "billion": 10**9}


def cents_of_words(words: str) -> int:
    """Reads a legal line back, by rules of its own."""
    dollars, part = words.lower().rsplit(" and ", 1)
    total = group = 0
    for word in dollars.replace("-", " ").split():
        if word in _ONES:
            group += _ONES.index(word)
        elif word in _TENS:
            group += 10 * (_TENS.index(word) + 2)
        elif word == "hundred":
            group *= 100
        else:
            total, group = total + group * _SCALES[word], 0
    return (total + group) * 100 + int(part.removesuffix("/100"))


@given(st.integers(0, MAX_CENTS))
@example(1_000_000_00)
@example(99_99)
def test_the_words_of_every_amount_read_back_as_its_figure(amount: int) -> None:
    words = amount_in_words(amount)
    assert cents_of_words(words) == amount
    assert words[0].isupper() and words[1:] == words[1:].lower()
    assert words.count(" and ") == 1


def test_no_check_is_written_for_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="negative"):
        amount_in_words(-1)


# Months


def test_months_are_counted_from_the_original_day_and_clamped() -> None:
    assert [add_months(date(2026, 1, 31), n) for n in (0, 1, 2, 3, 13)] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2027, 2, 28),
    ]
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


@given(days, st.integers(-120, 120))
def test_a_month_later_is_the_same_day_or_the_last_one_of_a_shorter_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


@given(days)
@example(date(2028, 2, 29))
@example(date(2100, 2, 28))
def test_a_month_has_its_first_its_last_and_its_length(day: date) -> None:
    assert month_start(day).day == 1
    assert month_start(day) <= day <= month_end(day)
    assert (month_end(day) + ONE_DAY).day == 1
    assert month_end(day) + ONE_DAY == next_month_start(day)
    assert days_in_month(day) == (next_month_start(day) - month_start(day)).days == monthrange(day.year, day.month)[1]
    assert month_key(day) == day.isoformat()[:7]


@pytest.mark.parametrize(("year", "length"), [(2026, 28), (2028, 29), (2000, 29), (2100, 28)])
def test_february_knows_leap_years(year: int, length: int) -> None:
    assert days_in_month(date(year, 2, 10)) == length
    assert month_end(date(year, 2, 1)) == date(year, 2, length)


@given(days, st.integers(-40, 400))
def test_a_span_is_cut_at_month_ends_without_gap_or_overlap(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    pieces = months_between(first, last)
    assert bool(pieces) == (length >= 0)
    for start, end in pieces:
        assert (start.year, start.month) == (end.year, end.month)
        assert start <= end
    if pieces:
        assert (pieces[0][0], pieces[-1][1]) == (first, last)
        assert all(before[1] + ONE_DAY == after[0] for before, after in pairwise(pieces))
        assert all(end == month_end(end) for _, end in pieces[:-1])


# Proration


@pytest.mark.parametrize(
    ("price", "part", "of", "expected"),
    [
        (4995, 17, 31, 2739),
        (1000, 1, 3, 333),
        (1000, 2, 3, 667),
        (1, 1, 2, 1),
        (3, 15, 30, 2),
        (-3, 15, 30, -2),
        (1, 14, 29, 0),
        (4995, 31, 31, 4995),
        (4995, 0, 31, 0),
    ],
)
def test_a_part_of_a_month_is_rounded_half_up(price: int, part: int, of: int, expected: int) -> None:
    assert prorate(price, part, of) == expected


@given(st.integers(-(10**9), 10**9), st.integers(0, 31), st.integers(28, 31))
def test_proration_is_the_exact_fraction_rounded_half_away_from_zero(price: int, part: int, of: int) -> None:
    assume(part <= of)
    exact = Fraction(abs(price) * part, of)
    rounded = floor(exact + Fraction(1, 2))
    assert prorate(price, part, of) == (rounded if price >= 0 else -rounded)


@given(st.integers(0, 10**7), st.integers(28, 31), st.data())
def test_the_two_parts_of_a_month_miss_its_price_by_a_cent_at_most(price: int, of: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, of))
    both = prorate(price, cut, of) + prorate(price, of - cut, of)
    assert both - price in (0, 1)
    assert both == price or (2 * price * cut) % (2 * of) == of


@given(st.integers(-(10**7), 10**7), st.integers(0, 31), st.integers(28, 31))
def test_a_credit_of_the_same_days_is_the_charge_taken_back(price: int, part: int, of: int) -> None:
    assert prorate(-price, part, of) == -prorate(price, part, of)


# Banking days: of the eleven holidays those that close a weekday. July 4, 2026, June 19 and December 25, 2027 are
# Saturdays and close nothing; July 4, 2027 is a Sunday and closes the Monday.

HOLIDAYS = {
    2026: ["01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25"],
    2027: ["01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"],
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_the_banks_are_closed_on_the_published_days_and_on_no_other_weekday(year: int) -> None:
    assert bank_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in HOLIDAYS[year]}
    day = date(year, 1, 1)
    closed_weekdays = []
    while day.year == year:
        if day.weekday() < 5 and not is_business_day(day):
            closed_weekdays.append(day.isoformat()[5:])
        day += ONE_DAY
    assert closed_weekdays == HOLIDAYS[year]


@pytest.mark.parametrize(
    ("holiday", "neighbour"),
    [
        (date(2026, 7, 4), date(2026, 7, 3)),
        (date(2027, 6, 19), date(2027, 6, 18)),
        (date(2027, 12, 25), date(2027, 12, 24)),
        (date(2022, 1, 1), date(2021, 12, 31)),
    ],
)
def test_a_holiday_on_a_saturday_closes_nothing(holiday: date, neighbour: date) -> None:
    assert holiday.weekday() == 5
    assert is_business_day(neighbour)
    assert is_business_day(holiday + 2 * ONE_DAY)


@pytest.mark.parametrize("holiday", [date(2027, 7, 4), date(2022, 6, 19), date(2022, 12, 25), date(2023, 1, 1)])
def test_a_holiday_on_a_sunday_closes_the_monday(holiday: date) -> None:
    assert holiday.weekday() == 6
    assert not is_business_day(holiday + ONE_DAY)
    assert next_business_day(holiday) == holiday + 2 * ONE_DAY


@given(days)
def test_the_next_and_the_previous_business_day_skip_only_closed_days(day: date) -> None:
    after, before = next_business_day(day), previous_business_day(day)
    assert is_business_day(after) and is_business_day(before)
    assert before < day <= after <= day + timedelta(days=4)
    assert all(not is_business_day(day + timedelta(days=n)) for n in range((after - day).days))
    assert all(not is_business_day(before + timedelta(days=n)) for n in range(1, (day - before).days))


# Account numbers

ids = st.integers(1, 5_000_000)


@given(ids)
def test_an_account_number_is_its_id_and_a_check_digit(account_id: int) -> None:
    number = account_number(account_id)
    assert is_account_number(number)
    assert int(number[:-1]) == 10_000 + account_id
    assert sum(is_account_number(number[:-1] + digit) for digit in "0123456789") == 1


@given(ids, st.data())
def test_any_single_wrong_digit_is_refused(account_id: int, data: st.DataObject) -> None:
    number = account_number(account_id)
    at = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[at]]))
    assert not is_account_number(number[:at] + wrong + number[at + 1 :])


@given(ids)
def test_any_swap_of_neighbours_is_refused(account_id: int) -> None:
    number = account_number(account_id)
    for at in range(len(number) - 1):
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert swapped == number or not is_account_number(swapped)


@pytest.mark.parametrize(
    "text", ["", "0", "00000", "10001", " 100014", "100014 ", "-100014", "１０００１４", "1000.4", "ABC"]
)
def test_what_is_no_account_number_is_refused_quietly(text: str) -> None:
    assert not is_account_number(text)
