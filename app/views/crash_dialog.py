"""What the person is told of a fault of the program, and the report that can be copied."""

from __future__ import annotations

import platform

from PySide6 import __version__ as qt_version
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app import __version__
from app.faults import fault_lines
from app.views import style
from app.views.fields import button, label, named


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
