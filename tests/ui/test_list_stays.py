"""Lists that another PC changes while somebody is at work in them: cursor, marks and what is in sight stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from ui.posting_keys import ENTER, desk, owing
from ui.test_work_off import open_from_today
from ui.window import Window

from app.services import checks
from app.services.approvals import WaitingRequest
from app.services.books import open_office
from app.views.dialogs.requests import RequestsDialog
from app.views.table import Table
from app.views.table_model import Column

_SHIFT = Qt.KeyboardModifier.ShiftModifier


class Line(NamedTuple):
    number: int
    said: str


def lines(*numbers: int) -> list[Line]:
    return [Line(number, f"line {number}") for number in numbers]


@pytest.fixture
def table(qtbot: QtBot) -> Iterator[Table[Line]]:
    made: Table[Line] = Table(
        "a.list",
        "A list",
        [Column("Number", lambda line: line.number, number=True), Column("Said", lambda line: line.said, width=0)],
        several=True,
    )
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    yield made


def marked(table: Table[Line]) -> list[int]:
    return [line.number for line in table.marked_rows()]


def under_cursor(table: Table[Line]) -> int | None:
    row = table.current_row()
    return None if row is None else row.number


def test_the_cursor_stays_on_its_row_when_rows_come_in_above_it(table: Table[Line], qtbot: QtBot) -> None:
    table.show_rows(lines(1, 2, 3, 4))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    table.show_rows(lines(9, 8, 1, 2, 3, 4))
    assert (under_cursor(table), marked(table)) == (2, [2])
    table.show_rows(lines(9, 4, 2))
    assert under_cursor(table) == 2
    table.show_rows(lines(9, 4))
    assert under_cursor(table) == 4, "its row is gone: the same place, or the last"
    table.show_rows([])
    assert under_cursor(table) is None
    table.show_rows(lines(5, 6))
    assert under_cursor(table) == 5


def test_several_marked_rows_stay_marked(table: Table[Line], qtbot: QtBot) -> None:
    table.show_rows(lines(1, 2, 3, 4, 5))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down, _SHIFT)
    qtbot.keyClick(table, Qt.Key.Key_Down, _SHIFT)
    assert marked(table) == [2, 3, 4]
    table.show_rows(lines(7, 1, 2, 4, 5))
    assert marked(table) == [2, 4], "the one that is gone is marked no more"


def test_no_row_is_marked_in_the_place_of_one_that_is_gone(table: Table[Line], qtbot: QtBot) -> None:
    table.show_rows(lines(1, 2, 3, 4, 5))
    qtbot.keyClick(table, Qt.Key.Key_Down, _SHIFT)
    qtbot.keyClick(table, Qt.Key.Key_Down, _SHIFT)
    assert (under_cursor(table), marked(table)) == (3, [1, 2, 3])
    table.show_rows(lines(1, 2, 4, 5))
    assert marked(table) == [1, 2]
    table.unmark()
    assert under_cursor(table) is None
    table.show_rows(lines(4, 5))
    assert (under_cursor(table), marked(table)) == (None, [])
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert under_cursor(table) == 4


def test_a_first_row_that_nobody_is_at_gives_way_to_a_newer_one(table: Table[Line]) -> None:
    table.show_rows(lines(2, 1))
    table.clearFocus()
    table.show_rows(lines(3, 2, 1))
    assert under_cursor(table) == 3
    table.setFocus()
    table.show_rows(lines(4, 3, 2, 1))
    assert under_cursor(table) == 3


def test_what_is_in_sight_stays_in_sight(table: Table[Line], qtbot: QtBot) -> None:
    table.show_rows(lines(*range(200)))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    bar = table.verticalScrollBar()
    bar.setValue(120)
    assert bar.value() == 120
    table.show_rows(lines(*range(199)))
    assert (bar.value(), under_cursor(table)) == (120, 1)


def test_rows_told_apart_by_a_key_stay_though_they_say_something_else_now(table: Table[Line], qtbot: QtBot) -> None:
    table.row_key = lambda line: line.number
    table.show_rows(lines(1, 2, 3))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down, _SHIFT)
    table.show_rows([Line(4, "new"), *(Line(number, "changed") for number in (1, 2, 3))])
    assert marked(table) == [2, 3]


def test_refund_checks_marked_for_clearing_stay_marked_when_another_page_posts(window: Window) -> None:
    window.go("refunds", tab="sheets")
    window.click("refunds.sheets-done")
    window.go("refunds", tab="checks")
    checks = window.control("refunds.checks", Table)
    assert len(checks.rows_model.rows) >= 2
    checks.setFocus()
    window.press(Qt.Key.Key_Home)
    window.shortcut(Qt.Key.Key_Down, _SHIFT)
    wanted = [row.number for row in checks.marked_rows()]
    assert len(wanted) == 2
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert [row.number for row in checks.marked_rows()] == wanted
    window.click("refunds.clear")
    window.press(Qt.Key.Key_Return, on=window.dialog())
    window.settle()
    cleared = window.rows("SELECT number FROM issued_check WHERE cleared_on IS NOT NULL ORDER BY number")
    assert [row[0] for row in cleared] == sorted(wanted)


def hold_two(window: Window) -> list[int]:
    """Two checks of the mail that nobody knows, beside those held already."""
    who = desk(window)
    with open_office(window.path) as books, books.write() as session:
        batch = checks.log_mail(session, who, 2, 3000)
        made = [checks.log_check(session, who, batch, cents, number) for cents, number in ((1000, "71"), (2000, "72"))]
        for check in made:
            checks.hold_check(session, who, check, "no name on it")
    window.program.tasks.books_changed.emit(None)
    window.settle()
    return made


def test_a_held_check_that_another_pc_posted_leaves_no_other_one_to_be_moved_instead(window: Window) -> None:
    (account_id, number, _, _), (other, _, _, _), *_ = owing(window, 2)
    first, second = hold_two(window)
    dialog = open_from_today(window, "held")
    listed = window.control("held.list", Table, dialog)
    listed.select_row(next(row for row in listed.rows_model.rows if row.id == first))
    listed.setFocus()
    window.press(ENTER)
    window.press(number, ENTER)
    window.settle()
    with open_office(window.path) as books, books.write() as session:
        checks.post_check(session, desk(window), checks.CheckForm(other, 1000, "71", mail_check_id=first))
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert listed.current_row() is None
    assert "done already, at another PC" in window.control("held.told", QLabel, dialog).text()
    window.press(ENTER, on=window.control("held.action", inside=dialog))
    window.settle()
    assert "Mark the check" in window.control("held.refusal", QLabel, dialog).text()
    assert window.rows("SELECT state FROM mail_check WHERE id = ?", second) == [("held",)]
    listed.setFocus()
    listed.select_row(next(row for row in listed.rows_model.rows if row.id == second))
    window.press(ENTER, on=window.control("held.action", inside=dialog))
    window.settle()
    posted = window.rows("SELECT account_id, cents FROM payment WHERE mail_check_id IN (?, ?) ORDER BY id", first, second)
    assert posted == [(other, 1000), (account_id, 2000)]
    if dialog.isVisible():
        dialog.reject()


def test_a_request_that_was_answered_elsewhere_leaves_no_other_one_to_be_approved_instead(window: Window) -> None:
    dialog = RequestsDialog(window.program.workplace, window.frame)
    dialog.open()
    window.settle()
    asked = [
        WaitingRequest(number, "Carl Clerk", datetime(2026, 11, 21, 9, number, tzinfo=UTC), f"Credit {number}", "supervisor")
        for number in (1, 2, 3)
    ]
    dialog._show(asked)
    what = window.control("requests.what", QLabel, dialog)
    assert what.text() == "Carl Clerk asks: Credit 1" and dialog.action.isEnabled()
    dialog._show(asked[1:])
    assert "answered or taken back" in what.text() and not dialog.action.isEnabled()
    dialog._show(asked[1:])
    assert not dialog.action.isEnabled(), "nobody has marked another one"
    dialog.table.setFocus()
    window.press(Qt.Key.Key_Down)
    assert what.text() == "Carl Clerk asks: Credit 2" and dialog.action.isEnabled()
    dialog._show([])
    assert what.text() == "No request waits." and not dialog.action.isEnabled()
    dialog.reject()
