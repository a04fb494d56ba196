"""Whatever somebody does to the stored pages of the search, row by row, the check finds it, and never when nobody did."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from support_trail import lived_in_office
from test_audit_finds_every_edit import edited, whole_file

from app.cli import run
from app.errors import OfficeFileError
from app.models import database, searchindex
from app.models.bulk import execute
from app.models.database import Database
from app.models.migrations import LATEST_REVISION
from app.models.searchindex import UNFOLDED
from app.services import notes, verification
from app.services.books import taken_back
from app.services.desk import Desk


@contextmanager
def office() -> Iterator[tuple[Database, sqlite3.Connection]]:
    """A copy of the office in memory, and the connection below it."""
    with database.in_memory() as books:
        with books.engine.connect() as connection:
            driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.deserialize(lived_in_office())
        yield books, driver


def found(books: Database) -> list[str]:
    return taken_back(books, verification.verify_search)


def test_the_pages_of_an_office_nobody_edited_are_as_they_must_be() -> None:
    with office() as (books, driver):
        assert found(books) == []
        assert driver.execute("SELECT count(*) FROM search_account_idx").fetchone()[0] >= 1


@pytest.mark.parametrize("index", UNFOLDED)
@pytest.mark.parametrize("part", ["idx", "data", "config"])
def test_each_row_edited_or_taken_away_is_found(index: str, part: str) -> None:
    table = f"{index}_{part}"
    key = {"idx": ("segid", "term"), "data": ("id",), "config": ("k",)}[part]
    edits = {
        "idx": ("pgno = pgno + 2", "pgno = pgno + 1", "term = term || 'zzzz'", "segid = segid + 70"),
        "data": ("block = substr(block, 1, length(block) - 1)", "block = zeroblob(length(block))", "id = id + 900000"),
        "config": ("v = 3", "k = 'versions'"),
    }[part]
    with office() as (books, driver):
        keys = driver.execute(f"SELECT {', '.join(key)} FROM {table}").fetchall()
        where = " AND ".join(f"{name} = ?" for name in key)
        tried = 0
        for row in keys[:: max(len(keys) // 12, 1)]:
            for change in (f"DELETE FROM {table}", *(f"UPDATE {table} SET {edit}" for edit in edits)):
                image = driver.serialize()
                assert driver.execute(f"{change} WHERE {where}", row).rowcount == 1
                driver.commit()
                problems = found(books)
                assert any(problem.startswith(index) for problem in problems), (change, row)
                driver.deserialize(image)
                tried += 1
        assert tried >= 3
        assert found(books) == []


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("search_name_idx: row 77", "INSERT INTO search_name_idx VALUES (77, CAST('0abc' AS BLOB), 2)"),
        ("search_name_idx: row", "INSERT INTO search_name_idx SELECT segid, term || 'a', pgno FROM search_name_idx LIMIT 1"),
        ("search_name_data: row 900000", "INSERT INTO search_name_data VALUES (900000, zeroblob(40))"),
        ("search_name_config", "INSERT INTO search_name_config VALUES ('pgsz', 128)"),
    ],
)
def test_a_row_put_in_is_found_and_named(named: str, change: str) -> None:
    with office() as (books, driver):
        driver.execute(change)
        driver.commit()
        assert any(problem.startswith(named) for problem in found(books)), found(books)


def test_an_index_that_thousands_of_changes_have_merged_is_never_blamed() -> None:
    dice = random.Random(11)
    with database.in_memory() as books:
        with books.write() as session:
            # Small pages: many of them, merged often.
            execute(session, "INSERT INTO search_payer (search_payer, rank) VALUES ('pgsz', 200)")
            execute(session, "DELETE FROM search_payer_config WHERE k = 'pgsz'")
        words = ["".join(dice.choice("abcdefg hij é") for _ in range(dice.randrange(3, 25))) for _ in range(200)]
        for _ in range(6):
            with books.write() as session:
                for _ in range(150):
                    name = " ".join(dice.sample(words, dice.randrange(1, 5)))
                    execute(session, "INSERT OR IGNORE INTO check_payer (name) VALUES (?)", name)
                execute(session, "DELETE FROM check_payer WHERE id % 7 = ?", dice.randrange(7))
                execute(session, "INSERT INTO search_payer (search_payer, rank) VALUES ('merge', ?)", dice.choice((-4, 9)))
            with books.read() as session:
                # These payers are of no check, which is told too.
                blamed = [problem for problem in searchindex.faults(session.connection()) if problem.startswith("search")]
            assert blamed == []


def test_an_edited_revision_is_named_and_never_upgraded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = whole_file(tmp_path, lived_in_office())
    edited(path, lambda other: other.execute("INSERT INTO alembic_version VALUES ('9998')"))
    assert run(["check", "--office", str(path)]) == 1
    assert "alembic_version: row" in capsys.readouterr().out
    edited(path, lambda other: other.execute("DELETE FROM alembic_version WHERE version_num > '9'"))
    before = path.read_bytes()
    edited(path, lambda other: other.execute("UPDATE alembic_version SET version_num = '0004'"))
    with pytest.raises(OfficeFileError, match="version 0004, but it was sealed as"):
        database.open_existing(path)
    edited(path, lambda other: other.execute("UPDATE alembic_version SET version_num = ?", (LATEST_REVISION,)))
    assert path.stat().st_size == len(before)
    with database.open_existing(path) as books, books.write() as session:
        notes.add_note(session, Desk("pat", "clerk", "PC 1", date(2027, 4, 2), date(2027, 4, 2)), 1, "called")


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("index ix_invoice_account_id on invoice was taken away", "DROP INDEX ix_invoice_account_id"),
        ("was changed", "DROP INDEX ix_invoice_account_id; CREATE INDEX ix_invoice_account_id ON invoice (id)"),
        ("index mine on posting was made by hand", "CREATE UNIQUE INDEX mine ON posting (entry_id, n)"),
    ],
)
def test_an_index_taken_away_changed_or_made_by_hand_is_found(tmp_path: Path, named: str, change: str) -> None:
    path = whole_file(tmp_path, lived_in_office())
    edited(path, lambda other: other.executescript(change))
    with database.open_existing(path) as books, books.read() as session:
        assert any(named in problem for problem in verification.verify_trail(session))
