"""Amounts and dates as office hands type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.errors import UserError
from app.money import MAX_CENTS, format_cents, parse_typed_cents
from app.periods import parse_typed_day
from app.views.fields import DayEdit, MoneyEdit, label, told_dates

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1234", 123_400),
        ("12.34", 1_234),
        ("1,234.50", 123_450),
        ("$49.95", 4_995),
        ("12.5+7.5", 2_000),
        ("100-0.01", 9_999),
        ("10 + 5 - 2.50", 1_250),
        (".5", 50),
        ("-3", -300),
    ],
)
def test_amounts_are_read_as_they_are_typed(typed: str, cents: int) -> None:
    assert parse_typed_cents(typed) == cents


@pytest.mark.parametrize(
    ("typed", "cents"), [("1234", 1_234), ("5", 5), ("12.34", 1_234), ("1250+750", 2_000), ("12.", 1_200)]
)
def test_with_implied_cents_digits_alone_are_cents(typed: str, cents: int) -> None:
    assert parse_typed_cents(typed, implied_cents=True) == cents


@pytest.mark.parametrize("typed", ["", "abc", "1.234", "12+", "+", "1++2", "1--2", "12,34", "٣", "1e5", str(MAX_CENTS)])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_typed_cents(typed)


@given(st.integers(-MAX_CENTS, MAX_CENTS))
def test_an_amount_written_out_is_read_back(cents: int) -> None:
    assert parse_typed_cents(format_cents(cents)) == cents
    assert parse_typed_cents(format_cents(cents), implied_cents=True) == cents


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("t", date(2026, 3, 10)),
        ("y", date(2026, 3, 9)),
        ("-3", date(2026, 3, 7)),
        ("+1", date(2026, 3, 11)),
        ("15", date(2026, 3, 15)),
        ("3/15", date(2026, 3, 15)),
        ("12/28", date(2025, 12, 28)),
        ("1/5/27", date(2027, 1, 5)),
        ("3-15-2026", date(2026, 3, 15)),
        ("2026-02-28", date(2026, 2, 28)),
        ("mar 15", date(2026, 3, 15)),
        ("March 15, 2025", date(2025, 3, 15)),
        ("dec 31", date(2025, 12, 31)),
        ("2/29/24", date(2024, 2, 29)),
    ],
)
def test_dates_are_read_as_they_are_typed(typed: str, day: date) -> None:
    assert parse_typed_day(typed, TODAY) == day


@pytest.mark.parametrize("typed", ["", "32", "2/30", "13/1", "foo 3", "2/29/26", "0", "1/2/3/4", "٣"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_typed_day(typed, TODAY)


def test_the_last_days_of_february_are_found_from_a_day_in_march() -> None:
    assert parse_typed_day("2/28", date(2024, 3, 1)) == date(2024, 2, 28)
    assert parse_typed_day("2/29", date(2025, 1, 10)) == date(2024, 2, 29)


def test_leaving_an_amount_writes_it_out(qtbot: QtBot) -> None:
    edit = MoneyEdit("test.amount", "Amount", implied_cents=lambda: False)
    qtbot.addWidget(edit)
    QTest.keyClicks(edit, "12.5+7.5")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "20.00" and edit.cents() == 2_000


def test_an_amount_with_implied_cents_is_not_divided_again_when_it_was_written_out(qtbot: QtBot) -> None:
    edit = MoneyEdit("test.amount", "Amount", implied_cents=lambda: True)
    qtbot.addWidget(edit)
    QTest.keyClicks(edit, "1234")
    for _ in range(3):
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "12.34" and edit.cents() == 1_234


def test_a_wrong_amount_stays_as_typed_is_marked_and_names_its_input(qtbot: QtBot) -> None:
    edit = MoneyEdit("test.amount", "Amount", implied_cents=lambda: False)
    qtbot.addWidget(edit)
    QTest.keyClicks(edit, "12.345")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "12.345" and edit.property("wrong") is True
    with pytest.raises(UserError) as refused:
        edit.required_cents()
    assert refused.value.field == "test.amount"


def test_a_missing_amount_and_a_missing_date_are_asked_for(qtbot: QtBot) -> None:
    money, day = MoneyEdit("test.amount", "Amount", implied_cents=lambda: False), DayEdit("test.day", "Date", TODAY)
    qtbot.addWidget(money)
    qtbot.addWidget(day)
    assert money.cents() is None and day.day() is None
    with pytest.raises(UserError, match="amount is missing"):
        money.required_cents()
    with pytest.raises(UserError, match="date is missing"):
        day.required_day()


def test_leaving_a_date_writes_it_out(qtbot: QtBot) -> None:
    edit = DayEdit("test.day", "Date", TODAY)
    qtbot.addWidget(edit)
    QTest.keyClicks(edit, "3/2")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "03/02/2026" and edit.day() == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("received on 2026-11-21; if it is another one", "received on 11/21/2026; if it is another one"),
        ("Batch 2 of 2026-11-21.", "Batch 2 of 11/21/2026."),
        ("invoice 12 due 2026-08-31 was open (2026-10-01)", "invoice 12 due 08/31/2026 was open (10/01/2026)"),
        ("autopay-2026-11-21.csv", "autopay-2026-11-21.csv"),
        ("written to 2026-11-21.csv", "written to 2026-11-21.csv"),
        ("605-555-0191", "605-555-0191"),
    ],
)
def test_dates_in_a_sentence_are_shown_as_everywhere_else(said: str, shown: str) -> None:
    assert told_dates(said) == shown


def test_a_label_with_an_underlined_letter_is_as_wide_as_it_is_drawn(qtbot: QtBot) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    made = label("&To", buddy=field)
    qtbot.addWidget(made)
    needed = made.sizeHint()
    made.resize(needed.width() + 40, needed.height())
    picture = made.grab().toImage()

    def colors(first: int, end: int) -> set[str]:
        return {picture.pixelColor(x, y).name() for x in range(first, end) for y in range(picture.height())}

    assert len(colors(0, needed.width())) > 1
    assert len(colors(needed.width(), picture.width())) == 1
