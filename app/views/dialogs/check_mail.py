"""Log the mail: how many checks came and what the adding machine makes of them; and correcting those figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import checks
from app.services.checks import BatchState
from app.views.dialog import FormDialog
from app.views.fields import MoneyEdit, label, mark_wrong, named, spoken_day
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session


TYPED = "checks/mail-typed"
SEPARATOR = "|"  # in no path that Windows allows


class MailDialog(FormDialog):
    """A new batch of the business date, or with `batch` other figures for one. `saved` gives the batch's id."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None, batch: BatchState | None = None) -> None:
        title = "Log the mail" if batch is None else f"Correct the figures of batch {batch.id}"
        super().__init__(workplace, "mail", title, "&Log the mail" if batch is None else "&Correct", parent)
        self.batch = batch
        day = workplace.on if batch is None else batch.received_on
        self.body.insertWidget(0, label(f"Mail of {spoken_day(day)}", "heading"))
        if day != workplace.today and batch is None:
            today = spoken_day(workplace.today)
            said = label(f"Not of today, {today}: the business date is another (Ctrl+D).", "warning", wrap=True)
            named(said, "mail.other-day", "Another day than today")
            self.body.insertWidget(1, said)
        self.count = QLineEdit()
        named(self.count, "mail.count", "Number of checks")
        self.count.setMaxLength(6)
        self.count.textEdited.connect(lambda _text: mark_wrong(self.count, wrong=False))
        self.total = MoneyEdit("mail.total", "Total of the adding machine", implied_cents=workplace.settings.implied_cents)
        self.reason = QLineEdit()
        named(self.reason, "mail.reason", "Reason")
        self.add_row("&Number of checks", self.count)
        self.add_row("&Total on the tape", self.total)
        if batch is not None:
            self.add_row("&Reason", self.reason)
            self.count.setText(str(batch.expected_count))
            self.total.set_cents(batch.total_cents)
            self.reason.setPlaceholderText("Such as: two stuck together")
        self.body.addWidget(
            label(
                "Count the checks and add them up first: the batch must agree with both before the day closes.",
                "quiet",
                wrap=True,
            )
        )
        if batch is None:
            self._restore()
            for edit in (self.count, self.total):
                edit.textEdited.connect(lambda _text: self._keep())
            self.saved.connect(lambda _batch: workplace.settings.put(TYPED, ""))
        self.count.setFocus()
        self.count.selectAll()

    def _keep(self) -> None:
        """What is typed survives a crash, and Escape: it is there when the mail of the same day is logged."""
        settings = self.workplace.settings
        settings.put(TYPED, SEPARATOR.join((*self._whose(), self.count.text(), self.total.text())))
        settings.save()

    def _restore(self) -> None:
        *whose, count, total = self.workplace.settings.text(TYPED).split(SEPARATOR) if self._has_kept() else ("", "")
        if tuple(whose) == self._whose():
            self.count.setText(count)
            self.total.setText(total)

    def _has_kept(self) -> bool:
        return self.workplace.settings.text(TYPED).count(SEPARATOR) == len(self._whose()) + 1

    def _whose(self) -> tuple[str, str]:
        return str(self.workplace.folder), self.workplace.on.isoformat()

    def submit(self) -> None:
        text = self.count.text().strip()
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            mark_wrong(self.count, wrong=True)
            raise UserError("How many checks came? Type a number such as 25.", field="mail.count")
        # Enter goes on to what is still to be typed.
        for control in (self.total, self.reason) if self.batch is not None else (self.total,):
            if not control.text().strip() and not control.hasFocus():
                control.setFocus()
                return
        count, cents, desk = int(text), self.total.required_cents("The total"), self.workplace.desk()
        if self.batch is None:
            token = self.token
            self.save(
                lambda session: checks.log_mail(session, desk, count, cents, token),
                f"Mail logged: {count} {'check' if count == 1 else 'checks'}, {format_cents(cents)}.",
                accounts=(),
            )
            return
        batch, reason = self.batch.id, self.reason.text()

        def correct(session: Session) -> int:
            checks.correct_batch(session, desk.dated(day), batch, count, cents, reason)
            return batch

        day = self.batch.received_on
        self.save(correct, f"Batch {batch} is now {count} checks, {format_cents(cents)}.", accounts=())
