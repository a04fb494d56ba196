"""Offices of earlier revisions on a server, with their data: brought to this program's schema there, or not at all.

Nothing older than revision 0008 was released for servers; the others show that each step of the history runs there.
The rows are those of the offices in `released/`, put into the tables of their revision.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import support_databases
from postgres_server import name_of
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from support_databases import PROGRAM_ROLE
from test_released_offices import LATER, NOT_KEPT, RELEASED, unpacked

from app import cli
from app.errors import OfficeFileError
from app.models import database, migrations, server, serverdump, serverlink, serverroles, serverschema, serversearch
from app.models.bulk import fetch_value
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION
from app.models.server import ServerDatabase
from app.services import billing
from app.services.desk import Desk
from app.services.verification import verify_office

pytestmark = pytest.mark.server_only
Contents = dict[str, list[tuple[Any, ...]]]
DESK = Desk("pat", "manager", "PC 1", LATER, LATER)


def of_revision(revision: str) -> URL:
    """A database with the tables of a revision, and nothing in them."""
    address = server.server_url(support_databases.new_address())
    with ServerDatabase(address) as books:
        with books.engine.begin() as connection:
            serverschema.install_functions(connection)
        migrations.upgrade(books.engine, revision)
    return address


def filled(released: Path, folder: Path) -> URL:
    """An office on the server as it was at the revision of a released one, which the program's role may use."""
    address = of_revision(released.name[:4])
    with (
        closing(sqlite3.connect(unpacked(released, folder))) as source,
        psycopg.connect(_plain(address)) as target,
    ):
        target.execute("SET session_replication_role = replica")
        for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith(NOT_KEPT):
                _copy(source, target, table)
    with ServerDatabase(address) as books, books.engine.begin() as connection:
        serversearch.rebuild(connection)
        serverroles.prepare_role(connection, PROGRAM_ROLE)
        serverroles.grant(connection, PROGRAM_ROLE)
    return address


def _copy(source: sqlite3.Connection, target: psycopg.Connection[Any], table: str) -> None:
    found = source.execute(f"SELECT * FROM {table}")
    names = sql.SQL(", ").join(sql.Identifier(column[0]) for column in found.description)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with target.cursor() as cursor, cursor.copy(into) as copy:
        for row in found:
            copy.write_row(row)


def _plain(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)


def contents(address: URL, columns: dict[str, tuple[str, ...]] | None = None) -> tuple[dict[str, tuple[str, ...]], Contents]:
    """The rows of each table that an upgrade keeps; of the columns named only."""
    with ServerDatabase(address) as books, books.engine.connect() as connection:
        named = columns or {
            table: found.columns
            for table, found in serverschema.read_tables(connection).items()
            if not table.startswith(NOT_KEPT)
        }
        return named, {table: _rows(connection, table, names) for table, names in named.items()}


def _rows(connection: Connection, table: str, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    listed = ", ".join(f'"{name}"' for name in names)
    return sorted((tuple(row) for row in connection.exec_driver_sql(f"SELECT {listed} FROM {table}")), key=repr)


def revision_of(address: URL) -> object:
    with ServerDatabase(address) as books, books.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.name.removesuffix(".db.gz"))
def test_an_office_of_an_earlier_revision_keeps_every_row_and_goes_on(released: Path, tmp_path: Path) -> None:
    address = filled(released, tmp_path)
    columns, before = contents(address)
    assert before["posting"] and before["account"]
    server.open_existing(address, is_backed_up=True).close()
    assert revision_of(address) == LATEST_REVISION
    assert contents(address, columns)[1] == before
    # The PCs' own role, which owns nothing, was given its rights on the tables that were added.
    with server.open_existing(address.set(username=PROGRAM_ROLE)) as books:
        assert verify_office(books) == []
        billing.run_billing(books, DESK)
        assert verify_office(books) == []
    assert len(contents(address)[1]["run"]) > len(before["run"])


_SCHEMA = {
    "columns": "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, "
    "coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attcollation::regcollation::text FROM pg_class c "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    # Alembic makes its own table, if it is the first there.
    "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic_version%'",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
    "triggers": "SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT oid::regprocedure::text, prosrc, prosecdef, proconfig::text FROM pg_proc "
    "WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
}


def schema(address: URL) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the server keeps of an office but its rows."""
    with ServerDatabase(address) as books, books.engine.connect() as connection:
        return {
            what: sorted(tuple(row) for row in connection.exec_driver_sql(asked.replace("%", "%%")))
            for what, asked in _SCHEMA.items()
        }


def test_a_database_upgraded_from_nothing_equals_a_fresh_one() -> None:
    upgraded = of_revision(LATEST_REVISION)
    fresh = server.server_url(support_databases.new_address())
    server.create(fresh).close()
    one, other = schema(upgraded), schema(fresh)
    for what in _SCHEMA:
        assert other[what], what
        assert one[what] == other[what], what


class ConnectionEnded:
    """The server ends the upgrade's connection before a statement, as when a cable is pulled; None: never."""

    def __init__(self, before: int | None) -> None:
        self.seen, self.before = 0, before

    def __call__(self, connection: Connection, *_: object) -> None:
        self.seen += 1
        if self.seen == self.before:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            database = name_of(_plain(connection.engine.url))
            support_databases.the_server().sql(f"SELECT pg_terminate_backend({driver.info.backend_pid})", database)


@contextmanager
def ended(before: int | None) -> Iterator[ConnectionEnded]:
    cut = ConnectionEnded(before)
    event.listen(Engine, "before_cursor_execute", cut)
    try:
        yield cut
    finally:
        event.remove(Engine, "before_cursor_execute", cut)


def test_an_upgrade_cut_off_in_each_step_is_finished_at_the_next_opening(tmp_path: Path) -> None:
    released = RELEASED[0]
    whole = filled(released, tmp_path)
    template = support_databases.the_server().new_database(name_of(_plain(whole)))
    with ended(None) as cut:
        server.open_existing(whole, is_backed_up=True).close()
    columns, finished = contents(whole)
    steps = len(KNOWN_REVISIONS) - 1
    assert cut.seen > 10 * steps
    # In every step of it, the sealing at the end and the granting after it.
    for before in range(5, cut.seen, cut.seen // steps):
        address = server.server_url(support_databases.the_server().new_database(name_of(template)))
        try:
            with ended(before), pytest.raises((OfficeFileError, DBAPIError)):
                server.open_existing(address, is_backed_up=True)
            assert revision_of(address) == released.name[:4]
            server.open_existing(address, is_backed_up=True).close()
            assert contents(address, columns)[1] == finished
            with ServerDatabase(address.set(username=PROGRAM_ROLE)) as books, books.engine.connect() as connection:
                assert serverroles.faults(connection) == []
        finally:
            support_databases.the_server().drop(_plain(address))
    support_databases.the_server().drop(template)


@pytest.mark.needs_program("pg_dump", "pg_restore")
def test_an_office_behind_a_link_is_dumped_beside_it_before_its_upgrade(tmp_path: Path) -> None:
    address = filled(RELEASED[-1], tmp_path)
    before = contents(address)
    link = tmp_path / "office.server"
    serverlink.write_link(link, address)
    database.open_existing(link).close()
    assert revision_of(address) == LATEST_REVISION
    (made,) = (tmp_path / "backups").iterdir()
    assert made.name == f"{address.database} before the upgrade from {RELEASED[-1].name[:4]}.pgdump"
    again = server.server_url(support_databases.new_address())
    with psycopg.connect(_plain(again)) as connection:
        programs = serverdump.find_programs(connection.info.server_version)
    serverdump.fill(programs, made, again)
    assert contents(again) == before
    assert revision_of(again) == RELEASED[-1].name[:4]


def test_without_pg_dump_nothing_is_upgraded_until_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = of_revision(KNOWN_REVISIONS[-2])
    monkeypatch.setattr(serverdump, "_folders", lambda: iter(()))
    with pytest.raises(
        OfficeFileError, match=r"pg_dump and pg_restore are not on this PC.*Nothing was changed.*--no-backup"
    ):
        server.open_existing(address, tmp_path / "backups")
    assert revision_of(address) == KNOWN_REVISIONS[-2]
    words = ["upgrade", _plain(address), "--backups", str(tmp_path / "backups")]
    assert cli.run(words) == 2
    assert "could not be backed up before its upgrade" in capsys.readouterr().err
    assert revision_of(address) == KNOWN_REVISIONS[-2]
    assert cli.run([*words, "--no-backup"]) == 0
    assert revision_of(address) == LATEST_REVISION
    assert not list(tmp_path.rglob("*.pgdump*"))


def test_an_older_office_at_an_address_is_not_upgraded_without_a_folder_for_its_backup() -> None:
    address = of_revision(KNOWN_REVISIONS[-2])
    with pytest.raises(OfficeFileError, match="run `python -m app upgrade postgresql://"):
        database.open_office(_plain(address))
    assert revision_of(address) == KNOWN_REVISIONS[-2]


def test_two_pcs_that_upgrade_one_office_at_once_upgrade_it_once(tmp_path: Path) -> None:
    address = filled(RELEASED[-1], tmp_path)
    with ThreadPoolExecutor(2) as pcs:
        for opened in [pcs.submit(server.open_existing, address, is_backed_up=True) for _ in range(2)]:
            opened.result().close()
    with server.open_existing(address) as books, books.read() as session:
        assert fetch_value(session, "SELECT count(*) FROM audit WHERE sealed LIKE '{\"layout%'") == 1
    assert revision_of(address) == LATEST_REVISION
