"""Notes on accounts, and the reminders among them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from support_office import Diary

from app.errors import UserError
from app.services import notes, subscriptions
from app.services.notes import LONGEST_NOTE


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def test_notes_are_listed_the_newest_first_with_who_wrote_them(office: Diary) -> None:
    account = office.open()
    office.do(notes.add_note, account, "  called twice  ")
    office.on(1, 5)
    office.do(notes.add_note, account, "line one\nline two", date(2026, 1, 9))
    found = [tuple(row[1:]) for row in office.see(notes.account_notes, account)]
    assert found == [
        (date(2026, 1, 5), "line one\nline two", date(2026, 1, 9), None, "pat"),
        (date(2026, 1, 1), "called twice", None, None, "pat"),
    ]


def test_notes_of_another_account_are_not_listed(office: Diary) -> None:
    one, other = office.open(), office.open("Bo Burr")
    office.do(notes.add_note, one, "only here")
    assert office.see(notes.account_notes, other) == []


def test_a_reminder_is_due_from_its_day_until_it_is_marked_done(office: Diary) -> None:
    account = office.open()
    number = office.sql("SELECT number FROM account")[0][0]
    note = office.do(notes.add_note, account, "call back", date(2026, 1, 9))
    office.do(notes.add_note, account, "no reminder")
    assert office.see(notes.reminders_due, date(2026, 1, 8)) == []
    (due,) = office.see(notes.reminders_due, date(2026, 1, 9))
    assert tuple(due) == (note, account, number, "Ann Ames", "call back", date(2026, 1, 9), "pat")
    assert office.see(notes.reminders_due, date(2026, 3, 1)) == [due]
    office.on(1, 12)
    office.do(notes.mark_done, note)
    assert office.see(notes.reminders_due, date(2026, 3, 1)) == []
    assert [row.done_on for row in office.see(notes.account_notes, account)] == [None, date(2026, 1, 12)]


def test_the_reminder_that_waits_longest_comes_first(office: Diary) -> None:
    account = office.open()
    for words, day in (("later", 9), ("sooner", 3), ("later too", 9)):
        office.do(notes.add_note, account, words, date(2026, 1, day))
    assert [row.body for row in office.see(notes.reminders_due, date(2026, 1, 31))] == ["sooner", "later", "later too"]


def test_a_reminder_may_be_of_today_but_not_of_yesterday(office: Diary) -> None:
    account = office.open()
    office.on(1, 5)
    office.do(notes.add_note, account, "today", date(2026, 1, 5))
    with pytest.raises(UserError, match="01/04/2026") as refused:
        office.do(notes.add_note, account, "yesterday", date(2026, 1, 4))
    assert refused.value.field == "remind_on"


@pytest.mark.parametrize("body", ["", " \n ", "x" * (LONGEST_NOTE + 1)])
def test_an_empty_or_endless_note_is_refused(office: Diary, body: str) -> None:
    account = office.open()
    with pytest.raises(UserError) as refused:
        office.do(notes.add_note, account, body)
    assert refused.value.field == "body"
    office.do(notes.add_note, account, "x" * LONGEST_NOTE)


def test_a_note_is_marked_done_once(office: Diary) -> None:
    account = office.open()
    note = office.do(notes.add_note, account, "call back")
    office.do(notes.mark_done, note)
    with pytest.raises(UserError, match="01/01/2026 already"):
        office.do(notes.mark_done, note)
    with pytest.raises(UserError, match="no such note"):
        office.do(notes.mark_done, note + 1)


def test_a_form_posted_twice_writes_one_note(office: Diary) -> None:
    account = office.open()
    office.do(notes.add_note, account, "once", token="form 1")
    with pytest.raises(UserError, match="already been posted"):
        office.do(notes.add_note, account, "once", token="form 1")
    assert len(office.see(notes.account_notes, account)) == 1


def test_a_closed_account_still_takes_notes_and_an_unknown_one_none(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.do(subscriptions.cancel_account, account)
    office.do(notes.add_note, account, "asked for the final bill")
    with pytest.raises(UserError, match="no such account"):
        office.do(notes.add_note, account + 1, "nobody")
