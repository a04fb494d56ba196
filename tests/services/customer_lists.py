"""Customer lists for tests: a good row, its parts, and ways to have them read."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from app.errors import UserError
from app.services.customerfile import (
    CustomerFile,
    ImportAccount,
    read_customer_file,
)
from app.services.customerfile_header import COLUMNS, OPEN_PARTS, SERVICE_PARTS

CUTOVER = date(2026, 10, 30)
HEADER = [
    *COLUMNS,
    *(f"service{n}_{part}" for n in (1, 2) for part in SERVICE_PARTS),
    *(f"open{n}_{part}" for n in (1, 2) for part in OPEN_PARTS),
]
GOOD = {
    "name": "Anna Ødegaard",
    "kind": "residential",
    "email": "anna@example.com",
    "delivery": "email",
    "status": "active",
    "opened_on": "2020-05-17",
}
ADDRESS = {"address1": "12 Elm St", "city": "Rapid City", "state": "SD", "zip": "57701"}
SERVICE = {
    "service1_name": "Fiber 100",
    "service1_monthly": "49.95",
    "service1_since": "2020-05-17",
    "service1_billed_through": "2026-11-30",
}
OPEN = {
    "open1_description": "Monthly services",
    "open1_date": "2026-10-01",
    "open1_due": "2026-10-31",
    "open1_amount": "49.95",
}
VISA = "4242 4242 4242 4242"


def as_csv(*rows: dict[str, str], header: list[str] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows([row.get(column, "") for column in header] for row in rows)
    return out.getvalue()


def read_bytes(folder: Path, content: bytes) -> CustomerFile:
    path = folder / "list.csv"
    path.write_bytes(content)
    return read_customer_file(path, CUTOVER)


def read_rows(folder: Path, *rows: dict[str, str]) -> CustomerFile:
    return read_bytes(folder, as_csv(*rows).encode())


def account_of(folder: Path, **cells: str) -> ImportAccount:
    file = read_rows(folder, GOOD | cells)
    assert file.problems == ()
    (account,) = file.accounts
    return account


def problems_of(folder: Path, **cells: str) -> list[tuple[str, str]]:
    """Column and reason of each problem of one row; a row with problems never makes an account."""
    file = read_rows(folder, GOOD | cells)
    assert bool(file.problems) != bool(file.accounts)
    assert all(problem.line == 2 for problem in file.problems)
    return [(problem.column, problem.reason) for problem in file.problems]


def only_column(folder: Path, **cells: str) -> str:
    ((column, _),) = problems_of(folder, **cells)
    return column


def only_reason(folder: Path, **cells: str) -> str:
    ((_, reason),) = problems_of(folder, **cells)
    return reason


def refusal_of(folder: Path, content: bytes) -> str:
    with pytest.raises(UserError) as caught:
        read_bytes(folder, content)
    return str(caught.value)
