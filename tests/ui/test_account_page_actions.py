"""What can be done from an account's page: the menu, its keys, a payment's own menu, and what shows afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QPlainTextEdit, QPushButton, QTextEdit
from sqlalchemy.orm import Session
from ui.posting_keys import desk
from ui.window import Window

from app.services import notes
from app.views.dialogs.account_actions import ACTIONS
from app.views.pdf_preview import PdfPreview
from app.views.table import Table


def open_page(window: Window, account_id: int, **where: Any) -> Any:
    page = window.go("account", account_id=account_id, **where)
    window.settle()
    return page


def an_account(window: Window, condition: str) -> int:
    return int(window.rows(f"SELECT id FROM account WHERE {condition} ORDER BY id")[0][0])


def offered(window: Window) -> list[str]:
    """The titles in the menu, opened by the button as with the mouse."""
    menu = window.control("account.menu", QMenu)
    menu.aboutToShow.emit()
    return [action.objectName().removeprefix("account.menu.") for action in menu.actions()]


def payment_menu(window: Window) -> QMenu:
    return window.control("account.payment-menu", QMenu)


def test_the_menu_offers_what_fits_the_account(window: Window) -> None:
    open_page(window, an_account(window, "status = 'active' AND balance_cents > 0"))
    active = offered(window)
    assert {"note", "arrange", "cancel", "writeoff"} <= set(active)
    open_page(window, an_account(window, "status = 'closed'"))
    closed = offered(window)
    assert "note" in closed and not {"cancel", "addservice", "arrange"} & set(closed)


def test_an_action_that_does_not_fit_says_so_instead_of_opening(window: Window) -> None:
    page = open_page(window, an_account(window, "status = 'closed'"))
    page.do("cancel")
    assert "not possible on this account" in window.message


def test_a_note_written_by_its_keys_shows_on_the_page_at_once(window: Window) -> None:
    open_page(window, an_account(window, "status = 'active'"))
    keys = next(action.keys for action in ACTIONS if action.key == "note")
    assert keys == "Ctrl+Shift+N"
    window.shortcut(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    dialog = window.dialog()
    words = window.control("note.body", QPlainTextEdit, dialog)
    words.setFocus()
    window.press("Call after five")
    window.click("note.action", dialog)
    window.settle()
    lines = window.control("account.notes", Table).rows_model.rows
    assert [line.what for line in lines] == ["Call after five"]
    window.shortcut(Qt.Key.Key_9, Qt.KeyboardModifier.AltModifier)
    assert "Call after five" in window.control("account.explain", QTextEdit).toPlainText()
    assert window.rows("SELECT body FROM note") == [("Call after five",)]


def test_a_reminder_opens_its_note_among_the_others(window: Window) -> None:
    account_id = an_account(window, "status = 'active'")

    def write(session: Session) -> None:
        notes.add_note(session, desk(window), account_id, "the same words", remind_on=window.day)
        notes.add_note(session, desk(window), account_id, "the same words")

    window.program.tasks.write(write, lambda _done: None, owner=window.frame, accounts=[account_id])
    window.settle()
    wanted = int(window.rows("SELECT min(id) FROM note")[0][0])
    open_page(window, account_id)
    open_page(window, account_id, kind="note", document=wanted)
    table = window.control("account.notes", Table)
    assert table.isVisible() and table.hasFocus()
    row = table.current_row()
    assert row.id == wanted and row.state.startswith("remind")


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
def test_enter_on_a_payment_offers_its_return_and_the_return_shows(window: Window) -> None:
    account_id, payment_id = window.rows("SELECT account_id, id FROM payment WHERE kind = 'check' ORDER BY id")[0]
    open_page(window, account_id, kind="payment", document=payment_id)
    window.press(Qt.Key.Key_Return)
    menu = payment_menu(window)
    assert menu.isVisible() and len(menu.actions()) == 2
    window.press(Qt.Key.Key_Return, on=menu)
    window.settle()
    dialog = window.dialog()
    assert dialog.objectName() == "returned.dialog"
    button = window.control("returned.action", QPushButton, dialog)
    window.wait_for(button.isEnabled)
    window.type_into("returned.bank_fee", "7.00", dialog)
    window.click("returned.action", dialog)
    window.settle()
    assert window.rows("SELECT state FROM payment_reversal WHERE payment_id = ?", payment_id) == [("returned",)]
    (row,) = [row for row in window.control("account.payments", Table).rows_model.rows if row.id == payment_id]
    assert row.state == "returned"
    assert window.books_agree()
    for preview in window.frame.findChildren(PdfPreview):
        preview.close()
    # A payment that came back offers its letter, and its explanation.
    window.control("account.payments", Table).setFocus()
    window.press(Qt.Key.Key_Return)
    offered_now = [action.text().replace("&", "") for action in payment_menu(window).actions()]
    assert offered_now == ["The letter about it", "The return was wrong: take it back…", "Why, and what it cost"]
    payment_menu(window).actions()[2].trigger()
    payment_menu(window).close()
    assert window.control("account.explain", QTextEdit).hasFocus()
    assert "ADV-10" in window.control("account.explain", QTextEdit).toPlainText()


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
def test_a_payment_keyed_by_mistake_is_taken_back_from_its_menu(window: Window) -> None:
    account_id, payment_id = window.rows("SELECT account_id, id FROM payment WHERE kind = 'check' ORDER BY id")[0]
    open_page(window, account_id, kind="payment", document=payment_id)
    window.press(Qt.Key.Key_Return)
    payment_menu(window).actions()[1].trigger()
    payment_menu(window).close()
    window.settle()
    assert window.dialog().objectName() == "payreverse.dialog"


def test_what_waits_for_somebody_is_said_on_the_page(window: Window) -> None:
    (found,) = window.rows("SELECT id FROM account WHERE autopay <> 'none' AND authorized_on IS NULL LIMIT 1")
    open_page(window, found[0])
    said = window.control("account.exceptions", QLabel)
    assert said.isVisible() and "no signed form is on file" in said.text()
    open_page(window, an_account(window, "autopay = 'none' AND status = 'active' AND email <> '' AND address <> ''"))
    assert said.text() == ""
    assert not said.isVisible()


def test_ctrl_n_on_the_list_opens_the_dialog_for_a_new_account(window: Window) -> None:
    window.go("accounts")
    window.shortcut(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window.dialog().objectName() == "newaccount.dialog"
    window.press(Qt.Key.Key_Escape)
    window.settle()


def test_every_control_of_both_pages_has_a_name_that_is_read_out(window: Window) -> None:
    for key in ("accounts", "account"):
        page = open_page(window, 1) if key == "account" else window.go("accounts")
        for control in page.findChildren(QTextEdit) + page.findChildren(Table) + page.findChildren(QPushButton):
            assert control.accessibleName() and control.objectName().startswith(f"{key}."), control.objectName()
