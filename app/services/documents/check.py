"""Refund checks on voucher stock: the check, the customer's voucher and the file copy on one sheet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from reportlab.pdfgen.canvas import Canvas

from app.money import amount_in_words, format_cents
from app.services.documents import check_layout as at
from app.services.documents.batches import SHEETS_PER_FILE, WrittenFile, write_batches
from app.services.documents.content import Office, RefundCheckContent
from app.services.documents.fonts import Face, fit, load_fonts, text_width
from app.services.documents.ink import Ink
from app.services.documents.sheet import GREY, INCH, LEFT, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, day_text
from app.services.documents.stock import CheckStock, Point

_FRAME = "frame"


class RefundCheckWriter:
    """One PDF of refund checks, a sheet each; as a context manager it saves itself when all went well.

    On stock with a pre-printed MICR line nothing is drawn in the clear band of the check.
    """

    def __init__(self, path: Path, stock: CheckStock, office: Office) -> None:
        load_fonts()
        self._stock = stock
        self._canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), initialFontName=Face.REGULAR.value)
        self._canvas.setTitle("Refund checks")
        self._canvas.setAuthor(office.name)
        self._ink = Ink(self._canvas)
        self._page_matrix = _page_matrix(stock)
        self.sheets = 0
        self._canvas.beginForm(_FRAME)
        if stock.face == "blank":
            at.draw_check_face(self._ink, stock, office)
        for top, title in zip(stock.voucher_tops(), at.VOUCHER_TITLES, strict=True):
            at.draw_voucher_frame(self._ink, top * INCH, title, office)
        self._ink.flush()
        self._canvas.endForm()

    def __enter__(self) -> RefundCheckWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.save()

    def add(self, content: RefundCheckContent) -> int:
        """Draw one check with its vouchers; returns 1, its number of sheets.

        Raises ValueError for a number that is not in the stock's box and for an amount whose words do
        not fit their line.
        """
        stock = self._stock
        if not stock.first_number <= content.check_number <= stock.last_number:
            raise ValueError(
                f"check number {content.check_number} is not in the box of {stock.name}, "
                f"which holds {stock.first_number} to {stock.last_number}"
            )
        if self._page_matrix:
            self._canvas.addLiteral(self._page_matrix)
        self._canvas.doForm(_FRAME)
        self._draw_check(content)
        lines = at.voucher_lines(content)
        for top in stock.voucher_tops():
            self._draw_voucher(content, lines, top * INCH)
        self._ink.flush()
        self._canvas.showPage()
        self.sheets += 1
        return 1

    def save(self) -> None:
        """Write the file."""
        self._canvas.save()

    def _place(self, point: Point) -> Point:
        """A field's place on the page, in points from its lower left corner."""
        return point[0] * INCH, PAGE_HEIGHT - (self._stock.top + point[1]) * INCH

    def _draw_check(self, content: RefundCheckContent) -> None:
        ink, stock = self._ink, self._stock
        number_x, number_y = self._place(stock.number)
        ink.text(number_x, number_y, f"No. {content.check_number}", Face.BOLD, 10)
        x, y = self._place(stock.date)
        ink.text(x, y, day_text(content.dated), Face.REGULAR, 9.5)
        amount_x, amount_y = self._place(stock.amount)
        x, y = self._place(stock.payee)
        payee, size = fit(content.payee, Face.REGULAR, 10.5, amount_x - x - 20, 6.5)
        ink.text(x, y, payee, Face.REGULAR, size)
        figure, size = fit(at.amount_figure(content.amount), Face.MONO, 10.5, RIGHT - amount_x - 3, 6.5)
        ink.text(amount_x, amount_y, figure, Face.MONO, size)
        x, y = self._place(stock.words)
        words, size = protected_words(content.amount, stock.words_right * INCH - x)
        ink.text(x, y, words, Face.REGULAR, size)
        x, last = self._place(stock.address)
        for text, size, rise in at.address_block(content, stock):
            ink.text(x, last + rise, text, Face.REGULAR, size)
        x, y = self._place(stock.memo)
        memo, size = fit(content.memo, Face.REGULAR, 8, at.MEMO_RIGHT - x, 5.5)
        ink.text(x, y, memo, Face.REGULAR, size)

    def _draw_voucher(self, content: RefundCheckContent, lines: list[tuple[str, str, str]], top: float) -> None:
        ink = self._ink
        y = PAGE_HEIGHT - top - at.VOUCHER_DETAILS
        for column, value in zip(
            at.DETAIL_COLUMNS,
            (str(content.check_number), day_text(content.dated), content.account_number),
            strict=True,
        ):
            text, size = fit(value, Face.REGULAR, 9, 88, 6)
            ink.text(column, y, text, Face.REGULAR, size)
        payee, size = fit(content.payee, Face.REGULAR, 9, RIGHT - at.PAYEE_COLUMN, 6)
        ink.text(at.PAYEE_COLUMN, y, payee, Face.REGULAR, size)
        y = PAGE_HEIGHT - top - at.VOUCHER_ROWS
        for description, arithmetic, amount in lines:
            text, size = fit(description, Face.REGULAR, 8.5, at.ARITHMETIC_COLUMN - LEFT - 10, 6)
            ink.text(LEFT, y, text, Face.REGULAR, size)
            if arithmetic:
                text, size = fit(arithmetic, Face.REGULAR, 8.5, RIGHT - at.ARITHMETIC_COLUMN - 75, 6)
                ink.text(at.ARITHMETIC_COLUMN, y, text, Face.REGULAR, size)
            ink.text_right(RIGHT - 4, y, amount, Face.REGULAR, 8.5)
            y -= at.VOUCHER_STEP
        ink.line(at.ARITHMETIC_COLUMN, y + 8.5, RIGHT, y + 8.5, 0.5, GREY)
        ink.text(at.ARITHMETIC_COLUMN, y - 2.5, "Refunded by this check", Face.BOLD, 8.5)
        ink.text_right(RIGHT - 4, y - 2.5, format_cents(content.amount), Face.BOLD, 8.5)


def protected_words(amount: int, width: float) -> tuple[str, float]:
    """The amount (cents) in words with the rest of the line filled, and the size at which it fits `width`.

    Words are never cut: they are what the bank pays. Raises ValueError when they do not fit.
    """
    words = amount_in_words(amount)
    for size in (10.0, 9.0, 8.0, 7.0):
        room = width - text_width(words + " ", Face.REGULAR, size)
        if room >= 0:
            return f"{words} " + "*" * int(room / text_width("*", Face.REGULAR, size)), size
    raise ValueError(f"the amount of {format_cents(amount)} in words does not fit the line of the check")


def write_refund_checks(
    office: Office,
    stock: CheckStock,
    contents: Iterable[RefundCheckContent],
    path: Path,
    sheets_per_file: int = SHEETS_PER_FILE,
) -> list[WrittenFile]:
    """Checks into `path`, and `name-2.pdf`... once a file has `sheets_per_file` sheets; may run in a process
    of its own."""
    return write_batches(
        contents, path, lambda target: RefundCheckWriter(target, stock, office), lambda _: 1, sheets_per_file
    )


def _page_matrix(stock: CheckStock) -> str:
    """The operator that makes up for what the printer does, or nothing; scaled from the top left corner."""
    if (stock.offset_x, stock.offset_y, stock.scale) == (0, 0, 1):
        return ""
    right = stock.offset_x * INCH
    up = PAGE_HEIGHT * (1 - stock.scale) - stock.offset_y * INCH
    return f"{stock.scale:.5f} 0 0 {stock.scale:.5f} {right:.3f} {up:.3f} cm"
