"""The first set-up: a new office by keys, refusals that keep what was typed, the last office the next time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from staffed_office import quick_passwords
from ui.test_every_page import said_nothing, wrongly_named

from app.main import Program
from app.views.first_run import FirstRun
from app.views.settings import Settings

TODAY = date(2026, 11, 21)


@pytest.fixture
def program(qtbot: QtBot, tmp_path: Path) -> Iterator[Program]:
    made = Program(Settings(tmp_path / "settings" / "counterfoil.ini"), lambda: TODAY)
    qtbot.addWidget(made.window)
    made.window.resize(1366, 768)
    made.start()
    yield made
    made.tasks.close()


def first_run(program: Program) -> FirstRun:
    shown = program.window.stack.currentWidget()
    assert isinstance(shown, FirstRun)
    return shown


def fill(program: Program, folder: Path) -> FirstRun:
    page = first_run(program)
    QTest.keyClicks(page.findChild(QLineEdit, "setup.name"), "Custer Net")
    address = page.findChild(QPlainTextEdit, "setup.address")
    QTest.keyClicks(address, "12 Main St")
    QTest.keyClick(address, Qt.Key.Key_Return)
    QTest.keyClicks(address, "Custer SD 57730")
    edit = page.findChild(QLineEdit, "setup.folder")
    edit.selectAll()
    QTest.keyClicks(edit, str(folder))
    return page


def be_the_administrator(qtbot: QtBot, program: Program) -> None:
    """A new office asks who looks after it; then its pages are shown."""
    qtbot.waitUntil(lambda: program.window.findChild(QLineEdit, "firstadmin.name") is not None, timeout=10_000)
    assert program.window.page is None
    for part, typed in (("name", "Ada Admin"), ("password", "apples and pears"), ("again", "apples and pears")):
        QTest.keyClicks(program.window.findChild(QLineEdit, f"firstadmin.{part}"), typed)
    assert program.window.findChild(QLineEdit, "firstadmin.login").text() == "ada"
    QTest.keyClick(program.window.findChild(QLineEdit, "firstadmin.again"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: program.window.page is not None, timeout=10_000)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick_passwords():
        yield


def test_a_program_without_an_office_asks_for_one_in_a_form_that_can_be_read(program: Program) -> None:
    page = first_run(program)
    assert said_nothing(page) == [] and wrongly_named(page) == []
    assert program.window.focusWidget() is page.name


def test_a_new_office_is_made_opened_and_remembered(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    page = fill(program, tmp_path / "offices" / "Custer")
    QTest.mouseClick(page.findChild(QPushButton, "setup.make"), Qt.MouseButton.LeftButton)
    be_the_administrator(qtbot, program)
    assert program.window.findChild(QPushButton, "frame.person").text() == "Ada Admin · Administrator"
    assert program.window.page is not None and program.window.page.key == "today"
    assert "Custer Net" in program.window.windowTitle()
    assert program.settings.last_office == tmp_path / "offices" / "Custer" / "office.db"


def test_a_second_start_opens_the_last_office_by_itself(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    page = fill(program, tmp_path)
    page.make.click()
    be_the_administrator(qtbot, program)
    again = Program(Settings(tmp_path / "settings" / "counterfoil.ini"), lambda: TODAY)
    qtbot.addWidget(again.window)
    again.start()
    qtbot.waitUntil(lambda: again.window.findChild(QLineEdit, "signin.password") is not None, timeout=10_000)
    assert again.window.findChild(QLineEdit, "signin.name").text() == "ada", "the name is remembered"
    password = again.window.findChild(QLineEdit, "signin.password")
    QTest.keyClicks(password, "apples and pears")
    QTest.keyClick(password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: again.window.page is not None, timeout=10_000)
    assert "Custer Net" in again.window.windowTitle()
    again.tasks.close()


def test_an_address_of_one_line_is_refused_there_and_the_rest_stays(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    page = fill(program, tmp_path)
    page.address.setPlainText("12 Main St")
    page.make.click()
    assert "street and a city line" in page.refusal.text()
    assert page.name.text() == "Custer Net" and page.make.isEnabled()
    assert program.window.focusWidget() is page.address
    assert not (tmp_path / "office.db").exists()


def test_a_folder_that_has_an_office_already_is_not_overwritten(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    (tmp_path / "office.db").write_bytes(b"somebody's work")
    page = fill(program, tmp_path)
    page.make.click()
    qtbot.waitUntil(lambda: page.refusal.isVisible(), timeout=10_000)
    assert "exists already" in page.refusal.text() and page.make.isEnabled()
    assert (tmp_path / "office.db").read_bytes() == b"somebody's work"


def test_a_last_office_that_is_gone_is_said_and_another_can_be_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings" / "counterfoil.ini")
    settings.put("office/last", str(tmp_path / "gone" / "office.db"))
    program = Program(settings, lambda: TODAY)
    qtbot.addWidget(program.window)
    program.start()
    qtbot.waitUntil(lambda: isinstance(program.window.stack.currentWidget(), FirstRun), timeout=10_000)
    assert "There is no office at" in first_run(program).findChild(QLabel, "setup.refusal").text()
    program.tasks.close()
