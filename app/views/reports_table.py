"""A report's list with its totals below it, in line with the columns whatever is done to them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.documents.content import Cell
from app.services.reporting import Report, ReportRow
from app.views.fields import label, named
from app.views.rest_of_row import RestOfRow
from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column


def _cell(place: int, row: ReportRow) -> Cell:
    return row.cells[place]


def _width(report: Report, place: int) -> int:
    """Room for the heading and the total too, which are set in bold."""
    width = report.columns[place].width
    if width:
        width = max(width, len(report.columns[place].title) + 2)
    total = None if report.totals is None else report.totals[place]
    if not width or not isinstance(total, int):
        return width
    shown = format_cents(total) if report.columns[place].kind == "money" else f"{total:,}"
    return max(width, len(shown) + 1)


def _columns(report: Report) -> list[Column[ReportRow]]:
    return [
        Column(
            column.title,
            partial(_cell, place),
            money=column.kind == "money",
            number=column.kind == "count",
            width=_width(report, place),
        )
        for place, column in enumerate(report.columns)
    ]


class ReportTable(QWidget):
    """The rows of one report. Enter or a double click: `chosen(row)`."""

    chosen = Signal(object)

    def __init__(self, report: Report, settings: Settings) -> None:
        super().__init__()
        self.report = report
        columns = _columns(report)
        self.table: Table[ReportRow] = Table(f"reports.{report.key}", report.title, columns, settings, several=True)
        self.table.chosen.connect(self.chosen)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.totals: Table[ReportRow] = Table("reports.totals", "Totals", columns, sortable=False)
        self.empty = label(report.empty, "quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        named(self.empty, "reports.empty", "Nothing to list")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._stack, 1)
        self.rest = RestOfRow(self.table)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.totals)
        # The list above has a scroll bar at its side; what stands below keeps in line with its columns.
        below.addSpacing(self.table.verticalScrollBar().sizeHint().width())
        outer.addLayout(below)
        self.total_rest = label("", "quiet", wrap=True)
        named(self.total_rest, "reports.totals-rest", "The rest of the totals")
        self.total_rest.hide()
        outer.addWidget(self.total_rest)
        outer.addWidget(self.rest)
        self._line_up()
        self.show_report(report)

    def show_report(self, report: Report) -> None:
        """Show other rows of the same report; the cursor stays on the same place."""
        self.report = report
        self.table.room.totals = () if report.totals is None else (ReportRow(report.totals),)
        self.table.show_rows(report.rows)
        self._stack.setCurrentIndex(0 if report.rows else 1)
        self.totals.setVisible(report.totals is not None and bool(report.rows))
        if report.totals is not None:
            self.totals.rows_model.show_rows([ReportRow(report.totals)])
        self._columns_stepped_back()

    def _line_up(self) -> None:
        totals, head = self.totals, self.table.horizontalHeader()
        totals.horizontalHeader().hide()
        font = totals.font()
        font.setBold(True)
        totals.setFont(font)
        totals.setSelectionMode(Table.SelectionMode.NoSelection)
        totals.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        totals.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        totals.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        totals.setFixedHeight(totals.verticalHeader().defaultSectionSize() + 2 * totals.frameWidth())
        own = totals.horizontalHeader()
        for place in range(head.count()):
            own.setSectionResizeMode(place, own.ResizeMode.Fixed)
            own.resizeSection(place, head.sectionSize(place))
        head.sectionResized.connect(lambda place, _before, width: own.resizeSection(place, width))
        head.sectionMoved.connect(lambda _place, before, after: own.moveSection(before, after))
        self.table.room.changed.connect(self._columns_stepped_back)
        self.table.horizontalScrollBar().valueChanged.connect(totals.horizontalScrollBar().setValue)

    def _columns_stepped_back(self) -> None:
        """The totals leave out what the list above leaves out, and say it in words too."""
        room, own, totals = self.table.room, self.totals.horizontalHeader(), self.report.totals
        for place in range(own.count()):
            own.setSectionHidden(place, place in room.back)
        words = "" if totals is None or not self.report.rows else room.words(ReportRow(totals))
        self.total_rest.setText(f"Totals:  {words}" if words else "")
        self.total_rest.setVisible(bool(words))
