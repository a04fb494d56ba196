"""psycopg's connection with the manners of SQLite's: what `bulk` reads and writes through on PostgreSQL.

Rows come as SQLite gives them (days and instants as ISO text, yes and no as 1 and 0, sums as whole numbers), so
that no service asks which database it works on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql as composing
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.types.numeric import Int8Dumper
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.models.serversql import is_numbered, to_server

_MICROSECONDS = 6
# A statement is prepared when it comes for the third time; the program has about five hundred.
_PREPARED_FROM = 2
_PREPARED = 600


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _InstantLoader(Loader):
    """`2026-11-01 09:00:00.123000`: always with microseconds, as they are written."""

    def load(self, data: Buffer) -> str:
        whole, _, fraction = bytes(data).decode().partition(".")
        return f"{whole}.{fraction:0<{_MICROSECONDS}}"


class _YesNoLoader(Loader):
    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _NumberLoader(Loader):
    """Sums of cents; whole numbers, as there are no others in the books."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


class _YesNoDumper(Dumper):
    oid = psycopg.postgres.types["int8"].oid

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"

    def quote(self, obj: bool) -> bytes:
        return self.dump(obj)


def configure(connection: psycopg.Connection[Any]) -> None:
    """Let a new connection take and give values as SQLite's driver does."""
    adapters = connection.adapters
    adapters.register_loader("date", _TextLoader)
    adapters.register_loader("timestamp", _InstantLoader)
    adapters.register_loader("bool", _YesNoLoader)
    adapters.register_loader("numeric", _NumberLoader)
    adapters.register_dumper(bool, _YesNoDumper)
    # One type for every whole number: else each mixture of sizes would be prepared anew.
    adapters.register_dumper(int, Int8Dumper)
    connection.prepare_threshold = _PREPARED_FROM
    connection.prepared_max = _PREPARED


@contextmanager
def _known_errors() -> Iterator[None]:
    """Errors under the names that the services know; `Database` says them as sentences."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise IntegrityError(None, None, error) from error
    except psycopg.Error as error:
        raise DBAPIError(None, None, error) from error


def _values(sql: str, values: Sequence[Any] | Mapping[str, Any]) -> Any:
    if isinstance(values, Mapping) or not is_numbered(sql):
        return values
    return {f"n{number}": value for number, value in enumerate(values, start=1)}


class ServerCursor:
    """A cursor whose statements have SQLite's parameters. What is asked again and again is prepared by psycopg."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor()
        self.fetchall = self._cursor.fetchall
        self.fetchone = self._cursor.fetchone
        self.fetchmany = self._cursor.fetchmany
        self.close = self._cursor.close

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> ServerCursor:
        """Run one statement."""
        statement = to_server(sql)
        with _known_errors():
            self._cursor.execute(statement, _values(statement, values))
        return self

    @property
    def description(self) -> Any:
        """The columns of the result, each beginning with its name."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows the statement touched."""
        return self._cursor.rowcount


def driver_of(connection: Any) -> ServerDriver:
    """The driver on psycopg's connection."""
    assert isinstance(connection, psycopg.Connection)
    return ServerDriver(connection)


class ServerDriver:
    """What `bulk` calls, on a connection to PostgreSQL inside its transaction."""

    is_server = True

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def cursor(self) -> ServerCursor:
        """A cursor for one statement."""
        return ServerCursor(self.connection)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> ServerCursor:
        """Run one statement; its cursor says how many rows it touched."""
        return self.cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run one statement for each row: prepared once, and sent without waiting for each answer."""
        statement = to_server(sql)
        with _known_errors(), self.connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def copy(self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """Write many rows by COPY, the fastest way in."""
        names = composing.SQL(", ").join(map(composing.Identifier, columns))
        statement = composing.SQL("COPY {} ({}) FROM STDIN").format(composing.Identifier(table), names)
        with _known_errors(), self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            write = copy.write_row
            for row in rows:
                write(row)
