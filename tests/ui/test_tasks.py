"""The task runner: results come back in the window's thread, bugs and refusals where they belong, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.errors import Cancelled, UserError
from app.models.bulk import execute, fetch_value
from app.services.books import make_office
from app.services.office import OfficeForm
from app.views.tasks import Tasks


@pytest.fixture
def tasks(qtbot: QtBot, tmp_path: Path) -> Iterator[Tasks]:
    made = Tasks()
    made._looker.stop()  # it would ask what other PCs changed at any moment of a slow test
    made.books = make_office(tmp_path / "office.db", OfficeForm("Test Office", ("1 Main St", "Custer SD")), date(2026, 1, 1))
    yield made
    made.close()


def idle(qtbot: QtBot, tasks: Tasks) -> None:
    qtbot.waitUntil(lambda: tasks.is_idle, timeout=10_000)


def test_a_result_comes_back_in_the_thread_of_the_window(qtbot: QtBot, tasks: Tasks) -> None:
    threads: list[Any] = []
    owner = QObject()
    tasks.read(
        lambda _session: threading.current_thread(), lambda t: threads.extend([t, threading.current_thread()]), owner=owner
    )
    idle(qtbot, tasks)
    assert threads[0] is not threads[1]
    assert threads[1] is threading.main_thread()


def test_a_read_that_a_newer_one_overtakes_is_dropped(qtbot: QtBot, tasks: Tasks) -> None:
    owner, got, gate = QObject(), [], threading.Event()
    tasks.read(lambda _s: (gate.wait(5), "old")[1], got.append, owner=owner, name="find")
    tasks.read(lambda _s: "new", got.append, owner=owner, name="find")
    qtbot.waitUntil(lambda: got == ["new"], timeout=5_000)
    gate.set()
    idle(qtbot, tasks)
    assert got == ["new"]


def test_a_window_that_is_gone_gets_nothing(qtbot: QtBot, tasks: Tasks) -> None:
    import shiboken6

    owner, got, gate = QObject(), [], threading.Event()
    tasks.read(lambda _s: gate.wait(5), got.append, owner=owner)
    shiboken6.delete(owner)
    gate.set()
    idle(qtbot, tasks)
    assert got == []


def test_a_write_is_committed_and_announced_with_its_accounts(qtbot: QtBot, tasks: Tasks) -> None:
    owner, announced, done = QObject(), [], []
    tasks.books_changed.connect(announced.append)
    tasks.write(lambda s: execute(s, "UPDATE office SET phone = '605'"), done.append, owner=owner, accounts=[7, 8])
    idle(qtbot, tasks)
    assert announced == [frozenset({7, 8})] and len(done) == 1
    assert tasks.books is not None
    with tasks.books.read() as session:
        assert fetch_value(session, "SELECT phone FROM office") == "605"


def test_a_refused_write_leaves_nothing_behind_and_tells_only_its_window(qtbot: QtBot, tasks: Tasks) -> None:
    def work(session: Any) -> None:
        execute(session, "UPDATE office SET phone = '605'")
        raise UserError("No.", field="phone")

    owner, refused, announced, elsewhere, done = QObject(), [], [], [], []
    tasks.books_changed.connect(announced.append)
    tasks.failed.connect(elsewhere.append)
    tasks.write(work, done.append, owner=owner, accounts=[7], otherwise=refused.append)
    idle(qtbot, tasks)
    assert [error.field for error in refused] == ["phone"]
    assert (announced, elsewhere, done) == ([], [], [])
    assert tasks.books is not None
    with tasks.books.read() as session:
        assert fetch_value(session, "SELECT phone FROM office") == ""


def test_a_refusal_that_no_window_takes_is_told_all_the_same(qtbot: QtBot, tasks: Tasks) -> None:
    def work(_session: Any) -> None:
        raise UserError("No.")

    owner, told = QObject(), []
    tasks.failed.connect(told.append)
    tasks.read(work, lambda _r: None, owner=owner)
    idle(qtbot, tasks)
    assert [error.message for error in told] == ["No."]


def test_a_bug_is_reported_and_the_form_is_let_go(qtbot: QtBot, tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    owner, crashed, let_go = QObject(), [], []
    tasks.crashed.connect(crashed.append)
    tasks.write(lambda _s: 1 // 0, lambda _r: None, owner=owner, otherwise=let_go.append)
    idle(qtbot, tasks)
    assert [type(error) for error in crashed] == [ZeroDivisionError]
    assert "nothing was saved" in let_go[0].message
    assert "ZeroDivisionError" in caplog.text


def test_long_work_reports_and_stops_when_asked_keeping_what_it_committed(qtbot: QtBot, tasks: Tasks) -> None:
    reported: list[tuple[int, int]] = []
    announced: list[Any] = []
    done: list[Any] = []
    started = threading.Event()

    def work(books: Any, progress: Any, cancelled: Any) -> None:
        with books.write() as session:
            execute(session, "UPDATE office SET phone = '606'")
        progress(1, 2)
        started.set()
        while not cancelled():
            threading.Event().wait(0.005)
        raise Cancelled

    owner, ended = QObject(), []
    tasks.books_changed.connect(announced.append)
    handle = tasks.run("Billing", work, done.append, owner=owner)
    handle.progressed.connect(lambda n, of: reported.append((n, of)))
    handle.finished.connect(lambda: ended.append(True))
    qtbot.waitUntil(started.is_set, timeout=5_000)
    handle.cancel()
    idle(qtbot, tasks)
    assert reported == [(1, 2)] and ended == [True] and done == []
    assert announced == [None], "what was committed before the stop must show on the pages"
    assert tasks.books is not None
    with tasks.books.read() as session:
        assert fetch_value(session, "SELECT phone FROM office") == "606"


def test_writes_take_turns(qtbot: QtBot, tasks: Tasks) -> None:
    inside, most, lock = [0], [0], threading.Lock()

    def work(_session: Any) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.02)
        with lock:
            inside[0] -= 1

    owner = QObject()
    for _ in range(6):
        tasks.write(work, lambda _r: None, owner=owner)
    idle(qtbot, tasks)
    assert most == [1]


def test_reads_go_on_while_writes_wait_for_a_long_run_and_then_come_in_their_order(qtbot: QtBot, tasks: Tasks) -> None:
    owner, go_on = QObject(), threading.Event()
    done: list[str] = []
    tasks.run("long", lambda _books, _progress, _cancelled: go_on.wait(30), lambda _: done.append("run"), owner=owner)
    names = [f"write {number}" for number in range(6)]
    for name in names:
        tasks.write(lambda _session, name=name: name, done.append, owner=owner)  # type: ignore[misc]
    try:
        tasks.read(lambda _session: "read", done.append, owner=owner)
        qtbot.waitUntil(lambda: done == ["read"], timeout=10_000)
    finally:
        go_on.set()
    qtbot.waitUntil(lambda: tasks.is_idle, timeout=10_000)
    assert done == ["read", "run", *names]


def test_without_an_office_work_is_refused_with_a_sentence(qtbot: QtBot) -> None:
    tasks, told, owner = Tasks(), [], QObject()
    tasks.read(lambda _s: 1, lambda _r: None, owner=owner, otherwise=told.append)
    idle(qtbot, tasks)
    assert "No office is open" in told[0].message
    tasks.close()


def test_what_a_late_timer_asks_for_after_the_end_is_dropped(qtbot: QtBot, tasks: Tasks) -> None:
    got: list[int] = []
    tasks.close()
    tasks.read(lambda _s: 1, got.append, owner=QObject())
    assert tasks.is_idle and got == []
