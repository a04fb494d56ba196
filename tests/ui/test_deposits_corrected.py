"""Deposit and close: checks left in the drawer, a deposit corrected, reasons read whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from ui.test_day_close_page import alt, change, desk, no_preview, post, until_in_dialog, words
from ui.window import TODAY, Window

from app.services import checks, dayclose
from app.services.gateways.mail import NoMail
from app.views.table import Table
from app.views.tick_table import TickTable


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    return no_preview(monkeypatch)


def deposited(window: Window) -> list[tuple[object, ...]]:
    return window.rows("SELECT count, cents FROM deposit WHERE business_date = ? ORDER BY id", TODAY.isoformat())


def test_two_checks_are_left_in_the_drawer_with_space_and_the_rest_is_deposited(window: Window, shown: list[Path]) -> None:
    post(window, 4995, 10001, 700, 800)
    window.shortcut(Qt.Key.Key_F4)
    alt(window, Qt.Key.Key_M)
    # The cursor is on the first check: past it, two are left out, and Enter makes the deposit.
    window.press(Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Space)
    dialog = window.dialog()
    assert window.control("deposit.total", QLabel, dialog).text() == "2 checks, 57.95"
    assert window.control("deposit.left", QLabel, dialog).text() == "2 checks left out, 107.01"
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    assert deposited(window) == [(2, 5795)]
    assert words(window, "dayclose.drawer-total") == "In the drawer: 2 checks, 107.01"
    assert len(shown) == 1
    assert window.books_agree()


def test_a_deposit_is_corrected_by_keys_and_its_check_goes_with_the_next_one(window: Window, shown: list[Path]) -> None:
    post(window, 4995, 10001)
    window.go("dayclose")
    alt(window, Qt.Key.Key_M)
    window.press(Qt.Key.Key_Return)
    window.settle()
    alt(window, Qt.Key.Key_O)
    window.press(Qt.Key.Key_Space, Qt.Key.Key_Return)
    window.press("still on the desk", Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    assert "is corrected: 1 check back in the drawer, 49.95" in window.message
    assert words(window, "dayclose.drawer-total") == "In the drawer: 1 check, 49.95"
    made = window.control("dayclose.deposits", Table).rows_model.row_at(0)
    assert (made.how_many, made.cents, made.taken_out, made.taken_out_cents) == (1, 10001, 1, 4995)
    assert window.rows("SELECT count(*) FROM action WHERE what = 'correct-deposit'") == [(1,)]
    window.click("dayclose.deposit")
    window.click("deposit.action", window.dialog())
    assert deposited(window) == [(2, 14996), (1, 4995)]
    assert window.books_agree()


def test_a_correction_without_a_check_or_a_reason_is_refused_where_it_is_missing(window: Window, shown: list[Path]) -> None:
    post(window, 4995, 10001)
    window.go("dayclose")
    window.click("dayclose.deposit")
    window.click("deposit.action", window.dialog())
    window.click("dayclose.correct")
    dialog = window.dialog()
    window.click("depositfix.action", dialog)
    assert "No check is taken out yet" in window.control("depositfix.refusal", QLabel, dialog).text()
    window.control("depositfix.checks", TickTable, dialog).setFocus()
    window.press(Qt.Key.Key_Space)
    window.click("depositfix.action", dialog)
    assert "needs a reason" in window.control("depositfix.refusal", QLabel, dialog).text()
    assert window.rows("SELECT count(*) FROM deposit_removal") == [(0,)]


def test_a_clerk_is_told_who_corrects_a_deposit_of_a_closed_day(window: Window, shown: list[Path]) -> None:
    window.settings.put("desk/role", "clerk")
    window.go("dayclose")
    window.control("dayclose.deposits", Table).selectRow(0)
    window.click("dayclose.correct")
    dialog = window.dialog()
    window.press(Qt.Key.Key_Space, Qt.Key.Key_Return, "left on the desk", Qt.Key.Key_Return)
    window.settle()
    assert "which is closed, needs a supervisor" in window.control("depositfix.refusal", QLabel, dialog).text()


def test_a_deposit_whose_checks_were_all_taken_out_has_no_ticket_and_nothing_to_correct(
    window: Window, shown: list[Path]
) -> None:
    post(window, 4995)
    window.go("dayclose")
    window.click("dayclose.deposit")
    window.click("deposit.action", window.dialog())
    window.control("dayclose.deposits", Table).selectRow(0)
    window.click("dayclose.correct")
    until_in_dialog(window)
    window.press(Qt.Key.Key_Space, Qt.Key.Key_Return, "never went", Qt.Key.Key_Return)
    window.settle()
    assert QApplication.activeModalWidget() is None
    window.control("dayclose.deposits", Table).selectRow(0)
    assert not window.control("dayclose.ticket", QPushButton).isEnabled()
    assert not window.control("dayclose.correct", QPushButton).isEnabled()


@pytest.mark.parametrize("width", [1366, 960])
def test_what_keeps_the_day_open_is_read_whole_in_a_narrow_column(window: Window, width: int) -> None:
    def mail(session):  # type: ignore[no-untyped-def]
        batch = checks.log_mail(session, desk(), 12, 12_345_678)
        checks.log_check(session, desk(), batch, 500, "1")

    change(window, mail)
    window.frame.resize(width, 768)
    window.go("dayclose", part="close")
    table = window.control("dayclose.blockers", Table)
    metrics, room = table.fontMetrics(), table.columnWidth(2)

    def needed(row: int) -> int:
        words_of = table.rows_model.row_at(row).problem
        return metrics.boundingRect(QRect(0, 0, room, 9999), int(Qt.TextFlag.TextWordWrap), words_of).height()

    window.wait_for(lambda: all(table.rowHeight(row) >= needed(row) for row in range(2)))
    assert table.rows_model.rowCount() == 2


def test_closing_the_day_after_a_correction_finds_nothing_in_its_way(window: Window, shown: list[Path]) -> None:
    post(window, 4995)
    window.go("dayclose")
    window.click("dayclose.deposit")
    window.click("deposit.action", window.dialog())
    window.control("dayclose.deposits", Table).selectRow(0)
    window.click("dayclose.correct")
    until_in_dialog(window)
    window.press(Qt.Key.Key_Space, Qt.Key.Key_Return, "never went", Qt.Key.Key_Return)
    window.settle()
    change(window, lambda session: dayclose.close_day(session, desk(), NoMail()))
    assert window.rows("SELECT closed_through FROM office") == [(TODAY.isoformat(),)]
    assert window.books_agree()
