"""What a clause gives back: charges with their clause id and their worked arithmetic."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from app.periods import days_in_month, month_end


class Charge(NamedTuple):
    """One line to be billed. `cents` is negative for a credit; `key` is unique for the account."""

    kind: str
    key: str
    cents: int
    clause: str
    description: str
    why: str
    service_id: int | None = None
    period_from: date | None = None
    period_to: date | None = None
    deferred: bool = False


class InvoiceDraft(NamedTuple):
    """An invoice as a policy wants it; the writer gives it its number.

    `pending_ids` are waiting charges among its lines; `settled` gives services their new last billed day.
    """

    account_id: int
    issued_on: date
    due_on: date
    what: str
    charges: tuple[Charge, ...]
    pending_ids: tuple[int, ...] = ()
    settled: tuple[tuple[int, date], ...] = ()

    @property
    def total_cents(self) -> int:
        """Sum of the lines; negative for a credit memo."""
        return sum(charge.cents for charge in self.charges)


@lru_cache(maxsize=4096)
def days_label(first: date, last: date) -> str:
    """`Dec 2026` for a whole month, `Jan 15-31, 2026` for a part of one."""
    if first.day == 1 and last == month_end(last) and first.month == last.month:
        return f"{first:%b} {first.year}"
    if first == last:
        return f"{first:%b} {first.day}, {first.year}"
    return f"{first:%b} {first.day}-{last.day}, {last.year}"


@lru_cache(maxsize=8192)
def arithmetic(cents: int, days: int, first: date) -> str:
    """`49.95 x 17/31`, or `49.95 x 1 month` when the whole calendar month of `first` is meant."""
    of_days = days_in_month(first)
    price = f"{cents // 100}.{cents % 100:02d}"
    return f"{price} x 1 month" if days == of_days else f"{price} x {days}/{of_days}"
