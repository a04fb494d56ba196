"""Money is US dollars as integer cents; these are the only ways in and out of text."""

from __future__ import annotations

import re

MAX_CENTS = 10**13  # a hundred billion dollars: beyond it somebody keyed a phone number

_AMOUNT = re.compile(r"(?P<sign>-?)\$?(?P<dollars>\d{1,3}(?:,\d{3})+|\d+)?(?:\.(?P<cents>\d*))?\Z", re.ASCII)


def parse_cents(text: str) -> int:
    """Cents of an amount as people write it: `1234`, `12.34`, `.50`, `$1,234.50`, `-3.00`.

    Raises ValueError with a short reason (no amount, three decimals, too large).
    """
    match = _AMOUNT.match(text.strip())
    if match is None or (match["dollars"] is None and not match["cents"]):
        raise ValueError(f"“{text}” is not an amount of dollars and cents, such as 49.95")
    cents_text = match["cents"] or ""
    if len(cents_text) > 2:
        raise ValueError(f"“{text}” has more than two decimals; an amount is dollars and whole cents")
    if len(match["dollars"] or "") > 18:
        raise ValueError(f"“{text}” is too large an amount")
    cents = int((match["dollars"] or "0").replace(",", "")) * 100 + int(cents_text.ljust(2, "0") or "0")
    if cents > MAX_CENTS:
        raise ValueError(f"“{text}” is too large an amount")
    return -cents if match["sign"] else cents


def format_cents(cents: int) -> str:
    """`1234567` -> `12,345.67`; negative with a leading minus."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{part:02d}"


def plain_cents(cents: int) -> str:
    """As `format_cents` without thousands separators: for files that programs read."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{part:02d}"


def amount_in_words(cents: int) -> str:
    """The legal line of a check: `8129` -> `Eighty-one and 29/100`.

    Raises ValueError for a negative amount: nobody writes a check for less than nothing.
    """
    if cents < 0:
        raise ValueError("a check cannot be written for a negative amount")
    from num2words import num2words  # only checks are written in words, and importing it takes long

    whole, part = divmod(cents, 100)
    words = num2words(whole, lang="en").replace(",", "").replace(" and ", " ")
    return f"{words[:1].upper()}{words[1:]} and {part:02d}/100"


def parse_typed_cents(text: str, *, implied_cents: bool = False) -> int:
    """Cents of an amount as ten-key hands type it: as `parse_cents`, and sums such as `12.5+7.5-2`.

    With `implied_cents` digits without a point are cents, as on an adding machine: `1234` is 12.34.
    Raises ValueError with a short reason.
    """
    parts = re.findall(r"[+-]?[^+-]+", text.replace(" ", ""))
    if not parts or "".join(parts) != text.replace(" ", ""):
        raise ValueError(f"“{text}” is not an amount of dollars and cents, such as 49.95")
    total = 0
    for part in parts:
        sign, amount = (-1, part[1:]) if part[0] == "-" else (1, part.removeprefix("+"))
        cents = parse_cents(amount)
        total += sign * (cents // 100 if implied_cents and "." not in amount else cents)
    if abs(total) > MAX_CENTS:
        raise ValueError(f"“{text}” is too large an amount")
    return total
