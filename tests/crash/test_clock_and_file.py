"""A clock that was set back, and a file that is gone or another one while the office is open."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

import pytest
from support_office import Diary

from app.errors import OfficeFileError, UserError
from app.models import database
from app.models.bulk import fetch_value
from app.models.checkpoints import Checkpointer
from app.services import autopay, dayclose, notes, receipts
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import FolderMail
from crashes import jobs


@pytest.fixture
def office(tmp_path: Path) -> Path:
    jobs.new_office(tmp_path)
    return tmp_path / "office.db"


def test_with_the_clock_a_day_back_nothing_is_posted_into_closed_days_and_the_clock_is_named(tmp_path: Path) -> None:
    with Diary() as diary:
        home = diary.on(1, 30).open("Ann Ames", 5000, email="ann@ames.example", autopay="card")
        diary.on(1, 31).check(home, 1000, "11")
        mail = FolderMail(tmp_path, "Office", "o@office.example", diary.day)
        diary.do(dayclose.close_day, mail)
        before = diary.dump()
        for month, day in ((1, 30), (1, 31)):
            diary.on(month, day).today = date(2026, 1, 30)
            for post in (lambda: diary.check(home, 2000, "12"), diary.bill):
                with pytest.raises(UserError) as refused:
                    post()
                assert refused.value.field == "on"
        assert "this PC says that today is 2026-01-30; check its clock" in refused.value.message
        diary.on(1, 31)
        assert diary.dump() == before
        diary.today = None
        assert diary.on(2, 1).bill().invoices == 1


def test_with_the_clock_back_a_run_bills_and_asks_nobody_twice_and_no_receipt_goes_twice(tmp_path: Path) -> None:
    with Diary() as diary:
        home = diary.on(1, 1).open("Ann Ames", 5000, email="ann@ames.example", autopay="card")
        diary.on(2, 1).bill()
        autopay.run_autopay(diary.books, diary.desk, DeclineListGateway())
        mail = FolderMail(tmp_path, "Office", "o@office.example", diary.day)
        diary.do(receipts.send_receipts, mail)
        paid = diary.balance(home)
        diary.on(1, 31)  # the clock is set back a day, and the same is done again, there and on the right day
        for _ in range(2):
            assert diary.bill().invoices == 0
            again = autopay.run_autopay(diary.books, diary.desk, DeclineListGateway())
            assert (again.approved, again.declined) == (0, 0)
            assert diary.do(receipts.send_receipts, mail).sent == 0
            diary.on(2, 1)
        assert diary.balance(home) == paid
        assert diary.sql("SELECT count(*) FROM receipt") == [(1,)]
        diary.assert_books_right()


def test_a_form_posted_before_the_clock_was_set_back_is_not_posted_again() -> None:
    with Diary() as diary:
        home = diary.on(1, 2).open("Ann Ames", 5000)
        diary.check(home, 1000, "11", token="form-1")
        with pytest.raises(UserError, match="already been posted"):
            diary.on(1, 1).check(home, 1000, "12", token="form-1")


def note(books: database.Database, text: str) -> None:
    with books.write() as session:
        notes.add_note(session, jobs.desk(jobs.CUTOVER), 1, text)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody delete a file that is open")
def test_an_office_whose_file_is_gone_takes_nothing_more_and_says_so(office: Path) -> None:
    with database.open_existing(office) as books:
        note(books, "before")
        office.rename(office.with_name("moved.db"))
        with pytest.raises(OfficeFileError, match="is no longer there; put it back") as refused:
            note(books, "into nowhere")
        assert str(office) in refused.value.message
        office.with_name("moved.db").rename(office)
        note(books, "after it was put back")
    with database.open_existing(office) as books, books.read() as session:
        assert fetch_value(session, "SELECT count(*) FROM note") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody replace a file that is open")
def test_an_office_replaced_by_a_copy_while_it_is_open_takes_nothing_more(office: Path, tmp_path: Path) -> None:
    shutil.copy(office, tmp_path / "copy.db")
    with database.open_existing(office) as books:
        note(books, "before")
        (tmp_path / "copy.db").replace(office)
        with pytest.raises(OfficeFileError, match="replaced by another file"):
            note(books, "into nowhere")


def test_a_file_that_is_away_when_its_log_is_to_be_emptied_is_not_made_anew(tmp_path: Path) -> None:
    away = tmp_path / "away.db"
    checkpoints = Checkpointer(away)
    checkpoints.poke()
    checkpoints.stop()
    assert not away.exists()
