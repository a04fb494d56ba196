"""Posted rows can be edited past the triggers: REPLACE deletes without asking them, and rowid is not a named column."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import pytest

from app.models import database
from app.models.triggers import CHANGEABLE
from app.services import accounts, checks, office, subscriptions
from app.services.desk import Desk

ON = date(2026, 1, 10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "office.db"
    desk = Desk("pat", "manager", "PC 1", ON, ON)
    with database.create(path) as books, books.write() as session:
        office.set_up(session, office.OfficeForm("Test Office", ()), ON)
        account = accounts.open_account(session, desk, accounts.AccountForm("Ann Ames"))
        subscriptions.add_service(session, desk, account, "net", 4995)
        checks.post_check(session, desk, checks.CheckForm(account, 1000, "7"))
    return path


@pytest.mark.parametrize("table", ["posting", "line", "invoice", "credit", "payment", "allocation", "action"])
def test_a_posted_row_cannot_be_replaced(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        columns = [row[1] for row in other.execute(f"PRAGMA table_info({table})")]
        changed = next(name for name in columns if name in ("cents", "total_cents", "actor"))
        listed = ", ".join("'9'" if name == changed else f'"{name}"' for name in columns)
        before = other.execute(f"SELECT * FROM {table}").fetchall()
        with suppress(sqlite3.IntegrityError):
            other.execute(f"INSERT OR REPLACE INTO {table} SELECT {listed} FROM {table} LIMIT 1")
        assert other.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize("table", [name for name in CHANGEABLE if name not in ("refund", "issued_check")])
def test_a_document_keeps_its_number(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(f"UPDATE {table} SET rowid = rowid + 500000")
