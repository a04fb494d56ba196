"""The inputs of a dialog that changes an account: each is a row of its form, and what is typed counts as work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from app.errors import UserError
from app.views.choice_box import ChoiceBox
from app.views.dialog import FormDialog
from app.views.fields import DayEdit, MoneyEdit, label, mark_wrong, named
from app.views.workplace import Workplace

# Stands for the reason while it has not been typed, so that the rest can be shown: a sign without a shape.
NO_REASON_YET = "\u2060"


class ActionForm(FormDialog):
    """A form whose inputs tell what will happen whenever something else stands in them (`look_ahead`)."""

    def __init__(self, workplace: Workplace, key: str, title: str, action: str, parent: QWidget | None = None) -> None:
        super().__init__(workplace, key, title, action, parent)
        self.reason: QLineEdit | None = None
        self._is_trying = False

    def look_ahead(self) -> None:
        """Show what the action would do with what stands in the inputs now."""
        raise NotImplementedError

    def _typed(self) -> None:
        """Something was typed by hand."""
        raise NotImplementedError

    def add_text(self, text: str, part: str, accessible: str) -> QLineEdit:
        """A row with a line of text."""
        edit = QLineEdit()
        named(edit, f"{self.key}.{part}", accessible)
        edit.setMaxLength(200)
        self._add(text, edit)
        edit.textEdited.connect(lambda: mark_wrong(edit, wrong=False))
        self.watch(edit)
        return edit

    def add_words(self, text: str, part: str, accessible: str, lines: int = 3) -> QPlainTextEdit:
        """A row with several lines of text; Tab leaves it, Ctrl+Enter does the action."""
        edit = QPlainTextEdit()
        named(edit, f"{self.key}.{part}", accessible)
        edit.setTabChangesFocus(True)
        edit.setFixedHeight(edit.fontMetrics().lineSpacing() * lines + 18)
        self._add(text, edit)
        edit.textChanged.connect(self._typed)
        edit.textChanged.connect(self.look_ahead)
        return edit

    def add_money(self, text: str, part: str, accessible: str) -> MoneyEdit:
        """A row with an amount."""
        edit = MoneyEdit(f"{self.key}.{part}", accessible, implied_cents=self.workplace.settings.implied_cents)
        self._add(text, edit)
        self.watch(edit)
        return edit

    def add_day(self, text: str, part: str, accessible: str) -> DayEdit:
        """A row with a date."""
        edit = DayEdit(f"{self.key}.{part}", accessible, self.workplace.on)
        self._add(text, edit)
        self.watch(edit)
        return edit

    def add_choice(self, text: str, part: str, accessible: str, items: Sequence[tuple[str, Any]] = ()) -> QComboBox:
        """A row with a list to choose from: what is shown, and what it stands for."""
        box = ChoiceBox()
        named(box, f"{self.key}.{part}", accessible)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(28)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for words, value in items:
            box.addItem(words, value)
        self._add(text, box)
        box.currentIndexChanged.connect(self.look_ahead)
        return box

    def add_reason(self, text: str = "&Reason") -> QLineEdit:
        """A row for the reason that a supervisor's action needs."""
        self.reason = self.add_text(text, "reason", "Reason")
        self.reason.setPlaceholderText("In a few words, for the record")
        return self.reason

    def watch(self, edit: QLineEdit) -> None:
        """What is typed here counts as work, and changes what will happen."""
        edit.textEdited.connect(self._typed)
        edit.textChanged.connect(self.look_ahead)

    def add_remark(self, text: str) -> None:
        """A quiet line across the form."""
        self.form.addRow(label(text, "quiet", wrap=True))

    def _add(self, text: str, control: QWidget) -> None:
        self.add_row(text, control)

    def why(self) -> str:
        """The reason typed; while the action is only tried, one that is missing does not matter."""
        typed = "" if self.reason is None else self.reason.text().strip()
        return typed or (NO_REASON_YET if self._is_trying else "")

    def chosen(self, box: QComboBox, what: str) -> Any:
        """What is chosen in a list. Raises UserError when there is nothing to choose."""
        if box.currentIndex() < 0:
            raise UserError(f"There is no {what} to choose.", field=box.objectName())
        return box.currentData()
