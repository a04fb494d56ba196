"""Whatever somebody does to a row of the file past the program, in whatever table, the check finds and names it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support_trail import NOT_SEALED, found_in, lived_in_office, names, tables, tool, unguarded

from app.cli import run
from app.models.tables import Base

ALL = sorted(set(Base.metadata.tables) - set(NOT_SEALED))


def rows(other: sqlite3.Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of a table, by key."""
    order = ", ".join(f'"{name}"' for name in tables()[table])
    cursor = other.execute(f"SELECT * FROM {table} ORDER BY {order}")
    return [column[0] for column in cursor.description], cursor.fetchall()


def where(table: str) -> str:
    return " AND ".join(f'"{name}" = ?' for name in tables()[table])


def key_of(table: str, columns: list[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(row[columns.index(name)] for name in tables()[table])


def shown(key: tuple[Any, ...]) -> str:
    return "/".join(map(str, key))


def another(value: Any) -> Any:
    """A value of the same kind that is not this one."""
    return value + 500_000 if isinstance(value, int) else "2026-02-03" if value is None else f"{value}x"


def test_every_table_of_the_file_has_rows_to_try_it_with() -> None:
    with tool() as other:
        found = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        empty = [table for table in ALL if not other.execute(f"SELECT count(*) FROM {table}").fetchone()[0]]
    assert empty == []
    assert {table for table in found if not table.startswith("search_")} == {*ALL, *NOT_SEALED} - {"search_letter"}
    assert found_in(unguarded()) == []


@pytest.mark.parametrize("table", ALL)
def test_an_edit_of_any_column_is_found_and_its_row_named(table: str) -> None:
    with tool() as other:
        columns, present = rows(other, table)
        edits = [name for name in columns if name not in tables()[table]]
        at_once = min(len(present), 12)
        for start in range(0, len(edits), at_once):
            with tool(other.serialize()) as copy:
                # Each column in a row of its own, so that each must be named for itself.
                tried = list(zip(edits[start : start + at_once], present, strict=False))
                for name, row in tried:
                    value = another(row[columns.index(name)])
                    copy.execute(
                        f'UPDATE {table} SET "{name}" = ? WHERE {where(table)}', (value, *key_of(table, columns, row))
                    )
                problems = found_in(copy.serialize())
                for name, row in tried:
                    assert names(problems, table, shown(key_of(table, columns, row))), (name, problems)


@pytest.mark.parametrize("table", ALL)
def test_a_row_taken_away_is_found_by_its_place(table: str) -> None:
    with tool() as other:
        columns, present = rows(other, table)
        keys = [key_of(table, columns, row) for row in present]
        for key in {keys[len(keys) // 2], keys[-1]}:
            other.execute(f"DELETE FROM {table} WHERE {where(table)}", key)
        problems = found_in(other.serialize())
        for key in {keys[len(keys) // 2], keys[-1]}:
            before = [shown(k) for k in keys[max(keys.index(key) - 2, 0) : keys.index(key)]]
            place = [shown(key), str(key[0]), *before, "before the first"]
            assert any(names(problems, table, at) for at in place), (key, problems)


def put_in(other: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    """Insert a row; what a unique key refuses is changed until it does not."""
    while True:
        try:
            marks = ", ".join("?" * len(values))
            other.execute(f"INSERT INTO {table} VALUES ({marks})", list(values.values()))
            return
        except sqlite3.IntegrityError as error:
            column = str(error).rpartition(".")[2]
            assert "UNIQUE" in str(error), error
            values[column] = another(values[column])


@pytest.mark.parametrize("table", ALL)
def test_a_row_put_in_is_found_and_named(table: str) -> None:
    with tool() as other:
        columns, present = rows(other, table)
        put = []
        for row in (present[0], present[-1]):
            new = dict(zip(columns, row, strict=True))
            put_in(other, table, new)  # another key: at the end, or beside the last line of its invoice
            put.append(key_of(table, columns, tuple(new.values())))
        problems = found_in(other.serialize())
        for key in put:
            assert names(problems, table, shown(key)), (key, problems)


def test_two_rows_of_any_table_that_change_places_are_found_and_both_named() -> None:
    tried = set()
    for table in ALL:
        with tool() as other:
            columns, present = rows(other, table)
            key = tables()[table]
            one, two = present[0], present[-1]
            keys = key_of(table, columns, one), key_of(table, columns, two)
            named = [dict(zip(columns, row, strict=True)) for row in (one, two)]
            if all(named[0][name] == named[1][name] for name in columns if name not in key):
                continue  # there is only one, or they say the same
            for old in keys:
                other.execute(f"DELETE FROM {table} WHERE {where(table)}", old)
            for at, content in zip(keys, reversed(named), strict=True):
                moved = content | dict(zip(key, at, strict=True))
                marks = ", ".join("?" * len(columns))
                other.execute(f"INSERT INTO {table} VALUES ({marks})", [moved[name] for name in columns])
            problems = found_in(other.serialize())
        assert names(problems, table, shown(keys[0])), (table, problems)
        assert names(problems, table, shown(keys[1])), (table, problems)
        tried.add(table)
    assert len(tried) > 30
    assert {"posting", "line", "account", "payment", "action", "mail_check", "membership"} <= tried


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("audit: row 9 ", "UPDATE audit SET sealed = replace(sealed, 'rows', 'rowz') WHERE n = 9"),
        ("audit: row 9 ", "UPDATE audit SET first_action_id = 1 WHERE n = 9"),
        ("audit: row 9 ", "UPDATE audit SET last_action_id = 1 WHERE n = 9"),
        ("audit: row 9 ", "UPDATE audit SET hash = lower(hex(randomblob(32))) WHERE n = 9"),
        ("audit: row 10 is missing", "DELETE FROM audit WHERE n = 10"),
        ("audit: row 10 ", "UPDATE audit SET n = CASE n WHEN 9 THEN 100010 ELSE 9 END WHERE n IN (9, 10)"),
        ("audit_head: row 1 ", "INSERT INTO audit SELECT max(n) + 1, NULL, NULL, '{}', '', 'x' FROM audit"),
        ("account: row ", "UPDATE audit SET salts = replace(salts, 'A', 'B') WHERE salts <> ''"),
        ("account: row ", "UPDATE audit SET salts = ''"),
        ("audit_head: row 1 ", "UPDATE audit_head SET n = n - 1"),
        ("audit_head: row 1 ", "UPDATE audit_head SET hash = 'x'"),
        ("audit_head: row 1 ", "UPDATE audit_head SET layout_n = 2"),
        ("audit_head row 1", "DELETE FROM audit_head"),
        ("audit_change: row", "UPDATE audit_change SET after = '{}' WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET before = '{}' WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET account_id = 77 WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET action_id = 77 WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET salt = 'x' WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET digest = 'x' WHERE id = 3"),
        ("audit_change: ", "DELETE FROM audit_change WHERE id = 3"),
        ("audit_change: row", "UPDATE audit_change SET id = 999999 WHERE id = 3"),
        ("row 999999 of audit_change", "INSERT INTO audit_change SELECT 999999, NULL, action_id, account_id, table_name, "
         "row_key, what, before, after, salt, digest FROM audit_change WHERE id = 3"),
    ],
)  # fmt: skip
def test_an_edit_of_the_trail_itself_is_found(named: str, change: str) -> None:
    with tool() as other:
        other.execute(change)
        assert any(named in problem for problem in found_in(other.serialize())), found_in(other.serialize())


def whole_file(folder: Path, image: bytes) -> Path:
    path = folder / "office.db"
    path.write_bytes(image)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def edited(path: Path, change: Callable[[sqlite3.Connection], object]) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("PRAGMA trusted_schema = ON")
        change(other)
    return path


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("check_payer: the payer of mail_check row", "DELETE FROM check_payer WHERE id = 1"),
        ("check_payer: row", "UPDATE check_payer SET name = 'Nobody at all' WHERE id = 1"),
        ("check_payer: row", "INSERT INTO check_payer VALUES (999, 'Nobody at all')"),
        ("search_letter", "UPDATE search_letter SET plain = 'q' WHERE letter = 'é'"),
        ("search_letter", "DELETE FROM search_letter WHERE letter = 'é'"),
        ("search_letter", "INSERT INTO search_letter VALUES ('q', 'k')"),
        ("search_name", "DELETE FROM search_name_data WHERE id > 100"),
        ("search_payer", "INSERT INTO search_payer (rowid, text) VALUES (999, 'Nobody')"),
        ("trigger posting_no_update", "DROP TRIGGER posting_no_update"),
        ("trigger account_journal_update", "DROP TRIGGER account_journal_update"),
        ("note: the table is missing", "DROP TABLE note"),
        ("account: row 1 ", "UPDATE account SET name = 'Somebody Else' WHERE id = 1"),
    ],
)  # fmt: skip
def test_the_command_finds_edits_of_the_search_and_the_guards_too(
    tmp_path: Path, named: str, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = whole_file(tmp_path, lived_in_office())
    assert run(["check", "--office", str(path)]) == 0
    edited(path, lambda other: other.execute(change))
    assert run(["check", "--office", str(path)]) == 1
    assert named in capsys.readouterr().out


def test_a_trail_cut_off_with_its_rows_is_found_by_the_end_that_was_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = whole_file(tmp_path, lived_in_office())
    assert run(["check", "--office", str(path)]) == 0
    printed = capsys.readouterr().out.partition("ends with ")[2].split(".\n")[0]
    earlier = Path(shutil.copy(path, tmp_path / "earlier.db"))  # as somebody who kept a copy would put back
    from app.models import database
    from app.services import notes
    from app.services.desk import Desk

    with database.open_existing(path) as books, books.write() as session:
        from datetime import date

        notes.add_note(session, Desk("pat", "clerk", "PC 1", date(2027, 4, 2), date(2027, 4, 2)), 1, "called")
    assert run(["check", "--office", str(path), "--head", printed]) == 0
    later = capsys.readouterr().out.partition("ends with ")[2].split(".\n")[0]
    assert run(["check", "--office", str(earlier), "--head", printed]) == 0
    assert run(["check", "--office", str(earlier), "--head", later]) == 1
    assert "cut off" in capsys.readouterr().out
    for strange in ("abc", "²:00000000", f"{'9' * 30}:00000000", "1", "1:", ":" + later.partition(":")[2]):
        assert run(["check", "--office", str(path), "--head", strange]) == 1
        assert "is not in this file" in capsys.readouterr().out


def test_an_upgrade_seals_anew_and_still_tells_what_was_wrong_before(tmp_path: Path) -> None:
    from app.models import auditcheck, database, migrations

    path = whole_file(tmp_path, lived_in_office())
    edited(path, lambda other: other.execute("UPDATE account SET phone = '605-555-0666' WHERE id = 1"))
    engine = database._file_engine(path, foreign_keys=False)
    migrations.upgrade(engine)
    engine.dispose()
    salted = "SELECT count(*) FROM audit WHERE salts <> '' AND n {} (SELECT layout_n FROM audit_head)"
    with closing(sqlite3.connect(path)) as other:
        before, since = (other.execute(salted.format(side)).fetchone()[0] for side in ("<", ">"))
    assert before == 0 < since, "what was sealed before cannot be guessed from what lies beside it"
    with database.open_existing(path) as books:
        with books.read() as session:
            problems = auditcheck.verify_chain(session)
        assert any("before the upgrade at audit row" in problem and "account: row 1 " in problem for problem in problems)
