"""The coupon's digits come back as they went out, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reportlab.graphics.barcode.code128 import Code128

from app.services.documents import scanline
from app.services.documents.code128 import Code128C, module_count, symbol_values

accounts = st.integers(1, 10**10 - 1).map(str)
statements = st.integers(0, 10**9 - 1)
amounts = st.integers(0, 10**10 - 1)
lines = st.builds(scanline.encode, accounts, statements, amounts)


@given(accounts, statements, amounts)
def test_a_line_means_what_was_encoded(account: str, statement: int, amount: int) -> None:
    line = scanline.encode(account, statement, amount)
    assert len(line) == scanline.LENGTH
    assert scanline.decode(line) == scanline.ScanLine(account, statement, amount)
    assert scanline.decode(f" {scanline.grouped(line)}\r\n") == scanline.ScanLine(account, statement, amount)


@given(lines, st.integers(0, scanline.LENGTH - 1), st.integers(1, 9))
def test_any_single_wrong_digit_is_refused(line: str, place: int, change: int) -> None:
    wrong = line[:place] + str((int(line[place]) + change) % 10) + line[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        scanline.decode(wrong)


@given(lines, st.integers(0, scanline.LENGTH - 2))
def test_any_two_neighbours_swapped_are_refused(line: str, place: int) -> None:
    assume(line[place] != line[place + 1])
    wrong = line[:place] + line[place + 1] + line[place] + line[place + 2 :]
    with pytest.raises(ValueError, match="check digit"):
        scanline.decode(wrong)


def test_a_credit_is_nothing_due() -> None:
    assert scanline.decode(scanline.encode("10000427", 12, -550)).amount == 0


@pytest.mark.parametrize(
    ("account", "statement", "amount", "reason"),
    [
        ("", 1, 1, "must be 1 to 10 digits"),
        ("01", 1, 1, "not start with 0"),
        ("12345678901", 1, 1, "must be 1 to 10 digits"),
        ("12-4", 1, 1, "must be 1 to 10 digits"),
        ("١٢٣", 1, 1, "must be 1 to 10 digits"),
        ("1", 10**9, 1, "at most 9 digits"),
        ("1", -1, 1, "at most 9 digits"),
        ("1", 1, 10**10, "does not fit"),
    ],
)
def test_what_does_not_fit_the_coupon_is_refused(account: str, statement: int, amount: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        scanline.encode(account, statement, amount)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "digits only"),
        ("12a4", "digits only"),
        ("²" * 30, "digits only"),
        ("1" * 29, "has 30 digits, not 29"),
        ("0" * 30, "names no account"),
    ],
)
def test_what_is_not_a_coupon_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        scanline.decode(text)


@given(st.lists(st.integers(0, 99), min_size=2, max_size=20))
def test_our_bars_are_those_of_an_independent_code_128(pairs: list[int]) -> None:
    digits = "".join(f"{pair:02d}" for pair in pairs)
    peer = Code128(digits, quiet=0)
    for step in (peer.validate, peer.encode, peer.decompose):
        step()
    bars = [(at, "ABCD".index(letter) + 1) for at, letter in _places(peer.decomposed) if letter.isupper()]
    numbers = [float(word) for word in Code128C(0, 0, 1, 10).operators(digits).split() if word not in ("re", "f")]
    assert [(round(numbers[i]), round(numbers[i + 2])) for i in range(0, len(numbers), 4)] == bars
    assert module_count(len(digits)) == bars[-1][0] + bars[-1][1]


def test_an_odd_number_of_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        symbol_values("123")


def _places(decomposed: str) -> list[tuple[int, str]]:
    places, at = [], 0
    for letter in decomposed:
        places.append((at, letter))
        at += "abcd".index(letter.lower()) + 1
    return places
