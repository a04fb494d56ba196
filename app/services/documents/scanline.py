"""The line of digits on a remittance coupon: printed, in the Code 128, and read back when mail is posted.

Thirty digits: account number (10), statement number (9), amount due in cents (10), all zero-filled, and
a check digit. The check digit is Damm's (H. M. Damm, 2004), which catches every single wrong digit and
every swap of two neighbours; the more usual Luhn digit misses 09/90.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdnum import damm

ACCOUNT_DIGITS = 10
STATEMENT_DIGITS = 9
AMOUNT_DIGITS = 10
LENGTH = ACCOUNT_DIGITS + STATEMENT_DIGITS + AMOUNT_DIGITS + 1


@dataclass(frozen=True, slots=True)
class ScanLine:
    """What a coupon says; `amount` is the amount due in cents, zero when nothing was due."""

    account_number: str
    statement_number: int
    amount: int


def encode(account_number: str, statement_number: int, amount: int) -> str:
    """The thirty digits of a coupon; a negative `amount` (a credit, in cents) is nothing due.

    Raises ValueError for numbers that do not fit or an account number that is not plain digits.
    """
    if not _is_digits(account_number) or len(account_number) > ACCOUNT_DIGITS or account_number[0] == "0":
        raise ValueError(f"account number “{account_number}” must be 1 to {ACCOUNT_DIGITS} digits and not start with 0")
    if not 0 <= statement_number < 10**STATEMENT_DIGITS:
        raise ValueError(f"statement number {statement_number} must have at most {STATEMENT_DIGITS} digits")
    due = max(amount, 0)
    if due >= 10**AMOUNT_DIGITS:
        raise ValueError(f"amount of {amount} cents does not fit the coupon's {AMOUNT_DIGITS} digits")
    digits = f"{account_number:0>10}{statement_number:09d}{due:010d}"
    return digits + str(damm.calc_check_digit(digits))


def decode(text: str) -> ScanLine:
    """What the scanned or typed digits mean; blanks between groups are ignored.

    Raises ValueError with the reason when it is not a coupon of ours or was misread.
    """
    digits = "".join(text.split())
    if not _is_digits(digits):
        raise ValueError("a coupon's line has digits only")
    if len(digits) != LENGTH:
        raise ValueError(f"a coupon's line has {LENGTH} digits, not {len(digits)}")
    if not damm.is_valid(digits):
        raise ValueError("the check digit is wrong: the coupon was misread or mistyped")
    statement_at = ACCOUNT_DIGITS
    amount_at = statement_at + STATEMENT_DIGITS
    account_number = digits[:statement_at].lstrip("0")
    if not account_number:
        raise ValueError("the coupon names no account")
    return ScanLine(account_number, int(digits[statement_at:amount_at]), int(digits[amount_at:-1]))


def grouped(digits: str) -> str:
    """The line as people read it: account, statement, amount and check digit apart."""
    amount_at = ACCOUNT_DIGITS + STATEMENT_DIGITS
    return f"{digits[:ACCOUNT_DIGITS]} {digits[ACCOUNT_DIGITS:amount_at]} {digits[amount_at:-1]} {digits[-1]}"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
