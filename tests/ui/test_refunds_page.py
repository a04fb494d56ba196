"""The Refunds page: what is due, other dates, the box of checks, old checks, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QTabWidget, QWidget
from pytestqt.modeltest import ModelTester
from ui.test_refund_run import REFUND_DAY, cancel_some, close_preview, mark_check, work_on
from ui.window import Window

from app.services import accounts, refunds
from app.services.books import open_office
from app.services.desk import Desk
from app.views.table import Table
from app.views.tick_table import TickTable


def tab(window: Window, place: int) -> None:
    window.control("refunds.tabs", QTabWidget).setCurrentIndex(place)


def shown(window: Window) -> TickTable:
    return window.control("refunds.due", TickTable)


def write_reason(window: Window, dialog: QWidget, name: str, text: str) -> None:
    window.type_into(name, text, dialog)
    window.press(Qt.Key.Key_Return, on=window.control(name, QLineEdit, dialog))
    window.settle()


def test_each_refund_due_is_explained_and_its_parts_add_up(window: Window) -> None:
    cancel_some(window, 1)
    work_on(window, "11/16")
    window.go("refunds")
    table = shown(window)
    for row in list(table.rows_model.rows):
        table.select_row(row)
        window.settle()
        lines = window.control("refunds.why", Table).rows_model.rows
        assert sum(line.cents for line in lines) == row.cents and lines
        assert row.name in window.control("refunds.address", QLabel).text()


def test_an_account_without_an_address_has_no_box_and_enter_opens_it(window: Window) -> None:
    (account,) = cancel_some(window, 1)
    with open_office(window.path) as books, books.write() as session:
        accounts.change_address(session, Desk("pat", "clerk", "PC 2", REFUND_DAY, window.day), account, ())
    work_on(window, "11/16")
    window.go("refunds")
    table = shown(window)
    row = next(row for row in table.rows_model.rows if row.account_id == account)
    assert table.rows_model.columns[5].text(row).startswith("No postal address")
    table.select_row(row)
    window.press(Qt.Key.Key_Space, on=table)
    assert row not in table.tick_model.ticked() and account not in window.frame.page.due.left_out  # type: ignore[union-attr]
    table.select_row(row)
    window.press(Qt.Key.Key_Return, on=table)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"


def test_what_was_unticked_stays_so_when_another_page_changes_the_books(window: Window) -> None:
    cancel_some(window, 3)
    work_on(window, "11/16")
    page = window.go("refunds")
    table = shown(window)
    row = next(row for row in table.rows_model.rows if row.address)
    table.select_row(row)
    window.press(Qt.Key.Key_Space, on=table)
    page.tasks.books_changed.emit(None)
    window.settle()
    assert page.due.left_out == {row.account_id}
    assert f"{len(table.tick_model.ticked())} checks" in window.control("refunds.due-total", QLabel).text()


def test_on_another_day_the_run_needs_a_reason_which_the_books_keep(window: Window) -> None:
    cancel_some(window, 1)
    window.go("refunds")
    assert "is no refund date. The next ones are Tue, Dec 1, 2026" in window.control("refunds.dates", QLabel).text()
    (number,) = window.rows("SELECT next_number FROM check_stock")[0]
    window.click("refunds.run")
    dialog = window.dialog()
    window.type_into("refundrun.first", str(number), dialog)
    window.click("refundrun.action", dialog)
    assert "needs a reason" in window.control("refundrun.refusal", QLabel, dialog).text()
    assert window.rows("SELECT count(*) FROM run WHERE what = 'refunds' AND business_date = '2026-11-21'") == [(0,)]
    write_reason(window, dialog, "refundrun.reason", "the customer leaves tomorrow")
    assert window.rows("SELECT reason FROM action WHERE what = 'run-refunds' ORDER BY id DESC LIMIT 1") == [
        ("the customer leaves tomorrow",)
    ]
    close_preview(window)
    assert window.books_agree()


def test_a_clerk_cannot_void_and_the_reason_that_was_typed_stays(window: Window) -> None:
    window.settings.put("desk/role", "clerk")
    window.go("refunds", tab="checks")
    window.control("refunds.checks", Table).selectRow(0)
    window.click("refunds.void")
    dialog = window.dialog()
    write_reason(window, dialog, "refundcheck.reason", "lost in the mail")
    assert "needs a supervisor" in window.control("refundcheck.refusal", QLabel, dialog).text()
    assert window.control("refundcheck.reason", QLineEdit, dialog).text() == "lost in the mail"
    window.press(Qt.Key.Key_Escape, on=dialog)
    assert window.rows("SELECT count(*) FROM refund_void") == [(0,)]


def test_sheets_missing_from_the_box_are_skipped_with_a_reason(window: Window) -> None:
    cancel_some(window, 1)
    work_on(window, "11/16")
    window.go("refunds", tab="sheets")
    (number,) = window.rows("SELECT next_number FROM check_stock")[0]
    window.click("refunds.box-change")
    dialog = window.dialog()
    window.type_into("refundbox.next", str(number - 1), dialog)
    write_reason(window, dialog, "refundbox.reason", "torn sheets")
    assert "were used" in window.control("refundbox.refusal", QLabel, dialog).text()
    window.type_into("refundbox.next", str(number + 3), dialog)
    window.click("refundbox.action", dialog)
    assert f"next number is {number + 3}" in window.control("refunds.box", QLabel).text()
    assert window.rows("SELECT next_number FROM check_stock") == [(number + 3,)]


def test_two_presses_of_the_confirmation_confirm_once(window: Window) -> None:
    cancel_some(window, 0)
    work_on(window, "11/17")
    window.go("refunds", tab="checks")
    with_number = window.rows("SELECT min(number) FROM issued_check")[0][0]
    mark_check(window, with_number)
    window.click("refunds.reprint")
    write_reason(window, window.dialog(), "refundcheck.reason", "coffee")
    tab(window, 1)
    done = window.control("refunds.sheets-done", QPushButton)
    done.click()
    done.click()
    window.settle()
    assert "1 sheet is good" in window.message
    assert window.rows("SELECT count(*) FROM action WHERE what = 'confirm-sheets'") == [(2,)]


@pytest.fixture
def next_summer(window: Window) -> Window:
    """The window 200 days later, with every sheet confirmed."""
    cancel_some(window, 0)
    window.day = date(2027, 6, 1)
    work_on(window, "6/1/2027")
    window.go("refunds", tab="checks")
    return window


def test_an_old_check_goes_to_unclaimed_refunds_and_is_paid_when_asked_for(next_summer: Window) -> None:
    window = next_summer
    number, cents = window.rows(
        "SELECT number, f.cents FROM issued_check JOIN refund f ON f.id = refund_id ORDER BY number"
    )[0]
    assert "Over 180 days: 2" in window.control("refunds.summary", QLabel).text()
    mark_check(window, number)
    window.click("refunds.unclaim")
    write_reason(window, window.dialog(), "refundcheck.reason", "never cashed")
    assert window.rows("SELECT state FROM issued_check WHERE number = ?", number) == [("stale",)]
    assert window.rows("SELECT debit, credit, cents FROM posting ORDER BY entry_id DESC LIMIT 1") == [(1000, 2300, cents)]
    assert window.books_agree()
    window.go("refunds", number=number)
    window.click("refunds.pay")
    write_reason(window, window.dialog(), "refundcheck.reason", "asked by phone")
    assert window.rows("SELECT debit, credit, cents FROM posting ORDER BY entry_id DESC LIMIT 1") == [(2300, 1000, cents)]
    assert window.control("refunds.tabs", QTabWidget).currentIndex() == 1
    assert [row.cents for row in window.control("refunds.sheets", TickTable).rows_model.rows] == [cents]
    assert window.books_agree()


def test_an_old_check_is_stopped_and_issued_anew(next_summer: Window) -> None:
    window = next_summer
    (number,) = window.rows("SELECT min(number) FROM issued_check")[0]
    (new,) = window.rows("SELECT next_number FROM check_stock")[0]
    mark_check(window, number)
    window.click("refunds.stop")
    write_reason(window, window.dialog(), "refundcheck.reason", "lost in the mail")
    assert f"goes on check {new}" in window.message
    assert window.rows("SELECT state FROM issued_check WHERE number IN (?, ?) ORDER BY number", number, new) == [
        ("stopped",),
        ("issued",),
    ]
    assert window.books_agree()


def test_a_check_that_lies_in_unclaimed_refunds_and_was_paid_all_the_same_is_cleared(next_summer: Window) -> None:
    window = next_summer
    (number,) = window.rows("SELECT min(number) FROM issued_check")[0]
    mark_check(window, number)
    window.click("refunds.unclaim")
    write_reason(window, window.dialog(), "refundcheck.reason", "never cashed")
    window.go("refunds", number=number)
    window.click("refunds.clear")
    write_reason(window, window.dialog(), "refundclear.reason", "on the bank's statement")
    assert window.rows("SELECT state, cleared_on FROM issued_check WHERE number = ?", number) == [("issued", "2027-06-01")]
    window.go("refunds", number=number)
    window.click("refunds.unclear")
    write_reason(window, window.dialog(), "refundcheck.reason", "wrong line")
    assert window.rows("SELECT cleared_on FROM issued_check WHERE number = ?", number) == [(None,)]
    assert window.books_agree()


def test_only_what_can_be_done_with_a_check_is_offered(next_summer: Window) -> None:
    window = next_summer
    table = window.control("refunds.checks", Table)
    names = ("clear", "reprint", "void", "stop", "unclaim", "unclear", "pay", "open")

    def offered() -> set[str]:
        return {name for name in names if window.control(f"refunds.{name}", QPushButton).isEnabled()}

    table.selectRow(0)
    assert offered() == {"clear", "reprint", "void", "stop", "unclaim", "open"}
    table.selectAll()
    assert offered() == {"clear"}


def test_several_checks_are_cleared_at_once_by_hand(next_summer: Window) -> None:
    window = next_summer
    window.control("refunds.checks", Table).selectAll()
    window.click("refunds.clear")
    window.click("refundclear.action", window.dialog())
    assert "2 checks are cleared" in window.message
    assert window.rows("SELECT count(*) FROM issued_check WHERE cleared_on = '2027-06-01'") == [(2,)]
    assert window.control("refunds.checks-empty", QLabel).text() == "No refund check is outstanding."


def test_a_file_of_the_bank_that_cannot_be_used_is_refused_where_it_was_typed(window: Window, tmp_path: Path) -> None:
    window.go("refunds", tab="checks")
    window.click("refunds.bank")
    dialog = window.dialog()
    window.type_into("refundbank.path", str(tmp_path / "none.csv"), dialog)
    window.click("refundbank.read", dialog)
    assert "none.csv" in window.control("refundbank.refusal", QLabel, dialog).text()
    assert not window.control("refundbank.action", QPushButton, dialog).isEnabled()
    other = tmp_path / "other.csv"
    other.write_text("Name,Town\nAnn,Custer\n", encoding="utf-8")
    window.type_into("refundbank.path", str(other), dialog)
    window.press(Qt.Key.Key_Return, on=window.control("refundbank.path", QLineEdit, dialog))
    window.settle()
    assert "Check Number and Amount" in window.control("refundbank.refusal", QLabel, dialog).text()
    window.press(Qt.Key.Key_Escape, on=dialog)
    assert not [shown for shown in QApplication.topLevelWidgets() if shown.isVisible() and shown is not window.frame]


def test_an_office_with_nothing_due_says_so(window: Window) -> None:
    page = window.go("refunds")
    page.due.show_due([], page.seen.dates)
    assert window.control("refunds.due-empty", QLabel).isVisible()
    assert not window.control("refunds.run", QPushButton).isEnabled()


def test_a_check_that_is_wanted_from_elsewhere_is_under_the_cursor(window: Window) -> None:
    (number,) = window.rows("SELECT max(number) FROM issued_check")[0]
    window.go("refunds", number=number)
    row = window.control("refunds.checks", Table).current_row()
    assert row is not None and row.number == number


def test_the_tabs_are_reached_with_alt_and_the_cursor_is_in_their_list(window: Window) -> None:
    cancel_some(window, 1)
    work_on(window, "11/16")
    window.shortcut(Qt.Key.Key_F8)
    assert QApplication.focusWidget() is shown(window)
    window.shortcut(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    assert QApplication.focusWidget() is window.control("refunds.checks", Table)
    window.shortcut(Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    assert QApplication.focusWidget() is shown(window)


def test_the_lists_with_boxes_are_sound_models(window: Window, qtmodeltester: ModelTester) -> None:
    cancel_some(window, 2)
    work_on(window, "11/16")
    window.go("refunds")
    qtmodeltester.check(shown(window).tick_model)


def test_the_sheets_to_load_are_named_where_a_spoiled_one_leaves_a_gap(window: Window) -> None:
    cancel_some(window, 3)
    desk = Desk("pat", "manager", "PC 2", REFUND_DAY, window.day)
    with open_office(window.path) as books, books.write() as session:
        ids = refunds.run_refunds(session, desk).refund_ids
        refunds.reprint_refund(session, desk, ids[1], "jam")
    work_on(window, "11/16")
    window.go("refunds", tab="sheets")
    first, *_, last = (row[0] for row in window.rows("SELECT number FROM issued_check WHERE printed_on IS NULL ORDER BY 1"))
    told = window.control("refunds.sheets-said", QLabel).text()
    assert f"check {first}, then {first + 2} to {last}." in told


def test_nothing_more_is_refunded_while_sheets_wait_for_their_confirmation(window: Window) -> None:
    cancel_some(window, 1)
    work_on(window, "11/16")
    window.go("refunds", tab="checks")
    window.control("refunds.checks", Table).selectRow(0)
    window.click("refunds.reprint")
    write_reason(window, window.dialog(), "refundcheck.reason", "coffee")
    tab(window, 0)
    window.click("refunds.run")
    assert "1 sheet still waits" in window.message
    assert window.control("refunds.tabs", QTabWidget).currentIndex() == 1
    window.click("refunds.sheets-done")
    tab(window, 0)
    window.click("refunds.run")
    assert window.dialog().objectName() == "refundrun.dialog"
