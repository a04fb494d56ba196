"""The office's database: one SQLite file, opened with the settings that money needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool, StaticPool

from app.errors import OfficeFileError, UserError
from app.models import sealing, searchindex, triggers
from app.models.auditlayout import Layouts
from app.models.bulk import DRIVER
from app.models.checkpoints import BACKSTOP_PAGES, Checkpointer
from app.models.copying import before_upgrade, read_only_uri
from app.models.filemark import FileMark
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION

BUSY_MILLISECONDS = 5_000
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32000",
    f"PRAGMA wal_autocheckpoint = {BACKSTOP_PAGES}",
    # SQLite 3.40 lets no trigger write to the search index otherwise; no function of ours is registered.
    "PRAGMA trusted_schema = ON",
)


class Database:
    """An open office. `read()` and `write()` are the only ways to its data.

    `write()` is one transaction: committed when the block ends, rolled back when it raises.
    """

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path
        self._writer = engine.execution_options(begin_immediate=True)
        self._layouts: Layouts | None = None
        self._checkpointer = None if path is None else Checkpointer(path)
        self._mark = None if path is None else FileMark(path)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing."""
        with _clear_errors(self.path), Session(self.engine, autoflush=False) as session:
            _bind_driver(session)
            try:
                yield session
            finally:
                session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is committed as one, or not at all; sealed into the audit trail just before."""
        if self._mark is not None:
            self._mark.refuse_another()
        with _clear_errors(self.path), Session(self._writer, autoflush=False) as session:
            _bind_driver(session)
            try:
                self._layouts = sealing.open_capture(session, self._layouts)
                yield session
                sealing.seal(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise
        if self._checkpointer is not None:
            self._checkpointer.poke()

    def close(self) -> None:
        """Let go of the file."""
        if self._checkpointer is not None:
            self._checkpointer.stop()
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _bind_driver(session: Session) -> None:
    """Begin the transaction, and let `bulk` read on the driver's connection without asking for it each time."""
    session.info[DRIVER] = session.connection().connection.driver_connection


def _engine(url: URL, *, foreign_keys: bool = True, **options: Any) -> Engine:
    # Sessions end their own transactions; the pool's further ROLLBACK would cost a third of a short read.
    engine = create_engine(url, pool_reset_on_return=None, **options)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own implicit BEGIN is off; the "begin" event below says which kind it is.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if not foreign_keys:
            connection.execute("PRAGMA foreign_keys = OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("begin_immediate", False)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _file_engine(path: Path, *, foreign_keys: bool = True) -> Engine:
    return _engine(
        URL.create("sqlite", database=str(path)),
        foreign_keys=foreign_keys,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
    )


def create(path: Path) -> Database:
    """A new, empty office file in WAL mode. Raises OfficeFileError when it cannot be made."""
    refuse_existing(path)
    engine = _file_engine(path)
    with _clear_errors(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        _create_schema(engine)
    return Database(engine, path)


def refuse_existing(path: Path) -> None:
    """Raises OfficeFileError when a new office cannot be made in `path`: it is there already, or its folder is not."""
    try:
        exists, has_folder = path.exists(), path.parent.is_dir()
    except OSError as error:
        raise OfficeFileError(f"{path} cannot be made: {error.strerror}; check the folder's permissions.") from error
    if exists:
        raise OfficeFileError(f"{path} exists already; choose another name for the new office.")
    if not has_folder:
        raise OfficeFileError(f"The folder {path.parent} does not exist; make it or choose another one.")


def in_memory() -> Database:
    """A fresh office that lives as long as the object: for rehearsals."""
    engine = _memory_engine()
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        connection.rollback()
        driver.deserialize(_empty_office())
    return Database(engine, None)


def _memory_engine() -> Engine:
    return _engine(URL.create("sqlite"), poolclass=StaticPool, connect_args={"check_same_thread": False})


@lru_cache(maxsize=1)
def _empty_office() -> bytes:
    """The whole database of an office in memory that holds nothing yet: a copy is made ten times as fast."""
    engine = _memory_engine()
    _create_schema(engine)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        connection.rollback()
        image = driver.serialize()
    engine.dispose()
    return image


def open_existing(path: Path, *, is_backed_up: bool = False) -> Database:
    """The office in `path`, migrated to this program's schema; backed up before that unless it `is_backed_up`.

    Raises OfficeFileError when it is missing, damaged, locked, read-only or made by a newer program.
    """
    try:
        if not path.is_file():
            raise OfficeFileError(f"There is no office at {path}.")
    except OSError as error:
        raise OfficeFileError(f"{path} cannot be opened: {error.strerror}; check the folder's permissions.") from error
    engine = _file_engine(path)
    try:
        with _clear_errors(path):
            _migrate(engine, path, is_backed_up=is_backed_up)
            _use_log(path)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, path)


class ReadOnlyDatabase(Database):
    """An office opened to be looked at: a backup. `write()` refuses; `close()` also does what `on_close` says."""

    def __init__(self, engine: Engine, path: Path, on_close: Callable[[], None] | None = None) -> None:
        super().__init__(engine, None)
        self.path = path
        self._on_close = on_close

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Raises UserError: nothing is changed in a backup."""
        _refuse_changes()
        yield from ()

    def close(self) -> None:
        super().close()
        if self._on_close is not None:
            self._on_close()


def _refuse_changes() -> None:
    raise UserError("This is a backup, opened to be looked at; nothing can be changed in it.")


def open_read_only(path: Path, on_close: Callable[[], None] | None = None) -> ReadOnlyDatabase:
    """The office in `path` as it is, neither upgraded nor changed. Raises OfficeFileError."""
    uri = read_only_uri(path)
    engine = _engine(
        URL.create("sqlite"),
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=BUSY_MILLISECONDS / 1000, check_same_thread=False),
        poolclass=QueuePool,
    )
    try:
        with _clear_errors(path), engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise OfficeFileError(f"{path} is a database, but not an office of Counterfoil.")
    except BaseException:
        engine.dispose()
        raise
    return ReadOnlyDatabase(engine, path, on_close)


def _create_schema(engine: Engine) -> None:
    from app.models.tables import Base  # the classes take long to make and only a new office needs them

    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (LATEST_REVISION,))
        triggers.install(connection)
        searchindex.install(connection)
        sealing.start(connection)


def into_one_file(path: Path) -> None:
    """Move all that lies in the log into the file, for one that nobody has open and that gets another name.

    Closing does the same, but says nothing when there is no room for it. Raises OfficeFileError.
    """
    with _clear_errors(path), closing(sqlite3.connect(path, timeout=BUSY_MILLISECONDS / 1000)) as connection:
        if connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
            raise OfficeFileError(f"{path} is in use by another program; wait a moment and try again.")


def _use_log(path: Path) -> None:
    """A backup, and an office whose replacement was cut off, has no write-ahead log; a working office has one."""
    with closing(sqlite3.connect(path, timeout=BUSY_MILLISECONDS / 1000)) as connection:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")


def _migrate(engine: Engine, path: Path, *, is_backed_up: bool) -> None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise OfficeFileError(f"{path} is a database, but not an office of Counterfoil.")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found == LATEST_REVISION:
        return
    if found not in KNOWN_REVISIONS:
        raise OfficeFileError(
            f"{path} was made by a newer Counterfoil (its version is {found}); "
            "install the newer program on this PC. Nothing was changed."
        )
    from app.models.migrations import upgrade  # alembic takes long to import and is seldom needed

    if not is_backed_up:
        before_upgrade(path, found)
    # Rebuilding a table that others refer to needs the references unchecked until the end.
    rebuilding = _file_engine(path, foreign_keys=False)
    try:
        upgrade(rebuilding)
    finally:
        rebuilding.dispose()


@contextmanager
def _clear_errors(path: Path | None) -> Iterator[None]:
    """What SQLite says, as a sentence with a way out; anything unknown stays what it is."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _explained(error, path) from error


def _explained(error: Exception, path: Path | None) -> Exception:
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, sqlite3.Error):
        return error
    said = str(original)
    if triggers.CLOSED_DAY in said:
        return UserError("That business date is closed; choose a later one.", field="on")
    whole_code = getattr(original, "sqlite_errorcode", 0) or 0
    # A full disk has no room for SQLite's small file beside the office either.
    code = sqlite3.SQLITE_FULL if whole_code == sqlite3.SQLITE_IOERR_SHMSIZE else whole_code & 0xFF
    name = path if path is not None else "the office"
    sentences = {
        sqlite3.SQLITE_BUSY: f"{name} is in use by another program; wait a moment and try again.",
        sqlite3.SQLITE_LOCKED: f"{name} is in use by another program; wait a moment and try again.",
        sqlite3.SQLITE_FULL: f"The disk with {name} is full; make room and try again. Nothing was changed.",
        sqlite3.SQLITE_READONLY: f"{name} cannot be written to; check the folder's permissions.",
        sqlite3.SQLITE_CANTOPEN: f"{name} cannot be opened; check that the folder exists and may be written to.",
        sqlite3.SQLITE_PERM: f"{name} cannot be opened; check the folder's permissions.",
        sqlite3.SQLITE_CORRUPT: f"{name} is damaged; restore the last backup. Nothing was changed.",
        sqlite3.SQLITE_NOTADB: f"{name} is not a database of Counterfoil, or it is damaged; restore the last backup.",
        sqlite3.SQLITE_IOERR: f"The disk with {name} reports an error; check it and the cable. Nothing was changed.",
    }
    sentence = sentences.get(code)
    return OfficeFileError(sentence) if sentence else error
