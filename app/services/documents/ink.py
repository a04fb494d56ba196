"""A page's drawing operators, written straight as PDF (ISO 32000-1, sections 8 and 9).

reportlab's Canvas keeps fonts, forms, pages and the file; only the bodies of pages that are printed by
the thousand are put together here and handed over by `Canvas.addLiteral`. Coordinates are in points
from the page's lower left corner.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reportlab.pdfgen.canvas import Canvas

from app.services.documents.fonts import Face, load_fonts, text_width, width_getter

Colour = tuple[float, float, float]
BLACK: Colour = (0.0, 0.0, 0.0)

_FONT_NAME = re.compile(r"(/\S+) [\d.]+ Tf")
_ESCAPED = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


class Ink:
    """Collects the operators of one page body after another for one document.

    Printable ASCII stands in a subset font at its own codes (reportlab's `asciiReadable`), so such text
    is written as it is. Anything else goes through a text object of the canvas, which chooses subsets.
    """

    def __init__(self, canvas: Canvas) -> None:
        load_fonts()
        self._canvas = canvas
        self._font_names = {face: self._font_name(face) for face in Face}
        self._width = {face: width_getter(face) for face in Face}
        self._graphics: list[str] = []
        self._text: list[str] = []
        self._font: tuple[Face, float] | None = None
        self._encoded = lru_cache(maxsize=2048)(self._encode)

    def _font_name(self, face: Face) -> str:
        text = self._canvas.beginText()
        text.setFont(face.value, 10)
        text.textOut("A")
        found = _FONT_NAME.search(text.getCode())
        if found is None:
            raise RuntimeError(f"the PDF library names no font for {face.value}")
        return found[1]

    def text(self, x: float, y: float, text: str, face: Face, size: float) -> None:
        """Text starting at `x` on the baseline `y`; it has passed `fonts.printable`, `fit` or `wrap`."""
        if (face, size) != self._font:
            self._font = (face, size)
            self._text.append(f"{self._font_names[face]} {size:g} Tf")
        if text.isascii() and text.isprintable():
            if "(" in text or ")" in text or "\\" in text:
                text = text.translate(_ESCAPED)
            self._text.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm ({text}) Tj")
        else:
            self._text.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm {self._encoded(text, face, size)}")
            self._font = None  # the encoded text may have ended in another subset

    def text_right(self, right: float, y: float, text: str, face: Face, size: float) -> None:
        """Text ending at `right`."""
        self.text(right - sum(map(self._width[face], text)) * size, y, text, face, size)

    def text_centred(self, middle: float, y: float, text: str, face: Face, size: float) -> None:
        self.text(middle - text_width(text, face, size) / 2, y, text, face, size)

    def text_colour(self, colour: Colour) -> None:
        """The colour of the text that follows."""
        self._text.append(_rgb(colour) + " rg")

    def operators(self, operators: str) -> None:
        """Ready-made graphics operators, drawn beneath the text."""
        self._graphics.append(operators)

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float, colour: Colour = BLACK) -> None:
        self._graphics.append(f"{_rgb(colour)} RG {width:g} w {x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S")

    def dashed(self, x1: float, x2: float, y: float, width: float, colour: Colour = BLACK) -> None:
        """A horizontal dashed line: a perforation."""
        self._graphics.append(f"q [3 3] 0 d {_rgb(colour)} RG {width:g} w {x1:.2f} {y:.2f} m {x2:.2f} {y:.2f} l S Q")

    def fill(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._graphics.append(f"{_rgb(colour)} rg {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f 0 g")

    def frame(self, x: float, y: float, width: float, height: float, line: float, colour: Colour = BLACK) -> None:
        """An empty rectangle."""
        self._graphics.append(f"{_rgb(colour)} RG {line:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re S")

    def flush(self) -> None:
        """Hand what was collected to the canvas, as part of its current page or form."""
        body = "\n".join([*self._graphics, "BT", *self._text, "ET"])
        self._graphics = []
        self._text = []
        self._font = None
        self._canvas.addLiteral(body)

    def _encode(self, text: str, face: Face, size: float) -> str:
        """The operators that show the text at the current position, in whatever subsets it needs."""
        shown = self._canvas.beginText()
        shown.setFont(face.value, size)
        shown.textOut(text)
        code: str = shown.getCode()
        start = code.index("Tm") + len("Tm")
        return code[start : code.rindex("ET")].strip()


@lru_cache(maxsize=64)
def _rgb(colour: Colour) -> str:
    return " ".join(f"{part:g}" for part in colour)
