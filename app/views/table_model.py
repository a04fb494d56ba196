"""One read-only table model for every list: rows in, columns described by functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.money import format_cents
from app.views.fields import told_dates
from app.views.style import signal_color

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_Orientation = Qt.Orientation
_ItemRole = Qt.ItemDataRole
ROWS_MEASURED = 200


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: its title, what stands in it, and what it is sorted by (the value itself unless told).

    `value` gives a text, an int that is cents when `money`, a date or a plain number. `width`: in characters
    of the font, 0 takes what is left. `signal`: good, warning, bad, quiet or empty, for the text's colour. `rank`: in
    a narrow window the columns of the highest rank step back first, those of rank 0 never (`table_room.Room`).
    """

    title: str
    value: Callable[[Row], Any]
    money: bool = False
    number: bool = False
    width: int = 12
    tip: Callable[[Row], str] | None = None
    signal: Callable[[Row], str] | None = None
    sort_by: Callable[[Row], Any] | None = None
    rank: int | None = None

    def text(self, row: Row) -> str:
        """What the cell shows."""
        value = self.value(row)
        if value is None:
            return ""
        if isinstance(value, date):
            return f"{value:%m/%d/%Y}"
        if self.money:
            return format_cents(value)
        return f"{value:,}" if isinstance(value, int) and self.number else told_dates(str(value))

    def key(self, row: Row) -> tuple[bool, Any]:
        """What the column sorts by; what is empty comes last."""
        value = self.value(row) if self.sort_by is None else self.sort_by(row)
        return (value is None or value == "", value.casefold() if isinstance(value, str) else value)


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Frozen rows, shown. `SortRole` is not needed: sorting puts the rows themselves in order."""

    def __init__(self, columns: Sequence[Column[Row]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._rows: list[Row] = []
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self._rows

    def sample(self) -> Sequence[Row] | None:
        """Rows by which the columns are measured; None: nothing is known of them yet."""
        return self._rows[:ROWS_MEASURED]

    def row_at(self, index: Index | int) -> Row:
        """The row of an index."""
        return self._rows[index if isinstance(index, int) else index.row()]

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows, in the order that the list was sorted by."""
        self.beginResetModel()
        self._rows = list(rows)
        self._put_in_order()
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _ItemRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        return self.cell(self.columns[index.column()], self._rows[index.row()], role)

    @staticmethod
    def cell(column: Column[Row], row: Row, role: int) -> Any:
        """What a cell of a row gives for a role."""
        if role in (_ItemRole.DisplayRole, _ItemRole.AccessibleTextRole):
            return column.text(row)
        if role == _ItemRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.money or column.number else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == _ItemRole.ToolTipRole:
            return column.tip(row) if column.tip is not None else column.text(row)
        if role == _ItemRole.ForegroundRole and column.signal is not None and (name := column.signal(row)):
            return signal_color(name)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, /, role: int = _ItemRole.DisplayRole) -> Any:
        if orientation == _Orientation.Vertical or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == _ItemRole.DisplayRole:
            return column.title
        if role == _ItemRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.money or column.number else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Put the rows in the order of a column; -1 keeps the order in which they came from now on."""
        self._sorted = (column, order) if 0 <= column < len(self.columns) else None
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        marked = {index.row(): id(self._rows[index.row()]) for index in before}
        self._put_in_order()
        places = {id(row): place for place, row in enumerate(self._rows)}
        after = [self.index(places[marked[index.row()]], index.column()) for index in before]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _put_in_order(self) -> None:
        if self._sorted is not None:
            column, order = self._sorted
            keyed = [(self.columns[column].key(row), row) for row in self._rows]
            filled = [pair for pair in keyed if not pair[0][0]]
            filled.sort(key=itemgetter(0), reverse=order == Qt.SortOrder.DescendingOrder)
            self._rows = [row for _, row in filled] + [row for key, row in keyed if key[0]]
