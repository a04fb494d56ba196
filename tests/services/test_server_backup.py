"""An office on a server is backed up with PostgreSQL's own programs, checked, and restored into an empty database."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import support_databases
from postgres_server import name_of
from support_office import Diary

from app import cli
from app.errors import Cancelled, NotPermitted, OfficeFileError, UserError
from app.keystore import FileKeyStore
from app.models import database, server, serverdump, serverlink, serverroles
from app.models.bulk import execute
from app.models.server import ServerDatabase
from app.services import backup, checks, serverbackup, verification
from app.services.backup import BackupResult
from app.services.backupfiles import read_backup
from app.services.backupplan import change_plan, plan_of, set_passphrase
from app.services.backupstanding import backup_log, backup_standing
from app.services.restoring import look_inside, restore
from app.services.search import find_accounts
from app.services.serverrestoring import restore_on_server

pytestmark = pytest.mark.server_only
PASSPHRASE = "four words are enough"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    with Diary() as diary:
        account = diary.open(service_cents=4900)
        diary.check(account, 1000, "101")
        diary.on(2, 1).bill()
        (tmp_path / "backups").mkdir()
        # The owner may make a database for the trial; the program's role may not.
        diary.books = ServerDatabase(support_databases.owners_address(diary.books))
        yield diary.on(3, 1)


def take(diary: Diary, folder: Path, **more: object) -> BackupResult:
    keys = FileKeyStore(folder / "keys")
    return backup.back_up(diary.books, diary.desk, "by-hand", folder / "backups", lambda: keys, **more)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def databases() -> set[str]:
    return {str(row[0]) for row in support_databases.the_server().sql("SELECT datname FROM pg_database")}


def rows(books: database.Database, table: str) -> list[tuple[object, ...]]:
    with books.engine.connect() as connection:
        return sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()), key=repr)


def test_a_backup_is_dumped_restored_on_trial_checked_and_named(office: Diary, tmp_path: Path) -> None:
    before = databases()
    made = take(office, tmp_path)
    assert names(tmp_path / "backups") == [made.path.name]
    assert made.path.name.startswith("Test Office backup-2026-03-01-") and made.path.suffix == ".pgdump"
    assert (made.number, made.size, made.remark) == (1, made.path.stat().st_size, "")
    found = read_backup(made.path)
    assert (found.number, found.office, found.on, found.is_of_server) == (1, "Test Office", office.day, True)
    (line,) = office.see(backup_log)
    assert (line.state, line.problem, line.path) == ("verified", "", made.path)
    assert json.loads(made.path.read_bytes().rpartition(b"\n")[2])["checked"] == "restored"
    assert databases() == before, "the database of the trial is gone"
    assert not office.see(backup_standing, office.day).problem


def test_it_is_restored_into_an_empty_database_with_every_row_and_works(office: Diary, tmp_path: Path) -> None:
    trail = rows(office.books, "audit")
    made = take(office, tmp_path)
    address = support_databases.new_address()
    assert restore_on_server(made.path, address, office.desk) == server.shown(server.server_url(address))
    with database.open_office(address) as books:
        for table in ("account", "invoice", "line", "posting", "payment", "credit", "allocation", "service"):
            assert rows(books, table) == rows(office.books, table), table
        assert len(trail) > 3 and set(trail) <= set(rows(books, "audit")), "the audit trail came along"
        with books.read() as session:
            assert verification.verify_books(session) == []
            assert len(find_accounts(session, "ames")) == 1
            assert [(line.number, line.state) for line in backup_log(session)] == [(1, "verified")]
        with pytest.raises(Exception, match="posted"), books.write() as session:
            execute(session, "UPDATE posting SET cents = cents + 1")
        with books.write() as session:
            checks.post_check(session, office.desk, checks.CheckForm(1, 100, "9"))


@pytest.mark.parametrize("is_sealed", [True, False])
def test_the_programs_role_has_its_rights_again_after_a_restore(office: Diary, tmp_path: Path, is_sealed: bool) -> None:
    if is_sealed:
        office.do(set_passphrase, FileKeyStore(tmp_path / "keys"), PASSPHRASE, PASSPHRASE, "a new rule")
    made = take(office, tmp_path)
    assert read_backup(made.path).roles == (support_databases.PROGRAM_ROLE,)
    address, said = support_databases.new_address(), list[str]()
    restore_on_server(made.path, address, office.desk, PASSPHRASE if is_sealed else None, remark=said.append)
    assert said == [
        f"The PCs sign in as before: {support_databases.PROGRAM_ROLE} may do what the program does, and no more."
    ]
    as_program = server.server_url(address).set(username=support_databases.PROGRAM_ROLE)
    with ServerDatabase(as_program) as books:
        with books.write() as session:
            checks.post_check(session, office.desk, checks.CheckForm(1, 100, "9"))
        with books.engine.connect() as connection:
            assert serverroles.faults(connection) == []
        with pytest.raises(Exception, match="does not let this user"), books.write() as session:
            execute(session, "DELETE FROM posting")


def test_a_role_that_the_new_server_lacks_is_told_of_and_the_office_is_restored(
    office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = take(office, tmp_path)
    monkeypatch.setattr(serverroles, "exists", lambda _connection, _role: False)
    address, said = support_databases.new_address(), list[str]()
    restore_on_server(made.path, address, office.desk, remark=said.append)
    assert len(said) == 1 and f"grant {server.shown(server.server_url(address))} --program-role" in said[0]
    with database.open_office(address) as books, books.read() as session:
        assert verification.verify_books(session) == []


def test_it_is_never_restored_over_an_office(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    assert isinstance(office.books, ServerDatabase)
    address = office.books.url.render_as_string(hide_password=False)
    before = rows(office.books, "posting")
    with pytest.raises(OfficeFileError, match="is not empty; create a new database"):
        restore_on_server(made.path, address.replace("+psycopg", ""), office.desk)
    assert rows(office.books, "posting") == before
    office.assert_books_right(trail=False)


@pytest.mark.parametrize(
    "theirs",
    ["CREATE FUNCTION theirs() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "CREATE VIEW theirs AS SELECT 1 AS one"],
)
def test_it_is_never_restored_beside_what_somebody_else_made(office: Diary, tmp_path: Path, theirs: str) -> None:
    made, address = take(office, tmp_path), support_databases.new_address()
    with ServerDatabase(server.server_url(address)) as other:
        with other.engine.begin() as connection:
            connection.exec_driver_sql(theirs)
        with pytest.raises(OfficeFileError, match="is not empty; create a new database"):
            restore_on_server(made.path, address, office.desk)
        with other.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP {theirs.split()[1]} theirs")  # it is there still


def test_an_encrypted_one_holds_nothing_readable_and_needs_its_passphrase(office: Diary, tmp_path: Path) -> None:
    office.do(set_passphrase, FileKeyStore(tmp_path / "keys"), PASSPHRASE, PASSPHRASE, "a new rule")
    made = take(office, tmp_path)
    assert made.path.suffix == ".sealed" and b"PGDMP" not in made.path.read_bytes()
    assert names(tmp_path / "backups") == [made.path.name]
    elsewhere = FileKeyStore(tmp_path / "other")
    address = support_databases.new_address()
    with pytest.raises(UserError, match="not the passphrase"):
        restore_on_server(made.path, address, office.desk, "another passphrase", key_store=lambda: elsewhere)
    restore_on_server(made.path, address, office.desk, PASSPHRASE, key_store=lambda: elsewhere)
    with database.open_office(address) as books:
        assert rows(books, "posting") == rows(office.books, "posting")


def test_a_sign_in_that_may_not_make_databases_gets_a_backup_that_says_so(office: Diary, tmp_path: Path) -> None:
    assert isinstance(office.books, ServerDatabase)
    running, name = support_databases.the_server(), office.books.url.database
    role = f"clerk_{os.getpid()}"
    running.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'pa55 w''ord' IN ROLE pg_read_all_data, pg_write_all_data")
    try:
        books = ServerDatabase(office.books.url.set(username=role, password="pa55 w'ord", database=name))
        with books:
            keys = FileKeyStore(tmp_path / "keys")
            made = backup.back_up(books, office.desk, "by-hand", tmp_path / "backups", lambda: keys)
    finally:
        running.sql(f"DROP ROLE {role}")
    assert made.remark == serverbackup.NOT_RESTORED
    (line,) = office.see(backup_log)
    assert (line.state, line.problem) == ("verified", serverbackup.NOT_RESTORED)
    standing = office.see(lambda session: backup_standing(session, office.desk.on))
    assert standing.words.startswith("Last backup, read through but not restored on trial: ")
    assert json.loads(made.path.read_bytes().rpartition(b"\n")[2])["checked"] == "listed"
    address = support_databases.new_address()
    restore_on_server(made.path, address, office.desk)
    with database.open_office(address) as restored:
        assert rows(restored, "posting") == rows(office.books, "posting")


def test_the_programs_role_makes_a_backup_that_says_it_was_not_tried(office: Diary, tmp_path: Path) -> None:
    with ServerDatabase(office.books.url.set(username=support_databases.PROGRAM_ROLE)) as office_of_role:
        keys = FileKeyStore(tmp_path / "keys")
        made = backup.back_up(office_of_role, office.desk, "by-hand", tmp_path / "backups", lambda: keys)
    assert "not restored on trial" in made.remark
    address = support_databases.new_address()
    restore_on_server(made.path, address, office.desk)
    with database.open_office(address) as books:
        assert rows(books, "posting") == rows(office.books, "posting")


def test_books_that_do_not_agree_make_no_backup(office: Diary, tmp_path: Path) -> None:
    assert isinstance(office.books, ServerDatabase)
    before = databases()
    wrong = "SET session_replication_role = replica; UPDATE account SET balance_cents = balance_cents + 1"
    support_databases.the_server().sql(wrong, name_of(office.books.url.render_as_string()))
    with pytest.raises(UserError, match="do not agree, so it does not count: account balance"):
        take(office, tmp_path)
    assert names(tmp_path / "backups") == []
    assert databases() == before
    assert [line.state for line in office.see(backup_log)] == ["failed"]


def test_rows_edited_by_hand_are_said_of_a_backup_that_counts(office: Diary, tmp_path: Path) -> None:
    assert isinstance(office.books, ServerDatabase)
    edited = "SET session_replication_role = replica; UPDATE account SET phone = '605-555-0666'"
    support_databases.the_server().sql(edited, name_of(office.books.url.render_as_string()))
    made = take(office, tmp_path)
    assert "row(s) were changed past the program, the first: account: row 1" in made.remark
    assert [line.state for line in office.see(backup_log)] == ["verified"]


def test_a_backup_that_is_not_sound_leaves_the_database_empty(
    office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(office.books, ServerDatabase)
    wrong = "SET session_replication_role = replica; UPDATE account SET balance_cents = balance_cents + 1"
    support_databases.the_server().sql(wrong, name_of(office.books.url.render_as_string()))
    with monkeypatch.context() as unchecked:
        # As a backup that could only be listed: nothing looked at its figures.
        unchecked.setattr(serverbackup, "_restored_on_trial", lambda *_: False)
        made = take(office, tmp_path)
    address = support_databases.new_address()
    with pytest.raises(UserError, match=r"is not sound .* nothing was restored"):
        restore_on_server(made.path, address, office.desk)
    server.create(server.server_url(address)).close()  # refuses a database that holds anything


def test_a_backup_whose_names_were_changed_is_restored_and_said_to_be(office: Diary, tmp_path: Path) -> None:
    assert isinstance(office.books, ServerDatabase)
    wrong = "SET session_replication_role = replica; UPDATE account SET name = 'Bnn Ames'"
    support_databases.the_server().sql(wrong, name_of(office.books.url.render_as_string()))
    made, told = take(office, tmp_path), list[str]()
    restore_on_server(made.path, support_databases.new_address(), office.desk, remark=told.append)
    assert len(told) == 2 and "account: row 1 was changed by hand" in told[0]


def test_an_older_state_put_in_the_offices_place_is_found_by_the_backups_made_since(office: Diary, tmp_path: Path) -> None:
    plan = replace(office.see(plan_of), folder=str(tmp_path / "backups"))
    office.do(change_plan, plan, "here")
    take(office, tmp_path)
    older = support_databases.KeptOffice(support_databases.owners_address(office.books))
    try:
        image = older.image()
        later = take(office, tmp_path)
        assert verification.verify_office(office.books) == []
        older.put(image)
    finally:
        older.end()
    problems = verification.verify_office(office.books)
    assert any(f"backup no {later.number} (" in problem and "an older copy" in problem for problem in problems), problems


def test_a_clerk_restores_nothing_on_a_server(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    office.role = "clerk"
    address = support_databases.new_address()
    with pytest.raises(NotPermitted, match="manager"):
        restore_on_server(made.path, address, office.desk)
    server.create(server.server_url(address)).close()  # refuses a database that holds anything


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_one_that_was_cut_off_is_refused(office: Diary, tmp_path: Path, keep: float) -> None:
    made = take(office, tmp_path)
    content = made.path.read_bytes()
    made.path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UserError, match="is no backup of Counterfoil, or it is damaged"):
        restore_on_server(made.path, support_databases.new_address(), office.desk)


def test_a_damaged_one_leaves_the_database_empty(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    content = bytearray(made.path.read_bytes())
    start = len(content) // 2
    content[start : start + 4_000] = bytes(4_000)
    made.path.write_bytes(content)
    address = support_databases.new_address()
    with pytest.raises(UserError, match="pg_restore"):
        restore_on_server(made.path, address, office.desk)
    server.create(server.server_url(address)).close()


def test_a_stopped_backup_leaves_no_file_and_no_database(office: Diary, tmp_path: Path) -> None:
    before = databases()
    with pytest.raises(Cancelled):
        take(office, tmp_path, cancelled=lambda: True)
    assert names(tmp_path / "backups") == []
    assert databases() == before


def test_only_a_manager_restores(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    with pytest.raises(NotPermitted):
        restore_on_server(made.path, support_databases.new_address(), replace(office.desk, role="clerk"))


def test_each_kind_of_backup_says_where_it_belongs(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    with pytest.raises(UserError, match="is of an office on a server; restore it into an empty database"):
        restore(made.path, tmp_path / "new.db", office.desk)
    with pytest.raises(UserError, match="is of an office on a server"):
        look_inside(made.path)
    with Diary(path=tmp_path / "file.db") as in_file:
        of_file = backup.back_up(in_file.books, in_file.desk, "by-hand", tmp_path / "backups")
    with pytest.raises(UserError, match="is of an office in a file; restore it into a file"):
        restore_on_server(of_file.path, support_databases.new_address(), office.desk)
    link = tmp_path / "office.server"
    link.write_text("as it was", encoding="utf-8")
    with pytest.raises(UserError, match="is this PC's link to the office's server"):
        restore(of_file.path, link, office.desk, replace=True)
    assert link.read_text(encoding="utf-8") == "as it was"


def test_the_password_is_in_no_command(office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(office.books, ServerDatabase)
    seen: list[tuple[list[str], str | None]] = []
    real = subprocess.Popen

    class Watched(real):  # type: ignore[misc, valid-type]
        def __init__(self, words: list[str], **more: object) -> None:
            seen.append((words, more["env"].get("PGPASSWORD")))  # type: ignore[attr-defined]
            super().__init__(words, **more)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    with ServerDatabase(office.books.url.set(password="s3cret")) as books:
        made = backup.back_up(books, office.desk, "by-hand", tmp_path / "backups")
    address = support_databases.new_address().replace("office@", "office:s3cret@")
    restore_on_server(made.path, address, office.desk)
    told = [(words, secret) for words, secret in seen if any("dbname=" in word for word in words)]
    assert len(told) == 3 and {secret for _, secret in told} == {"s3cret"}, "dump, trial and restore"
    assert not [words for words, _ in seen if "s3cret" in " ".join(words)]


def test_without_the_programs_or_with_older_ones_the_way_out_is_said(
    office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serverdump, "_folders", lambda: iter(()))
    with pytest.raises(UserError, match=r"pg_dump and pg_restore are not on this PC; install .*postgresql"):
        take(office, tmp_path)
    assert office.see(backup_standing, office.day).is_loud
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"too old for it; install .*99"):
        serverdump.find_programs(990_001)


def test_what_a_cut_off_trial_left_on_the_server_goes_with_the_next_backup(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    left = f"counterfoil_check_{read_backup(made.path).mark[:12]}_{made.number:06d}"
    support_databases.the_server().sql(f"CREATE DATABASE {left} TEMPLATE template0")
    take(office, tmp_path)
    assert left not in databases()


def test_a_server_that_refuses_the_trial_is_said_and_the_log_has_it(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    another = f"counterfoil_check_{read_backup(made.path).mark[:12]}_{made.number + 1:06d}"
    support_databases.the_server().sql(f"CREATE DATABASE {another} TEMPLATE template0")
    with pytest.raises(UserError, match=r"refused the backup's check .*already exists"):
        take(office, tmp_path)
    assert another in databases(), "it is not this backup's"
    assert [line.state for line in office.see(backup_log)] == ["failed", "verified"]
    assert names(tmp_path / "backups") == [made.path.name]
    take(office, tmp_path)
    assert another not in databases()


def test_a_stopped_restore_leaves_the_database_empty(office: Diary, tmp_path: Path) -> None:
    made = take(office, tmp_path)
    address = support_databases.new_address()
    with pytest.raises(Cancelled):
        restore_on_server(made.path, address, office.desk, cancelled=lambda: True)
    server.create(server.server_url(address)).close()


def test_backup_and_restore_from_the_command_line(office: Diary, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(office.books, ServerDatabase)
    link = tmp_path / "office.server"
    serverlink.write_link(link, office.books.url)
    assert cli.run(["backup", "--office", str(link)]) == 0
    assert "opened and checked, every figure agrees" in capsys.readouterr().out
    (made,) = (tmp_path / "backups").iterdir()
    address = support_databases.new_address()
    assert cli.run(["restore", str(made), "--to", address]) == 0
    assert "every figure agrees with the ledger" in capsys.readouterr().out
    assert cli.run(["restore", str(made), "--to", address]) == 2
    assert "is not empty" in capsys.readouterr().err
