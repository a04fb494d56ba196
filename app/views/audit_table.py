"""The list of the audit trail: hundreds of thousands of actions, of which only those in view are read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from app.services import audittrail
from app.services.audittrail import TrailEntry
from app.views.paged_table import PagedModel, PagedTable
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session


def local(instant: datetime) -> str:
    """An instant as the wall clock of this PC showed it."""
    return f"{instant.astimezone():%m/%d/%Y %H:%M:%S}"


COLUMNS: tuple[Column[TrailEntry], ...] = (
    Column("Recorded", lambda row: local(row.recorded_at), width=22),
    Column("For", lambda row: row.on, width=11),
    Column("Who", lambda row: row.actor, width=14, tip=lambda row: f"{row.actor}, {row.role}, at {row.pc}"),
    Column("PC", lambda row: row.pc, width=14),
    Column("What", lambda row: row.what, width=38),
    Column("Why", lambda row: row.reason, width=0),
)


class TrailTable(PagedTable[TrailEntry]):
    """The list, newest first. `looked_at(action id or None)`: the cursor moved."""

    looked_at = Signal(object)

    def __init__(self, workplace: Workplace) -> None:
        # What was recorded never changes.
        model: PagedModel[TrailEntry] = PagedModel(COLUMNS, may_change=False)
        super().__init__("audit.list", "Actions", model, workplace, sortable=False)
        self.selectionModel().currentRowChanged.disconnect()
        self.selectionModel().currentRowChanged.connect(lambda *_: self.looked_at.emit(self.current_id()))

    def show_actions(self, ids: tuple[int, ...]) -> None:
        """Show these actions; the cursor stays on its action, or goes to the newest."""
        was = self.current_id()
        self.paged.show_ids(ids)
        if ids:
            self.selectRow(ids.index(was) if was in ids else 0)
        else:
            self.looked_at.emit(None)

    def page_of(self, session: Session, ids: tuple[int, ...]) -> list[TrailEntry]:
        return audittrail.entries(session, ids)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the page decides where it leads
        else:
            super().keyPressEvent(event)
