"""One history of the schema: an upgraded office is a fresh one, with its rows, and a newer one is refused."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.errors import OfficeFileError
from app.models import database, migrations
from app.models.bulk import fetch_value, no_progress
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION
from app.models.tables import Base
from app.models.triggers import APPEND_ONLY, CHANGEABLE, DATED
from app.services import billing, importing, office, sample
from app.services.desk import Desk
from app.services.search import find_accounts
from app.services.verification import verify_books, verify_file

FOLDER = Path(migrations.__file__).parent
CUTOVER = date(2026, 10, 31)
DESK = Desk("pat", "manager", "PC 1", CUTOVER, date(2026, 12, 31))


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def _plain(sql: str) -> str:
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", re.sub(r'["`]', "", sql))).strip()


def _parts(body: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    parts, depth = [""], 0
    for character in body:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return sorted(part.strip() for part in parts)


def schema(path: Path) -> dict[tuple[str, str], object]:
    """Everything that the database is made of; the order of a table's columns and constraints does not count."""
    found: dict[tuple[str, str], object] = {}
    for kind, name, sql in rows(path, "SELECT type, name, sql FROM sqlite_master"):
        if kind == "table" and sql.upper().startswith("CREATE TABLE"):
            plain = _plain(sql)
            opened, closed = plain.index("("), plain.rindex(")")
            columns = {row[1]: row[2:6] for row in rows(path, f"PRAGMA table_info({name})")}
            parts = _parts(plain[opened + 1 : closed])
            if name == "alembic_version":  # Alembic makes this one itself, and names its key
                parts = sorted(columns)
            found[kind, name] = (parts, plain[closed + 1 :].strip(), columns)
        elif kind == "trigger":
            head, _, body = _plain(sql).partition(" ON ")
            event, of, columns_of = head.partition(" UPDATE OF ")
            found[kind, name] = (event, of, sorted(columns_of.split(",")), body)
        else:
            found[kind, name] = _plain(sql or "")
    return found


def new_office(path: Path) -> Path:
    """A real office with its first cycle billed."""
    with database.create(path) as books:
        with books.write() as session:
            office.set_up(session, office.OfficeForm("Test Office", ()), CUTOVER)
            importing.import_accounts(session, DESK, sample.read_sample(12, CUTOVER).accounts)
        billing.run_billing(books, DESK.dated(date(2026, 11, 1)))
    return path


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """A database that Alembic made from nothing."""
    path = tmp_path / "upgraded.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    engine = database._file_engine(path)
    migrations.upgrade(engine)
    engine.dispose()
    return path


def test_a_database_upgraded_from_nothing_equals_a_fresh_one(upgraded: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    database.create(fresh).close()
    one, other = schema(upgraded), schema(fresh)
    assert one.keys() == other.keys()
    for key in one:
        assert one[key] == other[key], key
    assert rows(upgraded, "SELECT * FROM alembic_version") == rows(fresh, "SELECT * FROM alembic_version")
    letters = "SELECT letter, plain FROM search_letter ORDER BY letter"
    assert rows(upgraded, letters) == rows(fresh, letters)


def test_the_comparison_sees_every_table_index_and_trigger(upgraded: Path) -> None:
    found = schema(upgraded)
    assert {("table", name) for name in Base.metadata.tables} <= found.keys()
    assert {("index", index.name) for table in Base.metadata.tables.values() for index in table.indexes} <= found.keys()
    guards = {f"{table}_no_{what}" for table in (*APPEND_ONLY, *CHANGEABLE) for what in ("update", "delete")}
    guards |= {f"{table}_open_day" for table in DATED}
    assert {("trigger", name) for name in guards} <= found.keys()
    assert any("CHECK" in part for part in found["table", "posting"][0])  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER posting_no_update",
        "DROP INDEX ix_invoice_open",
        "ALTER TABLE account ADD COLUMN nickname TEXT",
        "DROP VIEW search_name_text",
    ],
)
def test_the_comparison_sees_a_difference(upgraded: Path, tmp_path: Path, change: str) -> None:
    other = Path(shutil.copy(upgraded, tmp_path / "other.db"))
    with closing(sqlite3.connect(other)) as connection:
        connection.execute(change)
        connection.commit()
    assert schema(other) != schema(upgraded)


def test_an_upgraded_database_is_an_office_that_works(upgraded: Path) -> None:
    with database.open_existing(upgraded) as books:
        with books.write() as session:
            office.set_up(session, office.OfficeForm("Test Office", ()), CUTOVER)
            importing.import_accounts(session, DESK, sample.read_sample(12, CUTOVER).accounts)
        billing.run_billing(books, DESK.dated(date(2026, 11, 1)))
        with books.read() as session:
            assert (verify_books(session), verify_file(session)) == ([], [])
            assert fetch_value(session, "SELECT count(*) FROM invoice WHERE what = 'cycle'") > 5


def test_every_revision_file_is_known_in_the_order_of_the_history() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    history = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(history)) == KNOWN_REVISIONS
    files = {path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")}
    assert files == set(KNOWN_REVISIONS)
    assert KNOWN_REVISIONS[-1] == LATEST_REVISION


def test_a_fresh_office_is_of_the_latest_revision(tmp_path: Path) -> None:
    database.create(tmp_path / "office.db").close()
    assert rows(tmp_path / "office.db", "SELECT version_num FROM alembic_version") == [(LATEST_REVISION,)]


# An office of the revision before. There is a later revision only here: it rebuilds a table, as later ones will.

NEXT = """
import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "next"
down_revision = "{latest}"


def upgrade():
    searchindex.remove(op.get_bind())
    {change}
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
    {then}
"""
ADD_COLUMN = 'op.add_column("office", sa.Column("motto", sa.Text(), nullable=False, server_default="Pay soon"))'
REBUILD = """with op.batch_alter_table("{table}", recreate="always") as table:
        table.add_column(sa.Column("motto", sa.Text(), nullable=False, server_default="Pay soon"))"""

Plan = Callable[..., None]


@pytest.fixture
def plan_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    def plan(change: str, then: str = "pass") -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
        body = NEXT.format(latest=LATEST_REVISION, change=change, then=then)
        (folder / "versions" / "next_step.py").write_text(body, encoding="utf-8")
        monkeypatch.setattr(migrations, "__file__", str(folder / "__init__.py"))
        monkeypatch.setattr(migrations.upgrade, "__defaults__", ("next", no_progress))
        monkeypatch.setattr(database, "KNOWN_REVISIONS", (*KNOWN_REVISIONS, "next"))
        monkeypatch.setattr(database, "LATEST_REVISION", "next")

    yield plan


def test_opening_an_office_of_an_older_revision_upgrades_it_with_its_rows(tmp_path: Path, plan_next: Plan) -> None:
    path = new_office(tmp_path / "office.db")
    lines = rows(path, "SELECT * FROM line ORDER BY invoice_id, n")
    plan_next(ADD_COLUMN)
    for _ in range(2):
        with database.open_existing(path) as books, books.read() as session:
            assert fetch_value(session, "SELECT motto FROM office") == "Pay soon"
            assert fetch_value(session, "SELECT version_num FROM alembic_version") == "next"
            assert (verify_books(session), verify_file(session)) == ([], [])
            assert find_accounts(session, "a")
    assert rows(path, "SELECT * FROM line ORDER BY invoice_id, n") == lines


def test_an_upgrade_that_fails_leaves_the_office_as_it_was(tmp_path: Path, plan_next: Plan) -> None:
    path = new_office(tmp_path / "office.db")
    before = schema(path), rows(path, "SELECT * FROM posting")
    plan_next(ADD_COLUMN, then='raise RuntimeError("power")')
    with pytest.raises(RuntimeError, match="power"):
        database.open_existing(path)
    assert (schema(path), rows(path, "SELECT * FROM posting")) == before
    assert rows(path, "SELECT version_num FROM alembic_version") == [(LATEST_REVISION,)]


@pytest.mark.parametrize("table", ["line", "posting", "deposit"])
def test_a_table_that_an_upgrade_rebuilds_has_its_triggers_again(tmp_path: Path, plan_next: Plan, table: str) -> None:
    path = new_office(tmp_path / "office.db")
    before = {key for key in schema(path) if key[0] == "trigger"}
    plan_next(REBUILD.format(table=table))
    database.open_existing(path).close()
    assert {key for key in schema(path) if key[0] == "trigger"} == before
    assert "motto" in {row[1] for row in rows(path, f"PRAGMA table_info({table})")}


@pytest.mark.parametrize("found", ["9999", "next", "0000", "", "0001 "])
def test_an_office_of_an_unknown_revision_is_refused_and_left_alone(tmp_path: Path, found: str) -> None:
    path = tmp_path / "office.db"
    database.create(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (found,))
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(OfficeFileError, match="newer") as refused:
        database.open_existing(path)
    assert f"version is {found}" in refused.value.message
    assert path.read_bytes() == before
