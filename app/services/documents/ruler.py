"""Two test pages for a printer: rulers in millimeters from the edges, and the outlines that paper must meet.

Drawn at 100% on a letter sheet. What is measured on the ruler page goes into `app.services.printermeasure`.
"""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from app.services.documents import statement_layout as at
from app.services.documents.envelope import Area, shipped_window
from app.services.documents.fonts import Face, load_fonts
from app.services.documents.sheet import INCH, PAGE_HEIGHT, PAGE_WIDTH, RIGHT
from app.services.documents.stock import CHECK_HEIGHT, MICR_BAND, CheckStock
from app.services.printermeasure import ACROSS_MM, DOWN_MM, FROM_EDGE_MM

MM = INCH / 25.4
_SHORT, _MIDDLE, _LONG = 1.5 * MM, 2.5 * MM, 4 * MM


def write_ruler_page(path: Path) -> None:
    """The page to measure: four lines at known distances, and a ruler along two of them."""
    canvas = _canvas(path, "Ruler page")
    left, right = FROM_EDGE_MM * MM, (FROM_EDGE_MM + ACROSS_MM) * MM
    top, bottom = PAGE_HEIGHT - FROM_EDGE_MM * MM, PAGE_HEIGHT - (FROM_EDGE_MM + DOWN_MM) * MM
    canvas.setLineWidth(0.4)
    for x in (left, right):
        canvas.line(x, 0, x, PAGE_HEIGHT)
    for y in (top, bottom):
        canvas.line(0, y, PAGE_WIDTH, y)
    for mm in range(int(PAGE_WIDTH / MM) + 1):
        canvas.line(mm * MM, top, mm * MM, top + _tick(mm))
        if mm % 10 == 0:
            _centred(canvas, mm * MM, top + _LONG + 2, str(mm), 6)
    for mm in range(int(PAGE_HEIGHT / MM) + 1):
        y = PAGE_HEIGHT - mm * MM
        canvas.line(left, y, left - _tick(mm), y)
        if mm % 10 == 0:
            _right(canvas, left - _LONG - 2, y - 2, str(mm), 6)
    _measures(canvas, left, right, top, bottom)
    canvas.save()


def _measures(canvas: Canvas, left: float, right: float, top: float, bottom: float) -> None:
    x, y = left + 10 * MM, top - 20 * MM
    canvas.setFont(Face.BOLD.value, 15)
    canvas.drawString(x, y, "Ruler page")
    canvas.setFont(Face.REGULAR.value, 10)
    lines = (
        "Measure with a steel ruler, to a tenth of a millimeter if you can.",
        "Type what you find into the program:",
        "",
        f"A   from the left edge of the paper to the first upright line ({FROM_EDGE_MM:.1f} mm is right)",
        f"B   from the top edge of the paper to the first level line ({FROM_EDGE_MM:.1f} mm is right)",
        f"C   between the two upright lines ({ACROSS_MM:.1f} mm is right)",
        f"D   between the two level lines ({DOWN_MM:.1f} mm is right)",
        "",
        "This page is printed without any correction.",
        "Print it on plain paper, from the tray that you measure.",
    )
    for number, line in enumerate(lines, start=1):
        canvas.drawString(x, y - 8 - number * 15, line)
    canvas.setDash(4, 3)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2 - 20 * MM
    _arrow_across(canvas, 0, left, middle_y + 30 * MM, "A")
    _arrow_down(canvas, middle_x, PAGE_HEIGHT, top, "B")
    _arrow_across(canvas, left, right, middle_y, "C")
    _arrow_down(canvas, right - 15 * MM, top, bottom, "D")
    canvas.setDash()


def write_statement_overlay(path: Path) -> None:
    """Outlines of a statement: the envelope's windows, the perforation and the boxes, for a light table."""
    canvas = _canvas(path, "Overlay test: statement")
    _area(canvas, shipped_window("number-10").safe_area(), 0, "Customer's address: must show in the #10 window")
    _area(canvas, shipped_window("number-9-return").safe_area(), at.PERFORATION, "Your address: must show in the #9 window")
    canvas.setDash(3, 3)
    canvas.line(0, PAGE_HEIGHT - at.PERFORATION, PAGE_WIDTH, PAGE_HEIGHT - at.PERFORATION)
    canvas.setDash()
    _centred(canvas, PAGE_WIDTH / 2, PAGE_HEIGHT - at.PERFORATION + 4, "Perforation, 7.5 inches from the top", 8)
    _box(canvas, at.SUMMARY_LEFT, at.SUMMARY_TOP, RIGHT, at.SUMMARY_BOTTOM, "Amount due")
    _box(canvas, at.COUPON_LEFT, at.ENCLOSED_TOP, RIGHT, at.ENCLOSED_TOP + at.ENCLOSED_HEIGHT, "Amount enclosed")
    _title(canvas, "Overlay test: statement", "Lay it over your statement paper and hold both against the light.", 400)
    canvas.save()


def write_check_overlay(path: Path, stock: CheckStock) -> None:
    """Outlines of a check sheet: where each field is written, the MICR band and the perforations."""
    canvas = _canvas(path, "Overlay test: check")
    top = stock.top * INCH
    for inches in (CHECK_HEIGHT, 2 * CHECK_HEIGHT):
        canvas.setDash(3, 3)
        canvas.line(0, PAGE_HEIGHT - inches * INCH, PAGE_WIDTH, PAGE_HEIGHT - inches * INCH)
        canvas.setDash()
    band = top + (CHECK_HEIGHT - MICR_BAND) * INCH
    _box(
        canvas, 0.2 * INCH, band, PAGE_WIDTH - 0.2 * INCH, top + CHECK_HEIGHT * INCH, "Bank's line: nothing is printed here"
    )
    fields = (
        ("Check number", stock.number, RIGHT / INCH, 0.16),
        ("Date", stock.date, RIGHT / INCH, 0.16),
        ("Payee", stock.payee, stock.amount[0] - 0.25, 0.18),
        ("Amount", stock.amount, RIGHT / INCH, 0.18),
        ("Amount in words", stock.words, stock.words_right, 0.16),
        ("Payee's address", (stock.address[0], stock.address[1]), stock.signature[0] - 0.2, 0.62),
        ("Signature", stock.signature, RIGHT / INCH, 0.0),
    )
    for name, (x, y), right, height in fields:
        _box(canvas, x * INCH, top + (y - height) * INCH, right * INCH, top + y * INCH, name)
    lower = (stock.voucher_tops()[0] + 1) * INCH
    _title(canvas, f"Overlay test: {stock.name}", "Lay it over a blank check and hold both against the light.", lower)
    canvas.save()


def _canvas(path: Path, title: str) -> Canvas:
    load_fonts()
    canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), initialFontName=Face.REGULAR.value)
    canvas.setTitle(title)
    return canvas


def _tick(mm: int) -> float:
    return _LONG if mm % 10 == 0 else _MIDDLE if mm % 5 == 0 else _SHORT


def _area(canvas: Canvas, area: Area, top: float, name: str) -> None:
    _box(canvas, area.left * INCH, top + area.top * INCH, area.right * INCH, top + area.bottom * INCH, name)


def _box(canvas: Canvas, left: float, top: float, right: float, bottom: float, name: str) -> None:
    """An outline; distances in points from the sheet's left and top."""
    canvas.setLineWidth(0.6)
    canvas.rect(left, PAGE_HEIGHT - bottom, right - left, bottom - top)
    canvas.setFont(Face.REGULAR.value, 7)
    canvas.drawString(left + 3, PAGE_HEIGHT - bottom + 3, name)


def _title(canvas: Canvas, title: str, hint: str, top: float) -> None:
    canvas.setFont(Face.BOLD.value, 13)
    canvas.drawCentredString(PAGE_WIDTH / 2, PAGE_HEIGHT - top, title)
    canvas.setFont(Face.REGULAR.value, 9)
    canvas.drawCentredString(PAGE_WIDTH / 2, PAGE_HEIGHT - top - 16, hint)


def _arrow_across(canvas: Canvas, left: float, right: float, y: float, name: str) -> None:
    canvas.line(left, y, right, y)
    _centred(canvas, (left + right) / 2, y + 3, name, 12)


def _arrow_down(canvas: Canvas, x: float, top: float, bottom: float, name: str) -> None:
    canvas.line(x, top, x, bottom)
    canvas.setFont(Face.REGULAR.value, 12)
    canvas.drawString(x + 4, (top + bottom) / 2 - 4, name)


def _centred(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    canvas.setFont(Face.REGULAR.value, size)
    canvas.drawCentredString(x, y, text)


def _right(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    canvas.setFont(Face.REGULAR.value, size)
    canvas.drawRightString(x, y, text)
