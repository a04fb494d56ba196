"""The list of the audit trail: hundreds of thousands of actions, of which only those in view are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent

from app.services import audittrail
from app.services.audittrail import TrailEntry
from app.views.table import Table
from app.views.table_model import Column, RowsModel
from app.views.workplace import Workplace

PAGE = 100
_Index = QModelIndex | QPersistentModelIndex


def local(instant: datetime) -> str:
    """An instant as the wall clock of this PC showed it."""
    return f"{instant.astimezone():%m/%d/%Y %H:%M:%S}"


COLUMNS: tuple[Column[TrailEntry], ...] = (
    Column("Recorded", lambda row: local(row.recorded_at), width=22),
    Column("For", lambda row: row.on, width=11),
    Column("Who", lambda row: row.actor, width=14, tip=lambda row: f"{row.actor}, {row.role}, at {row.pc}"),
    Column("PC", lambda row: row.pc, width=12),
    Column("What", lambda row: row.what, width=28),
    Column("Why", lambda row: row.reason, width=0),
)


class TrailModel(RowsModel[TrailEntry]):
    """Actions by their ids; a row is empty until it has been read. `page_wanted(first place)` asks for rows."""

    page_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self.ids: tuple[int, ...] = ()
        self._known: dict[int, TrailEntry] = {}
        self._asked: set[int] = set()

    def show_ids(self, ids: tuple[int, ...]) -> None:
        """Show these actions."""
        self.beginResetModel()
        self.ids = ids
        self._asked.clear()  # what was recorded never changes, so rows known stay known
        self.endResetModel()

    def fill(self, rows: Sequence[TrailEntry], first: int) -> None:
        """The rows of a page that was asked for."""
        self._known.update((row.id, row) for row in rows)
        last = min(first + PAGE, len(self.ids)) - 1
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def known(self, place: int) -> TrailEntry | None:
        """The row at a place, if it has been read; it is asked for otherwise."""
        if not 0 <= place < len(self.ids):
            return None
        row = self._known.get(self.ids[place])
        first = place - place % PAGE
        if row is None and first not in self._asked:
            self._asked.add(first)
            self.page_wanted.emit(first)
        return row

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.known(index.row()) if index.isValid() else None
        return None if row is None else self.cell(self.columns[index.column()], row, role)


class TrailTable(Table[TrailEntry]):
    """The list, newest first. `looked_at(action id or None)`: the cursor moved."""

    looked_at = Signal(object)

    def __init__(self, workplace: Workplace) -> None:
        self.trail = TrailModel()
        super().__init__("audit.list", "Actions", COLUMNS, workplace.settings, sortable=False, model=self.trail)
        self.trail.setParent(self)
        self.workplace = workplace
        self.trail.page_wanted.connect(self._read_page)
        self.doubleClicked.disconnect()
        self.selectionModel().currentRowChanged.disconnect()
        self.selectionModel().currentRowChanged.connect(lambda *_: self.looked_at.emit(self.current_id()))

    def show_actions(self, ids: tuple[int, ...]) -> None:
        """Show these actions; the cursor stays on its action, or goes to the newest."""
        was = self.current_id()
        self.trail.show_ids(ids)
        if ids:
            self.selectRow(ids.index(was) if was in ids else 0)
        else:
            self.looked_at.emit(None)

    def current_id(self) -> int | None:
        """The action under the cursor."""
        place = self.currentIndex().row()
        return self.trail.ids[place] if 0 <= place < len(self.trail.ids) else None

    def current_row(self) -> TrailEntry | None:
        return self.trail.known(self.currentIndex().row())

    def marked_rows(self) -> list[TrailEntry]:
        row = self.current_row()
        return [] if row is None else [row]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the page decides where it leads
        else:
            super().keyPressEvent(event)

    def _read_page(self, first: int) -> None:
        ids = self.trail.ids
        wanted = ids[first : first + PAGE]

        def shown(rows: list[TrailEntry]) -> None:
            if self.trail.ids is ids:  # another choice may have been made since
                self.trail.fill(rows, first)

        self.workplace.tasks.read(partial(audittrail.entries, ids=wanted), shown, owner=self)
