"""The office's file: its settings, its transactions, what it refuses by itself, and what it says when it cannot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from database_files import FIRST, count, desk, post_something, raw
from sqlalchemy import event

from app.errors import UserError
from app.models import database
from app.models.bulk import REFUSED_ROW, execute, fetch_value
from app.models.database import Database
from app.models.tables import Base
from app.models.triggers import APPEND_ONLY, BLANKABLE, CHANGEABLE, DATED
from app.services import accounts, billing
from app.services.desk import begin
from app.services.ledger import Gl, Transfer, post


@pytest.fixture
def books(path: Path) -> Iterator[Database]:
    with database.open_existing(path) as books:
        yield books


# Settings and transactions


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_connection_has_the_settings_that_money_needs(books: Database, how: str) -> None:
    with getattr(books, how)() as session:
        settings = {name: fetch_value(session, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_row_that_names_a_missing_one_is_refused(books: Database) -> None:
    with pytest.raises(REFUSED_ROW, match="FOREIGN KEY"), books.write() as session:
        execute(session, "UPDATE service SET account_id = 999999 WHERE id = 1")


def test_a_write_is_one_commit_and_nothing_of_it_is_seen_before(books: Database, path: Path) -> None:
    commits: list[object] = []
    event.listen(books.engine, "commit", commits.append)
    before = count(path, "action")
    with books.write() as session:
        for _ in range(3):
            begin(session, desk(), "test")
        assert count(path, "action") == before
    assert count(path, "action") == before + 3
    assert len(commits) == 1


@pytest.mark.parametrize("error", [ValueError, UserError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_is_raised_rolls_back_and_comes_out_as_it_is(
    books: Database, path: Path, error: type[BaseException]
) -> None:
    before = count(path, "action")
    with pytest.raises(error, match="stop"), books.write() as session:
        begin(session, desk(), "test")
        raise error("stop")
    assert count(path, "action") == before
    post_something(books)
    assert count(path, "action") == before + 1


def test_a_refused_statement_takes_the_whole_action_back(books: Database, path: Path) -> None:
    before = count(path, "action")
    with pytest.raises(REFUSED_ROW), books.write() as session:
        begin(session, desk(), "test")
        execute(session, "INSERT INTO action (id) VALUES (1)")
    assert count(path, "action") == before


def test_reading_changes_nothing_even_if_a_service_wrote(books: Database, path: Path) -> None:
    before = count(path, "action")
    with books.read() as session:
        begin(session, desk(), "test")
    assert count(path, "action") == before


def test_a_reader_sees_one_state_while_another_writes(books: Database) -> None:
    with books.read() as session:
        before = fetch_value(session, "SELECT count(*) FROM entry")
        post_something(books)
        assert fetch_value(session, "SELECT count(*) FROM entry") == before


# What the database itself refuses

ONE_OF = {int: 7, bool: 1, str: "x", date: "2026-01-01"}


def value_of(column: Any, number: int = 7) -> Any:
    kind = column.type.python_type
    return number if kind is int else ONE_OF.get(kind, "2026-01-01 00:00:00.000000")


@contextmanager
def with_a_row(path: Path, table: str) -> Iterator[sqlite3.Connection]:
    """Another program, and one row made up for the table."""
    with raw(path) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        columns = Base.metadata.tables[table].columns
        names, marks = ", ".join(f'"{c.name}"' for c in columns), ", ".join("?" * len(columns))
        values = [value_of(column, 999_999) for column in columns]
        other.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        yield other


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_a_posted_row_is_never_changed_or_deleted(path: Path, table: str) -> None:
    with with_a_row(path, table) as other:
        before = other.execute(f"SELECT * FROM {table}").fetchall()
        for column in Base.metadata.tables[table].columns:
            with pytest.raises(sqlite3.IntegrityError, match="posted rows are never changed"):
                other.execute(f'UPDATE {table} SET "{column.name}" = ?', (value_of(column),))
        with pytest.raises(sqlite3.IntegrityError, match="posted rows are never changed"):
            other.execute(f"DELETE FROM {table}")
        assert other.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize("table", CHANGEABLE)
def test_only_the_named_columns_of_a_document_may_change(path: Path, table: str) -> None:
    with with_a_row(path, table) as other:
        for column in Base.metadata.tables[table].columns:
            change = f'UPDATE {table} SET "{column.name}" = ?'
            if column.name in CHANGEABLE[table]:
                assert other.execute(change, (value_of(column),)).rowcount >= 1
                continue
            can_be_emptied = column.name in BLANKABLE.get(table, ())
            with pytest.raises(sqlite3.IntegrityError, match="posted rows are never changed"):
                other.execute(change, ("somebody else's words" if can_be_emptied else value_of(column),))
            if can_be_emptied:
                assert other.execute(change, ("",)).rowcount >= 1
        with pytest.raises(sqlite3.IntegrityError, match="posted rows are never changed"):
            other.execute(f"DELETE FROM {table}")


def test_every_document_and_posting_is_among_the_guarded_tables() -> None:
    kept = {
        "posting", "entry", "line", "allocation", "invoice", "credit", "payment", "payment_reversal", "refund",
        "refund_void", "issued_check", "receipt", "deposit", "recognition", "action",
    }  # fmt: skip
    assert kept <= {*APPEND_ONLY, *CHANGEABLE} <= set(Base.metadata.tables)
    assert set(DATED) == {"entry", "allocation"}


def test_a_second_charge_with_the_same_key_is_refused(books: Database, path: Path) -> None:
    billing.run_billing(books, desk())
    with raw(path) as other:
        copied = (
            "INSERT INTO line SELECT invoice_id, n + 100, account_id, kind, {}, cents, clause, description, why, "
            "service_id, period_from, period_to, recognise_on FROM line WHERE kind = 'recurring' LIMIT 1"
        )
        with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: line\.account_id, line\.key"):
            other.execute(copied.format("key"))
        assert other.execute(copied.format("key || ':other'")).rowcount == 1


@pytest.mark.parametrize("table", DATED)
def test_nothing_can_be_dated_in_a_closed_day(path: Path, table: str) -> None:
    with raw(path) as other:
        other.execute("UPDATE office SET closed_through = '2026-11-10'")
        columns = Base.metadata.tables[table].columns
        names, marks = ", ".join(f'"{c.name}"' for c in columns), ", ".join("?" * len(columns))
        for day, refused in (("2026-11-11", False), ("2026-11-10", True), ("2020-01-01", True)):
            row = [day if c.name == "business_date" else None if c.name == "refund_id" else value_of(c) for c in columns]
            row[0] = 900_000 + int(day.replace("-", ""))
            if refused:
                with pytest.raises(sqlite3.IntegrityError, match="closed day"):
                    other.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
            else:
                other.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def test_a_closed_day_is_a_sentence_about_the_date_even_when_only_the_database_saw_it(books: Database) -> None:
    with pytest.raises(UserError, match="closed") as refused, books.write() as session:
        act = begin(session, desk(), "test")
        execute(session, "UPDATE office SET closed_through = ?", FIRST)
        post(session, act, "test", [Transfer(Gl.BANK, Gl.FEE_REVENUE, 100)])
    assert refused.value.field == "on"
    post_something(books)


def test_a_form_posts_once_however_often_it_is_sent(books: Database, path: Path) -> None:
    form = accounts.AccountForm("Ann Ames")
    before = count(path, "account")
    with books.write() as session:
        accounts.open_account(session, desk(), form, token="t-1")
    with pytest.raises(UserError, match="already been posted") as refused, books.write() as session:
        accounts.open_account(session, desk(), form, token="t-1")
    assert refused.value.field == "token"
    assert count(path, "account") == before + 1
    with raw(path) as other, pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: action\.token"):
        columns = "what, business_date, recorded_at, actor, role, pc, reason"
        other.execute(f"INSERT INTO action (id, {columns}, token) SELECT 9999, {columns}, 't-1' FROM action LIMIT 1")
