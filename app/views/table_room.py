"""How a list shares its room among its columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QTableView

from app.views.table_model import RowsModel

CELL_MARGIN = 6
WORDS_KEPT = 15
# What the stretching column keeps, in characters, before others give way or step back for it.
STRETCH_KEPT = 16


class Room(QObject):
    """Shares out a list's width. Where there is too little, texts are cut with an ellipsis, then columns step back.

    Amounts, counts and dates are never cut. Columns step back only where a `RestOfRow` shows their values: the
    highest rank first (`Column.rank`), of the same rank the rightmost. `changed`: other columns are left out.
    """

    changed = Signal()

    def __init__(self, table: QTableView, model: RowsModel[Any]) -> None:
        super().__init__(table)
        self.table = table
        self.model = model
        # Rows shown elsewhere in the same columns, such as a report's totals: they must fit too.
        self.totals: Sequence[Any] = ()
        self.wanted: list[int] = []
        self.hidden_for_good: set[int] = set()
        self.back: tuple[int, ...] = ()
        self.may_step_back = False
        self._measured: dict[int, int] = {}
        self.take_font()
        model.modelReset.connect(self._measured.clear)
        # Rows of a long list are read as they come into view.
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self.share_out)
        model.dataChanged.connect(self._other_values)

    def take_font(self) -> None:
        """Measure with the table's font from now on."""
        bold = self.table.font()
        bold.setBold(True)
        self._bold = QFontMetrics(bold)
        self._measured.clear()

    def _other_values(self) -> None:
        self._measured.clear()
        self._again.start()

    def share_out(self) -> None:
        """Give each column the width that it wants, or what there is."""
        header = self.table.horizontalHeader()
        shown = [number for number in range(header.count()) if number not in self.hidden_for_good]
        room = self.table.viewport().width()
        back = self._stepping_back(header, shown, room) if self.may_step_back else ()
        if back != self.back:
            for number in set(back) ^ set(self.back):
                header.setSectionHidden(number, number in back)
            self.back = back
            self.changed.emit()
        self._share(header, [number for number in shown if number not in back], room)

    def title_width(self, number: int) -> int:
        """What a column's title takes."""
        return self._bold.horizontalAdvance(self.model.columns[number].title) + 2 * CELL_MARGIN + 1

    def words(self, row: object) -> str:
        """What the columns left out say of a row: each with its title; those that are empty are not named."""
        columns = self.model.columns
        said = [(columns[number].title, columns[number].text(row)) for number in sorted(self.back)]
        return "    ".join(f"{title}: {text}" if title else text for title, text in said if text)

    def _share(self, header: QHeaderView, shown: Sequence[int], room: int) -> None:
        given = {number: self._want(number) for number in shown if _is_fixed(header, number)}
        stretched = sum(self._stretch(number) for number in shown if number not in given)
        too_much = sum(given.values()) + stretched - room
        if too_much > 0:
            least = {number: min(self._least(number), wide) for number, wide in given.items()}
            spare = sum(given.values()) - sum(least.values())
            taken = min(too_much, spare)
            for number, wide in given.items() if spare else ():
                given[number] = wide - -(-(wide - least[number]) * taken // spare)
        for number, wide in given.items():
            if header.sectionSize(number) != wide:
                header.resizeSection(number, wide)

    def _stepping_back(self, header: QHeaderView, shown: Sequence[int], room: int) -> tuple[int, ...]:
        wanted = sum(self._want(n) if _is_fixed(header, n) else self._stretch(n) for n in shown)
        if wanted <= room:
            return ()
        needed = {
            number: min(self._least(number), self._want(number)) if _is_fixed(header, number) else self._stretch(number)
            for number in shown
        }
        back: list[int] = []
        too_much = sum(needed.values()) - room
        for number in self._least_first(header, shown):
            if too_much <= 0:
                break
            back.append(number)
            too_much -= needed[number]
        return tuple(back)

    def _least_first(self, header: QHeaderView, shown: Sequence[int]) -> list[int]:
        ranks = {number: self._rank(header, number) for number in shown}
        return sorted((n for n in shown if ranks[n]), key=lambda n: (-ranks[n], -header.visualIndex(n)))

    def _rank(self, header: QHeaderView, number: int) -> int:
        """0 stays always: what the row is called, and the last amount. Words and dates go before amounts."""
        columns = self.model.columns
        column = columns[number]
        if column.rank is not None:
            return column.rank
        amounts = [place for place, other in enumerate(columns) if other.money]
        if number == 0 or not _is_fixed(header, number) or (amounts and number == amounts[-1]):
            return 0
        return 1 if column.money else 2

    def _stretch(self, number: int) -> int:
        return max(self.title_width(number), STRETCH_KEPT * self.table.fontMetrics().averageCharWidth())

    def _want(self, number: int) -> int:
        """The width chosen for a column; for an amount that is wider, its own: money is never cut."""
        wanted, column = self.wanted[number], self.model.columns[number]
        # Of a list whose words wrap, a value in words stands on as many lines as it needs.
        is_whole = column.money or (column.number and not self.table.wordWrap())
        return max(wanted, self._least(number)) if is_whole else wanted

    def _least(self, number: int) -> int:
        """What a column cannot do without: its title, all of an amount, a count or a date, and the beginning of a text."""
        if number not in self._measured:
            self._measured[number] = self._measure(number)
        return self._measured[number]

    def _measure(self, number: int) -> int:
        column, metrics = self.model.columns[number], self.table.fontMetrics()
        rows = self.model.sample()
        if rows is None:
            return self.wanted[number]
        widest = max((metrics.horizontalAdvance(column.text(row)) for row in rows), default=0)
        widest = max(widest, *(self._bold.horizontalAdvance(column.text(row)) for row in self.totals), 0)
        if not column.money and not column.number and not any(isinstance(column.value(row), date) for row in rows[:1]):
            widest = min(widest, WORDS_KEPT * metrics.averageCharWidth())
        return max(self.title_width(number), widest + 2 * CELL_MARGIN + 1)


def _is_fixed(header: QHeaderView, number: int) -> bool:
    return header.sectionResizeMode(number) == QHeaderView.ResizeMode.Interactive
