"""What a dialog is: a short form with one action, that posts once and keeps what was typed when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.errors import UserError
from app.views import style
from app.views.fields import button, label, named
from app.views.page import point_at
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

Result = TypeVar("Result")


class FormDialog(QDialog):
    """Base of the dialogs: a form, a line for what was refused, the action and Cancel.

    `key` begins the names of its controls. Override `submit`, which calls `save`. `saved(result)` is emitted
    after the books were changed; the dialog then closes.
    """

    saved = Signal(object)

    def __init__(self, workplace: Workplace, key: str, title: str, action: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workplace = workplace
        self.tasks = workplace.tasks
        self.key = key
        self.token = workplace.new_token()
        self.setWindowTitle(title)
        named(self, f"{key}.dialog", title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.body = QVBoxLayout()
        self.body.setSpacing(style.MEDIUM)
        self.form = QFormLayout()
        self.form.setSpacing(style.SMALL)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.body.addLayout(self.form)
        self.refusal = label("", "bad", wrap=True)
        named(self.refusal, f"{key}.refusal", "What was refused")
        self.refusal.hide()
        self.action = button(action, f"{key}.action", primary=True)
        self.action.setDefault(True)
        self.action.clicked.connect(self.press)
        self.cancel = button("Cancel", f"{key}.cancel")
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(self.action)
        buttons.addWidget(self.cancel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        outer.setSpacing(style.MEDIUM)
        outer.addLayout(self.body, 1)
        outer.addWidget(self.refusal)
        outer.addLayout(buttons)
        self.setMinimumWidth(460)

    def add_row(self, text: str, control: QWidget) -> QLabel:
        """A row of the form; `&` before the letter of its Alt key."""
        made = label(text, buddy=control)
        self.form.addRow(made, control)
        return made

    def submit(self) -> None:
        """Read the inputs and call `save`. Raise UserError for an input that cannot be used."""
        raise NotImplementedError

    def press(self) -> None:
        """The action's button or Enter: submit once."""
        if not self.action.isEnabled():
            return
        self.refusal.hide()
        try:
            self.submit()
        except UserError as error:
            self.refuse(error)

    def save(
        self,
        work: Callable[[Session], Result],
        said: Callable[[Result], str] | str,
        accounts: Iterable[int] | None = None,
    ) -> None:
        """Change the books in one transaction; then say what was done and close. A refusal keeps the dialog."""

        def done(result: Any) -> None:
            self.workplace.say(said if isinstance(said, str) else said(result))
            self.saved.emit(result)
            self.accept()

        self.action.setEnabled(False)
        self.tasks.write(work, done, owner=self, accounts=accounts, otherwise=self.refuse)

    def refuse(self, error: UserError) -> None:
        """Show what was refused, at its input; what was typed stays."""
        self.action.setEnabled(True)
        self.refusal.setText(error.message)
        self.refusal.show()
        point_at(self, self.key, error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A dialog whose answer is on its way cannot be left with Escape: it would not be known what happened.
        if event.key() == Qt.Key.Key_Escape and not self.action.isEnabled():
            return
        super().keyPressEvent(event)
