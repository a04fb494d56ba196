"""Backups become offices again: looked into, beside the present one, or in its place; cut off, nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support_office import Diary

from app.cli import run
from app.errors import Cancelled, NotPermitted, OfficeFileError, UserError
from app.keystore import FileKeyStore
from app.models import copying, database, migrations
from app.models.migrations import LATEST_REVISION
from app.services import backup
from app.services.accountnumbers import account_number
from app.services.backupplan import set_passphrase
from app.services.backupstanding import backup_log, backup_standing
from app.services.restoring import RESTORING, look_inside, restore
from app.services.verification import verify_books, verify_file

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "four words are enough"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    with Diary(path=tmp_path / "office.db") as diary:
        account = diary.open(service_cents=4900)
        diary.check(account, 1000, "101")
        yield diary.on(3, 1)


def keys_in(folder: Path) -> FileKeyStore:
    return FileKeyStore(folder / "keys")


def take(diary: Diary) -> Path:
    assert diary.books.path is not None
    folder = diary.books.path.parent
    return backup.back_up(diary.books, diary.desk, "by-hand", None, lambda: keys_in(folder)).path


def payments(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM payment").fetchone()[0])


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.endswith((RESTORING, copying.UNFINISHED))]


def test_a_restored_office_has_every_row_of_the_backup_and_works(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    before = office.dump(leave_out=("action", "backup_log"))
    done = restore(made, tmp_path / "again.db", office.desk)
    assert (done.path, done.replaced) == (tmp_path / "again.db", None)
    with Diary(path=tmp_path / "third.db") as again:
        again.books.close()
        again.books = database.open_existing(done.path)
        assert again.dump(leave_out=("action", "backup_log")) == before
        again.on(3, 2).check(again.sql("SELECT id FROM account")[0][0], 700, "102")
        again.assert_books_right()
        assert again.sql("PRAGMA journal_mode") == [("wal",)]
        assert again.sql("SELECT what, reason, actor FROM action WHERE what = 'restore'") == [
            ("restore", f"restored from {made.name}", "pat")
        ]
        assert [(line.state, line.path) for line in again.see(backup_log)] == [("verified", made)]
        assert "Last verified backup" in again.see(backup_standing, again.day).words
    assert leftovers(tmp_path) == []


def test_only_a_manager_restores_and_never_over_something_by_accident(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    with pytest.raises(NotPermitted):
        restore(made, tmp_path / "again.db", replace(office.desk, role="supervisor"))
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    for target, words in (
        (tmp_path / "letter.txt", "exists already"),
        (made, "the backup itself"),
        (tmp_path / "nowhere" / "office.db", "does not exist"),
    ):
        with pytest.raises(UserError, match=words) as refused:
            restore(made, target, office.desk)
        assert refused.value.field == "target"
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "mine"


def test_an_encrypted_backup_is_restored_with_its_passphrase_on_a_pc_that_never_saw_it(
    office: Diary, tmp_path: Path
) -> None:
    office.do(set_passphrase, keys_in(tmp_path), PASSPHRASE, PASSPHRASE, "why")
    made = take(office)

    def other_pc() -> FileKeyStore:
        return FileKeyStore(tmp_path / "other-pc")

    for typed in (None, "", "not the passphrase"):
        with pytest.raises(UserError) as refused:
            restore(made, tmp_path / "again.db", office.desk, typed, key_store=other_pc)
        assert refused.value.field == "passphrase"
        assert not (tmp_path / "again.db").exists()
    restore(made, tmp_path / "again.db", office.desk, PASSPHRASE, key_store=other_pc)
    assert payments(tmp_path / "again.db") == 1
    restore(made, tmp_path / "here.db", office.desk, key_store=lambda: keys_in(tmp_path))
    assert payments(tmp_path / "here.db") == 1


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_damaged_backup_is_refused_and_the_present_office_stays(office: Diary, tmp_path: Path, encrypted: bool) -> None:
    if encrypted:
        office.do(set_passphrase, keys_in(tmp_path), PASSPHRASE, PASSPHRASE, "why")
    made = take(office)
    office.books.close()
    present = (tmp_path / "office.db").read_bytes()
    raw = bytearray(made.read_bytes())
    for place in range(len(raw) // 2, len(raw) // 2 + 40_000):
        raw[place] ^= 0x55
    made.write_bytes(raw)
    with pytest.raises(UserError):
        restore(made, tmp_path / "office.db", office.desk, PASSPHRASE, replace=True)
    assert (tmp_path / "office.db").read_bytes() == present or payments(tmp_path / "office.db") == 1
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, None])
def test_what_is_no_backup_is_refused_in_a_sentence(office: Diary, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "letter.db"
    if content is None:
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE letter (words)")
    else:
        file.write_bytes(content)
    with pytest.raises(UserError, match="no backup of Counterfoil"):
        restore(file, tmp_path / "again.db", office.desk)
    with pytest.raises(UserError, match="no backup of Counterfoil"):
        look_inside(file)


def test_a_backup_whose_books_were_edited_is_not_restored(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    with closing(sqlite3.connect(made)) as other:
        other.execute("UPDATE account SET balance_cents = balance_cents + 100")
        other.commit()
    with pytest.raises(UserError, match=r"not sound .* account balance"):
        restore(made, tmp_path / "again.db", office.desk)
    assert not (tmp_path / "again.db").exists() and leftovers(tmp_path) == []


def test_a_backup_of_a_newer_program_is_refused(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    with closing(sqlite3.connect(made)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    with pytest.raises(OfficeFileError, match="newer Counterfoil"):
        restore(made, tmp_path / "again.db", office.desk)
    assert not (tmp_path / "again.db").exists()


# In place of the present office


def test_the_present_office_is_kept_before_it_is_replaced(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    office.check(office.sql("SELECT id FROM account")[0][0], 2000, "102")
    office.books.close()
    done = restore(made, tmp_path / "office.db", office.desk, replace=True)
    assert done.replaced == tmp_path / "backups" / "office replaced no 0001.db"
    assert (payments(done.path), payments(done.replaced)) == (1, 2)
    with database.open_existing(done.replaced) as books, books.read() as session:
        assert (verify_books(session), verify_file(session)) == ([], [])
    assert (
        restore(made, done.path, office.desk, replace=True).replaced == tmp_path / "backups" / "office replaced no 0002.db"
    )


def test_an_office_that_is_open_somewhere_is_not_replaced(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    office.see(verify_books)  # a connection of the pool stays open
    with pytest.raises(OfficeFileError, match="open in a program"):
        restore(made, tmp_path / "office.db", office.desk, replace=True)
    office.check(office.sql("SELECT id FROM account")[0][0], 2000, "102")
    office.assert_books_right()
    assert leftovers(tmp_path) == []
    assert not list((tmp_path / "backups").glob("*replaced*"))


def test_a_destroyed_office_is_replaced_and_kept_as_it_is(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    office.books.close()
    (tmp_path / "office.db").write_bytes(b"the disk wrote this" * 1000)
    (tmp_path / "office.db-wal").write_bytes(b"and this")
    done = restore(made, tmp_path / "office.db", office.desk, replace=True)
    assert done.replaced is not None and done.replaced.read_bytes().startswith(b"the disk wrote this")
    assert not (tmp_path / "office.db-wal").exists()
    assert done.replaced.with_name(done.replaced.name + "-wal").read_bytes() == b"and this"
    with database.open_existing(done.path) as books, books.read() as session:
        assert (verify_books(session), verify_file(session)) == ([], [])


def by_hand(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        names = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%journal%'").fetchall()
        kept = [other.execute("SELECT sql FROM sqlite_master WHERE name = ?", name).fetchone()[0] for name in names]
        for (name,) in names:
            other.execute(f"DROP TRIGGER {name}")
        other.execute(change)
        for sql in kept:
            other.execute(sql)
        other.commit()


def test_a_backup_whose_names_were_changed_is_restored_and_said_to_be(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    assert restore(made, tmp_path / "sound.db", office.desk).remark == ""
    by_hand(made, "UPDATE account SET name = 'Bnn Ames'")
    remark = restore(made, tmp_path / "again.db", office.desk).remark
    assert "account: row 1 was changed by hand" in remark and "Every figure agrees" in remark
    assert run(["restore", str(made), "--to", str(tmp_path / "third.db")]) == 0


def test_the_command_says_what_the_trail_of_a_restored_backup_says(
    office: Diary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = take(office)
    by_hand(made, "UPDATE account SET name = CAST(x'ff41' AS TEXT)")
    assert run(["restore", str(made), "--to", str(tmp_path / "again.db")]) == 0
    assert "account: row 1 was changed by hand" in capsys.readouterr().out


def test_a_damaged_or_newer_backup_is_named_itself_and_not_the_copy_of_it(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    newer = Path(shutil.copy(made, tmp_path / "newer.db"))
    with closing(sqlite3.connect(newer)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    damaged = Path(shutil.copy(made, tmp_path / "damaged.db"))
    with closing(sqlite3.connect(damaged)) as other:
        page = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'posting'").fetchone()[0]
        size = other.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(damaged.read_bytes())
    content[(page - 1) * size : (page - 1) * size + 200] = b"\xff" * 200
    damaged.write_bytes(content)
    for file, words in ((newer, "was made by a newer Counterfoil"), (damaged, "damaged")):
        for refused in (
            lambda file=file: restore(file, tmp_path / "again.db", office.desk),
            lambda file=file: look_inside(file),
        ):
            with pytest.raises(UserError, match=words) as told:
                refused()
            assert str(file) in told.value.message and RESTORING not in told.value.message
            assert "restore the last backup" not in told.value.message
    assert leftovers(tmp_path) == []
    for missing in (tmp_path / "nothing.db", tmp_path):
        with pytest.raises(UserError, match="There is no file"):
            restore(missing, tmp_path / "again.db", office.desk)


# Cut off

KILLED = """
import os, sys
from datetime import date
from pathlib import Path
from app import wholefiles
from app.models import copying
from app.services.desk import Desk
from app.services import restoring

at, made, target = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
steps = 0

def counted(work):
    def step(*given, **named):
        global steps
        for _ in range(2):  # before and after
            if _ == 1:
                result = work(*given, **named)
            steps += 1
            if steps == at:
                os._exit(9)
        return result
    return step

for module, name in (
    (copying, "remove_with_log"), (wholefiles, "sync"), (wholefiles, "sync_folder"), (copying, "copy_bytes"),
    (copying, "copy_while_open"), (restoring, "_bring_up"), (restoring, "_one_file"), (restoring, "_set_aside"),
):
    setattr(module, name, counted(getattr(module, name)))
plain = Path.replace
Path.replace = counted(plain)
restoring.restore(made, target, Desk("pat", "manager", "PC", date(2026, 3, 1), date(2026, 3, 1)), replace=True)
print(steps)
"""


def test_killed_at_any_step_the_office_is_the_present_one_or_the_restored_one(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    office.check(office.sql("SELECT id FROM account")[0][0], 2000, "102")
    office.books.close()

    def attempt(at: int) -> tuple[int, Path, str]:
        folder = tmp_path / f"killed-{at}"
        folder.mkdir()
        target = Path(shutil.copy(tmp_path / "office.db", folder / "office.db"))
        words = [sys.executable, "-c", KILLED, str(at), str(made), str(target)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
        return done.returncode, target, done.stdout or done.stderr

    code, target, said = attempt(0)
    assert code == 0, said
    last = int(said)
    assert last > 20
    seen = set()
    for at in range(1, last + 1, 5):
        code, target, said = attempt(at)
        assert code == 9, said
        with database.open_existing(target) as books, books.read() as session:
            assert (verify_books(session), verify_file(session)) == ([], []), at
        seen.add(payments(target))
        # Asked again it is done, whatever the one that was killed left behind.
        desk = replace(office.desk)
        assert payments(restore(made, target, desk, replace=True).path) == 1
        assert leftovers(target.parent) == []
    assert seen == {1, 2}


def test_a_stopped_restore_leaves_the_present_office(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    office.check(office.sql("SELECT id FROM account")[0][0], 2000, "102")
    office.books.close()
    with pytest.raises(Cancelled):
        restore(made, tmp_path / "office.db", office.desk, replace=True, cancelled=lambda: True)
    assert payments(tmp_path / "office.db") == 2 and leftovers(tmp_path) == []


# Looked into


def test_a_backup_is_looked_into_without_being_touched_and_nothing_can_be_changed_in_it(
    office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = take(office)
    made.chmod(0o444)
    content = made.read_bytes()
    books = look_inside(made)
    with books.read() as session:
        assert verify_books(session) == []
    with pytest.raises(UserError, match="nothing can be changed"), books.write():
        raise AssertionError("never reached")
    assert list(tmp_path.glob("counterfoil-*/office.db"))
    books.close()
    assert not list(tmp_path.glob("counterfoil-*"))
    assert made.read_bytes() == content


# Before an upgrade


OLDER = "0003"


def older_office(path: Path) -> Path:
    """An office made by an older program, with an account in it."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
    engine = database._file_engine(path)
    migrations.upgrade(engine, OLDER)
    engine.dispose()
    with closing(sqlite3.connect(path)) as other:
        texts = ("name", "address", "phone", "email", "website", "time_zone", "bank_name", "bank_routing")
        names = (*texts, "bank_account_last4", "statement_message")
        marks = ", ".join("?" * len(names))
        other.execute(
            f"INSERT INTO office (id, opened_on, {', '.join(names)}) VALUES (1, '2026-01-01', {marks})",
            ["Old Office", *[""] * (len(names) - 1)],
        )
        kept = ("policy", "name", "email", "phone", "address", "method_label", "old_number", "payer", "notes")
        other.execute(
            "INSERT INTO account (id, number, kind, managed, delivery, autopay, status, opened_on, balance_cents, "
            f"{', '.join(kept)}) VALUES (1, ?, 'residential', 0, 'email', 'none', 'active', '2026-01-01', 0, "
            f"{', '.join('?' * len(kept))})",
            [account_number(1), "isp-advance", "Ann Ames", *[""] * (len(kept) - 2)],
        )
        other.commit()
    return path


def revision(path: Path) -> tuple[str, int]:
    with closing(sqlite3.connect(path)) as other:
        row = other.execute("SELECT version_num, (SELECT count(*) FROM account) FROM alembic_version").fetchone()
    return str(row[0]), int(row[1])


def test_an_office_is_backed_up_before_it_is_upgraded(tmp_path: Path) -> None:
    path = older_office(tmp_path / "office.db")
    with database.open_existing(path) as books, books.read() as session:
        assert verify_books(session) == []
    kept = tmp_path / "backups" / "office before the upgrade from 0003.db"
    assert revision(kept) == (OLDER, 1)
    taken = kept.stat().st_mtime_ns
    database.open_existing(path).close()
    assert kept.stat().st_mtime_ns == taken, "nothing to upgrade, nothing to back up"
    manager = Diary().desk
    assert revision(restore(kept, tmp_path / "again.db", manager).path) == (LATEST_REVISION, 1)


def test_an_upgrade_that_was_cut_off_is_done_when_the_office_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = older_office(tmp_path / "office.db")
    from app.models import triggers

    def cut(_connection: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(triggers, "install", cut)
        database.open_existing(path)
    assert revision(path) == (OLDER, 1)
    with database.open_existing(path) as books, books.read() as session:
        assert (verify_books(session), verify_file(session)) == ([], [])


def test_without_room_for_its_backup_an_office_is_not_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = older_office(tmp_path / "office.db")
    (tmp_path / "backups").write_bytes(b"a file where the folder would be")
    with pytest.raises(OfficeFileError, match=r"could not be backed up in .* before its upgrade"):
        database.open_existing(path)
    assert revision(path) == (OLDER, 1)


# From the command line


def test_backup_and_restore_from_the_command_line(
    office: Diary, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "keys"))
    path = str(tmp_path / "office.db")
    (tmp_path / "stick").mkdir()
    assert run(["backup", "--office", path, "--to", str(tmp_path / "stick")]) == 0
    assert "opened and checked, every figure agrees" in capsys.readouterr().out
    office.do(set_passphrase, keys_in(tmp_path), PASSPHRASE, PASSPHRASE, "why")
    assert run(["backup", "--office", path]) == 0
    capsys.readouterr()
    office.check(office.sql("SELECT id FROM account")[0][0], 2000, "102")
    (made,) = (tmp_path / "backups").glob("*.sealed")
    assert run(["restore", str(made), "--to", path]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(["restore", str(made), "--to", path, "--replace"]) == 2
    assert "open in a program" in capsys.readouterr().err
    office.books.close()
    assert run(["restore", str(made), "--to", path, "--replace"]) == 0
    assert "every figure agrees with the ledger" in capsys.readouterr().out
    assert payments(tmp_path / "office.db") == 1
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("COUNTERFOIL_PASSPHRASE", "five words are no use")
    assert run(["restore", str(made)]) == 2
    assert "not the passphrase" in capsys.readouterr().err
    monkeypatch.setenv("COUNTERFOIL_PASSPHRASE", PASSPHRASE)
    assert run(["restore", str(made)]) == 0
    (again,) = tmp_path.glob("restored-*-no-000002.db")
    assert payments(again) == 1
    assert run(["backup", "--office", path, "--to", str(tmp_path / "nowhere")]) == 2
    assert run(["restore", str(tmp_path / "nowhere.db")]) == 2
    assert [path.suffix for path in (tmp_path / "stick").iterdir()] == [".db"]
