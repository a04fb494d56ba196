"""The floor of the job `refund-checks`: the same checks by a plain reportlab Canvas on one core."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from app.money import format_cents
from app.services.documents import check_layout as at
from app.services.documents.check import protected_words
from app.services.documents.content import Office, RefundCheckContent
from app.services.documents.fonts import Face, fit
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
from app.services.documents.stock import CheckStock, Point, shipped_stock
from bench.floor_statements import NAMES, load_fonts

_REGULAR, _BOLD, _MONO = NAMES[Face.REGULAR], NAMES[Face.BOLD], NAMES[Face.MONO]


def draw_checks(office: Office, contents: Iterable[RefundCheckContent], path: Path, stock: CheckStock | None = None) -> None:
    """Checks on voucher stock (the one with the check at the top, unless given), a sheet each."""
    load_fonts()
    pen = _Pen(path, office, stock or shipped_stock("voucher-top"))
    for content in contents:
        pen.check(content)
    pen.canvas.save()


class _Pen:
    """A plain canvas that draws every part of every sheet."""

    def __init__(self, path: Path, office: Office, stock: CheckStock) -> None:
        self.canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT))
        self.canvas.setTitle("Refund checks")
        self.canvas.setAuthor(office.name)
        self.office = office
        self.stock = stock

    def check(self, content: RefundCheckContent) -> None:
        self._face()
        self._fields(content)
        lines = at.voucher_lines(content)
        for top, title in zip(self.stock.voucher_tops(), at.VOUCHER_TITLES, strict=True):
            self._voucher(content, lines, top * INCH, title)
        self.canvas.showPage()

    def _place(self, point: Point) -> Point:
        return point[0] * INCH, PAGE_HEIGHT - (self.stock.top + point[1]) * INCH

    def _rule(self, x1: float, x2: float, y: float, width: float) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.line(x1, y, x2, y)

    def _face(self) -> None:
        c, office, stock = self.canvas, self.office, self.stock
        top = PAGE_HEIGHT - stock.top * INCH
        c.setFillColorRGB(*ACCENT)
        c.setFont(_BOLD, 12)
        c.drawString(LEFT, top - 0.5 * INCH, office.name)
        c.setFillColorRGB(*GREY)
        c.setFont(_REGULAR, 7.5)
        y = top - 0.5 * INCH - 13
        for line in (*office.address_lines[:3], office.phone):
            c.drawString(LEFT, y, line)
            y -= 10
        c.setFont(_BOLD, 8.5)
        c.drawString(4.1 * INCH, top - 0.5 * INCH, office.bank_name)
        c.setStrokeColorRGB(*GREY)
        c.setFont(_REGULAR, 7.5)
        x, y = self._place(stock.date)
        c.drawRightString(x - 6, y, "Date")
        self._rule(x - 3, RIGHT, y - 3, 0.5)
        x, y = self._place(stock.words)
        words_right = stock.words_right * INCH
        self._rule(x - 3, words_right + 2, y - 4, 0.5)
        c.drawString(words_right + 7, y, "Dollars")
        c.setFont(_REGULAR, 7)
        x, y = self._place(stock.payee)
        amount_x, amount_y = self._place(stock.amount)
        c.drawString(LEFT, y + 5, "Pay to the")
        c.drawString(LEFT, y - 3, "order of")
        self._rule(x - 3, amount_x - 14, y - 4, 0.5)
        c.setLineWidth(0.6)
        c.rect(amount_x - 5, amount_y - 6, RIGHT - amount_x + 5, 19)
        x, y = self._place(stock.signature)
        self._rule(x, RIGHT, y, 0.6)
        c.drawString(x, y - 9, "Authorized signature")
        c.setFont(_REGULAR, 6.5)
        x, y = self._place(stock.memo)
        c.drawRightString(x - 4, y, "Memo")
        c.setFillColorRGB(0, 0, 0)

    def _fields(self, content: RefundCheckContent) -> None:
        c, stock = self.canvas, self.stock
        c.setFont(_BOLD, 10)
        c.drawString(*self._place(stock.number), f"No. {content.check_number}")
        c.setFont(_REGULAR, 9.5)
        c.drawString(*self._place(stock.date), day_text(content.dated))
        amount_x, amount_y = self._place(stock.amount)
        x, y = self._place(stock.payee)
        text, size = fit(content.payee, Face.REGULAR, 10.5, amount_x - x - 20, 6.5)
        c.setFont(_REGULAR, size)
        c.drawString(x, y, text)
        text, size = fit(at.amount_figure(content.amount), Face.MONO, 10.5, RIGHT - amount_x - 3, 6.5)
        c.setFont(_MONO, size)
        c.drawString(amount_x, amount_y, text)
        x, y = self._place(stock.words)
        text, size = protected_words(content.amount, stock.words_right * INCH - x)
        c.setFont(_REGULAR, size)
        c.drawString(x, y, text)
        x, last = self._place(stock.address)
        for text, size, rise in at.address_block(content, stock):
            c.setFont(_REGULAR, size)
            c.drawString(x, last + rise, text)
        x, y = self._place(stock.memo)
        text, size = fit(content.memo, Face.REGULAR, 8, at.MEMO_RIGHT - x, 5.5)
        c.setFont(_REGULAR, size)
        c.drawString(x, y, text)

    def _voucher(self, content: RefundCheckContent, lines: list[tuple[str, str, str]], top: float, title: str) -> None:
        c = self.canvas
        self._voucher_frame(top, title)
        y = PAGE_HEIGHT - top - at.VOUCHER_DETAILS
        c.setFont(_REGULAR, 9)
        for x, value in zip(
            at.DETAIL_COLUMNS,
            (str(content.check_number), day_text(content.dated), content.account_number),
            strict=True,
        ):
            c.drawString(x, y, value)
        text, size = fit(content.payee, Face.REGULAR, 9, RIGHT - at.PAYEE_COLUMN, 6)
        c.setFont(_REGULAR, size)
        c.drawString(at.PAYEE_COLUMN, y, text)
        y = PAGE_HEIGHT - top - at.VOUCHER_ROWS
        for description, arithmetic, amount in lines:
            text, size = fit(description, Face.REGULAR, 8.5, at.ARITHMETIC_COLUMN - LEFT - 10, 6)
            c.setFont(_REGULAR, size)
            c.drawString(LEFT, y, text)
            text, size = fit(arithmetic, Face.REGULAR, 8.5, RIGHT - at.ARITHMETIC_COLUMN - 75, 6)
            c.setFont(_REGULAR, size)
            c.drawString(at.ARITHMETIC_COLUMN, y, text)
            c.setFont(_REGULAR, 8.5)
            c.drawRightString(RIGHT - 4, y, amount)
            y -= at.VOUCHER_STEP
        c.setStrokeColorRGB(*GREY)
        self._rule(at.ARITHMETIC_COLUMN, RIGHT, y + 8.5, 0.5)
        c.setFont(_BOLD, 8.5)
        c.drawString(at.ARITHMETIC_COLUMN, y - 2.5, "Refunded by this check")
        c.drawRightString(RIGHT - 4, y - 2.5, format_cents(content.amount))

    def _voucher_frame(self, top: float, title: str) -> None:
        c = self.canvas
        y = PAGE_HEIGHT - top - at.VOUCHER_TITLE
        c.setFillColorRGB(*ACCENT)
        c.setFont(_BOLD, 12)
        c.drawString(LEFT, y, title)
        c.setFont(_BOLD, 9)
        c.drawRightString(RIGHT, y, self.office.name)
        c.setStrokeColorRGB(*ACCENT)
        self._rule(LEFT, RIGHT, y - 6, 1.2)
        c.setFillColorRGB(*GREY)
        c.setFont(_REGULAR, 7.5)
        y = PAGE_HEIGHT - top - at.VOUCHER_CAPTIONS
        for x, caption in zip(
            (*at.DETAIL_COLUMNS, at.PAYEE_COLUMN),
            ("Check number", "Date", "Account number", "Payee"),
            strict=True,
        ):
            c.drawString(x, y, caption)
        y = PAGE_HEIGHT - top - at.VOUCHER_HEADING
        c.setFillColorRGB(*TINT)
        c.rect(LEFT - 4, y - 4.5, RIGHT - LEFT + 8, 15, stroke=0, fill=1)
        c.setFillColorRGB(0, 0, 0)
        c.setFont(_BOLD, 8)
        c.drawString(LEFT, y, "How it was worked out")
        c.drawString(at.ARITHMETIC_COLUMN, y, "Arithmetic")
        c.drawRightString(RIGHT - 4, y, "Amount")
        c.setStrokeColorRGB(*RULE)
        self._rule(LEFT - 4, RIGHT + 4, y - 4.5, 0.5)
