"""What the person is told: a line in the window for results and refusals, a dialog for bugs."""

from __future__ import annotations

import platform

from PySide6 import __version__ as qt_version
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from app import __version__
from app.faults import fault_lines
from app.views import style
from app.views.fields import button, label, named

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
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self._was_there_long = False
        self._is_just_said = True
        self._breath.start(0)
        self._timer.start(GOOD_STAYS_MS)

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


def crash_report(error: BaseException) -> str:
    """What a developer needs, without any value of a customer: versions, and where it happened."""
    versions = f"Counterfoil {__version__}, Qt {qt_version}, Python {platform.python_version()}, {platform.platform()}"
    return "\n".join([versions, "", *fault_lines(error)])


class CrashDialog(QDialog):
    """Something is wrong in the program: what that means for the work, and a report to copy."""

    def __init__(self, error: BaseException, log_file: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong in the program")
        named(self, "crash.dialog", "Something went wrong in the program")
        self.report = QPlainTextEdit(crash_report(error))
        named(self.report, "crash.report", "Report for the program's makers")
        self.report.setReadOnly(True)
        copy = button("&Copy the report", "crash.copy", primary=True)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report.toPlainText()))
        close = button("Go on &working", "crash.close")
        close.clicked.connect(self.accept)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addWidget(label("This is a fault of the program, not of yours.", "heading"))
        said = (
            "What you were saving was not saved; everything saved before is safe. You can try again. "
            "If it comes back, send the report below to the makers: it holds no name, number or amount of a customer. "
            f"The log of this PC, which holds none either, is {log_file}."
        )
        box.addWidget(label(said, wrap=True))
        box.addWidget(self.report, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(copy)
        buttons.addWidget(close)
        box.addLayout(buttons)
        self.resize(680, 420)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.accept()
        else:
            super().keyPressEvent(event)
