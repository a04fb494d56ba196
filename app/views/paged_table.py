"""Lists of a hundred thousand rows: the ids of all are known, only the rows in view are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.views.table import Table
from app.views.table_model import ROWS_MEASURED, Column, Index, RowsModel
from app.views.workplace import Workplace

PAGE = 100
Row = TypeVar("Row")


class PagedModel(RowsModel[Row]):
    """Rows by their ids (each row has an `id`); a row is empty until it has been read.

    `page_wanted(first place)` asks for `PAGE` rows. `may_change`: rows are read anew whenever the list is.
    """

    page_wanted = Signal(int)

    def __init__(self, columns: Sequence[Column[Row]], *, may_change: bool) -> None:
        super().__init__(columns)
        self.ids: tuple[int, ...] = ()
        self._may_change = may_change
        self._known: dict[int, Row] = {}
        self._asked: set[int] = set()

    def show_ids(self, ids: tuple[int, ...]) -> None:
        """Show the rows with these ids, in this order."""
        self.beginResetModel()
        self.ids = ids
        if self._may_change:
            self._known.clear()
        self._asked.clear()
        self.endResetModel()

    def fill(self, rows: Sequence[Any], first: int) -> None:
        """The rows of a page that was asked for."""
        self._known.update((row.id, row) for row in rows)
        last = min(first + PAGE, len(self.ids)) - 1
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def known(self, place: int) -> Row | None:
        """The row at a place, if it has been read; it is asked for otherwise."""
        if not 0 <= place < len(self.ids):
            return None
        row = self._known.get(self.ids[place])
        first = place - place % PAGE
        if row is None and first not in self._asked:
            self._asked.add(first)
            self.page_wanted.emit(first)
        return row

    def sample(self) -> Sequence[Row] | None:
        return list(self._known.values())[:ROWS_MEASURED] or None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.known(index.row()) if index.isValid() else None
        return None if row is None else self.cell(self.columns[index.column()], row, role)


class PagedTable(Table[Row]):
    """The list on a `PagedModel`; a subclass says in `page_of` how rows are read.

    `typed(text)` when letters are typed into it.
    """

    typed = Signal(str)

    def __init__(
        self,
        name: str,
        words: str,
        model: PagedModel[Row],
        workplace: Workplace,
        parent: QWidget | None = None,
        *,
        sortable: bool = True,
    ) -> None:
        self.paged = model
        super().__init__(name, words, model.columns, workplace.settings, parent, sortable=sortable, model=model)
        model.setParent(self)
        model.page_wanted.connect(self._read_page)
        self.workplace = workplace
        self.doubleClicked.disconnect()

    def page_of(self, session: Any, ids: tuple[int, ...]) -> Sequence[Row]:
        """The rows with these ids; runs in a worker."""
        raise NotImplementedError

    def current_id(self) -> int | None:
        """The id of the row under the cursor."""
        place = self.currentIndex().row()
        return self.paged.ids[place] if 0 <= place < len(self.paged.ids) else None

    def current_row(self) -> Row | None:
        return self.paged.known(self.currentIndex().row())

    def marked_rows(self) -> list[Row]:
        row = self.current_row()
        return [] if row is None else [row]

    def all_rows(self) -> None:
        """Only the rows in view were read."""

    def keyboardSearch(self, search: str) -> None:
        """Looking through rows that were not read would read all of them; the page's own input finds."""
        self.typed.emit(search)

    def _read_page(self, first: int) -> None:
        ids = self.paged.ids
        wanted = ids[first : first + PAGE]

        def shown(rows: Sequence[Row]) -> None:
            # Another choice may have been made since; its places are others.
            if self.paged.ids is ids:
                self.paged.fill(rows, first)

        self.workplace.tasks.read(lambda session: self.page_of(session, wanted), shown, owner=self)
