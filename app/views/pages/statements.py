"""Statements: of a billing run, to paper, to the screen and by e-mail; again after a jam."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QProgressBar

from app.errors import UserError
from app.services.statementprints import (
    ALL,
    DELIVERIES,
    EMAIL,
    PAPER,
    MadeStatements,
    Marked,
    PrintedPages,
    RunRow,
    StatementRow,
    chosen,
    mark_pages,
    place_of,
    run_to_send,
    statement_list,
    statement_runs,
)
from app.views import style
from app.views.fields import ElidingLabel, button, format_day, label, mark_wrong, named, set_role
from app.views.page import Page
from app.views.statements_list import COLUMNS, count, short_folder, summary
from app.views.statements_work import Mailed, Wanted, mailing, making
from app.views.table import Table
from app.views.tasks import Run
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.services.books import Session

DELIVERY_NAMES = {PAPER: "On paper", EMAIL: "By e-mail", ALL: "All"}


class StatementsPage(Page):
    """Statements."""

    key = "statements"
    title = "Statements"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._runs: list[RunRow] = []
        self._rows: list[StatementRow] = []
        self._run_id: int | None = None
        self._newest_run = 0  # of those listed when somebody came to the page
        self._has_arrived = True
        self._account_id: int | None = None
        self._work: Run | None = None
        self._make_choice()
        self.table: Table[StatementRow] = Table("statements.list", "Statements", COLUMNS, workplace.settings)
        self.table.enter_does = "&Preview"
        self.table.chosen.connect(self._preview_one)
        self.body.addWidget(self.table, 1)
        self.empty = label("", "quiet", wrap=True)
        named(self.empty, "statements.empty", "Why the list is empty")
        self.body.addWidget(self.empty)
        self._make_range()
        self._make_progress()

    # What the page is made of

    def _make_choice(self) -> None:
        self.run = QComboBox()
        named(self.run, "statements.run", "Billing run")
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.delivery = QComboBox()
        named(self.delivery, "statements.delivery", "Delivery")
        for delivery in DELIVERIES:
            self.delivery.addItem(DELIVERY_NAMES[delivery], delivery)
        self.summary = ElidingLabel()
        self.summary.setProperty("role", "quiet")
        named(self.summary, "statements.summary", "What is in the list")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("Billing &run", buddy=self.run))
        row.addWidget(self.run)
        row.addSpacing(style.MEDIUM)
        row.addWidget(label("De&livery", buddy=self.delivery))
        row.addWidget(self.delivery)
        row.addSpacing(style.MEDIUM)
        row.addWidget(self.summary, 1)
        self.body.addLayout(row)
        self.run.activated.connect(self._choose_run)
        self.delivery.currentIndexChanged.connect(lambda _place: self._show_list())

    def _make_range(self) -> None:
        self.first = QLineEdit()
        named(self.first, "statements.first", "From: account or number in the list, empty for the first")
        self.last = QLineEdit()
        named(self.last, "statements.last", "To: account or number in the list, empty for the last")
        for edit, hint in ((self.first, "first"), (self.last, "last")):
            edit.setPlaceholderText(hint)
            edit.setMaxLength(20)
            edit.setMaximumWidth(edit.fontMetrics().averageCharWidth() * 16)
            edit.setToolTip("After a jam: the account on the sheet, or its number in the list")
            edit.textChanged.connect(partial(self._range_typed, edit))
            edit.returnPressed.connect(self.print_them)
        self.print_button = button("&Print…", "statements.print", primary=True)
        self.preview_button = button("Pre&view and save", "statements.preview")
        self.mail_button = button("Send e-&mail", "statements.mail")
        self.test_button = button("Printer te&st…", "statements.test", tip="Measure a printer: ruler page and overlay test")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("Fr&om", buddy=self.first))
        row.addWidget(self.first)
        row.addWidget(label("&to", buddy=self.last))
        row.addWidget(self.last)
        row.addStretch(1)
        for made, act in (
            (self.print_button, self.print_them),
            (self.preview_button, self.preview),
            (self.mail_button, self.mail),
            (self.test_button, self.test_printer),
        ):
            row.addWidget(made)
            made.clicked.connect(act)
        self.body.addLayout(row)

    def _range_typed(self, edit: QLineEdit, _text: str) -> None:
        mark_wrong(edit, wrong=False)
        self._show_actions()

    def _make_progress(self) -> None:
        self.doing = label("", "quiet")
        named(self.doing, "statements.doing", "What is being done")
        self.bar = QProgressBar()
        named(self.bar, "statements.progress", "Progress")
        self.stop_button = button("Stop", "statements.stop")
        self.stop_button.clicked.connect(self._stop)
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(self.doing)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop_button)
        self.body.addLayout(row)
        self._show_running(None)

    # Reading and showing

    def arrive(self, *, run_id: int | None = None, account_id: int | None = None, **_where: Any) -> None:
        """Show a run's statements, with the cursor on an account.

        Unless told it is the run shown before, or the one to send when another has been made since.
        """
        self._run_id = run_id if run_id is not None else self._run_id
        self._has_arrived = run_id is None
        self._account_id = account_id
        if account_id is not None:
            self.delivery.setCurrentIndex(self.delivery.findData(ALL))
        self.refresh()

    def refresh(self) -> None:
        # Nobody who prints last month's statements again means them once the next month is billed; but while
        # somebody is at work here the list stays.
        wanted, newest = self._run_id, self._newest_run if self._has_arrived else None

        def work(session: Session) -> tuple[list[RunRow], int | None, list[StatementRow]]:
            runs = statement_runs(session)
            if not runs:
                return [], None, []
            stays = newest is None or runs[0].run_id <= newest
            run_id = next((run.run_id for run in runs if stays and run.run_id == wanted), run_to_send(runs))
            return runs, run_id, statement_list(session, run_id)

        self.tasks.read(work, self._show, owner=self, name="list")

    def _show(self, answer: tuple[list[RunRow], int | None, list[StatementRow]]) -> None:
        self._runs, self._run_id, self._rows = answer
        if self._has_arrived or not self._newest_run:
            self._newest_run = max((run.run_id for run in self._runs), default=0)
        self._has_arrived = False
        self.run.clear()
        for run in self._runs:
            many = f"{run.invoices:,} {'invoice' if run.invoices == 1 else 'invoices'}"
            self.run.addItem(f"{format_day(run.on)}, for {run.period}, {many}", run.run_id)
        self.run.setCurrentIndex(max(self.run.findData(self._run_id), 0) if self._runs else -1)
        self._show_list()

    def _show_list(self) -> None:
        rows = chosen(self._rows, self._chosen_delivery)
        self.table.show_rows(rows)
        if self._account_id is not None:
            here = next((row for row in rows if row.account_id == self._account_id), None)
            if here is not None:
                self.table.select_row(here)
                self.table.setFocus()
            self._account_id = None
        self.empty.setText(self._why_empty(rows))
        self.empty.setVisible(not rows)
        self.summary.setText(summary(rows))
        self._show_actions()

    def _why_empty(self, rows: Sequence[StatementRow]) -> str:
        if rows:
            return ""
        if not self._runs:
            return "No month has been billed yet. Make the billing run first (F6); its statements appear here."
        return "No statement of this run goes out this way. Choose another delivery."

    def _show_actions(self) -> None:
        rows, free = self.table.rows_model.rows, self._work is None
        is_mail = self._chosen_delivery == EMAIL
        part = bool(self.first.text().strip() or self.last.text().strip())
        self.print_button.setText("&Print these again…" if part else "&Print…")
        self.print_button.setEnabled(bool(rows) and free)
        self.preview_button.setEnabled(bool(rows) and free)
        self.mail_button.setEnabled(free and any(row.delivery == EMAIL for row in rows))
        for made, main in ((self.print_button, not is_mail), (self.mail_button, is_mail)):
            if made.property("role") != ("primary" if main else ""):
                set_role(made, "primary" if main else "")

    def _choose_run(self, _place: int) -> None:
        self._run_id = self.run.currentData()
        self.refresh()

    @property
    def _chosen_delivery(self) -> str:
        return str(self.delivery.currentData())

    def _wanted(self, delivery: str | None = None) -> Wanted:
        """What the choices mean. Raises UserError for a range that there is not."""
        if self._run_id is None:
            raise UserError("No month has been billed yet; make the billing run first.", field="run")
        first, last = 1, None
        if self.first.text().strip():
            first = place_of(self._rows, self.first.text(), "first")
        if self.last.text().strip():
            last = place_of(self._rows, self.last.text(), "last")
            if last < first:
                raise UserError("The range ends before it begins; change From or to.", field="last")
        return Wanted(self._run_id, delivery or self._chosen_delivery, first, last)

    # Actions

    def print_them(self) -> None:
        """Ask for a printer, make the PDFs, print them at 100%, and mark them."""
        if self._work is None and self.print_button.isEnabled():
            self.attempt(self._print)

    def _print(self) -> None:
        from app.views import printing  # QtPdf and the print system are loaded when they are first needed

        wanted = self._wanted()
        printer = printing.choose_printer(self)
        if printer is not None:
            self._make(wanted, partial(self._send, wanted, printer))

    def _send(self, wanted: Wanted, printer: QPrinter, made: MadeStatements) -> None:
        from app.views import printing

        name = printer.printerName() or "a file"

        out: list[PrintedPages] = []

        def sent(pages: int) -> None:
            sheets = f"{pages:,} {'sheet' if pages == 1 else 'sheets'}"
            self._mark(wanted, made, out, name, f"printed on {name}: {sheets}, at 100%")

        def ended() -> None:
            # Of a run that was stopped, or that the printer gave up, the files that it has whole are marked.
            if out and len(out) < len(made.paths):
                self._mark(wanted, made, out, name, f"printed on {name} before it ended")

        run = printing.send_to_printer(
            self.workplace,
            made.paths,
            printer,
            title="Printing statements",
            owner=self,
            then=sent,
            otherwise=self.refuse,
            went_out=lambda *part: out.append(PrintedPages(*part)),
        )
        self._show_running(run, f"Printing on {name}…")
        run.finished.connect(ended)

    def preview(self) -> None:
        """Make the PDFs and show them; they are kept in the office's folder."""
        if self._work is None:
            self.attempt(lambda: self._preview(self._wanted()))

    def _preview_one(self, row: StatementRow) -> None:
        if self._run_id is not None and self._work is None:
            self._preview(Wanted(self._run_id, ALL, row.place, row.place))

    def _preview(self, wanted: Wanted) -> None:
        self._make(wanted, partial(self._show_preview, wanted))

    def _show_preview(self, wanted: Wanted, made: MadeStatements) -> None:
        from app.views.pdf_preview import PdfPreview

        preview = PdfPreview(self.workplace, self)
        preview.printed.connect(partial(self._printed_from_preview, wanted, made))
        on = next((format_day(run.on) for run in self._runs if run.run_id == wanted.run_id), "")
        one = next((row.name for row in self._rows if row.place == made.first_place), "")
        title = f"Statement of {on}, {one}" if made.statements == 1 else f"{count(made.statements)} of {on}"
        self.attempt(lambda: preview.show_file(made.paths[0], title))
        if len(made.paths) > 1:
            folder = short_folder(made.paths[0])
            self.workplace.say(f"{count(made.statements)} are in {len(made.paths)} files in {folder}; the first is shown.")

    def _printed_from_preview(self, wanted: Wanted, made: MadeStatements, first: int, last: int, printer: str) -> None:
        # The preview shows the first file.
        self._mark(wanted, made, [PrintedPages(0, first, last)], printer, f"printed on {printer}")

    def _mark(self, wanted: Wanted, made: MadeStatements, out: list[PrintedPages], printer: str, how: str) -> None:
        """Mark exactly the statements that went out whole, and say how many; `how` ends the sentence."""
        desk = self.workplace.desk()

        def told(marked: Marked) -> None:
            said = f"{count(marked.statements)} {how}."
            if marked.in_part:
                they_are = "it is" if marked.in_part == 1 else "they are"
                said += f" Of {marked.in_part:,} more only some sheets went out; {they_are} not marked."
            self.workplace.say(said, "warning" if marked.statements < made.statements else "good")

        self.tasks.write(
            lambda session: mark_pages(session, desk, wanted.run_id, wanted.delivery, made, out, printer),
            told,
            owner=self,
            accounts=(),
            otherwise=self.refuse,
        )

    def mail(self) -> None:
        """Write the e-mails with their statements, and mark them."""
        if self._work is None:
            self.attempt(self._mail)

    def _mail(self) -> None:
        wanted = self._wanted(EMAIL)
        work = mailing(self.workplace, wanted)
        told = partial(self._mailed, whole=wanted.is_whole)
        run = self.tasks.run("E-mailing statements", work, told, owner=self, otherwise=self.refuse)
        self._show_running(run, "Writing e-mails…")

    def _mailed(self, mailed: Mailed, *, whole: bool) -> None:
        folder = short_folder(self.workplace.folder / "mail" / "x")
        text = (
            f"{mailed.letters:,} {'e-mail' if mailed.letters == 1 else 'e-mails'} written to {folder}, ready to be sent."
            if mailed.letters
            else "All e-mails of this run were written before; type From and to if some must go again."
            if whole
            else "None of these statements goes to an e-mail address; nothing was written."
        )
        if mailed.without_address:
            missing = mailed.without_address
            text += f" {missing:,} {'customer has' if missing == 1 else 'customers have'} no e-mail address; print those."
        self.workplace.say(text, "warning" if mailed.without_address or not (mailed.letters or whole) else "good")

    def test_printer(self) -> None:
        """Measure a printer: the ruler page and the overlay test."""
        from app.views.dialogs.printer_test import PrinterTestDialog

        PrinterTestDialog(self.workplace, self).open()

    # Work under way

    def _make(self, wanted: Wanted, then: Any) -> None:
        def made(found: MadeStatements) -> None:
            self._show_running(None)
            then(found)

        run = self.tasks.run(
            "Making statements", making(self.workplace, wanted), made, owner=self, writes=False, otherwise=self.refuse
        )
        self._show_running(run, "Making the statements…")

    def _show_running(self, run: Run | None, text: str = "") -> None:
        self._work = run
        self.doing.setText(text)
        self.bar.setRange(0, 0)
        for part in (self.doing, self.bar, self.stop_button):
            part.setVisible(run is not None)
        self.stop_button.setEnabled(run is not None)
        if run is not None:
            run.progressed.connect(partial(self._progressed, run))
            run.finished.connect(partial(self._finished, run))
        self._show_actions()

    def _progressed(self, run: Run, done: int, of: int) -> None:
        if run is self._work:
            self.bar.setRange(0, of)
            self.bar.setValue(done)

    def _finished(self, run: Run) -> None:
        if run is self._work:
            if run.is_cancelled():
                self.workplace.say(
                    "Stopped; what did not go out whole is not marked. Sheets that the printer has may still come out.",
                    "warning",
                )
            self._show_running(None)

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self.stop_button.setEnabled(False)
            self.doing.setText("Stopping…")
