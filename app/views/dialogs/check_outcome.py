"""A check that cannot stay, or cannot be posted: what becomes of it, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtWidgets import QButtonGroup, QLineEdit, QRadioButton, QWidget

from app.views.dialog import FormDialog
from app.views.fields import label, named
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session


class Choice(NamedTuple):
    """Something that can become of a check. `key` goes to the service; `said` is told afterwards."""

    key: str
    text: str
    said: str


POST_RIGHT = Choice("post", "Post it &right: it comes back into the form", "Taken back. Post it right now.")
REVERSE = Choice("post", "&Reverse it: it was keyed wrongly", "Reversed; the check can be posted again.")
HOLD = Choice("hold", "&Hold it: nobody knows yet whose it is (unidentified receipts)", "Held until its account is known.")
SEND_BACK = Choice("return", "&Send it back to the sender", "To be sent back to the sender.")
STRIKE = Choice("strike", "There is &no such sheet: it was entered by mistake", "Struck out of the batch.")


class OutcomeDialog(FormDialog):
    """Asks for one of `choices` and a reason, then does `work(session, choice's key, reason)` as one action.

    `note` is read before. `done(key, result)` is called when the books were changed.
    """

    def __init__(
        self,
        workplace: Workplace,
        title: str,
        about: str,
        choices: Sequence[Choice],
        work: Callable[[Session, str, str], Any],
        done: Callable[[str, Any], None],
        parent: QWidget | None = None,
        *,
        note: str = "",
    ) -> None:
        super().__init__(workplace, "outcome", title, "&Do it", parent)
        self.choices, self.work = choices, work
        self.saved.connect(lambda result: done(self.choice.key, result))
        self.body.insertWidget(0, label(about, "heading", wrap=True))
        if note:
            said = label(note, "warning", wrap=True)
            named(said, "outcome.note", "Note")
            self.body.insertWidget(1, said)
        self.group = QButtonGroup(self)
        for place, choice in enumerate(choices):
            option = QRadioButton(choice.text)
            named(option, f"outcome.{choice.key}", choice.text.replace("&", ""))
            option.setChecked(place == 0)
            self.group.addButton(option, place)
            self.form.addRow(option)
        self.reason = QLineEdit()
        named(self.reason, "outcome.reason", "Reason")
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText("In a few words; it is kept with the check")
        self.add_row("&Why", self.reason)
        self.reason.setFocus()

    @property
    def choice(self) -> Choice:
        """The one chosen."""
        return self.choices[self.group.checkedId()]

    def submit(self) -> None:
        choice, reason, work = self.choice, self.reason.text(), self.work

        def carry_out(session: Session) -> Any:
            return work(session, choice.key, reason)

        self.save(carry_out, choice.said)
