"""Documents whose length depends on their tables: pages with the office's head and "Page 1 of 3".

Built on reportlab's platypus; for what is printed once a day, not for mailings. Lengths are in points.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus.tables import LongTable, Table, TableStyle

from app.money import format_cents
from app.services.documents.content import Cell, Column, Section
from app.services.documents.fonts import Face, cut, fit, load_fonts, printable, text_width
from app.services.documents.sheet import (
    ACCENT,
    GREY,
    INCH,
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    RULE,
    TINT,
    day_text,
)

WIDTH = RIGHT - LEFT
ACCENT_COLOUR, GREY_COLOUR, RULE_COLOUR, TINT_COLOUR = (Color(*c) for c in (ACCENT, GREY, RULE, TINT))

_HEAD_BASELINE = PAGE_HEIGHT - 0.72 * INCH
_FOOT_BASELINE = 0.5 * INCH
_PAGE_COUNT = "pagecount"
_CELL_SIZE = 8.5
_CELL_PAD = 4.0
_SHORT_WORDS = 48.0
_ROW_HEIGHT = 15.0
_ROOM_TO_START = 120.0  # a long table starts on a page only if some rows come with its heading


def style(name: str, size: float, *, bold: bool = False, after: float = 0, grey: bool = False) -> ParagraphStyle:
    """A paragraph style in the paper's faces."""
    return ParagraphStyle(
        name,
        fontName=(Face.BOLD if bold else Face.REGULAR).value,
        fontSize=size,
        leading=size * 1.3,
        spaceAfter=after,
        textColor=GREY_COLOUR if grey else Color(0, 0, 0),
    )


class _CountingCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Knows at the end how many pages there are, and shows it on each of them through a form."""

    def __init__(self, *args: Any, **options: Any) -> None:
        load_fonts()
        options["initialFontName"] = Face.REGULAR.value
        super().__init__(*args, **options)

    def save(self) -> None:
        self.beginForm(_PAGE_COUNT)
        self.setFont(Face.REGULAR.value, 8)
        self.setFillColorRGB(*GREY)
        self.drawString(0, 0, str(self.getPageNumber() - 1))
        self.endForm()
        super().save()


LINES_A_SHEET = 40  # about: how far a long list has come


def build(
    path: Path,
    office_name: str,
    title: str,
    subtitle: str,
    printed_on: date,
    story: list[Flowable],
    on_sheet: Callable[[int], None] = lambda _number: None,
) -> None:
    """Lay the story out on as many letter sheets as it needs and write the file.

    `on_sheet` is told each sheet's number as it is begun; what it raises ends the drawing.
    """

    def decorate(canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.setFillColorRGB(*ACCENT)
        heading, size = fit(title, Face.BOLD, 16, WIDTH * 0.6, 9)
        canvas.setFont(Face.BOLD.value, size)
        canvas.drawString(LEFT, _HEAD_BASELINE, heading)
        name, size = fit(office_name, Face.BOLD, 10, WIDTH * 0.38, 7)
        canvas.setFont(Face.BOLD.value, size)
        canvas.drawRightString(RIGHT, _HEAD_BASELINE, name)
        canvas.setFillColorRGB(*GREY)
        text, size = fit(subtitle, Face.REGULAR, 9, WIDTH, 6)
        canvas.setFont(Face.REGULAR.value, size)
        canvas.drawString(LEFT, _HEAD_BASELINE - 15, text)
        canvas.setStrokeColorRGB(*ACCENT)
        canvas.setLineWidth(1.2)
        canvas.line(LEFT, _HEAD_BASELINE - 23, RIGHT, _HEAD_BASELINE - 23)
        canvas.setFont(Face.REGULAR.value, 8)
        canvas.drawString(LEFT, _FOOT_BASELINE, f"Printed {day_text(printed_on)}")
        page = f"Page {canvas.getPageNumber()} of "
        left = RIGHT - 18 - text_width(page, Face.REGULAR, 8)
        canvas.drawString(left, _FOOT_BASELINE, page)
        canvas.saveState()
        canvas.translate(RIGHT - 18, _FOOT_BASELINE)
        canvas.doForm(_PAGE_COUNT)
        canvas.restoreState()

    top = PAGE_HEIGHT - _HEAD_BASELINE + 36
    frame = Frame(
        LEFT,
        _FOOT_BASELINE + 18,
        WIDTH,
        PAGE_HEIGHT - top - _FOOT_BASELINE - 18,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document = BaseDocTemplate(
        str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), title=f"{title}, {subtitle}", author=office_name
    )
    document.addPageTemplates([PageTemplate("page", [frame], onPage=decorate)])
    document.setProgressCallBack(lambda what, number: on_sheet(number) if what == "PAGE" else None)
    document.build(story, canvasmaker=_CountingCanvas)


def paragraph(text: str, paragraph_style: ParagraphStyle) -> Paragraph:
    """Plain text as a paragraph: signs that mean markup to reportlab stand for themselves."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Paragraph(plain, paragraph_style)


def section_flowables(section: Section) -> list[Flowable]:
    """A heading and its table; the column headings come again on every page that the table runs over."""
    heading = paragraph(section.heading, style("section", 11, bold=True, after=5))
    note = [paragraph(section.note, style("note", 8, grey=True, after=4))] if section.note else []
    if not section.rows:
        nothing = paragraph("Nothing to list.", style("empty", 8.5, grey=True))
        return [Spacer(0, 12), KeepTogether([heading, *note, nothing])]
    table = _table(section)
    if len(section.rows) <= 12:
        return [Spacer(0, 12), KeepTogether([heading, *note, table])]
    return [Spacer(0, 12), CondPageBreak(_ROOM_TO_START), heading, *note, table]


def _table(section: Section) -> Table:
    columns = section.columns
    widths = _widths(section)
    rows = [[column.heading for column in columns], *section.rows]
    if section.totals is not None:
        rows.append(list(section.totals))
    bold_rows = {0} | ({len(rows) - 1} if section.totals is not None else set())
    texts = [
        [
            _cell(value, column, width, Face.BOLD if index in bold_rows else Face.REGULAR)
            for value, column, width in zip(row, columns, widths, strict=True)
        ]
        for index, row in enumerate(rows)
    ]
    look = [
        ("FONT", (0, 0), (-1, -1), Face.REGULAR.value, _CELL_SIZE),
        ("FONT", (0, 0), (-1, 0), Face.BOLD.value, 8),
        ("BACKGROUND", (0, 0), (-1, 0), TINT_COLOUR),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, GREY_COLOUR),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE_COLOUR),
        ("LEFTPADDING", (0, 0), (-1, -1), _CELL_PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), _CELL_PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    look += [
        ("ALIGN", (index, 0), (index, -1), "RIGHT")
        for index, column in enumerate(columns)
        if column.kind in ("money", "count")
    ]
    if section.totals is not None:
        look += [
            ("FONT", (0, -1), (-1, -1), Face.BOLD.value, _CELL_SIZE),
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, GREY_COLOUR),
        ]
    return LongTable(texts, colWidths=widths, rowHeights=[_ROW_HEIGHT] * len(texts), repeatRows=1, style=TableStyle(look))


def _widths(section: Section) -> list[float]:
    """The columns' widths in points: by their shares, but none narrower than its heading and its amounts.

    What one lacks, those that have more than they need give in proportion.
    """
    columns = section.columns
    shares = sum(column.share for column in columns)
    wanted = [WIDTH * column.share / shares for column in columns]
    least = [_least(section, place) for place in range(len(columns))]
    lacking = sum(max(need - width, 0.0) for width, need in zip(wanted, least, strict=True))
    spare = sum(max(width - need, 0.0) for width, need in zip(wanted, least, strict=True))
    if lacking > spare:
        return wanted
    given = lacking / spare if spare else 0.0
    return [max(need, width - max(width - need, 0.0) * given) for width, need in zip(wanted, least, strict=True)]


def _least(section: Section, place: int) -> float:
    """What a column needs: its heading, its amounts and dates whole, of words the short ones (an account's number)."""
    column = section.columns[place]
    cells = [row[place] for row in section.rows if row[place] is not None]
    regular = max(
        (text_width(_cell(cell, column, WIDTH, Face.REGULAR), Face.REGULAR, _CELL_SIZE) for cell in cells), default=0
    )
    if column.kind == "text":
        regular = min(regular, _SHORT_WORDS)
    total = None if section.totals is None else section.totals[place]
    bold = [column.heading, *([] if total is None else [_cell(total, column, WIDTH, Face.BOLD)])]
    # A little more, so that rounding never cuts the last letter.
    return max(regular, *(text_width(text, Face.BOLD, _CELL_SIZE) for text in bold)) + 2 * _CELL_PAD + 1


def _cell(value: Cell, column: Column, width: float, face: Face) -> str:
    """A cell's text, cut to its column; money in cents becomes dollars, and is never cut."""
    if value is None:
        return ""
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, int):
        return format_cents(value) if column.kind == "money" else f"{value:,}"
    return cut(printable(value, face), face, _CELL_SIZE, width - 2 * _CELL_PAD)
