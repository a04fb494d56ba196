"""Triggers that write down each change of a row that may change: its changed columns, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from app.models.auditlayout import TableLayout, read_layouts


def journalled(table: str, layout: TableLayout, append_only: frozenset[str]) -> list[str]:
    """The columns whose changes are written down, sorted: an upgraded office has them in another order than a fresh one."""
    if table in append_only:
        return sorted(layout.personal)
    left = {*layout.key, *layout.derived, *layout.run}
    return sorted(name for name in layout.columns if name not in left)


def _key(layout: TableLayout, row: str) -> str:
    return " || '/' || ".join(f"{row}.{name}" for name in layout.key)


def _account(table: str, layout: TableLayout, row: str) -> str:
    return f"{row}.id" if table == "account" else f"{row}.account_id" if "account_id" in layout.columns else "NULL"


def _sqlite_update(table: str, layout: TableLayout, columns: list[str]) -> str:
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    if len(columns) > 1:
        old, new = f"({old})", f"({new})"
    changed = " UNION ALL ".join(
        f'SELECT \'{name}\' AS name, OLD."{name}" AS was, NEW."{name}" AS now WHERE OLD."{name}" IS NOT NEW."{name}"'
        for name in columns
    )
    of = ", ".join(f'"{name}"' for name in columns)
    return (
        f"CREATE TRIGGER {table}_journal_update AFTER UPDATE OF {of} ON {table} WHEN {old} IS NOT {new} BEGIN "
        "INSERT INTO audit_change (account_id, table_name, row_key, what, before, after, salt) "
        f"SELECT {_account(table, layout, 'NEW')}, '{table}', {_key(layout, 'NEW')}, 'update', "
        "json_group_object(name, was), json_group_object(name, now), lower(hex(randomblob(16))) "
        f"FROM ({changed}); END"
    )


def _sqlite_delete(table: str, layout: TableLayout) -> str:
    row = ", ".join(f"'{name}', OLD.\"{name}\"" for name in sorted(layout.columns))
    return (
        f"CREATE TRIGGER {table}_journal_delete AFTER DELETE ON {table} BEGIN "
        "INSERT INTO audit_change (account_id, table_name, row_key, what, before, after, salt) VALUES "
        f"({_account(table, layout, 'OLD')}, '{table}', {_key(layout, 'OLD')}, 'delete', json_object({row}), '', "
        "lower(hex(randomblob(16)))); END"
    )


# The chain only grows; what lies beside it may be sealed once, and personal values in it removed.
CHAIN = {
    "audit_no_update": "BEFORE UPDATE OF n, first_action_id, last_action_id, sealed, hash ON audit",
    "audit_no_delete": "BEFORE DELETE ON audit",
    "audit_head_no_delete": "BEFORE DELETE ON audit_head",
    "audit_head_goes_on": "BEFORE UPDATE ON audit_head WHEN NEW.n <= OLD.n",
    "audit_change_no_update": "BEFORE UPDATE OF id, n, action_id, account_id, table_name, row_key, what ON audit_change "
    "WHEN OLD.n IS NOT NULL",
    "audit_change_no_delete": "BEFORE DELETE ON audit_change",
}


def statements(
    connection: Connection, append_only: frozenset[str], never_deleted: frozenset[str], refusal: str
) -> Iterator[tuple[str, str]]:
    """SQLite's triggers of the journal, by name."""
    for table, layout in read_layouts(connection).items():
        if columns := journalled(table, layout, append_only):
            yield f"{table}_journal_update", _sqlite_update(table, layout, columns)
        if table not in never_deleted:
            yield f"{table}_journal_delete", _sqlite_delete(table, layout)
    for name, when in CHAIN.items():
        yield name, f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
