"""What the person is told of results and refusals: a line in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from app.views import style
from app.views.fields import label, named

GOOD_STAYS_MS = 8_000
_TITLES = {"good": "Done", "warning": "Note", "bad": "Not done"}


class MessageBar(QFrame):
    """One message above the page. A good one goes away by itself, the others stay until the next or Escape.

    When another page is shown, what was said goes with the page it belonged to: a refusal and a good one at once, a
    warning once there was time to read it. Only what is said in the same breath comes along, because going to the
    other page is part of what was done then: a new account is opened, and its page is shown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "frame.message", "Message")
        self.setProperty("role", "message")
        self._title = label("", "heading")
        self._text = label("", wrap=True)
        self._text.setObjectName("frame.message-text")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setText("×")
        close.setAutoRaise(True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        named(close, "frame.message-close", "Hide the message")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.MEDIUM, style.SMALL, style.SMALL, style.SMALL)
        row.setSpacing(style.MEDIUM)
        row.addWidget(self._title)
        row.addWidget(self._text, 1)
        row.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_is_up)
        self._was_there_long = False
        self._is_just_said = False
        self._breath = QTimer(self)
        self._breath.setSingleShot(True)
        self._breath.timeout.connect(self._was_said)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown now; empty when nothing is."""
        return self._text.text() if not self.isHidden() else ""

    def show_message(self, tone: str, text: str) -> None:
        """Show a message of a tone: good, warning or bad."""
        self._title.setText(_TITLES[tone])
        style_role = "accent" if tone == "accent" else tone
        self._title.setProperty("role", style_role)
        self._text.setText(text)
        self.setProperty("tone", tone)
        self.setAccessibleDescription(f"{_TITLES[tone]}: {text}")
        for widget in (self, self._title):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show()
        from PySide6.QtGui import QAccessible, QAccessibleEvent  # their names are many, and none is needed to start

        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self._was_there_long = False
        self._is_just_said = True
        self._breath.start(0)
        self._timer.start(GOOD_STAYS_MS)

    def take_back(self, text: str) -> None:
        """This message no longer applies; another one stays."""
        if self.text == text:
            self.hide()

    def leave_page(self) -> None:
        """Another page is shown: take away what belonged to the one before."""
        tone = self.property("tone")
        stays = not self._was_there_long if tone == "warning" else tone == "good" and self._is_just_said
        if not stays:
            self.hide()

    def _was_said(self) -> None:
        self._is_just_said = False

    def _time_is_up(self) -> None:
        self._was_there_long = True
        if self.property("tone") == "good":
            self.hide()
