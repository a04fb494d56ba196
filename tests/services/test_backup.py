"""Backups: checked copies made while others work, numbered whatever the clock says, kept as planned."""

from __future__ import annotations

import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support_office import Diary

from app.errors import Cancelled, NotPermitted, UserError
from app.keystore import FileKeyStore
from app.models import copying, database
from app.models.copying import UNFINISHED
from app.services import backup, verification
from app.services.backup import BackupResult
from app.services.backupfiles import BackupFile, backups_in, file_name, no_longer_kept, read_backup
from app.services.backupplan import (
    BackupPlan,
    change_plan,
    end_encryption,
    plan_of,
    set_passphrase,
    unlock_passphrase,
)
from app.services.backupstanding import backup_log, backup_standing, listed_backups, waiting_backup
from app.services.restoring import restore
from app.services.search import find_accounts
from app.services.verification import verify_office

PASSPHRASE = "four words are enough"
EVENING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # 17:30 of the day before in Denver


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    with Diary(path=tmp_path / "office.db") as diary:
        account = diary.open(service_cents=4900)
        diary.check(account, 1000, "101")
        yield diary.on(3, 1)


def take(diary: Diary, folder: Path | None = None, kind: str = "day-close", at: datetime = EVENING) -> BackupResult:
    desk = replace(diary.desk, now=lambda: at)
    return backup.back_up(diary.books, desk, kind, folder, lambda: keys_of(diary))


def keys_of(diary: Diary) -> FileKeyStore:
    assert diary.books.path is not None
    return FileKeyStore(diary.books.path.parent / "keys")


def plan(diary: Diary, **changed: object) -> None:
    diary.do(change_plan, replace(diary.see(plan_of), **changed), "as agreed")  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_one_checked_file_named_by_office_date_time_and_number(office: Diary, tmp_path: Path) -> None:
    made = take(office)
    assert names(tmp_path / "backups") == ["Test Office backup-2026-03-01-1730-no-000001.db"]
    assert (made.path.name, made.number, made.size) == (names(tmp_path / "backups")[0], 1, made.path.stat().st_size)
    with database.open_read_only(made.path) as books, books.read() as session:
        assert verification.verify_books(session) == []
        assert len(find_accounts(session, "ames")) == 1
    assert names(tmp_path / "backups") == [made.path.name], "looking leaves nothing beside it"
    (line,) = office.see(backup_log)
    assert (line.state, line.kind, line.at.hour, line.at.day, line.path) == ("verified", "day-close", 17, 1, made.path)
    assert line.size == made.size
    office.assert_books_right()


def test_a_backup_tells_what_it_is(office: Diary) -> None:
    found = read_backup(take(office, kind="month-end").path)
    assert (found.number, found.office, found.kind, found.on) == (1, "Test Office", "month-end", date(2026, 3, 1))
    assert (found.made_at, found.is_sealed) == (EVENING, False)
    assert found.mark == office.sql("SELECT office_mark FROM safekeeping")[0][0] and len(found.mark) == 32


def test_what_others_post_meanwhile_is_not_in_it_and_does_not_hinder_it(
    office: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES_A_STEP", 8)
    account = office.sql("SELECT id FROM account")[0][0]
    posted = []

    def post(done: int, of: int) -> None:
        if len(posted) < 5:
            posted.append(office.check(account, 500 + len(posted), str(200 + len(posted))))
        assert 0 <= done <= of == 1000

    made = backup.back_up(office.books, office.desk, "by-hand", None, lambda: keys_of(office), post)
    assert len(posted) == 5
    with database.open_read_only(made.path) as books, books.read() as session:
        assert verification.verify_books(session) == []
    with closing(sqlite3.connect(made.path)) as copy:
        assert copy.execute("SELECT count(*) FROM payment").fetchone() == (1,)
    assert office.sql("SELECT count(*) FROM payment") == [(6,)]
    office.assert_books_right()


def test_a_backup_of_an_office_edited_by_hand_counts_and_says_so(office: Diary) -> None:
    assert take(office).remark == ""
    with closing(sqlite3.connect(office.books.location)) as other:
        other.execute("DROP TRIGGER account_journal_update")
        other.execute("UPDATE account SET phone = '605-555-0666'")
        other.commit()
    made = take(office)
    assert "row(s) were changed past the program" in made.remark and "account: row 1" in made.remark
    line = office.see(backup_log)[0]
    assert (line.state, line.problem) == ("verified", made.remark)


def test_a_stopped_backup_leaves_no_file_and_says_so_in_the_log(office: Diary, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        backup.back_up(office.books, office.desk, "by-hand", None, lambda: keys_of(office), cancelled=lambda: True)
    assert names(tmp_path / "backups") == []
    assert [(line.state, line.problem) for line in office.see(backup_log)] == [
        ("failed", "It was stopped before it was whole.")
    ]


def test_books_that_do_not_agree_make_no_verified_backup_and_remove_no_older_one(office: Diary, tmp_path: Path) -> None:
    plan(office, keep_daily=1, keep_weekly=0, keep_monthly=0)
    good = take(office)
    assert office.books.path is not None
    with closing(sqlite3.connect(office.books.path)) as other:
        other.execute("UPDATE account SET balance_cents = balance_cents + 1")
        other.commit()
    office.on(3, 2)
    with pytest.raises(UserError, match="do not agree, so it does not count: account balance"):
        take(office)
    assert names(tmp_path / "backups") == [good.path.name]
    standing = office.see(backup_standing, date(2026, 3, 2))
    assert standing.is_loud and "The last one failed. The copy was made, but" in standing.words


def test_a_damaged_file_makes_no_backup(office: Diary, tmp_path: Path) -> None:
    assert office.books.path is not None
    with closing(sqlite3.connect(office.books.path)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'ix_payment_duplicate'")
        other.commit()
    with pytest.raises(UserError):
        take(office)
    assert names(tmp_path / "backups") == []


# Where they go


def test_a_second_copy_is_the_same_file_and_a_missing_disk_is_loud_but_the_first_copy_counts(
    office: Diary, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    plan(office, second_folder=str(stick))
    made = take(office)
    assert (made.second, made.has_second_problem) == ("copied", False)
    assert (stick / made.path.name).read_bytes() == made.path.read_bytes()
    shutil.rmtree(stick)
    later = take(office)
    assert later.has_second_problem and later.path.exists()
    assert not stick.exists(), "a folder made there would lie on the wrong disk"
    standing = office.see(backup_standing, date(2026, 3, 1))
    assert standing.is_loud
    assert f"It has no second copy. {stick} is not there; plug its disk in." in standing.words


def test_a_chosen_folder_that_is_gone_is_refused_in_a_sentence_and_never_made(office: Diary, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    with pytest.raises(UserError, match="There is no folder"):
        plan(office, folder=str(chosen))
    chosen.mkdir()
    plan(office, folder=str(chosen))
    assert take(office).path.parent == chosen
    shutil.rmtree(chosen)
    with pytest.raises(UserError, match="plug its disk in"):
        take(office)
    assert not chosen.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("keep_daily", 0), ("keep_daily", 1001), ("keep_weekly", -1), ("keep_monthly", 1001), ("warn_after_days", 0)],
)
def test_a_number_that_makes_no_sense_is_refused_at_its_input(office: Diary, field: str, wrong: int) -> None:
    with pytest.raises(UserError) as refused:
        plan(office, **{field: wrong})
    assert refused.value.field == field
    assert office.see(plan_of) == BackupPlan()


def test_how_the_office_backs_up_is_a_managers_with_a_reason(office: Diary) -> None:
    office.role = "supervisor"
    for change in (
        lambda: plan(office),
        lambda: office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE, "why"),
        lambda: office.do(end_encryption, "why"),
    ):
        with pytest.raises(NotPermitted):
            change()
    office.role = "manager"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(change_plan, BackupPlan(), " ")


# Encrypted


def test_an_encrypted_backup_is_verified_by_decrypting_it_and_nothing_plain_is_left(office: Diary, tmp_path: Path) -> None:
    office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE, "asked for by the owner")
    made = take(office)
    assert made.path.name == "Test Office backup-2026-03-01-1730-no-000001.sealed"
    assert b"Ann Ames" not in made.path.read_bytes() and b"SQLite" not in made.path.read_bytes()
    assert names(tmp_path / "backups") == [made.path.name]
    assert not [name for name in names(tmp_path) if UNFINISHED in name]
    found = read_backup(made.path)
    assert (found.number, found.office, found.is_sealed, found.on) == (1, "Test Office", True, date(2026, 3, 1))
    assert PASSPHRASE not in str(office.dump(leave_out=()))


def test_a_pc_without_the_key_says_so_and_learns_it_from_the_passphrase(office: Diary, tmp_path: Path) -> None:
    office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE, "why")
    other = FileKeyStore(tmp_path / "other-pc")
    with pytest.raises(UserError, match="type it on the Office page"):
        backup.back_up(office.books, office.desk, "by-hand", None, lambda: other)
    with pytest.raises(UserError, match="not the passphrase"):
        office.see(unlock_passphrase, other, "five words are enough")
    office.see(unlock_passphrase, other, PASSPHRASE)
    assert backup.back_up(office.books, office.desk, "by-hand", None, lambda: other).path.exists()


def test_a_passphrase_typed_differently_is_refused_and_encryption_can_end(office: Diary) -> None:
    with pytest.raises(UserError, match="differently"):
        office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE + "!", "why")
    assert not office.see(plan_of).is_encrypted
    office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE, "why")
    assert office.see(plan_of).is_encrypted
    office.do(end_encryption, "why")
    assert not read_backup(take(office).path).is_sealed


# Kept


def made_of(number: int, on: date) -> BackupFile:
    return BackupFile(Path(f"{number}.db"), number, "m", "O", "day-close", on, EVENING, False, 1, "0004")


def kept(backups: list[BackupFile], *most: int) -> list[int]:
    going = {backup.number for backup in no_longer_kept(backups, *most)}
    return [backup.number for backup in backups if backup.number not in going]


def test_the_last_of_each_day_week_and_month_is_kept_and_no_more() -> None:
    first = date(2026, 1, 1)
    days = [made_of(number + 1, first + timedelta(days=number)) for number in range(365)]
    left = kept(days, 14, 8, 24)
    assert left[-14:] == list(range(352, 366)), "fourteen days"
    on = {backup.number: backup.on for backup in days}
    months = [on[number] for number in left if on[number].month < 11]
    assert [day.month for day in months] == list(range(1, 11)) and all(day.day >= 28 for day in months)
    weeks = {on[number].isocalendar()[1] for number in left}
    assert set(range(46, 54)) <= weeks
    assert kept(days, 1, 0, 0) == [365]
    assert kept([*days, made_of(366, first + timedelta(days=364))], 2, 0, 0) == [364, 366], "the last one of a day"


def test_a_clock_set_back_does_not_remove_the_newest() -> None:
    newest_last = [
        made_of(1, date(2026, 5, 1)),
        made_of(2, date(2026, 5, 2)),
        made_of(3, date(2027, 9, 9)),  # a clock far ahead
        made_of(4, date(2026, 5, 3)),
        made_of(5, date(2026, 5, 1)),  # set back
    ]
    assert kept(newest_last, 1, 0, 0) == [5]
    assert kept(newest_last, 2, 0, 0) == [4, 5]
    assert kept(newest_last, 9, 9, 9) == [2, 3, 4, 5]
    assert kept([], 1, 1, 1) == []
    both = [made_of(1, date(2026, 5, 1))._replace(kind="month-end"), made_of(2, date(2026, 5, 1))]
    assert kept(both, 2, 0, 0) == [1, 2], "before the month-end run, and of the evening after it"
    assert kept([made_of(0, date(2026, 5, 1))], 1, 0, 0) == [0], "a copy before an upgrade is not the plan's"


def test_older_backups_go_only_after_a_newer_one_of_the_same_office(office: Diary, tmp_path: Path) -> None:
    plan(office, keep_daily=2, keep_weekly=0, keep_monthly=0)
    with Diary(path=tmp_path / "other.db") as other:
        foreign = backup.back_up(other.books, other.desk, "by-hand", None, lambda: keys_of(other)).path
    (tmp_path / "backups" / "letter.db").write_bytes(b"not a database")
    for day in range(1, 5):
        result = take(office.on(3, day), at=EVENING - timedelta(days=day))  # the clock runs backwards
        assert result.removed == (1 if day > 2 else 0)
    found = [backup for backup in backups_in(tmp_path / "backups") if backup.path != foreign]
    assert [(backup.number, backup.on.day) for backup in found] == [(4, 4), (3, 3)]
    assert foreign.exists() and (tmp_path / "backups" / "letter.db").exists()


def test_a_second_place_that_is_the_first_one_is_no_second_copy(office: Diary, tmp_path: Path) -> None:
    take(office)
    plan(office, second_folder=str(tmp_path / "backups"))  # where they go when nothing is said
    assert take(office).second == "It is the folder of the first copies; choose one on another disk."
    assert "no second copy" in office.see(backup_standing, office.day).problem


def test_a_passphrase_is_the_same_however_its_accents_are_typed_and_never_blank(office: Diary, tmp_path: Path) -> None:
    typed = "cinq très beaux vélos"
    office.do(set_passphrase, keys_of(office), typed, typed, "agreed")
    made = take(office)
    other = FileKeyStore(tmp_path / "elsewhere")
    apart = unicodedata.normalize("NFD", typed)
    assert apart != typed
    assert restore(made.path, tmp_path / "again.db", office.desk, apart, key_store=lambda: other).path.exists()
    with office.books.read() as session:
        unlock_passphrase(session, other, apart)
    for wrong in ("cinq tres beaux velos", "\ud800" * 12):
        with pytest.raises(UserError, match="not the passphrase"):
            restore(made.path, tmp_path / "third.db", office.desk, wrong, key_store=lambda: FileKeyStore(tmp_path / "none"))
    for blank in (" " * 12, "\t" * 12):
        with pytest.raises(UserError, match="at least 10 characters"):
            office.do(set_passphrase, keys_of(office), blank, blank, "agreed")


def test_an_office_restored_beside_the_backups_or_a_copy_of_ones_own_never_goes_with_old_backups(
    office: Diary, tmp_path: Path
) -> None:
    plan(office, keep_daily=1, keep_weekly=0, keep_monthly=0)
    made = take(office)
    folder = tmp_path / "backups"
    # As restoring suggests the name: the office in it holds the number of its backup.
    mine = [folder / "restored-2026-03-01-no-000001.db", folder / "before the audit-no-000001.db"]
    for copy in mine:
        shutil.copy(made.path, copy)
    assert take(office.on(3, 2)).removed == 1
    assert not made.path.exists() and all(copy.exists() for copy in mine)
    assert [found.number for found in backups_in(folder)] == [2, 0, 0]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_older_copy_put_in_the_offices_place_is_found_by_the_backups_made_since(
    office: Diary, tmp_path: Path, is_sealed: bool
) -> None:
    if is_sealed:
        office.do(set_passphrase, keys_of(office), PASSPHRASE, PASSPHRASE, "agreed")
    assert office.books.path is not None
    path = office.books.path
    take(office)
    assert verify_office(office.books) == []
    office.books.close()
    older = path.read_bytes()
    with database.open_existing(path) as books:
        desk = replace(office.on(3, 2).desk, now=lambda: EVENING)
        later = backup.back_up(books, desk, "by-hand", None, lambda: keys_of(office))
        assert verify_office(books) == []
    path.write_bytes(older)
    with database.open_existing(path) as books:
        (problem,) = verify_office(books)
    assert f"backup no {later.number} ({later.path})" in problem and "an older copy was put in its place" in problem


def test_a_backup_that_was_restored_is_no_older_copy_put_there_by_hand(office: Diary, tmp_path: Path) -> None:
    assert office.books.path is not None
    path, first = office.books.path, take(office)
    take(office.on(3, 2)), take(office.on(3, 3))
    office.books.close()
    restore(first.path, path, office.desk, replace=True, key_store=lambda: keys_of(office))
    with database.open_existing(path) as books:
        assert verify_office(books) == [], "the restore stands in the trail"
        fourth = backup.back_up(books, office.desk, "by-hand", None, lambda: keys_of(office))
        assert fourth.number == 4 and verify_office(books) == []
    restored = path.read_bytes()
    with database.open_existing(path) as books:
        backup.back_up(books, office.desk, "by-hand", None, lambda: keys_of(office))
    path.write_bytes(restored)
    with database.open_existing(path) as books:
        assert ["backup no 5" in problem for problem in verify_office(books)] == [True]


def test_a_number_is_never_used_again_even_after_an_older_office_was_put_back(office: Diary, tmp_path: Path) -> None:
    assert office.books.path is not None
    first = take(office)
    take(office.on(3, 2)), take(office.on(3, 3))
    office.books.close()
    shutil.copy(first.path, office.books.path)
    with database.open_existing(office.books.path) as books:
        assert backup.back_up(books, office.desk, "by-hand", None, lambda: keys_of(office)).number == 4
    assert [found.number for found in backups_in(tmp_path / "backups")] == [4, 2, 1], "the 3rd was that day's too"


def test_what_an_ended_program_left_unfinished_goes_after_hours_and_no_sooner(office: Diary, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    left = tmp_path / "backups" / f"Test Office backup-2026-02-01-1730-no-000009.db{UNFINISHED}"
    left.write_bytes(b"half")
    written = datetime.fromtimestamp(left.stat().st_mtime, UTC)
    take(office, at=written + timedelta(hours=5))
    assert left.exists()
    take(office, at=written + timedelta(hours=7))
    assert not left.exists()


@pytest.mark.parametrize(
    ("office_name", "expected"),
    [
        ("Müller & Sons #1 100%", "Müller Sons 1 100 backup"),
        ("CON", "CON backup"),
        ("..\\..//a:b*c?", "a b c backup"),
        ("", "Office backup"),
        ("x" * 90, "x" * 40 + " backup"),
    ],
)
def test_names_are_such_that_windows_allows(office_name: str, expected: str) -> None:
    name = file_name(office_name, date(2026, 3, 1), datetime(2026, 3, 1, 17, 30, tzinfo=UTC), 7, is_sealed=False)
    assert name == f"{expected}-2026-03-01-1730-no-000007.db"
    assert not set(name) & set('<>:"/\\|?*')


# How safe the office is


def test_an_office_without_a_backup_becomes_loud_after_some_days(office: Diary) -> None:
    for day, loud in ((date(2026, 1, 5), False), (date(2026, 1, 6), True)):
        standing = office.see(backup_standing, day)
        assert (standing.at, standing.is_loud) == (None, loud)
    assert standing.words == "There is no verified backup of this office."


def test_an_old_backup_is_loud_and_a_clock_set_back_is_not_minus_days(office: Diary) -> None:
    take(office)
    for day, words, loud in (
        (date(2026, 2, 27), "today", False),
        (date(2026, 3, 1), "today", False),
        (date(2026, 3, 2), "yesterday", False),
        (date(2026, 3, 5), "4 days ago", False),
        (date(2026, 3, 6), "5 days ago", True),
    ):
        standing = office.see(backup_standing, day)
        assert (standing.words, standing.is_loud) == (f"Last verified backup: 03/01/2026 17:30, {words}.", loud)


def test_a_backup_that_was_cut_off_does_not_count(office: Diary) -> None:
    take(office)
    with office.books.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO backup_log SELECT 2, kind, business_date, '2026-03-09 00:30:00.000000', pc, file, 'begun', '', 0, "
            "'', '', action_id FROM backup_log"
        )
    assert "03/01/2026" in office.see(backup_standing, date(2026, 3, 1)).words
    assert take(office).number == 3


def test_the_list_shows_both_places_and_copies_that_are_not_of_the_plan(office: Diary, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    plan(office, second_folder=str(stick), keep_daily=1, keep_weekly=0, keep_monthly=0)
    first = take(office)
    renamed = Path(shutil.copy(first.path, tmp_path / "backups" / "of the old year.db"))
    replaced = Path(shutil.copy(first.path, tmp_path / "backups" / "office replaced no 0001.db"))
    made = take(office.on(3, 2), at=EVENING + timedelta(days=1))
    assert not first.path.exists() and renamed.exists() and replaced.exists()
    assert office.books.path is not None
    found = office.see(listed_backups, office.books.path)
    assert {(row.file.path, row.file.kind, row.is_verified) for row in found} == {
        (made.path, "day-close", True),
        (stick / made.path.name, "day-close", True),
        (renamed, "copy", False),
        (replaced, "replaced", False),
    }
    assert found[0].file.path.name == made.path.name and found[0].at.hour == 17


def test_a_failed_backup_waits_on_today_until_one_succeeds_but_a_stopped_one_does_not(office: Diary) -> None:
    today = date(2026, 3, 1)
    take(office)
    with pytest.raises(Cancelled):
        backup.back_up(office.books, office.desk, "by-hand", None, lambda: keys_of(office), cancelled=lambda: True)
    assert waiting_backup(office.see(backup_standing, today)) is None
    old = waiting_backup(office.see(backup_standing, date(2026, 3, 9)))
    assert old is not None and (old.title, old.page) == ("The last backup is old", "office")
    assert old.since == today
