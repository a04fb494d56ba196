"""Reports of the office: key figures first, then charts, then tables on as many pages as they need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reportlab.platypus import Flowable, Spacer
from reportlab.platypus.tables import Table, TableStyle

from app.money import format_cents
from app.services.documents.charts import draw_chart
from app.services.documents.content import Chart, KeyFigure, Office, ReportContent
from app.services.documents.flow import ACCENT_COLOUR, LINES_A_SHEET, WIDTH, build, paragraph, section_flowables, style
from app.services.documents.fonts import load_fonts

_FIGURES_IN_A_ROW = 4
_CHART_HEIGHT = 170.0
_GUTTER = 18.0


def write_report(
    path: Path,
    office: Office,
    content: ReportContent,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """Write a report (month-end, day close and the like) as a PDF of letter sheets.

    `progress` is told (lines drawn, lines) about with each sheet; what it raises ends the drawing.
    """
    lines = sum(len(section.rows) for section in content.sections)
    load_fonts()
    story: list[Flowable] = []
    if content.key_figures:
        for at in range(0, len(content.key_figures), _FIGURES_IN_A_ROW):
            story += [Spacer(0, 8), _figure_tiles(content.key_figures[at : at + _FIGURES_IN_A_ROW])]
    for at in range(0, len(content.charts), 2):
        story += [Spacer(0, 14), _chart_row(content.charts[at : at + 2])]
    for section in content.sections:
        story += section_flowables(section)
    if not story:
        story.append(paragraph("Nothing to report.", style("empty", 9, grey=True)))

    def on_sheet(number: int) -> None:
        progress(min((number - 1) * LINES_A_SHEET, lines), max(lines, 1))

    build(path, office.name, content.title, content.subtitle, content.printed_on, story, on_sheet)


def _figure_tiles(figures: tuple[KeyFigure, ...]) -> Table:
    """A row of up to four: label, large value and remark."""
    label, remark = style("label", 8, grey=True), style("remark", 7.5, grey=True)
    value = style("value", 14, bold=True)
    tiles: list[object] = [
        [
            paragraph(figure.label, label),
            paragraph(_dollars(figure.value) if figure.money else f"{figure.value:,}", value),
            paragraph(figure.remark, remark),
        ]
        for figure in figures
    ]
    tiles += [""] * (_FIGURES_IN_A_ROW - len(tiles))
    look: list[tuple[object, ...]] = [
        ("LINEBEFORE", (column, 0), (column, 0), 2, ACCENT_COLOUR) for column in range(len(figures))
    ]
    look += [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table([tiles], colWidths=[WIDTH / _FIGURES_IN_A_ROW] * _FIGURES_IN_A_ROW, style=TableStyle(look))


def _dollars(cents: int) -> str:
    return f"-${format_cents(-cents)}" if cents < 0 else f"${format_cents(cents)}"


def _chart_row(charts: tuple[Chart, ...]) -> Table:
    """One chart across the page, or two side by side."""
    width = WIDTH if len(charts) == 1 else (WIDTH - _GUTTER) / 2
    drawings = [draw_chart(chart, width, _CHART_HEIGHT) for chart in charts]
    widths = [width] if len(charts) == 1 else [width + _GUTTER, width]
    look = TableStyle([(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")])
    return Table([drawings], colWidths=widths, style=look)
