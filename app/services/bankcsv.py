"""The bank's CSV of paid checks: read as banks write it, and held against the checks that are out.

Columns are found by their names (Date, Check Number, Amount or Debit, and their usual variants). A file with signed
amounts pays with the negative ones; deposits and lines without a check number are left aside.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, Literal, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.money import format_cents, parse_cents
from app.services.outstanding import IssuedRow, issued_checks, told

MOST_BYTES: Final = 20_000_000

_NAMES: Final = {
    "date": (
        "date paid", "paid date", "cleared date", "date cleared", "posted date", "posting date", "post date", "date posted",
        "transaction date", "trans date", "tran date", "effective date", "process date", "value date", "as of date", "date",
    ),
    "number": (
        "check number", "check no", "check num", "check", "chk number", "chk no", "cheque number", "cheque no",
        "check serial number", "check or slip", "check or slip no", "check slip", "check slip no", "serial number",
        "serial no", "serial", "customer reference", "ref number", "ref no", "reference number", "check ref",
        "number", "num", "no",
    ),
    "debit": (
        "debit", "debits", "debit amount", "amount debit", "withdrawal", "withdrawals", "withdrawal amount",
        "withdrawal amt", "paid out", "money out", "check amount", "amount paid", "paid amount",
    ),
    "amount": ("amount", "amount usd", "transaction amount", "trans amount", "tran amount", "amt"),
    "description": ("description", "transaction description", "details", "detail", "memo", "payee", "name", "narrative"),
    "kind": ("type", "transaction type", "tran type", "debit credit", "dr cr", "cr dr", "credit debit", "bai type"),
}  # fmt: skip
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TOLD_NUMBER: Final = re.compile(r"\b(?:check|chk|ck)\.?\s*(?:no\.?|number|num)?\s*#?\s*0*(\d{1,12})\b", re.IGNORECASE)
_CREDIT_WORDS: Final = ("credit", "cr", "deposit", "dep", "c")

Verdict = Literal["matched", "wrong-amount", "too-early", "already", "not-out", "unknown", "unreadable"]


class BankLine(NamedTuple):
    """A check that the bank says it paid. `line`: in the file, from 1. `problem`: why the line cannot be used, or empty."""

    line: int
    number: int
    cents: int
    paid_on: date | None
    problem: str = ""


class BankFile(NamedTuple):
    """What a file holds: its paid checks, and how many other lines were left aside."""

    lines: tuple[BankLine, ...]
    left_aside: int


class BankMatch(NamedTuple):
    """A line of the bank's file against the books: what was found, in a word and in a sentence."""

    line: BankLine
    verdict: Verdict
    said: str
    check: IssuedRow | None


def read_file(path: Path) -> BankFile:
    """The paid checks of a CSV file. Raises UserError when it cannot be read or its columns are not known."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"“{path.name}” is too large to be a list of checks; is it the right file?", field="path")
        return read_bytes(path.read_bytes())
    except OSError as error:
        raise UserError(f"“{path.name}” cannot be read: {error.strerror or error}.", field="path") from None


def read_bytes(content: bytes) -> BankFile:
    """As `read_file`, of the file's bytes: UTF-8 or UTF-16 with or without its mark, else Windows' Western letters."""
    rows = _rows(_decoded(content))
    header, columns = _header(rows)
    signed = "amount" in columns and any(_is_negative(_cell(row, columns, "amount")) for _, row in rows[header + 1 :])
    lines, left_aside = [], 0
    for line, row in rows[header + 1 :]:
        found = _paid_check(line, row, columns, signed=signed)
        if found is None:
            left_aside += 1
        else:
            lines.append(found)
    return BankFile(tuple(lines), left_aside)


def match(session: Session, lines: Sequence[BankLine], on: date) -> list[BankMatch]:
    """Each line against the checks issued: number and amount must both agree. A line twice in the file counts once."""
    issued = {row.number: row for row in issued_checks(session, on)}
    seen: set[int] = set()
    found = []
    for line in lines:
        row = issued.get(line.number)
        verdict, said = _judge(line, row, on, again=line.number in seen)
        if verdict == "matched":
            seen.add(line.number)
        found.append(BankMatch(line, verdict, said, row))
    return found


def _judge(line: BankLine, row: IssuedRow | None, on: date, *, again: bool) -> tuple[Verdict, str]:
    if line.problem:
        return "unreadable", line.problem
    if row is None:
        return "unknown", "No refund check has this number"
    if again:
        return "already", "The same check stands in the file twice"
    if row.standing == "cleared":
        return "already", f"Already {told(row)}"
    if row.days_out is None:
        return "not-out", f"The check is {told(row)}; ask the bank"
    if line.cents != row.cents:
        return "wrong-amount", f"The check is over {format_cents(row.cents)}; ask the bank"
    if line.paid_on is None or line.paid_on > on:
        return "unreadable", "Its date lies after the business date"
    if line.paid_on < row.issued_on:
        return "too-early", f"The check was issued later, on {row.issued_on:%m/%d/%Y}; ask the bank"
    return "matched", "Number and amount agree"


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that hold something, with their line numbers; the separator is that of the line that names columns."""
    text = text.replace("\0", "")
    best: list[tuple[int, list[str]]] = []
    for separator in (",", ";", "\t", "|"):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        try:
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise UserError(f"The file is no list of lines and columns: {error}.", field="path") from None
        if any(len(_columns(row)) >= 2 for _, row in rows[:30]):
            return rows
        best = best or rows
    return best


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]+", " ", name.casefold().replace("#", " no ")).strip()


def _columns(row: Sequence[str]) -> dict[str, int]:
    """Which column means what, by its title; the first name of each list that is there wins."""
    titles = [_plain(cell) for cell in row]
    found: dict[str, int] = {}
    for meaning, names in _NAMES.items():
        place = next((titles.index(name) for name in names if name in titles), None)
        if place is not None and place not in found.values():
            found[meaning] = place
    return found


def _header(rows: Sequence[tuple[int, list[str]]]) -> tuple[int, dict[str, int]]:
    for place, (_, row) in enumerate(rows[:30]):
        columns = _columns(row)
        has_amount = "amount" in columns or "debit" in columns
        if has_amount and "date" in columns and ("number" in columns or "description" in columns):
            return place, columns
    seen = ", ".join(cell.strip() for cell in rows[0][1][:8]) if rows else "nothing"
    raise UserError(
        "The columns of the file are not known. Its first line should name Date, Check Number and Amount (or Debit); "
        f"it names {seen}.",
        field="path",
    )


def _cell(row: Sequence[str], columns: dict[str, int], meaning: str) -> str:
    place = columns.get(meaning)
    if place is None or place >= len(row):
        return ""
    # Spreadsheets guard a number's zeros as ="005012", or with an apostrophe.
    return row[place].strip().removeprefix("=").strip("\"' \u00a0")


def _is_negative(text: str) -> bool:
    return text.startswith(("-", "(", "$-", "$(", "\u2212")) or text.endswith(("-", "DR", "dr"))


def _cents(text: str) -> int | None:
    """The amount without its sign; None when it is none."""
    bare = re.sub(r"(?i)usd|dr|cr|[()$\s\u00a0\u2212+-]", "", text)
    try:
        return parse_cents(bare)
    except ValueError:
        return None


def _number(row: Sequence[str], columns: dict[str, int]) -> int | None:
    text = _cell(row, columns, "number")
    bare = re.fullmatch(r"(?i)(?:check|chk|ck)?\s*#?\s*(\d{1,18})(?:\.0+)?", text)
    if bare is not None and int(bare[1]):
        return int(bare[1])
    if not text or not text.strip("0"):
        told_in = _TOLD_NUMBER.search(_cell(row, columns, "description"))
        return int(told_in[1]) if told_in is not None else None
    return None


def _day(text: str) -> date | None:
    """A date as American banks write it: `11/20/2026`, `11-20-26`, `2026-11-20`, `20261120`, `Nov 20, 2026`, `20-Nov-26`."""
    said = text.casefold()
    if numbers := re.match(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?=$|[ t])", said):
        year, month, day = (int(part) for part in numbers.groups())
    elif numbers := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?=$|[ t])", said):
        month, day, year = (int(part) for part in numbers.groups())
    elif (worded := re.match(r"([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})", said)) and worded[1] in _MONTHS:
        month, day, year = _MONTHS.index(worded[1]) + 1, int(worded[2]), int(worded[3])
    elif (worded := re.match(r"(\d{1,2})[- ]([a-z]{3})[a-z]*[- ](\d{4}|\d{2})", said)) and worded[2] in _MONTHS:
        day, month, year = int(worded[1]), _MONTHS.index(worded[2]) + 1, int(worded[3])
    else:
        return None
    try:
        return date(year + 2000 * (year < 100), month, day)
    except ValueError:
        return None


def _paid_check(line: int, row: Sequence[str], columns: dict[str, int], *, signed: bool) -> BankLine | None:
    """The line as a paid check; None when it is something else: a deposit, a fee, a total."""
    number = _number(row, columns)
    debit, amount = _cell(row, columns, "debit"), _cell(row, columns, "amount")
    if _cents(debit) == 0:  # banks fill the empty side with 0.00
        debit = ""
    if number is None or (not debit and not amount):
        return None
    if not debit:
        if "amount" not in columns or (signed and not _is_negative(amount)):
            return None
        if not signed and _plain(_cell(row, columns, "kind")) in _CREDIT_WORDS:
            return None
    cents, paid_on = _cents(debit or amount), _day(_cell(row, columns, "date"))
    if not cents:
        return BankLine(line, number, 0, paid_on, f"“{debit or amount}” is no amount")
    if paid_on is None:
        return BankLine(line, number, cents, None, f"“{_cell(row, columns, 'date')}” is no date")
    return BankLine(line, number, cents, paid_on)
