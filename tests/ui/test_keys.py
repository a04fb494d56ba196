"""Keys on the Office page, and a customer's data given out or blanked, from the window."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton
from ui.window import Window

from app.keystore import FileKeyStore
from app.services.bank_numbers import mask
from app.services.officekey import groups_of, office_key
from app.views.dialogs.account_actions import ACTIONS


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


def text(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def make(window: Window) -> None:
    window.go("office", tab="keys")
    assert text(window, "office.key-state") == "The office has no key yet"
    assert not window.control("office.bank-record", QPushButton).isEnabled()
    window.click("office.key-make")


def record(window: Window) -> None:
    window.click("office.bank-record")
    dialog = window.dialog()
    for part, typed in (("routing", "091400046"), ("number", "00 1234 5678"), ("reason", "new bank")):
        window.type_into(f"bank-account.{part}", typed, dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()


def test_the_key_is_made_and_the_offices_bank_account_recorded_and_shown_for_the_record(window: Window) -> None:
    make(window)
    assert text(window, "office.key-state") == "The office's key is on this PC"
    assert "key files in" in text(window, "office.key-words")
    record(window)
    assert "•••• 5678" in window.message and "1234" not in window.message
    assert text(window, "office.bank-number") == "•••• 5678"
    assert window.rows("SELECT bank_routing, bank_account_last4 FROM office") == [("091400046", "5678")]
    window.click("office.bank-reveal")
    dialog = window.dialog()
    window.click("reveal.action", dialog)
    assert "needs a reason" in window.control("reveal.refusal", QLabel, dialog).text()
    window.type_into("reveal.reason", "the bank asks", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.control("reveal.number", QLabel, dialog).text() == "Routing 091400046, account 0012345678, checking"
    assert window.rows("SELECT reason FROM action WHERE what = 'reveal-number'") == [("the bank asks",)]
    window.press(Qt.Key.Key_Escape, on=dialog)


def test_another_pc_learns_the_key_from_the_sheet_and_a_mistake_is_named(window: Window, own_keys: Path) -> None:
    make(window)
    groups = groups_of(window.read(lambda session: office_key(session, FileKeyStore(own_keys))))
    for file in own_keys.iterdir():
        file.unlink()
    window.go("today")
    page = window.go("office", tab="keys")
    page.refresh()
    window.settle()
    assert text(window, "office.key-state") == "This PC does not have the office's key"
    typed = window.control("office.key", QPlainTextEdit)
    another = "2" if groups[6][0] != "2" else "3"  # one wrong letter is always found out
    wrong = [*groups[:6], another + groups[6][1:], *groups[7:]]
    typed.setPlainText(" ".join(wrong))
    window.click("office.key-read")
    assert "Group 7" in window.message
    assert typed.toPlainText() == " ".join(wrong), "what was typed stays"
    typed.setPlainText(" ".join(groups).lower())
    window.click("office.key-read")
    assert "knows the office's key" in window.message
    assert text(window, "office.key-state") == "The office's key is on this PC"


def test_the_recovery_sheet_is_shown_and_no_file_of_it_stays(
    window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    make(window)
    window.click("office.key-sheet")
    window.type_into("key-sheet.reason", "for the safe", window.dialog())
    window.press(Qt.Key.Key_Return)
    window.settle()
    preview = window.dialog()
    assert list((tmp_path / "private").rglob("*.pdf"))
    preview.close()
    window.wait_for(lambda: not list((tmp_path / "private").iterdir()))
    assert window.rows("SELECT reason FROM action WHERE what = 'print-key'") == [("for the safe",)]


def test_a_clerk_makes_no_key_and_sees_no_number(window: Window) -> None:
    make(window)
    record(window)
    window.settings.put("desk/role", "clerk")
    window.click("office.bank-reveal")
    window.type_into("reveal.reason", "curious", window.dialog())
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "needs a supervisor" in window.control("reveal.refusal", QLabel, window.dialog()).text()
    assert not window.control("reveal.number", QLabel, window.dialog()).isVisible()
    assert window.rows("SELECT count(*) FROM action WHERE what = 'reveal-number'") == [(0,)]
    window.press(Qt.Key.Key_Escape, on=window.dialog())
    assert window.read(mask) == "•••• 5678"


def open_action(window: Window, key: str, account_id: int) -> object:
    window.go("account", account_id=account_id)
    action = next(action for action in ACTIONS if action.key == key)
    dialog = action.open(window.program.workplace, account_id, window.frame)
    window.settle()
    return dialog


def test_a_customers_data_is_given_out_from_the_account(window: Window, tmp_path: Path) -> None:
    open_action(window, "exportdata", 1)
    dialog = window.dialog()
    suggested = window.control("exportdata.path", QLineEdit, dialog).text()
    assert Path(suggested).parent == window.path.parent and suggested.endswith(".zip")
    window.type_into("exportdata.path", str(tmp_path / "data.zip"), dialog)
    window.type_into("exportdata.reason", "asked by letter", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "rows are in" in window.message
    with zipfile.ZipFile(tmp_path / "data.zip") as found:
        assert {"account.csv", "read me.txt", "action.csv"} <= set(found.namelist())


def test_an_account_that_owes_is_not_blanked_and_the_dialog_says_why(window: Window) -> None:
    ((account,),) = window.rows("SELECT id FROM account WHERE balance_cents > 0 AND status <> 'closed' LIMIT 1")
    ((name,),) = window.rows("SELECT name FROM account WHERE id = ?", account)
    open_action(window, "blank", account)
    dialog = window.dialog()
    assert "cannot be blanked yet" in window.control("blank.outcome-said", QLabel, dialog).text()
    assert not window.control("blank.action", QPushButton, dialog).isEnabled()
    window.press(Qt.Key.Key_Escape, on=dialog)
    assert window.rows("SELECT name FROM account WHERE id = ?", account) == [(name,)]


def test_a_settled_customer_is_blanked_for_good(window: Window) -> None:
    ((account,),) = window.rows("SELECT id FROM account WHERE status <> 'closed' ORDER BY balance_cents DESC LIMIT 1")
    from app.services import credits, subscriptions

    desk = window.program.workplace.desk()
    books = window.program.tasks.books
    assert books is not None
    with books.write() as session:
        subscriptions.cancel_account(session, desk, account, window.day)
    ((balance,),) = window.rows("SELECT balance_cents FROM account WHERE id = ?", account)
    with books.write() as session:
        credits.courtesy_credit(session, desk, account, balance, "settled")
    open_action(window, "blank", account)
    window.type_into("blank.reason", "asked by letter", window.dialog())
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "is blanked" in window.message
    assert window.rows("SELECT name, address FROM account WHERE id = ?", account) == [("(blanked)", "")]
    assert window.books_agree()
