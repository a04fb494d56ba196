"""Lists in little room: texts are cut, columns step back by their rank, amounts stay whole, and nothing is lost."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from ui.layout_faults import faults

from app.views.flow import FlowLayout
from app.views.rest_of_row import RestOfRow
from app.views.table import Table
from app.views.table_model import Column


class Line(NamedTuple):
    number: str
    name: str
    phone: str
    cents: int
    balance: int


LINES = [
    Line("100014", "Wyatt O'Shaughnessy and the Ladies of the Northern Plains", "605-555-0142", 123_456_789, 98_765_432),
    Line("100023", "Lucía Peña", "", 100, 0),
]
COLUMNS = (
    Column[Line]("Account", lambda row: row.number, width=9),
    Column[Line]("Name", lambda row: row.name, width=0),
    Column[Line]("Phone", lambda row: row.phone, width=14),
    Column[Line]("Past due", lambda row: row.cents, money=True, width=14),
    Column[Line]("Balance", lambda row: row.balance, money=True, width=14),
)


class Listed:
    def __init__(self, qtbot: QtBot, columns: tuple[Column[Line], ...] = COLUMNS) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.table: Table[Line] = Table("t.list", "A list", columns)
        self.rest = RestOfRow(self.table)
        box = QVBoxLayout(self.window)
        box.addWidget(self.table)
        box.addWidget(self.rest)
        self.window.resize(1000, 300)
        self.window.show()
        self.table.show_rows(LINES)

    def titles(self) -> list[str]:
        header = self.table.horizontalHeader()
        columns = self.table.rows_model.columns
        return [column.title for n, column in enumerate(columns) if not header.isSectionHidden(n)]

    def width_of_all(self) -> int:
        return sum(self.table.room.wanted)


def test_with_room_every_column_is_shown_and_no_line_below_is_needed(qtbot: QtBot) -> None:
    listed = Listed(qtbot)
    assert listed.titles() == ["Account", "Name", "Phone", "Past due", "Balance"]
    assert listed.rest.isHidden()


def test_words_step_back_before_amounts_and_the_last_amount_stays(qtbot: QtBot) -> None:
    listed = Listed(qtbot)
    seen = []
    for width in range(1000, 260, -20):
        listed.window.resize(width, 300)
        if not seen or listed.titles() != seen[-1]:
            seen.append(listed.titles())
    assert seen == [
        ["Account", "Name", "Phone", "Past due", "Balance"],
        ["Account", "Name", "Past due", "Balance"],
        ["Account", "Name", "Balance"],
    ]
    assert faults(listed.window, sideways=False) == []


def test_what_steps_back_stands_below_for_the_row_under_the_cursor_and_comes_back_with_the_room(qtbot: QtBot) -> None:
    listed = Listed(qtbot)
    listed.window.resize(330, 300)
    assert listed.titles() == ["Account", "Name", "Balance"]
    assert listed.rest.text() == "Phone: 605-555-0142    Past due: 1,234,567.89"
    assert listed.table.accessibleDescription() == listed.rest.text()
    listed.table.selectRow(1)
    assert listed.rest.text() == "Past due: 1.00", "what is empty is not named"
    listed.window.resize(1000, 300)
    assert listed.titles() == ["Account", "Name", "Phone", "Past due", "Balance"]
    assert listed.rest.isHidden()
    assert listed.table.accessibleDescription() == ""


def test_a_columns_own_rank_goes_before_the_usual_order(qtbot: QtBot) -> None:
    named, number, phone, due, balance = COLUMNS[1], COLUMNS[0], COLUMNS[2], COLUMNS[3], COLUMNS[4]
    ranked = Column[Line]("Past due", due.value, money=True, width=14, rank=9)
    listed = Listed(qtbot, (number, named, phone, ranked, balance))
    for width in range(1000, 200, -20):
        listed.window.resize(width, 300)
        if len(listed.titles()) < 5:
            break
    assert listed.titles() == ["Account", "Name", "Phone", "Balance"]


def test_a_column_left_out_for_good_does_not_come_back_with_the_room(qtbot: QtBot) -> None:
    listed = Listed(qtbot)
    listed.table.setColumnHidden(2, True)
    listed.window.resize(330, 300)
    assert "Phone" not in listed.rest.text()
    listed.window.resize(1000, 300)
    assert listed.titles() == ["Account", "Name", "Past due", "Balance"]
    listed.table.setColumnHidden(2, False)
    assert listed.titles() == ["Account", "Name", "Phone", "Past due", "Balance"]


def test_a_list_without_a_line_below_never_hides_a_column(qtbot: QtBot) -> None:
    table: Table[Line] = Table("t.other", "A list", COLUMNS)
    qtbot.addWidget(table)
    table.resize(250, 200)
    table.show()
    table.show_rows(LINES)
    assert not any(table.isColumnHidden(place) for place in range(5))


def test_without_a_column_that_stretches_the_last_one_reaches_the_edge(qtbot: QtBot) -> None:
    table: Table[Line] = Table("t.narrow", "A list", (COLUMNS[0], COLUMNS[4]))
    qtbot.addWidget(table)
    table.resize(900, 200)
    table.show()
    table.show_rows(LINES)
    header = table.horizontalHeader()
    assert header.sectionSize(0) + header.sectionSize(1) == table.viewport().width()


@pytest.mark.parametrize(("width", "rows"), [(700, 1), (330, 2), (120, 5)])
def test_controls_go_on_to_a_further_row_and_hidden_ones_take_no_room(qtbot: QtBot, width: int, rows: int) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    flow = FlowLayout()
    controls = []
    for _ in range(6):
        control = QWidget()
        control.setFixedSize(100, 20)
        flow.addWidget(control)
        controls.append(control)
    box = QVBoxLayout(window)
    box.setContentsMargins(0, 0, 0, 0)
    box.addLayout(flow)
    box.setAlignment(Qt.AlignmentFlag.AlignTop)
    controls[2].hide()
    window.resize(width, 400)
    window.show()
    qtbot.waitUntil(lambda: len({c.y() for c in controls if c.isVisible()}) == rows)
    shown = [control for control in controls if control.isVisible()]
    assert all(control.geometry().right() < width for control in shown)
    assert len({(control.x(), control.y()) for control in shown}) == 5
