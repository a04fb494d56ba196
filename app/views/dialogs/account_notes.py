"""Notes: writing one, with or without a reminder, and marking one done."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.errors import UserError
from app.services import notes
from app.services.choices import Choices
from app.services.outlook import Deed, Outlook
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day, mark_wrong, spoken_day
from app.views.workplace import Workplace


class NoteDialog(ActionDialog):
    """Write down something about an account."""

    hint = "The note stands on the account's page, with the day and who wrote it."
    writes_over = False

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "note", "Write a note", "&Save the note", parent)
        self.words = self.add_words("&Note", "body", "Note", 4)
        self.remind_on = self.add_day("Remind &on", "remind_on", "Remind on")
        self.remind_on.setPlaceholderText("Empty: none. 15, 3/15, +7 for in a week")
        self.add_remark("Enter begins a new line in the note; Ctrl+Enter saves it.")

    def look_ahead(self) -> None:
        # A note moves no money: there is nothing to try, and its words are many.
        try:
            remind_on = self.remind_on.day()
        except UserError:
            mark_wrong(self.remind_on, wrong=False)
            remind_on = None
        self.outcome.show_text(
            self.hint
            if remind_on is None
            else f"It comes back on Today from {spoken_day(remind_on)} until it is marked done.",
        )
        self.fit()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, body, remind_on = self.account_id, self.words.toPlainText(), self.remind_on.day()
        return lambda session, desk: notes.add_note(session, desk, account_id, body, remind_on)

    def said(self, result: Any) -> str:
        return "The note is saved."


class NoteDoneDialog(ActionDialog):
    """Mark a note done."""

    hint = "There is no open note on this account."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "notedone", "Mark a note done", "&Mark it done", parent)
        self.note = self.add_choice("&Note", "note", "Note")

    def fill(self, known: Choices) -> None:
        # Reminders first, the longest waiting at the top; notes that remind of nothing below.
        waiting = sorted(known.notes, key=lambda note: (note.remind_on is None, note.remind_on or note.on, note.id))
        items = [
            (f"{format_day(note.remind_on or note.on)}  {' '.join(note.body.split())[:80]}", note.id) for note in waiting
        ]
        clear_and_add(self.note, items)

    def deed(self) -> Deed:
        note_id = self.chosen(self.note, "open note")
        return lambda session, desk: notes.mark_done(session, desk, note_id)

    def describe(self, seen: Outlook) -> None:
        note_id = self.note.currentData()
        note = next((note for note in self.choices.notes if note.id == note_id), None) if self.choices else None
        if note is None:
            raise UserError(self.hint)
        reminds = f", reminder of {format_day(note.remind_on)}" if note.remind_on else ""
        self.outcome.show_text(f"{note.body}\nWritten {format_day(note.on)} by {note.by}{reminds}.", "")

    def said(self, result: Any) -> str:
        return "The note is done."
