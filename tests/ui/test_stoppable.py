"""Long work shows how far it is and can be stopped; what it began to write is not left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from ui.window import Window

from app.errors import Cancelled
from app.services import reporting_files, verification
from app.services.documents import flow
from app.views.stoppable import StopBar, until_stopped


class Held:
    """Work that waits at its first word of progress until it is let go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def hold(self, real: Callable[..., object]) -> Callable[..., object]:
        def held(*args: object, **named: object) -> object:
            self.begun.set()
            assert self.go_on.wait(20)
            return real(*args, **named)

        return held


@pytest.fixture
def held() -> Held:
    return Held()


def test_progress_is_passed_on_until_somebody_asks_to_stop() -> None:
    told: list[tuple[int, int]] = []
    stop = [False]
    progress = until_stopped(lambda done, of: told.append((done, of)), lambda: stop[0])
    progress(1, 10)
    stop[0] = True
    with pytest.raises(Cancelled):
        progress(2, 10)
    assert told == [(1, 10)]


def test_a_report_being_written_is_stopped_and_the_file_of_before_stays(
    window: Window, held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.go("reports", report="aging")
    window.settle()
    path = tmp_path / "aging.pdf"
    path.write_text("of before", encoding="utf-8")
    monkeypatch.setattr(flow.BaseDocTemplate, "build", held.hold(flow.BaseDocTemplate.build))
    page._write(page.report, path)
    window.wait_for(held.begun.is_set)
    window.wait_for(page.working.isVisible)
    assert not any(saver.isEnabled() for saver in page.savers)
    page.working.stop.click()
    held.go_on.set()
    window.settle()
    assert window.message == "Stopped; no file was written."
    assert path.read_text(encoding="utf-8") == "of before"
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith("~")] == []
    assert page.working.isHidden()
    assert all(saver.isEnabled() for saver in page.savers)
    monkeypatch.undo()
    page._write(page.report, path)
    window.settle()
    assert path.read_bytes().startswith(b"%PDF")


def test_a_deposit_ticket_being_made_is_stopped_and_made_when_asked_again(
    window: Window, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.go("dayclose")
    window.settle()
    made = window.path.parent / "deposits"
    monkeypatch.setattr(flow.BaseDocTemplate, "build", held.hold(flow.BaseDocTemplate.build))
    page.deposit._show_current()
    page.deposit._show_current()  # a second quick Enter
    window.wait_for(held.begun.is_set)
    window.wait_for(page.deposit.working.isVisible)
    page.deposit.working.stop.click()
    held.go_on.set()
    window.settle()
    assert window.message == "Stopped; no ticket was made."
    assert list(made.iterdir()) == []


def test_the_check_of_the_books_shows_how_far_it_is_and_can_be_stopped(
    window: Window, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = window.go("office", tab="verify")
    part = page.parts["verify"]
    monkeypatch.setattr(verification, "verify_books", held.hold(verification.verify_books))
    part.verify()
    window.wait_for(held.begun.is_set)
    window.wait_for(part.working.isVisible)
    part.working.stop.click()
    assert not window.control("office.verify-stop", QWidget).isEnabled()
    held.go_on.set()
    window.settle()
    assert "Stopped" in part.words.text()
    assert part.check.isEnabled()
    monkeypatch.undo()
    part.verify()
    window.settle()
    assert part.words.text() == "Every figure agrees with the ledger, and the file is sound."


def test_the_check_of_the_books_tells_its_progress_in_hundredths_that_only_grow(window: Window) -> None:
    books = window.program.tasks.books
    assert books is not None
    told: list[tuple[int, int]] = []
    assert verification.verify_office(books, lambda done, of: told.append((done, of))) == []
    assert {of for _, of in told} == {100}
    steps = [done for done, _ in told]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert steps[-1] == 90
    assert len(set(steps)) > 5


def test_what_is_done_at_once_shows_no_bar(window: Window) -> None:
    bar = StopBar("t", "Working")
    run = window.program.tasks.run("quick", lambda *_: None, lambda _none: None, owner=bar, writes=False)
    bar.follow(run)
    assert bar.is_busy
    assert bar.isHidden()
    window.settle()
    assert not bar.is_busy
    assert bar.isHidden()


def test_save_report_gives_what_progress_raises_to_whoever_asked(window: Window, tmp_path: Path) -> None:
    page = window.go("reports", report="receipts")
    window.settle()
    books = window.program.tasks.books
    assert books is not None

    def stop(_done: int, _of: int) -> None:
        raise Cancelled

    with books.read() as session, pytest.raises(Cancelled):
        reporting_files.save_report(session, page.report, tmp_path / "r.pdf", window.day, stop)
    assert list(tmp_path.glob("*.pdf")) == []
