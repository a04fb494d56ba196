"""What the office's database refuses on PostgreSQL: the same as in a file (`triggers`), from the same lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from app.models import serverpeople
from app.models.auditlayout import read_layouts
from app.models.journal import journalled
from app.models.serverschema import read_tables


class Guards(NamedTuple):
    """The lists of `triggers`, and what it says to whoever is refused."""

    append_only: tuple[str, ...]
    never_deleted: tuple[str, ...]
    changeable: dict[str, tuple[str, ...]]
    dated: tuple[str, ...]
    posted: str
    closed_day: str
    blankable: dict[str, tuple[str, ...]]


_OPEN_DAY = "counterfoil_open_day"
_OPEN_DAY_OF_POSTING = "counterfoil_open_day_of_posting"
_STAYS_CLOSED = "counterfoil_stays_closed"
_POSTED = "counterfoil_posted"


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _raise(said: str) -> str:
    return f"RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation';"


def _functions(guards: Guards) -> Iterator[str]:
    yield _function(_POSTED, _raise(guards.posted))
    # One question for all rows of a statement: a row at a time would cost a run more than the rows themselves.
    yield _function(
        _OPEN_DAY,
        "IF EXISTS (SELECT 1 FROM added JOIN office o ON o.id = 1 WHERE added.business_date <= o.closed_through) "
        f"THEN {_raise(guards.closed_day)} END IF; RETURN NULL;",
    )
    yield _function(
        _OPEN_DAY_OF_POSTING,
        "IF EXISTS (SELECT 1 FROM added JOIN entry e ON e.id = added.entry_id JOIN office o ON o.id = 1 "
        f"WHERE e.business_date <= o.closed_through) THEN {_raise(guards.closed_day)} END IF; RETURN NULL;",
    )
    yield _function(
        _STAYS_CLOSED,
        "IF NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through "
        f"THEN {_raise(guards.closed_day)} END IF; RETURN NEW;",
    )


def _unless_emptied(blankable: tuple[str, ...], columns: Sequence[str]) -> str:
    """The condition under which a change of a row is refused: all but the emptying of personal values."""
    if not blankable:
        return ""
    changed = [f"NEW.{name} <> ''" if name in blankable else f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns]
    return f"WHEN ({' OR '.join(changed)}) "


def _triggers(guards: Guards, columns_of: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    """Table, name, and what follows the name."""
    refuse = f"FOR EACH ROW EXECUTE FUNCTION {_POSTED}()"
    for table in guards.append_only:
        when = _unless_emptied(guards.blankable.get(table, ()), columns_of.get(table, ()))
        yield table, f"{table}_no_update", f"BEFORE UPDATE ON {table} FOR EACH ROW {when}EXECUTE FUNCTION {_POSTED}()"
    for table, changeable in guards.changeable.items():
        emptied = guards.blankable.get(table, ())
        fixed = ", ".join(name for name in columns_of.get(table, ()) if name not in (*changeable, *emptied))
        yield table, f"{table}_no_update", f"BEFORE UPDATE OF {fixed} ON {table} {refuse}"
        if emptied:
            when = " OR ".join(f"(NEW.{name} IS DISTINCT FROM OLD.{name} AND NEW.{name} <> '')" for name in emptied)
            yield (
                table,
                f"{table}_only_emptied",
                f"BEFORE UPDATE OF {', '.join(emptied)} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {_POSTED}()",
            )
    for table in (*guards.append_only, *guards.changeable, *guards.never_deleted):
        yield table, f"{table}_no_delete", f"BEFORE DELETE ON {table} {refuse}"
        yield table, f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {_POSTED}()"
    yield "run", "run_no_delete", f"BEFORE DELETE ON run FOR EACH ROW WHEN (OLD.documents <> 0) EXECUTE FUNCTION {_POSTED}()"
    for table in (*guards.dated, "posting"):
        function = _OPEN_DAY_OF_POSTING if table == "posting" else _OPEN_DAY
        yield (
            table,
            f"{table}_open_day",
            f"AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        )
    yield (
        "office",
        "office_stays_closed",
        "BEFORE UPDATE OF closed_through ON office FOR EACH ROW WHEN (OLD.closed_through IS NOT NULL) "
        f"EXECUTE FUNCTION {_STAYS_CLOSED}()",
    )


def _journal_functions() -> Iterator[str]:
    """As SQLite's triggers of the journal (`journal`): the changed columns of a row, before and after."""
    yield (
        # Instants stand in the journal as they are read from the rows.
        "CREATE OR REPLACE FUNCTION counterfoil_row(kept jsonb, instants text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ "
        "SELECT kept || coalesce((SELECT jsonb_object_agg(k, to_char(CAST(kept ->> k AS timestamp), "
        "'YYYY-MM-DD HH24:MI:SS.US')) FROM unnest(string_to_array(instants, ',')) k WHERE kept ->> k IS NOT NULL), "
        "CAST('{}' AS jsonb)) $$"
    )
    yield (
        "CREATE OR REPLACE FUNCTION counterfoil_journal() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE was jsonb := counterfoil_row(to_jsonb(OLD), TG_ARGV[2]); becomes jsonb; now_is jsonb; "
        "kept jsonb := was; row_key text; BEGIN "
        "IF TG_OP = 'UPDATE' THEN becomes := counterfoil_row(to_jsonb(NEW), TG_ARGV[2]); "
        "  SELECT jsonb_object_agg(k, was -> k), jsonb_object_agg(k, becomes -> k) INTO kept, now_is "
        "  FROM unnest(string_to_array(TG_ARGV[0], ',')) k WHERE was -> k IS DISTINCT FROM becomes -> k; "
        "  IF kept IS NULL THEN RETURN NULL; END IF; "
        "END IF; "
        "SELECT string_agg(was ->> k, '/') INTO row_key FROM unnest(string_to_array(TG_ARGV[1], ',')) k; "
        "INSERT INTO audit_change (account_id, table_name, row_key, what, before, after, salt) VALUES ("
        "CAST(CASE TG_TABLE_NAME WHEN 'account' THEN was ->> 'id' ELSE was ->> 'account_id' END AS bigint), "
        "TG_TABLE_NAME, row_key, lower(TG_OP), kept::text, coalesce(now_is::text, ''), "
        "replace(gen_random_uuid()::text, '-', '')); RETURN NULL; END $$"
    )
    # The chain only grows; what lies beside it may be sealed once, and personal values in it removed.
    yield _function(
        "counterfoil_head_goes_on", f"IF NEW.n <= OLD.n THEN {_raise('counterfoil: the chain goes on')} END IF; RETURN NEW;"
    )


def _journal(connection: Connection, guards: Guards) -> Iterator[tuple[str, str, str]]:
    append_only, tables = frozenset(guards.append_only), read_tables(connection)
    kept = {*guards.append_only, *guards.never_deleted, *guards.changeable}
    for table, layout in read_layouts(connection).items():
        columns, key = journalled(table, layout, append_only), ",".join(layout.key)
        instants = ",".join(name for name, kind in tables[table].types.items() if kind.startswith("timestamp"))
        if columns:
            of = ", ".join(f'"{name}"' for name in columns)
            call = f"counterfoil_journal('{','.join(columns)}', '{key}', '{instants}')"
            yield table, f"{table}_journal_update", f"AFTER UPDATE OF {of} ON {table} FOR EACH ROW EXECUTE FUNCTION {call}"
        if table not in kept:
            call = f"counterfoil_journal('', '{key}', '{instants}')"
            yield table, f"{table}_journal_delete", f"AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {call}"
    refuse = f"FOR EACH ROW EXECUTE FUNCTION {_POSTED}()"
    for table in ("audit", "audit_head", "audit_change"):
        yield table, f"{table}_no_delete", f"BEFORE DELETE ON {table} {refuse}"
        yield table, f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {_POSTED}()"
    fixed = "n, first_action_id, last_action_id, sealed, hash"
    yield "audit", "audit_no_update", f"BEFORE UPDATE OF {fixed} ON audit {refuse}"
    head = "BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION counterfoil_head_goes_on()"
    yield "audit_head", "audit_head_goes_on", head
    fixed = "id, n, action_id, account_id, table_name, row_key, what"
    once = f"BEFORE UPDATE OF {fixed} ON audit_change FOR EACH ROW WHEN (OLD.n IS NOT NULL) EXECUTE FUNCTION {_POSTED}()"
    yield "audit_change", "audit_change_no_update", once


def functions(guards: Guards) -> tuple[str, ...]:
    """What makes the functions of the triggers."""
    people = (_function(name, body) for name, body in serverpeople.functions())
    return (*_functions(guards), *_journal_functions(), *people)


def wanted(connection: Connection, guards: Guards) -> list[tuple[str, str, str]]:
    """Table, name and what follows the name, of every trigger that there must be."""
    present = read_tables(connection)
    described = {*guards.changeable, *guards.blankable}.intersection(present)
    columns_of = {table: list(present[table].columns) for table in described}
    found = list(_triggers(guards, columns_of))
    if "audit_change" in present:
        found += _journal(connection, guards)
    if "approval" in present:
        found += serverpeople.triggers_of_people()
    return [trigger for trigger in found if trigger[0] in present]


def install(connection: Connection, guards: Guards) -> None:
    """Put every trigger in place anew, on those of the tables that an older revision has already."""
    for statement in functions(guards):
        connection.exec_driver_sql(statement)
    for _, name, rest in wanted(connection, guards):
        connection.exec_driver_sql(f"CREATE OR REPLACE TRIGGER {name} {rest}")
