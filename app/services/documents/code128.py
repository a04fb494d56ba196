"""Code 128 (ISO/IEC 15417) in code set C: pairs of digits, as on the remittance coupon.

Drawn by a table of our own because a coupon's bars are drawn for every statement: what stands at
a given place for a given pair of digits is always the same few rectangles.
"""

from __future__ import annotations

_START_C = 105
_STOP = "2331112"
_MODULUS = 103

# Widths of bar, space, bar, space, bar, space in modules for the values 0 to 105 (ISO/IEC 15417, table 1).
_WIDTH_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 "
    "122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 "
    "322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 "
    "112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 "
    "331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 "
    "112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 "
    "411311 113141 114131 311141 411131 211412 211214 211232"
)
_WIDTHS = _WIDTH_TABLE.split()
_MODULES_PER_SYMBOL = 11


def symbol_values(digits: str) -> list[int]:
    """Start, data and checksum values of an even number of digits (the stop pattern is not among them)."""
    if len(digits) % 2 or not digits.isascii() or not digits.isdigit():
        raise ValueError("code set C takes an even number of digits")
    pairs = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    checksum = _START_C
    for weight, value in enumerate(pairs, 1):
        checksum += weight * value
    return [_START_C, *pairs, checksum % _MODULUS]


def module_count(digit_count: int) -> int:
    """How many modules wide the symbol for so many digits is, without quiet zones."""
    symbols = digit_count // 2 + 2
    return symbols * _MODULES_PER_SYMBOL + sum(map(int, _STOP))


class Code128C:
    """Draws Code 128 symbols at one place of the page; lengths are in points.

    `operators(digits)` gives PDF operators that fill one rectangle a bar; each is filled by itself, as
    printers and viewers then set its edges on whole dots.
    """

    def __init__(self, left: float, bottom: float, module: float, height: float) -> None:
        self._left = left
        self._bottom = bottom
        self._module = module
        self._height = height
        self._drawn: dict[tuple[int, int], str] = {}
        self._stops: dict[int, str] = {}

    def operators(self, digits: str) -> str:
        drawn = self._drawn
        parts: list[str] = []
        values = symbol_values(digits)
        for place in enumerate(values):
            rectangles = drawn.get(place)
            if rectangles is None:
                rectangles = drawn[place] = self._rectangles(place[0], _WIDTHS[place[1]])
            parts.append(rectangles)
        stop = self._stops.get(len(values))
        if stop is None:
            stop = self._stops[len(values)] = self._rectangles(len(values), _STOP)
        parts.append(stop)
        return " ".join(parts)

    def _rectangles(self, index: int, widths: str) -> str:
        module = index * _MODULES_PER_SYMBOL
        rectangles: list[str] = []
        for at, width in enumerate(map(int, widths)):
            if at % 2 == 0:
                left = self._left + module * self._module
                rectangles.append(f"{left:.3f} {self._bottom:.2f} {width * self._module:.3f} {self._height:.2f} re f")
            module += width
        return " ".join(rectangles)
