"""A bank account typed with its numbers: encrypted on file, shown as a mask, used only with its signed form."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QLineEdit
from ui.account_dialogs import choose, filled, open_action, shown, somebody
from ui.window import TODAY, Window

from app.keystore import open_key_store
from app.services import bank_numbers, officekey
from app.services.books import open_office
from app.services.desk import Desk
from app.views.dialogs import account_actions
from app.views.dialogs.acting import ActionDialog

HOME = "status = 'active' AND autopay = 'none' AND policy = 'isp-advance'"
ROUTING = "091400046"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "keys"))


def make_key(window: Window) -> None:
    with open_office(window.path) as books, books.write() as session:
        officekey.make_key(session, Desk("Pat", "administrator", "PC 1", TODAY, TODAY), open_key_store())


def type_account(window: Window, number: str) -> None:
    choose(window, "autopay.autopay", "E-Check")
    window.type_into("autopay.routing", ROUTING)
    window.type_into("autopay.number", number)


def test_a_bank_account_is_kept_encrypted_and_shown_as_a_mask(window: Window) -> None:
    make_key(window)
    home = somebody(window, HOME)
    dialog = open_action(window, "autopay", home)
    assert not window.control("autopay.routing").isVisible()
    type_account(window, "12345678")
    assert "It is not used before its signed form is here" in shown(window, dialog)
    window.type_into("autopay.signed_on", "11/20")
    window.click("autopay.action", dialog)
    row = window.rows("SELECT autopay, method_label, authorized_on FROM account WHERE id = ?", home)
    assert row == [("echeck", "bank account ending 5678", "2026-11-20")]
    ((last4, sealed),) = window.rows("SELECT last4, sealed FROM bank_number WHERE account_id = ?", home)
    assert last4 == "5678" and "12345678" not in sealed
    with open_office(window.path) as books, books.read() as session:
        assert bank_numbers.read_number(session, open_key_store(), home).number == "12345678"
    open_action(window, "autopay", home)
    assert "•••• 5678 is on file" in window.control("autopay.number", QLineEdit).placeholderText()
    # Another number needs another form: the day of the old one goes away.
    window.type_into("autopay.number", "87654321")
    assert window.control("autopay.signed_on", QLineEdit).text() == ""


def test_a_bank_account_that_is_only_called_otherwise_keeps_its_number_and_says_so(window: Window) -> None:
    make_key(window)
    home = somebody(window, HOME)
    dialog = open_action(window, "autopay", home)
    type_account(window, "12345678")
    window.type_into("autopay.signed_on", "11/20")
    window.click("autopay.action", dialog)
    dialog = open_action(window, "autopay", home)
    assert "Only what it is called" not in shown(window, dialog)
    window.type_into("autopay.label", "Prairie Bank")
    assert "•••• 5678 stays on file. For another bank account, type its number." in shown(window, dialog)
    window.type_into("autopay.number", "87654321")
    window.type_into("autopay.routing", ROUTING)
    assert "Only what it is called" not in shown(window, dialog)
    window.control("autopay.number", QLineEdit).clear()
    window.control("autopay.routing", QLineEdit).clear()
    window.type_into("autopay.signed_on", "11/20")
    window.click("autopay.action", dialog)
    assert "•••• 5678 stays on file" in window.message
    assert window.rows("SELECT method_label FROM account WHERE id = ?", home) == [("Prairie Bank",)]
    assert window.rows("SELECT last4 FROM bank_number WHERE account_id = ?", home) == [("5678",)]


@pytest.mark.parametrize(("routing", "number"), [("", "12345678"), (ROUTING, "")])
def test_half_a_bank_account_is_refused(window: Window, routing: str, number: str) -> None:
    make_key(window)
    home = somebody(window, HOME)
    dialog = open_action(window, "autopay", home)
    choose(window, "autopay.autopay", "E-Check")
    window.type_into("autopay.routing", routing)
    window.type_into("autopay.number", number)
    window.click("autopay.action", dialog)
    assert "type both" in dialog.refusal.text()
    assert window.rows("SELECT autopay FROM account WHERE id = ?", home) == [("none",)]


def test_without_a_key_the_number_is_refused_and_nothing_half_done(window: Window) -> None:
    home = somebody(window, HOME)
    dialog = open_action(window, "autopay", home)
    type_account(window, "12345678")
    assert "The office has no key yet" in shown(window, dialog)
    window.click("autopay.action", dialog)
    assert "The office has no key yet" in dialog.refusal.text()
    assert window.rows("SELECT autopay FROM account WHERE id = ?", home) == [("none",)]
    assert window.rows("SELECT 1 FROM bank_number WHERE account_id = ?", home) == []


def open_new(window: Window) -> ActionDialog:
    return filled(window, account_actions.open_new_account(window.program.workplace, window.frame))


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_new_account_takes_the_bank_account_with_it(window: Window, is_signed: bool) -> None:
    make_key(window)
    dialog = open_new(window)
    assert not window.control("newaccount.routing").isVisible()
    window.type_into("newaccount.name", "Nell New")
    choose(window, "newaccount.autopay", "E-Check")
    window.type_into("newaccount.routing", ROUTING)
    window.click("newaccount.action", dialog)
    assert "type both" in dialog.refusal.text()
    window.type_into("newaccount.number", "12345678")
    choose(window, "newaccount.account_type", "Savings")
    window.control("newaccount.signed", QCheckBox).setChecked(is_signed)
    window.click("newaccount.action", dialog)
    ((account, method, label, authorized),) = window.rows(
        "SELECT id, autopay, method_label, authorized_on FROM account WHERE name = 'Nell New'"
    )
    assert (method, label) == ("echeck", "bank account ending 5678")
    assert authorized == (TODAY.isoformat() if is_signed else None)
    ((last4, kind, sealed),) = window.rows(
        "SELECT last4, account_type, sealed FROM bank_number WHERE account_id = ?", account
    )
    assert (last4, kind) == ("5678", "savings") and "12345678" not in sealed


def test_without_a_key_no_account_is_opened_with_a_number(window: Window) -> None:
    dialog = open_new(window)
    window.type_into("newaccount.name", "Nell New")
    choose(window, "newaccount.autopay", "E-Check")
    window.type_into("newaccount.routing", ROUTING)
    window.type_into("newaccount.number", "12345678")
    window.click("newaccount.action", dialog)
    assert "The office has no key yet" in dialog.refusal.text()
    assert window.rows("SELECT 1 FROM account WHERE name = 'Nell New'") == []
