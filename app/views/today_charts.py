"""The two charts of Today: what came in, and what is owed by age. Each says its figures as text too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.money import format_cents
from app.views import style
from app.views.charts import BarChart
from app.views.fields import format_day, label, named

if TYPE_CHECKING:
    from app.services.aging import AgingTotals
    from app.services.todayfigures import DayReceipts

AGES = ("Not due", "1-30", "31-60", "61-90", "Over 90")
LEAST_HEIGHT_IN_LINES = 6


class TodayCharts(QWidget):
    """Receipts of the last days beside the aging."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "today.charts", "Receipts and aging")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.LARGE)
        self.receipts = BarChart("today.receipts", "Receipts by day")
        self.aging = BarChart("today.aging", "Owed by days past due")
        self.receipts_words = _Figures("today.receipts-figures", "Receipts in figures")
        self.aging_words = _Figures("today.aging-figures", "Aging in figures")
        row.addWidget(_card("Receipts of the last 30 days", self.receipts, self.receipts_words), 1)
        row.addWidget(_card("Owed, by days past due", self.aging, self.aging_words), 1)

    def show_figures(self, receipts: list[DayReceipts], aging: AgingTotals) -> None:
        """Draw both, and write their figures."""
        total = sum(day.cents for day in receipts)
        best = max(receipts, key=lambda day: day.cents)
        last = receipts[-1]
        figures = [("30 days", total), (format_day(last.on), last.cents)]
        if best.cents:
            figures.append((f"Most, on {best.on:%m/%d}", best.cents))
        self.receipts_words.show_figures(figures)
        bars = [(f"{day.on:%m/%d}", day.cents) for day in receipts]
        received = [f"{format_day(day.on)}: {format_cents(day.cents)}" for day in receipts if day.cents]
        self.receipts.show_bars(bars, every=7, said="; ".join(received) or "Nothing was received in these 30 days")
        aged = list(zip(AGES, aging[:5], strict=True))
        self.aging.show_bars(aged)
        self.aging_words.show_figures([*aged, ("Credits", aging.credit), ("Receivable", sum(aging))])


class _Figures(QWidget):
    """Captions with amounts below them, as many beside each other as there is room for."""

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.MEDIUM)
        self._grid.setVerticalSpacing(0)
        self._pairs: list[tuple[QLabel, QLabel]] = []
        self._across = 0

    def show_figures(self, figures: list[tuple[str, int]]) -> None:
        """Show (caption, cents) pairs."""
        for pair in self._pairs:
            for widget in pair:
                self._grid.removeWidget(widget)
                widget.deleteLater()
        self._pairs = []
        for caption, cents in figures:
            amount = label(format_cents(cents))
            amount.setFont(style.figures_font(amount.font()))
            self._pairs.append((label(caption, "quiet"), amount))
        self._across = 0
        self._lay_out()
        self.setAccessibleDescription("; ".join(f"{caption}: {format_cents(cents)}" for caption, cents in figures))

    def minimumSizeHint(self) -> QSize:
        # Narrower than its content it takes more rows, so its width must not hold the card open.
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        if not self._pairs:
            return
        widest = max(max(part.sizeHint().width() for part in pair) for pair in self._pairs) + style.MEDIUM
        across = min(len(self._pairs), max(1, (self.width() + style.MEDIUM) // widest))
        if across == self._across:
            return
        if self._across:
            self._grid.setColumnStretch(self._across, 0)
        self._across = across
        for place, (caption, amount) in enumerate(self._pairs):
            row, column = divmod(place, across)
            self._grid.addWidget(caption, 2 * row, column)
            self._grid.addWidget(amount, 2 * row + 1, column)
        self._grid.setColumnStretch(across, 1)


def _card(title: str, chart: BarChart, figures: _Figures) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    box = QVBoxLayout(card)
    box.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
    box.setSpacing(style.SMALL)
    box.addWidget(label(title, "heading"))
    box.addWidget(figures)
    chart.setMinimumHeight(chart.fontMetrics().height() * LEAST_HEIGHT_IN_LINES)
    box.addWidget(chart, 1)
    return card
