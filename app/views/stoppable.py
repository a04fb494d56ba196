"""How long work is shown: a bar that fills, and a button that stops it at the next safe point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from app.errors import Cancelled
from app.views import style
from app.views.fields import button, named

if TYPE_CHECKING:
    from app.views.tasks import Progress, Run


SHOWN_AFTER_MS = 300


def until_stopped(progress: Progress, cancelled: Callable[[], bool]) -> Progress:
    """A progress that raises Cancelled once somebody asked to stop, for work that asks for nothing else."""

    def told(done: int, of: int) -> None:
        if cancelled():
            raise Cancelled
        progress(done, of)

    return told


class StopBar(QWidget):
    """Seen while a run is under way. `stopped`, where one is given, is called when it ended because of the button."""

    def __init__(self, key: str, accessible: str, stop: str = "S&top") -> None:
        super().__init__()
        named(self, f"{key}-working", accessible)
        self.bar = QProgressBar()
        named(self.bar, f"{key}-progress", accessible)
        self.stop = button(stop, f"{key}-stop", tip="Stop at the next safe point; nothing half done is kept")
        self.stop.setAccessibleName(f"Stop: {accessible}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SMALL)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.is_busy = False
        # What is done at once shows no bar.
        self._soon = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._soon.timeout.connect(self.show)
        self.hide()

    def follow(self, run: Run, stopped: Callable[[], None] | None = None) -> None:
        """Show a run until it has ended."""
        self.bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self.is_busy = True
        self._soon.start()

        def told(done: int, of: int) -> None:
            self.bar.setRange(0, of)
            self.bar.setValue(done)

        def ask() -> None:
            run.cancel()
            # Asking twice stops it no sooner; the cursor stays where Enter does nothing.
            self.stop.setEnabled(False)

        def ended() -> None:
            self.stop.clicked.disconnect(asked)
            self.is_busy = False
            self._soon.stop()
            self.hide()
            if run.is_cancelled() and stopped is not None:
                stopped()

        asked = self.stop.clicked.connect(ask)
        run.progressed.connect(told)
        run.finished.connect(ended)
