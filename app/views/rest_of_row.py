"""The line below a list that says what a narrow window leaves out of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.views.fields import named
from app.views.table import Table


class RestOfRow(QLabel):
    """The line below a list that says what the columns left out in a narrow window hold for the row under the cursor."""

    def __init__(self, table: Table[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "quiet")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        named(self, f"{table.objectName()}-rest", f"{table.accessibleName()}: the rest of the row")
        self._table = table
        table.room.may_step_back = True
        table.room.changed.connect(self.show_row)
        table.current.connect(lambda _row: self.show_row())
        table.model().dataChanged.connect(lambda *_: self.show_row())
        self.hide()

    def show_row(self) -> None:
        """Say the rest of the row under the cursor; nothing while all of it is shown."""
        row = self._table.current_row()
        words = "" if row is None else self._table.room.words(row)
        self.setText(words)
        self.setVisible(bool(self._table.room.back) and row is not None)
        self._table.setAccessibleDescription(words)
