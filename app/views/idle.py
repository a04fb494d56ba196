"""Whether somebody is at the PC: the minutes without a key or a movement after which it is locked."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

import shiboken6
from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QWidget

from app.views.workplace import Workplace

IDLE_MINUTES = "desk/idle-minutes"
DEFAULT_MINUTES = 10
LOOK_MS = 5_000
_BY_HAND = frozenset(
    (
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    )
)


def idle_minutes(workplace: Workplace) -> int:
    """After how many minutes without a key or a movement this PC is locked; 0: never."""
    return max(workplace.settings.number(IDLE_MINUTES, DEFAULT_MINUTES), 0)


def seconds() -> int:
    """Whole seconds of a clock that nobody sets."""
    return monotonic_ns() // 1_000_000_000


class IdleWatch(QObject):
    """`idle()` when no key was pressed and nothing moved for the PC's minutes; `clock` gives seconds."""

    idle = Signal()

    def __init__(self, workplace: Workplace, window: QWidget, clock: Callable[[], int] = seconds) -> None:
        super().__init__(window)
        self.workplace = workplace
        self.clock = clock
        self._last = clock()
        self._watched: list[QWindow] = []
        # Only the events that come to the windows themselves pass here, not each of the many between widgets.
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._watch)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)

    def touch(self) -> None:
        """Somebody is there."""
        self._last = self.clock()

    def look(self) -> None:
        """See whether it has been long enough."""
        minutes = idle_minutes(self.workplace)
        if minutes and self.workplace.person is not None and self.clock() - self._last >= minutes * 60:
            self.touch()
            self.idle.emit()

    def _watch(self, window: QWindow | None) -> None:
        self.touch()
        self._watched = [known for known in self._watched if shiboken6.isValid(known)]
        if window is not None and window not in self._watched:
            self._watched.append(window)
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _BY_HAND:
            self._last = self.clock()
        return False
