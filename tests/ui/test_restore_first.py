"""A backup becomes an office where none is open: on a new PC, or in place of a file that cannot be opened any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from staffed_office import PASSWORDS, StaffedOffice, quick_passwords
from support_office import Diary
from ui.test_every_page import said_nothing, wrongly_named

from app.keystore import FileKeyStore
from app.main import Program
from app.models import database
from app.services import backup
from app.services.backupplan import set_passphrase
from app.views.dialogs.backup_first import RestoreFirstDialog
from app.views.first_run import FirstRun
from app.views.settings import Settings

TODAY = date(2026, 11, 21)
PASSPHRASE = "four words are enough"
BROKEN = b"SQLite format 3\x00" + b"torn by a bad disk" * 4000


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr("app.views.first_run._documents", lambda: tmp_path / "Documents")
    (tmp_path / "Documents" / "Counterfoil").mkdir(parents=True)
    with quick_passwords():
        yield


def backed_up(office: Diary, folder: Path, passphrase: str = "") -> Path:
    keys = FileKeyStore(folder / "keys of the old PC")
    if passphrase:
        office.do(set_passphrase, keys, passphrase, passphrase, "a new rule")
    there = folder / "old PC" / "office.db"
    there.parent.mkdir()
    (folder / "backups").mkdir()
    there.write_bytes(office.image())
    with database.open_existing(there) as books:
        return backup.back_up(books, office.desk, "by-hand", folder / "backups", lambda: keys).path


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[Path | None], Program]]:
    made: list[Program] = []

    def started(path: Path | None) -> Program:
        program = Program(Settings(tmp_path / "settings" / "counterfoil.ini"), lambda: TODAY)
        made.append(program)
        qtbot.addWidget(program.window)
        program.window.resize(1366, 768)
        program.start(path)
        qtbot.waitUntil(lambda: isinstance(program.window.stack.currentWidget(), FirstRun), timeout=20_000)
        return program

    yield started
    for program in made:
        program.tasks.close()


def chosen(qtbot: QtBot, program: Program, file: Path) -> RestoreFirstDialog:
    page = program.window.stack.currentWidget()
    assert isinstance(page, FirstRun)
    page.restore_from(file)
    (dialog,) = page.findChildren(RestoreFirstDialog)
    qtbot.waitUntil(dialog.action.isEnabled, timeout=20_000)
    return dialog


def typed(dialog: RestoreFirstDialog, part: str, text: str) -> None:
    edit = dialog.findChild(QLineEdit, f"restore-first.{part}")
    edit.selectAll()
    QTest.keyClicks(edit, text)


def restored(qtbot: QtBot, program: Program, dialog: RestoreFirstDialog) -> None:
    QTest.keyClick(dialog.findChild(QPushButton, "restore-first.action"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not isinstance(program.window.stack.currentWidget(), FirstRun), timeout=60_000)


def refusal(qtbot: QtBot, dialog: RestoreFirstDialog) -> str:
    QTest.keyClick(dialog.findChild(QPushButton, "restore-first.action"), Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.refusal.isVisible, timeout=60_000)
    return dialog.refusal.text()


def test_on_a_new_pc_a_backup_becomes_the_office_in_the_documents(
    qtbot: QtBot, tmp_path: Path, start: Callable[[Path | None], Program]
) -> None:
    with Diary() as office:
        office.open("Cleo Clear")
        file = backed_up(office, tmp_path)
    program = start(None)
    dialog = chosen(qtbot, program, file)
    target = tmp_path / "Documents" / "Counterfoil" / "office.db"
    assert dialog.target.text() == str(target)
    assert not dialog.who.isVisible()
    assert wrongly_named(dialog) == [] and said_nothing(dialog) == []
    restored(qtbot, program, dialog)
    assert program.tasks.books is not None and program.tasks.books.path == target
    assert program.settings.text("office/last") == str(target)


def test_a_damaged_office_is_kept_and_its_backup_takes_its_place_by_one_who_signs_in(
    qtbot: QtBot, tmp_path: Path, start: Callable[[Path | None], Program]
) -> None:
    with StaffedOffice() as office:
        office.role = "manager"
        file = backed_up(office, tmp_path)
    broken = tmp_path / "office" / "office.db"
    broken.parent.mkdir()
    broken.write_bytes(BROKEN)
    program = start(broken)
    page = program.window.stack.currentWidget()
    assert isinstance(page, FirstRun) and page.refusal.isVisible()
    dialog = chosen(qtbot, program, file)
    assert dialog.target.text() == str(broken)
    assert "cannot be opened" in dialog.words.text() and dialog.who.isVisible()
    assert wrongly_named(dialog) == [] and said_nothing(dialog) == []
    assert "People sign in to this office" in refusal(qtbot, dialog)
    typed(dialog, "login", "Carl")
    typed(dialog, "password", PASSWORDS["clerk"])
    assert "has to choose a new password first" in refusal(qtbot, dialog)
    assert broken.read_bytes() == BROKEN
    typed(dialog, "login", "Ada")
    typed(dialog, "password", "a guess that is wrong")
    assert "password" in refusal(qtbot, dialog)
    assert broken.read_bytes() == BROKEN
    typed(dialog, "password", PASSWORDS["administrator"])
    restored(qtbot, program, dialog)
    (kept,) = (broken.parent / "backups").glob("*replaced*")
    assert kept.read_bytes() == BROKEN
    assert program.tasks.books is not None
    rows: list[Any] = []
    with program.tasks.books.read() as session:
        from app.models.bulk import fetch

        rows = [tuple(row) for row in fetch(session, "SELECT what, actor FROM action ORDER BY id DESC LIMIT 1")]
    assert rows == [("restore", "Ada Admin")]


def test_an_encrypted_backup_asks_for_its_passphrase_and_keeps_what_was_typed_when_it_is_wrong(
    qtbot: QtBot, tmp_path: Path, start: Callable[[Path | None], Program]
) -> None:
    with Diary() as office:
        office.open("Cleo Clear")
        file = backed_up(office, tmp_path, PASSPHRASE)
    program = start(None)
    dialog = chosen(qtbot, program, file)
    assert dialog.passphrase.isVisible()
    typed(dialog, "passphrase", "four other words")
    assert "passphrase" in refusal(qtbot, dialog)
    assert not (tmp_path / "Documents" / "Counterfoil" / "office.db").exists()
    typed(dialog, "passphrase", PASSPHRASE)
    restored(qtbot, program, dialog)


def test_an_office_that_opens_after_all_is_not_replaced_here(
    qtbot: QtBot, tmp_path: Path, start: Callable[[Path | None], Program]
) -> None:
    with Diary() as office:
        file = backed_up(office, tmp_path)
        image = office.image()
    there = tmp_path / "office.db"
    there.write_bytes(BROKEN)
    program = start(there)
    dialog = chosen(qtbot, program, file)
    there.write_bytes(image)
    assert "can be opened again" in refusal(qtbot, dialog)
    assert not list(tmp_path.glob("backups/*replaced*"))


def test_what_is_no_backup_is_said_and_nothing_can_be_restored(
    qtbot: QtBot, tmp_path: Path, start: Callable[[Path | None], Program]
) -> None:
    page = start(None).window.stack.currentWidget()
    assert isinstance(page, FirstRun)
    file = tmp_path / "letter.db"
    file.write_bytes(b"Dear Sirs")
    page.restore_from(file)
    (dialog,) = page.findChildren(RestoreFirstDialog)
    qtbot.waitUntil(dialog.refusal.isVisible, timeout=20_000)
    assert not dialog.action.isEnabled()
    said = page.findChild(QLabel, "restore-first.said")
    assert said.text() == "letter.db"
