"""Every button of every page and the dialog behind it: in a brand-new office, and in the hands of a clerk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTabWidget, QWidget
from pytestqt.qtbot import QtBot
from ui.hands import no_native_dialogs
from ui.test_every_page import an_account
from ui.window import TODAY, Window

from app.models import database
from app.models.bulk import execute
from app.services import office
from app.services.policies.policyfile import shipped_policy_path
from app.views.account_edit import AccountEdit
from app.views.dialog import FormDialog
from app.views.dialogs.account_actions import ACTIONS
from app.views.fields import DayEdit, MoneyEdit
from app.views.pages.registry import PAGES

# They leave the program or the office, or wait for somebody at the desktop.
NOT_PRESSED = ("office.open-other", "office.sign-out", "office.backup-look")
FORM = office.OfficeForm("New Office", ("1 Main St", "Custer SD 57730"))


@pytest.fixture
def hands_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    with no_native_dialogs(monkeypatch, tmp_path):
        yield


@pytest.fixture
def new_office(qtbot: QtBot, tmp_path: Path, hands_off: None) -> Iterator[Window]:
    """The program on an office that was made a moment ago: no account, no mail, no run."""
    made_in = tmp_path / "made"
    made_in.mkdir()
    books = database.create(made_in / "office.db")
    with books.write() as session:
        policy = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
        office.set_up(session, FORM, TODAY, {"isp-advance": policy})
        execute(session, "UPDATE office SET is_sample = 1")  # nobody signs in: the roles are the PC's own setting
    books.close()
    window = Window(qtbot, tmp_path, made_in / "office.db")
    window.open()
    yield window
    window.close()


def dialogs() -> list[QDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def put_away(window: Window) -> None:
    """Leave whatever is open, a menu too, by Escape."""
    for _ in range(12):
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or next(iter(dialogs()), None)
        if top is None:
            return
        QTest.keyClick(top.focusWidget() or top, Qt.Key.Key_Escape)
        window.settle()
    raise AssertionError(f"{dialogs()} cannot be left")


def fill(dialog: QDialog) -> None:
    """Something in every input that is empty."""
    for edit in dialog.findChildren(QLineEdit):
        if edit.text() or not edit.isEnabled() or edit.isReadOnly() or not edit.isVisible():
            continue
        if isinstance(edit, AccountEdit):
            continue
        edit.setText("1.00" if isinstance(edit, MoneyEdit) else "t" if isinstance(edit, DayEdit) else "because of it")
        edit.textEdited.emit(edit.text())
        edit.editingFinished.emit()
    for words in dialog.findChildren(QPlainTextEdit):
        if words.isEnabled() and not words.toPlainText():
            words.setPlainText("because of it")


def refusal(window: Window, dialog: QDialog) -> str:
    shown = dialog.findChild(QLabel, f"{dialog.key}.refusal") if isinstance(dialog, FormDialog) else None
    return shown.text() if shown is not None and shown.isVisible() else ""


def do_dialog(window: Window, dialog: QDialog) -> str:
    """Press the dialog's action as it stands, then with its inputs filled; what it was refused with at last."""
    if not isinstance(dialog, FormDialog):
        return ""
    said = ""
    for attempt in range(2):
        if attempt:
            fill(dialog)
        window.settle()
        dialog.press()
        window.settle()
        if dialog not in dialogs():
            return ""
        said = refusal(window, dialog)
        assert dialog.cancel.isEnabled(), f"{dialog.objectName()} waits for ever"
        if not attempt and not said and dialog.action.isEnabled():
            raise AssertionError(f"{dialog.objectName()}: its action did nothing and said nothing")
    return said


def buttons(page: QWidget) -> list[str]:
    found = [b.objectName() for b in page.findChildren(QPushButton) if b.isVisible() and b.isEnabled()]
    return [name for name in found if name not in NOT_PRESSED]


def press_all(window: Window, page: QWidget, told: dict[str, str]) -> None:
    """Each button that can be pressed now; `told`: what was said to it."""
    for name in buttons(page):
        button = window.frame.findChild(QPushButton, name)
        if name in told or button is None or not button.isVisible() or not button.isEnabled():
            continue
        window.frame.message.hide()
        before = window.rows("SELECT count(*) FROM action")
        button.click()
        window.settle()
        told[name] = window.message
        for dialog in dialogs():
            said = do_dialog(window, dialog)
            if said:
                told[name] = said
                if "needs a" in said and "reason" not in said:
                    assert window.rows("SELECT count(*) FROM action") == before, f"{name} was refused and half done"
        put_away(window)


def walk(window: Window, *left_alone: str) -> dict[str, str]:
    told = dict.fromkeys(left_alone, "")
    for entry in PAGES:
        if entry.key == "account":
            continue
        page = window.go(entry.key)
        press_all(window, page, told)
        for number in range(len(page.findChildren(QTabWidget))):
            place = 0
            # Found anew each time: what a button did may have made the page's lists again.
            while number < len(found := window.go(entry.key).findChildren(QTabWidget)) and place < found[number].count():
                found[number].setCurrentIndex(place)
                window.settle()
                press_all(window, window.go(entry.key), told)
                place += 1
    return told


def test_in_a_brand_new_office_no_button_fails_and_the_books_agree(new_office: Window) -> None:
    told = walk(new_office)
    assert len(told) > 25
    assert new_office.rows("SELECT count(*) FROM invoice") == [(0,)]
    assert new_office.books_agree()


def test_the_pages_of_a_brand_new_office_say_what_to_do(new_office: Window) -> None:
    for entry in PAGES:
        if entry.key in ("account", "office"):  # an account there is none; the office's is a form
            continue
        page = new_office.go(entry.key)
        words = [w.text() for w in page.findChildren(QLabel) if w.isVisible() and len(w.text().split()) > 4]
        assert words, f"{entry.title} shows nothing that a new clerk could go by"


def test_a_clerk_is_told_who_may_do_what_and_nothing_is_half_done(window: Window, hands_off: None) -> None:
    window.settings.put("desk/role", "clerk")
    told = walk(window, "dayclose.close")  # on a closed day all would be refused for that
    refused = {name: said for name, said in told.items() if "needs a supervisor" in said or "needs a manager" in said}
    assert {"refunds.void", "refunds.reprint", "office.backup-change"} <= set(refused), told
    assert window.books_agree()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.key)
def test_an_action_on_an_account_says_to_a_clerk_who_may(window: Window, hands_off: None, action: object) -> None:
    window.settings.put("desk/role", "clerk")
    account = an_account(window)
    page = window.go("account", account_id=account)
    before = window.rows("SELECT count(*) FROM action")
    dialog = action.open(window.program.workplace, account, page)  # type: ignore[attr-defined]
    window.settle()
    said = do_dialog(window, dialog)
    if said:
        assert window.rows("SELECT count(*) FROM action") == before
    put_away(window)
    assert window.books_agree()
