"""Which database a test works on: memory or a file, as everywhere, or a real PostgreSQL server.

Tests marked `both_databases` run once on each; with `--database=postgres` all do that open their office here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from postgres_server import USER, Server, running
from sqlalchemy import URL

from app.models import database, sealing, server, serverroles
from app.models.database import Database
from app.models.server import ServerDatabase

# What the program signs in as: every test on a server shows that its grants are enough.
PROGRAM_ROLE = "counterfoil_office"


class _Kept(ServerDatabase):
    """An office that is emptied and used again: a new database for each test would cost more than the test."""

    def close(self) -> None:
        """Keep its connections: what they know of the tables is most of what a short test waits for."""


@dataclass
class _State:
    """The one choice in force, the server once it runs, and its offices: those free and those in use."""

    on_server: bool = False
    running: Server | None = None
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    free: list[_Kept] = field(default_factory=list)
    in_use: list[_Kept] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


_now = _State()


def on_server() -> bool:
    """Whether offices are opened on the server at present."""
    return _now.on_server


def the_server() -> Server:
    """The test run's server, started when first asked for."""
    if _now.running is None:
        _now.running = _now.stack.enter_context(running())
    return _now.running


def stop_server() -> None:
    """At the end of the test run."""
    for books in _now.free:
        ServerDatabase.close(books)
    _now.free.clear()
    _now.stack.close()
    _now.running = None


@contextlib.contextmanager
def choosing(*, on_server: bool) -> Iterator[None]:
    """Open offices there while the block runs; what was opened is gone afterwards."""
    before, _now.on_server = _now.on_server, on_server
    try:
        yield
    finally:
        _now.on_server = before
        while _now.in_use:
            books = _now.in_use.pop()
            _empty(books)
            _now.free.append(books)
        while _now.dropped:
            the_server().drop(_now.dropped.pop())


def empty_office() -> Database:
    """A new office without anything in it, on the database in force."""
    if not _now.on_server:
        return database.in_memory()
    if not _now.free:
        address = server.server_url(the_server().new_database())
        server.create(address).close()
        let_program_in(address)
        _now.free.append(_Kept(address.set(username=PROGRAM_ROLE)))
    books = _now.free.pop()
    _now.in_use.append(books)
    return books


def let_program_in(address: URL) -> None:
    """Give the program's role its rights on an office of the owner's."""
    with ServerDatabase(address) as books, books.engine.begin() as connection:
        serverroles.prepare_role(connection, PROGRAM_ROLE)
        serverroles.grant(connection, PROGRAM_ROLE)


def owners_address(books: Database) -> URL:
    """The address by which the owner of an office on the tests' server signs in."""
    assert isinstance(books, ServerDatabase)
    return books.url.set(username=USER)


def new_address() -> str:
    """The address of an empty database that is dropped after the test."""
    address = the_server().new_database()
    _now.dropped.append(address)
    return address


def _empty(books: _Kept) -> None:
    """Delete every row, which the office's own triggers would refuse."""
    address = owners_address(books).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [str(row[0]) for row in rows if row[0] != "alembic_version"]
        deleting = "; ".join(f"DELETE FROM {table}" for table in tables)
        connection.execute(f"SET session_replication_role = replica; {deleting}")  # type: ignore[arg-type, unused-ignore]
    with ServerDatabase(owners_address(books)) as owned, owned.engine.begin() as begun:
        sealing.start(begun)  # the chain of the audit trail
