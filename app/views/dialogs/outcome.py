"""The card in a dialog that shows what is about to happen, and the form above it that scrolls when it must."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QStyle, QVBoxLayout, QWidget

from app.money import format_cents
from app.views import style
from app.views.fields import label, named, set_role

MOST_LINES = 8


class OutcomeCard(QFrame):
    """What is about to happen: lines with their amounts, then sentences; or what is still missing."""

    def __init__(self, object_name: str) -> None:
        super().__init__()
        named(self, object_name, "What will happen")
        self.setProperty("role", "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        box.setSpacing(style.SMALL)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(style.LARGE)
        self.grid.setVerticalSpacing(style.TIGHT)
        self.grid.setColumnStretch(0, 1)
        box.addLayout(self.grid)
        self.said = label("", wrap=True)
        self.said.setObjectName(f"{object_name}-said")
        box.addWidget(self.said)

    def show_text(self, text: str, role: str = "quiet") -> None:
        """A sentence alone."""
        self._clear()
        self.said.setText(text)
        set_role(self.said, role)
        self.setAccessibleDescription(text)

    def show_lines(self, lines: Sequence[tuple[str, int]], text: str) -> None:
        """Lines with cents, then sentences."""
        self._clear()
        for row, (words, cents) in enumerate(lines[:MOST_LINES]):
            self._put(row, words, format_cents(cents))
        if len(lines) > MOST_LINES:
            rest = lines[MOST_LINES:]
            self._put(MOST_LINES, f"and {len(rest)} more lines", format_cents(sum(cents for _, cents in rest)))
        self.said.setText(text)
        set_role(self.said, "")
        self.setAccessibleDescription(" ".join([*(f"{words}: {format_cents(cents)}." for words, cents in lines), text]))

    def add_text(self, text: str) -> None:
        """One more sentence after what stands there."""
        self.said.setText(f"{self.said.text()} {text}".strip())
        self.setAccessibleDescription(f"{self.accessibleDescription()} {text}".strip())

    def _put(self, row: int, words: str, amount: str) -> None:
        self.grid.addWidget(label(words, wrap=True), row, 0)
        figure = label(amount)
        figure.setFont(style.figures_font(figure.font()))
        self.grid.addWidget(figure, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def _clear(self) -> None:
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


class Fields(QScrollArea):
    """A form, as tall as it is while the screen is tall enough; then it scrolls."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = inside
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        hint = self._inside.sizeHint()
        layout = self._inside.layout()
        if layout is not None and layout.hasHeightForWidth():
            hint.setHeight(max(layout.totalHeightForWidth(max(self.width(), hint.width())), layout.sizeHint().height()))
        return hint

    def minimumSizeHint(self) -> QSize:
        hint, bar = self.sizeHint(), self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        return QSize(self._inside.minimumSizeHint().width() + bar, min(hint.height(), 6 * self.fontMetrics().height()))
