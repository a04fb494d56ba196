"""The sample office: its customers, and a morning's mail.

The shipped list, resources/demo/customers.csv, is what `write_sample_list` writes, and a test says so.
To write it anew: python -c "from app.services import sample; sample.write_sample_list(sample.SAMPLE_LIST)"
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

from app import resources
from app.errors import UserError
from app.periods import add_months, month_end
from app.services.customerfile import (
    CustomerFile,
    ImportAccount,
    accounts_of_records,
    read_customer_file,
)
from app.services.customerfile_header import plan_header
from app.services.customerfile_text import Record
from app.services.sample_accounts import SAMPLE_COLUMNS, SAMPLE_CUTOVER, sample_row
from app.services.sample_cast import SampleOffice, cast
from app.services.sample_mail import SampleCheck, sample_mail

__all__ = [
    "OFFICE",
    "SAMPLE_COLUMNS",
    "SAMPLE_CUTOVER",
    "SAMPLE_LIST",
    "SHIPPED_CUSTOMERS",
    "SampleCheck",
    "SampleOffice",
    "read_sample",
    "sample_cutover",
    "sample_mail",
    "sample_rows",
    "shift_day",
    "write_sample_list",
]

SAMPLE_LIST = resources.path("demo", "customers.csv")
SAMPLE_SEED = 1876
SHIPPED_CUSTOMERS = 480
OFFICE: SampleOffice = cast().office

_EXPIRY = re.compile(r"\bexp (\d{2})/(\d{2})\b")
_YEARS = range(2000, 2101)


def sample_rows(count: int, seed: int = SAMPLE_SEED) -> Iterator[tuple[str, ...]]:
    """The cells of `count` made-up customers in the order of SAMPLE_COLUMNS, as of SAMPLE_CUTOVER.

    The same for the same seed; asking for more customers adds to those that fewer would give.
    """
    return (sample_row(index, seed) for index in range(count))


def write_sample_list(path: Path, count: int = SHIPPED_CUSTOMERS) -> None:
    """Write `count` customers as a customer CSV (UTF-8, lines ending in a plain newline)."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(SAMPLE_COLUMNS)
        writer.writerows(sample_rows(count))


def read_sample(customers: int | None, shift_to: date) -> CustomerFile:
    """The sample customers with all days moved by whole months, the cut-over into the month of `shift_to`.

    None means all of the shipped list; more than it holds are made up in the same way. Raises UserError for
    fewer than one customer and for a year that the calendar of the sample cannot reach.
    """
    if customers is not None and customers < 1:
        raise UserError("The sample needs at least one customer.", field="customers")
    if customers is None or customers <= SHIPPED_CUSTOMERS:
        found = read_customer_file(SAMPLE_LIST, SAMPLE_CUTOVER)
    else:
        plan = plan_header(SAMPLE_COLUMNS, "the sample")
        found = accounts_of_records(plan, _records(customers), SAMPLE_CUTOVER)
    months = _months_to(shift_to)
    accounts = tuple(_shifted(account, months) for account in islice(found.accounts, customers))
    return CustomerFile(accounts, found.problems, found.notes)


def _records(count: int) -> Iterator[Record]:
    """The rows as if they had been read from a file, so that accounts have the lines they have there."""
    line = 2
    for cells in sample_rows(count):
        yield Record(line, list(cells))
        line += 1 + sum(cell.count("\n") for cell in cells)


def sample_cutover(shift_to: date) -> date:
    """The cut-over day of the sample moved into the month of `shift_to`; UserError as `read_sample`."""
    return shift_day(SAMPLE_CUTOVER, _months_to(shift_to))


def _months_to(shift_to: date) -> int:
    if shift_to.year not in _YEARS:
        raise UserError(f"The sample works for the years {_YEARS[0]} to {_YEARS[-1]}.", field="today")
    return (shift_to.year - SAMPLE_CUTOVER.year) * 12 + shift_to.month - SAMPLE_CUTOVER.month


def shift_day(day: date, months: int) -> date:
    """The day `months` later (or earlier): a month's last day stays one, other days are clamped."""
    shifted = add_months(day, months)
    return month_end(shifted) if day == month_end(day) else shifted


def _shifted(account: ImportAccount, months: int) -> ImportAccount:
    if not months:
        return account

    def moved(day: date | None) -> date | None:
        return None if day is None else shift_day(day, months)

    return replace(
        account,
        method_label=_EXPIRY.sub(lambda found: _shifted_expiry(found, months), account.method_label),
        authorized_on=moved(account.authorized_on),
        opened_on=shift_day(account.opened_on, months),
        closed_on=moved(account.closed_on),
        services=tuple(
            replace(s, since=shift_day(s.since, months), billed_through=moved(s.billed_through)) for s in account.services
        ),
        open_items=tuple(
            replace(i, on=shift_day(i.on, months), due_on=shift_day(i.due_on, months)) for i in account.open_items
        ),
        credit_on=moved(account.credit_on),
    )


def _shifted_expiry(found: re.Match[str], months: int) -> str:
    month = add_months(date(2000 + int(found[2]), int(found[1]), 1), months)
    return f"exp {month:%m/%y}"
