"""Where things stand on a check sheet, and the parts that are the same on every sheet. Lengths in points."""

from __future__ import annotations

from app.money import format_cents
from app.services.documents.content import Office, RefundCheckContent
from app.services.documents.envelope import Area
from app.services.documents.fonts import Face, fit
from app.services.documents.ink import BLACK, Ink
from app.services.documents.sheet import (
    ACCENT,
    GREY,
    INCH,
    LEFT,
    PAGE_HEIGHT,
    RIGHT,
    RULE,
    TINT,
    address_lines,
)
from app.services.documents.stock import CheckStock

MEMO_RIGHT = 4.4 * INCH
VOUCHER_TITLES = ("Your refund", "File copy")

# Down from a voucher's upper edge.
VOUCHER_TITLE = 34.0
VOUCHER_CAPTIONS = 56.0
VOUCHER_DETAILS = 68.0
VOUCHER_HEADING = 93.0
VOUCHER_ROWS = 110.0
VOUCHER_STEP = 12.5
MOST_LINES = 9

DETAIL_COLUMNS = (LEFT, LEFT + 90, LEFT + 190)
PAYEE_COLUMN = LEFT + 290
ARITHMETIC_COLUMN = LEFT + 245

ADDRESS_HEIGHT = 0.66  # inches, up from the address's last baseline to below the amount in words


def amount_figure(amount: int) -> str:
    """`$**1,234.56`: nothing can be written in front of the figure."""
    return f"$**{format_cents(amount)}"


def address_block(content: RefundCheckContent, stock: CheckStock) -> list[tuple[str, float, float]]:
    """Payee and address for a windowed check envelope: text, size and rise above the block's last line."""
    x, y = stock.address
    area = Area(x, y - ADDRESS_HEIGHT, stock.signature[0] - 0.2, y + 0.03)
    lines = address_lines((content.payee, *content.address_lines), area, 0, 9)
    last = lines[-1][1]
    return [(text, size, baseline - last) for _, baseline, text, size in lines]


def voucher_lines(content: RefundCheckContent) -> list[tuple[str, str, str]]:
    """Description, arithmetic and amount of each step; too many to print are summed in the last line."""
    worked_out = content.worked_out
    shown = worked_out if len(worked_out) <= MOST_LINES else worked_out[: MOST_LINES - 1]
    lines = [(line.description, line.arithmetic, format_cents(line.cents)) for line in shown]
    rest = worked_out[len(shown) :]
    if rest:
        total = sum([line.cents for line in rest])
        lines.append((f"{len(rest)} further lines", "listed on the account", format_cents(total)))
    return lines


def draw_check_face(ink: Ink, stock: CheckStock, office: Office) -> None:
    """What stock with a pre-printed face brings along: names, captions and lines to write on."""
    top = PAGE_HEIGHT - stock.top * INCH
    ink.text_colour(ACCENT)
    name, size = fit(office.name, Face.BOLD, 12, 220, 7)
    ink.text(LEFT, top - 0.5 * INCH, name, Face.BOLD, size)
    ink.text_colour(GREY)
    y = top - 0.5 * INCH - 13
    for line in (*office.address_lines[:3], office.phone):
        text, size = fit(line, Face.REGULAR, 7.5, 220, 6)
        ink.text(LEFT, y, text, Face.REGULAR, size)
        y -= 10
    bank, size = fit(office.bank_name, Face.BOLD, 8.5, 150, 6)
    ink.text(4.1 * INCH, top - 0.5 * INCH, bank, Face.BOLD, size)
    _draw_captions(ink, stock, top)
    ink.text_colour(BLACK)


def _draw_captions(ink: Ink, stock: CheckStock, top: float) -> None:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        return point[0] * INCH, top - point[1] * INCH

    x, y = place(stock.date)
    ink.text_right(x - 6, y, "Date", Face.REGULAR, 7.5)
    ink.line(x - 3, y - 3, RIGHT, y - 3, 0.5, GREY)
    x, y = place(stock.payee)
    amount_x, amount_y = place(stock.amount)
    ink.text(LEFT, y + 5, "Pay to the", Face.REGULAR, 7)
    ink.text(LEFT, y - 3, "order of", Face.REGULAR, 7)
    ink.line(x - 3, y - 4, amount_x - 14, y - 4, 0.5, GREY)
    ink.frame(amount_x - 5, amount_y - 6, RIGHT - amount_x + 5, 19, 0.6, GREY)
    x, y = place(stock.words)
    words_right = stock.words_right * INCH
    ink.line(x - 3, y - 4, words_right + 2, y - 4, 0.5, GREY)
    ink.text(words_right + 7, y, "Dollars", Face.REGULAR, 7.5)
    x, y = place(stock.memo)
    ink.text_right(x - 4, y, "Memo", Face.REGULAR, 6.5)
    x, y = place(stock.signature)
    ink.line(x, y, RIGHT, y, 0.6, GREY)
    ink.text(x, y - 9, "Authorized signature", Face.REGULAR, 7)


def draw_voucher_frame(ink: Ink, top: float, title: str, office: Office) -> None:
    """Title, captions and the table's heading of a voucher whose upper edge is `top` from the sheet's."""
    y = PAGE_HEIGHT - top - VOUCHER_TITLE
    ink.text_colour(ACCENT)
    ink.text(LEFT, y, title, Face.BOLD, 12)
    name, size = fit(office.name, Face.BOLD, 9, 250, 6)
    ink.text_right(RIGHT, y, name, Face.BOLD, size)
    ink.line(LEFT, y - 6, RIGHT, y - 6, 1.2, ACCENT)
    ink.text_colour(GREY)
    y = PAGE_HEIGHT - top - VOUCHER_CAPTIONS
    for x, caption in zip((*DETAIL_COLUMNS, PAYEE_COLUMN), ("Check number", "Date", "Account number", "Payee"), strict=True):
        ink.text(x, y, caption, Face.REGULAR, 7.5)
    y = PAGE_HEIGHT - top - VOUCHER_HEADING
    ink.fill(LEFT - 4, y - 4.5, RIGHT - LEFT + 8, 15, TINT)
    ink.text_colour(BLACK)
    ink.text(LEFT, y, "How it was worked out", Face.BOLD, 8)
    ink.text(ARITHMETIC_COLUMN, y, "Arithmetic", Face.BOLD, 8)
    ink.text_right(RIGHT - 4, y, "Amount", Face.BOLD, 8)
    ink.line(LEFT - 4, y - 4.5, RIGHT + 4, y - 4.5, 0.5, RULE)
