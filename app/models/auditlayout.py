"""How each table enters the audit trail: which columns are digested, which are personal, which are journalled.

The layout is read from the database's own schema and kept in the chain, so that rows sealed by an older program
are always digested as that program did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

# On a server, while a backup is being restored there: what tells that it is not whole yet.
UNFINISHED = "counterfoil_unfinished"

# The trail itself, what Alembic keeps, and the search index, which `check` compares with the rows.
NOT_AUDITED = {"audit", "audit_head", "audit_change", "alembic_version", "check_payer", "search_letter", UNFINISHED}

# Stored for speed; `check` computes them anew from the ledger.
DERIVED = {
    "account": ("balance_cents",),
    "invoice": ("open_cents",),
    "credit": ("remaining_cents",),
    "refund": ("open_cents",),
}

# Moved by each billing run on every row: recorded as ranges of rows (`bulk.set_ranges`), never row by row.
RUN_COLUMNS = {"account": ("cycle_done",), "service": ("billed_through",)}

# Digested with a salt of the row's own, so that they can be removed and the chain still holds.
PERSONAL = {
    "account": ("name", "email", "phone", "address", "old_number", "payer", "notes", "method_label"),
    "account_change": ("before", "after"),
    "note": ("body",),
    "work": ("description",),
    "mail_check": ("payer", "reason"),
    "receipt": ("address",),
    # The payee stays: a check register names whom each check was made out to.
    "refund": ("address",),
    "listed_exception": ("detail",),
    "bank_number": ("last4", "sealed"),
    # What people typed: why they did something.
    "action": ("reason",),
    "fee_waiver": ("reason",),
    "payment": ("forced",),
    "payment_reversal": ("reason",),
    "return_taken_back": ("reason",),
    "credit": ("why",),
    "deferral_release": ("why",),
    "refund_void": ("reason",),
    "issued_check": ("reason",),
    "pending_charge": ("description", "why"),
    "approval": ("subject", "words"),
}

# What stands in a posted row where a personal value was removed; nothing else may be written there.
REMOVED = "(removed)"
# What a blanked customer's own rows say instead.
BLANKED = "(blanked)"


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table's columns in the database's order, and which of them are which. Names, all of them."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    bools: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    run: tuple[str, ...] = ()

    @property
    def plain(self) -> tuple[str, ...]:
        """The columns that go into a row's digest as they are."""
        left = {*self.personal, *self.derived, *self.run}
        return tuple(name for name in self.columns if name not in left)


Layouts = dict[str, TableLayout]


def is_audited(table: str) -> bool:
    """Whether a table's rows are sealed."""
    return table not in NOT_AUDITED and not table.startswith(("search_", "sqlite_"))


def read_layouts(connection: Connection) -> Layouts:
    """The layout of every audited table, as the database has it now."""
    described = _sqlite_columns(connection) if connection.dialect.name == "sqlite" else _columns(connection)
    return {table: _layout(table, *described[table]) for table in sorted(described)}


def _layout(table: str, columns: list[tuple[str, bool]], key: list[str]) -> TableLayout:
    names = tuple(name for name, _ in columns)

    def present(known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(name for name in known.get(table, ()) if name in names)

    bools = tuple(name for name, is_bool in columns if is_bool)
    return TableLayout(names, tuple(key), bools, present(PERSONAL), present(DERIVED), present(RUN_COLUMNS))


_Described = dict[str, tuple[list[tuple[str, bool]], list[str]]]


def _sqlite_columns(connection: Connection) -> _Described:
    found: _Described = {}
    tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    for table in filter(is_audited, tables):
        rows = connection.exec_driver_sql(f"PRAGMA table_info({table})").all()
        key = [row[1] for row in sorted((row for row in rows if row[5]), key=lambda row: row[5])]
        found[table] = [(row[1], row[2].upper() == "BOOLEAN") for row in rows], key
    return found


def _columns(connection: Connection) -> _Described:
    from app.models.serverschema import read_tables

    return {
        table: ([(name, found.types[name] == "boolean") for name in found.columns], list(found.key))
        for table, found in read_tables(connection).items()
        if is_audited(table)
    }


def revisions(connection: Connection) -> list[str]:
    """The schema's revision as Alembic keeps it: one row in an office that nobody edited."""
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version ORDER BY version_num")
    return [str(row[0]) for row in found]


def as_json(layouts: Layouts) -> dict[str, Any]:
    """The layouts as the chain keeps them."""
    return {table: {name: value for name, value in asdict(layout).items() if value} for table, layout in layouts.items()}


def from_json(kept: Mapping[str, Mapping[str, list[str]]]) -> Layouts:
    """What `as_json` kept."""
    return {table: TableLayout(**{name: tuple(value) for name, value in layout.items()}) for table, layout in kept.items()}
