"""The sheet of paper, and the few sizes and colours that all documents share. Lengths are in points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from app.services.documents.envelope import Area
from app.services.documents.fonts import Face, fit, wrap
from app.services.documents.ink import BLACK, Colour, Ink

INCH = 72.0
PAGE_WIDTH = 8.5 * INCH
PAGE_HEIGHT = 11 * INCH
LEFT = 0.6 * INCH
RIGHT = PAGE_WIDTH - LEFT

# Dark enough to read as black on a printer without colour.
ACCENT: Colour = (0.07, 0.23, 0.36)
GREY: Colour = (0.36, 0.36, 0.36)
RULE: Colour = (0.72, 0.74, 0.76)
TINT: Colour = (0.945, 0.95, 0.957)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Of a DejaVu line: from the baseline up to an accented capital, and down to a descender.
_ASCENT = 0.93
_DESCENT = 0.24
_TIGHTEST_LEADING = 1.12
_USUAL_LEADING = 1.22
_SMALLEST = 6.5
_BREAK_ABOVE_SIZE = 8.5
_WIDEST_LETTER = 0.9  # ems: a quick way to know that a short line fits


@lru_cache(maxsize=4096)
def day_text(day: date) -> str:
    """`Nov 3, 2026`, whatever the machine's language."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


@lru_cache(maxsize=4096)
def span_text(first: date, last: date) -> str:
    """`Dec 1 – Dec 31, 2026`: service days, both included."""
    if first == last:
        return day_text(first)
    if first.year == last.year:
        return f"{_MONTHS[first.month - 1]} {first.day} – {_MONTHS[last.month - 1]} {last.day}, {last.year}"
    return f"{day_text(first)} – {day_text(last)}"


def address_lines(
    lines: Sequence[str], area: Area, sheet_top: float, largest: float
) -> list[tuple[float, float, str, float]]:
    """Where the lines of an address stand: x, baseline, text and size, in points.

    They stay within `area` (inches from the panel's corner, whose top is at `sheet_top` points). A very
    long line is broken in two where there is room. All lines get one size, the largest at which they stay
    inside, down to 6.5 points; beyond that a line is cut with an ellipsis. Lines too many for the area
    are joined, the last (city and ZIP) kept apart.
    """
    top, bottom = sheet_top - area.top * INCH, sheet_top - area.bottom * INCH
    width, height = (area.right - area.left) * INCH, top - bottom
    lines = [line for line in lines if line.strip()]
    most = max(2, int((height / _SMALLEST - _ASCENT - _DESCENT) / _TIGHTEST_LEADING) + 1)
    if len(lines) < most:
        lines = [part for line in lines for part in _broken_if_long(line, width, most - len(lines) + 1)]
    if len(lines) > most:
        lines = [*lines[: most - 2], ", ".join(lines[most - 2 : -1]), lines[-1]]
    size = min(largest, height / (_ASCENT + _DESCENT + _TIGHTEST_LEADING * max(len(lines) - 1, 0)))
    fitted = [fit(line, Face.REGULAR, size, width, _SMALLEST) for line in lines]
    size = int(min((line_size for _, line_size in fitted), default=size) * 100) / 100
    leading = size * _USUAL_LEADING
    if len(lines) > 1:
        leading = min(leading, (height - (_ASCENT + _DESCENT) * size) / (len(lines) - 1))
    left, first = area.left * INCH, top - _ASCENT * size
    return [(left, first - leading * index, text, size) for index, (text, _) in enumerate(fitted)]


def draw_address(ink: Ink, lines: Sequence[str], area: Area, sheet_top: float, largest: float) -> None:
    """Draw an address as `address_lines` places it."""
    for x, y, text, size in address_lines(lines, area, sheet_top, largest):
        ink.text(x, y, text, Face.REGULAR, size)


def _broken_if_long(line: str, width: float, most: int) -> tuple[str, ...]:
    """The line in up to `most` parts, if it would otherwise have to be much smaller than its neighbours."""
    if len(line) * _WIDEST_LETTER * _BREAK_ABOVE_SIZE <= width:
        return (line,)
    return wrap(line, Face.REGULAR, _BREAK_ABOVE_SIZE, width, most)


__all__ = [
    "ACCENT",
    "BLACK",
    "GREY",
    "INCH",
    "LEFT",
    "PAGE_HEIGHT",
    "PAGE_WIDTH",
    "RIGHT",
    "RULE",
    "TINT",
    "address_lines",
    "day_text",
    "draw_address",
    "span_text",
]
