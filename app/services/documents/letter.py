"""A letter to one customer on the office's paper, folded for a #10 window envelope: words, and tables of amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Spacer
from reportlab.platypus.tables import Table, TableStyle

from app.money import format_cents
from app.services.documents.content import Office
from app.services.documents.envelope import shipped_window
from app.services.documents.flow import RULE_COLOUR, WIDTH, paragraph, style
from app.services.documents.fonts import Face, fit, load_fonts
from app.services.documents.sheet import (
    ACCENT,
    BLACK,
    GREY,
    INCH,
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    address_lines,
    day_text,
)

_HEAD_BASELINE = PAGE_HEIGHT - 0.72 * INCH
_BODY_TOP = PAGE_HEIGHT - 3.9 * INCH  # below the first fold, so that the window shows the address alone
_BODY_BOTTOM = 0.9 * INCH
_SIZE = 10.5


@dataclass(frozen=True, slots=True)
class LetterContent:
    """What a letter says: paragraphs, tables (a heading, then words with cents), paragraphs. `on` dates it."""

    on: date
    name: str
    address: tuple[str, ...]
    subject: str
    opening: tuple[str, ...]
    tables: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    closing: tuple[str, ...]


def write_letter(path: Path, office: Office, content: LetterContent) -> None:
    """Write a letter as a PDF of letter sheets; one that is long goes on over further sheets."""
    write_letters(path, office, (content,))


def write_letters(path: Path, office: Office, letters: Sequence[LetterContent]) -> None:
    """Write letters (at least one) as one PDF, each beginning on a sheet of its own."""
    load_fonts()
    story: list[Flowable] = []
    templates: list[PageTemplate] = []
    for number, content in enumerate(letters):
        if number:
            story += [NextPageTemplate(f"first-{number}"), PageBreak()]
        story += [NextPageTemplate("more"), *_told(office, content)]
        head = partial(_draw_first_of, office, content)
        templates.append(PageTemplate(f"first-{number}", [_frame(_BODY_TOP)], onPage=head))
    title = letters[0].subject if len(letters) == 1 else f"{len(letters)} letters"
    document = BaseDocTemplate(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), title=title, author=office.name)
    more = PageTemplate("more", [_frame(_HEAD_BASELINE - 24)], onPage=lambda canvas, _: _draw_head(canvas, office))
    document.addPageTemplates([*templates, more])
    document.build(story)


def _told(office: Office, content: LetterContent) -> list[Flowable]:
    text, bold = style("letter", _SIZE, after=8), style("subject", 11.5, bold=True, after=10)
    story: list[Flowable] = [paragraph(content.subject, bold)]
    story += [paragraph(said, text) for said in content.opening]
    for heading, rows in content.tables:
        story += [paragraph(heading, style("heading", _SIZE, bold=True, after=3)), _table(rows), Spacer(0, 10)]
    return [*story, *(paragraph(said, text) for said in (*content.closing, "Sincerely,", office.name))]


def _draw_first_of(office: Office, content: LetterContent, canvas: Canvas, _document: object) -> None:
    _draw_first(canvas, office, content)


def _frame(top: float) -> Frame:
    return Frame(LEFT, _BODY_BOTTOM, WIDTH, top - _BODY_BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)


def _table(rows: tuple[tuple[str, int], ...]) -> Table:
    words, right = style("words", _SIZE), style("amount", _SIZE)
    right.alignment = 2
    cells: list[list[object]] = [[paragraph(said, words), paragraph(format_cents(cents), right)] for said, cents in rows]
    total = [paragraph("Together", style("together", _SIZE, bold=True)), None]
    if len(rows) > 1:
        sum_style = style("sum", _SIZE, bold=True)
        sum_style.alignment = 2
        total[1] = paragraph(format_cents(sum(cents for _, cents in rows)), sum_style)
        cells.append(list(total))
    look: list[tuple[object, ...]] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE_COLOUR),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(cells, colWidths=[WIDTH - 90, 90], style=TableStyle(look))


def _draw_head(canvas: Canvas, office: Office) -> None:
    canvas.setFillColorRGB(*ACCENT)
    name, size = fit(office.name, Face.BOLD, 16, WIDTH, 8)
    canvas.setFont(Face.BOLD.value, size)
    canvas.drawString(LEFT, _HEAD_BASELINE, name)
    canvas.setFillColorRGB(*BLACK)


def _draw_first(canvas: Canvas, office: Office, content: LetterContent) -> None:
    """The office's head, the date at the right, and the customer's address where the window shows it."""
    _draw_head(canvas, office)
    canvas.setFillColorRGB(*GREY)
    y = _HEAD_BASELINE - 14
    for line in (*office.address_lines[:4], office.contact_line):
        text, size = fit(line, Face.REGULAR, 8.5, WIDTH * 0.6, 6)
        canvas.setFont(Face.REGULAR.value, size)
        canvas.drawString(LEFT, y, text)
        y -= 11
    canvas.setFillColorRGB(*BLACK)
    canvas.setFont(Face.REGULAR.value, _SIZE)
    canvas.drawRightString(RIGHT, _HEAD_BASELINE, day_text(content.on))
    area = shipped_window("number-10").safe_area()
    for x, baseline, text, size in address_lines((content.name, *content.address), area, PAGE_HEIGHT, 10.5):
        canvas.setFont(Face.REGULAR.value, size)
        canvas.drawString(x, baseline, text)
