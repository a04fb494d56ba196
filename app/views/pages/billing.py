"""Billing run: which month, what it will bill, how that differs from the month before; the run, and the runs made."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from PySide6.QtWidgets import QProgressBar, QTabWidget

from app.services import billing
from app.services.billing import BillingTotals
from app.services.billingcompare import BillingPreview, KindTotal, compare
from app.services.billingoutlook import BillingOutlook, RunLine, billing_outlook
from app.services.billingreversal import reverse_run
from app.views import style
from app.views.backups import start_backup
from app.views.billing_dialogs import ReverseRunDialog, RunBillingDialog
from app.views.billing_parts import DifferenceTab, ExceptionsTab, MonthCard, RunsTab, TotalsTab, counted
from app.views.fields import button, format_day, named
from app.views.page import Page
from app.views.tasks import Run
from app.views.workplace import Workplace

TOTALS, DIFFERENCE, EXCEPTIONS, RUNS = range(4)
_TABS = ("&Totals", "D&ifference", "E&xceptions", "R&uns made")


class BillingPage(Page):
    """The month's billing: preview, difference, run with progress, result, history, reversal."""

    key = "billing"
    title = "Billing run"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._outlook: BillingOutlook | None = None
        self._preview: BillingPreview | None = None
        self._previewed_on: date | None = None
        self._is_outdated = self._is_own_change = self._wants_cursor = False
        self._result: BillingTotals | None = None
        self._run: Run | None = None
        self._make_buttons()
        self.card = MonthCard()
        self.progress = QProgressBar()
        named(self.progress, "billing.progress", "Progress of the run")
        self.progress.hide()
        settings = workplace.settings
        self.totals = TotalsTab(settings)
        self.difference = DifferenceTab(settings)
        self.exceptions = ExceptionsTab(settings)
        self.runs = RunsTab(settings)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        named(self.tabs, "billing.tabs", "Billing run: totals, difference, exceptions, runs made")
        for tab, title in zip((self.totals, self.difference, self.exceptions, self.runs), _TABS, strict=True):
            self.tabs.addTab(tab, title)
        self.body.addWidget(self.card)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.tabs, 1)
        self.difference.opened.connect(workplace.open_account)
        self.exceptions.opened.connect(workplace.open_account)
        self.runs.statements_wanted.connect(lambda run: workplace.go("statements", run_id=run.id))
        self.runs.reversal_wanted.connect(self.ask_reversal)
        self.card.clear_figures()
        self._offer()

    def _make_buttons(self) -> None:
        self.preview_button = button("&Preview", "billing.preview", tip="Compute what the run will bill; writes nothing")
        self.preview_button.clicked.connect(self.preview)
        self.run_button = button("&Run the billing…", "billing.run", primary=True)
        self.run_button.clicked.connect(self.ask_run)
        self.stop_button = button("&Stop", "billing.stop", tip="Stop at the next safe point; what is billed stays billed")
        self.stop_button.clicked.connect(self.stop)
        self.title_row.setSpacing(style.SMALL)
        for made in (self.preview_button, self.run_button, self.stop_button):
            self.title_row.addWidget(made)

    def arrive(self, **where: Any) -> None:
        """`tab`: totals, difference, exceptions or runs."""
        names = {"totals": TOTALS, "difference": DIFFERENCE, "exceptions": EXCEPTIONS, "runs": RUNS}
        if where.get("tab") in names:
            self.tabs.setCurrentIndex(names[where["tab"]])
        self._wants_cursor = True
        self._place_cursor()

    def _place_cursor(self) -> None:
        """On arriving: on Preview, or back in the list from which somebody looked at an account."""
        if not self._wants_cursor or self._outlook is None:
            return
        self._wants_cursor = False
        if self._preview is None and self.preview_button.isEnabled():
            self.preview_button.setFocus()
        else:
            tables = (self.totals.table, self.difference.table, self.exceptions.table, self.runs.table)
            tables[self.tabs.currentIndex()].setFocus()

    # What the page shows

    def refresh(self) -> None:
        on, today = self.workplace.on, self.workplace.today
        self.tasks.read(lambda session: billing_outlook(session, on, today), self._show, owner=self, name="outlook")

    def on_books_changed(self, accounts: frozenset[int] | None) -> None:
        # A preview that was taken back changed nothing, though it is announced as a change.
        self._is_outdated, self._is_own_change = not self._is_own_change, False
        super().on_books_changed(accounts)

    def _show(self, outlook: BillingOutlook) -> None:
        self._outlook = outlook
        if self._previewed_on != outlook.on:
            self._preview = self._result = self._previewed_on = None
            self.card.clear_figures()
        self.card.show_outlook(outlook)
        self.runs.show_runs(outlook.runs)
        self._show_computed()
        self._offer()
        self._place_cursor()

    def _show_computed(self) -> None:
        preview, result, outlook = self._preview, self._result, self._outlook
        if outlook is None:
            return
        totals = result or (preview.totals if preview is not None else None)
        if totals is None:
            self.totals.said.setText("Press Preview: it computes exactly what the run will bill, and writes nothing.")
            self.totals.table.show_rows(())
        else:
            caption = "billed" if result else "to bill"
            self.card.show_figures(totals.accounts, totals.invoices, totals.cents, caption)
            self._show_kinds(totals, preview, outlook)
        self.difference.show_preview(preview)
        parked = preview.parked if preview is not None and result is None else ()
        count = self.exceptions.show_rows(outlook, parked, was_computed=totals is not None)
        self.tabs.setTabText(EXCEPTIONS, f"{_TABS[EXCEPTIONS]} ({count:,})" if count else _TABS[EXCEPTIONS])
        differing = len(preview.differences) if preview is not None else 0
        self.tabs.setTabText(DIFFERENCE, f"{_TABS[DIFFERENCE]} ({differing:,})" if differing else _TABS[DIFFERENCE])

    def _show_kinds(self, totals: BillingTotals, preview: BillingPreview | None, outlook: BillingOutlook) -> None:
        before = {row.kind: row.before_cents for row in preview.by_kind} if preview is not None else {}
        rows = [
            KindTotal(kind, *totals.by_kind.get(kind, (0, 0)), before.get(kind, 0))
            for kind in sorted({*totals.by_kind, *before}, key=lambda kind: -totals.by_kind.get(kind, (0, 0))[1])
        ]
        # With a part of the accounts done already the month before is no measure of what is left.
        is_whole = self._result is not None or not outlook.accounts_done
        has_before = preview is not None and preview.compared_with is not None and is_whole
        self.totals.table.show_before(shown=has_before)
        self.totals.table.show_rows(rows if has_before else [row for row in rows if row.lines])
        if self._result is not None:
            said = f"Billed by run {totals.run_id} of {format_day(outlook.on)}."
        elif not totals.invoices:
            said = "There is nothing to bill: every account's cycle of the month is done."
        elif self._is_outdated:
            said = "Something changed in the books since this preview; press Preview for the figures as they are now."
        else:
            said = "This is exactly what the run will bill. Nothing has been written."
        self.totals.said.setText(said)

    def _offer(self) -> None:
        is_busy = self._run is not None
        can_bill = self._outlook is not None and not self._outlook.refusal
        self.preview_button.setEnabled(can_bill and not is_busy)
        self.run_button.setEnabled(can_bill and not is_busy)
        self.stop_button.setVisible(is_busy)
        self.runs.setEnabled(not is_busy)

    # What is done

    def preview(self) -> None:
        """Compute what the run of the business date would bill, and its difference; writes nothing."""
        if self._run is not None or self._outlook is None or self._outlook.refusal:
            return
        desk = self.workplace.desk()
        self._begin(
            self.tasks.run(
                "Computing what the run will bill",
                lambda books, progress, cancelled: compare(books, desk, progress, cancelled),
                partial(self._previewed, desk.on),
                owner=self,
                # With changes due the run is made and taken back, which keeps others from writing meanwhile.
                writes=self._outlook.changes_due,
                otherwise=self.refuse,
            )
        )

    def _previewed(self, on: date, preview: BillingPreview) -> None:
        self._preview, self._previewed_on, self._result, self._is_outdated = preview, on, None, False
        self._is_own_change = self._outlook is not None and self._outlook.changes_due
        self._show_computed()
        if self.tabs.currentIndex() == RUNS:
            self.tabs.setCurrentIndex(TOTALS)

    def ask_run(self) -> None:
        """Ask once more, then bill."""
        if self._run is not None or self._outlook is None:
            return
        known = self._preview if self._result is None and not self._is_outdated else None
        dialog = RunBillingDialog(self.workplace, self._outlook, known.totals if known is not None else None, self)
        dialog.confirmed.connect(self.bill)
        dialog.open()

    def bill(self) -> None:
        """Back the office up, then make the run, or go on with one that was cut off."""
        if self._run is None:
            self._begin(start_backup(self.workplace, "month-end", owner=self, then=lambda _made: self._bill()))

    def _bill(self) -> None:
        desk = self.workplace.desk()
        self._begin(
            self.tasks.run(
                "Billing",
                lambda books, progress, cancelled: billing.run_billing(books, desk, progress, cancelled),
                partial(self._billed, desk.on),
                owner=self,
                otherwise=lambda error: self.refuse(error, self._bill),
            )
        )

    def _billed(self, on: date, totals: BillingTotals) -> None:
        self._result, self._previewed_on = totals, on
        self._show_computed()
        self.tabs.setCurrentIndex(EXCEPTIONS if totals.parked else TOTALS)
        if not totals.invoices:
            self.workplace.say("There was nothing to bill: every account's cycle of the month is done.", "warning")
            return
        parked = len(totals.parked)
        said = f"Billed {counted(totals.invoices, 'invoice')} to {counted(totals.accounts, 'account')}."
        if parked:
            said += f" {counted(parked, 'account')} could not be billed; see Exceptions."
        self.workplace.say(said, "warning" if parked else "good")

    def stop(self) -> None:
        """Ask what is under way to stop at its next safe point."""
        if self._run is not None:
            self._run.cancel()
            self.stop_button.setEnabled(False)
            self.progress.setFormat("Stopping…")

    def ask_reversal(self, run: RunLine) -> None:
        """Ask why a run is to be taken back."""
        dialog = ReverseRunDialog(self.workplace, run, self)
        dialog.confirmed.connect(self.reverse)
        dialog.open()

    def reverse(self, run_id: int, reason: str) -> None:
        """Take a run back that nobody has paid."""
        desk = self.workplace.desk()
        self._begin(
            self.tasks.run(
                "Reversing the run",
                lambda books, progress, cancelled: reverse_run(books, desk, run_id, reason, progress, cancelled),
                self._reversed,
                owner=self,
                otherwise=lambda error: self.refuse(error, lambda: self.reverse(run_id, reason)),
            )
        )

    def _reversed(self, count: int) -> None:
        self._preview = self._result = self._previewed_on = None
        self.card.clear_figures()
        self.workplace.say(f"Reversed {counted(count, 'invoice')}. The month can be billed again.")

    # Long work

    def _begin(self, run: Run) -> None:
        self._run = run
        self.progress.setRange(0, 0)
        self.progress.setFormat(f"{run.title}  %p%")
        self.progress.show()
        self.stop_button.setEnabled(True)
        run.progressed.connect(self._progressed)
        run.finished.connect(partial(self._ended, run))
        self._offer()
        self.stop_button.setFocus()

    def _progressed(self, done: int, of: int) -> None:
        if self._run is not None:
            self.progress.setRange(0, of)
            self.progress.setValue(done)

    def _ended(self, run: Run) -> None:
        self._run = None
        self.progress.hide()
        had_focus = self.stop_button.hasFocus()
        self._offer()
        if had_focus:
            self.preview_button.setFocus()
        if run.is_cancelled():
            said = "Stopped. What was billed stays billed; run it again to bill the rest."
            self.workplace.say(said if run.title == "Billing" else "Stopped. Nothing was written.", "warning")
