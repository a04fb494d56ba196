"""The models behind the lists, by Qt's own tester, while rows are shown, sorted, ticked, read late and taken away.

A model that nobody drives here fails.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from PySide6.QtCore import QAbstractItemModel, QObject, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

import app.views
from app.services.accountlist import AccountRow
from app.services.search import Hit
from app.views.account_list import AccountsModel
from app.views.hit_list import HitList, HitModel
from app.views.paged_table import PAGE, PagedModel
from app.views.table import Table
from app.views.table_model import Column, RowsModel
from app.views.tick_table import TickModel, TickTable

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
TICKED, UNTICKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class Line(NamedTuple):
    """A row as lists have them: a text, an amount that may be empty, a day."""

    id: int
    name: str
    cents: int | None
    on: date


COLUMNS = (
    Column[Line]("Name", lambda row: row.name, width=0),
    Column[Line]("Amount", lambda row: row.cents, money=True, signal=lambda row: "bad" if row.cents is None else ""),
    Column[Line]("Date", lambda row: row.on, tip=lambda row: f"on {row.on}"),
    Column[Line]("Number", lambda row: row.id, number=True, sort_by=lambda row: -row.id),
)


def lines(count: int, first: int = 1) -> list[Line]:
    """So many rows, every third without an amount, in no order."""
    day = date(2026, 11, 21)
    made = [
        Line(n, f"Name {n * 7 % 11}", None if n % 3 == 0 else n * 13 % 17, day - timedelta(n))
        for n in range(first, first + count)
    ]
    return made[::2] + made[1::2]


def watched(model: QAbstractItemModel) -> QAbstractItemModelTester:
    """Qt checks the model now and at each of its signals; a fault is a Qt warning, which fails the test."""
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)


def sort_by_every_column(table: QTableView, place: Callable[[], object]) -> None:
    """Both ways and back; the cursor stays on its row."""
    if table.model().rowCount():
        table.selectRow(table.model().rowCount() // 2)
    before = place()
    for column in range(table.model().columnCount()):
        for order in (UP, DOWN):
            table.sortByColumn(column, order)
            assert place() == before
    table.sortByColumn(-1, UP)


def drive_rows(qtbot: QtBot) -> None:
    table: Table[Line] = Table("test.rows", "Rows", COLUMNS)
    qtbot.addWidget(table)
    watched(table.rows_model)
    for rows in (lines(0), lines(3), lines(1), lines(12), lines(12, first=8), lines(2), lines(0)):
        table.show_rows(rows)
        assert sorted(table.rows_model.rows) == sorted(rows)
        sort_by_every_column(table, table.current_row)
    table.show_rows(lines(9))
    table.sortByColumn(1, UP)
    # What is empty comes last, and rows that are read anew stand in the order that was chosen.
    table.show_rows(lines(12))
    amounts = [row.cents for row in table.rows_model.rows]
    assert amounts[-4:] == [None] * 4 and amounts[:8] == sorted(row.cents for row in lines(12) if row.cents is not None)


def drive_ticks(qtbot: QtBot) -> None:
    model: TickModel[Line] = TickModel(COLUMNS, lambda row: row.id, lambda row: row.cents is not None)
    table = TickTable("test.ticks", "Ticks", model)
    qtbot.addWidget(table)
    watched(model)
    table.show_rows(lines(12))
    sort_by_every_column(table, table.current_row)
    for place in range(model.rowCount()):
        index = model.index(place, 0)
        may = model.row_at(place).cents is not None
        assert bool(model.flags(index) & Qt.ItemFlag.ItemIsUserCheckable) is may
        assert model.setData(index, UNTICKED, Qt.ItemDataRole.CheckStateRole)
        assert index.data(Qt.ItemDataRole.CheckStateRole) == (UNTICKED if may else None)
    assert model.ticked() == []
    model.setData(model.index(0, 0), TICKED, Qt.ItemDataRole.CheckStateRole)
    # Read again with one row less and one more: what was unticked stays so, what is new is ticked.
    table.show_rows([row for row in lines(13) if row.id != 2])
    ticked = {row.id for row in model.ticked()}
    assert 13 in ticked and 2 not in ticked and len(ticked) == 2
    table.show_rows([])
    assert model.ticked() == model.unticked() == []


def read_late(model: PagedModel[Line], row: Callable[[int], object]) -> None:
    """Pages come after they were asked for, as the books answer; the last one is not whole."""
    wanted: list[int] = []
    model.page_wanted.connect(wanted.append)
    watched(model)
    for ids in ((), tuple(range(1, 2 * PAGE + 6)), tuple(range(5, 40)), (7,), ()):
        wanted.clear()
        model.show_ids(ids)
        assert model.rowCount() == len(ids)
        for place in range(len(ids)):
            model.index(place, 0).data()
        # Each page was asked for once.
        assert sorted(wanted) == list(range(0, len(ids), PAGE))
        for first in tuple(wanted):
            model.fill([row(number) for number in ids[first : first + PAGE]], first)
        assert len(wanted) == len(set(wanted))
        assert all(model.index(place, 0).data() is not None for place in range(len(ids)))
        assert model.known(len(ids)) is None


def drive_pages(_qtbot: QtBot) -> None:
    parent = QObject()
    model: PagedModel[Line] = PagedModel(COLUMNS, may_change=True)
    model.setParent(parent)
    read_late(model, lambda number: lines(1, first=number)[0])


def drive_accounts(_qtbot: QtBot) -> None:
    parent = QObject()
    model = AccountsModel()
    model.setParent(parent)
    asked: list[tuple[str, bool]] = []
    model.order_wanted.connect(lambda by, descending: asked.append((by, descending)))
    day = date(2026, 11, 21)
    read_late(
        model,  # type: ignore[arg-type]
        lambda n: AccountRow(n, f"10{n}", "Gund", "active", n, 0, None, "email", "none", "", None, "isp-advance", day, None),
    )
    # The books put the rows in order: the model asks and moves nothing.
    for column in range(model.columnCount()):
        model.sort(column, DOWN)
    assert len(asked) == model.columnCount() and all(descending for _, descending in asked)


def drive_hits(qtbot: QtBot) -> None:
    listed = HitList("test.hits", "Found")
    qtbot.addWidget(listed)
    watched(listed.hit_model)
    for count in (0, 30, 3, 1, 0, 8):
        hits = [Hit("account", n, n, f"Name {n}", "since 2026-11-21", "605") for n in range(count)]
        listed.show_hits(hits)
        assert listed.current_hit() == (hits[0] if hits else None)
        listed.step(2)
        listed.step(100)
        assert listed.current_hit() == (hits[-1] if hits else None)
        listed.step(-200)
        assert listed.current_hit() == (hits[0] if hits else None)


DRIVEN: dict[type[QAbstractItemModel], Callable[[QtBot], None]] = {
    RowsModel: drive_rows,
    TickModel: drive_ticks,
    PagedModel: drive_pages,
    AccountsModel: drive_accounts,
    HitModel: drive_hits,
}


@pytest.mark.parametrize("kind", DRIVEN, ids=lambda kind: kind.__name__)
def test_a_model_is_sound_while_its_rows_come_and_go(
    qapp: QApplication, qtbot: QtBot, kind: type[QAbstractItemModel]
) -> None:
    DRIVEN[kind](qtbot)
    QApplication.processEvents()


def test_every_model_of_the_windows_is_driven() -> None:
    for found in pkgutil.walk_packages(app.views.__path__, "app.views."):
        importlib.import_module(found.name)

    def below(kind: type[QAbstractItemModel]) -> Iterator[type[QAbstractItemModel]]:
        for made in kind.__subclasses__():
            yield made
            yield from below(made)

    assert {kind for kind in below(QAbstractItemModel) if kind.__module__.startswith("app.")} == set(DRIVEN)
