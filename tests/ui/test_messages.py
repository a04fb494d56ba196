"""What the person is told when something goes wrong in the program."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from ui.window import Window

from app.errors import UserError
from app.main import log_file
from app.views.crash_dialog import CrashDialog, crash_report


def a_bug(name: str) -> Exception:
    try:
        raise RuntimeError(f"no balance for {name}")
    except RuntimeError as error:
        return error


def test_the_report_says_where_it_happened_and_nothing_of_a_customer() -> None:
    report = crash_report(a_bug("Anna Gunderson"))
    assert "RuntimeError" in report and "test_messages.py" in report and "a_bug" in report
    assert "Gunderson" not in report and "balance" not in report
    assert str(Path.home()) not in report


def test_a_bug_in_the_background_shows_the_report_to_copy_and_work_goes_on(window: Window) -> None:
    window.program.tasks.crashed.disconnect()
    window.program.tasks.crashed.connect(window.program.show_crash)
    window.program.tasks.read(lambda _s: 1 // 0, lambda _r: None, owner=window.frame)
    window.settle()
    dialog = window.dialog()
    assert isinstance(dialog, CrashDialog)
    assert "ZeroDivisionError" in window.control("crash.report", QPlainTextEdit, dialog).toPlainText()
    window.click("crash.copy", dialog)
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    window.go("accounts")
    assert window.frame.page is not None and window.frame.page.key == "accounts"


def test_several_bugs_at_once_show_one_dialog(window: Window) -> None:
    window.program.tasks.crashed.disconnect()
    for _ in range(3):
        window.program.show_crash(a_bug("x"))
    dialog = window.dialog()
    dialog.close()


def test_what_nothing_else_caught_is_logged_whole(window: Window, caplog: pytest.LogCaptureFixture) -> None:
    error = a_bug("Anna Gunderson")
    with caplog.at_level(logging.CRITICAL):
        window.program.excepthook(RuntimeError, error, error.__traceback__)
    assert "no balance for Anna Gunderson" in caplog.text, "the log on this PC keeps all of it"
    window.dialog().close()
    assert log_file(window.settings).parent == window.settings.folder


def test_a_refusal_is_shown_until_escape_or_the_next_page(window: Window) -> None:
    window.program.workplace.refuse(UserError("That day is closed."))
    assert window.message == "That day is closed."
    assert window.frame.message.accessibleDescription() == "Not done: That day is closed."
    window.go("reports")
    assert window.message == ""
