"""A small painted line of days: what was, what is to come, a window, and today. Said in words to a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.views import style
from app.views.fields import named

# Of one day the first of these shows.
_STATES = ("late", "coming", "done", "today", "edge")


class Mark(NamedTuple):
    """A day on the line, its words below it. `state`: done, coming, late, today, or edge (of the window)."""

    on: date
    words: str
    state: str


class Days(NamedTuple):
    """What a line shows: from `first` to `last`, a window of days (or none) with its words, and the marks."""

    first: date
    last: date
    window: tuple[date, date, str] | None
    marks: tuple[Mark, ...]


class _Placed(NamedTuple):
    left: int
    width: int
    row: int
    middle: float
    mark: Mark


class Timeline(QWidget):
    """A line of days as wide as there is room; labels that would touch step down a row."""

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._days: Days | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_days(self, days: Days | None) -> None:
        """Show a line; None shows nothing."""
        self._days = days
        self.setVisible(days is not None)
        self.setAccessibleDescription("" if days is None else spoken(days))
        self.updateGeometry()
        self.update()

    @property
    def _band(self) -> int:
        """The height of the line with its window."""
        return self.fontMetrics().height() + style.TIGHT

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = max((placed.row for placed in self._place(width)), default=0) + 1
        return self._band + style.TIGHT + rows * self.fontMetrics().lineSpacing()

    def sizeHint(self) -> QSize:
        width = 60 * self.fontMetrics().averageCharWidth()
        return QSize(width, self.heightForWidth(max(self.width(), width)))

    def minimumSizeHint(self) -> QSize:
        return QSize(20 * self.fontMetrics().averageCharWidth(), self._band + 2 * self.fontMetrics().lineSpacing())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _x(self, day: date, width: int) -> float:
        assert self._days is not None
        span = max((self._days.last - self._days.first).days, 1)
        edge = style.SMALL
        return edge + (width - 2 * edge) * (day - self._days.first).days / span

    def _place(self, width: int) -> list[_Placed]:
        """Where each label stands: under its day, moved inside the line, on the first row with room."""
        if self._days is None:
            return []
        ends: list[int] = []
        placed = []
        metrics = self.fontMetrics()
        for mark in sorted(joined(self._days.marks), key=lambda mark: mark.on):
            middle = self._x(mark.on, width)
            wide = metrics.horizontalAdvance(mark.words)
            left = int(min(max(middle - wide / 2, 0), max(width - wide, 0)))
            row = next((n for n, end in enumerate(ends) if left >= end), len(ends))
            if row == len(ends):
                ends.append(0)
            ends[row] = left + wide + style.MEDIUM
            placed.append(_Placed(left, wide, row, middle, mark))
        return placed

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._days is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, metrics = self.palette(), self.fontMetrics()
        middle = self._band / 2
        text, line = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Mid)
        if self._days.window is not None:
            self._paint_window(painter, self._days.window)
        painter.setPen(QPen(line, 2))
        painter.drawLine(QPointF(style.SMALL, middle), QPointF(self.width() - style.SMALL, middle))
        top = self._band + style.TIGHT
        for placed in self._place(self.width()):
            self._paint_mark(painter, placed.mark.state, placed.middle, middle)
            painter.setPen(style.signal_color("bad") if placed.mark.state == "late" else text)
            where = QRectF(placed.left, top + placed.row * metrics.lineSpacing(), placed.width + 2, metrics.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, placed.mark.words)
        painter.end()

    def _paint_window(self, painter: QPainter, window: tuple[date, date, str]) -> None:
        first, last, _words = window
        left, right = self._x(first, self.width()), self._x(last, self.width())
        color = QColor(style.signal_color("accent"))
        color.setAlpha(46)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        area = QRectF(left, 0, max(right - left, 2), self._band)
        painter.drawRoundedRect(area, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_mark(self, painter: QPainter, state: str, x: float, middle: float) -> None:
        """Told apart by shape: a full dot was, a ring is to come, a cross is late, a bar is today."""
        if state == "edge":
            return
        color = style.signal_color({"done": "good", "late": "bad", "today": "quiet"}.get(state, "accent"))
        size = self._band / 4
        painter.setPen(QPen(color, 2))
        if state == "today":
            painter.drawLine(QPointF(x, 1), QPointF(x, self._band - 1))
        elif state == "late":
            painter.drawLine(QPointF(x - size, middle - size), QPointF(x + size, middle + size))
            painter.drawLine(QPointF(x - size, middle + size), QPointF(x + size, middle - size))
        else:
            painter.setBrush(color if state == "done" else self.palette().color(QPalette.ColorRole.Base))
            painter.drawEllipse(QPointF(x, middle), size, size)
            painter.setBrush(Qt.BrushStyle.NoBrush)


def joined(marks: Sequence[Mark]) -> list[Mark]:
    """Marks of one day as one, so that no two stand on each other."""
    found: dict[date, Mark] = {}
    for mark in marks:
        before = found.get(mark.on)
        if before is None:
            found[mark.on] = mark
        else:
            state = min(before.state, mark.state, key=_STATES.index)
            found[mark.on] = Mark(mark.on, f"{before.words}, {mark.words}", state)
    return [mark._replace(words=f"{mark.on:%b} {mark.on.day} {mark.words}") for mark in found.values()]


def spoken(days: Days) -> str:
    """The line in words, day by day."""
    said = [mark.words for mark in sorted(joined(days.marks), key=lambda mark: mark.on)]
    if days.window is not None:
        first, last, words = days.window
        said.append(f"{words}: {first:%b} {first.day} to {last:%b} {last.day}")
    return "; ".join(said) + "."
