"""What hands do at every list: type to find, copy, mark to the ends, and the menu of the right button or its key."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from ui.window import Window

from app.views.paged_table import PagedTable
from app.views.table import Table
from app.views.table_hands import TypeToFind
from app.views.table_model import Column
from app.views.tick_table import TickModel, TickTable

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Line(NamedTuple):
    number: str
    on: date
    name: str
    cents: int


LINES = [
    Line("100014", date(2026, 11, 2), "Ames, Ada", 123_456),
    Line("100023", date(2026, 11, 3), "Burke & Sons", 4_995),
    Line("100032", date(2026, 12, 4), "Bush, Ann", 5_000),
    Line("100041", date(2026, 12, 5), "Cole\tand\nCole", 11_00),
]
COLUMNS = (
    Column[Line]("Day", lambda row: row.on, width=11),
    Column[Line]("Account", lambda row: row.number, width=9),
    Column[Line]("Name", lambda row: row.name, width=0),
    Column[Line]("Amount", lambda row: row.cents, money=True, width=12),
)


@pytest.fixture
def table(qtbot: QtBot) -> Table[Line]:
    made: Table[Line] = Table("t.list", "A list", COLUMNS, several=True)
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    made.show_rows(LINES)
    return made


def fresh(table: Table[Line]) -> None:
    """As after a pause in typing."""
    for finder in table.findChildren(TypeToFind):
        finder._typed = ""
        finder._since.invalidate()


def typed(table: Table[Line], letters: str, at: int = 0) -> int:
    fresh(table)
    table.selectRow(at)
    for letter in letters:
        table.keyboardSearch(letter)
    return table.currentIndex().row()


def menu_of(table: Table[Line]) -> QMenu:
    for before in shown_menus(table):
        before.close()
    corner = QPoint(1, 1)
    reason = QContextMenuEvent.Reason.Keyboard
    event = QContextMenuEvent(reason, corner, table.viewport().mapToGlobal(corner))
    QApplication.sendEvent(table.viewport(), event)
    (menu,) = shown_menus(table)
    return menu


def shown_menus(table: Table[Line]) -> list[QMenu]:
    return [menu for menu in table.findChildren(QMenu, "t.list.menu") if menu.isVisible()]


def offered(menu: QMenu) -> list[str]:
    return [
        action.text().replace("&&", "\0").replace("&", "").replace("\0", "&") for action in menu.actions() if action.text()
    ]


def choose(menu: QMenu, words: str) -> None:
    (action,) = [
        action
        for action, said in zip((a for a in menu.actions() if a.text()), offered(menu), strict=True)
        if said.startswith(words)
    ]
    action.trigger()


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


@pytest.mark.parametrize(
    ("letters", "place"),
    [
        ("bus", 2),
        ("B", 1),
        ("bb", 2),
        ("ann", 2),
        ("sons", 1),
        ("100041", 3),
        ("1000", 1),
        ("100014", 0),
        ("49.9", 1),
        ("1234", 0),
        ("12/05", 3),
        ("xyz", 0),
    ],
)
def test_letters_go_to_the_row_that_begins_so_words_before_amounts_and_dates_last(
    table: Table[Line], letters: str, place: int
) -> None:
    assert typed(table, letters) == place


def test_letters_look_through_the_rows_that_are_shown_now_and_in_their_order(table: Table[Line]) -> None:
    assert typed(table, "burke") == 1
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert typed(table, "burke") == 2
    table.show_rows([*LINES, Line("100050", date(2026, 12, 6), "Zimmer", 1)])
    assert typed(table, "zim") == 0


def test_a_word_that_begins_with_the_same_letter_twice_is_found(table: Table[Line]) -> None:
    table.show_rows(
        [Line("7", date(2026, 5, 5), "x", 5), Line("8", date(2026, 5, 5), "y", 10), Line("9", date(2026, 5, 5), "oo", 1)]
    )
    assert typed(table, "oo") == 2


def test_the_rows_marked_are_copied_with_tabs_and_a_cell_never_breaks_its_row(table: Table[Line]) -> None:
    table.selectRow(2)
    QTest.keyClick(table, KEY.Key_End, SHIFT)
    assert [row.number for row in table.marked_rows()] == ["100032", "100041"]
    QTest.keyClick(table, KEY.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "12/04/2026\t100032\tBush, Ann\t50.00\n12/05/2026\t100041\tCole and Cole\t11.00"
    table.clearSelection()
    QTest.keyClick(table, KEY.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard().startswith("12/04/2026"), "with nothing marked, what was copied before stays"


def test_home_and_end_go_to_the_first_and_the_last_row_and_mark_only_it(table: Table[Line]) -> None:
    QTest.keyClick(table, KEY.Key_End)
    assert [row.number for row in table.marked_rows()] == ["100041"] and table.current_row() == LINES[3]
    QTest.keyClick(table, KEY.Key_Home)
    assert [row.number for row in table.marked_rows()] == ["100014"] and table.current_row() == LINES[0]
    QTest.keyClick(table, KEY.Key_End, SHIFT)
    assert len(table.marked_rows()) == 4
    QTest.keyClick(table, KEY.Key_Home, SHIFT)
    assert [row.number for row in table.marked_rows()] == ["100014"]


def test_the_menu_key_opens_copies_and_sorts(table: Table[Line]) -> None:
    opened: list[Line] = []
    table.selectRow(1)
    assert offered(menu_of(table))[0] == "Copy the row\tCtrl+C", "nothing opens by Enter here"
    table.chosen.connect(opened.append)
    choose(menu_of(table), "Open")
    assert opened == [LINES[1]]
    menu = menu_of(table)
    values = next(action.menu() for action in menu.actions() if action.text() == "Copy one &value")
    assert isinstance(values, QMenu)
    assert offered(values) == ["Day: 11/03/2026", "Account: 100023", "Name: Burke & Sons", "Amount: 49.95"]
    choose(values, "Name")
    assert clipboard() == "Burke & Sons"
    choose(menu, "Copy the whole list")
    lines = clipboard().splitlines()
    assert lines[0] == "Day\tAccount\tName\tAmount" and len(lines) == 5
    sorting = next(action.menu() for action in menu.actions() if action.text() == "&Sort by")
    assert isinstance(sorting, QMenu)
    choose(sorting, "Amount")
    assert [row.cents for row in table.rows_model.rows] == [1100, 4995, 5000, 123456]
    menu.close()
    sorting = next(action.menu() for action in menu_of(table).actions() if action.text() == "&Sort by")
    assert isinstance(sorting, QMenu)
    choose(sorting, "Amount")
    assert [row.cents for row in table.rows_model.rows] == [123456, 5000, 4995, 1100]
    choose(sorting, "As it was")
    table.show_rows(LINES)
    assert list(table.rows_model.rows) == LINES


def test_an_empty_list_offers_nothing_that_needs_a_row(table: Table[Line]) -> None:
    table.show_rows([])
    table.keyboardSearch("a")
    assert offered(menu_of(table)) == ["Sort by"]


def test_ticks_are_put_and_taken_away_from_the_menu(qtbot: QtBot) -> None:
    model: TickModel[Line] = TickModel(COLUMNS, lambda row: row.number, lambda row: row.cents != 5_000)
    table = TickTable("t.list", "Ticks", model)
    qtbot.addWidget(table)
    table.show()
    table.show_rows(LINES)
    heard: list[int] = []
    model.ticks_changed.connect(lambda: heard.append(len(model.ticked())))
    choose(menu_of(table), "Tick none")
    choose(menu_of(table), "Tick none")
    choose(menu_of(table), "Tick, or")
    assert [row.number for row in model.ticked()] == ["100014"] and table.currentIndex().row() == 1
    choose(menu_of(table), "Tick all")
    assert heard == [0, 1, 3] and [row.number for row in model.unticked()] == []


def test_letters_typed_into_the_trail_are_what_is_found_and_read_no_row_that_is_not_in_view(window: Window) -> None:
    page = window.go("audit")
    window.settle()
    trail = window.control("audit.list", PagedTable)
    known = len(trail.paged._known)
    assert trail.all_rows() is None and len(trail.paged.ids) > known
    trail.setFocus()
    window.press("b")
    assert window.control("audit.find").hasFocus()
    assert page.find_edit.text() == "b" and len(trail.paged._known) == known  # type: ignore[attr-defined]
