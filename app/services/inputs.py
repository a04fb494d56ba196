"""What is typed or imported, before it goes into the books: no endless texts, no hidden signs, no impossible amounts."""

from __future__ import annotations

import unicodedata

from app.errors import UserError
from app.money import MAX_CENTS, format_cents

LONGEST_LINE = 200
LONGEST_TEXT = 4_000
LONGEST_REASON = 1_000

# Signs that turn the order of what follows, or join words that then look like others: on a check or in a list they
# would show another name than the one that is kept.
HIDDEN = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
_ALL_KINDS_OF_LINE_ENDS = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")


def one_line(text: str, what: str, field: str, longest: int = LONGEST_LINE) -> str:
    """A name or another text of one line, trimmed, without signs that nobody sees.

    Every sign that ends a line or controls a machine becomes a space. Raises UserError for one that is too long
    (`what` begins the sentence: "A name"), or that no file can hold.
    """
    return " ".join(text_block(text, what, field, longest).split("\n")).strip()


def text_block(text: str, what: str, field: str, longest: int = LONGEST_TEXT) -> str:
    """As `one_line`, but lines stay lines and are told apart by a newline alone."""
    if len(text) > longest:
        raise UserError(f"{what} has at most {longest:,} letters; this one has {len(text):,}.", field=field)
    if text.isascii() and text.isprintable():
        return text.strip()
    for end in _ALL_KINDS_OF_LINE_ENDS:
        text = text.replace(end, "\n")
    plain = "".join(sign if sign == "\n" or unicodedata.category(sign) != "Cc" else " " for sign in text.translate(HIDDEN))
    if any(unicodedata.category(sign) == "Cs" for sign in plain):
        raise UserError(f"{what} holds a broken sign; delete it and type it again.", field=field)
    return plain.strip()


def refuse_large(cents: int, field: str) -> None:
    """Raises UserError for an amount, in cents, that somebody keyed from a phone number."""
    if abs(cents) > MAX_CENTS:
        raise UserError(f"That is too large an amount; the largest is {format_cents(MAX_CENTS)}.", field=field)
