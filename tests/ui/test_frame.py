"""The frame: F-keys, the business date, Ctrl+K."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QWidget
from ui.window import Window

from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS
from app.views.hit_list import HitList
from app.views.pages.registry import PAGES


def test_the_program_opens_on_today_with_the_offices_name_and_day(window: Window) -> None:
    assert window.frame.page is not None and window.frame.page.key == "today"
    assert "Counterfoil" in window.frame.windowTitle()
    assert window.control("frame.day", QLabel).text().startswith("Saturday: ")
    assert "Nov 21, 2026" in window.control("frame.day", QLabel).accessibleName()


def test_each_f_key_shows_its_page(window: Window) -> None:
    for entry in PAGES:
        if entry.keys:
            shift, _, key = entry.keys.rpartition("+")
            modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
            window.shortcut(getattr(Qt.Key, f"Key_{key}"), modifier)
            assert window.frame.page is not None and window.frame.page.key == entry.key


def keys_of(widget: QWidget) -> set[str]:
    """The keys that act on a widget, however deep below it they are defined; menus show theirs in words alone."""
    shortcuts = [made.key().toString() for made in widget.findChildren(QShortcut) if not inside_a_dialog(made)]
    found = [*shortcuts, *(action.shortcut().toString() for action in widget.findChildren(QAction))]
    return {keys for keys in found if keys}


def inside_a_dialog(made: QShortcut) -> bool:
    owner = made.parent()
    return isinstance(owner, QWidget) and isinstance(owner.window(), QDialog)


@pytest.mark.parametrize("key", [entry.key for entry in PAGES])
def test_no_key_of_a_page_is_one_of_the_frames(window: Window, key: str) -> None:
    """Qt does neither when a key means two things."""
    frame = {made.key().toString() for made in window.frame.findChildren(QShortcut) if made.parent() is window.frame}
    assert {"Ctrl+K", "Ctrl+D", "Ctrl+Shift+L", "F2"} <= frame
    page = window.go(key, **({"account_id": 1} if key == "account" else {}))
    assert isinstance(page, QWidget)
    assert frame & keys_of(page) == set()


def test_no_two_actions_of_an_account_have_the_same_key() -> None:
    keys = Counter(action.keys for action in (*ACTIONS, *FOR_MEMBERS) if action.keys)
    assert set(keys.values()) == {1}, keys


def test_a_business_date_that_has_not_come_is_refused_and_the_old_one_stays(window: Window) -> None:
    window.shortcut(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    window.press("12/25/2026", Qt.Key.Key_Return)
    assert "has not come yet" in window.message
    assert window.control("frame.date", QLineEdit).text() == "11/21/2026"


def test_another_business_date_is_typed_in_the_short_form(window: Window) -> None:
    window.shortcut(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    window.press("11/20", Qt.Key.Key_Return)
    window.settle()
    assert window.program.workplace.on.isoformat() == "2026-11-20"
    assert "Nov 20, 2026" in window.control("frame.day", QLabel).accessibleName()


def test_ctrl_k_finds_an_account_by_its_name_and_enter_opens_it(window: Window) -> None:
    (account_id, name), *_ = window.rows("SELECT id, name FROM account ORDER BY id LIMIT 1 OFFSET 5")
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.press(name)
    window.settle()
    found = window.control("find.hits", HitList).hit_model.hits
    assert account_id in [hit.account_id for hit in found]
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"


def test_ctrl_k_offers_commands_and_enter_goes_there(window: Window) -> None:
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.press("refu")
    window.settle()
    assert window.control("find.hits", HitList).hit_model.hits[0].title == "Refunds"
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "refunds"


def test_a_warning_goes_with_its_page_once_it_could_be_read_and_a_good_message_stays_its_time(window: Window) -> None:
    place, message = window.program.workplace, window.frame.message
    place.say("12 accounts could not be billed; see Exceptions.", "warning")
    window.go("reports")
    assert "could not be billed" in window.message
    message._timer.timeout.emit()
    assert "could not be billed" in window.message
    window.go("today")
    assert window.message == ""
    place.say("Deposit 3 is made.")
    window.go("reports")
    assert window.message == "Deposit 3 is made."
    message._timer.timeout.emit()
    assert window.message == ""


def test_a_late_cursor_comes_to_the_page_shown_also_when_it_stood_on_a_button_that_is_off_now(window: Window) -> None:
    window.go("checks")
    left = window.control("checks.account")
    window.go("refunds")
    run = window.control("refunds.run")
    run.setEnabled(True)
    run.setFocus()
    left.setFocus()
    run.setEnabled(False)
    window.wait_for(lambda: (QApplication.focusWidget() or left).isVisible())
    assert window.frame.page is not None and window.frame.page.isAncestorOf(QApplication.focusWidget())
