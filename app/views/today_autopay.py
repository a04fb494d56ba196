"""The auto-pay run (ADV-5): says who is asked for how much, then asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QWidget

from app.money import format_cents
from app.services import waiting
from app.services.autopay import AutopayResult, run_autopay
from app.services.gateways.autopay import FolderGateway
from app.services.payments import KIND_NAMES
from app.views.dialog import FormDialog
from app.views.fields import button, format_day, label, named
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.services.waiting import AutopayMethod
    from app.views.tasks import Progress, Run


class AutopayDialog(FormDialog):
    """A small confirmation with the figures; the run itself goes on beside the window."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "autopay", "Run auto-pay", "&Ask now", parent)
        self._is_anybody_due = False
        self.due = label("Counting who owes …", wrap=True)
        named(self.due, "autopay.due", "Who is asked")
        self.body.addWidget(self.due)
        said = (
            "Each account with a card or bank account and a signed form is asked once a day for its whole balance. "
            f"The requests are written to autopay-{workplace.on.isoformat()}.csv in the folder “autopay” of the office, "
            "for the bank or card service."
        )
        self.body.addWidget(label(said, "quiet", wrap=True))
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        named(self.progress, "autopay.progress", "Auto-pay is running")
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.stop = button("&Stop", "autopay.stop", tip="Stop before the next account; who was asked stays asked (Alt+S)")
        # The second of two quick Enters must not press it: it has its key, not the cursor.
        self.stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stop.hide()
        self.body.addWidget(self.stop)
        self.action.setEnabled(False)
        on = workplace.on
        self.tasks.read(lambda session: waiting.autopay_due(session, on), self._show_due, owner=self, name="due")

    def _show_due(self, rows: list[AutopayMethod]) -> None:
        if not rows:
            self.due.setText(f"Nobody who can be asked owes anything on {format_day(self.workplace.on)}.")
            self.cancel.hide()
            self.action.setText("&Close")
            self.action.setAccessibleName("Close")
            self.action.setEnabled(True)
            self.action.setFocus()
            return
        self._is_anybody_due = True
        parts = [f"{row.how_many:,} by {KIND_NAMES[row.method]} for {format_cents(row.cents)}" for row in rows]
        count, cents = sum(row.how_many for row in rows), sum(row.cents for row in rows)
        accounts = "1 account is" if count == 1 else f"{count:,} accounts are"
        detail = "" if len(parts) == 1 else f" ({', '.join(parts)})"
        on = format_day(self.workplace.on)
        self.due.setText(f"{accounts} asked for {format_cents(cents)} in all{detail}, dated {on}.")
        self.action.setEnabled(True)
        self.action.setFocus()
        self.fit()

    def submit(self) -> None:
        """Ask everybody who is due, each in a transaction of its own; close when nobody is."""
        if not self._is_anybody_due:
            self.reject()
            return
        desk, folder = self.workplace.desk(), self.workplace.folder / "autopay"

        def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> AutopayResult:
            return run_autopay(books, desk, FolderGateway(folder, desk.on), progress=progress, cancelled=cancelled)

        self.cancel.setEnabled(False)
        self.action.setEnabled(False)
        self.progress.show()
        run = self.tasks.run("Auto-pay", work, self._done, owner=self, otherwise=self.refuse)
        self.stop.clicked.connect(run.cancel)
        self.stop.clicked.connect(lambda: self.stop.setEnabled(False))
        self.stop.show()
        run.progressed.connect(self._show_progress)
        run.finished.connect(lambda: self._ended(run))

    def _show_progress(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _ended(self, run: Run) -> None:
        self.progress.hide()
        self.stop.hide()
        if run.is_cancelled():
            self.workplace.say("Stopped. Who was asked stays asked; run auto-pay again to ask the others.", "warning")
            self.accept()

    def _done(self, result: AutopayResult) -> None:
        said = f"Auto-pay: {result.approved:,} paid {format_cents(result.approved_cents)}"
        if result.declined:
            said += f"; {result.declined:,} declined, {format_cents(result.declined_cents)}"
        if result.failed:
            said += f". Not recorded, run it again: {', '.join(result.failed)}"
        self.workplace.say(said + ".", "warning" if result.failed else "good")
        self.saved.emit(result)
        self.accept()
