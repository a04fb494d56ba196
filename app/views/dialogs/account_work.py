"""Work orders: logging one, with what the policy makes of it, and deciding on what no rule covers (ADV-11 to 13)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from app.clocktimes import format_time, parse_typed_time
from app.errors import UserError
from app.money import format_cents
from app.services import work
from app.services.books import Session
from app.services.choices import Choices
from app.services.desk import Desk
from app.services.history import WorkLine, account_work
from app.services.outlook import Deed, Outlook
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import mark_wrong, named, spoken_day
from app.views.workplace import Workplace

KINDS = (
    ("Repair", "repair"),
    ("Emergency repair", "emergency-repair"),
    ("Scheduled upgrade", "scheduled-upgrade"),
    ("Outside the managed scope", "out-of-scope"),
    ("Unscheduled change for the customer", "unscheduled-change"),
)
KIND_WORDS = {kind: words for words, kind in KINDS}


class TimeEdit(QLineEdit):
    """A time of day: `8`, `8:30`, `830`, `2p`, `14:30`. Leaving it writes it out."""

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setMaxLength(12)
        self.setPlaceholderText("8:30, 830, 2p, 14:30")
        self.textEdited.connect(lambda: mark_wrong(self, wrong=False))
        self.editingFinished.connect(self._write_out)

    def required_time(self, what: str) -> time:
        """The time. Raises UserError when nothing usable stands here."""
        if not self.text().strip():
            mark_wrong(self, wrong=True)
            raise UserError(f"{what} is missing; type a time such as 8:30 or 2p.", field=self.objectName())
        try:
            return parse_typed_time(self.text())
        except ValueError as error:
            mark_wrong(self, wrong=True)
            raise UserError(f"{error}.", field=self.objectName()) from None

    def _write_out(self) -> None:
        try:
            written = format_time(parse_typed_time(self.text()))
        except ValueError:
            return
        if written != self.text():
            self.setText(written)


class LogWorkDialog(ActionDialog):
    """Record work that was done."""

    hint = "Type when the work was done: what the policy bills for it is shown here before it is recorded."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "logwork", "Log work", "&Log the work", parent)
        self.kind = self.add_choice("&Kind", "kind", "Kind of work", KINDS)
        self.day = self.add_day("&Day", "start", "Day of the work")
        self.day.set_day(workplace.on)
        self.begins = TimeEdit("logwork.from", "Work began at")
        self.ends = TimeEdit("logwork.end", "Work ended at")
        for text, edit in (("&From", self.begins), ("&To", self.ends)):
            self.add_row(text, edit)
            self.watch(edit)
        self.words = self.add_text("De&scription", "description", "Description")

    def span(self) -> tuple[datetime, datetime]:
        """From when to when; an end before the start is of the next day. Raises UserError."""
        day = self.day.required_day("The day of the work")
        begins, ends = self.begins.required_time("The start"), self.ends.required_time("The end")
        if begins == ends:
            raise UserError("The work ended when it began; look at the two times.", field="logwork.end")
        start, end = datetime.combine(day, begins), datetime.combine(day, ends)
        return start, end if end > start else end + timedelta(days=1)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, kind, words = self.account_id, self.kind.currentData(), self.words.text().strip()
        start, end = self.span()

        def log(session: Session, desk: Desk) -> WorkLine:
            work.log_work(session, desk, account_id, kind, start, end, words)
            return account_work(session, account_id)[0]

        return log

    def describe(self, seen: Outlook) -> None:
        line: WorkLine = seen.result
        text = work_in_words(line, sum(charge.cents for charge in seen.lines if charge.waits))
        start, end = self.span()
        if end.date() > start.date():
            text += f" It ends on the next day, {spoken_day(end.date())}."
        self.outcome.show_text(text, "warning" if line.decision == "needs-decision" else "")

    def said(self, result: WorkLine) -> str:
        outcome = {
            "free": "no charge",
            "billed": "billed with the next billing run",
            "needs-decision": "a supervisor has to decide what it costs",
        }
        return f"The work is logged: {outcome[result.decision]} ({result.clause})."


def work_in_words(line: WorkLine, cents: int) -> str:
    """What the policy makes of a work order, in a sentence with the clause."""
    if line.decision == "free":
        return f"No charge: {line.why} ({line.clause})."
    if line.decision == "billed":
        return f"Billed {format_cents(cents)} with the next billing run: {line.why} ({line.clause})."
    return f"Needs a decision: {line.why} ({line.clause}). It waits on the supervisor's list, neither charged nor lost."


class DecideWorkDialog(ActionDialog):
    """A supervisor decides what uncovered work costs."""

    hint = "Type what the work costs; 0 is free."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "decidework", "Decide on work", "&Decide", parent)
        self.work = self.add_choice("&Work", "work", "Work that waits for a decision")
        self.amount = self.add_money("&Amount", "amount", "What it costs; 0 is free")
        self.amount.setPlaceholderText("0 is free")
        self.add_reason()

    def fill(self, known: Choices) -> None:
        items = []
        for line in known.undecided:
            start, end = datetime.fromisoformat(line.starts_at), datetime.fromisoformat(line.ends_at)
            words = f" · {line.description}" if line.description else ""
            span = f"{start:%m/%d/%Y} {format_time(start.time())} to {format_time(end.time())}"
            items.append((f"{span}  {KIND_WORDS.get(line.kind, line.kind)}{words}", line.id))
        clear_and_add(self.work, items)

    def deed(self) -> Deed:
        work_id, cents, reason = self.chosen(self.work, "work"), self.amount.required_cents(), self.why()
        return lambda session, desk: work.decide_work(session, desk, work_id, cents, reason)

    def hint_for(self, missing: UserError) -> str:
        return self.hint if self.work.count() else "No work on this account waits for a decision."

    def describe(self, seen: Outlook) -> None:
        cents = sum(charge.cents for charge in seen.lines if charge.waits)
        self.outcome.show_text(
            f"{format_cents(cents)} is billed with the next billing run (ADV-13)." if cents else "Nothing is charged.", ""
        )

    def said(self, result: Any) -> str:
        return f"Decided: the work costs {self.amount.text()}."
