"""What stands in the window while an office is opened and, if need be, brought to this version."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from app.views import style
from app.views.fields import label, named


class OpeningPage(QWidget):
    """A line of words; below it a bar from the first progress on, when `upgrading()` is emitted too."""

    upgrading = Signal()
    _progressed = Signal(int, int)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.words = label(f"Opening {path} …", "quiet", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar = QProgressBar()
        named(self.bar, "opening.progress", "How far the office is brought to this version")
        self.bar.setMaximumWidth(self.bar.fontMetrics().averageCharWidth() * 60)
        self.bar.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(style.WIDE, style.LARGE, style.WIDE, style.LARGE)
        box.setSpacing(style.LARGE)
        box.addStretch(1)
        box.addWidget(self.words)
        box.addWidget(self.bar, alignment=Qt.AlignmentFlag.AlignHCenter)
        box.addStretch(1)
        self._progressed.connect(self._show)

    def progress(self, done: int, of: int) -> None:
        """How far the upgrade is; may be called in any thread."""
        self._progressed.emit(done, of)

    def _show(self, done: int, of: int) -> None:
        if self.bar.isHidden():
            self.words.setText(
                f"{self.path} is of an older version. It is backed up and brought to this one, once; every row is sealed "
                "anew. Leave this PC on …"
            )
            self.bar.setMinimumWidth(self.bar.maximumWidth())
            self.bar.show()
            self.upgrading.emit()
        self.bar.setRange(0, of)
        self.bar.setValue(done)
