"""Offices made by earlier releases, with their data: opened by this program, they hold what they held and go on.

Each file in `released/` is the database of an office as the release with that schema revision made it.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.models import database
from app.models.migrations import KNOWN_REVISIONS, LATEST_REVISION
from app.services import billing
from app.services.desk import Desk
from app.services.verification import verify_books, verify_file, verify_trail

RELEASED = sorted((Path(__file__).parent / "released").glob("*.db.gz"))
# The search index is made anew, the list of payers with it; the audit trail is begun with salts of chance.
NOT_KEPT = ("alembic_version", "sqlite_", "search_", "check_payer", "audit")
LATER = date(2027, 1, 5)


def unpacked(released: Path, folder: Path) -> Path:
    path = folder / "office.db"
    path.write_bytes(gzip.decompress(released.read_bytes()))
    return path


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def contents(path: Path, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each table, of the columns named only."""
    return {
        table: sorted(rows(path, f"SELECT {', '.join(names)} FROM {table}"), key=repr) for table, names in columns.items()
    }


def columns(path: Path) -> dict[str, list[str]]:
    tables = [name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: [f'"{row[1]}"' for row in rows(path, f"PRAGMA table_info({table})")]
        for table in tables
        if not table.startswith(NOT_KEPT)
    }


def test_there_is_an_office_of_every_released_revision() -> None:
    revisions = {path.name[:4] for path in RELEASED}
    assert {"0001", "0003"} <= revisions <= set(KNOWN_REVISIONS)
    assert (Path(__file__).parent / "released" / "0003-members.db.gz") in RELEASED


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.name.removesuffix(".db.gz"))
def test_an_office_of_an_earlier_release_keeps_every_row_and_goes_on(released: Path, tmp_path: Path) -> None:
    path = unpacked(released, tmp_path)
    assert rows(path, "SELECT version_num FROM alembic_version") == [(released.name[:4],)]
    names = columns(path)
    before = contents(path, names)
    assert before["posting"] and before["account"]
    database.open_existing(path).close()
    assert rows(path, "SELECT version_num FROM alembic_version") == [(LATEST_REVISION,)]
    assert contents(path, names) == before

    with database.open_existing(path) as books:
        with books.read() as session:
            assert (verify_books(session), verify_file(session), verify_trail(session)) == ([], [], [])
        billing.run_billing(books, Desk("pat", "manager", "PC 1", LATER, LATER))
        with books.read() as session:
            assert (verify_books(session), verify_file(session), verify_trail(session)) == ([], [], [])
    assert len(rows(path, "SELECT 1 FROM run")) > len(before["run"])


class PowerCut(Exception):
    """The upgrade stops here."""


class Interrupted:
    """Lets some statements pass, then cuts the power; at the end it knows how many there were."""

    def __init__(self, after: int | None) -> None:
        self.seen, self.after = 0, after

    def __call__(self, *_: object) -> None:
        self.seen += 1
        if self.after is not None and self.seen > self.after:
            raise PowerCut


def upgrade_cut_off(path: Path, after: int | None) -> int:
    cut = Interrupted(after)
    event.listen(Engine, "before_cursor_execute", cut)
    try:
        database.open_existing(path).close()
    finally:
        event.remove(Engine, "before_cursor_execute", cut)
    return cut.seen


@pytest.mark.parametrize("released", RELEASED[:1], ids=lambda path: path.name.removesuffix(".db.gz"))
def test_an_upgrade_cut_off_anywhere_is_finished_at_the_next_opening(released: Path, tmp_path: Path) -> None:
    whole = unpacked(released, tmp_path)
    original = Path(shutil.copy(whole, tmp_path / "original.db"))
    statements = upgrade_cut_off(whole, None)
    names = columns(whole)
    finished = contents(whole, names)
    assert statements > 20
    for after in range(2, statements, max(1, statements // 8)):
        path = Path(shutil.copy(original, tmp_path / f"cut-{after}.db"))
        with pytest.raises(PowerCut):
            upgrade_cut_off(path, after)
        found = rows(path, "SELECT version_num FROM alembic_version")
        assert found == rows(original, "SELECT version_num FROM alembic_version")
        database.open_existing(path).close()
        assert contents(path, names) == finished
