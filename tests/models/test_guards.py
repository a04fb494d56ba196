"""What refuses an edit, a second charge or a date in a closed day is taken away or changed: the check says what it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from support_databases import owners_address
from support_office import Diary
from support_trail import lived_in_office

from app.models import database, triggers
from app.models.server import ServerDatabase
from app.services import notes
from app.services.desk import Desk
from app.services.verification import verify_trail

ON_SERVER = [
    ("trigger posting_no_update on posting was taken away", "DROP TRIGGER posting_no_update ON posting"),
    ("trigger posting_no_update on posting was switched off", "ALTER TABLE posting DISABLE TRIGGER posting_no_update"),
    (
        "trigger posting_no_update on posting was switched off",
        "ALTER TABLE posting ENABLE REPLICA TRIGGER posting_no_update",
    ),
    (
        "trigger posting_no_update on posting was changed",
        "CREATE OR REPLACE TRIGGER posting_no_update BEFORE UPDATE ON posting FOR EACH ROW WHEN (NEW.cents < 0) "
        "EXECUTE FUNCTION counterfoil_posted()",
    ),
    (
        "trigger zz on note was made by hand",
        "CREATE TRIGGER zz BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION counterfoil_posted()",
    ),
    ("trigger search_name_keep on account was switched off", "ALTER TABLE account DISABLE TRIGGER search_name_keep"),
    (
        "function counterfoil_posted was changed",
        "CREATE OR REPLACE FUNCTION counterfoil_posted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    ),
    (
        "function counterfoil_journal was changed",
        "CREATE OR REPLACE FUNCTION counterfoil_journal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ),
    ("function counterfoil_open_day was changed", "ALTER FUNCTION counterfoil_open_day() RESET search_path"),
    (
        "function search_name_keep was changed",
        "CREATE OR REPLACE FUNCTION search_name_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ),
    ("rule zz on note was made by hand", "CREATE RULE zz AS ON INSERT TO note DO ALSO DELETE FROM sign_in_guard"),
    ("row security on note was made by hand", "ALTER TABLE note ENABLE ROW LEVEL SECURITY"),
    ("heir zz of note was made by hand", "CREATE TABLE zz () INHERITS (note)"),
    ("unique key uq_account_number on account was taken away", "ALTER TABLE account DROP CONSTRAINT uq_account_number"),
    ("constraint ck_invoice_open on invoice was taken away", "ALTER TABLE invoice DROP CONSTRAINT ck_invoice_open"),
]


@pytest.mark.server_only
def test_each_guard_of_a_server_that_its_owner_changes_is_named() -> None:
    with Diary() as diary, ServerDatabase(owners_address(diary.books)) as books:
        with books.engine.connect() as owner:
            assert triggers.faults(owner) == []
        for named, change in ON_SERVER:
            with books.engine.connect() as owner:
                owner.exec_driver_sql(change)
                found = triggers.faults(owner)
                owner.rollback()
            assert f"guard: {named}" in found, (named, found)


@pytest.mark.server_only
def test_each_key_of_a_server_that_its_owner_takes_away_is_named() -> None:
    asked = "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'u' AND connamespace = "
    asked += "'public'::regnamespace ORDER BY 1"
    with Diary() as diary, ServerDatabase(owners_address(diary.books)) as books, books.engine.connect() as owner:
        keys = [row for row in owner.exec_driver_sql(asked).all() if not row[1].startswith("check_payer")]
        assert len(keys) > 3
        for key, table in keys:
            owner.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {key} CASCADE")
            found = triggers.faults(owner)
            owner.rollback()
            assert f"guard: unique key {key} on {table} was taken away" in found
        owner.exec_driver_sql("DROP INDEX ix_invoice_account_id")
        assert "guard: index ix_invoice_account_id on invoice was taken away" in triggers.faults(owner)
        owner.exec_driver_sql("CREATE INDEX ix_invoice_account_id ON invoice (id)")
        assert "guard: index ix_invoice_account_id on invoice was changed" in triggers.faults(owner)


IN_A_FILE = [
    ("trigger posting_no_update on posting was taken away", "DROP TRIGGER posting_no_update"),
    (
        "trigger zz on note was made by hand",
        "CREATE TRIGGER zz AFTER INSERT ON note BEGIN UPDATE account SET phone = 'x' WHERE id = 1; END",
    ),
    ("view zz was made by hand", "CREATE VIEW zz AS SELECT 1"),
    (
        "table invoice was changed",
        "UPDATE sqlite_master SET sql = replace(sql, 'CHECK (open_cents >= 0)', 'CHECK (1)') WHERE name = 'invoice'",
    ),
    ("table note was changed", "ALTER TABLE note ADD COLUMN mine TEXT"),
    ("index ix_invoice_account_id on invoice was taken away", "DROP INDEX ix_invoice_account_id"),
    ("index mine on note was made by hand", "CREATE UNIQUE INDEX mine ON note (account_id)"),
]


@pytest.mark.parametrize(("named", "change"), IN_A_FILE)
@pytest.mark.file_only("is about an office in a file")
def test_each_guard_of_a_file_that_somebody_changes_is_named(tmp_path: Path, named: str, change: str) -> None:
    path = tmp_path / "office.db"
    path.write_bytes(lived_in_office())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute(change)
    with database.open_existing(path) as books, books.read() as session:
        assert f"guard: {named}" in verify_trail(session)


@pytest.mark.file_only("a server's role may make no trigger")
def test_a_trigger_of_somebodys_own_cannot_change_rows_in_the_programs_name_unseen(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    path.write_bytes(lived_in_office())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER zz AFTER INSERT ON note BEGIN UPDATE account SET phone = '605-555-0666' WHERE id = 1; END"
        )
    with database.open_existing(path) as books:
        with books.write() as session:
            notes.add_note(session, Desk("pat", "clerk", "PC 1", date(2027, 4, 2), date(2027, 4, 2)), 1, "called")
        with books.read() as session:
            assert verify_trail(session) == ["guard: trigger zz on note was made by hand"]
