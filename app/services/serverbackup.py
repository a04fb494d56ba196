"""Backups of an office on a server: pg_dump's file, checked by restoring it on trial where the sign-in may do that.

Behind the dump stand some lines of ours, which pg_restore does not read: whose backup it is, its number, and how it
was checked. So one file is all there is, and PostgreSQL's own programs restore it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql as composing
from sqlalchemy import URL

from app import wholefiles
from app.errors import OfficeFileError, UserError
from app.models import auditcheck, server, serverdump
from app.models.bulk import Progress, fetch_value
from app.models.server import ServerDatabase
from app.models.serverdump import ServerPrograms
from app.models.upgradecopy import SERVER_TRAILER
from app.services.backupstanding import NOT_RESTORED
from app.services.desk import Desk
from app.services.verification import trail_remark, verify_books

RESTORED, LISTED = "restored", "listed"
_SCRATCH = "counterfoil_check"
# A scratch database that old belongs to nobody any more: the program was ended while it checked.
_STALE_HOURS = 6


class Dumped(NamedTuple):
    """How a dump was checked: RESTORED or LISTED; and what its audit trail says that somebody changed by hand."""

    checked: str
    trail: str = ""

    @property
    def remark(self) -> str:
        """What the log says of a good backup that could not be checked in full."""
        return self.trail if self.checked == RESTORED else NOT_RESTORED


def server_version(url: URL) -> int:
    """The server's version as libpq says it (150003 is 15.3). Raises OfficeFileError."""
    with connected(url) as connection:
        return connection.info.server_version


@contextmanager
def connected(url: URL) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, each statement a transaction. Raises OfficeFileError for what the server says."""
    _, options = url.get_dialect()().create_connect_args(url)
    try:
        with psycopg.connect(**{"connect_timeout": 10, **options}, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        known = server.explained(error, url)
        if not isinstance(known, UserError):
            said = (
                f"{server.shown(url)} refused the backup's check ({str(error).strip()}); ask whoever looks after the server."
            )
            known = OfficeFileError(said)
        raise known from error


def dump_office(
    books: ServerDatabase,
    target: Path,
    about: dict[str, object],
    desk: Desk,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Dumped:
    """Write and check the office's dump in the new file `target`, synced. `about` says what it is; `number` is in it.

    Raises UserError when it cannot be made or is not sound, Cancelled or OSError.
    """
    url, number, mark = books.url, int(str(about["number"])), str(about["mark"])
    programs = serverdump.find_programs(server_version(url))
    serverdump.dump(programs, url, target, cancelled)
    progress(400, 1_000)
    trail = _restored_on_trial(books, programs, target, number, mark, desk, cancelled)
    dumped = Dumped(LISTED) if trail is None else Dumped(RESTORED, trail)
    told = json.dumps(about | {"checked": dumped.checked}, sort_keys=True).encode("ascii")
    with target.open("ab") as write:
        write.write(SERVER_TRAILER + told)
    wholefiles.sync(target)
    # The file as it will lie there, our lines behind it.
    _every_table(programs, target)
    if trail is None:
        serverdump.read_through(programs, target, cancelled)
    progress(700, 1_000)
    return dumped


def _every_table(programs: ServerPrograms, file: Path) -> None:
    from app.models.tables import Base

    wanted = {"alembic_version", *Base.metadata.tables}
    missing = sorted(wanted - serverdump.tables_in(programs, file))
    if missing:
        raise UserError(f"The copy was made, but {missing[0]} is not in it, so it does not count. Try again.")


def _restored_on_trial(
    books: ServerDatabase,
    programs: ServerPrograms,
    file: Path,
    number: int,
    mark: str,
    desk: Desk,
    cancelled: Callable[[], bool],
) -> str | None:
    """Restore the dump into a database of its own, check every figure and the audit trail there, and drop it.

    Returns what the trail says (`trail_remark`); None when the server does not let this sign-in make a database or use
    it. Raises UserError when it is not sound.
    """
    name = f"{_SCRATCH}_{mark[:12]}_{number:06d}"
    scratch = books.url.set(database=name)
    with connected(books.url) as connection:
        may = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        if not (connection.execute(may).fetchone() or (False,))[0]:
            return None
        _drop_stale(books, connection, mark, desk)
        making = composing.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(composing.Identifier(name))
        connection.execute(making)
    try:
        try:
            server_version(scratch)
        except OfficeFileError:
            return None  # pg_hba.conf may name the office's database alone
        serverdump.fill(programs, file, scratch, cancelled)
        return _verify(scratch, number)
    finally:
        with connected(books.url) as connection:
            connection.execute(composing.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(composing.Identifier(name)))


def _drop_stale(books: ServerDatabase, connection: psycopg.Connection[Any], mark: str, desk: Desk) -> None:
    """Remove what checks that were cut off left behind; never one that is at work."""
    begin = f"{_SCRATCH}_{mark[:12]}_"
    names = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (begin,)).fetchall()
    since = desk.now() - timedelta(hours=_STALE_HOURS)
    for (name,) in names:
        with books.read() as session:
            working = "SELECT count(*) FROM backup_log WHERE number = ? AND state = 'begun' AND begun_at > ?"
            number = str(name).removeprefix(begin)
            is_working = number.isdecimal() and fetch_value(session, working, int(number), since.replace(tzinfo=None))
        if not is_working:
            with suppress(psycopg.Error):
                connection.execute(composing.SQL("DROP DATABASE IF EXISTS {}").format(composing.Identifier(name)))


def _verify(scratch: URL, number: int) -> str:
    books = ServerDatabase(scratch)
    try:
        with books.read() as session:
            problems = verify_books(session)
            found = fetch_value(session, "SELECT max(number) FROM backup_log")
            trail = trail_remark(auditcheck.verify_chain(session))
    finally:
        books.close()
    if problems:
        raise UserError(
            f"The copy was made, but {len(problems):,} of its figures do not agree, so it does not count: {problems[0]}. "
            "Check the books on the Office page."
        )
    if found != number:
        raise UserError(f"The copy is not of this office as it was: it holds backup {found}, not {number}. Try again.")
    return trail
