"""What is typed and not saved when the program is closed is there again: the window promises it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit
from ui.posting_keys import ENTER, desk, text, typed
from ui.window import Window

from app.services import office
from app.services.books import open_office
from app.services.limits import limits
from app.views.kept import Kept
from app.views.table import Table


def close(window: Window) -> bool:
    """What the window does first when it is closed; returns whether it asks."""
    asking = [page.has_work_in_hand() for page in window.frame._pages.values()]
    return any(asking)


def test_who_is_left_out_of_a_suspension_run_stays_out_after_the_program_was_closed(window: Window) -> None:
    window.go("collections", tab="run")
    listed = window.control("collections.run", Table)
    before = [line.candidate.account_id for line in listed.rows_model.rows]
    window.press(Qt.Key.Key_Space)
    window.press("pays on Friday", ENTER)
    window.settle()
    assert close(window)
    again = window.start_again()
    again.go("collections", tab="run")
    line = again.control("collections.run", Table).rows_model.rows[0]
    assert (line.candidate.account_id, line.decision, line.why) == (before[0], "Left out", "pays on Friday")
    assert "1 left out by you" in text(again, "collections.run-summary")
    again.click("collections.suspend-run")
    again.press(ENTER, on=again.dialog())
    again.settle()
    assert again.rows("SELECT status FROM account WHERE id = ?", before[0]) == [("active",)]
    assert not close(again), "the run is made: nothing is decided for the next"
    again.close()


def test_a_decision_outlasts_a_look_at_an_earlier_business_date(window: Window) -> None:
    window.go("collections", tab="run")
    listed = window.control("collections.run", Table)
    window.press(Qt.Key.Key_Space)
    window.press("dispute", ENTER)
    account = listed.rows_model.rows[0].candidate.account_id
    workplace = window.program.workplace
    workplace.choose_date(window.day.replace(year=2025))
    window.settle()
    assert account not in [line.candidate.account_id for line in listed.rows_model.rows]
    assert not close(window)
    workplace.choose_date(window.day)
    window.settle()
    assert [line.left_out for line in listed.rows_model.rows if line.candidate.account_id == account] == ["dispute"]
    listed.setFocus()
    window.press(Qt.Key.Key_Home, Qt.Key.Key_Space)
    assert not close(window)


def test_what_was_typed_about_the_office_is_there_again_and_can_be_saved(window: Window) -> None:
    window.go("office")
    name = typed(window, "office.name")
    window.type_into("office.phone", "605-555-0142")
    window.type_into("office.reason", "new line")
    assert close(window)
    again = window.start_again()
    again.go("office")
    assert (typed(again, "office.phone"), typed(again, "office.reason")) == ("605-555-0142", "new line")
    assert typed(again, "office.name") == name and "not saved yet" in again.message
    again.press(ENTER, on=again.control("office.reason", QLineEdit))
    again.settle()
    assert again.rows("SELECT phone, name FROM office") == [("605-555-0142", name)]
    assert not close(again)
    last = again.start_again()
    last.go("office")
    assert last.message == "" and typed(last, "office.reason") == ""
    last.close()


def test_what_another_pc_changes_about_the_office_does_not_take_what_is_typed_here(window: Window) -> None:
    window.go("office")
    window.type_into("office.website", "https://example.com")
    with open_office(window.path) as books, books.write() as session:
        form = office.office_form(session)
        office.update_office(session, desk(window), replace(form, phone="605-555-0177"), "moved")
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert (typed(window, "office.website"), typed(window, "office.phone")) == ("https://example.com", "605-555-0177")
    window.type_into("office.reason", "a site of our own")
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT website, phone FROM office") == [("https://example.com", "605-555-0177")]


def test_limits_that_were_typed_are_there_again(window: Window) -> None:
    window.go("office", tab="limits")
    before = window.read(limits)
    window.type_into("office.write_off", "77.5")
    two = window.control("office.two", QCheckBox)
    two.setChecked(not before.two_for_billing)
    window.type_into("office.limits-reason", "smaller office")
    assert close(window)
    again = window.start_again()
    again.go("office", tab="limits")
    assert typed(again, "office.write_off") == "77.50" and "not saved yet" in again.message
    assert again.control("office.two", QCheckBox).isChecked() != before.two_for_billing
    assert typed(again, "office.limits-reason") == "smaller office"
    assert again.read(limits) == before, "nothing was saved"
    assert close(again)
    again.close()


@pytest.mark.parametrize("broken", ["{", "[1]", '"text"'])
def test_a_note_of_this_pc_that_cannot_be_read_is_passed_over(window: Window, broken: str) -> None:
    kept = Kept(window.program.workplace, "office-details")
    kept.save({"phone": "1"})
    assert kept.load() == {"phone": "1"}
    window.settings.put(kept._key, broken)
    assert kept.load() == {}
    window.go("office")
    assert window.message == "" and window.control("frame.day", QLabel).isVisible()
