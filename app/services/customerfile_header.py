"""The first row of a customer list: which columns there are, and where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import UserError

REQUIRED_COLUMNS = ("name", "kind", "delivery", "status", "opened_on")
# fmt: off
COLUMNS = (
    "old_number", "name", "kind", "managed", "email", "phone", "address1", "address2", "city", "state",
    "zip", "delivery", "autopay", "method_label", "authorized_on", "hourly_rate", "status", "opened_on",
    "closed_on", "payer", "notes", "credit", "credit_date", "policy", "suspended_on",
    "plan", "monthly_fee", "processing_fee", "individuals", "work_performed_on", "instructed_on",
    "processing_charged_on", "processing_paid_on", "processing_open", "fee_from", "next_fee_on", "fee_day",
)
MEMBER_COLUMNS = COLUMNS[COLUMNS.index("plan"):]
# fmt: on
SERVICE_PARTS = ("name", "monthly", "since", "billed_through")
OPEN_PARTS = ("description", "date", "due", "amount")
PROBLEM_COLUMN = "problem"
MAX_COLUMNS = 1000

_GROUPED = re.compile(r"(service|open)([1-9][0-9]{0,2})_([a-z_]+)")
_PARTS = {"service": SERVICE_PARTS, "open": OPEN_PARTS}


@dataclass(frozen=True, slots=True)
class HeaderPlan:
    """Where each column stands, and the numbers of the service and open-item groups in ascending order."""

    width: int
    position: dict[str, int]
    service_numbers: tuple[int, ...]
    open_numbers: tuple[int, ...]


def plan_header(cells: Sequence[str], file_name: str) -> HeaderPlan:
    """Judge the header.

    Raises UserError naming the column when one is unknown (with the nearest known name), unnamed, there
    twice, missing, or part of a group that is not complete.
    """
    if len(cells) > MAX_COLUMNS:
        raise UserError(f"{file_name} has {len(cells)} columns; a customer list has at most {MAX_COLUMNS}.")
    position: dict[str, int] = {}
    groups: dict[str, set[int]] = {"service": set(), "open": set()}
    for index, cell in enumerate(cells):
        name = column_name(cell)
        if not name:
            raise UserError(f"Column {index + 1} of {file_name} has no name in the header.")
        grouped = _group_of(name)
        if grouped is None and name not in COLUMNS and name != PROBLEM_COLUMN:
            raise UserError(_unknown_column(name, file_name), field=name[:60])
        if name in position:
            raise UserError(f"The column {name} stands twice in the header of {file_name}.", field=name)
        position[name] = index
        if grouped:
            groups[grouped[0]].add(grouped[1])
    _refuse_missing(position, groups, file_name)
    return HeaderPlan(len(cells), position, tuple(sorted(groups["service"])), tuple(sorted(groups["open"])))


def column_name(cell: str) -> str:
    """The name a header cell stands for: "Opened On" and "opened-on" are opened_on."""
    return re.sub(r"[\s_-]+", "_", cell.strip().casefold())


def known_columns_among(cells: Sequence[str]) -> int:
    """How many cells are names of columns; tells the right delimiter from the wrong ones."""
    names = [column_name(cell) for cell in cells]
    return sum(name in COLUMNS or _group_of(name) is not None for name in names)


def _group_of(name: str) -> tuple[str, int] | None:
    found = _GROUPED.fullmatch(name)
    if found and found[3] in _PARTS[found[1]]:
        return found[1], int(found[2])
    return None


def _unknown_column(name: str, file_name: str) -> str:
    digits = re.search(r"[1-9][0-9]{0,2}", name)
    number = digits[0] if digits else "1"
    grouped = [f"{group}{number}_{part}" for group, parts in _PARTS.items() for part in parts]
    near = difflib.get_close_matches(name[:60], [*COLUMNS, *grouped], n=1)
    advice = f"; did you mean {near[0]}?" if near else "; docs/customer-csv.md lists the columns."
    shown = name if len(name) <= 60 else name[:57] + "..."
    return f'The header of {file_name} has a column "{shown}" that is not known{advice}'


def _refuse_missing(position: dict[str, int], groups: dict[str, set[int]], file_name: str) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in position]
    for group, numbers in groups.items():
        for number in sorted(numbers):
            names = (f"{group}{number}_{part}" for part in _PARTS[group])
            # A group without, say, billed_through would bill again what the old program has billed already.
            missing += [name for name in names if name not in position]
    if ("credit" in position) != ("credit_date" in position):
        missing.append("credit_date" if "credit" in position else "credit")
    if missing:
        what = "the column" if len(missing) == 1 else "the columns"
        raise UserError(f"The header of {file_name} lacks {what} {', '.join(missing)}.", field=missing[0])
