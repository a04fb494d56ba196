"""Backups of an office on a server back into an empty database there; never over an office."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql as composing
from sqlalchemy import URL, Connection

from app.errors import Cancelled, UserError
from app.keystore import KeyStore, open_key_store
from app.models import copying, sealedfile, server, serverdump, serverlink, serverlook, serverroles
from app.models.auditcheck import verify_chain
from app.models.auditlayout import UNFINISHED
from app.models.bulk import Progress, execute, no_progress
from app.models.server import ServerDatabase, shown
from app.services.backupfiles import BackupFile, read_backup
from app.services.backupplan import known_key
from app.services.desk import Desk, begin_on_any_day, require_role
from app.services.serverbackup import connected, server_version
from app.services.verification import trail_remark, verify_books

_WHOLE = 1_000
_RESTORERS_LOCK = 4_201_002
_AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_restore'"
# What pg_restore put there: everything of the public schema but what belongs to an extension.
_OURS = "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = x.oid AND d.deptype = 'e')"


def restore_on_server(
    file: Path,
    address: str,
    desk: Desk,
    passphrase: str | None = None,
    *,
    key_store: Callable[[], KeyStore] = open_key_store,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = copying.never,
    remark: Callable[[str], object] = str,
) -> str:
    """Make the office in the empty database at `address` from a server's backup (a manager's); says where it is.

    `remark` is told what the audit trail says of rows that are not as the program wrote them, if there are any, and
    that the roles as which the program signed in have their rights again, or why not.

    Put there in one transaction, then every figure is checked; what does not agree is taken out again. Nobody opens
    the office until it is whole: cut off anywhere, it is begun anew by the next restore there. Raises UserError for a
    database that holds something else, a backup of another kind, a wrong passphrase or a damaged one.
    """
    require_role(desk, "manager", "Restoring a backup")
    backup, url = read_backup(file), server.server_url(address)
    if not backup.is_of_server:
        raise UserError(
            f"{file.name} is of an office in a file; restore it into a file, then move that one to the server with "
            "python -m app connect.",
            field="file",
        )
    books = ServerDatabase(url)
    private = Path(tempfile.mkdtemp(prefix="counterfoil-"))
    try:
        with books.clear_errors(), books.engine.connect() as connection:
            server.refuse_unless_empty(connection, url, restoring=True)
        programs = serverdump.find_programs(server_version(url))
        dump = file
        if backup.is_sealed:
            dump = private / "office.pgdump"
            key = None if passphrase else known_key(key_store(), backup.mark)
            sealedfile.unseal(file, dump, passphrase, key, cancelled=cancelled)
        progress(200, _WHOLE)
        with _alone(url):
            _begin(books)
            try:
                serverdump.fill(programs, dump, url, cancelled)
                progress(700, _WHOLE)
                said = _bring_up(books, backup, dataclasses.replace(desk, token=None), cancelled)
            except BaseException:
                with books.clear_errors(), books.engine.begin() as connection:
                    _empty_again(connection)
                raise
    except OSError as error:
        raise UserError(f"{file} could not be restored ({error.strerror}); nothing was changed.", field="file") from error
    finally:
        books.close()
        shutil.rmtree(private, ignore_errors=True)
    progress(_WHOLE, _WHOLE)
    if said:
        remark(said)
    if backup.roles:
        remark(_let_in_again(books, backup.roles))
    return shown(url)


def restore_with_link(
    file: Path,
    address: str,
    folder: Path,
    desk: Desk,
    passphrase: str | None = None,
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = copying.never,
    remark: Callable[[str], object] = str,
) -> tuple[str, Path]:
    """As `restore_on_server`, and this PC gets a link to the restored office in `folder`: where it is, and the link.

    Raises UserError before anything is done when such a link is there already, or the server will not do.
    """
    url = server.server_url(address)
    link = folder / f"restored-{url.database}{serverlink.SUFFIX}"
    if link.exists():
        raise UserError(f"{link} is there already, for another office; take it away first.", field="database")
    require_role(desk, "manager", "Restoring a backup")
    serverlook.look(url, for_new=True, restoring=True)
    place = restore_on_server(file, address, desk, passphrase, progress=progress, cancelled=cancelled, remark=remark)
    serverlink.write_link(link, url)
    if url.password:
        serverlink.use_for_now(url)
    return place, link


def _let_in_again(books: ServerDatabase, roles: tuple[str, ...]) -> str:
    """Give the roles that the program signed in as their rights again, which a dump does not hold; says how it went.

    The office is restored and whole whether they can be given or not.
    """
    given: list[str] = []
    try:
        for role in roles:
            with books.clear_errors(), books.engine.begin() as connection:
                if not serverroles.exists(connection, role):
                    how = f"python -m app grant {shown(books.url)} --program-role {role}"
                    return f"There is no role {role} on this server, which the PCs signed in as; make it with {how}."
                serverroles.prepare_role(connection, role)
                serverroles.grant(connection, role)
            given.append(role)
    except UserError as error:
        return f"{role} could not be given its rights ({error.message}); give them with python -m app grant."
    finally:
        books.close()
    return f"The PCs sign in as before: {', '.join(given)} may do what the program does, and no more."


@contextmanager
def _alone(url: URL) -> Iterator[None]:
    """Nobody else restores there meanwhile. Raises UserError when somebody does.

    pg_restore is a process of its own, which goes on for a while when the program that started it was ended.
    """
    with connected(url) as keeper:
        (is_mine,) = keeper.execute("SELECT pg_try_advisory_lock(%s)", (_RESTORERS_LOCK,)).fetchone() or (False,)
        (at_work,) = keeper.execute(_AT_WORK).fetchone() or (0,)
        if not is_mine or at_work:
            raise UserError(f"A backup is being restored in {shown(url)} at this moment; wait until that is done.")
        yield


def _begin(books: ServerDatabase) -> None:
    """Mark the database as one that is not whole; what an earlier restore left there goes."""
    with books.clear_errors(), books.engine.begin() as connection:
        server.refuse_unless_empty(connection, books.url, restoring=True)
        _empty_again(connection)
        connection.exec_driver_sql(f"CREATE TABLE {UNFINISHED} (begun timestamp DEFAULT now())")
        connection.exec_driver_sql(f"INSERT INTO {UNFINISHED} DEFAULT VALUES")


def _bring_up(books: ServerDatabase, backup: BackupFile, desk: Desk, cancelled: Callable[[], bool]) -> str:
    """Upgrade what was restored to this program's schema, check it, and record in it that it was restored.

    Returns what its audit trail says (`trail_remark`).
    """
    server.open_existing(books.url, is_backed_up=True, restoring=True).close()
    # A dump brings no figures about its rows, without which the server reads them in ways that take hours.
    with books.clear_errors(), books.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    with books.read() as session:
        problems = verify_books(session)
    if problems:
        raise UserError(
            f"The backup is not sound ({len(problems):,} figures do not agree, the first: {problems[0]}); nothing was "
            "restored. Take another one.",
            field="file",
        )
    with books.read() as session:
        remark = trail_remark(verify_chain(session))  # the database's own rights are given after it
    with books.write() as session:
        begin_on_any_day(session, desk, "restore", reason=f"restored from {backup.path.name}")
        # The copy holds its own backup as one that was begun; it has just been verified.
        sql = "UPDATE backup_log SET state = 'verified', file = ?, size = ? WHERE number = ? AND state = 'begun'"
        execute(session, sql, str(backup.path), backup.size, backup.number)
        if cancelled():
            raise Cancelled
        execute(session, f"DROP TABLE {UNFINISHED}")
    return remark


def _empty_again(connection: Connection) -> None:
    """Take out everything that was put into a database that was empty."""
    driver = connection.connection.driver_connection
    assert driver is not None
    for kind, found in (
        ("TABLE", "SELECT relname, '' FROM pg_class x WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"),
        (
            "ROUTINE",
            "SELECT proname, pg_get_function_identity_arguments(x.oid) FROM pg_proc x "
            # An aggregate before the function that it is made of.
            f"WHERE pronamespace = 'public'::regnamespace AND {_OURS} ORDER BY prokind = 'a' DESC",
        ),
    ):
        for name, arguments in connection.exec_driver_sql(found).fetchall():
            which = composing.Identifier(str(name)).as_string(None) + (f"({arguments})" if kind == "ROUTINE" else "")
            connection.exec_driver_sql(f"DROP {kind} IF EXISTS {which} CASCADE")
