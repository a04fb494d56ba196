"""The commands on an office of some months: check, import and due."""

from __future__ import annotations

import csv
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from demo_folder import (
    ROOT,
    Made,
    ask,
    command,
    demo,
    digests,
)

from app.cli import run
from app.money import format_cents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("demo") / "Müller & Sons #1 100%"
    done = demo(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return Made(folder, done.stdout)


# check


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def test_check_finds_nothing_wrong_with_the_demo(made: Made) -> None:
    done = command("check", "--office", made.folder / "office.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert "every figure agrees with the ledger" in done.stdout


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [
        ("invoice", "open_cents", "invoice"),
        ("invoice", "total_cents", "invoice"),
        ("line", "cents", "invoice"),
        ("posting", "cents", "account"),
        ("account", "balance_cents", "account"),
        ("credit", "remaining_cents", "credit"),
        ("allocation", "cents", "invoice"),
        ("payment", "cents", "payment"),
        ("refund", "open_cents", "refund"),
    ],
)
def test_a_figure_edited_by_hand_is_found_and_its_row_named(
    folder: Path, table: str, column: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "office.db"
    row = {"line": "invoice_id", "posting": "account_id", "allocation": "invoice_id"}.get(table, "id")
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
        other.execute("PRAGMA ignore_check_constraints = ON")
        ((row_id,),) = other.execute(f"SELECT max({row}) FROM {table}").fetchall()
        other.execute(f"UPDATE {table} SET {column} = {column} + 1 WHERE {row} = {row_id}")
        other.commit()
    assert run(["check", "--office", str(path)]) == 1
    output = capsys.readouterr().out
    assert re.search(rf": {named} {row_id} has ", output), output
    assert re.search(r"^[1-9]\d* problem\(s\) found\.$", output, re.MULTILINE)


# import and due


def customer_list(path: Path, change: dict[int, dict[str, str]]) -> Path:
    """Rows of the shipped list that the demo has not imported, some of them spoiled."""
    with (ROOT / "resources" / "demo" / "customers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[200:212]
    for at, cells in change.items():
        rows[at] |= cells
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_list_with_bad_rows_is_reported_row_by_row_and_nothing_is_imported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {
        2: {"kind": "farm"},
        5: {"name": ""},
        8: {"service1_monthly": "49.955"},
        11: {"email": "nobody", "kind": "x"},
    }
    source = customer_list(tmp_path / "list.csv", bad)
    good_rows, bad_rows = tmp_path / "good.csv", tmp_path / "bad.csv"
    office = ["--office", str(folder / "office.db"), "--on", "2026-11-21"]
    before = digests(folder)
    done = command("import", source, *office, "--good-rows", good_rows, "--bad-rows", bad_rows)
    assert done.returncode == 2
    assert "4 row(s) cannot be imported; nothing was imported." in done.stderr
    assert digests(folder) == before
    said = set(re.findall(r"^line (\d+), (\w+): \S", done.stdout, re.MULTILINE))
    wrong = {("4", "kind"), ("7", "name"), ("10", "service1_monthly"), ("13", "email"), ("13", "kind")}
    assert said == wrong
    with good_rows.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 8
    with bad_rows.open(encoding="utf-8-sig", newline="") as stream:
        assert all(row["problem"] for row in csv.DictReader(stream))
    accounts = ask(folder, "SELECT count(*) FROM account")[0][0]
    assert run(["import", str(good_rows), *office]) == 0
    assert "8 accounts imported" in capsys.readouterr().out
    assert ask(folder, "SELECT count(*) FROM account") == [(accounts + 8,)]
    assert run(["check", *office[:2]]) == 0
    assert run(["import", str(good_rows), *office]) == 2, "the same list again is refused"
    assert "in this office already" in capsys.readouterr().err
    assert ask(folder, "SELECT count(*) FROM account") == [(accounts + 8,)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "missing.csv"], "missing.csv"),
        (["due"], "is closed"),
        (["check", "--office", "nowhere.db"], "There is no office at nowhere.db"),
    ],
)
def test_a_command_that_cannot_be_done_is_one_sentence_and_exit_2(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    office = [] if "--office" in words else ["--office", str(folder / "office.db"), "--on", "2026-11-01"]
    before = digests(folder)
    assert run([*words, *office]) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1] and "Traceback" not in error
    assert digests(folder) == before


def test_due_does_the_next_month_and_closes_the_day(folder: Path) -> None:
    done = command("due", "--office", folder / "office.db", "--on", "2026-12-01")
    assert done.returncode == 0, done.stderr
    ((invoices, cents),) = ask(
        folder,
        "SELECT count(*), sum(total_cents) FROM invoice i JOIN run r ON r.id = run_id WHERE r.business_date = '2026-12-01'",
    )
    assert f"Billed: {invoices} invoices, {format_cents(cents)}.\n" in done.stdout
    assert "Revenue of November 2026: " in done.stdout
    assert "2026-12-01 is closed.\nBacked up and checked: " in done.stdout
    assert [(row[0], row[1]) for row in ask(folder, "SELECT kind, state FROM backup_log ORDER BY number")] == [
        ("month-end", "verified"),
        ("day-close", "verified"),
    ]
    assert "Backed up before the month is billed: " in done.stdout
    assert ask(folder, "SELECT closed_through FROM office") == [("2026-12-01",)]
    assert (folder / "autopay" / "autopay-2026-12-01.csv").is_file()
    approved = ask(
        folder, "SELECT count(*) FROM payment_attempt WHERE business_date = '2026-12-01' AND outcome = 'approved'"
    )
    assert f"Auto-pay: {approved[0][0]} paid " in done.stdout
    assert run(["check", "--office", str(folder / "office.db")]) == 0
    again = command("due", "--office", folder / "office.db", "--on", "2026-12-01")
    assert (again.returncode, again.stderr.count("\n")) == (2, 2)
    assert "2026-12-01 is closed" in again.stderr
