"""Sealing a transaction into the audit trail: what it wrote is digested, and joined to the chain just before commit.

A row of the chain holds, for each table: the keys of the rows written, one SHA-256 over all of them, and a mark of
four bytes for each, so that `check` can name the row at fault. A billing run seals a row a chunk. Columns that each
run moves on every row are recorded as ranges; every other change by the journal's triggers, whose rows are digested
here. Personal values are digested with a salt that lies beside the chain (docs: design, "audit trail").
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from app.errors import OfficeFileError
from app.models import auditlayout
from app.models.auditlayout import Layouts, is_audited
from app.models.bulk import (
    CAPTURE,
    DRIVER,
    Progress,
    execute,
    fetch_one,
    fetch_tuples,
    fetch_value,
    insert_row,
    no_progress,
    on_server,
    ranges_of,
    stream,
)
from app.models.rowdigest import KEPT, PLACE, SALT, Plan, Row, marks_of, strong, text_of

# Rows of one table that are digested together at most.
MOST_ROWS = 20_000
NOTHING_BEFORE = "0" * 64


def link(before: str, n: int, first: int | None, last: int | None, sealed: str) -> str:
    """The hash of a row of the chain."""
    return hashlib.sha256(f"{before}|{n}|{first}|{last}|{sealed}".encode()).hexdigest()


# What of a change is digested, after its salt.
CHANGED = "id, account_id, table_name, row_key, what, before, after"


def change_digest(salt: str, values: Sequence[Any]) -> bytes:
    """The digest of a change; `values` are the columns of `CHANGED`."""
    # Somebody's own tool may have left anything there; the check is to say so.
    return hashlib.sha256(json.dumps([salt, *values], ensure_ascii=True, default=repr).encode()).digest()


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def key_ranges(keys: Sequence[Any]) -> list[Any]:
    """Ascending keys, shortened: `[[first, last], ...]` of whole numbers, else as they are."""
    first, last = keys[0], keys[-1]
    if not isinstance(first, int):
        return list(dict.fromkeys(keys))
    unique = set(keys)
    if last - first + 1 == len(unique):
        return [[first, last]]
    return [list(pair) for pair in ranges_of(sorted(unique))]


class _Held:
    """Rows of one table that are not digested yet."""

    __slots__ = ("keys", "parts", "places")

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.parts: list[bytes] = []
        self.places: list[bytes] = []


class Capture:
    """What the transaction has written so far."""

    def __init__(self, layouts: Layouts, since: int = 0) -> None:
        self.layouts = layouts
        self.since = since  # changes up to this row of the journal are none of the transaction's
        self._plans: dict[tuple[str, tuple[str, ...]], Plan | None] = {}
        self._clear()

    def _clear(self) -> None:
        self._held: dict[str, _Held] = {}
        self._segments: list[list[Any]] = []
        self._salts: dict[str, str] = {}
        self._sets: list[list[Any]] = []
        self.savepoints = 0

    def _plan(self, table: str, columns: tuple[str, ...]) -> Plan | None:
        wanted = (table, columns)
        if wanted not in self._plans:
            layout = self.layouts.get(table) if is_audited(table) else None
            self._plans[wanted] = None if layout is None else Plan(layout, columns)
        return self._plans[wanted]

    def inserted(self, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Rows that are being inserted, as the driver gets them."""
        plan = self._plan(table, columns)
        if plan is None:
            return
        held = self._held.get(table)
        if held is None:
            held = self._held[table] = _Held()
        if plan.personal:
            fresh = os.urandom(SALT * len(rows))
            places = [KEPT + fresh[start : start + SALT] for start in range(0, len(fresh), SALT)]
            held.places += places
            held.parts += plan.packed(rows, places)
        else:
            held.parts += plan.packed(rows)
        held.keys.extend(map(plan.first_key, rows))
        for column, place in plan.run:
            self._values_inserted(table, column, [(row[place], plan.first_key(row)) for row in rows])
        if len(held.parts) >= MOST_ROWS and not self.savepoints:
            self._close(table)

    def _values_inserted(self, table: str, column: str, valued: list[tuple[Any, int]]) -> None:
        for value, group in groupby(valued, key=lambda pair: pair[0]):
            self.column_set(table, column, value, ranges_of(key for _, key in group))

    def column_set(self, table: str, column: str, value: Any, ranges: Iterable[tuple[int, int]]) -> None:
        """A run column set to a value on ranges of rows."""
        found = [list(pair) for pair in ranges]
        if found:
            self._sets.append([table, column, value, found])

    def _close(self, table: str) -> None:
        held = self._held.pop(table)
        keys, parts, places = held.keys, held.parts, held.places
        if sorted(keys) != keys:
            order = sorted(range(len(keys)), key=keys.__getitem__)
            keys, parts = [keys[i] for i in order], [parts[i] for i in order]
            places = [places[i] for i in order] if places else places
        if places:
            self._salts[str(len(self._segments))] = text_of(b"".join(places))
        self._segments.append([table, key_ranges(keys), len(parts), strong(parts), text_of(marks_of(parts))])

    def take(self) -> tuple[dict[str, Any], dict[str, str], tuple[int | None, int | None]]:
        """All that was written, for the chain; what lies beside it; and the first and last action. Starts anew."""
        actions = self._held["action"].keys if "action" in self._held else []
        for table in list(self._held):
            self._close(table)
        sealed: dict[str, Any] = {}
        if self._segments:
            sealed["rows"] = self._segments
        if self._sets:
            sealed["set"] = self._sets
        salts = self._salts
        self._clear()
        return sealed, salts, (min(actions), max(actions)) if actions else (None, None)

    def kept(self) -> Any:
        """What `restore` needs to forget what was written since."""
        held = {table: (len(rows.keys), len(rows.places)) for table, rows in self._held.items()}
        return held, len(self._sets)

    def restore(self, kept: Any) -> None:
        """Forget what was written since `kept`: it was rolled back."""
        held, sets = kept
        del self._sets[sets:]
        for table in list(self._held):
            if table not in held:
                del self._held[table]
                continue
            rows, (keys, places) = self._held[table], held[table]
            del rows.keys[keys:], rows.parts[keys:], rows.places[places:]


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Part of a transaction that may be rolled back alone, when the block raises."""
    capture: Capture = session.info[CAPTURE]
    kept = capture.kept()
    capture.savepoints += 1  # what is digested already could not be taken back
    try:
        with session.begin_nested():
            # The session marks the place only when it is asked for its connection, and rows are written past it.
            session.connection()
            yield
    except BaseException:
        capture.restore(kept)
        raise
    finally:
        capture.savepoints -= 1


def load_layouts(session: Session) -> Layouts:
    """How this office's rows are digested."""
    sealed = fetch_value(session, "SELECT sealed FROM audit WHERE n = (SELECT layout_n FROM audit_head WHERE id = 1)")
    try:
        return auditlayout.from_json(json.loads(sealed)["layout"])
    except (TypeError, ValueError, KeyError, AttributeError):
        raise OfficeFileError(
            "Somebody edited this office's audit trail past the program: the row that says how rows are sealed cannot be "
            "read. Restore the last backup. Nothing was changed."
        ) from None


def refuse_edited_revision(connection: Connection, name: object, found: str) -> None:
    """Raises OfficeFileError before an upgrade from a revision that the office is not of, as its trail says."""
    if not inspect(connection).has_table("audit_head"):
        return  # of before the trail
    text = connection.exec_driver_sql(
        "SELECT sealed FROM audit WHERE n = (SELECT layout_n FROM audit_head WHERE id = 1)"
    ).scalar()
    try:
        sealed = json.loads(text or "{}").get("revision", [found])
    except ValueError:
        return  # the upgrade's own check tells
    if sealed != [found]:
        raise OfficeFileError(
            f"{name} says in alembic_version that it is of version {found}, but it was sealed as {', '.join(sealed)}: "
            "somebody edited it. Restore the last backup. Nothing was changed."
        )


_SEAL_CHANGES = "UPDATE audit_change SET n = ?, action_id = ? WHERE n IS NULL AND id > ?"

# On a server somebody with another SQL client may commit a change while this transaction goes on: only what is still in
# progress is one's own (its savepoints have numbers near its own). What is another's stays unsealed, for `check` to find.
_OWN_CHANGES = (
    " AND pg_xact_status(CAST(CAST(CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
    " + mod(CAST(CAST(xmin AS text) AS bigint) - mod(CAST(CAST(pg_current_xact_id() AS text) AS bigint), 4294967296)"
    " + 6442450944, 4294967296) - 2147483648 AS text) AS xid8)) = 'in progress'"
)


def open_capture(session: Session, layouts: Layouts | None) -> Layouts:
    """Begin to note what the session writes. `layouts` are known after the first time."""
    known = layouts or load_layouts(session)
    # What another program changed past this one is left as it is, for `check` to find.
    strange = fetch_value(session, "SELECT max(id) FROM audit_change WHERE n IS NULL")
    session.info[CAPTURE] = Capture(known, strange or 0)
    return known


def seal(session: Session) -> int | None:
    """Join what the transaction wrote to the chain: the last thing before its commit. Its row there; None for nothing."""
    capture: Capture = session.info[CAPTURE]
    own = _OWN_CHANGES if on_server(session) else ""
    changes = fetch_tuples(
        session,
        f"SELECT salt, {CHANGED} FROM audit_change WHERE n IS NULL AND id > ?{own} ORDER BY id",
        capture.since,
    )
    sealed, salts, actions = capture.take()
    if changes:
        together = b"".join(change_digest(row[0], row[1:]) for row in changes)
        sealed["changes"] = [len(changes), hashlib.sha256(together).hexdigest()]
    if not sealed:
        return None
    n = _append(session, sealed, salts, actions)
    if changes:
        execute(session, _SEAL_CHANGES + own, n, actions[1], capture.since)
    return n


def _append(
    session: Session,
    sealed: dict[str, Any],
    salts: dict[str, str],
    actions: tuple[int | None, int | None] = (None, None),
    *,
    is_layout: bool = False,
) -> int:
    # On a server others may be about to commit too: who locks the head first goes first, and nobody holds it for long.
    lock = " FOR UPDATE" if on_server(session) else ""
    head = fetch_one(session, f"SELECT n, hash, layout_n FROM audit_head WHERE id = 1{lock}")
    before, n = (NOTHING_BEFORE, 1) if head is None else (head.hash, head.n + 1)
    text = compact(sealed)
    found = link(before, n, *actions, text)
    insert_row(
        session,
        "audit",
        n=n,
        first_action_id=actions[0],
        last_action_id=actions[1],
        sealed=text,
        salts=compact(salts) if salts else "",
        hash=found,
    )
    if head is None:
        insert_row(session, "audit_head", id=1, n=n, hash=found, layout_n=n)
    elif is_layout:
        execute(session, "UPDATE audit_head SET n = ?, hash = ?, layout_n = ? WHERE id = 1", n, found, n)
    else:
        execute(session, "UPDATE audit_head SET n = ?, hash = ? WHERE id = 1", n, found)
    return n


@contextmanager
def on_connection(connection: Connection) -> Iterator[Session]:
    """A session inside the transaction of a connection, which goes on after it."""
    with Session(connection) as session:
        driver = session.connection().connection.driver_connection
        if connection.dialect.name == "postgresql":
            from app.models.serverdriver import driver_of

            driver = driver_of(driver)
        session.info[DRIVER] = driver
        yield session


def start(
    connection: Connection, problems: Sequence[str] = (), progress: Progress = no_progress, by: Sequence[str] = ()
) -> None:
    """Begin the chain, or begin it anew on another schema: digests every row that is there.

    `problems`: what was wrong with the rows just before, kept in the chain, so that no upgrade hides it. `progress`
    counts rows. `by`: who began it and at which PC, of an upgrade, for which nobody signs in to the office.
    """
    with on_connection(connection) as session:
        layouts = auditlayout.read_layouts(connection)
        sealed: dict[str, Any] = {"layout": auditlayout.as_json(layouts), "revision": auditlayout.revisions(connection)}
        if problems:
            sealed["problems"] = list(problems)
        if by:
            sealed["by"] = list(by)
        n = _append(session, sealed, {}, is_layout=True)
        # Nothing is compared with what was sealed before, so the salts of values that are gone since must go too.
        execute(session, "UPDATE audit SET salts = '' WHERE n < ? AND salts <> ''", n)
        capture = Capture(layouts)
        # A new office, of which nobody wants to see how far it is, asks nothing.
        counted = () if progress is no_progress else layouts
        done, total = 0, sum(int(fetch_value(session, f"SELECT count(*) FROM {table}")) for table in counted)
        for table, layout in layouts.items():
            names = ", ".join(f'"{name}"' for name in layout.columns)
            order = ", ".join(f'"{name}"' for name in layout.key)
            first = layout.columns.index(layout.key[0])
            # What changed before is part of the rows as they are now.
            rows: list[Row] = []
            for row in stream(session, f"SELECT {names} FROM {table} ORDER BY {order}"):
                # A part is known by the first of the key alone, so no invoice's lines may be divided between two.
                if len(rows) >= MOST_ROWS and row[first] != rows[-1][first]:
                    _seal_present(session, capture, table, layout.columns, rows)
                    done += len(rows)
                    progress(done, total)
                    rows = []
                rows.append(row)
            _seal_present(session, capture, table, layout.columns, rows)
            done += len(rows)
            progress(done, total)


def _seal_present(session: Session, capture: Capture, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    if rows:
        capture.inserted(table, columns, rows)
        sealed, salts, _ = capture.take()
        _append(session, sealed, salts)


assert PLACE == SALT + 1
