"""An office of an older program is opened: how far its upgrade is stands in the window, and a passphrase is told of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from support_older import MARK, backups_key, older_file

from app.keystore import FOLDER_VARIABLE, FileKeyStore
from app.main import Program
from app.models.upgradecopy import key_name
from app.views.first_run import FirstRun
from app.views.opening import OpeningPage
from app.views.settings import Settings


@pytest.fixture
def program(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    made = Program(Settings(tmp_path / "settings" / "counterfoil.ini"), lambda: date(2026, 11, 21))
    qtbot.addWidget(made.window)
    made.window.resize(1366, 768)
    yield made
    made.tasks.close()


def test_the_window_says_how_far_an_upgrade_is(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    path = older_file(tmp_path / "office.db", is_encrypted=False)
    program.start(path)
    page = program.window.stack.currentWidget()
    assert isinstance(page, OpeningPage) and page.bar.isHidden()
    assert page.words.text() == f"Opening {path} …"
    qtbot.waitUntil(lambda: program.tasks.books is not None, timeout=30_000)
    assert not page.bar.isHidden() and (page.bar.value(), page.bar.maximum()) == (1_000, 1_000)
    assert "is of an older version" in page.words.text()
    assert list((tmp_path / "backups").iterdir())


def test_an_office_opened_from_the_set_up_shows_it_there(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    path = older_file(tmp_path / "office.db", is_encrypted=False)
    program.start()
    page = program.window.stack.currentWidget()
    assert isinstance(page, FirstRun)
    page.open_path(path)
    qtbot.waitUntil(lambda: program.tasks.books is not None, timeout=30_000)
    assert (page.progress.value(), page.progress.maximum()) == (1_000, 1_000)


def test_a_pc_that_does_not_know_the_passphrase_says_what_to_do(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    path = older_file(tmp_path / "office.db")
    program.start(path)
    qtbot.waitUntil(lambda: isinstance(program.window.stack.currentWidget(), FirstRun), timeout=30_000)
    said = program.window.stack.currentWidget().findChild(QLabel, "setup.refusal").text()
    assert f"python -m app upgrade {path}" in said and "passphrase" in said
    FileKeyStore(tmp_path / "keys").put(key_name(MARK), backups_key())
    program.open_other(path, "")
    qtbot.waitUntil(lambda: program.tasks.books is not None, timeout=30_000)
    assert (tmp_path / "backups" / "office before the upgrade from 0008.sealed").exists()
