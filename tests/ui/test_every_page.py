"""What holds on every page and every dialog: names for a screen reader, room on a small screen, sound models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabWidget,
    QTextEdit,
    QWidget,
)
from pytestqt.modeltest import ModelTester
from ui.window import Window

from app.views.dialogs.account_actions import ACTIONS, open_new_account
from app.views.pages.registry import PAGES
from app.views.table import Table

CONTROLS = (
    QAbstractButton,
    QLineEdit,
    QComboBox,
    QAbstractSpinBox,
    QAbstractItemView,
    QTextEdit,
    QPlainTextEdit,
    QAbstractSlider,
)
NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9_-]*)+")
SMALL_SCREEN = QSize(1366, 768)
SMALL_WINDOW = QSize(960, 540)  # 1920x1080 at 200%
ONLY_SHOWN = ("reports.totals",)  # the last line of the report above it
KEYS = [entry.key for entry in PAGES]


def controls(root: QWidget) -> Iterator[QWidget]:
    """What a person can put the cursor on or click, without the parts that Qt makes inside a control."""
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar | QHeaderView):
            continue
        if widget.objectName().startswith("qt_") or is_inside_a_control(widget, root):
            continue
        yield widget


def is_inside_a_control(widget: QWidget, root: QWidget) -> bool:
    """Whether Qt (a combo box's list, a clear button) made it, or a list holds it."""
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        if isinstance(parent, CONTROLS) or type(parent).__name__ in ("QTabBar", "QComboBoxPrivateContainer"):
            return True
        parent = parent.parentWidget()
    return False


def said_nothing(root: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName() or '(no name)'}"
        for widget in controls(root)
        if not widget.accessibleName().strip()
    ]


def wrongly_named(root: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName()!r} {widget.accessibleName()!r}"
        for widget in controls(root)
        if not NAME.fullmatch(widget.objectName())
    ]


def an_account(window: Window) -> int:
    (account_id,) = window.rows(
        "SELECT account_id FROM payment GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT 1"
    )[0]
    return int(account_id)


def shown(window: Window, key: str) -> QWidget:
    where = {"account_id": an_account(window)} if key == "account" else {}
    page = window.go(key, **where)
    assert isinstance(page, QWidget)
    return page


@pytest.mark.parametrize("key", KEYS)
def test_every_control_of_a_page_says_its_name_and_has_one(window: Window, key: str) -> None:
    page = shown(window, key)
    assert list(controls(page)), "a page without any control was not built"
    assert said_nothing(page) == []
    assert wrongly_named(page) == []


@pytest.mark.parametrize("key", KEYS)
def test_a_page_fits_a_small_screen_without_scrolling_sideways(window: Window, key: str) -> None:
    page = shown(window, key)
    assert window.frame.minimumSizeHint().width() <= SMALL_WINDOW.width(), page.minimumSizeHint()
    window.frame.resize(SMALL_SCREEN)
    window.settle()
    assert window.frame.width() == SMALL_SCREEN.width()
    assert window.frame.height() == SMALL_SCREEN.height()


def tab_stops(root: QWidget) -> list[QWidget]:
    """What Tab goes through, from the first control on; the chain is a ring, and the buttons may be made first."""
    found: list[QWidget] = []
    widget = root.nextInFocusChain()
    while widget is not root:
        is_stop = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
        if root.isAncestorOf(widget) and is_stop and widget.isVisible() and widget.isEnabled():
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def goes_back(first: QWidget, second: QWidget) -> bool:
    """Whether the second of two controls of one group stands before the first: above it, or left of it in a line."""
    one, other = first.geometry(), second.geometry()
    shared = min(one.bottom(), other.bottom()) - max(one.top(), other.top())
    if 2 * shared > min(one.height(), other.height()):
        return other.left() < one.left()
    return other.top() < one.top()


def out_of_order(root: QWidget) -> list[str]:
    """Where Tab goes back within a group of controls, and the controls that it does not reach."""
    stops = tab_stops(root)
    groups = {id(stop.parentWidget()): [s for s in stops if s.parentWidget() is stop.parentWidget()] for stop in stops}
    found = []
    for group in groups.values():
        back = [(a, b) for a, b in pairwise(group) if goes_back(a, b)]
        # One step back is the ring's own: from its last control to its first.
        if len(back) > 1 or (back and goes_back(group[0], group[-1]) is False):
            found += [f"{a.objectName()} -> {b.objectName()}" for a, b in back]
    missed = [control for control in controls(root) if control.isVisible() and control.isEnabled() and control not in stops]
    return found + [f"{control.objectName()} is not reached" for control in missed if control.objectName() not in ONLY_SHOWN]


@pytest.mark.parametrize("key", KEYS)
def test_tab_goes_through_a_page_as_it_is_read_and_reaches_every_control(window: Window, key: str) -> None:
    window.frame.resize(SMALL_SCREEN)
    page = shown(window, key)
    assert tab_stops(page)
    assert out_of_order(page) == []
    for tabs in page.findChildren(QTabWidget):
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            window.settle()
            assert out_of_order(page) == [], tabs.tabText(place)


@pytest.mark.parametrize("key", KEYS)
def test_the_lists_of_a_page_are_sound_models(window: Window, key: str, qtmodeltester: ModelTester) -> None:
    page = shown(window, key)
    for table in page.findChildren(Table):
        qtmodeltester.check(table.model())


@pytest.mark.parametrize("key", KEYS)
def test_leaving_and_coming_back_keeps_a_page_and_writes_nothing(window: Window, key: str) -> None:
    before = window.rows("SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM posting)")
    page = shown(window, key)
    window.go("today" if key != "today" else "reports")
    assert shown(window, key) is page
    assert window.rows("SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM posting)") == before


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.key)
def test_every_action_on_an_account_opens_a_dialog_that_a_screen_reader_can_read(window: Window, action: object) -> None:
    page = shown(window, "account")
    dialog = action.open(window.program.workplace, an_account(window), page)  # type: ignore[attr-defined]
    window.settle()
    check_dialog(dialog)


def test_the_dialog_for_a_new_account_can_be_read_too(window: Window) -> None:
    dialog = open_new_account(window.program.workplace, shown(window, "accounts"))
    window.settle()
    check_dialog(dialog)


def check_dialog(dialog: QDialog) -> None:
    assert dialog.isVisible() and dialog.windowTitle() and dialog.accessibleName()
    assert said_nothing(dialog) == []
    assert wrongly_named(dialog) == []
    assert out_of_order(dialog) == []
    assert dialog.sizeHint().width() <= SMALL_SCREEN.width() and dialog.sizeHint().height() <= SMALL_SCREEN.height()
    focused = QApplication.focusWidget()
    assert focused is not None and dialog.isAncestorOf(focused), "the cursor is not in the dialog"
    dialog.reject()
