"""Never blocked, never lost: what quick hands do while an answer is on its way, and on leaving."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import shiboken6
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit
from ui.window import TODAY, Window

from app.models.bulk import execute
from app.views.dialog import FormDialog
from app.views.dialogs.check_mail import TYPED, MailDialog
from app.views.dialogs.check_split import SplitDialog
from app.views.dialogs.printer_test import PrinterTestDialog
from app.views.settings import Settings

ENTER = Qt.Key.Key_Return


def an_open_account(window: Window) -> int:
    return int(window.rows("SELECT id FROM account WHERE status = 'active' AND balance_cents = 0 ORDER BY id LIMIT 1")[0][0])


def is_gone(dialog: QDialog) -> bool:
    return not shiboken6.isValid(dialog) or not dialog.isVisible()


def test_what_is_typed_while_a_form_is_being_saved_is_not_taken(window: Window) -> None:
    account_id = an_open_account(window)
    page = window.go("account", account_id=account_id)
    page.do("cancel")
    window.settle()
    dialog = window.dialog()
    day = window.control("cancel.effective", QLineEdit, dialog)
    window.press(ENTER, on=day)
    window.press("x", on=day)
    window.settle()
    assert window.rows("SELECT status FROM account WHERE id = ?", account_id) == [("closed",)]
    assert window.message == "The account is closed; its last day is 11/21/2026."


def test_a_form_that_was_refused_can_be_typed_in_again(window: Window) -> None:
    window.go("checks")
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    dialog = window.dialog()
    assert isinstance(dialog, FormDialog)
    dialog.save(lambda _session: execute_and_refuse(), "never said")
    window.settle()
    count = window.control("mail.count", QLineEdit, dialog)
    window.press("7", on=count)
    assert count.text() == "7"
    window.press(Qt.Key.Key_Escape, on=count)
    assert is_gone(dialog)


def execute_and_refuse() -> None:
    from app.errors import UserError

    raise UserError("Not now.")


def test_a_form_cannot_be_left_while_its_answer_is_on_its_way(window: Window) -> None:
    page = window.go("checks")
    gate = threading.Event()
    dialog = MailDialog(window.program.workplace, page)
    dialog.open()
    dialog.save(lambda _session: gate.wait(10), "It is done.")
    window.press(Qt.Key.Key_Escape, on=dialog)
    dialog.close()
    assert dialog.isVisible()
    gate.set()
    window.settle()
    assert window.message == "It is done."


def test_a_form_with_nothing_to_do_yet_is_left_with_escape(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.printing.printer_names", list)
    page = window.go("statements")
    for dialog in (PrinterTestDialog(window.program.workplace, page), SplitDialog(window.program.workplace, 500, (), page)):
        dialog.open()
        window.settle()
        assert not dialog.action.isEnabled()
        window.press(Qt.Key.Key_Escape, on=dialog)
        assert is_gone(dialog)


def test_two_quick_enters_open_a_form_once(window: Window) -> None:
    page = window.go("checks")
    page.open_log()
    page.open_log()
    window.settle()
    dialog = window.dialog()
    assert dialog.objectName() == "mail.dialog"


def test_a_write_that_was_pressed_is_done_when_the_program_ends_at_once(window: Window) -> None:
    gate, owner = threading.Event(), QObject()
    tasks = window.program.tasks
    for _ in range(3):
        tasks.read(lambda _session: gate.wait(10), lambda _result: None, owner=owner)
    tasks.write(lambda session: execute(session, "UPDATE office SET phone = '555'"), lambda _n: None, owner=owner)
    tasks.read(lambda session: execute(session, "SELECT no such column"), lambda _n: None, owner=owner)
    threading.Timer(0.2, gate.set).start()
    tasks.close()
    assert window.rows("SELECT phone FROM office") == [("555",)]


def test_after_finding_the_keys_go_to_the_page_again(window: Window) -> None:
    window.go("accounts")
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.press(Qt.Key.Key_Escape)
    window.settle()
    focus = QApplication.focusWidget()
    assert focus is not None and focus.window() is window.frame


def test_finding_closes_when_something_else_is_clicked(window: Window) -> None:
    window.go("accounts")
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.frame.finder.isVisible()
    window.frame.activateWindow()
    window.settle()
    assert not window.frame.finder.isVisible()


def test_ctrl_k_to_a_page_seen_before_takes_the_cursor_along(window: Window) -> None:
    window.go("accounts")
    window.go("checks")
    window.control("checks.number", QLineEdit).setFocus()
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.press("accounts")
    window.settle()
    window.press(ENTER)
    window.settle()
    focus = window.frame.focusWidget()
    assert window.frame.page is not None and window.frame.page.key == "accounts"
    assert focus is not None and focus.isVisible()
    assert window.frame.page is focus or window.frame.page.isAncestorOf(focus)


def test_an_answer_that_comes_late_does_not_take_the_cursor_to_a_page_that_was_left(window: Window) -> None:
    window.go("checks")
    number = window.control("checks.number", QLineEdit)
    page = window.go("dayclose")
    number.setFocus()
    window.settle()
    focus = window.frame.focusWidget()
    assert focus is page or page.isAncestorOf(focus)
    assert focus.isVisible()


def test_today_on_a_day_before_an_arrangement_was_made_knows_nothing_of_it(window: Window) -> None:
    (account_id,) = window.rows("SELECT id FROM account WHERE balance_cents > 5000 AND status = 'active' ORDER BY id")[0]
    window.go("account", account_id=account_id).do("arrange")
    window.settle()
    window.press(ENTER, on=window.dialog())
    window.settle()
    assert window.rows("SELECT count(*) FROM arrangement WHERE account_id = ?", account_id) == [(1,)]
    window.program.workplace.choose_date(TODAY - timedelta(days=1))
    window.go("today")  # settles, and raises what went wrong


def test_the_figures_of_the_mail_survive_a_crash_and_are_gone_once_logged(window: Window) -> None:
    window.go("checks")
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    window.type_into("mail.count", "7", window.dialog())
    window.type_into("mail.total", "1,234.50", window.dialog())
    # What a program that starts after a crash reads.
    assert Settings(window.settings.folder / "counterfoil.ini").text(TYPED).endswith("|2026-11-21|7|1,234.50")
    window.press(Qt.Key.Key_Escape, on=window.dialog())
    window.program.workplace.choose_date(TODAY - timedelta(days=1))
    window.settle()
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.control("mail.count", QLineEdit, window.dialog()).text() == "", "another day's mail is another count"
    window.press(Qt.Key.Key_Escape, on=window.dialog())
    window.program.workplace.choose_date(TODAY)
    window.settle()
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    dialog = window.dialog()
    assert window.control("mail.total", QLineEdit, dialog).text() == "1,234.50"
    window.click("mail.action", dialog)
    assert window.rows("SELECT count, total_cents FROM mail_batch ORDER BY id DESC LIMIT 1") == [(7, 123450)]
    assert window.settings.text(TYPED) == ""
