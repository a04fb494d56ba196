"""Which database a test works on: memory or a file, as everywhere, or a real PostgreSQL server.

The tests of the services and of the models that open an office run on both (see conftest); with
`--database=postgres` all tests that open their office here do. An office on the server is used again by the next
test: its rows are replaced by those of an image, which takes a hundredth of a second.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import psycopg
from postgres_server import USER, Server, name_of, running
from psycopg import sql
from sqlalchemy import URL

from app.models import database, server, serverroles, serverschema
from app.models.database import Database
from app.models.server import ServerDatabase

# What the program signs in as: every test on a server shows that its grants are enough.
PROGRAM_ROLE = "counterfoil_office"
# Offices are used again this often before the space of their deleted rows is.
_USES_BETWEEN_SWEEPS = 25

# Each office of a test takes up to three connections of the server's sixty.
_MOST_OFFICES = 8

Given = ParamSpec("Given")
Made = TypeVar("Made")


class KeptOffice(ServerDatabase):
    """An office on the server whose rows can be replaced: a new database for each test would cost more than the test."""

    def __init__(self, owners: URL) -> None:
        super().__init__(owners.set(username=PROGRAM_ROLE))
        self._owner = psycopg.connect(_plain(owners), autocommit=True)
        # No trigger and no reference is in the way of whoever puts an image in place.
        self._owner.execute("SET session_replication_role = replica; SET lock_timeout = '10s'; SET datestyle = 'ISO'")
        with ServerDatabase(owners) as books, books.engine.connect() as connection:
            tables = serverschema.read_tables(connection)
        self._keys = {name: table.key or table.columns for name, table in tables.items() if name != "alembic_version"}
        asked = "SELECT pg_get_serial_sequence(%s, %s)"
        serials = {name: self._owner.execute(asked, (name, key[0])).fetchone() for name, key in self._keys.items()}
        self._serials = {name: str(row[0]) for name, row in serials.items() if row is not None and row[0] is not None}
        self.uses = 0

    def close(self) -> None:
        """Keep its connections: what they know of the tables is most of what a short test waits for."""

    def end(self) -> None:
        """Let go of the server."""
        self._owner.close()
        super().close()

    def image(self) -> bytes:
        """Every row of every table in the order of their keys: the same bytes, the same office."""
        with self._owner.transaction():
            return pickle.dumps({table: self._copied(table) for table in self._filled()})

    def put(self, image: bytes) -> None:
        """Replace all rows by those of an image."""
        rows = pickle.loads(image)
        self.uses += 1
        filled = self._filled()
        with self._owner.transaction(), self._owner.cursor() as cursor:
            for table in filled:
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table, kept in rows.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                    into.write(kept)
            # What numbers its own rows goes on behind them.
            numbered = [
                sql.SQL("SELECT setval({}, max({})) FROM {}").format(
                    self._serials[table], sql.Identifier(self._keys[table][0]), sql.Identifier(table)
                )
                for table in rows
                if table in self._serials
            ]
            if numbered:
                cursor.execute(sql.SQL(" UNION ALL ").join(numbered))
        if self.uses % _USES_BETWEEN_SWEEPS == 0:
            self._owner.execute("VACUUM")

    def _filled(self) -> list[str]:
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(name, sql.Identifier(name))
            for name in sorted(self._keys)
        )
        return [str(row[0]) for row in self._owner.execute(asked)]

    def _copied(self, table: str) -> bytes:
        order = sql.SQL(", ").join(map(sql.Identifier, self._keys[table]))
        asked = sql.SQL("COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT").format(sql.Identifier(table), order)
        with self._owner.cursor() as cursor, cursor.copy(asked) as out:
            return b"".join(map(bytes, out))


@dataclass
class _State:
    """The one choice in force, the server once it runs, and its offices: those free and those in use."""

    on_server: bool = False
    running: Server | None = None
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    template: str = ""
    empty: bytes = b""
    free: list[KeptOffice] = field(default_factory=list)
    in_use: list[KeptOffice] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


_now = _State()


def on_server() -> bool:
    """Whether offices are opened on the server at present."""
    return _now.on_server


def made_once(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Keep what a function makes for each choice of arguments, and of the database: images of offices, mostly."""
    made: dict[object, Made] = {}

    @functools.wraps(make)
    def kept(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        asked = (on_server(), args, tuple(sorted(kwargs.items())))
        if asked not in made:
            made[asked] = make(*args, **kwargs)
        return made[asked]

    return kept


def the_server() -> Server:
    """The test run's server, started when first asked for."""
    if _now.running is None:
        _now.running = _now.stack.enter_context(running())
    return _now.running


def stop_server() -> None:
    """At the end of the test run."""
    while _now.free:
        _now.free.pop().end()
    _now.stack.close()
    _now.running, _now.template = None, ""


@contextlib.contextmanager
def _switched(on_server: bool) -> Iterator[None]:
    before, _now.on_server = _now.on_server, on_server
    try:
        yield
    finally:
        _now.on_server = before


def in_files() -> contextlib.AbstractContextManager[None]:
    """Open offices in memory while the block runs, for what is about a file in any case."""
    return _switched(False)


@contextlib.contextmanager
def choosing(*, on_server: bool) -> Iterator[None]:
    """Open offices there while the block runs; what was opened is gone afterwards."""
    try:
        with _switched(on_server):
            yield
    finally:
        while _now.in_use:
            end_of_use(_now.in_use[0])()
        while _now.dropped:
            the_server().drop(_now.dropped.pop())


def empty_office() -> Database:
    """A new office without anything in it, on the database in force."""
    return office_of(None) if _now.on_server else database.in_memory()


def office_of(image: bytes | None) -> KeptOffice:
    """An office on the server as it was in an image; without one, an office without anything in it."""
    if not _now.free and len(_now.in_use) >= _MOST_OFFICES:
        gc.collect()  # examples that failed are kept in circles of what they raised
    if not _now.free:
        _now.free.append(KeptOffice(server.server_url(_new_office())))
    books = _now.free.pop(0)
    _now.in_use.append(books)
    _now.empty = _now.empty or books.image()
    books.put(image or _now.empty)
    return books


def _new_office() -> str:
    """The address of another office: the first is kept as it was made, and copied."""
    if not _now.template:
        address = the_server().new_database()
        server.create(server.server_url(address)).close()
        let_program_in(server.server_url(address))
        _now.template = name_of(address)
    address = the_server().new_database(template=_now.template)
    # Rights on the database itself are not copied with what is in it.
    database_name = name_of(address)
    the_server().sql(f"REVOKE CREATE, TEMPORARY ON DATABASE {database_name} FROM PUBLIC")
    the_server().sql(f"GRANT CONNECT ON DATABASE {database_name} TO {PROGRAM_ROLE}")
    return address


def end_of_use(books: Database) -> Callable[[], None]:
    """What gives an office back once it is not needed any more; does nothing for others, and nothing twice."""
    use = books.uses if isinstance(books, KeptOffice) else 0

    def end() -> None:
        if isinstance(books, KeptOffice) and books.uses == use and books in _now.in_use:
            _now.in_use.remove(books)
            _now.free.append(books)

    return end


def let_program_in(address: URL) -> None:
    """Give the program's role its rights on an office of the owner's."""
    with ServerDatabase(address) as books, books.engine.begin() as connection:
        serverroles.prepare_role(connection, PROGRAM_ROLE)
        serverroles.grant(connection, PROGRAM_ROLE)


def _plain(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)


def owners_address(books: Database) -> URL:
    """The address by which the owner of an office on the tests' server signs in."""
    assert isinstance(books, ServerDatabase)
    return books.url.set(username=USER)


def new_address() -> str:
    """The address of an empty database that is dropped after the test."""
    address = the_server().new_database()
    _now.dropped.append(address)
    return address
