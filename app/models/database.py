"""The office's database: one SQLite file, opened with the settings that money needs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool, StaticPool

from app.errors import OfficeFileError, UserError
from app.models import sealing, searchindex, triggers
from app.models.bulk import WHOLE, Progress, no_progress, part_of
from app.models.checkpoints import BACKSTOP_PAGES
from app.models.copying import read_only_uri
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION
from app.models.openoffice import DATABASE_ERRORS, Database, explained
from app.networkdrives import is_on_share

__all__ = ["Database", "create", "in_memory", "open_existing", "open_office", "open_read_only"]

BUSY_MILLISECONDS = 5_000
SERVER_LINK = ".server"
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
    _refuse_share(path)
    engine = _file_engine(path)
    with _clear_errors(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        _create_schema(engine)
    return Database(engine, path)


def _refuse_share(path: Path) -> None:
    if is_on_share(path):
        raise OfficeFileError(
            f"{path} is on a network drive, where two PCs can damage an office's file: locks do not hold there. "
            "Put the file on this PC's own disk; for several PCs move the office to a PostgreSQL server "
            "(Office page, or `python -m app connect`)."
        )


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


def open_existing(path: Path, *, is_backed_up: bool = False, progress: Progress = no_progress) -> Database:
    """The office in `path`, migrated to this program's schema; backed up before that unless it `is_backed_up`.

    `progress` counts to 1,000, and is not called where nothing has to be migrated.

    Raises OfficeFileError when it is missing, damaged, locked, read-only or made by a newer program.
    """
    try:
        if not path.is_file():
            raise OfficeFileError(f"There is no office at {path}.")
    except OSError as error:
        raise OfficeFileError(f"{path} cannot be opened: {error.strerror}; check the folder's permissions.") from error
    if path.suffix == SERVER_LINK:
        from app.models import serverlink  # psycopg takes long to import and an office in a file does without

        return serverlink.open_link(path, is_backed_up=is_backed_up, progress=progress)
    _refuse_share(path)
    engine = _file_engine(path)
    try:
        with _clear_errors(path):
            _migrate(engine, path, is_backed_up=is_backed_up, progress=progress)
            _use_log(path)
            with engine.connect() as connection:
                seen = connection.exec_driver_sql("SELECT n FROM audit_head WHERE id = 1").scalar()
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, path, seen=seen)


class ReadOnlyDatabase(Database):
    """An office opened to be looked at: a backup. `write()` refuses; `close()` also does what `on_close` says."""

    def __init__(self, engine: Engine, path: Path, on_close: Callable[[], None] | None = None) -> None:
        super().__init__(engine, None)
        self.path = path
        self._on_close = on_close

    @contextmanager
    def write(self, changed: Iterable[int] | None = None) -> Iterator[Session]:
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


def open_office(location: Path | str) -> Database:
    """The office in a file or, for an address such as `postgresql://ann@server/office`, on a server.

    Raises OfficeFileError as `open_existing` does.
    """
    if not is_address(location):
        return open_existing(Path(location))
    from app.models import server  # psycopg takes long to import and an office in a file does without

    return server.open_existing(server.server_url(str(location)))


def is_address(location: Path | str) -> bool:
    """Whether an office's place is a server's address and no file."""
    return isinstance(location, str) and re.match(r"postgres(ql)?(\+\w+)?:", location) is not None


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


def _migrate(engine: Engine, path: Path, *, is_backed_up: bool, progress: Progress) -> None:
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
    with engine.connect() as connection:
        sealing.refuse_edited_revision(connection, path, found)
    from app.models.migrations import upgrade  # alembic takes long to import and is seldom needed

    if not is_backed_up:
        from app.models import upgradecopy

        with engine.connect() as connection:
            upgradecopy.of_file(connection, path, found, part_of(progress, 0, 200))
    # Rebuilding a table that others refer to needs the references unchecked until the end.
    rebuilding = _file_engine(path, foreign_keys=False)
    try:
        upgrade(rebuilding, progress=part_of(progress, 200, WHOLE))
    finally:
        rebuilding.dispose()


@contextmanager
def _clear_errors(path: Path | None) -> Iterator[None]:
    """What SQLite says, as a sentence with a way out; anything unknown stays what it is."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise explained(error, path) from error
