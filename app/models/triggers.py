"""What the database itself refuses: edits of posted rows, and dates in a closed day.

A table rebuild drops its triggers without a word, so every migration ends with `install`, and a test
compares an upgraded database with a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from app.models import journal

APPEND_ONLY = (
    "action",
    "entry",
    "posting",
    "deferral_release",
    "opening_deferral",
    "recognition",
    "line",
    "allocation",
    "payment_reversal",
    "return_taken_back",
    "attempt_taken_back",
    "payment_attempt",
    "receipt",
    "refund_void",
    "account_change",
    "service_price",
    "instalment",
    "arrangement",
    "deposit",
    "deposit_removal",
    "fee_waiver",
    "invoice_reversal",
    "policy_version",
    "policy_withdrawal",
    "gl_account",
    "statement_print",
    "failed_attempt",
    "unbilled_revenue",
    "sign_in",
    "plan_change",
    "plan_change_undone",
)

# Tables whose rows change as work goes on, but never go away.
NEVER_DELETED = (
    "office",
    "account",
    "service",
    "scheduled_change",
    "suspension",
    "work",
    "listed_exception",
    "pending_charge",
    "mail_batch",
    "mail_check",
    "check_stock",
    "note",
    "membership",
    "safekeeping",
    "backup_log",
    "bank_number",
    "person",
    "office_control",
    "approval",
)

# Tables of which only the named columns may change; rows are never deleted.
CHANGEABLE = {
    "invoice": ("open_cents",),
    "credit": ("remaining_cents",),
    "payment": ("settled_on", "receipt_due"),
    "refund": ("open_cents", "reopened_on"),
    "issued_check": ("state", "printed_on", "cleared_on", "reason"),
}

# Personal values in rows that otherwise never change: they may be emptied at a customer's request, and nothing else.
BLANKABLE = {
    "account_change": ("before", "after"),
    "receipt": ("address",),
    "action": ("reason",),
    "fee_waiver": ("reason",),
    "payment_reversal": ("reason",),
    "return_taken_back": ("reason",),
    "deferral_release": ("why",),
    "refund_void": ("reason",),
    "payment": ("forced",),
    "credit": ("why",),
    "refund": ("address",),
}

_KEYS = {
    "action": ("id",),
    "entry": ("id",),
    "posting": ("entry_id", "n"),
    "line": ("invoice_id", "n"),
    "allocation": ("id",),
    "invoice": ("id",),
    "credit": ("id",),
    "payment": ("id",),
    "refund": ("id",),
    "issued_check": ("number",),
    "payment_reversal": ("payment_id",),
    "return_taken_back": ("payment_id",),
    "refund_void": ("refund_id",),
    "invoice_reversal": ("invoice_id",),
}

# Every document has an entry or an allocation, so these two guard them all.
DATED = ("entry", "allocation")

CLOSED_DAY = "counterfoil: closed day"
POSTED = "counterfoil: posted rows are never changed"
_LISTS = (APPEND_ONLY, NEVER_DELETED, CHANGEABLE, DATED, POSTED, CLOSED_DAY, BLANKABLE)


def _unless_emptied(table: str, columns_of: dict[str, list[str]]) -> str:
    """The condition under which a change of a row is refused: all but the emptying of personal values."""
    if table not in BLANKABLE:
        return ""
    changed = [
        f"NEW.{name} <> ''" if name in BLANKABLE[table] else f"NEW.{name} IS NOT OLD.{name}" for name in columns_of[table]
    ]
    return f" WHEN {' OR '.join(changed)}"


def _sqlite(columns_of: dict[str, list[str]]) -> Iterator[str]:
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{_unless_emptied(table, columns_of)} "
            f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
        )
    for table, changeable in CHANGEABLE.items():
        emptied = BLANKABLE.get(table, ())
        fixed = ", ".join(name for name in columns_of[table] if name not in (*changeable, *emptied))
        yield (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {fixed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
        )
        if emptied:
            when = " OR ".join(f"(NEW.{name} IS NOT OLD.{name} AND NEW.{name} <> '')" for name in emptied)
            yield (
                f"CREATE TRIGGER {table}_only_emptied BEFORE UPDATE OF {', '.join(emptied)} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
            )
    for table in (*APPEND_ONLY, *CHANGEABLE, *NEVER_DELETED):
        yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
    yield (
        "CREATE TRIGGER run_no_delete BEFORE DELETE ON run WHEN OLD.documents <> 0 "
        f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
    )
    # INSERT OR REPLACE deletes without asking the triggers above, and a row id is no named column.
    for table, keys in _KEYS.items():
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
        )
    for table in CHANGEABLE:
        key = _KEYS[table][0]
        yield (
            f"CREATE TRIGGER {table}_keeps_number BEFORE UPDATE ON {table} WHEN NEW.{key} <> OLD.{key} "
            f"BEGIN SELECT RAISE(ABORT, '{POSTED}'); END"
        )
    for table in DATED:
        yield (
            f"CREATE TRIGGER {table}_open_day BEFORE INSERT ON {table} "
            "WHEN NEW.business_date <= (SELECT closed_through FROM office WHERE id = 1) "
            f"BEGIN SELECT RAISE(ABORT, '{CLOSED_DAY}'); END"
        )
    yield (
        "CREATE TRIGGER posting_open_day BEFORE INSERT ON posting "
        "WHEN (SELECT business_date FROM entry WHERE id = NEW.entry_id) "
        "<= (SELECT closed_through FROM office WHERE id = 1) "
        f"BEGIN SELECT RAISE(ABORT, '{CLOSED_DAY}'); END"
    )
    yield (
        "CREATE TRIGGER office_stays_closed BEFORE UPDATE OF closed_through ON office "
        "WHEN OLD.closed_through IS NOT NULL AND coalesce(NEW.closed_through, '') < OLD.closed_through "
        f"BEGIN SELECT RAISE(ABORT, '{CLOSED_DAY}'); END"
    )


def _journal(connection: Connection) -> list[str]:
    """The triggers of the audit trail; none before the revision that brings its tables."""
    if not connection.dialect.has_table(connection, "audit_change"):
        return []
    kept = frozenset((*APPEND_ONLY, *CHANGEABLE, *NEVER_DELETED))
    return [sql for _, sql in journal.statements(connection, frozenset(APPEND_ONLY), kept, POSTED)]


def _table_of(statement: str) -> str:
    return statement.partition(" ON ")[2].split()[0]


def install(connection: Connection) -> None:
    """Put every trigger in place anew, on those of the tables that an older revision has already."""
    if connection.dialect.name == "postgresql":
        from app.models import servertriggers

        servertriggers.install(connection, servertriggers.Guards(*_LISTS))
        return
    present = _present(connection)
    for name, statement in _wanted(connection).items():
        if name in present:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement)


def _present(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {row[0]: row[1] for row in rows}


def _wanted(connection: Connection) -> dict[str, str]:
    tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    columns_of = {
        table: [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
        for table in (*CHANGEABLE, *BLANKABLE)
    }
    statements = (*_sqlite(columns_of), *_journal(connection))
    return {sql.split()[2]: sql for sql in statements if _table_of(sql) in tables}


def faults(connection: Connection) -> list[str]:
    """The guards that somebody took away or changed, each in a sentence."""
    if connection.dialect.name == "postgresql":
        from app.models import serverguards, servertriggers

        return serverguards.faults(connection, servertriggers.Guards(*_LISTS))
    present = _present(connection)
    return [
        f"guard: trigger {name} on {_table_of(sql)} was {'changed' if name in present else 'taken away'}"
        for name, sql in _wanted(connection).items()
        if present.get(name) != sql
    ]
