"""Moving an office from its file to a PostgreSQL server, for several PCs: every row, and every row looked at again.

All of it is one transaction of the server: stopped or cut off anywhere, the database there is as empty as before.
The file is locked meanwhile, so that nobody posts into it, and stays as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import URL, Connection
from sqlalchemy.orm import Session

from app.errors import Cancelled, OfficeFileError, UserError
from app.models import database, server, serverlink, serverlook, serverroles
from app.models.bulk import DRIVER, Progress, fetch_tuples, fetch_value, no_progress
from app.models.migrations import LATEST_REVISION
from app.models.serverdriver import ServerDriver
from app.services.books import taken_back
from app.services.desk import Desk, begin_on_any_day, require_role
from app.services.verification import verify_books

_AT_ONCE = 5_000


class Moved(NamedTuple):
    """What was moved: `tables` are (name, rows); `link` opens the office on the server; `password` says where it is.

    `made` is the program's role when it was made and has no password yet; else empty. `accounts` stand at
    `balance_cents` together, on the server as in the file.
    """

    tables: tuple[tuple[str, int], ...]
    link: Path
    password: str
    made: str = ""
    accounts: int = 0
    balance_cents: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(count for _, count in self.tables)


def require_mover(desk: Desk) -> None:
    """Raises NotPermitted unless the desk may move the office: an administrator; a manager where nobody signs in."""
    require_role(desk, "manager" if desk.person is None else "administrator", "Moving the office to a server")


def move_to_server(
    path: Path,
    address: str,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
    program_role: str = "",
    program_password: str = "",
    desk: Desk | None = None,
) -> Moved:
    """Move the office in the file `path` into the empty database at `address`.

    Every table is copied in the order of its references, read again on both sides and compared row by row (count
    and digest), and every stored figure is verified there. Beside the file lies a link (`office.server`) then.
    With a `program_role` the PCs sign in as that role, which may do only what the program does (`serverroles`); a role
    that is made gets the `program_password`, one that exists has its own already. With a `desk`, who moved it stands
    in the office's trail on the server; it must be one that may (`require_mover`).
    Raises UserError (OfficeFileError) when the file is of an older program, the server refuses or is not empty, or
    anything differs; nothing is left on the server in that case. Raises Cancelled.
    """
    url = server.server_url(address)
    if desk is not None:
        require_mover(desk)
    refuse_older(path)
    serverlook.look(url, for_new=True)
    target = server.ServerDatabase(url)
    try:
        with database.open_existing(path) as books:
            role = (program_role, program_password)
            moved = taken_back(books, lambda session: _moved(session, target, progress, cancelled, role))
        if desk is not None:
            with target.write() as session:
                begin_on_any_day(session, replace(desk, token=None), "move-office", reason=f"from the file {path.name}")
    finally:
        target.close()
    link = path.with_suffix(serverlink.SUFFIX)
    # The owner's password stays with the owner.
    opened_by = url.set(username=program_role)._replace(password=program_password or None) if program_role else url
    if opened_by.password:
        serverlink.use_for_now(opened_by)
    unready = program_role if moved.made and not program_password else ""
    return moved._replace(link=link, password=serverlink.write_link(link, opened_by), made=unready)


def upgrade_office(
    place: Path | str, backups: Path, *, is_backed_up: bool = False, progress: Progress = no_progress
) -> None:
    """Bring the office in a file, behind a link or at an address to this program's schema, if it is of an older one.

    It is backed up before unless it `is_backed_up`: one at an address into `backups`, the others beside their file.
    `progress` counts to 1,000. Raises OfficeFileError as opening does.
    """
    if isinstance(place, str) and database.is_address(place):
        url = serverlink.with_known_password(server.server_url(place))
        server.open_existing(url, backups, is_backed_up=is_backed_up, progress=progress).close()
    else:
        database.open_existing(Path(place), is_backed_up=is_backed_up, progress=progress).close()


def let_program_in(address: str, role: str, backups: Path | None = None) -> bool:
    """Give a role what the program needs of the office at `address`, the address of its owner; makes the role if need be.

    An office of an older program is upgraded first, and backed up into `backups` before that.

    Says whether it was made, and so has no password yet. Raises UserError (OfficeFileError) as `serverroles` does.
    """
    with (
        server.open_existing(server.server_url(address), backups) as books,
        books.clear_errors(),
        books.engine.begin() as connection,
    ):
        made = serverroles.prepare_role(connection, role)
        serverroles.grant(connection, role)
    return made


def link_to(address: str, folder: Path) -> Path:
    """The link by which this PC opens the office at `address`, made in `folder`; its paper goes there too.

    The server is asked when the link is opened. Raises OfficeFileError for what is no address or cannot be written.
    """
    url = server.server_url(address)
    link = folder / f"{url.database}{serverlink.SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OfficeFileError(f"{folder} cannot be made: {error.strerror}; choose another folder.", "folder") from error
    serverlink.write_link(link, url)
    return link


def refuse_older(path: Path) -> None:
    """Raises OfficeFileError unless the office in `path` has this program's schema."""
    # Looked at without changing it: opening an older office would bring it to this program's schema.
    with database.open_read_only(path) as books, books.read() as session:
        found = fetch_value(session, "SELECT version_num FROM alembic_version")
    if found != LATEST_REVISION:
        raise OfficeFileError(f"{path} is of another version of the program; open it once with this one, then move it.")


def _moved(
    session: Session,
    target: server.ServerDatabase,
    progress: Progress,
    cancelled: Callable[[], bool],
    role: tuple[str, str],
) -> Moved:
    from app.models.tables import Base

    program_role, program_password = role

    # In this order a row comes after those that it names.
    tables = [
        (table.name, [column.name for column in table.columns], _order(table)) for table in Base.metadata.sorted_tables
    ]
    total = sum(_count(session, name) for name, _, _ in tables)
    done, counts = 0, []
    with target.clear_errors(), target.engine.begin() as connection:
        server.refuse_unless_empty(connection, target.url)
        made = bool(program_role) and serverroles.prepare_role(connection, program_role)
        if made and program_password:
            serverroles.give_password(connection, program_role, program_password)
        server.make_tables(connection)
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for name, columns, order in tables:
            written = hashlib.sha256()
            count = 0
            for rows in _rows(session, name, columns, order):
                if cancelled():
                    raise Cancelled
                ServerDriver(driver).copy(name, tuple(columns), rows)
                _add(written, rows)
                count += len(rows)
                progress(done + count, 2 * total)
            done += count
            counts.append((name, count, written.hexdigest()))
        server.guard_tables(connection)
        # Without figures about the rows just copied, the server reads them in ways that take hours.
        connection.exec_driver_sql("ANALYZE")
        # What writes its own numbers goes on after those that came along.
        connection.exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence('audit_change', 'id'), coalesce(max(id), 0) + 1, false) FROM audit_change"
        )
        for (name, columns, order), (_, count, digest) in zip(tables, counts, strict=True):
            if cancelled():
                raise Cancelled
            _compare(driver, name, columns, order, count, digest, target.url)
            done += count
            progress(done, 2 * total)
        _verify(connection, driver, target.url)
        if program_role:
            serverroles.grant(connection, program_role)
        standing = _same_standing(session, driver, target.url)
    tables_moved = tuple((name, count) for name, count, _ in counts)
    return Moved(tables_moved, Path(), "", program_role if made else "", *standing)


_STANDING = "SELECT count(*), coalesce(sum(balance_cents), 0) FROM account"


def _same_standing(session: Session, driver: psycopg.Connection[Any], url: URL) -> tuple[int, int]:
    """How many accounts there are and what they owe together, on both sides. Raises UserError when they differ."""
    here = fetch_tuples(session, _STANDING)[0]
    row = driver.execute(_STANDING).fetchone()
    there = (0, 0) if row is None else (int(row[0]), int(row[1]))
    if there != (int(here[0]), int(here[1])):
        raise UserError(
            f"The balances on {server.shown(url)} are not those of the file; nothing was moved. Please report this."
        )
    return there


def _order(table: Any) -> str:
    return ", ".join(f'"{column.name}"' for column in table.primary_key.columns)


def _count(session: Session, table: str) -> int:
    return int(fetch_value(session, f"SELECT count(*) FROM {table}"))


def _select(table: str, columns: list[str], order: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"SELECT {names} FROM {table} ORDER BY {order}"


def _rows(session: Session, table: str, columns: list[str], order: str) -> Iterator[list[tuple[Any, ...]]]:
    cursor = session.info[DRIVER].cursor()
    cursor.execute(_select(table, columns, order))
    while rows := cursor.fetchmany(_AT_ONCE):
        yield rows
    cursor.close()


def _add(digest: Any, rows: list[tuple[Any, ...]]) -> None:
    digest.update("\n".join(map(repr, rows)).encode("utf-8", "surrogatepass"))
    digest.update(b"\n")


def _compare(
    driver: psycopg.Connection[Any], name: str, columns: list[str], order: str, count: int, digest: str, url: URL
) -> None:
    found, rows_found = hashlib.sha256(), 0
    # A cursor of the server: a table of millions of rows does not have to fit into memory.
    with driver.cursor("compared") as cursor:
        cursor.execute(_select(name, columns, order))  # type: ignore[arg-type, unused-ignore]
        while rows := cursor.fetchmany(_AT_ONCE):
            _add(found, rows)
            rows_found += len(rows)
    if (rows_found, found.hexdigest()) != (count, digest):
        raise UserError(
            f"{name} on {server.shown(url)} is not as in the file ({rows_found} rows there, {count} here); "
            "nothing was moved. Please report this."
        )


def _verify(connection: Connection, driver: psycopg.Connection[Any], url: URL) -> None:
    with Session(bind=connection, autoflush=False, join_transaction_mode="rollback_only") as session:
        session.info[DRIVER] = ServerDriver(driver)
        problems = verify_books(session)
        session.expunge_all()
    if problems:
        raise UserError(f"The figures do not agree on {server.shown(url)}: {problems[0]}. Nothing was moved.")
