"""The one way rows are written: tuples in bulk, ids reserved up front, the same for one row or for a run.

Measured before (docs/BENCHMARKS.md): plain tuples through the driver are 1.7 to 12 times as fast as rows
that go through the unit of work, so single actions use the same path as the billing run.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

_iso_day = lru_cache(maxsize=4096)(date.isoformat)
parse_day = lru_cache(maxsize=4096)(date.fromisoformat)


def day_or_none(text: str | None) -> date | None:
    """A date as the driver gives it."""
    return None if text is None else parse_day(text)


# Where a session keeps the driver's connection on which its transaction runs. Rows are read and written on it
# directly: the result and event machinery above it costs more than most of these statements.
DRIVER = "driver"

# Where a writing session keeps what it has written, for the audit trail (models/sealing).
CAPTURE = "capture"

# A row that a unique key or a trigger refuses, whichever layer says so.
REFUSED_ROW = (IntegrityError, sqlite3.IntegrityError)


# Parameters in one INSERT of many rows: a quarter faster than a statement a row, and well below the limits
# of both databases (SQLite 32,766; PostgreSQL 65,535).
_PARAMETERS = 8_000
# Rows from which PostgreSQL's COPY is worth its own exchange.
_WORTH_A_COPY = 16


def on_server(session: Session) -> bool:
    """Whether the office is on a PostgreSQL server: only for the few statements that cannot be the same for both."""
    return not isinstance(session.info[DRIVER], sqlite3.Connection)


@lru_cache(maxsize=256)
def _insert_sql(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * rows)}"


def _plain(value: Any) -> Any:
    if not isinstance(value, date):  # a datetime is a date
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds").removesuffix("+00:00")
    return _iso_day(value)


def iso(day: date | None) -> str | None:
    """A date as the driver takes it."""
    return None if day is None else _iso_day(day)


def insert_ready_rows(session: Session, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert tuples whose dates are ISO text already."""
    if not rows:
        return
    driver = session.info[DRIVER]
    if (capture := session.info.get(CAPTURE)) is not None:
        capture.inserted(table, columns, rows)
    if on_server(session) and len(rows) >= _WORTH_A_COPY:
        driver.copy(table, columns, rows)
        return
    at_once = _PARAMETERS // len(columns)
    whole = len(rows) - len(rows) % at_once
    for start in range(0, whole, at_once):
        values = tuple(chain.from_iterable(rows[start : start + at_once]))
        driver.execute(_insert_sql(table, columns, at_once), values)
    if whole < len(rows):
        driver.executemany(_insert_sql(table, columns), rows[whole:])


def insert_row(session: Session, table: str, **values: Any) -> None:
    """Insert one row; dates and UTC instants are converted."""
    columns, row = tuple(values), tuple(map(_plain, values.values()))
    session.info[DRIVER].execute(_insert_sql(table, columns), row)
    if (capture := session.info.get(CAPTURE)) is not None:
        capture.inserted(table, columns, (row,))


def execute_many(session: Session, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Run one statement for every tuple of parameters."""
    if rows:
        session.info[DRIVER].executemany(sql, rows)


def execute(session: Session, sql: str, *parameters: Any) -> int:
    """Run one statement with `?` parameters; returns how many rows it touched."""
    touched: int = session.info[DRIVER].execute(sql, tuple(map(_plain, parameters))).rowcount
    return touched


def set_ranges(session: Session, table: str, column: str, ranges: Iterable[tuple[Any, int, int]]) -> None:
    """Set a column that each run moves (auditlayout.RUN_COLUMNS): (value, first id, last id), both ends included.

    These columns are changed by nothing else, so that the audit trail knows what each row must hold.
    """
    found = [(_plain(value), first, last) for value, first, last in ranges]
    if (capture := session.info.get(CAPTURE)) is not None:
        for value, group in groupby(found, key=itemgetter(0)):
            capture.column_set(table, column, value, [(first, last) for _, first, last in group])
    execute_many(session, f"UPDATE {table} SET {column} = ? WHERE id BETWEEN ? AND ?", found)


def move_figures(session: Session, table: str, column: str, moved: Mapping[int, int]) -> None:
    """Add cents to a stored figure of some rows: by id, what is added; zeros are left out."""
    changes = [(cents, row_id) for row_id, cents in moved.items() if cents]
    if on_server(session) and len(changes) >= _WORTH_A_COPY:
        session.info[DRIVER].execute(
            f"UPDATE {table} SET {column} = {column} + m.cents FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) "
            f"AS m (cents, id) WHERE {table}.id = m.id",
            tuple(map(list, zip(*changes, strict=True))),
        )
        return
    execute_many(session, f"UPDATE {table} SET {column} = {column} + ? WHERE id = ?", changes)


_NAME = itemgetter(0)  # of a column, in what a cursor says of it


@lru_cache(maxsize=512)
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _cursor(session: Session, sql: str, values: Any) -> Any:
    cursor = session.info[DRIVER].cursor()
    cursor.execute(sql, values)
    return cursor


def fetch(session: Session, sql: str, *parameters: Any) -> list[Any]:
    """All rows of a query with `?` parameters, their columns as attributes; dates come as ISO text."""
    cursor = _cursor(session, sql, tuple(map(_plain, parameters)))
    rows: list[Any] = cursor.fetchall()
    if rows:
        rows = list(map(_row_type(tuple(map(_NAME, cursor.description)))._make, rows))
    cursor.close()
    return rows


def fetch_tuples(session: Session, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """As `fetch`, but bare tuples: for reading many rows."""
    cursor = _cursor(session, sql, tuple(map(_plain, parameters)))
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    cursor.close()
    return rows


def stream(session: Session, sql: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
    """As `fetch_tuples`, a few rows at a time: for reading whole tables."""
    cursor = _cursor(session, sql, tuple(map(_plain, parameters)))
    while rows := cursor.fetchmany(1_000):
        yield from rows
    cursor.close()


def fetch_named(session: Session, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """As `fetch_tuples`, with `:name` parameters: for queries that use a value several times."""
    cursor = _cursor(session, sql, {name: _plain(value) for name, value in values.items()})
    rows = list(cursor.fetchall())
    cursor.close()
    return rows


def fetch_one(session: Session, sql: str, *parameters: Any) -> Any | None:
    """The first row of a query, its columns as attributes, or None."""
    cursor = _cursor(session, sql, tuple(map(_plain, parameters)))
    row = cursor.fetchone()
    made = None if row is None else _row_type(tuple(map(_NAME, cursor.description)))._make(row)
    cursor.close()
    return made


def fetch_value(session: Session, sql: str, *parameters: Any) -> Any:
    """The first column of the first row of a query, or None."""
    cursor = _cursor(session, sql, tuple(map(_plain, parameters)))
    row = cursor.fetchone()
    cursor.close()
    return None if row is None else row[0]


# The first number of each series that people read aloud: long enough not to be taken for a year or a count.
_FIRST_ID = {"invoice": 100_001, "refund": 1, "deposit": 1}


def reserve_ids(session: Session, table: str, count: int) -> range:
    """`count` fresh ids of `table`. Safe because there is one writer at a time from its BEGIN on, on both databases."""
    highest = fetch_value(session, f"SELECT max(id) FROM {table}")
    first = _FIRST_ID.get(table, 1) if highest is None else highest + 1
    return range(first, first + count)


def insert_with_id(session: Session, table: str, **values: Any) -> int:
    """Insert one row under a fresh id, and return that id."""
    row_id = reserve_ids(session, table, 1)[0]
    insert_row(session, table, id=row_id, **values)
    return row_id


def ranges_of(ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending ids as ranges without gaps, both ends included: one statement then serves a whole range."""
    first = last = None
    for i in ids:
        if last is not None and i == last + 1:
            last = i
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = i
    if first is not None and last is not None:
        yield first, last


def chunks(low: int, high: int, size: int) -> Iterable[tuple[int, int]]:
    """Ranges of ids, both ends included."""
    while low <= high:
        yield low, min(low + size - 1, high)
        low += size


Progress = Callable[[int, int], None]


def no_progress(_done: int, _of: int) -> None:
    """For callers that show none."""


WHOLE = 1_000


def part_of(progress: Progress, start: int, end: int) -> Progress:
    """The progress of a part of the whole work, which counts to WHOLE."""
    return lambda done, of: progress(start + (end - start) * done // max(of, 1), WHOLE)


@contextmanager
def reading_once(session: Session) -> Iterator[None]:
    """Read much, each page of the file once: what SQLite would keep of it is only memory, in every process."""
    if on_server(session):
        yield
        return
    before = fetch_value(session, "PRAGMA cache_size")
    fetch(session, "PRAGMA cache_size = -2000")
    try:
        yield
    finally:
        fetch(session, f"PRAGMA cache_size = {before}")
