"""The frame: F-keys, the business date, Ctrl+K."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QTabWidget, QWidget
from sqlalchemy.orm import Session
from ui.window import Window

from app.models.bulk import execute
from app.services.reporting import REPORTS
from app.views.commands import PLACES
from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS
from app.views.hit_list import HitList
from app.views.pages.registry import PAGES
from app.views.table import Table


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


def test_a_warning_goes_with_its_page_once_it_could_be_read(window: Window) -> None:
    place, message = window.program.workplace, window.frame.message
    place.say("12 accounts could not be billed; see Exceptions.", "warning")
    window.go("reports")
    assert "could not be billed" in window.message
    message._timer.timeout.emit()
    assert "could not be billed" in window.message
    window.go("today")
    assert window.message == ""


def test_a_good_message_goes_with_its_page_and_comes_along_only_when_going_is_part_of_what_was_done(window: Window) -> None:
    place, message = window.program.workplace, window.frame.message
    place.say("Account 100014 is open.")
    window.go("account", account_id=1)  # in the same breath
    assert window.message == "Account 100014 is open."
    window.settle()
    window.go("account", account_id=2)
    assert window.message == ""
    place.say("Deposit 3 is made.")
    window.settle()
    assert window.message == "Deposit 3 is made."
    window.go("reports")
    assert window.message == ""
    place.say("Saved.")
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


def found(window: Window, typed: str) -> list[str]:
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.press(typed)
    window.settle()
    return [hit.title for hit in window.control("find.hits", HitList).hit_model.hits]


@pytest.mark.parametrize(
    ("typed", "title", "page"),
    [
        ("close the day", "Close the day", "dayclose"),
        ("end of day", "Close the day", "dayclose"),
        ("aging", "Report: Aging", "reports"),
        ("log mail", "Log the mail", "checks"),
        ("deposit slip", "Make the deposit", "dayclose"),
        ("month-end", "Report: Month-end", "reports"),
        ("month end", "Report: Month-end", "reports"),
        ("statements", "Statements", "statements"),
        ("backup", "Backups", "office"),
        ("back up", "Backups", "office"),
        ("customers", "Import customers", "office"),
        ("overdue", "Collections", "collections"),
        ("nsf", "Returned item: a payment came back", ""),
    ],
)
def test_ctrl_k_knows_the_everyday_words_for_what_can_be_done(window: Window, typed: str, title: str, page: str) -> None:
    titles = found(window, typed)
    assert title in titles[:4]
    assert window.frame.finder.hits.hit_model.hits[titles.index(title)].kind == "command"
    if page and titles[0] == title:
        window.press(Qt.Key.Key_Return)
        window.settle()
        assert window.frame.page is not None and window.frame.page.key == page
        assert typed != "aging" or window.control("reports.heading", QLabel).text().startswith("Aging")
        assert typed != "log mail" or window.dialog().objectName() == "mail.dialog"
        for dialog in window.frame.findChildren(QDialog, "mail.dialog"):
            dialog.reject()


def test_every_page_and_every_report_is_a_command_and_each_is_there_once(window: Window) -> None:
    titles = Counter(command.title for command in window.frame.commands())
    assert set(titles.values()) == {1}
    assert {entry.title for entry in PAGES if entry.keys} <= titles.keys()
    assert {f"Report: {kind.title}" for kind in REPORTS} <= titles.keys()


def test_every_place_of_ctrl_k_opens_where_it_says(window: Window) -> None:
    for title, page, where, _words in PLACES:
        shown = window.go(page, **where)
        assert shown.key == page, title
        tabs = shown.findChild(QTabWidget, f"{page}.tabs")
        if "tab" in where and tabs is not None and page == "office":
            assert list(shown.parts)[tabs.currentIndex()] == where["tab"], title
    assert len({repr((page, where)) for _, page, where, _ in PLACES}) == len(PLACES)


def test_a_customer_called_like_a_command_stands_before_the_commands_further_words(window: Window) -> None:
    (account_id,) = window.rows("SELECT min(id) FROM account")[0]
    window.program.tasks.write(lambda session: rename(session, account_id, window), lambda _done: None, owner=window.frame)
    window.settle()
    titles = found(window, "nsf")
    assert titles[0] == "Nsford Miller" and "Returned item: a payment came back" in titles


def rename(session: Session, account_id: int, window: Window) -> None:
    execute(session, "UPDATE account SET name = 'Nsford Miller' WHERE id = ?", account_id)


def test_a_refund_check_found_by_ctrl_k_opens_on_the_refunds_page_with_the_cursor_on_it(window: Window) -> None:
    number, payee = window.rows(
        "SELECT c.number, f.payee FROM issued_check c JOIN refund f ON f.id = c.refund_id ORDER BY c.number LIMIT 1"
    )[0]
    assert found(window, str(number))[0].startswith(f"Refund check {number} for ")
    window.press(Qt.Key.Key_Return)
    window.settle()
    table = window.control("refunds.checks", Table)
    assert [(row.number, row.payee) for row in table.marked_rows()] == [(number, payee)]
    assert table.isVisible()
