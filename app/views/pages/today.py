"""Today: what waits, in the order of the day; each row opens where it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.services import backupstanding, requestlines, waiting
from app.services.waiting import Waiting
from app.views import style
from app.views.fields import ElidingLabel, button, format_day, label, named
from app.views.page import Page
from app.views.pages.registry import BY_KEY
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.aging import AgingTotals
    from app.services.backupstanding import BackupStanding
    from app.services.books import Session
    from app.services.todayfigures import DayReceipts
    from app.views.today_charts import TodayCharts


_HERE = {"autopay": "Run auto-pay", "approvals": "Answer here", "held": "A list, here", "receipts": "A list, here"}


def _place(row: Waiting) -> str:
    """Where a row is done, in words."""
    if row.page in _HERE:
        return _HERE[row.page]
    entry = BY_KEY[row.page]
    return f"{entry.keys} {entry.title}".strip()


class TodayPage(Page):
    """What waits, with two charts below."""

    key = "today"
    title = "Today"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.autopay = button("Run &auto-pay…", "today.autopay", tip="Ask the cards and bank accounts on file (ADV-5)")
        self.autopay.clicked.connect(self.run_autopay)
        self.backup = ElidingLabel()
        self.backup.setTextFormat(Qt.TextFormat.PlainText)
        self.backup.setProperty("role", "quiet")
        named(self.backup, "today.backup", "The last verified backup")
        self.backup.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.title_row.addWidget(self.backup, 4)
        self.title_row.addWidget(self.autopay)
        self.table: Table[Waiting] = Table(
            "today.waiting",
            "What waits; Enter opens where it is done",
            (
                Column("What waits", lambda row: row.title, width=34),
                Column("", lambda row: row.detail, width=0, signal=lambda _row: "quiet"),
                Column("How many", lambda row: row.how_many or None, number=True, width=11),
                Column("Amount", lambda row: row.cents, money=True, width=13),
                Column("Since", lambda row: row.since, width=11),
                Column("Done at", _place, width=20),
            ),
            workplace.settings,
            sortable=False,
        )
        self.table.chosen.connect(self.open_row)
        self.table.clicked.connect(lambda index: self.open_row(self.table.rows_model.row_at(index)))
        self.table.setCursor(Qt.CursorShape.PointingHandCursor)
        self.nothing = QWidget()
        empty = QVBoxLayout(self.nothing)
        empty.addStretch(1)
        self.nothing_words = label("", "heading", wrap=True)
        named(self.nothing_words, "today.nothing", "Nothing waits")
        self.nothing_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.addWidget(self.nothing_words)
        said = label("Post the mail with F3; make the deposit and close the day with F4.", "quiet", wrap=True)
        said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.addWidget(said)
        empty.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.nothing)
        self.body.addWidget(self.stack, 3)
        self.charts: TodayCharts | None = None
        self._charts_wanted = False
        self.setFocusProxy(self.table)
        QWidget.setTabOrder(self.table, self.autopay)

    def refresh(self) -> None:
        on, today, desk = self.workplace.on, self.workplace.today, self.workplace.desk()

        def work(session: Session) -> tuple[list[Waiting], BackupStanding]:
            rows = [*requestlines.request_lines(session, desk), *waiting.what_waits(session, on)]
            return rows, backupstanding.backup_standing(session, today)

        self.tasks.read(work, self._show, owner=self, name="waiting")

    def _show(self, found: tuple[list[Waiting], BackupStanding]) -> None:
        rows, standing = found
        line = backupstanding.waiting_backup(standing)
        rows = rows if line is None else [*rows, line]
        # Loud, it stands in the list, where Enter goes to it; the list is not to say it twice.
        self.backup.setText("" if line is not None else standing.words)
        self.backup.setAccessibleDescription(standing.words)
        self.table.show_rows(rows)
        self.nothing_words.setText(f"Nothing waits on {format_day(self.workplace.on)}.")
        self.stack.setCurrentWidget(self.table if rows else self.nothing)
        # The list is on screen before the charts are even loaded.
        if not self._charts_wanted:
            self._charts_wanted = True
            QTimer.singleShot(0, self, self._read_charts)

    def _read_charts(self) -> None:
        self._charts_wanted = False
        on = self.workplace.on

        from app.services import todayfigures

        def work(session: Session) -> tuple[list[DayReceipts], AgingTotals]:
            return todayfigures.receipts_by_day(session, on), todayfigures.aging_now(session, on)

        self.tasks.read(work, self._show_charts, owner=self, name="charts")

    def _show_charts(self, figures: tuple[list[DayReceipts], AgingTotals]) -> None:
        if self.charts is None:
            from app.views.today_charts import TodayCharts

            self.charts = TodayCharts()
            self.body.addWidget(self.charts, 2)
            self.body.setSpacing(style.LARGE)
        self.charts.show_figures(*figures)

    def open_row(self, row: Waiting) -> None:
        """Go where a row is done."""
        here = {
            "autopay": self.run_autopay,
            "approvals": self.answer_requests,
            "held": self.open_held,
            "receipts": self.open_receipts,
        }
        if row.page in here:
            here[row.page]()
        else:
            self.workplace.go(row.page, **dict(row.where))

    def open_held(self) -> None:
        """The checks held, to be moved to their accounts."""
        from app.views.dialogs.working_off import HeldDialog

        HeldDialog(self.workplace, self).open()

    def open_receipts(self) -> None:
        """The receipts that wait for an e-mail address."""
        from app.views.dialogs.working_off import ReceiptsDialog

        ReceiptsDialog(self.workplace, self).open()

    def answer_requests(self) -> None:
        """Approve or refuse what others ask for at their PCs."""
        from app.views.dialogs.requests import RequestsDialog

        RequestsDialog(self.workplace, self).open()

    def run_autopay(self) -> None:
        """Ask the cards and bank accounts on file."""
        from app.views.today_autopay import AutopayDialog

        AutopayDialog(self.workplace, self).open()
