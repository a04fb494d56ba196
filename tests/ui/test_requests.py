"""Asking at one PC and answering at another: two programs on one office, each with its own person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from staffed_office import NOW, quick_passwords
from ui.account_dialogs import is_closed, open_action
from ui.test_every_page import said_nothing, wrongly_named
from ui.test_sign_in import add_everybody, come_in, come_in_at_the_cover
from ui.window import Window

from app.views.table import Table


def at_work(qtbot: QtBot, folder: Path, sample: Path, role: str, path: Path | None = None) -> Window:
    """A program of one PC with somebody signed in; `path`: the office of another PC, which it opens too."""
    made = Window(qtbot, folder, sample)
    if path is None:
        add_everybody(made.path)
    else:
        made.path = path
    made.program.workplace.moment = lambda: NOW
    made.frame.resize(1366, 768)
    made.program.start(made.path)
    made.wait_for(lambda: made.frame.findChild(QWidget, "signin") is not None)
    made.settle()
    come_in(made, role)
    made.watch_others()
    return made


@pytest.fixture
def two(qtbot: QtBot, tmp_path: Path, sample_office: Path) -> Iterator[tuple[Window, Window]]:
    """A clerk's PC and a supervisor's, on one office."""
    (tmp_path / "second").mkdir()
    with quick_passwords():
        clerk = at_work(qtbot, tmp_path, sample_office, "clerk")
        supervisor = at_work(qtbot, tmp_path / "second", sample_office, "supervisor", clerk.path)
        yield clerk, supervisor
        supervisor.close()
        clerk.close()


def ask_for_a_credit(clerk: Window) -> tuple[QWidget, QWidget]:
    dialog = open_action(clerk, "credit", 1)
    clerk.type_into("credit.amount", "12.50", dialog)
    clerk.type_into("credit.reason", "an outage", dialog)
    clerk.click("credit.action", dialog)
    clerk.click("credit.approve", dialog)
    approving = clerk.control("approve.dialog")
    assert said_nothing(approving) == [] and wrongly_named(approving) == []
    clerk.click("approve.elsewhere", approving)
    assert "when it is approved there, it is done here at once" in clerk.control("approve.waiting", QLabel, approving).text()
    return dialog, approving


def requests_on_today(window: Window) -> list[str]:
    return [
        row.title for row in window.control("today.waiting", Table).rows_model.rows if row.key in ("requests", "approved")
    ]


def answer(supervisor: Window) -> QWidget:
    supervisor.wait_for(lambda: requests_on_today(supervisor) == ["Requests to answer"])
    supervisor.settle()
    table = supervisor.control("today.waiting", Table)
    supervisor.frame.page.open_row(table.rows_model.rows[0])  # type: ignore[union-attr]
    supervisor.settle()
    dialog = supervisor.control("requests.dialog")
    assert said_nothing(dialog) == [] and wrongly_named(dialog) == []
    assert (
        "Carl Clerk asks: A courtesy credit of 12.50 on account"
        in supervisor.control("requests.what", QLabel, dialog).text()
    )
    supervisor.wait_for(lambda: "In the last twelve months" in supervisor.control("requests.preview", QLabel, dialog).text())
    return dialog


def credits_of(window: Window) -> list[tuple[object, ...]]:
    return window.rows(
        "SELECT actor, approved_by, reason FROM action WHERE what = 'courtesy-credit' AND person_id IS NOT NULL"
    )


def test_what_is_approved_at_one_pc_is_done_at_the_other_at_once(two: tuple[Window, Window]) -> None:
    clerk, supervisor = two
    dialog, approving = ask_for_a_credit(clerk)
    answering = answer(supervisor)
    supervisor.click("requests.action", answering)
    clerk.wait_for(lambda: is_closed(dialog))  # type: ignore[arg-type]
    clerk.settle()
    assert is_closed(approving)  # type: ignore[arg-type]
    assert credits_of(clerk) == [("Carl Clerk", "Sue Super (supervisor)", "an outage")]
    supervisor.wait_for(lambda: requests_on_today(supervisor) == [])
    assert clerk.books_agree()


def test_an_approval_that_comes_while_the_pc_is_locked_waits_and_unlocks_nothing(two: tuple[Window, Window]) -> None:
    clerk, supervisor = two
    dialog, approving = ask_for_a_credit(clerk)
    clerk.program.door.lock()
    clerk.settle()
    cover = clerk.control("lock.cover")
    assert cover.isVisible() and cover.geometry().contains(approving.frameGeometry())
    answering = answer(supervisor)
    seen: list[object] = []
    clerk.program.workplace.tasks.books_changed.connect(seen.append)
    supervisor.click("requests.action", answering)
    clerk.wait_for(lambda: seen != [])
    clerk.settle()
    assert cover.isVisible() and clerk.program.door.cover is cover and approving.isVisible()
    assert credits_of(clerk) == [], "nobody is at the desk"
    come_in_at_the_cover(clerk, "clerk")
    clerk.wait_for(lambda: is_closed(dialog))  # type: ignore[arg-type]
    clerk.settle()
    assert credits_of(clerk) == [("Carl Clerk", "Sue Super (supervisor)", "an outage")]
    clerk.program.door.lock()
    assert clerk.control("lock.cover").isVisible()
    come_in_at_the_cover(clerk, "clerk")


def test_with_somebody_else_at_the_pc_an_approval_waits_for_who_asked(two: tuple[Window, Window]) -> None:
    clerk, supervisor = two
    dialog, _approving = ask_for_a_credit(clerk)
    clerk.program.door.lock()
    come_in_at_the_cover(clerk, "manager")
    supervisor.click("requests.action", answer(supervisor))
    clerk.wait_for(lambda: clerk.rows("SELECT state FROM approval") == [("approved",)])
    clerk.settle()
    assert credits_of(clerk) == []
    clerk.program.door.lock()
    come_in_at_the_cover(clerk, "clerk")
    clerk.wait_for(lambda: is_closed(dialog))  # type: ignore[arg-type]
    clerk.settle()
    assert credits_of(clerk) == [("Carl Clerk", "Sue Super (supervisor)", "an outage")]


def test_a_dialog_that_closes_by_itself_does_not_take_the_lock_away(two: tuple[Window, Window]) -> None:
    clerk, _supervisor = two
    dialog = open_action(clerk, "credit", 1)
    clerk.program.door.lock()
    cover = clerk.control("lock.cover")
    dialog.accept()  # type: ignore[attr-defined]
    clerk.settle()
    assert is_closed(dialog) and cover.isVisible()  # type: ignore[arg-type]
    come_in_at_the_cover(clerk, "clerk")
    assert clerk.program.door.cover is None and not clerk.program.workplace.is_locked


def test_a_refusal_is_read_where_it_was_asked_and_nothing_is_lost(two: tuple[Window, Window]) -> None:
    clerk, supervisor = two
    dialog, approving = ask_for_a_credit(clerk)
    answering = answer(supervisor)
    supervisor.click("requests.refuse", answering)
    assert "Say in a few words why" in supervisor.control("requests.refusal", QLabel, answering).text()
    supervisor.type_into("requests.reason", "had one last week", answering)
    supervisor.click("requests.refuse", answering)
    refusal = clerk.control("approve.refusal", QLabel, approving)
    clerk.wait_for(lambda: "Sue Super refused it: had one last week" in refusal.text())
    clerk.click("approve.cancel", approving)
    assert clerk.control("credit.amount", QLineEdit, dialog).text() == "12.50"
    assert credits_of(clerk) == []


def test_closed_while_waiting_it_is_done_again_after_the_approval(two: tuple[Window, Window]) -> None:
    clerk, supervisor = two
    dialog, approving = ask_for_a_credit(clerk)
    clerk.click("approve.cancel", approving)
    answering = answer(supervisor)
    supervisor.click("requests.action", answering)
    clerk.wait_for(lambda: requests_on_today(clerk) == ["Your request was approved"])
    assert credits_of(clerk) == []
    clerk.settle()
    clerk.click("credit.action", dialog)
    assert is_closed(dialog)  # type: ignore[arg-type]
    assert credits_of(clerk) == [("Carl Clerk", "Sue Super (supervisor)", "an outage")]
