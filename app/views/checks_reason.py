"""The stop before a check is posted all the same: what was found, why it is right, and only then the posting."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from app.views import style
from app.views.fields import button, label, named, told_dates


class ReasonPanel(QFrame):
    """`given(reason)` when it is to be posted, `left()` when the clerk goes back to the check (Escape)."""

    given = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "message")
        self.setProperty("tone", "warning")
        self.heading = label("", "heading")
        named(self.heading, "checks.stop", "Stopped")
        self.text = label("", wrap=True)
        named(self.text, "checks.stop-text", "Why it was stopped")
        self.reason = QLineEdit()
        named(self.reason, "checks.reason", "Reason")
        self.reason.setMaxLength(200)
        self.go = button("Post it an&yway", "checks.anyway", primary=True)
        self.back = button("Back to the check", "checks.back")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("&Reason", buddy=self.reason))
        row.addWidget(self.reason, 1)
        row.addWidget(self.go)
        row.addWidget(self.back)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.SMALL, style.LARGE, style.SMALL)
        box.setSpacing(style.SMALL)
        box.addWidget(self.heading)
        box.addWidget(self.text)
        box.addLayout(row)
        self.go.clicked.connect(self._give)
        self.reason.returnPressed.connect(self._give)
        self.back.clicked.connect(self.left)
        self.hide()

    def ask(self, heading: str, text: str, example: str) -> None:
        """Show what was found and put the cursor where the reason goes."""
        text = told_dates(text)
        self.heading.setText(heading)
        self.text.setText(text)
        self.setAccessibleName(heading)
        self.setAccessibleDescription(text)
        self.reason.setAccessibleDescription(text)
        self.reason.clear()
        self.reason.setPlaceholderText(example)
        self.show()
        self.reason.setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _give(self) -> None:
        if self.reason.text().strip():
            self.given.emit(self.reason.text().strip())
        else:
            self.reason.setPlaceholderText("Say in a few words why; Escape goes back to the check")
            self.reason.setFocus()
