"""The list of the Statements page: its columns, and what it holds in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.money import format_cents
from app.services.statementprints import EMAIL, PAPER, StatementRow
from app.views.fields import format_day
from app.views.table_model import Column

_NO_ADDRESS = "no e-mail address"


def _sent(row: StatementRow) -> str:
    if row.sent_on is not None:
        return f"{format_day(row.sent_on)}  {row.how}"
    return _NO_ADDRESS if row.delivery == EMAIL and not row.email else "not yet"


COLUMNS: tuple[Column[StatementRow], ...] = (
    Column("No.", lambda row: row.place, number=True, width=6),
    Column("Account", lambda row: row.number, width=12),
    Column("Name", lambda row: row.name, width=0),
    Column("Delivery", lambda row: "paper" if row.delivery == PAPER else "e-mail", width=8),
    Column("Amount", lambda row: row.cents, money=True, width=14),
    Column(
        "Printed or sent",
        _sent,
        width=28,
        signal=lambda row: "warning" if _sent(row) == _NO_ADDRESS else "quiet" if row.sent_on is None else "",
    ),
)


def summary(rows: Sequence[StatementRow]) -> str:
    """How many statements, what they ask for, and how many went out; empty for an empty list."""
    if not rows:
        return ""
    owed = sum(row.cents for row in rows if row.cents > 0)
    sent = sum(row.sent_on is not None for row in rows)
    return f"{count(len(rows))}, ${format_cents(owed)} due; {sent:,} went out, {len(rows) - sent:,} to do"


def count(number: int) -> str:
    """`1 statement`, `1,204 statements`."""
    return f"{number:,} {'statement' if number == 1 else 'statements'}"


def short_folder(path: Path) -> str:
    """The folder that a file is in, as people would say it."""
    return f"the folder {path.parent.name}"
