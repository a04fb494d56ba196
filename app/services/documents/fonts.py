"""The embedded fonts, and everything about fitting text: widths, clean-up, shrinking, wrapping.

DejaVu Sans Condensed carries Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic letters, and
its figures are tabular. Lengths are in points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import Enum
from functools import cache, lru_cache

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics

from app import resources
from app.services.documents.embedding import ReusedSubsetFont

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"


class Face(Enum):
    """The three faces of the paper; the value is the name under which reportlab knows the font."""

    REGULAR = "DejaVuSansCondensed"
    BOLD = "DejaVuSansCondensed-Bold"
    MONO = "DejaVuSansMono"

    __hash__ = object.__hash__  # members are single objects, and an Enum's own hash is slow in inner loops


@cache
def load_fonts() -> None:
    """Register the faces with reportlab, once a process."""
    rl_config.useA85 = 0  # ASCII armour for seven-bit mail lines of old: a fifth more bytes, half of the time
    for face in Face:
        file_name = str(resources.path("fonts", f"{face.value}.ttf"))
        pdfmetrics.registerFont(ReusedSubsetFont(face.value, file_name))


@cache
def _char_widths(face: Face) -> dict[str, float]:
    """Advance widths for one point of size, of all characters that the face has and a PDF can name."""
    load_fonts()
    glyphs = pdfmetrics.getFont(face.value).face
    return {chr(code): glyphs.getCharWidth(code) / 1000 for code in glyphs.charToGlyph if code <= 0xFFFF}


def text_width(text: str, face: Face, size: float) -> float:
    """The width in points of text that `printable` has passed."""
    return sum(map(_char_widths(face).__getitem__, text)) * size


def width_getter(face: Face) -> Callable[[str], float]:
    """A character's width for one point of size, for inner loops."""
    return _char_widths(face).__getitem__


def printable(text: str, face: Face = Face.REGULAR) -> str:
    """The text in characters that the face has, in the order in which they stand on paper.

    Control characters become blanks; missing glyphs (and those beyond the Basic Multilingual Plane,
    which the font's ToUnicode table cannot name) become U+FFFD, so that a gap is seen and not guessed.
    Right-to-left words come out turned round, so text must pass here exactly once.
    """
    if text.isascii() and text.isprintable():
        return text
    return _printable(text, face)


@lru_cache(maxsize=4096)
def _printable(text: str, face: Face) -> str:
    known = _char_widths(face)
    kept: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char.isspace() or category == "Cc":
            kept.append(" ")
        elif category != "Cf":  # joiners and direction marks have no ink
            kept.append(char if char in known else REPLACEMENT)
    return _visual_order("".join(kept))


def _visual_order(text: str) -> str:
    """Right-to-left runs turned round, as PDF shows characters left to right.

    A plain reading of the Unicode bidirectional algorithm for names in a left-to-right document: digits
    keep their order, letters are not joined.
    """
    if not any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
        return text
    words = text.split(" ")
    out: list[str] = []
    run: list[str] = []
    for word in words:
        if any(unicodedata.bidirectional(char) in ("R", "AL") for char in word):
            run.append(_turned(word))
        else:
            out += reversed(run)
            run = []
            out.append(word)
    out += reversed(run)
    return " ".join(out)


def _turned(word: str) -> str:
    """A word with right-to-left letters in the order in which they are drawn; marks follow their letter."""
    clusters: list[str] = []
    for char in word:
        is_digit = unicodedata.bidirectional(char) == "EN"
        if clusters and (unicodedata.combining(char) or (is_digit and clusters[-1][-1].isdigit())):
            clusters[-1] += char
        else:
            clusters.append(char)
    return "".join(reversed(clusters))


def fit(text: str, face: Face, size: float, max_width: float, min_size: float) -> tuple[str, float]:
    """Printable text and a size at which it is at most `max_width` wide: shrunk first, then cut."""
    text = printable(text, face)
    width = text_width(text, face, size)
    if width <= max_width:
        return text, size
    if width * min_size / size <= max_width:
        return text, int(max_width / width * size * 100) / 100
    return cut(text, face, min_size, max_width), min_size


def cut(text: str, face: Face, size: float, max_width: float) -> str:
    """Printable text cut to the width with an ellipsis."""
    widths = _char_widths(face)
    room = max_width / size
    if sum(map(widths.__getitem__, text)) <= room:
        return text
    room -= widths[ELLIPSIS]
    kept = 0
    for char in text:
        room -= widths[char]
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


@lru_cache(maxsize=512)
def wrap(text: str, face: Face, size: float, width: float, max_lines: int) -> tuple[str, ...]:
    """Printable lines of at most `width`; a word longer than a line is broken, what is too much is cut."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in printable(paragraph, face).split():
            longer = f"{line} {word}" if line else word
            if text_width(longer, face, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            while text_width(word, face, size) > width:
                kept = _prefix_that_fits(word, face, size, width)
                lines.append(word[:kept])
                word = word[kept:]
            line = word
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) > max_lines:
        last = cut(f"{lines[max_lines - 1]} {ELLIPSIS}", face, size, width)
        lines = [*lines[: max_lines - 1], last]
    return tuple(lines)


def _prefix_that_fits(word: str, face: Face, size: float, width: float) -> int:
    kept = len(word)
    while kept > 1 and text_width(word[:kept], face, size) > width:
        kept -= 1
    return kept
