"""Reports (F10): choose one, its days, look at it, open a line into the rows behind it, save it as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout

from app.errors import UserError
from app.money import format_cents
from app.periods import add_months, month_end, month_start
from app.services import reporting
from app.services.reporting import KINDS, REPORTS, Period, Report, ReportKind, ReportRow
from app.views import style
from app.views.fields import DayEdit, button, format_day, label, named
from app.views.flow import FlowLayout, beside
from app.views.page import Page
from app.views.reports_table import ReportTable
from app.views.stoppable import StopBar, until_stopped
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.views.charts import BarChart
    from app.views.tasks import Progress

_FIRST_WORDS = {"period": "Fro&m", "day": "", "on": "", "month": "", "nothing": ""}
_LAST_WORDS = {"period": "&To", "day": "&As of the end of", "on": "Da&y", "month": "Da&y in the month", "nothing": ""}


def _dollars(cents: int) -> str:
    return f"-${format_cents(-cents)}" if cents < 0 else f"${format_cents(cents)}"


# With fewer lines of text on the page, the rows need the room more than the chart does.
LINES_FOR_A_CHART = 34


class Place(NamedTuple):
    """What is shown: a report or the rows behind one of its lines; `row` is where the cursor was."""

    key: str
    period: Period
    about: str = ""
    row: int = 0


class ReportsPage(Page):
    """The list of reports on the left; the days, the figures, the chart and the rows of one of them on the right."""

    key = "reports"
    title = "Reports"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.places: list[Place] = []
        self.report: Report | None = None
        self.table: ReportTable | None = None
        self.chart: BarChart | None = None
        self.chart_heading: QLabel
        self._periods: dict[str, Period] = {}
        self._is_another_day = False
        self.list = self._make_list()
        row = QHBoxLayout()
        row.setSpacing(style.LARGE)
        row.addWidget(self.list)
        right = QVBoxLayout()
        right.setSpacing(style.MEDIUM)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)
        self._make_days(right)
        self.heading_line = label("", "heading", wrap=True)
        named(self.heading_line, "reports.heading", "Report")
        right.addWidget(self.heading_line)
        self.figures = label("", wrap=True)
        named(self.figures, "reports.figures", "Figures of the report")
        right.addWidget(self.figures)
        self.chart_place = QVBoxLayout()
        self.chart_place.setSpacing(0)
        right.addLayout(self.chart_place)
        self.table_place = QVBoxLayout()
        right.addLayout(self.table_place, 1)
        self.note = label("", "quiet", wrap=True)
        named(self.note, "reports.note", "About the figures")
        right.addWidget(self.note)
        right.addLayout(self._make_buttons())
        self.shortcut("Escape", self.go_back)
        self.setFocusProxy(self.list)
        self.list.setCurrentRow(0)

    def _make_list(self) -> QListWidget:
        made = QListWidget()
        named(made, "reports.list", "Reports")
        for kind in REPORTS:
            item = QListWidgetItem(kind.title)
            item.setData(Qt.ItemDataRole.UserRole, kind.key)
            item.setToolTip(kind.about)
            item.setSizeHint(QSize(0, made.fontMetrics().height() + style.SMALL))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, kind.about)
            made.addItem(item)
        widest = max(made.fontMetrics().horizontalAdvance(kind.title) for kind in REPORTS)
        made.setFixedWidth(widest + style.WIDE)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.currentItemChanged.connect(lambda item, _before: self._choose(item.data(Qt.ItemDataRole.UserRole)))
        made.itemClicked.connect(lambda item: self._choose(item.data(Qt.ItemDataRole.UserRole)))
        made.itemActivated.connect(lambda _item: self._focus_rows())
        return made

    def _make_days(self, right: QVBoxLayout) -> None:
        self.first = DayEdit("reports.first", "First day", self.workplace.today)
        self.last = DayEdit("reports.last", "Last day", self.workplace.today)
        self.first_label = label("", buddy=self.first)
        self.last_label = label("", buddy=self.last)
        for edit in (self.first, self.last):
            edit.setFixedWidth(edit.fontMetrics().averageCharWidth() * 16)
            edit.returnPressed.connect(self.show_days)
        self.show_button = button("Sho&w", "reports.show", primary=True)
        self.show_button.clicked.connect(self.show_days)
        self.earlier = button("Ea&rlier", "reports.earlier", tip="The same days one month, or one day, earlier")
        self.earlier.clicked.connect(lambda: self._shift(-1))
        self.later = button("&Later", "reports.later", tip="The same days one month, or one day, later")
        self.later.clicked.connect(lambda: self._shift(1))
        self.with_chart = QCheckBox("C&hart")
        named(self.with_chart, "reports.with-chart", "Show the chart")
        self.with_chart.setChecked(self.workplace.settings.flag("reports/chart", default=True))
        self.with_chart.toggled.connect(self._chart_wanted)
        days = FlowLayout()
        self.first_day = beside(self.first_label, self.first)
        self.last_day = beside(self.last_label, self.last)
        for widget in (self.first_day, self.last_day, self.show_button, self.earlier, self.later):
            days.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addLayout(days, 1)
        row.addWidget(self.with_chart)
        right.addLayout(row)

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        self.back = button("&Back", "reports.back", tip="To the report that this line was on (Escape)")
        self.back.clicked.connect(self.go_back)
        row.addWidget(self.back)
        self.hint = label("", "quiet", wrap=True)
        row.addWidget(self.hint, 1)
        self.working = StopBar("reports.save", "The report is being written")
        row.addWidget(self.working)
        row.addWidget(label("Save as", "quiet"))
        self.savers = []
        for text, suffix in (("&PDF…", ".pdf"), ("&Excel…", ".xlsx"), ("C&SV…", ".csv")):
            made = button(text, f"reports.save-{suffix[1:]}")
            made.clicked.connect(partial(self.save_as, suffix))
            made.setEnabled(False)
            self.savers.append(made)
            row.addWidget(made)
        return row

    # What is shown

    @property
    def kind(self) -> ReportKind:
        """The report chosen on the left."""
        return KINDS[self.list.currentItem().data(Qt.ItemDataRole.UserRole)]

    def arrive(self, report: str = "", first: date | None = None, last: date | None = None, **_where: Any) -> None:
        """`report`: which one, and its `first` and `last` day if they are not the usual ones."""
        if report not in KINDS:
            return
        if last is not None:
            self._periods[report] = Period(first or last, last)
        self.list.setCurrentRow([kind.key for kind in REPORTS].index(report))
        self._choose(report)

    def showEvent(self, event: QShowEvent) -> None:
        self.first.today = self.last.today = self.workplace.today
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_chart()

    def refresh(self) -> None:
        if self._is_another_day and self.places and self.places[0].key not in self._periods:
            self._choose(self.places[0].key)
        elif self.places:
            self._read()
        self._is_another_day = False

    def _on_date_changed(self, on: date) -> None:
        # Days that nobody typed are those of the business date; typed ones stay as they are.
        self._is_another_day = True
        super()._on_date_changed(on)

    def _choose(self, key: str) -> None:
        kind = KINDS[key]
        period = self._periods.get(key) or reporting.first_period(kind, self.workplace.on)
        self.first.set_day(period.first)
        self.last.set_day(period.last)
        for day, words, text in (
            (self.first_day, self.first_label, _FIRST_WORDS[kind.asks]),
            (self.last_day, self.last_label, _LAST_WORDS[kind.asks]),
        ):
            words.setText(text)
            day.setVisible(bool(text))
        for made in (self.show_button, self.earlier, self.later):
            made.setVisible(kind.asks != "nothing")
        self.places = [Place(key, period)]
        self._read()

    def show_days(self) -> None:
        """Show the report of the days typed."""
        self.attempt(self._take_days)

    def _take_days(self) -> None:
        kind = self.kind
        last = self.last.required_day("The day" if kind.asks != "period" else "The last day")
        first = self.first.required_day("The first day") if kind.asks == "period" else last
        if kind.asks == "month":
            first, last = month_start(last), month_end(last)
        if last < first:
            raise UserError("The last day is before the first; turn them round.", field="reports.last")
        self._periods[kind.key] = Period(first, last)
        self._choose(kind.key)

    def _shift(self, step: int) -> None:
        kind, period = self.kind, self.places[0].period
        if kind.asks in ("day", "on"):
            first = last = period.last + timedelta(days=step)
        else:
            first = add_months(month_start(period.first), step)
            months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month
            last = month_end(add_months(first, months))
        self._periods[kind.key] = Period(first, last)
        self._choose(kind.key)

    def _read(self) -> None:
        place = self.places[-1]
        self.tasks.read(
            lambda session: reporting.make_report(session, place.key, place.period, place.about),
            self._show,
            owner=self,
            name="report",
            otherwise=self.refuse,
        )

    def _show(self, report: Report) -> None:
        place = self.places[-1]
        if self.table is None or self.table.report.columns != report.columns or self.table.report.key != report.key:
            self._replace_table(report)
        else:
            self.table.show_report(report)
        assert self.table is not None
        if place.row and place.row < len(report.rows):
            self.table.table.selectRow(place.row)
        self.report = report
        self.heading_line.setText(f"{report.title} · {report.subtitle}" if report.subtitle else report.title)
        self.figures.setText(
            "     ".join(
                f"{figure.label}  {_dollars(figure.value) if figure.money else f'{figure.value:,}'}"
                for figure in report.figures
            )
        )
        self.figures.setVisible(bool(report.figures))
        self.note.setText(report.note)
        self.note.setVisible(bool(report.note))
        self._show_chart()
        behind = any(row.drill is not None for row in report.rows[:200])
        onward = any(row.account_id is not None for row in report.rows[:200])
        waits = any(row.mail_check_id is not None for row in report.rows[:200])
        opens = " or ".join(["the account"] * onward + ["the check to be posted"] * waits)
        self.hint.setText("Enter opens the rows behind a line" if behind else f"Enter opens {opens}" if opens else "")
        self.back.setVisible(len(self.places) > 1)
        for made in self.savers:
            made.setEnabled(True)

    def _replace_table(self, report: Report) -> None:
        had_focus = False
        if self.table is not None:
            had_focus = self.table.isAncestorOf(self.focusWidget() or self)
            self.table_place.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        self.table = ReportTable(report, self.workplace.settings)
        self.table.chosen.connect(self.open_row)
        self.table_place.addWidget(self.table)
        if had_focus:
            self._focus_rows()

    def _focus_rows(self) -> None:
        if self.table is not None:
            self.table.table.setFocus()

    # The chart

    def _chart_wanted(self, wanted: bool) -> None:
        self.workplace.settings.put("reports/chart", wanted)
        self._show_chart()

    def _show_chart(self) -> None:
        content = None if self.report is None else self.report.chart
        roomy = self.height() >= LINES_FOR_A_CHART * self.fontMetrics().height()
        wanted = content is not None and self.with_chart.isChecked() and roomy and any(content.values)
        self.with_chart.setEnabled(content is not None)
        if wanted and self.chart is None:
            from app.views.charts import BarChart  # QtCharts takes long to load

            self.chart = BarChart("reports.chart", "Chart of the report")
            self.chart_heading = label("", "quiet")
            named(self.chart_heading, "reports.chart-heading", "What the chart shows")
            self.chart_place.addWidget(self.chart_heading)
            self.chart_place.addWidget(self.chart)
        if self.chart is None:
            return
        self.chart.setVisible(wanted)
        self.chart_heading.setVisible(wanted)
        if wanted and content is not None:
            self.chart.setFixedHeight(self.fontMetrics().height() * 9)
            self.chart.setAccessibleName(content.heading)
            self.chart_heading.setText(content.heading)
            every = 1 if content.kind == "bars" else 5
            bars = list(zip(content.labels, content.values, strict=True))
            self.chart.show_bars(bars, every=max(every, len(bars) // 12))

    # Into the rows behind a line, and back

    def open_row(self, row: ReportRow) -> None:
        """Enter on a line: the rows behind it, its account, or the check that waits to be posted."""
        if row.drill is not None:
            at = self.table.table.currentIndex().row() if self.table is not None else 0
            self.places[-1] = self.places[-1]._replace(row=at)
            self.places.append(Place(row.drill.key, Period(row.drill.first, row.drill.last), row.drill.about))
            self._read()
        elif row.account_id is not None:
            self.workplace.open_account(row.account_id)
        elif row.mail_check_id is not None:
            self.workplace.go("checks", mail_check_id=row.mail_check_id)

    def go_back(self) -> None:
        """Escape: to the report that the line was on."""
        if len(self.places) > 1:
            self.places.pop()
            self._read()

    # Files

    def save_as(self, suffix: str) -> None:
        """Ask for a name and write what is shown as a PDF, a spreadsheet or a CSV file."""
        from app.services.reporting_files import file_name

        report, place = self.report, self.places[-1]
        if report is None:
            return
        folder = Path(self.workplace.settings.text("reports/folder") or self.workplace.folder)
        proposed = folder / file_name(report, place.period.last, suffix)
        kinds = {".pdf": "PDF (*.pdf)", ".xlsx": "Excel (*.xlsx)", ".csv": "CSV (*.csv)"}
        chosen, _filter = QFileDialog.getSaveFileName(self, "Save the report", str(proposed), kinds[suffix])
        if chosen:
            path = Path(chosen)
            self._write(report, path if path.suffix else path.with_suffix(suffix))

    def _write(self, report: Report, path: Path) -> None:
        from app.services.reporting_files import save_report

        today = self.workplace.today
        for made in self.savers:
            made.setEnabled(False)

        def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Path:
            with books.read() as session:
                return save_report(session, report, path, today, until_stopped(progress, cancelled))

        run = self.tasks.run("Save the report", work, self._written, owner=self, writes=False, otherwise=self._not_written)
        self.working.follow(run, self._stopped)

    def _stopped(self) -> None:
        self._not_written(None)
        self.workplace.say("Stopped; no file was written.", "warning")

    def _written(self, path: Path) -> None:
        self.workplace.settings.put("reports/folder", str(path.parent))
        self._not_written(None)
        self.workplace.say(f"Saved as {path}, {format_day(self.workplace.today)}.")

    def _not_written(self, error: UserError | None) -> None:
        for made in self.savers:
            made.setEnabled(True)
        if error is not None:
            self.refuse(error)
