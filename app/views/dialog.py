"""What a dialog is: a short form with one action, that posts once and keeps what was typed when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from app.errors import NotPermitted, UserError
from app.views import style
from app.views.fields import button, label, named, told_dates
from app.views.help_places import give_help
from app.views.page import point_at
from app.views.placing import hand_keys_back
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

Result = TypeVar("Result")
CHARACTERS_WIDE = 76
WIDER = 92
_BY_HAND = frozenset(
    (
        QEvent.Type.KeyPress,
        QEvent.Type.InputMethod,
        QEvent.Type.Shortcut,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.Wheel,
    )
)


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
        self._refused: UserError | None = None
        self.approve = button("Somebody else signs &in for it…", f"{key}.approve")
        self.approve.hide()
        self.approve.clicked.connect(self.ask_approval)
        self.action = button(action, f"{key}.action", primary=True)
        self.action.setDefault(True)
        self.action.clicked.connect(self.press)
        self.cancel = button("Cancel", f"{key}.cancel")
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addWidget(self.approve)
        self._beside = QSpacerItem(0, 0)
        buttons.addItem(self._beside)
        buttons.addWidget(self.action)
        buttons.addWidget(self.cancel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        outer.setSpacing(style.MEDIUM)
        outer.addLayout(self.body, 1)
        outer.addWidget(self.refusal)
        outer.addLayout(buttons)
        self.widen(CHARACTERS_WIDE)
        hand_keys_back(self)
        give_help(self)

    def widen(self, characters: int) -> None:
        """At least as wide as so many characters of the font, as far as the screen goes."""
        # Not by a least width of the dialog's own: that would take the place of what the inputs need.
        wide = min(characters * self.fontMetrics().averageCharWidth(), self.room().width())
        beside = wide - self.action.sizeHint().width() - self.cancel.sizeHint().width() - 2 * (style.SMALL + style.LARGE)
        self._beside.changeSize(max(beside, 0), 0, QSizePolicy.Policy.MinimumExpanding)

    def room(self) -> QSize:
        """How large a dialog can be on this screen."""
        return self.screen().availableGeometry().size() - QSize(4 * style.LARGE, 4 * style.LARGE)

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
        self.approve.hide()
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
            self._hold_hands(held=False)
            self.workplace.say(said if isinstance(said, str) else said(result))
            self.saved.emit(result)
            self.accept()

        # Cancel first: the cursor would move on to it, and the second of two quick Enters would press it.
        self.cancel.setEnabled(False)
        self.action.setEnabled(False)
        # What is typed meanwhile would not be saved, and `said` tells of the inputs.
        self._hold_hands(held=True)
        self.tasks.write(work, done, owner=self, accounts=accounts, otherwise=self.refuse)

    def refuse(self, error: UserError) -> None:
        """Show what was refused, at its input; what was typed stays."""
        self._hold_hands(held=False)
        self.cancel.setEnabled(True)
        self.action.setEnabled(True)
        self.refusal.setText(told_dates(error.message))
        self.refusal.show()
        self._offer_approval(error)
        self.fit()
        point_at(self, self.key, error)

    def _offer_approval(self, error: UserError) -> None:
        """What needs another role, or a second person, can be approved here: whoever may signs in for this action."""
        self._refused = error
        if not isinstance(error, NotPermitted) or not error.role or self.workplace.person is None:
            return
        who = "A second person" if error.second else f"A {error.role}" if error.role[0] != "a" else f"An {error.role}"
        self.approve.setText(f"{who} signs &in here…")
        self.approve.setAccessibleName(f"{who} signs in here")
        self.approve.show()
        self.approve.setFocus()

    def ask_approval(self) -> None:
        """Ask for somebody's sign-in, then do the action with it; the person at work stays signed in."""
        if self._refused is not None:
            self.workplace.approving.emit(self._refused, self.press, self)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit()

    def fit(self) -> None:
        """Take the height that lines which wrap need, once they have been laid out."""
        QTimer.singleShot(0, self, self._take_height)

    def _take_height(self) -> None:
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        layout.activate()
        width = max(self.width(), layout.minimumSize().width())
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self.resize(width, max(self.height(), min(wanted, self.room().height())))

    def open(self) -> None:
        """Show it without waiting; a form that is open already is not opened over itself by a second quick Enter."""
        parent = self.parentWidget()
        others = [] if parent is None else parent.window().findChildren(FormDialog, self.objectName())
        if any(other is not self and other.isVisible() for other in others):
            self.deleteLater()
            return
        super().open()

    def setVisible(self, visible: bool) -> None:
        if visible and not self.isVisible():
            self._put_buttons_last()
        super().setVisible(visible)

    def _put_buttons_last(self) -> None:
        """Tab goes through the inputs and then to the buttons, which were made before them."""
        inputs = []
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            is_stop = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
            if is_stop and widget not in (self.approve, self.action, self.cancel):
                inputs.append(widget)
            widget = widget.nextInFocusChain()
        if inputs:
            self.setTabOrder(inputs[-1], self.approve)
            self.setTabOrder(self.approve, self.action)
            self.setTabOrder(self.action, self.cancel)
        if inputs and self.focusWidget() in (None, self.action, self.cancel):
            inputs[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _hold_hands(self, *, held: bool) -> None:
        # On its own parts only: a filter on the whole program would also be handed objects that are half gone.
        for part in (self, *self.findChildren(QWidget)):
            if held:
                part.installEventFilter(self)
            else:
                part.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # In place only while the answer is on its way.
        if event.type() in _BY_HAND:
            return True
        return super().eventFilter(watched, event)

    def reject(self) -> None:
        """Escape, Cancel or the window's cross: leave it, unless the answer is on its way."""
        # It would not be known what happened.
        if self.cancel.isEnabled():
            super().reject()
