"""The rehearsal in the window: a story played, its days walked through, played again with another value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QTabWidget
from ui.window import Window

from app.views.table import Table

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ENTER = Qt.Key.Key_Return
STORY = """
title = "Late"
policy = "isp-advance"
[[event]]
on = 2026-01-01
do = "open-account"
account = "A"
[[event]]
on = 2026-01-01
do = "add-service"
account = "A"
service = "net"
monthly = "50.00"
[[event]]
on = 2026-03-01
do = "run-billing"
[[event]]
on = 2026-03-01
do = "expect"
account = "A"
balance = "{balance}"
"""


def a_story(folder: Path, balance: str = "210.00") -> Path:
    path = folder / f"story-{balance}.toml"
    path.write_text(STORY.format(balance=balance), encoding="utf-8")
    return path


def lines(window: Window) -> list[Any]:
    return list(window.control("rehearsal.diary", Table).rows_model.rows)


def words(window: Window) -> str:
    window.settle()
    return window.control("rehearsal.words", QLabel).text()


def tab(window: Window) -> int:
    return window.control("rehearsal.tabs", QTabWidget).currentIndex()


def test_an_example_is_played_by_keys_and_each_day_shows_the_account(window: Window) -> None:
    before = window.rows("SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM account)")
    window.shortcut(Qt.Key.Key_F9, SHIFT)
    assert window.frame.page is not None and window.frame.page.key == "rehearsal"
    window.shortcut(ENTER, CTRL)
    assert "2 of 2 expectations held" in words(window)
    diary = window.control("rehearsal.diary", Table)
    assert diary.hasFocus()
    place = next(n for n, line in enumerate(lines(window)) if line.clause == "ADV-10" and line.cents == 2500)
    diary.selectRow(place)
    assert window.control("rehearsal.day", QLabel).text() == "At the end of 02/16/2026"
    (state,) = window.control("rehearsal.states", Table).rows_model.rows
    assert state.balance_cents == 10787 and state.past_due_cents == 7587
    assert "75.87 open" in window.control("rehearsal.about", QLabel).text()
    assert window.rows("SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM account)") == before


def test_a_story_from_a_file_whose_expectation_fails_begins_there(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_story(tmp_path, "1.00")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    window.go("rehearsal")
    window.shortcut(Qt.Key.Key_O, CTRL)
    assert "0 of 1 expectations held" in words(window)
    row = window.control("rehearsal.diary", Table).current_row()
    assert row.tone == "bad"
    assert any("expected 1.00; got 210.00" in line.words for line in lines(window))


def test_another_value_is_set_by_keys_and_played_again_shows_what_differs(window: Window, tmp_path: Path) -> None:
    page = window.go("rehearsal", story=str(a_story(tmp_path)))
    assert "1 of 1 expectations held" in words(window)
    window.shortcut(Qt.Key.Key_G, CTRL)
    assert "Set another value first" in window.message and tab(window) == 1
    values = window.control("rehearsal.values", Table)
    late = next(n for n, row in enumerate(values.rows_model.rows) if row.value.key == ("late_fee",))
    values.selectRow(late)
    values.setFocus()
    window.press(ENTER)
    assert QApplication.focusWidget() is window.control("rehearsal.value")
    window.press("25.00", ENTER)
    assert values.rows_model.rows[late].typed == "25.00" and values.hasFocus()
    assert window.message == "", "a value is set now"
    window.shortcut(Qt.Key.Key_G, CTRL)
    assert tab(window) == 2
    said = window.control("rehearsal.differs", QLabel).text()
    assert "Late fee: 10.00 → 25.00" in said and "1 line differs: 10.00 before, 25.00 now" in said
    (row,) = window.control("rehearsal.differences", Table).rows_model.rows
    assert (row.what, row.before_cents, row.now_cents) == ("changed", 1000, 2500)
    (balance,) = window.control("rehearsal.balances", Table).rows_model.rows
    assert (balance.before_cents, balance.now_cents) == (21000, 22500)
    window.click("rehearsal.as-it-was")
    assert page.values.typed() == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2x", "whole number"),
        (
            "400",
            "Days until an invoice outside the cycle is due: 400 is not allowed; it takes a whole number from 0 to 365.",
        ),
    ],
)
def test_a_value_that_cannot_be_is_said_in_a_sentence_and_kept(
    window: Window, tmp_path: Path, typed: str, said: str
) -> None:
    page = window.go("rehearsal", story=str(a_story(tmp_path)))
    values = window.control("rehearsal.values", Table)
    values.selectRow(next(n for n, row in enumerate(values.rows_model.rows) if row.value.key == ("net_days",)))
    window.type_into("rehearsal.value", typed)
    window.press(ENTER)
    page.play_again()
    assert said in words(window)
    assert list(page.values.typed().values()) == [typed]


def test_a_file_that_is_no_story_says_its_line(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('title = "x"\npolicy = "isp-advance"\n[[event]]\ndo = "run-billing"\n', encoding="utf-8")
    window.go("rehearsal", story=str(path))
    assert "broken.toml, line 3" in words(window)
    window.go("rehearsal", story=str(a_story(tmp_path)))
    assert lines(window) and window.message == ""
    page = window.go("rehearsal", story=str(tmp_path / "none.toml"))
    assert "There is no story" in words(window)
    assert lines(window) == [] and tab(window) == 0, "another story's days do not stay below the refusal"
    assert page.values.table.rows_model.rows == [] and not window.control("rehearsal.again").isEnabled()


def test_events_that_cannot_be_done_say_why_and_are_counted(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "dance.toml"
    wrong = '[[event]]\non = 2026-03-01\ndo = "{}"\naccount = "A"\n'
    path.write_text(STORY.format(balance="210.00") + wrong.format("dance") + wrong.format("post-check"), encoding="utf-8")
    window.go("rehearsal", story=str(path))
    assert words(window).endswith("1 of 1 expectations held; 2 events did not go as the story says.")
    bad = [line.words for line in lines(window) if line.tone == "bad"]
    assert bad[0] == "dance: account A." and bad[1].startswith("refused: line ") and "is no event" in bad[1]
    assert bad[2] == "post-check: account A." and "post-check needs the key “amount”" in bad[3]
    assert window.control("rehearsal.diary", Table).current_row().words == bad[0]


def test_a_story_that_is_stopped_says_so_and_can_be_played_again(window: Window, tmp_path: Path) -> None:
    page = window.go("rehearsal")
    page.play()
    page.stop()
    assert not window.control("rehearsal.play").isEnabled()
    window.settle()
    if "Stopped" in words(window):  # a fast machine may have ended before it was asked
        assert lines(window) == []
    page.play()
    assert "expectations held" in words(window)


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)
def test_playing_from_the_open_list_of_stories_closes_the_list(window: Window) -> None:
    page = window.go("rehearsal")
    page.stories.showPopup()
    assert page.stories.view().isVisible()
    page.play()
    assert not page.stories.view().isVisible()
    assert "2 of 2 expectations held" in words(window)
