"""The office's database on a PostgreSQL server: for several PCs, behind the same `read()` and `write()`.

One writer at a time, as in a file: every writing transaction takes one lock of the whole office as it begins. So
ids that are reserved up front, stored balances and closed days hold as they do there, and no two writers can wait
for each other. Runs are a transaction a chunk, so that a clerk waits for one chunk at most; readers never wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from app.errors import OfficeFileError, ServerPasswordRefused, SignInAgain, UserError
from app.models import sealing, serverroles, serverschema, serversearch, triggers, upgradecopy
from app.models.auditlayout import UNFINISHED
from app.models.bulk import DRIVER, WHOLE, Progress, no_progress, part_of
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION
from app.models.openoffice import Database
from app.models.serveraddress import DEFAULT_PORT as DEFAULT_PORT
from app.models.serveraddress import LOCK_SECONDS as LOCK_SECONDS
from app.models.serveraddress import WRITERS_LOCK as WRITERS_LOCK
from app.models.serveraddress import shown as shown
from app.models.serverdriver import ServerDriver, configure
from app.models.serverpeople import NOT_SIGNED_IN
from app.models.serverwatch import KEEPALIVES, Watch

CHANNEL = "counterfoil"
_SETTINGS = {
    "datestyle": "ISO",
    "timezone": "UTC",
    "lock_timeout": f"{LOCK_SECONDS}s",
    # A PC that lost its power or its cable while writing must not keep the others waiting.
    "idle_in_transaction_session_timeout": "5min",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "synchronous_commit": "on",
    "jit": "off",
}
_CONNECT = {"connect_timeout": 10, **KEEPALIVES}


class ServerDatabase(Database):
    """An office on a server; `link` is the file of this PC that names it, if it was opened by one."""

    keeps_readers = False

    def __init__(self, url: URL) -> None:
        self.url = url
        self.link: Path | None = None
        engine = _engine(url)
        super().__init__(
            engine,
            None,
            reader=engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
            writer=engine.execution_options(isolation_level="READ COMMITTED", one_writer=True),
        )
        self._watch = Watch(url, self.mark, CHANNEL)

    @property
    def location(self) -> Path | str:
        """The link, else the address without a password."""
        return self.link or shown(self.url)

    @property
    def is_shared(self) -> bool:
        return True

    def changes_by_others(self) -> frozenset[int] | None:
        return self._watch.changes()

    def close(self) -> None:
        """Let go of the server."""
        self._watch.close()
        super().close()

    def _bind_driver(self, session: Session) -> None:
        driver = session.connection().connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        session.info[DRIVER] = ServerDriver(driver)

    def _before_commit(self, session: Session, changed: Iterable[int] | None) -> None:
        # Told to the other PCs by the server as soon as the commit holds, and not at all when it does not.
        accounts = "" if changed is None else ",".join(map(str, sorted(changed)))
        said = f"{self.mark}:{accounts if len(accounts) < 4_000 else ''}"
        session.info[DRIVER].execute("SELECT pg_notify(?, ?)", (CHANNEL, said))

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.url)


def server_url(text: str) -> URL:
    """`postgresql://[user[:password]@]host[:port]/database[?sslmode=...]`. Raises OfficeFileError for anything else."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise OfficeFileError(
            "That is not the address of an office's server; it looks like postgresql://ann@server/office.", field="url"
        )
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        # A server that was started anew in the night is found again without a word.
        pool_pre_ping=True,
        use_native_hstore=False,
        connect_args=_CONNECT
        | {
            "application_name": "Counterfoil",
            "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
        },
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: psycopg.Connection[Any], _record: object) -> None:
        configure(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("one_writer", False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    return engine


# A billing run changes figures in each row of these, an account's twice in one transaction. With room for the new rows
# on their own page, no index is touched. Percent of a page that the first filling takes:
_FILLED_AT_FIRST = {"account": 30, "service": 50}


def make_tables(connection: Connection) -> None:
    """The empty tables of a new office, without what guards them: for filling."""
    from app.models.tables import Base  # the classes take long to make and only a new office needs them

    serverschema.install_functions(connection)
    serverschema.name_partial_indexes(Base.metadata)
    Base.metadata.create_all(connection)
    for table, percent in _FILLED_AT_FIRST.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} SET (fillfactor = {percent})")
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (%s)", (LATEST_REVISION,))


def guard_tables(connection: Connection) -> None:
    """The triggers and the search indexes, on tables that may hold rows already."""
    triggers.install(connection)
    serversearch.install(connection)
    serverroles.protect_functions(connection)


def is_empty(connection: Connection) -> bool:
    """Whether a database holds no tables yet."""
    return not inspect(connection).get_table_names()


def create(url: URL) -> ServerDatabase:
    """A new, empty office in an empty database. Raises OfficeFileError when it cannot be made."""
    books = ServerDatabase(url)
    try:
        with books.clear_errors(), books.engine.begin() as connection:
            refuse_unless_empty(connection, url)
            make_tables(connection)
            guard_tables(connection)
            sealing.start(connection)
    except BaseException:
        books.close()
        raise
    return books


# Functions of the office's owner; an extension of the server's may have brought others.
_OWN_ROUTINES = (
    "SELECT count(*) FROM pg_proc x WHERE pronamespace = 'public'::regnamespace "
    "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = x.oid AND d.deptype = 'e')"
)


def refuse_unless_empty(connection: Connection, url: URL, *, restoring: bool = False) -> None:
    """Raises OfficeFileError when there is something in the database already.

    What a restore left there that was cut off is nothing to the next one (`restoring`).
    """
    found = inspect(connection)
    tables = found.get_table_names()
    if restoring and UNFINISHED in tables:
        return
    if not tables and not found.get_view_names() and not connection.exec_driver_sql(_OWN_ROUTINES).scalar():
        return
    if UNFINISHED in tables:
        raise _half_restored(shown(url))
    said = f"{shown(url)} is not empty; create a new database on the server for this office."
    if "alembic_version" in tables:
        said += f" It holds an office: if that is this one, moved there before, `python -m app open {shown(url)}` opens it."
    raise OfficeFileError(said, "url")


def _half_restored(name: object) -> OfficeFileError:
    return OfficeFileError(
        f"{name} is not whole: a backup is being restored there, or that was cut off. Wait for it, or restore the backup "
        "there again; it begins anew by itself.",
        "url",
    )


def open_existing(
    url: URL,
    backups: Path | None = None,
    *,
    is_backed_up: bool = False,
    restoring: bool = False,
    progress: Progress = no_progress,
) -> ServerDatabase:
    """The office on a server, migrated to this program's schema; backed up before that into `backups`.

    Raises OfficeFileError when the server cannot be reached or refuses, the office is of a newer program, or it is of
    an older one and there is no folder for its backup, unless it `is_backed_up`; and when a restore of it was cut off,
    but for the one who is `restoring` it.
    """
    books = ServerDatabase(url)
    try:
        with books.clear_errors():
            if not restoring:
                _refuse_half_restored(books)
            _migrate(books, backups, is_backed_up=is_backed_up, progress=progress)
    except BaseException:
        books.close()
        raise
    return books


def _refuse_half_restored(books: ServerDatabase) -> None:
    with books.engine.connect() as connection:
        if connection.exec_driver_sql(f"SELECT to_regclass('{UNFINISHED}')").scalar() is not None:
            raise _half_restored(books.location)


def _migrate(books: ServerDatabase, backups: Path | None, *, is_backed_up: bool, progress: Progress) -> None:
    name = books.location
    with books.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise OfficeFileError(
                f"{name} holds no office of Counterfoil yet; move the office there with `python -m app connect`.", "url"
            )
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found == LATEST_REVISION:
        return
    if found not in KNOWN_REVISIONS:
        raise OfficeFileError(
            f"{name} was made by a newer Counterfoil (its version is {found}); "
            "install the newer program on this PC. Nothing was changed."
        )
    with books.engine.connect() as connection:
        serverroles.refuse_upgrade_by_others(connection, name)
        sealing.refuse_edited_revision(connection, name, found)
        if not is_backed_up:
            _back_up(connection, name, backups, found)
            progress(200, WHOLE)
    from app.models.migrations import upgrade  # alembic takes long to import and is seldom needed

    upgrade(books.engine, progress=part_of(progress, 200, WHOLE))


def _back_up(connection: Connection, name: object, backups: Path | None, found: str) -> None:
    if backups is None:
        raise OfficeFileError(
            f"{name} is of an older version; run `python -m app upgrade {name}`, which backs it up and brings it to this "
            "program's. Nothing was changed."
        )
    upgradecopy.of_server(connection, backups, found)


# SQLSTATE -> what it means at the desk; a class of two characters serves all its members.
_SENTENCES = {
    "55P03": "{name} is busy with a longer piece of work at another PC; nothing was saved, try again in a moment.",
    "40": "{name} was changed by another PC at the same moment; nothing was saved, try again.",
    "28": "{name} refuses this user name or password; check them, or ask whoever looks after the server.",
    "3D": "There is no database {database} on the server; check the address.",
    "42501": "{name} does not let this user do that; ask whoever looks after the server.",
    "53100": "The server's disk is full ({name}); make room there and try again. Nothing was changed.",
    "53": "{name} has no room for another connection; close the program at a PC that does not need it.",
    "25006": "{name} takes no changes at present (it is a copy or set to read-only); ask whoever looks after the server.",
    "57": "The server of {name} was stopped; nothing was saved. Try again when it runs.",
    "25P03": "{name} ended this work because it stood still for too long; nothing was saved, do it again.",
    "22021": "A text holds a character that cannot be kept; type it again.",
    "58": "The server's disk reports an error ({name}); ask whoever looks after it. Nothing was changed.",
}


def explained(error: Exception, url: URL) -> Exception:
    """What PostgreSQL says, as a sentence with a way out; anything unknown stays what it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, psycopg.Error):
        return error
    said, state, name = str(original), original.sqlstate or "", shown(url)
    if triggers.CLOSED_DAY in said:
        return UserError("That business date is closed; choose a later one.", field="on")
    if NOT_SIGNED_IN in said:
        return SignInAgain("The office's server does not know who does this; sign in again. Nothing was changed.")
    if "cannot contain NUL" in said:
        return UserError(_SENTENCES["22021"])
    if state.startswith("28"):
        return _unreachable(said.lower(), url)
    for known in (state, state[:2]):
        if known in _SENTENCES:
            return OfficeFileError(_SENTENCES[known].format(name=name, database=url.database))
    if isinstance(original, psycopg.OperationalError) and not state:
        return _unreachable(said.lower(), url)
    return error


def _unreachable(said: str, url: URL) -> OfficeFileError:
    """Refused before or while talking: libpq's own words say why, and have no code."""
    name, host = shown(url), url.host or "localhost"
    if "pg_hba" in said:
        how = " without encryption" if "no encryption" in said or "ssl off" in said else ""
        return OfficeFileError(
            f"The server {host} does not let {url.username or 'this user'} in from this PC{how}; whoever looks after it "
            "adds a line for this user and network to its file pg_hba.conf, or choose another encryption.",
            "url",
        )
    if "password" in said or "authentication" in said or "sasl" in said or ('role "' in said and "does not exist" in said):
        return ServerPasswordRefused(_SENTENCES["28"].format(name=name), "password")
    if "does not exist" in said and "database" in said:
        return OfficeFileError(f"There is no such database on the server ({name}); check the address.", "database")
    if "could not translate host name" in said or "could not resolve" in said or "failed to resolve" in said:
        return OfficeFileError(f"No server called {host} is known in this network; check its name.", "server")
    if "does not support ssl" in said:
        return OfficeFileError(
            f"The server {host} offers no encryption; switch it on there (ssl = on), or choose another encryption.",
            "tls",
        )
    if "root certificate file" in said:
        return OfficeFileError(
            "The server's certificate file is not where the address says; choose it again.", "certificate"
        )
    if "certificate" in said or "ssl" in said or "tls" in said:
        return OfficeFileError(
            f"The secured connection to {name} failed: its certificate does not fit; ask whoever looks after the server.",
            "certificate",
        )
    words = f"The server of {name} cannot be reached, nothing was saved; check the network and that the server runs."
    return OfficeFileError(words, "server")
