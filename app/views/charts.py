"""Bar charts that follow the palette. Whoever shows one also shows its figures as text, for eyes and for ears."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCharts import QBarCategoryAxis, QBarSeries, QBarSet, QChart, QChartView, QValueAxis
from PySide6.QtCore import QEvent, QMargins, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.money import format_cents
from app.views.fields import named
from app.views.style import signal_color


class BarChart(QChartView):
    """Amounts as bars, one a label. Pointing at a bar says its amount."""

    def __init__(self, object_name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        # What it shows stands beside it as text; the cursor has nothing to do here.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(QChartView.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._labels: list[str] = []
        self._full_labels: list[str] = []
        self._cents: list[int] = []
        self._series = QBarSeries()
        self._series.setBarWidth(0.7)
        self._series.hovered.connect(self._say)
        self._bars = QBarSet("")
        self._series.append(self._bars)
        self._across = QBarCategoryAxis()
        self._up = QValueAxis()
        chart = self.chart()
        chart.addSeries(self._series)
        chart.addAxis(self._across, Qt.AlignmentFlag.AlignBottom)
        chart.addAxis(self._up, Qt.AlignmentFlag.AlignLeft)
        self._series.attachAxis(self._across)
        self._series.attachAxis(self._up)
        chart.legend().hide()
        chart.setMargins(QMargins(0, 0, 0, 0))
        chart.setBackgroundVisible(False)
        # What lies behind it, a card or a page, shows through.
        self.setBackgroundBrush(Qt.BrushStyle.NoBrush)
        self.viewport().setAutoFillBackground(False)
        self._across.setTruncateLabels(False)
        chart.setAnimationOptions(QChart.AnimationOption.NoAnimation)
        self._take_colors()

    def show_bars(self, bars: Sequence[tuple[str, int]], *, every: int = 1, said: str = "") -> None:
        """Show (label, cents) bars, with every `every`-th label written below; `said` describes them in words."""
        self._full_labels = [label for label, _ in bars]
        self._labels = [label if place % every == 0 else " " * (place + 1) for place, (label, _) in enumerate(bars)]
        self._cents = [cents for _, cents in bars]
        self._bars.remove(0, self._bars.count())
        self._bars.append([cents / 100 for cents in self._cents])
        self._across.clear()
        self._across.append(self._labels)
        top = _round_top(max(self._cents, default=0))
        self._up.setRange(min(0, min(self._cents, default=0) / 100), top)
        self._up.setTickCount(3)
        self._up.setLabelFormat("%'.0f" if top >= 2 else "%.2f")
        self.setAccessibleDescription(said or "; ".join(f"{label}: {format_cents(cents)}" for label, cents in bars))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_up"):
            self._take_colors()

    def _take_colors(self) -> None:
        palette = self.palette()
        self._bars.setColor(signal_color("accent"))
        self._bars.setBorderColor(QColor(Qt.GlobalColor.transparent))
        font = self.font()
        for axis in (self._across, self._up):
            axis.setLabelsFont(font)
            axis.setLabelsColor(palette.color(QPalette.ColorRole.WindowText))
            axis.setLinePenColor(palette.color(QPalette.ColorRole.Mid))
        self._across.setGridLineVisible(False)
        self._up.setGridLineColor(palette.color(QPalette.ColorRole.Midlight))
        self._up.setLineVisible(False)

    def _say(self, entered: bool, place: int) -> None:
        if entered and 0 <= place < len(self._cents):
            where = self.mapToGlobal(self.rect().topLeft())
            QToolTip.showText(
                self.cursor().pos() if self.underMouse() else where,
                f"{self._full_labels[place]}: {format_cents(self._cents[place])}",
                self,
            )


def _round_top(cents: int) -> float:
    """The end of the scale in dollars: the next 1, 2 or 5 of its power of ten."""
    dollars, power = max(cents, 1) / 100, 1.0
    while power * 10 <= dollars:
        power *= 10
    while power > dollars and power > 0.01:
        power /= 10
    return next((power * step for step in (1, 2, 4, 5, 6, 8, 10) if power * step >= dollars), power * 10)
