"""The list that every page uses: keyboard first, remembers its columns, copies what is marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from app.views.fields import named
from app.views.settings import Settings
from app.views.style import figures_font
from app.views.table_hands import HandyList
from app.views.table_model import Column, RowsModel
from app.views.table_room import CELL_MARGIN, Room

Row = TypeVar("Row")
LEAST_LINES = 3


class Table(HandyList[Row]):
    """A list of rows. Enter or a double click emits `chosen(row)`; moving the cursor emits `current(row or None)`.

    `wrap`: for a short list of sentences: they are shown whole, on as many lines as they need.
    """

    current = Signal(object)

    def __init__(
        self,
        object_name: str,
        accessible: str,
        columns: Sequence[Column[Row]],
        settings: Settings | None = None,
        parent: QWidget | None = None,
        *,
        sortable: bool = True,
        several: bool = False,
        wrap: bool = False,
        model: RowsModel[Row] | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        self.rows_model: RowsModel[Row] = RowsModel(columns, self) if model is None else model
        # What tells rows apart when they are read again: by itself, whether all of a row is the same.
        self.row_key: Callable[[Row], object] = lambda row: row
        self.first_gives_way = True
        self._settings = settings
        self.setModel(self.rows_model)
        for changed in (self.rows_model.modelReset, self.rows_model.layoutChanged, self.rows_model.dataChanged):
            changed.connect(self._type_to_find.forget)
        self.setFont(figures_font(self.font()))
        self.room = Room(self, self.rows_model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(wrap)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self._lay_out_columns()
        if sortable:
            self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.horizontalHeader().setSortIndicatorClearable(True)
            self.setSortingEnabled(True)
        if wrap:
            self._wrap_lines()
        self.doubleClicked.connect(lambda index: self.chosen.emit(self.rows_model.row_at(index)))
        self.selectionModel().currentRowChanged.connect(lambda *_: self.current.emit(self.current_row()))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. Cursor, marks and what is in sight stay with their rows, whatever came in between.

        A cursor whose row is gone stays on the same place in the list, unless other rows are marked; so does one on the
        first row that nobody is at (`first_gives_way`).
        """
        place, scrolled = self.currentIndex().row(), self.verticalScrollBar().value()
        before = None if place == 0 and self.first_gives_way and not self.hasFocus() else self.current_row()
        marked, was_unmarked = self.marked_rows(), place < 0 and self.rows_model.rowCount() > 0
        lines_before = min(self.rows_model.rowCount(), LEAST_LINES)
        self.rows_model.show_rows(rows)
        if min(len(rows), LEAST_LINES) != lines_before:
            self.updateGeometry()
        self.share_out()
        if not rows or was_unmarked:
            self.current.emit(None)
            return
        again = [] if before is None else self._places_of([before])
        still = self._places_of(marked) if len(marked) > 1 else []
        self.selectRow((again or still or [min(max(place, 0), len(rows) - 1)])[0])
        if still:
            # No more than was marked: the cursor may stand on a row that is not.
            self.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for number in still:
            self.selectionModel().select(self.rows_model.index(number, 0), flags)
        if again:
            self.verticalScrollBar().setValue(scrolled)

    def unmark(self) -> None:
        """Nothing is under the cursor: what was there is gone, and no other row is meant instead."""
        self.setCurrentIndex(QModelIndex())
        self.clearSelection()

    def holds(self, row: Row) -> bool:
        """Whether the row, or what its key says is the same one, is in the list."""
        return bool(self._places_of([row]))

    def _places_of(self, rows: Sequence[Row]) -> list[int]:
        """Where rows stand that were shown before, by `row_key`."""
        wanted = [self.row_key(row) for row in rows]
        return [place for place, row in enumerate(self.rows_model.rows) if self.row_key(row) in wanted]

    def select_row(self, row: Row) -> None:
        """Put the cursor on a row."""
        if row in self.rows_model.rows:
            self.selectRow(list(self.rows_model.rows).index(row))

    def minimumSizeHint(self) -> QSize:
        lines = (1 + min(LEAST_LINES, max(self.rows_model.rowCount(), 1))) * self.verticalHeader().defaultSectionSize()
        return QSize(super().minimumSizeHint().width(), lines + 2 * self.frameWidth())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "room"):
            self.room.take_font()
            self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)

    def _lay_out_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        character = self.fontMetrics().averageCharWidth()
        wanted = self.room.wanted
        for number, column in enumerate(self.rows_model.columns):
            wanted.append(max(column.width * character + 24, self.room.title_width(number)))
            if column.width == 0:
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
            else:
                self.setColumnWidth(number, wanted[number])
        if self._settings is not None and self.objectName():
            remembered = self._settings.blob(f"columns/{self.objectName()}")
            if not remembered.isEmpty():
                header.restoreState(remembered)
                for number in range(header.count()):
                    header.setSectionHidden(number, False)  # it was for want of room, there and then
            header.sectionMoved.connect(lambda *_: self._remember())
        for number in range(header.count()):
            wanted[number] = header.sectionSize(number) or wanted[number]
        # Without a column that takes what is left, the last one does, so that no band stays empty at the side.
        header.setStretchLastSection(all(column.width for column in self.rows_model.columns))
        header.sectionResized.connect(self._column_resized)
        header.setSectionsMovable(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        cursor = self.visualRect(self.currentIndex())
        was_seen = cursor.isValid() and cursor.top() >= 0 and cursor.bottom() <= event.oldSize().height()
        super().resizeEvent(event)
        self.share_out()
        if was_seen:
            self.scrollTo(self.currentIndex())

    def share_out(self) -> None:
        """Give each column the width that it wants; where there is too little room, texts give way, never amounts."""
        self.room.share_out()

    def setColumnHidden(self, column: int, hide: bool) -> None:
        """Leave a column out for good, or show it again; what is left out for want of room is not said here."""
        (self.room.hidden_for_good.add if hide else self.room.hidden_for_good.discard)(column)
        super().setColumnHidden(column, hide)
        self.share_out()

    def _column_resized(self, number: int, _before: int, wide: int) -> None:
        # Only what a hand did is kept: a low window must not make the columns narrow for good.
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self.room.wanted[number] = wide
            self._remember()

    def _wrap_lines(self) -> None:
        """Rows as high as their words need: for short lists of sentences, which must be read whole."""
        fit = QTimer(self, singleShot=True, interval=0)
        fit.timeout.connect(self._fit_rows)
        self.horizontalHeader().sectionResized.connect(lambda *_: fit.start())
        for changed in (self.rows_model.modelReset, self.rows_model.layoutChanged):
            changed.connect(lambda *_: fit.start())

    def _fit_rows(self) -> None:
        metrics, least = self.fontMetrics(), self.verticalHeader().defaultSectionSize()
        cursor = self.visualRect(self.currentIndex())
        was_seen = cursor.isValid() and self.viewport().rect().intersects(cursor)
        for place, row in enumerate(self.rows_model.rows):
            height = 0
            for number, column in enumerate(self.rows_model.columns):
                # A little less than the column, for the cell's margins: Qt's own hint forgets those of the style sheet.
                room = QRect(0, 0, max(self.columnWidth(number) - 3 * CELL_MARGIN, 1), 10_000)
                height = max(height, metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), column.text(row)).height())
            self.setRowHeight(place, max(least, height + 10))
        if was_seen:
            self.scrollTo(self.currentIndex())

    def _remember(self) -> None:
        if self._settings is not None:
            self._settings.put(f"columns/{self.objectName()}", self.horizontalHeader().saveState())
