"""What one cell of a customer list may hold: each function reads or judges the text of a single cell."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

from app.money import parse_cents
from app.services.inputs import HIDDEN

MAX_CELL_CHARACTERS = 500
MAX_AMOUNT_CENTS = 100_000_000
MAX_LABEL_DIGITS = 7
SHORTEST_CARD_NUMBER = 13
EARLIEST_YEAR = 1900
SHOWN_CHARACTERS = 60

CARD_REASON = "this looks like a full card or bank account number; card and bank numbers are not imported"

# fmt: off
US_STATES = frozenset((
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND",
    "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
    "DC", "PR", "GU", "VI", "AS", "MP",  # the district and the territories
    "AA", "AE", "AP",  # military post
))
# fmt: on

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}")
_ZIP = re.compile(r"([0-9]{5})(?:-?([0-9]{4}))?")
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\.]+(?:\.[^\s@,;:<>()\[\]\"\\.]+)+")
# \d on purpose: full-width and other digits would hide a number from a person's search, not from this one.
_ANY_DIGIT_RUN = re.compile(r"\d(?:[ .\-]?\d)+")
_CARD_IN_PROSE = re.compile(r"(?<!\d)(?:\d{13,19}|\d{4}([ .-])\d{4}\1\d{4}\1\d{4}|\d{4}([ .-])\d{6}\2\d{5})(?!\d)")
_LONG_DIGITS = re.compile(rf"\d{{{MAX_LABEL_DIGITS + 1},}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """The cell as it is kept: no blanks around it, accents composed (NFC), line breaks as a plain newline."""
    text = text.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(HIDDEN)).strip()


@lru_cache(maxsize=8192)
def parse_day(text: str) -> date:
    """The day written as 2026-11-01 or 11/1/2026; ValueError with a short reason for anything else."""
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _US_DATE.fullmatch(text):
        month, day, year = (int(part) for part in found.groups())
    elif _SHORT_YEAR.fullmatch(text):
        raise ValueError("the year must have four digits")
    else:
        raise ValueError("not a date; write it as 2026-11-01 or 11/1/2026")
    if year < EARLIEST_YEAR:
        raise ValueError(f"a date before {EARLIEST_YEAR} cannot be right")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("there is no such day in the calendar") from None


@lru_cache(maxsize=8192)
def parse_amount(text: str) -> int:
    """The amount in cents, zero or more; ValueError with a short reason for anything else."""
    if text.startswith(("-", "(", "\u2212")):
        raise ValueError("an amount cannot be negative here")
    try:
        cents = parse_cents(text)
    except ValueError as error:
        # The cell is quoted beside the reason; once is enough.
        raise ValueError(str(error).removeprefix(f"“{text}” ")) from None
    if cents < 0:
        raise ValueError("an amount cannot be negative here")
    if cents > MAX_AMOUNT_CENTS:
        raise ValueError("more than 1,000,000.00 cannot be right")
    return cents


@lru_cache(maxsize=1024)
def parse_zip(text: str) -> str:
    """A ZIP code as 57701 or 57701-1234; ValueError with a short reason for anything else."""
    found = _ZIP.fullmatch(text)
    if not found:
        raise ValueError("a ZIP code has 5 or 9 digits (a spreadsheet may have dropped a leading zero)")
    return found[1] if found[2] is None else f"{found[1]}-{found[2]}"


def email_fault(text: str) -> str:
    """Why the text cannot be an e-mail address; "" when it can."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        return "not an e-mail address"
    local = text.partition("@")[0]
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return "not an e-mail address"
    return ""


def control_fault(text: str, *, may_break_lines: bool) -> str:
    """Why the characters of the cell are refused; "" when they are fine."""
    if "\x00" in text:
        return "a NUL character stands in this cell"
    if may_break_lines:
        return "a control character stands in this cell" if _CONTROL_IN_PROSE.search(text) else ""
    if "\n" in text or "\u2028" in text or "\u2029" in text:
        return "a line break stands in this cell; only notes may have one"
    return "a control character stands in this cell" if _CONTROL.search(text) else ""


def holds_card_number(text: str) -> bool:
    """Whether running text holds a card number: 13 to 19 digits, grouped as on a card or not, Luhn-valid."""
    if len(text) < SHORTEST_CARD_NUMBER:
        return False
    return any(_luhn_valid(found[0]) for found in _CARD_IN_PROSE.finditer(text))


def holds_payment_number(label: str) -> bool:
    """Whether the label of a payment method holds more of a card or bank account number than its ending.

    Stricter than `holds_card_number`: bank account numbers carry no check digit and may be short, and a label
    never needs more than an ending and an expiry.
    """
    if _LONG_DIGITS.search(label):
        return True
    runs = (re.sub(r"[^\d]", "", found[0]) for found in _ANY_DIGIT_RUN.finditer(label))
    return any(13 <= len(run) <= 19 and _luhn_valid(run) for run in runs)


def _luhn_valid(text: str) -> bool:
    total = 0
    digits = [int(character) for character in text if character.isdigit()]
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def mask_numbers(text: str) -> str:
    """The text with every digit starred but the last four of each long number."""

    def starred(found: re.Match[str]) -> str:
        digits_left = sum(character.isdigit() for character in found[0])
        if digits_left <= MAX_LABEL_DIGITS:
            return found[0]
        kept = []
        for character in found[0]:
            hidden = character.isdigit() and digits_left > 4
            digits_left -= character.isdigit()
            kept.append("*" if hidden else character)
        return "".join(kept)

    return _ANY_DIGIT_RUN.sub(starred, text)


def shown(text: str) -> str:
    """The text as a problem quotes it: control characters as blanks, shortened."""
    text = _CONTROL.sub(" ", text)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
