"""A recorded return taken back by keys: what follows is seen first, a supervisor says why, and it shows everywhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QMenu, QTextEdit
from ui.account_dialogs import balance, filled, is_closed, open_action, shown, somebody
from ui.test_returned_item import member_that_paid
from ui.window import TODAY, Window

from app.money import format_cents
from app.services import payments
from app.services.books import open_office
from app.services.desk import Desk
from app.views.table import Table

ENTER = Qt.Key.Key_Return
LATEST_CHECK = (
    "SELECT p.id, p.account_id, p.cents, p.check_number FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
    "WHERE p.kind = 'check' AND r.payment_id IS NULL ORDER BY p.business_date DESC, p.id DESC LIMIT 1"
)


def returned(window: Window, payment_id: int, reason: str = "R01") -> None:
    desk = Desk("pat", "manager", "PC 1", TODAY, TODAY)
    with open_office(window.path) as books, books.write() as session:
        payments.return_payment(session, desk, payment_id, 700, reason)


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
def test_enter_on_a_returned_payment_takes_the_return_back_after_a_look_and_a_reason(window: Window) -> None:
    ((payment_id, account_id, cents, number),) = window.rows(LATEST_CHECK)
    owed = balance(window, account_id)
    returned(window, payment_id)
    window.go("account", account_id=account_id, kind="payment", document=payment_id)
    window.settle()
    window.press(ENTER)
    menu = window.control("account.payment-menu", QMenu)
    assert menu.actions()[1].text().replace("&", "") == "The return was wrong: take it back…"
    menu.actions()[1].trigger()
    menu.close()
    dialog = filled(window, window.dialog())  # type: ignore[arg-type]
    assert f"check {number}" in window.control("returnback.payment", QComboBox).currentText()
    said = shown(window, dialog)
    assert "Taken back: Administrative fee" in said and ": -25.00" in said and ": -7.00" in said
    assert f"from {format_cents(owed + cents + 3200)} to {format_cents(owed)}" in said
    assert balance(window, account_id) == owed + cents + 3200, "looking has written"
    window.press(ENTER)
    window.settle()
    assert "needs a reason" in dialog.refusal.text()
    window.type_into("returnback.reason", "the bank took it back")
    window.press(ENTER)
    window.settle()
    assert is_closed(dialog) and balance(window, account_id) == owed
    assert window.message == f"Taken back: the return of check {number}, {format_cents(cents)}. The payment counts again."
    assert window.books_agree()
    window.wait_for(
        lambda: (
            {
                (row.id == payment_id, row.state)
                for row in window.control("account.payments", Table).rows_model.rows
                if row.check_number == number
            }
            == {(True, "return taken back"), (False, "posted")}
        )
    )
    window.go("account", account_id=account_id, kind="payment", document=payment_id)
    window.settle()
    window.press(ENTER)
    assert "a payment of that day stands for this one" in window.control("account.explain", QTextEdit).toPlainText()


def test_the_accounts_menu_offers_what_came_back_and_says_when_there_is_nothing(window: Window) -> None:
    nobody = somebody(window, "status = 'active' AND id NOT IN (SELECT account_id FROM payment)")
    dialog = open_action(window, "returnback", nobody)
    assert "No payment of this account came back" in shown(window, dialog)
    dialog.reject()
    ((payment_id, account_id, _, number),) = window.rows(LATEST_CHECK)
    returned(window, payment_id)
    dialog = open_action(window, "returnback", account_id)
    assert number in window.control("returnback.payment", QComboBox).currentText()
    assert "It pays again" in shown(window, dialog)


def test_a_clerk_is_told_that_a_supervisor_takes_a_return_back(window: Window) -> None:
    ((payment_id, account_id, _, _),) = window.rows(LATEST_CHECK)
    returned(window, payment_id)
    owed = balance(window, account_id)
    window.settings.put("desk/role", "clerk")
    dialog = open_action(window, "returnback", account_id)
    assert "needs a supervisor" in shown(window, dialog)
    window.type_into("returnback.reason", "the bank took it back")
    window.press(ENTER)
    window.settle()
    assert "needs a supervisor" in dialog.refusal.text() and balance(window, account_id) == owed


def test_a_members_fee_date_and_auto_pay_come_back_and_the_dialog_says_so(window: Window) -> None:
    member, payment_id = member_that_paid(window, "bank-draft")
    before = window.rows("SELECT next_fee_on FROM membership WHERE account_id = ?", member)
    returned(window, payment_id, "R02")
    assert window.rows("SELECT authorized_on FROM account WHERE id = ?", member) == [(None,)]
    dialog = open_action(window, "returnback", member)
    said = shown(window, dialog)
    assert "The next monthly fee is due on 12/21/2026 again (ARR-2)." in said
    assert "Auto-pay by bank draft is used again; its form is the one of 11/21/2026." in said
    window.type_into("returnback.reason", "wrong payment picked")
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT next_fee_on FROM membership WHERE account_id = ?", member) == before
    assert window.rows("SELECT authorized_on FROM account WHERE id = ?", member) == [("2026-11-21",)]
    assert window.books_agree()
