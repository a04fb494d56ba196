"""What a ruler on a printed test page tells about a printer: how to move and scale pages so that they fit."""

from __future__ import annotations

from typing import NamedTuple

from app.errors import UserError

FROM_EDGE_MM = 20.0
ACROSS_MM = 170.0
DOWN_MM = 240.0

# More than this is no printer's slip: the page was fitted to the sheet, or the ruler was read wrongly.
_FARTHEST_MM = 12.0
_LARGEST_CHANGE = 0.08
_DIFFERENT_SCALES = 0.006


class Measured(NamedTuple):
    """Millimetres read on the ruler page: edge to line, left and top; between the lines, across and down."""

    left_mm: float
    top_mm: float
    across_mm: float
    down_mm: float


class Correction(NamedTuple):
    """Millimetres to the right and down, and a factor, that put the printer right."""

    right_mm: float
    down_mm: float
    scale: float


def parse_mm(typed: str, field: str) -> float:
    """A length as it is typed: `20`, `20.3`, `20.3 mm`. Raises UserError at `field`."""
    text = typed.strip().removesuffix("mm").strip()
    whole, _, part = text.partition(".")
    if not (whole.isdecimal() and (not part or part.isdecimal()) and len(text) <= 8 and text.isascii()):
        raise UserError("Type the millimeters that you measured, such as 20.3.", field=field)
    return float(text)


def correction(measured: Measured) -> Correction:
    """What must be done to a page so that it comes out true.

    The printer puts a point that should be at x to d*x + o; drawing it at (x - o) / d instead puts it right.
    Raises UserError for a measure that no printer makes.
    """
    for field, value, right in (
        ("left", measured.left_mm, FROM_EDGE_MM),
        ("top", measured.top_mm, FROM_EDGE_MM),
    ):
        if abs(value - right) > _FARTHEST_MM:
            raise UserError(f"{right:.1f} mm is right there; {value:.1f} cannot be. Measure again.", field=field)
    for field, value, right in (("across", measured.across_mm, ACROSS_MM), ("down", measured.down_mm, DOWN_MM)):
        if abs(value / right - 1) > _LARGEST_CHANGE:
            raise UserError(
                f"{right:.1f} mm is right there; {value:.1f} means that the page was shrunk or enlarged on its way. "
                "Print the ruler page from this program, at 100%, and measure again.",
                field=field,
            )
    across, down = measured.across_mm / ACROSS_MM, measured.down_mm / DOWN_MM
    if abs(across - down) > _DIFFERENT_SCALES:
        raise UserError("Across and down do not agree: a printer enlarges both alike. Measure both again.", field="down")
    made = (across + down) / 2
    return Correction(
        _exact_zero((made * FROM_EDGE_MM - measured.left_mm) / made),
        _exact_zero((made * FROM_EDGE_MM - measured.top_mm) / made),
        1 / made,
    )


def _exact_zero(value: float) -> float:
    """A length without the dust of the arithmetic, in thousandths of a millimeter."""
    return round(value, 3) + 0.0


def measured_again(applied: Correction) -> Measured:
    """What the ruler page would show on a printer that needs this correction."""
    made = 1 / applied.scale
    return Measured(
        made * FROM_EDGE_MM - applied.right_mm * made,
        made * FROM_EDGE_MM - applied.down_mm * made,
        ACROSS_MM * made,
        DOWN_MM * made,
    )
