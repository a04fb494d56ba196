"""Two people at one account, each with a program of their own: told within two seconds, and never written over unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import support_databases
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QWidget
from ui.account_dialogs import is_closed, open_action
from ui.window import Window

from app.models.bulk import fetch_one, fetch_value
from app.services.books import open_office
from app.services.connecting import move_to_server

pytestmark = pytest.mark.both_databases
ENTER = Qt.Key.Key_Return

# Another program: it opens the office where it is and does one thing as Sue.
_OTHER = """
import sys
from datetime import date
from pathlib import Path
from app.models import database
from app.services import accounts, notes
from app.services.desk import Desk
day = date.fromisoformat(sys.argv[2])
desk = Desk("Sue", "manager", "FRONT-DESK-2", day, day)
account, what, text = int(sys.argv[3]), sys.argv[4], sys.argv[5]
with database.open_existing(Path(sys.argv[1])) as books, books.write({account}) as session:
    if what == "note":
        notes.add_note(session, desk, account, text)
    elif what == "phone":
        accounts.change_phone(session, desk, account, text)
    elif what == "delivery":
        accounts.change_delivery(session, desk, account, text)
    else:
        accounts.change_email(session, desk, account, text)
"""


@pytest.fixture
def shared(window: Window) -> Window:
    """The window on an office in a file, or on a server; it looks what others change."""
    if support_databases.on_server():
        moved = move_to_server(window.path, support_databases.new_address())
        window.program.workplace.opening.emit(moved.link, "")
        window.wait_for(lambda: window.program.workplace.office_path == moved.link)
        window.settle()
    window.watch_others()
    return window


def place(window: Window) -> Path:
    path = window.program.workplace.office_path
    assert path is not None
    return path


def somebody_does(window: Window, account: int, what: str, text: str) -> None:
    """In a process of its own, as another PC or another program on this one."""
    words = [sys.executable, "-c", _OTHER, str(place(window)), window.day.isoformat(), str(account), what, text]
    subprocess.run(words, check=True, cwd=Path(__file__).parents[2], timeout=60)


def stored(window: Window, column: str, account: int) -> str:
    with open_office(place(window)) as books, books.read() as session:
        return str(fetch_value(session, f"SELECT {column} FROM account WHERE id = ?", account))


def line(window: Window, name: str, dialog: QWidget) -> str:
    found = window.control(name, QLabel, dialog)
    return found.text() if found.isVisible() else ""


def test_the_other_ones_change_is_told_while_typing_and_shown_before_saving(shared: Window) -> None:
    dialog = open_action(shared, "contact", 1)
    email = stored(shared, "email", 1)
    shared.type_into("contact.phone", "605-555-0199", dialog)
    before = dialog.focusWidget()
    somebody_does(shared, 1, "phone", "605-555-0488")
    shared.wait_for(lambda: "Sue changed this account at" in line(shared, "contact.others", dialog))
    assert "FRONT-DESK-2" in line(shared, "contact.others", dialog)
    assert dialog.focusWidget() is before, "typing goes on"
    assert shared.control("contact.phone", QLineEdit, dialog).text() == "605-555-0199"
    shared.press(ENTER, on=before)
    shared.settle()
    said = line(shared, "contact.refusal", dialog)
    assert "nothing was saved, and what you typed is kept" in said and "Sue at FRONT-DESK-2" in said
    assert "is now 605-555-0488" in said
    assert stored(shared, "phone", 1) == "605-555-0488"
    assert shared.control("contact.phone", QLineEdit, dialog).text() == "605-555-0199"
    shared.click("contact.action", dialog)
    shared.wait_for(lambda: is_closed(dialog))
    assert stored(shared, "phone", 1) == "605-555-0199", "saved knowingly"
    assert stored(shared, "email", 1) == email


def test_what_was_not_typed_here_is_not_put_back_to_what_it_was(shared: Window) -> None:
    dialog = open_action(shared, "contact", 1)
    address = shared.control("contact.address", QPlainTextEdit, dialog)
    address.setFocus()
    address.selectAll()
    address.insertPlainText("9 Oak Ave\nCuster SD 57730")
    somebody_does(shared, 1, "email", "new@example.org")
    dialog.press()
    shared.settle()
    assert "is now new@example.org" in line(shared, "contact.refusal", dialog)
    assert shared.control("contact.email", QLineEdit, dialog).text() == "new@example.org"
    assert address.toPlainText() == "9 Oak Ave\nCuster SD 57730"
    dialog.press()
    shared.settle()
    assert stored(shared, "email", 1) == "new@example.org"
    assert stored(shared, "address", 1) == "9 Oak Ave\nCuster SD 57730"


def test_a_choice_made_on_what_is_no_longer_so_is_refused_and_the_card_says_how_it_is(shared: Window) -> None:
    with open_office(place(shared)) as books, books.read() as session:
        row = fetch_one(session, "SELECT id, delivery FROM account WHERE status = 'active' ORDER BY id LIMIT 1")
    assert row is not None
    other = "paper" if row.delivery == "email" else "email"
    dialog = open_action(shared, "delivery", row.id)
    assert shared.control("delivery.delivery", QComboBox, dialog).currentData() == other
    somebody_does(shared, row.id, "delivery", other)
    dialog.press()
    shared.settle()
    assert "Somebody else changed this account" in line(shared, "delivery.refusal", dialog)
    assert "sent that way already" in dialog.outcome.accessibleDescription()
    dialog.press()
    shared.settle()
    assert "sent that way already" in line(shared, "delivery.refusal", dialog)
    dialog.reject()


def test_a_note_stands_beside_what_others_do_and_another_account_does_not_matter(shared: Window) -> None:
    dialog = open_action(shared, "note", 1)
    shared.control("note.body", QPlainTextEdit, dialog).insertPlainText("will call back")
    somebody_does(shared, 1, "note", "called")
    dialog.press()
    shared.settle()
    assert is_closed(dialog)
    dialog = open_action(shared, "contact", 1)
    shared.type_into("contact.phone", "605-555-0199", dialog)
    somebody_does(shared, 2, "note", "called")
    dialog.press()
    shared.settle()
    assert is_closed(dialog) and stored(shared, "phone", 1) == "605-555-0199"


def test_a_page_shows_within_two_seconds_what_another_program_did(shared: Window) -> None:
    shared.go("account", account_id=1)
    seen: list[object] = []
    shared.program.tasks.books_changed.connect(seen.append)
    somebody_does(shared, 1, "phone", "605-555-0177")
    shared.qtbot.waitUntil(lambda: bool(seen), timeout=5_000)
    shared.settle()
    texts = [label.text() for label in shared.frame.page.findChildren(QLabel)]  # type: ignore[union-attr]
    assert any("605-555-0177" in text for text in texts), texts
