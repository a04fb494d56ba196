"""Reads a customer list (docs/customer-csv.md): one row, one account; every bad row with its reasons.

Nothing here writes to the office's database. The good rows and the bad ones can be written to files of their
own, so that the good ones can be imported while somebody puts the others right.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from hashlib import blake2b
from pathlib import Path

from app.errors import UserError
from app.filenames import refuse_impossible
from app.services import customerfile_cells as cells
from app.services.customerfile_header import PROBLEM_COLUMN, HeaderPlan, column_name, plan_header
from app.services.customerfile_row import Offered, Row, without_numbers
from app.services.customerfile_rows import account_of
from app.services.customerfile_text import Record, read_records, text_shape
from app.services.customerfile_types import (
    CustomerFile,
    ImportAccount,
    ImportOpenItem,
    ImportService,
    RowProblem,
)
from app.wholefiles import put_in_place

__all__ = [
    "CustomerFile",
    "ImportAccount",
    "ImportOpenItem",
    "ImportService",
    "RowProblem",
    "accounts_of_records",
    "read_customer_file",
    "write_good_rows",
    "write_problem_report",
]


def read_customer_file(path: Path, cutover: date, offered: Offered | None = None) -> CustomerFile:
    """Read a customer list as of the cut-over day; `offered` are the office's policies with their plans.

    Rows with problems are reported, all their problems each, and make no account. Raises UserError when the
    file as a whole cannot be used: not found, not readable, empty, not text, or with a wrong header.
    """
    shape = text_shape(path)
    with closing(read_records(path, shape)) as records:
        plan = plan_header(_header_of(records, path).cells, path.name)
        found = accounts_of_records(plan, records, cutover, offered)
    return CustomerFile(found.accounts, found.problems, shape.notes + found.notes)


def accounts_of_records(
    plan: HeaderPlan, records: Iterable[Record], cutover: date, offered: Offered | None = None
) -> CustomerFile:
    """Judge the records below a header; raises nothing of its own."""
    judge = _Judge(plan, cutover, offered)
    accounts = [account for record in records if (account := judge.account(record)) is not None]
    return CustomerFile(tuple(accounts), tuple(judge.problems), tuple(judge.notes(accounts)))


class _Judge:
    """What must be remembered from row to row: numbers and rows already seen, and counts for the notes."""

    def __init__(self, plan: HeaderPlan, cutover: date, offered: Offered | None) -> None:
        self._plan = plan
        self._offered = offered
        self._cutover = cutover
        self._line_of_number: dict[str, int] = {}
        self._line_of_row: dict[bytes, int] = {}
        self._clean_of: dict[str, str] = {}
        self._rows = 0
        self._empty_rows = 0
        self.problems: list[RowProblem] = []

    def account(self, record: Record) -> ImportAccount | None:
        texts = [cell and (self._clean_of.get(cell) or self._clean(cell)) for cell in record.cells]
        if not any(texts) and not record.fault:
            self._empty_rows += 1
            return None
        self._rows += 1
        if fault := record.fault or self._width_fault(len(texts)):
            shown = cells.shown(without_numbers("", texts[0]))
            self.problems.append(RowProblem(record.line, "", shown, fault))
            return None
        row = Row(self._plan, record.line, texts, self._cutover, self._offered)
        account = None if self._repeats_a_row(row, texts) else account_of(self._plan, row)
        self.problems += row.problems
        return account

    def _clean(self, cell: str) -> str:
        text = cells.clean(cell)
        # A long list repeats towns, plans and days: one string for all cells that hold the same.
        if len(cell) <= 12:
            self._clean_of[cell] = text
        return text

    def _width_fault(self, width: int) -> str:
        if width == self._plan.width:
            return ""
        many = "too many" if width > self._plan.width else "too few"
        return f"{many} cells: {width} where the header has {self._plan.width}"

    def _repeats_a_row(self, row: Row, texts: list[str]) -> bool:
        """Note a row or number seen before; True when the row has nothing of its own left to judge."""
        digest = blake2b("\x1f".join(texts).encode(), digest_size=16).digest()
        first_line = self._line_of_row.setdefault(digest, row.line)
        if first_line != row.line:
            row.refuse("", f"the same row as line {first_line}", value=texts[0])
            return True
        if number := row.text("old_number"):
            first_line = self._line_of_number.setdefault(number, row.line)
            if first_line != row.line:
                row.refuse("old_number", f"line {first_line} has this number already")
        return False

    def notes(self, accounts: list[ImportAccount]) -> Iterator[str]:
        if not self._rows:
            yield "The file has a header but no customers."
        if self._empty_rows:
            yield f"Empty rows skipped: {self._empty_rows}."
        unreachable = sum(
            account.delivery == "paper" and not account.address and account.status != "closed" for account in accounts
        )
        if unreachable:
            yield f"Accounts that get paper statements but have no address: {unreachable}."


def write_good_rows(path_in: Path, path_out: Path, file: CustomerFile) -> None:
    """Write the rows without problems to a new CSV file (UTF-8, commas), cells as they were.

    `file` is what `read_customer_file` made of `path_in`. Raises UserError when a file cannot be read or
    written, or when `path_in` has changed since it was read.
    """
    refuse_impossible(path_out)
    bad_lines = {problem.line for problem in file.problems}

    def good_rows(records: Iterator[Record], header: Record) -> Iterator[list[str]]:
        yield header.cells
        written = 0
        for record in records:
            if record.line not in bad_lines and any(cell.strip() for cell in record.cells):
                written += 1
                yield record.cells
        if written != len(file.accounts):
            raise UserError(f"{path_in.name} changed since it was read; read it again.", field="path")

    _copy_rows(path_in, path_out, good_rows)


def write_problem_report(path_in: Path, path_out: Path, file: CustomerFile) -> None:
    """Write the rows with problems to a new CSV file (UTF-8, commas) with a last column `problem`.

    Cells are as they were, but card and bank account numbers are masked: they belong in no further file. The
    text of the problem begins with a column's name or the word "row", so no spreadsheet takes it for a
    formula. Raises UserError as `write_good_rows` does.
    """
    refuse_impossible(path_out)
    reasons: dict[int, list[str]] = {}
    for problem in file.problems:
        reasons.setdefault(problem.line, []).append(f"{problem.column or 'row'}: {problem.reason}")

    def bad_rows(records: Iterator[Record], header: Record) -> Iterator[list[str]]:
        names = [column_name(cell) for cell in header.cells]
        at = names.index(PROBLEM_COLUMN) if PROBLEM_COLUMN in names else len(names)
        yield [*header.cells[:at], PROBLEM_COLUMN, *header.cells[at + 1 :]]
        written = 0
        for record in records:
            if record.line not in reasons:
                continue
            written += 1
            padded = record.cells + [""] * (at - len(record.cells))
            masked = [without_numbers(name, cell) for name, cell in zip(names, padded, strict=False)]
            masked += [without_numbers("", cell) for cell in padded[len(names) :]]
            # A row that came from such a report has the column already; else it goes before surplus cells.
            after = masked[at + 1 :] if at < len(names) else masked[at:]
            yield [*masked[:at], "; ".join(reasons[record.line]), *after]
        if written != len(reasons):
            raise UserError(f"{path_in.name} changed since it was read; read it again.", field="path")

    _copy_rows(path_in, path_out, bad_rows)


_Selection = Callable[[Iterator[Record], Record], Iterator[list[str]]]


def _copy_rows(path_in: Path, path_out: Path, select: _Selection) -> None:
    """Write what `select` makes of the records, to a side file first: a half-written one is never left."""
    shape = text_shape(path_in)
    side = path_out.with_name(path_out.name + ".part")
    try:
        if path_out.exists() and path_out.samefile(path_in):
            raise UserError("The rows cannot be written over the file they come from.", field="path")
        try:
            with (
                closing(read_records(path_in, shape)) as records,
                side.open("w", encoding="utf-8-sig", newline="") as out,
            ):
                csv.writer(out).writerows(select(records, _header_of(records, path_in)))
            put_in_place([(side, path_out)])
        finally:
            side.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path_out} cannot be written: {error.strerror or error}.", field="path") from error


def _header_of(records: Iterator[Record], path: Path) -> Record:
    header = next(records, None)
    if header is None:
        raise UserError(f"{path.name} is empty.", field="path")
    if header.fault:
        raise UserError(f"The header of {path.name} cannot be read: {header.fault}.", field="path")
    return header
