"""A list whose rows can be ticked: Space or a click on the box, everything ticked to begin with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu, QStyle, QStyledItemDelegate, QStyleOptionButton, QStyleOptionViewItem, QWidget

from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column, RowsModel

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
_ItemRole = Qt.ItemDataRole


class TickModel(RowsModel[Row]):
    """Rows with a box in the first column. What was unticked stays so when the rows are read again.

    `key` tells rows apart; `can_tick` says which rows have a box at all.
    """

    ticks_changed = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        can_tick: Callable[[Row], bool] = lambda _row: True,
    ) -> None:
        super().__init__(columns)
        self._key = key
        self._can_tick = can_tick
        self._unticked: set[Hashable] = set()

    def is_ticked(self, row: Row) -> bool:
        """Whether the row is ticked."""
        return self._can_tick(row) and self._key(row) not in self._unticked

    def ticked(self) -> list[Row]:
        """The ticked rows, in the order shown."""
        return [row for row in self.rows if self.is_ticked(row)]

    def unticked(self) -> list[Row]:
        """The rows that could be ticked and are not."""
        return [row for row in self.rows if self._can_tick(row) and not self.is_ticked(row)]

    def set_ticked(self, row: Row, *, ticked: bool) -> None:
        """Tick a row or take its tick away."""
        if not self._can_tick(row) or self.is_ticked(row) == ticked:
            return
        (self._unticked.discard if ticked else self._unticked.add)(self._key(row))
        place = list(self.rows).index(row)
        self.dataChanged.emit(self.index(place, 0), self.index(place, len(self.columns) - 1))
        self.ticks_changed.emit()

    def show_rows(self, rows: Sequence[Row]) -> None:
        self._unticked &= {self._key(row) for row in rows}
        super().show_rows(rows)
        self.ticks_changed.emit()

    def set_all(self, *, ticked: bool) -> None:
        """Tick every row that can be, or none."""
        turned = [row for row in self.rows if self._can_tick(row) and self.is_ticked(row) != ticked]
        if turned:
            (self._unticked.difference_update if ticked else self._unticked.update)(map(self._key, turned))
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))
            self.ticks_changed.emit()

    def data(self, index: Index, role: int = _ItemRole.DisplayRole) -> Any:
        if role == _ItemRole.CheckStateRole and index.isValid() and index.column() == 0:
            row = self.row_at(index)
            if not self._can_tick(row):
                return None
            return Qt.CheckState.Checked if self.is_ticked(row) else Qt.CheckState.Unchecked
        return super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = _ItemRole.EditRole) -> bool:
        if role != _ItemRole.CheckStateRole or not index.isValid():
            return False
        self.set_ticked(self.row_at(index), ticked=Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        if index.isValid() and index.column() == 0 and self._can_tick(self.row_at(index)):
            return found | Qt.ItemFlag.ItemIsUserCheckable
        return found


class _TickDelegate(QStyledItemDelegate):
    """Draws the box as it is drawn on a row that is not selected: on a selected one its tick would not be seen."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        ticked = index.data(_ItemRole.CheckStateRole)
        if ticked is None:
            return
        box = QStyleOptionViewItem(option)
        self.initStyleOption(box, index)
        drawn = box.widget.style()
        on, off = QStyle.StateFlag.State_On, QStyle.StateFlag.State_Off
        check = QStyleOptionButton()
        check.rect = drawn.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, box, box.widget)
        check.palette = QGuiApplication.palette()
        check.state = QStyle.StateFlag.State_Enabled | (on if Qt.CheckState(ticked) == Qt.CheckState.Checked else off)
        drawn.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, check, painter, box.widget)


class TickTable(Table[Row]):
    """A Table over a TickModel; Space ticks the row under the cursor and goes on to the next."""

    def __init__(
        self,
        object_name: str,
        accessible: str,
        model: TickModel[Row],
        settings: Settings | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(object_name, accessible, model.columns, settings, parent, model=model)
        self.tick_model = model
        model.setParent(self)
        self.setItemDelegateForColumn(0, _TickDelegate(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.current_row() is not None:
            self.turn_tick()
            return
        super().keyPressEvent(event)

    def turn_tick(self) -> None:
        """Tick the row under the cursor, or take its tick away, and go on to the next."""
        row = self.current_row()
        if row is not None:
            self.tick_model.set_ticked(row, ticked=not self.tick_model.is_ticked(row))
            self.selectRow(min(self.currentIndex().row() + 1, self.tick_model.rowCount() - 1))

    def offer_more(self, menu: QMenu) -> None:
        if not self.tick_model.ticked() and not self.tick_model.unticked():
            return
        menu.addAction("&Tick, or take the tick away\tSpace", self.turn_tick)
        menu.addAction("Tick &all", lambda: self.tick_model.set_all(ticked=True))
        menu.addAction("Tick &none", lambda: self.tick_model.set_all(ticked=False))
        menu.addSeparator()
