"""What hands do at a list beyond moving through it: type to find a row, copy, and the menu of the right button."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import QElapsedTimer, QItemSelection, QItemSelectionModel, QMetaMethod, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from app.views.table_model import Column, RowsModel
from app.views.table_room import Room

Row = TypeVar("Row")
LONGEST_VALUE: Final = 60


def as_text(columns: Sequence[Column[Any]], rows: Sequence[Any], *, titles: bool = False) -> str:
    """Rows with tabs between the cells, as a spreadsheet takes them; a cell never breaks its row."""
    lines = [[column.text(row) for column in columns] for row in rows]
    if titles:
        lines.insert(0, [column.title for column in columns])
    return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in lines)


class HandyList(QTableView, Generic[Row]):
    """A list of rows under the hands. Enter or a double click: `chosen(row)`; `enter_does`: what the menu calls that."""

    chosen = Signal(object)
    enter_does = "&Open"
    rows_model: RowsModel[Row]
    room: Room

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._type_to_find = TypeToFind(self)

    def current_row(self) -> Row | None:
        """The row under the cursor."""
        index = self.currentIndex()
        return self.rows_model.row_at(index) if index.isValid() else None

    def marked_rows(self) -> list[Row]:
        """The selected rows, in the order shown."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.rows_model.row_at(place) for place in places]

    def selectRow(self, row: int) -> None:
        """Put the cursor on a row and mark it alone, whatever keys are held down meanwhile: Qt's own would toggle it."""
        index = self.model().index(row, 0)
        if index.isValid() and self.selectionMode() != QAbstractItemView.SelectionMode.NoSelection:
            flag = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current_row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row is not None:
            self.chosen.emit(row)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            # A list of rows: its ends are the first and the last row, not the ends of a row.
            self.selectRow(0 if event.key() == Qt.Key.Key_Home else self.model().rowCount() - 1)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            mark_to(self, 0 if event.key() == Qt.Key.Key_Home else self.model().rowCount() - 1)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_marked()
        else:
            super().keyPressEvent(event)

    def copy_marked(self) -> None:
        """The marked rows as text with tabs, for a spreadsheet; with none marked, what was copied before stays."""
        if rows := self.marked_rows():
            QGuiApplication.clipboard().setText(as_text(self.rows_model.columns, rows))

    def all_rows(self) -> Sequence[Row] | None:
        """The rows in the order shown; None when not all of them were read."""
        return self.rows_model.rows

    def keyboardSearch(self, search: str) -> None:
        """Letters typed into the list go to the next row that begins so."""
        if self.rows_model.rows:
            self._type_to_find.take(search)

    def offer_more(self, menu: QMenu) -> None:
        """What else this kind of list offers in its menu."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the right button and of the menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        menu = make_menu(self)
        if menu.isEmpty():
            menu.deleteLater()
        else:
            menu.popup(place_of_menu(self) if by_key else event.globalPos())
        event.accept()


def mark_to(table: HandyList[Any], place: int) -> None:
    """Mark from the row where the marking began to this one; where only one row can be marked, go there."""
    if table.selectionMode() != QAbstractItemView.SelectionMode.ExtendedSelection or not table.currentIndex().isValid():
        table.selectRow(place)
        return
    flag = QItemSelectionModel.SelectionFlag
    at, model, picked = table.currentIndex().row(), table.model(), table.selectionModel()
    marked = sorted(index.row() for index in picked.selectedRows()) or [at]
    began = marked[-1] if at == marked[0] else marked[0]
    picked.setCurrentIndex(model.index(place, 0), flag.NoUpdate)
    block = QItemSelection(model.index(min(began, place), 0), model.index(max(began, place), 0))
    picked.select(block, flag.ClearAndSelect | flag.Rows)


class TypeToFind(QObject):
    """Letters typed one after the other go to the next row that begins so."""

    def __init__(self, table: HandyList[Any]) -> None:
        super().__init__(table)
        self.table = table
        self._typed = ""
        self._since = QElapsedTimer()
        self._texts: dict[int, list[str]] = {}

    def forget(self) -> None:
        """Other rows are shown, or the same in another order."""
        self._texts.clear()

    def take(self, letters: str) -> None:
        """More was typed: a pause begins anew, and the same letter again goes on to the next row."""
        pause = QGuiApplication.styleHints().keyboardInputInterval()
        if not self._since.isValid() or self._since.elapsed() > pause:
            self._typed = ""
        self._since.start()
        self._typed += letters.casefold()
        again = len(set(self._typed)) == 1
        wanted = self._typed[:1] if again else self._typed
        found = self._place(wanted, 1 if again else 0)
        if found is None and again and len(self._typed) > 1:
            found = self._place(self._typed, 0)
        if found is not None:
            self.table.selectRow(found)

    def _place(self, wanted: str, step: int) -> int | None:
        """The next row with a cell, or else a word in one, that begins so; texts count before amounts, dates last."""
        model = self.table.rows_model
        rows, at = model.rows, max(self.table.currentIndex().row(), 0) + step
        order = [place % len(rows) for place in range(at, at + len(rows))]
        kinds = {number: _kind(column, rows) for number, column in enumerate(model.columns)}
        # No amount and no date begins with a letter.
        shown = [n for n in kinds if not self.table.isColumnHidden(n) and not (kinds[n] and wanted[0].isalpha())]
        for number in sorted(shown, key=lambda number: kinds[number]):
            column, texts, within = model.columns[number], self._texts_of(number), None
            for place in order:
                text = texts[place]
                if text.startswith(wanted) or (column.money and text.replace(",", "").startswith(wanted)):
                    return place
                if within is None and f" {wanted}" in text:
                    within = place
            if within is not None:
                return within
        return None

    def _texts_of(self, number: int) -> list[str]:
        """What stands in a column, kept until other rows are shown: each letter looks through all of it."""
        model = self.table.rows_model
        if number not in self._texts:
            column = model.columns[number]
            self._texts[number] = [column.text(row).casefold() for row in model.rows]
        return self._texts[number]


def _kind(column: Column[Any], rows: Sequence[Any]) -> int:
    if column.money or column.number:
        return 1
    return 2 if rows and isinstance(column.value(rows[0]), date) else 0


def make_menu(table: HandyList[Any]) -> QMenu:
    """What can be done with the row under the cursor and with the list."""
    menu = QMenu(table)
    menu.setObjectName(f"{table.objectName()}.menu")
    menu.setAccessibleName("What can be done here")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    row, marked = table.current_row(), table.marked_rows()
    clipboard = QGuiApplication.clipboard()
    if row is not None and table.isSignalConnected(QMetaMethod.fromSignal(table.chosen)):
        menu.addAction(f"{table.enter_does}\tEnter", lambda: table.chosen.emit(row))
        menu.addSeparator()
    table.offer_more(menu)
    if marked:
        many = "Copy the row" if len(marked) == 1 else f"Copy the {len(marked):,} rows"
        menu.addAction(f"{many.replace('C', '&C', 1)}\tCtrl+C", table.copy_marked)
    columns = table.rows_model.columns
    if row is not None:
        values = menu.addMenu("Copy one &value")
        for column in columns:
            text = column.text(row)
            if text:
                shown = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
                said = f"{column.title}: {shown}" if column.title else shown
                values.addAction(said.replace("&", "&&"), partial(clipboard.setText, text))
    if (rows := table.all_rows()) is not None and rows:
        menu.addAction(
            "Copy the whole &list with its titles", lambda: clipboard.setText(as_text(columns, rows, titles=True))
        )
    if table.isSortingEnabled():
        _add_sorting(menu, table)
    return menu


def _add_sorting(menu: QMenu, table: HandyList[Any]) -> None:
    sorting = menu.addMenu("&Sort by")
    header = table.horizontalHeader()
    by, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
    up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    for number, column in enumerate(table.rows_model.columns):
        if column.title and number not in table.room.hidden_for_good:
            turned = number == by and order == up
            made = sorting.addAction(column.title.replace("&", "&&"))
            made.setCheckable(True)
            made.setChecked(number == by)
            made.triggered.connect(partial(table.sortByColumn, number, down if turned else up))
    if by >= 0:
        sorting.addSeparator()
        sorting.addAction("As it &was", lambda: table.sortByColumn(-1, up))


def place_of_menu(table: HandyList[Any]) -> QPoint:
    """Below the row under the cursor, for the menu key; in the corner when no row is in view."""
    row = table.visualRect(table.currentIndex())
    seen = row.intersected(table.viewport().rect())
    return table.viewport().mapToGlobal(seen.bottomLeft() if seen.isValid() else QPoint(0, 0))
