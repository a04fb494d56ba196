"""Days that change under the hands: midnight with the program open, another business date, a new month billed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel
from ui.posting_keys import ENTER, ESCAPE, cursor, log_mail, owing, text, type_check
from ui.test_day_close_page import change, desk, until_in_dialog
from ui.test_reports_page import choose
from ui.window import TODAY, Window

from app.services import billing, daypreview, payments
from app.services.books import open_office
from app.services.desk import Desk
from app.views.table import Table

_CTRL = Qt.KeyboardModifier.ControlModifier


def type_day(window: Window, typed: str) -> None:
    window.shortcut(Qt.Key.Key_D, _CTRL)
    window.press(typed, ENTER)
    window.settle()


def midnight(window: Window) -> None:
    """The calendar moves on while the program stays open."""
    window.day += timedelta(days=1)
    window.frame.new_day.look()
    window.settle()


def test_who_works_on_past_midnight_is_told_and_t_is_the_new_day(window: Window) -> None:
    assert text(window, "frame.day") == "Saturday: open"
    midnight(window)
    assert "It is Sun, Nov 22, 2026 now" in window.message and "still Sat, Nov 21, 2026" in window.message
    assert text(window, "frame.day") == "Saturday: open, not today"
    assert window.program.workplace.on == TODAY, "nobody chose another day"
    type_day(window, "t")
    assert window.program.workplace.on == TODAY + timedelta(days=1)
    assert text(window, "frame.day") == "Sunday: open"


def test_a_day_that_went_by_unnoticed_is_not_the_one_that_t_means(window: Window) -> None:
    window.day += timedelta(days=1)
    type_day(window, "t")
    assert window.program.workplace.on == TODAY + timedelta(days=1)


def test_at_midnight_nobody_is_told_who_works_on_the_new_day_already(window: Window) -> None:
    window.day += timedelta(days=1)
    type_day(window, "t")
    window.frame.new_day.look()
    assert window.message == ""


def test_mail_of_another_day_than_today_says_so_before_it_is_logged(window: Window) -> None:
    window.go("checks")
    window.shortcut(Qt.Key.Key_L, _CTRL)
    assert window.dialog().findChild(QLabel, "mail.other-day") is None
    window.press(ESCAPE)
    midnight(window)
    window.shortcut(Qt.Key.Key_L, _CTRL)
    assert window.control("mail.other-day", QLabel, window.dialog()).text().startswith("Not of today, Sun, Nov 22, 2026")
    assert cursor() == "mail.count"
    window.press(ESCAPE)


def test_a_report_shows_the_new_business_date_unless_its_days_were_typed(window: Window) -> None:
    window.go("reports")
    assert "November 21, 2026" in text(window, "reports.heading")
    window.go("today")
    type_day(window, "11/20")
    window.shortcut(Qt.Key.Key_F10)
    assert "November 20, 2026" in text(window, "reports.heading")
    type_day(window, "11/19")
    assert "November 19, 2026" in text(window, "reports.heading"), "it is shown while the date is changed"
    window.type_into("reports.last", "10/31")
    window.press(ENTER)
    window.settle()
    type_day(window, "11/20")
    assert "October 31, 2026" in text(window, "reports.heading")
    choose(window, "Day close")
    assert "November 20, 2026" in text(window, "reports.heading")


def bill_december(window: Window) -> None:
    window.day = date(2026, 12, 1)
    with open_office(window.path) as books:
        billing.run_billing(books, Desk("pat", "manager", "PC 2", window.day, window.day))


def test_once_a_month_is_billed_f7_shows_its_statements_and_not_those_shown_before(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F7)
    runs = window.control("statements.run", QComboBox)
    assert runs.currentText().startswith("11/01/2026, for December 2026")
    bill_december(window)
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert runs.count() == 2
    assert runs.currentText().startswith("11/01/2026"), "who works here is not moved to another list"
    window.shortcut(Qt.Key.Key_F2)
    window.shortcut(Qt.Key.Key_F7)
    assert runs.currentText().startswith("12/01/2026, for January 2027")
    runs.setFocus()
    window.press(Qt.Key.Key_Down, ENTER)
    window.settle()
    assert runs.currentText().startswith("11/01/2026")
    window.shortcut(Qt.Key.Key_F2)
    window.shortcut(Qt.Key.Key_F7)
    assert runs.currentText().startswith("11/01/2026"), "a run chosen by hand stays until another is made"


def test_on_an_earlier_business_date_a_check_of_today_cannot_go_to_the_bank(window: Window) -> None:
    log_mail(window, 1, 5000)
    _, number, _, _ = owing(window, 1)[0]
    window.go("checks")
    type_check(window, number, 5000, "777")
    type_day(window, "11/20")
    window.go("dayclose")
    window.click("dayclose.deposit")
    window.press(ENTER, on=window.dialog())
    window.settle()
    refused = window.control("deposit.refusal", QLabel, window.dialog()).text()
    assert "Check 777 was received on 11/21/2026" in refused and "dated 11/20/2026" in refused
    assert window.rows("SELECT count(*) FROM deposit WHERE business_date = '2026-11-20'") == [(0,)]
    window.press(ESCAPE)
    type_day(window, "t")
    window.click("dayclose.deposit")
    window.press(ENTER, on=window.dialog())
    window.settle()
    assert window.rows("SELECT count(*) FROM deposit WHERE business_date = '2026-11-21'") == [(1,)]
    assert window.books_agree()


@pytest.mark.parametrize("what", ["charged back meanwhile", "not taken yet"])
def test_card_money_that_is_another_by_now_or_of_a_later_day_is_not_moved_to_the_bank(window: Window, what: str) -> None:
    window.go("dayclose", part="clearing")
    table = window.control("dayclose.clearing", Table)
    first = next(row for row in table.rows_model.rows if row.kind == "card")
    if what == "not taken yet":
        window.program.workplace.choose_date(first.on - timedelta(days=1))
        window.settle()
    table.select_row(next(row for row in table.rows_model.rows if row == first))
    table.setFocus()
    window.press(ENTER)
    until_in_dialog(window)
    if what == "charged back meanwhile":
        ids = window.read(lambda session: daypreview.clearing_payments(session, first.on, "card"))
        change(window, lambda session: payments.charge_back(session, desk(), ids[0], "not mine"))
    window.press(ENTER)
    window.settle()
    refused = window.control("settle.refusal", QLabel, window.dialog()).text()
    wanted = "has changed meanwhile" if what == "charged back meanwhile" else "cannot have arrived on"
    assert wanted in refused
    assert window.rows("SELECT count(*) FROM action WHERE what = 'settle'") == [(0,)]
    window.press(ESCAPE)
