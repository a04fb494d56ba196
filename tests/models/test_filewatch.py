"""Two programs on one PC with one office's file: each hears of the other's changes, and never of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from support_office import Diary

from app.errors import UserError
from app.models import database
from app.models.database import Database
from app.services import notes


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    made = Diary(path=tmp_path / "office.db")
    made.open("Ann Ames", 4995)
    return made


def note(diary: Diary, books: Database, words: str = "called") -> None:
    with books.write() as session:
        notes.add_note(session, diary.desk, 1, words)


def test_what_another_program_changes_is_heard_of_once(diary: Diary, tmp_path: Path) -> None:
    with database.open_existing(tmp_path / "office.db") as other, diary.books as own:
        assert own.is_shared and other.is_shared
        assert own.changes_by_others() == other.changes_by_others() == frozenset()
        note(diary, other)
        assert own.changes_by_others() is None
        assert own.changes_by_others() == frozenset()
        assert other.changes_by_others() == frozenset(), "its own"


def test_what_was_changed_before_the_first_look_is_heard_of(diary: Diary, tmp_path: Path) -> None:
    with diary.books as own, database.open_existing(tmp_path / "office.db") as other:
        note(diary, other)
        assert own.changes_by_others() is None


def test_own_changes_are_not_told_even_beside_those_of_another(diary: Diary, tmp_path: Path) -> None:
    with database.open_existing(tmp_path / "office.db") as other, diary.books as own:
        for n in range(3):
            note(diary, own, f"own {n}")
        assert own.changes_by_others() == frozenset()
        note(diary, own)
        note(diary, other)
        note(diary, own)
        assert own.changes_by_others() is None
        assert other.changes_by_others() is None
        assert own.changes_by_others() == other.changes_by_others() == frozenset()


def test_a_change_that_is_taken_back_is_nobodys_and_hides_none(diary: Diary, tmp_path: Path) -> None:
    with database.open_existing(tmp_path / "office.db") as other, diary.books as own:
        with pytest.raises(UserError, match="not today"), own.write() as session:
            notes.add_note(session, diary.desk, 1, "never")
            raise UserError("not today")
        assert own.changes_by_others() == frozenset() == other.changes_by_others()
        note(diary, other)
        assert own.changes_by_others() is None


def test_reading_wakes_nobody_and_a_closed_office_lets_go_of_its_file(diary: Diary, tmp_path: Path) -> None:
    with database.open_existing(tmp_path / "office.db") as other:
        assert diary.books.changes_by_others() == frozenset()
        with other.read() as session:
            session.info["driver"].execute("SELECT count(*) FROM account").fetchone()
        assert diary.books.changes_by_others() == frozenset()
    diary.books.close()
    database.into_one_file(tmp_path / "office.db")


def test_an_office_in_memory_and_a_backup_that_is_looked_at_have_nobody_beside_them(diary: Diary, tmp_path: Path) -> None:
    assert not database.in_memory().is_shared
    diary.books.close()
    with database.open_read_only(tmp_path / "office.db") as looked_at:
        assert not looked_at.is_shared and looked_at.changes_by_others() == frozenset()
