"""Stored figures that `check` does not compare with anything: edited by hand, it finds every figure in agreement."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import run


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert run(["demo", "--folder", str(folder), "--customers", "60", "--today", "2026-11-21"]) == 0
    return folder / "office.db"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("deposit", "cents = cents + 1"),
        ("deposit", "count = count + 1"),
        ("recognition", "cents = cents + 1"),
        ("check_stock", "next_number = next_number - 1"),  # the next refund check would repeat a number
        ("service", "monthly_cents = monthly_cents + 1 WHERE id = 1"),
        ("refund", "account_id = account_id + 1 WHERE id = 1"),
        ("allocation", "account_id = account_id + 1 WHERE id = 1"),
        ("account", "number = '100099' WHERE id = 1"),  # a wrong check digit
        ("entry", "business_date = '2026-11-02' WHERE what = 'invoice'"),
        ("run", "cents = cents + 1 WHERE what = 'billing'"),
        ("payment", "receipt_due = 1"),
    ],
)
def test_a_figure_edited_by_hand_is_found(office: Path, tmp_path: Path, table: str, change: str) -> None:
    path = Path(shutil.copy(office, tmp_path / "office.db"))
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
        assert other.execute(f"UPDATE {table} SET {change}").rowcount >= 1
        other.commit()
    assert run(["check", "--office", str(path)]) == 1
