"""Charts of the reports: bars in one dark colour with their amounts in figures, readable without colour."""

from __future__ import annotations

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String

from app.money import format_cents
from app.services.documents.content import Chart
from app.services.documents.flow import ACCENT_COLOUR, GREY_COLOUR, RULE_COLOUR
from app.services.documents.fonts import Face, cut, printable

_TITLE_ROOM = 20.0
_LABEL_ROOM = 16.0
_AXIS_ROOM = 44.0


def draw_chart(chart: Chart, width: float, height: float) -> Drawing:
    """The chart as a drawing of so many points; values are cents, axis labels whole dollars."""
    drawing = Drawing(width, height)
    heading = cut(printable(chart.heading, Face.BOLD), Face.BOLD, 9.5, width)
    drawing.add(String(0, height - 10, heading, fontName=Face.BOLD.value, fontSize=9.5))
    bars = VerticalBarChart()
    bars.x, bars.y = _AXIS_ROOM, _LABEL_ROOM
    bars.width = width - _AXIS_ROOM - 4
    bars.height = height - _LABEL_ROOM - _TITLE_ROOM - 16
    bars.data = [chart.values or (0,)]
    bars.bars[0].fillColor = ACCENT_COLOUR
    bars.bars[0].strokeColor = None
    _set_category_axis(bars, chart)
    _set_value_axis(bars, chart)
    bars.groupSpacing = 2 if chart.kind == "days" else 14
    if chart.kind == "bars":
        bars.barLabelFormat = format_cents
        bars.barLabels.fontName = Face.REGULAR.value
        bars.barLabels.fontSize = 7.5
        bars.barLabels.nudge = 7
    drawing.add(bars)
    return drawing


def _set_category_axis(bars: VerticalBarChart, chart: Chart) -> None:
    axis = bars.categoryAxis
    names = [printable(label) for label in chart.labels] or [""]
    if chart.kind == "days":  # every label would be unreadable: every fifth day and the first
        names = [name if at == 0 or (at + 1) % 5 == 0 else "" for at, name in enumerate(names)]
    axis.categoryNames = names
    axis.labels.fontName = Face.REGULAR.value
    axis.labels.fontSize = 7.5
    axis.labels.fillColor = GREY_COLOUR
    axis.labels.dy = -4
    axis.labelAxisMode = "low"
    axis.strokeColor = GREY_COLOUR
    axis.visibleTicks = 0


def _set_value_axis(bars: VerticalBarChart, chart: Chart) -> None:
    axis = bars.valueAxis
    lowest, highest = min(chart.values, default=0), max(chart.values, default=0)
    axis.forceZero = 1
    if lowest == highest == 0:
        axis.valueMin, axis.valueMax = 0, 100_00
    axis.labelTextFormat = _whole_dollars
    axis.labels.fontName = Face.REGULAR.value
    axis.labels.fontSize = 7.5
    axis.labels.fillColor = GREY_COLOUR
    axis.visibleGrid = 1
    axis.gridStrokeColor = RULE_COLOUR
    axis.gridStrokeWidth = 0.3
    axis.strokeColor = None
    axis.visibleTicks = 0
    axis.maximumTicks = 6


def _whole_dollars(cents: float) -> str:
    """An axis label: a round number of cents that reportlab chose, in dollars."""
    return f"${format_cents(round(cents))}".removesuffix(".00").replace("$-", "-$")
