"""An office's file for tests: who works on it, another program on the same file, and what may be posted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from app.models.database import Database
from app.services.desk import Desk, begin
from app.services.ledger import Gl, Transfer, post

ROOT = Path(__file__).resolve().parent.parent.parent
CUTOVER = date(2026, 10, 31)
FIRST = date(2026, 11, 1)
PAGE = 4096


def desk(on: date = FIRST) -> Desk:
    return Desk("pat", "manager", "PC 1", on, date(2026, 12, 31))


def raw(path: Path) -> closing[sqlite3.Connection]:
    """Another program on the same file, without any of ours in between."""
    return closing(sqlite3.connect(path, isolation_level=None, timeout=0))


def count(path: Path, table: str) -> int:
    with raw(path) as other:
        return int(other.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def post_something(books: Database, on: date = FIRST) -> None:
    with books.write() as session:
        post(session, begin(session, desk(on), "test"), "test", [Transfer(Gl.BANK, Gl.FEE_REVENUE, 100)])
