"""A program that stays open over midnight: the business date is not moved, and nobody goes on with it unknowingly."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QObject, QTimer, Signal

from app.views.fields import spoken_day
from app.views.workplace import Workplace

LOOK_MS = 20_000


class NewDay(QObject):
    """`turned()`: the calendar shows another day than before, and who works on the old one has been told so."""

    turned = Signal()

    def __init__(self, workplace: Workplace, parent: QObject) -> None:
        super().__init__(parent)
        self.workplace = workplace
        self._day: date = workplace.today
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.look)
        self.timer.start(LOOK_MS)

    def look(self) -> None:
        """See whether the calendar has moved on. The business date is chosen by people, never taken from the clock."""
        today = self.workplace.today
        if today == self._day:
            return
        self._day = today
        self.turned.emit()
        on = self.workplace.on
        if on != today and self.workplace.tasks.books is not None:
            self.workplace.say(
                f"It is {spoken_day(today)} now. The business date is still {spoken_day(on)}, and what is posted is dated "
                "that day. To work on today: Ctrl+D, then T and Enter.",
                "warning",
            )
