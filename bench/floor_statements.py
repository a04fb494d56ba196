"""The floor of the jobs `statements` and `statement-files`: the same statements by a plain reportlab Canvas.

The ordinary way, one core: setFont, drawString, drawRightString, line, rect, and reportlab's own Code 128
on every page. Text, places, fonts and embedding are the product's (a test compares the two pages). Base85
armour is off here too: without reportlab's optional C helper it would double the floor's time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reportlab import rl_config
from reportlab.graphics.barcode.code128 import Code128
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app import resources
from app.money import format_cents
from app.services.documents import scanline
from app.services.documents import statement_layout as at
from app.services.documents.content import Office, StatementContent
from app.services.documents.envelope import Area, shipped_window
from app.services.documents.fonts import Face, fit, wrap
from app.services.documents.sheet import (
    ACCENT,
    GREY,
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    RULE,
    TINT,
    address_lines,
    day_text,
)

NAMES = {face: f"Floor-{face.value}" for face in Face}
_REGULAR, _BOLD, _MONO = NAMES[Face.REGULAR], NAMES[Face.BOLD], NAMES[Face.MONO]


def load_fonts() -> None:
    """The product's fonts, as plain TTFonts."""
    rl_config.useA85 = 0
    if _REGULAR not in pdfmetrics.getRegisteredFontNames():
        for face in Face:
            pdfmetrics.registerFont(TTFont(NAMES[face], str(resources.path("fonts", f"{face.value}.ttf"))))


def draw_statements(
    office: Office, contents: Iterable[StatementContent], folder: Path, sheets_per_file: int = 2000
) -> list[Path]:
    """Statements into `floor-1.pdf`, `floor-2.pdf`... of at most so many sheets."""
    load_fonts()
    paths: list[Path] = []
    pen: _Pen | None = None
    for content in contents:
        if pen is not None and pen.sheets >= sheets_per_file:
            pen.canvas.save()
            pen = None
        if pen is None:
            paths.append(folder / f"floor-{len(paths) + 1}.pdf")
            pen = _Pen(paths[-1], office)
        pen.statement(content)
    if pen is not None:
        pen.canvas.save()
    return paths


def draw_statement_files(office: Office, contents: Iterable[StatementContent], folder: Path) -> list[Path]:
    """A file for each statement."""
    load_fonts()
    paths: list[Path] = []
    for content in contents:
        paths.append(folder / f"floor-{content.account_number}-{content.statement_number}.pdf")
        pen = _Pen(paths[-1], office)
        pen.statement(content)
        pen.canvas.save()
    return paths


class _Pen:
    """A plain canvas with the office's name on every page."""

    def __init__(self, path: Path, office: Office) -> None:
        self.canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT))
        self.canvas.setTitle("Statements")
        self.canvas.setAuthor(office.name)
        self.office = office
        self.sheets = 0
        self.address_area = shipped_window("number-10").safe_area()
        self.remit_area = shipped_window("number-9-return").safe_area()

    def statement(self, content: StatementContent) -> None:
        notes = at.note_lines(content)
        pages = at.pages_of(at.body_rows(content), at.body_bottom(len(notes)))
        self._letterhead()
        self._details(content, len(pages))
        self._summary(content)
        self._rows(pages[0], at.BODY_TOP)
        if len(pages) > 1:
            self.canvas.setFont(_BOLD, 7.5)
            y = PAGE_HEIGHT - at.body_bottom(len(notes)) + 4
            self.canvas.drawRightString(at.AMOUNT_RIGHT, y, "Continued on the next page")
        self._foot(content, notes)
        self._coupon_captions()
        self._coupon(content)
        self._show_page()
        for number, rows in enumerate(pages[1:], 2):
            self._continuation(content, number, len(pages), rows)

    def _show_page(self) -> None:
        self.canvas.showPage()
        self.sheets += 1

    def _letterhead(self) -> None:
        c = self.canvas
        y = PAGE_HEIGHT - at.TITLE_BASELINE
        c.setFillColorRGB(*ACCENT)
        room = at.SUMMARY_LEFT - LEFT - 16
        name, size = fit(self.office.name, Face.BOLD, 16, room, 8)
        c.setFont(_BOLD, size)
        c.drawString(LEFT, y, name)
        c.setFont(_BOLD, 16)
        c.drawRightString(RIGHT, y, "Statement")
        c.setFillColorRGB(*GREY)
        y = PAGE_HEIGHT - at.DETAILS_TOP
        for line in (*self.office.address_lines[:4], self.office.contact_line):
            text, size = fit(line, Face.REGULAR, 8.5, room, 6)
            c.setFont(_REGULAR, size)
            c.drawString(LEFT, y, text)
            y -= at.DETAILS_STEP
        c.setFont(_REGULAR, 8.5)
        y = PAGE_HEIGHT - at.DETAILS_TOP
        for caption in ("Account number", "Statement number", "Statement date", "Period", "Page"):
            c.drawString(at.SUMMARY_LEFT, y, caption)
            y -= at.DETAILS_STEP
        c.setFillColorRGB(0, 0, 0)

    def _details(self, content: StatementContent, pages: int) -> None:
        c = self.canvas
        y = PAGE_HEIGHT - at.DETAILS_TOP
        c.setFont(_REGULAR, 8.5)
        for value in (
            content.account_number,
            str(content.statement_number),
            day_text(content.statement_date),
            content.period,
            f"1 of {pages}",
        ):
            c.drawRightString(RIGHT, y, value)
            y -= at.DETAILS_STEP
        self._address((content.customer_name, *content.address_lines), self.address_area, PAGE_HEIGHT, 10)

    def _address(self, lines: tuple[str, ...], area: Area, sheet_top: float, largest: float) -> None:
        for x, y, text, size in address_lines(lines, area, sheet_top, largest):
            self.canvas.setFont(_REGULAR, size)
            self.canvas.drawString(x, y, text)

    def _summary(self, content: StatementContent) -> None:
        c = self.canvas
        left = at.SUMMARY_LEFT
        bottom = PAGE_HEIGHT - at.SUMMARY_BOTTOM
        c.setFillColorRGB(*TINT)
        c.rect(left, bottom, RIGHT - left, at.SUMMARY_BOTTOM - at.SUMMARY_TOP, stroke=0, fill=1)
        c.setFillColorRGB(0, 0, 0)
        c.setStrokeColorRGB(*ACCENT)
        c.setLineWidth(1.6)
        c.line(left, PAGE_HEIGHT - at.SUMMARY_TOP, RIGHT, PAGE_HEIGHT - at.SUMMARY_TOP)
        inner, right = left + at.SUMMARY_PAD, RIGHT - at.SUMMARY_PAD
        y = PAGE_HEIGHT - at.SUMMARY_FIRST
        c.setFont(_REGULAR, 8.5)
        activity = content.balance - content.previous_balance - content.total_new_charges
        for caption, cents in (
            ("Previous balance", content.previous_balance),
            ("Payments and activity", activity),
            ("New charges", content.total_new_charges),
        ):
            c.drawString(inner, y, caption)
            c.drawRightString(right, y, format_cents(cents))
            y -= at.SUMMARY_STEP
        c.setStrokeColorRGB(*GREY)
        c.setLineWidth(0.6)
        c.line(inner, PAGE_HEIGHT - at.SUMMARY_RULE, right, PAGE_HEIGHT - at.SUMMARY_RULE)
        y = PAGE_HEIGHT - at.SUMMARY_DUE
        c.setFont(_BOLD, 9.5)
        c.drawString(inner, y, "Your credit" if content.balance < 0 else "Amount due")
        amount, size = fit(at.balance_text(content.balance), Face.BOLD, 15, right - inner - 60, 8)
        c.setFont(_BOLD, size)
        c.drawRightString(right, y - 1, amount)
        y = PAGE_HEIGHT - at.SUMMARY_DUE_ON
        c.setFont(_REGULAR, 8.5)
        if content.balance > 0:
            c.drawString(inner, y, "Due date")
            c.setFont(_BOLD, 8.5)
            c.drawRightString(right, y, day_text(content.due_on))
        else:
            c.drawString(inner, y, "Nothing to pay")
        if content.past_due > 0:
            bottom = PAGE_HEIGHT - at.PAST_DUE_BOTTOM
            c.setStrokeColorRGB(0, 0, 0)
            c.setLineWidth(1)
            c.rect(left + 0.5, bottom, RIGHT - left - 1, at.PAST_DUE_BOTTOM - at.PAST_DUE_TOP)
            c.setFont(_BOLD, 8)
            c.drawString(inner, bottom + 6.2, "Past due, please pay now")
            c.setFont(_BOLD, 8.5)
            c.drawRightString(right, bottom + 6.2, format_cents(content.past_due))

    def _rows(self, rows: list[at.Row], top: float) -> None:
        c = self.canvas
        y = PAGE_HEIGHT - top
        for row in rows:
            y -= row.height
            if row.kind == "heading":
                c.setFillColorRGB(*ACCENT)
                c.setFont(_BOLD, 9.5)
                c.drawString(LEFT, y + 6.5, row.left)
                c.setFillColorRGB(0, 0, 0)
                c.setStrokeColorRGB(*ACCENT)
                c.setLineWidth(0.8)
                c.line(LEFT, y + 1.5, RIGHT, y + 1.5)
                continue
            face = Face.REGULAR
            if row.kind == "total":
                face = Face.BOLD
                c.setStrokeColorRGB(*GREY)
                c.setLineWidth(0.5)
                c.line(at.DESCRIPTION_LEFT, y + 12.5, RIGHT, y + 12.5)
            if row.left:
                c.setFont(NAMES[face], at.TEXT_SIZE)
                c.drawString(LEFT, y + 2.5, row.left)
            text, size = fit(row.description, face, at.TEXT_SIZE, at.DESCRIPTION_WIDTH, 6.5)
            c.setFont(NAMES[face], size)
            c.drawString(at.DESCRIPTION_LEFT, y + 2.5, text)
            c.setFont(NAMES[face], at.TEXT_SIZE)
            c.drawRightString(at.AMOUNT_RIGHT, y + 2.5, row.amount)

    def _foot(self, content: StatementContent, notes: tuple[tuple[str, Face], ...]) -> None:
        c = self.canvas
        if notes:
            bottom = PAGE_HEIGHT - at.NOTES_BOTTOM
            c.setFillColorRGB(*ACCENT)
            c.rect(LEFT, bottom, 2, at.NOTE_STEP * len(notes), stroke=0, fill=1)
            c.setFillColorRGB(0, 0, 0)
            y = bottom + 3 + at.NOTE_STEP * (len(notes) - 1)
            for text, face in notes:
                c.setFont(NAMES[face], at.TEXT_SIZE)
                c.drawString(at.NOTES_LEFT, y, text)
                y -= at.NOTE_STEP
        bottom = PAGE_HEIGHT - at.AGING_BOTTOM
        c.setFillColorRGB(*TINT)
        c.rect(LEFT, bottom, RIGHT - LEFT, at.AGING_BOTTOM - at.AGING_TOP, stroke=0, fill=1)
        c.setFillColorRGB(*GREY)
        c.setFont(_REGULAR, 7.5)
        right = LEFT - 8
        for caption in at.AGING_CAPTIONS:
            right += at.AGING_STEP
            c.drawRightString(right, bottom + 19, caption)
        c.setFillColorRGB(0, 0, 0)
        c.setFont(_REGULAR, 8.5)
        aging = content.aging
        right = LEFT - 8
        for cents in (aging.current, aging.days_1_30, aging.days_31_60, aging.days_61_90, aging.over_90):
            right += at.AGING_STEP
            c.drawRightString(right, bottom + 6.5, format_cents(cents))
        c.setFont(_BOLD, 8.5)
        c.drawRightString(RIGHT - 8, bottom + 6.5, format_cents(content.balance))

    def _coupon_captions(self) -> None:
        c = self.canvas
        perforation = PAGE_HEIGHT - at.PERFORATION
        c.setStrokeColorRGB(*GREY)
        c.setLineWidth(0.6)
        c.setDash(3, 3)
        c.line(0, perforation, PAGE_WIDTH, perforation)
        c.setDash()
        c.setFillColorRGB(*GREY)
        c.setFont(_REGULAR, 6.5)
        c.drawString(LEFT, perforation - 11, "Please detach here and send this part with your payment")
        c.setFillColorRGB(*ACCENT)
        name, size = fit(self.office.name, Face.BOLD, 10, at.COUPON_LEFT - LEFT - 20, 7)
        c.setFont(_BOLD, size)
        c.drawString(LEFT, PAGE_HEIGHT - at.COUPON_NAME, name)
        c.setFillColorRGB(*GREY)
        c.setStrokeColorRGB(*RULE)
        c.setLineWidth(0.4)
        c.setFont(_REGULAR, 8.5)
        y = PAGE_HEIGHT - at.COUPON_FIRST
        for caption in ("Account number", "Statement number", "Due date"):
            c.drawString(at.COUPON_LEFT, y, caption)
            c.line(at.COUPON_LEFT, y - 4.5, RIGHT, y - 4.5)
            y -= at.COUPON_STEP
        c.setFont(_REGULAR, 7)
        y = PAGE_HEIGHT - at.COUPON_HINT
        hint = f"Please make your check payable to {self.office.name} and write your account number on it."
        for line in wrap(hint, Face.REGULAR, 7, RIGHT - at.COUPON_LEFT, 3):
            c.drawString(at.COUPON_LEFT, y, line)
            y -= 9
        c.setFillColorRGB(0, 0, 0)
        c.setFont(_BOLD, 9.5)
        c.drawString(at.COUPON_LEFT, PAGE_HEIGHT - at.COUPON_DUE, "Amount due")
        left = at.COUPON_LEFT + 82
        bottom = PAGE_HEIGHT - at.ENCLOSED_TOP - at.ENCLOSED_HEIGHT
        c.setFont(_REGULAR, 8.5)
        c.drawString(at.COUPON_LEFT, bottom + 10, "Amount enclosed")
        c.setStrokeColorRGB(0, 0, 0)
        c.setLineWidth(1)
        c.rect(left, bottom, RIGHT - left, at.ENCLOSED_HEIGHT)
        c.setFont(_REGULAR, 10)
        c.drawString(left + 6, bottom + 9, "$")
        remit = (self.office.name, *(self.office.remit_lines or self.office.address_lines))
        self._address(remit, self.remit_area, perforation, 9.5)

    def _coupon(self, content: StatementContent) -> None:
        c = self.canvas
        text, size = fit(content.customer_name, Face.REGULAR, 8.5, at.COUPON_LEFT - LEFT - 20, 7)
        c.setFont(_REGULAR, size)
        c.drawString(LEFT, PAGE_HEIGHT - at.COUPON_CUSTOMER, text)
        digits = scanline.encode(content.account_number, content.statement_number, content.balance)
        barcode = Code128(digits, barWidth=at.BARCODE_MODULE, barHeight=at.BARCODE_HEIGHT, quiet=1, lquiet=at.BARCODE_QUIET)
        bottom = PAGE_HEIGHT - at.BARCODE_TOP - at.BARCODE_HEIGHT
        barcode.drawOn(c, at.BARCODE_LEFT - at.BARCODE_QUIET, bottom)
        c.setFont(_MONO, at.SCAN_SIZE)
        c.drawString(at.BARCODE_LEFT, PAGE_HEIGHT - at.SCAN_DIGITS, scanline.grouped(digits))
        owing = content.balance > 0
        c.setFont(_REGULAR, 9)
        y = PAGE_HEIGHT - at.COUPON_FIRST
        for value in (
            content.account_number,
            str(content.statement_number),
            day_text(content.due_on) if owing else "Nothing to pay",
        ):
            c.drawRightString(RIGHT, y, value)
            y -= at.COUPON_STEP
        c.setFont(_BOLD, 12)
        due = f"${format_cents(max(content.balance, 0))}"
        c.drawRightString(RIGHT, PAGE_HEIGHT - at.COUPON_DUE, due)
        if content.autopay and owing:
            c.setFont(_BOLD, 7.5)
            c.drawString(at.COUPON_LEFT, PAGE_HEIGHT - at.AUTOPAY_HINT, at.AUTOPAY_TEXT)

    def _continuation(self, content: StatementContent, number: int, count: int, rows: list[at.Row]) -> None:
        c = self.canvas
        y = PAGE_HEIGHT - at.TITLE_BASELINE
        c.setFillColorRGB(*ACCENT)
        c.setFont(_BOLD, 10)
        c.drawString(LEFT, y, self.office.name)
        c.setFillColorRGB(0, 0, 0)
        c.setStrokeColorRGB(*RULE)
        c.setLineWidth(0.5)
        c.line(LEFT, y - 8, RIGHT, y - 8)
        c.setFont(_REGULAR, 8.5)
        about = f"Account {content.account_number}   Statement {content.statement_number}"
        c.drawRightString(RIGHT, y, f"{about}   Page {number} of {count}")
        self._rows(rows, at.NEXT_BODY_TOP)
        self._show_page()
