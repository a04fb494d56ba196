"""Where things stand on a statement, and how its lines fall on pages. Lengths are in points.

Places are given as distances from the top of the sheet, as the standards of envelopes and perforations
give them: first panel 4.0 in, coupon the bottom 3.5 in with its perforation at 7.5 in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from app.money import format_cents
from app.services.documents import scanline
from app.services.documents.code128 import module_count
from app.services.documents.content import ChargeLine, StatementContent
from app.services.documents.fonts import Face, wrap
from app.services.documents.sheet import INCH, LEFT, RIGHT, day_text, span_text

# Head of the first page: account details, then the summary box beside the address window.
TITLE_BASELINE = 54.0
DETAILS_TOP = 73.0
DETAILS_STEP = 12.5
SUMMARY_LEFT = 396.0
SUMMARY_TOP = 143.0
SUMMARY_FIRST = 158.0
SUMMARY_STEP = 14.0
SUMMARY_RULE = 193.0
SUMMARY_DUE = 211.0
SUMMARY_DUE_ON = 226.0
SUMMARY_BOTTOM = 234.0
PAST_DUE_TOP = 239.0
PAST_DUE_BOTTOM = 258.0
SUMMARY_PAD = 9.0

# Lines of activity and charges.
DESCRIPTION_LEFT = LEFT + 118
AMOUNT_RIGHT = RIGHT - 4
DESCRIPTION_WIDTH = AMOUNT_RIGHT - 72 - DESCRIPTION_LEFT
ROW = 12.5
HEADING = 26.0
TOTAL = 16.0
TEXT_SIZE = 8.5
BODY_TOP = 276.0
NEXT_BODY_TOP = 84.0
NEXT_BODY_BOTTOM = 744.0
CONTINUED_NOTE = 14.0

# Foot of the first page, above the coupon.
NOTES_BOTTOM = 494.0
NOTE_STEP = 11.5
NOTES_LEFT = LEFT + 9
AGING_TOP = 501.0
AGING_BOTTOM = 531.0
AGING_CAPTIONS = ("Current", "1–30 days", "31–60 days", "61–90 days", "Over 90 days", "Balance")
AGING_STEP = (RIGHT - LEFT) / len(AGING_CAPTIONS)

# The coupon.
PERFORATION = 7.5 * INCH
COUPON_HEIGHT = 3.5 * INCH
COUPON_NAME = PERFORATION + 29
COUPON_CUSTOMER = PERFORATION + 42
BARCODE_MODULE = 1.2  # 1/60 in: even a scan at 150 dots an inch can be read
BARCODE_HEIGHT = 0.42 * INCH
BARCODE_QUIET = 0.25 * INCH
BARCODE_LEFT = LEFT + BARCODE_QUIET
BARCODE_TOP = PERFORATION + 54
BARCODE_WIDTH = module_count(scanline.LENGTH) * BARCODE_MODULE
SCAN_DIGITS = BARCODE_TOP + BARCODE_HEIGHT + 13
SCAN_SIZE = 9.0
COUPON_LEFT = 396.0
COUPON_FIRST = PERFORATION + 30
COUPON_STEP = 15.0
COUPON_DUE = COUPON_FIRST + 3 * COUPON_STEP + 5
ENCLOSED_TOP = COUPON_DUE + 12
ENCLOSED_HEIGHT = 26.0
COUPON_HINT = ENCLOSED_TOP + ENCLOSED_HEIGHT + 15
AUTOPAY_HINT = COUPON_HINT + 30
AUTOPAY_TEXT = "Paid automatically: please send no check."


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the body. `kind` is "heading", "line" or "total"; all but the amount may be empty."""

    kind: str
    left: str
    description: str
    amount: str
    height: float


def body_rows(content: StatementContent) -> list[Row]:
    """Previous balance and activity, then the new charges, in the order in which they are read."""
    rows = [
        Row("heading", "Activity since your last statement", "", "", HEADING),
        Row("line", "", "Previous balance", format_cents(content.previous_balance), ROW),
    ]
    for entry in content.activity:
        rows.append(Row("line", day_text(entry.on), entry.description, format_cents(entry.cents), ROW))
    if content.charges:
        rows.append(Row("heading", "New charges", "", "", HEADING))
        for charge in content.charges:
            rows.append(Row("line", _service_days(charge), charge.description, format_cents(charge.cents), ROW))
        rows.append(Row("total", "", "Total new charges", format_cents(content.total_new_charges), TOTAL))
    return rows


def _service_days(charge: ChargeLine) -> str:
    if charge.service_from is None or charge.service_to is None:
        return ""
    return span_text(charge.service_from, charge.service_to)


def pages_of(rows: list[Row], first_bottom: float) -> list[list[Row]]:
    """The rows of each page, the first of which ends at `first_bottom`.

    A heading stays with the line after it, a total with the line before it, and a table that runs on
    gets its heading again.
    """
    room = first_bottom - BODY_TOP
    if sum([row.height for row in rows]) <= room:
        return [rows]
    room -= CONTINUED_NOTE
    pages: list[list[Row]] = []
    page: list[Row] = []
    heading = rows[0]
    for at, row in enumerate(rows):
        if row.kind == "heading":
            heading = row
        follower = rows[at + 1] if at + 1 < len(rows) else None
        together = row.height
        if follower is not None and (row.kind == "heading" or follower.kind == "total"):
            together += follower.height
        if together > room and page:
            pages.append(page)
            page, room = [], NEXT_BODY_BOTTOM - NEXT_BODY_TOP
            if row.kind != "heading":
                page.append(Row("heading", f"{heading.left} (continued)", "", "", HEADING))
                room -= HEADING
        page.append(row)
        room -= row.height
    pages.append(page)
    return pages


def note_lines(content: StatementContent) -> tuple[tuple[str, Face], ...]:
    """The automatic payment in bold, then the office's message, wrapped; at most nine lines."""
    width = RIGHT - NOTES_LEFT
    notes: list[tuple[str, Face]] = []
    if content.autopay:
        notes += [(line, Face.BOLD) for line in wrap(content.autopay, Face.BOLD, TEXT_SIZE, width, 2)]
    if content.message:
        notes += [(line, Face.REGULAR) for line in wrap(content.message, Face.REGULAR, TEXT_SIZE, width, 7)]
    return tuple(notes)


def body_bottom(notes: int) -> float:
    """Where the first page's body must end, above so many lines of notes."""
    return NOTES_BOTTOM - (notes * NOTE_STEP + 8 if notes else 0)


@lru_cache(maxsize=1024)
def balance_text(balance: int) -> str:
    """The amount due; a credit has a minus and the letters CR, as colour alone says nothing in print."""
    return f"{format_cents(balance)} CR" if balance < 0 else f"${format_cents(balance)}"
