"""An office on a server in the windows: moved there, opened at another PC, its password kept or asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import keyring
import psycopg
import pytest
import support_databases
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from support_locked_server import OWNER, PASSWORD, Keys, LockedServer, key_store, locked_server
from ui.test_every_page import said_nothing, wrongly_named
from ui.window import TODAY, Window

from app.main import Program
from app.services import serverplaces
from app.services.books import open_office
from app.services.connecting import move_to_server
from app.services.verification import verify_books
from app.views.first_run import FirstRun
from app.views.settings import Settings

pytestmark = pytest.mark.server_only
ENTER = Qt.Key.Key_Return


@pytest.fixture(autouse=True)
def keys() -> Iterator[Keys]:
    with key_store() as made:
        yield made


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked_server(tmp_path_factory.mktemp("server")) as made:
        yield made


def begin_move(window: Window) -> QWidget:
    window.go("office", tab="desk")
    window.click("office.move")
    return window.dialog()


def fill(window: Window, dialog: QWidget, address: str) -> None:
    """A whole address is pasted; the tests' own server has no certificate."""
    edit = window.control(f"{dialog.key}.server", QLineEdit, dialog)  # type: ignore[attr-defined]
    edit.setFocus()
    edit.insert(address)
    edit.textEdited.emit(edit.text())
    box = window.control(f"{dialog.key}.tls", QComboBox, dialog)  # type: ignore[attr-defined]
    box.setCurrentIndex(box.findData(serverplaces.OPEN))


def words(window: Window, name: str, dialog: QWidget) -> str:
    return window.control(name, QLabel, dialog).text()


def test_the_office_is_moved_checked_and_worked_in_on_the_server(window: Window) -> None:
    before = window.path.read_bytes()
    address = support_databases.new_address()
    dialog = begin_move(window)
    assert said_nothing(dialog) == [] and wrongly_named(dialog) == []
    window.press(ENTER, on=dialog.focusWidget())
    assert "Which server is it?" in words(window, "move-server.refusal", dialog)
    fill(window, dialog, address)
    window.click("move-server.test", dialog)
    assert "the database is empty and can be filled" in words(window, "move-server.answer", dialog)
    window.click("move-server.action", dialog)
    said = words(window, "move-server.what", dialog)
    assert "each was read again and compared" in said and "80 accounts stand at" in said
    assert window.settings.last_office == window.path.with_suffix(".server")
    window.press(ENTER, on=dialog.focusWidget())
    window.wait_for(lambda: window.program.workplace.office_path == window.path.with_suffix(".server"))
    window.settle()
    assert "on the server now" in window.message
    assert window.path.read_bytes() == before, "the file is as it was"
    books = window.program.tasks.books
    assert books is not None and books.is_shared
    with books.read() as session:
        assert verify_books(session) == []
    window.go("office", tab="desk")
    assert "other PCs may work in it" in words(window, "office.several", window.frame)
    assert not window.control("office.move").isVisible()


def test_stopped_in_the_middle_nothing_is_moved_and_it_can_be_begun_again(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.services import connecting

    address = support_databases.new_address()
    real = connecting._rows

    def pressing_stop(*parts: object) -> object:
        for run in list(window.program.tasks._state.runs):
            run.cancel()
        return real(*parts)  # type: ignore[arg-type]

    dialog = begin_move(window)
    fill(window, dialog, address)
    with monkeypatch.context() as patched:
        patched.setattr(connecting, "_rows", pressing_stop)
        window.click("move-server.action", dialog)
    assert "Stopped: nothing is on the server" in words(window, "move-server.refusal", dialog)
    assert window.control("move-server.server", QLineEdit, dialog).isEnabled()
    with closing(psycopg.connect(address)) as there:
        assert there.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    assert window.settings.last_office == window.path
    window.click("move-server.action", dialog)
    assert window.settings.last_office == window.path.with_suffix(".server")


def test_a_database_that_is_not_empty_is_refused_before_anything_is_copied(window: Window) -> None:
    address = support_databases.new_address()
    with closing(psycopg.connect(address, autocommit=True)) as there:
        there.execute("CREATE TABLE something (n int)")
    dialog = begin_move(window)
    fill(window, dialog, address)
    window.click("move-server.action", dialog)
    assert "is not empty; create a new database" in words(window, "move-server.refusal", dialog)
    assert window.control("move-server.action", QPushButton, dialog).isEnabled()
    assert not window.path.with_suffix(".server").exists()
    window.press(Qt.Key.Key_Escape, on=dialog)
    assert window.books_agree()


def test_a_clerk_does_not_move_the_office(window: Window) -> None:
    window.settings.put("desk/role", "clerk")
    dialog = begin_move(window)
    fill(window, dialog, "postgresql://ann@server/office")
    window.click("move-server.action", dialog)
    assert "needs a manager" in words(window, "move-server.refusal", dialog)
    window.press(Qt.Key.Key_Escape, on=dialog)


@pytest.fixture
def second_pc(
    qtbot: QtBot, tmp_path: Path, locked: LockedServer, sample_office: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Program, serverplaces.ServerPlace, Path]]:
    """A program that has opened nothing yet, and where an office is on a server; its papers' folder."""
    office = tmp_path / "first" / "office.db"
    office.parent.mkdir()
    office.write_bytes(sample_office.read_bytes())
    place = serverplaces.ServerPlace(
        "127.0.0.1", locked.new_database(), OWNER, PASSWORD, locked.server.port, certificate=str(locked.certificate)
    )
    move_to_server(office, place.address)
    keys.kept.clear()
    os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS")
    papers = tmp_path / "second"
    monkeypatch.setattr("app.views.first_run._documents", lambda: papers)
    program = Program(Settings(tmp_path / "settings" / "counterfoil.ini"), lambda: TODAY)
    qtbot.addWidget(program.window)
    program.start()
    yield program, place, papers
    program.tasks.close()
    locked.server.drop(locked.server.url(place.database))


def card(program: Program) -> FirstRun:
    shown = program.window.stack.currentWidget()
    assert isinstance(shown, FirstRun)
    return shown


def dialog_of(qtbot: QtBot, program: Program, key: str) -> QWidget:
    name = f"{key}.dialog"
    qtbot.waitUntil(lambda: any(w.isVisible() for w in program.window.findChildren(QWidget, name)), timeout=15_000)
    return next(w for w in program.window.findChildren(QWidget, name) if w.isVisible())


def test_a_second_pc_opens_the_office_by_its_address_and_keeps_the_password(
    qtbot: QtBot, second_pc: tuple[Program, serverplaces.ServerPlace, Path], keys: Keys
) -> None:
    program, place, papers = second_pc
    card(program).open_server.click()
    dialog = dialog_of(qtbot, program, "open-server")
    assert said_nothing(dialog) == [] and wrongly_named(dialog) == []
    dialog.place.show_place(place)  # type: ignore[attr-defined]
    wrong = dialog.findChild(QLineEdit, "open-server.password")
    assert wrong is not None
    wrong.setText("not the one")
    dialog.press()  # type: ignore[attr-defined]
    refusal = dialog.findChild(QLabel, "open-server.refusal")
    qtbot.waitUntil(lambda: "refuses this user name or password" in refusal.text(), timeout=15_000)
    assert keys.kept == {} and not papers.exists()
    wrong.setText(place.password)
    dialog.press()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: program.window.page is not None, timeout=15_000)
    link = papers / "Counterfoil" / f"{place.database}.server"
    assert program.settings.last_office == link and list(keys.kept.values()) == [PASSWORD]
    assert PASSWORD not in link.read_text(encoding="utf-8")
    kept = (papers.parent / "settings" / "counterfoil.ini").read_text(encoding="utf-8")
    assert PASSWORD not in kept


def test_a_link_whose_password_this_pc_does_not_know_asks_for_it(
    qtbot: QtBot, second_pc: tuple[Program, serverplaces.ServerPlace, Path], keys: Keys, tmp_path: Path
) -> None:
    program, place, _papers = second_pc
    link = tmp_path / "first" / "office.server"
    card(program).open_path(link)
    dialog = dialog_of(qtbot, program, "server-password")
    assert said_nothing(dialog) == [] and wrongly_named(dialog) == []
    box = dialog.findChild(QCheckBox, "server-password.keep")
    box.setChecked(False)
    edit = dialog.findChild(QLineEdit, "server-password.password")
    edit.setText("not the one")
    dialog.press()  # type: ignore[attr-defined]
    refusal = dialog.findChild(QLabel, "server-password.refusal")
    qtbot.waitUntil(lambda: "refuses" in refusal.text(), timeout=15_000)
    assert edit.text() == ""
    edit.setText(place.password)
    dialog.press()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: program.window.page is not None, timeout=15_000)
    assert keys.kept == {} and keyring.get_keyring() is keys
    with open_office(link) as books, books.read() as session:
        assert verify_books(session) == [], "this program's other processes know it too"


def test_the_last_office_whose_password_is_gone_asks_at_the_start(
    qtbot: QtBot, second_pc: tuple[Program, serverplaces.ServerPlace, Path], tmp_path: Path
) -> None:
    program, place, _papers = second_pc
    program.start(tmp_path / "first" / "office.server")
    dialog = dialog_of(qtbot, program, "server-password")
    edit = dialog.findChild(QLineEdit, "server-password.password")
    edit.setText(place.password)
    dialog.press()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: program.window.page is not None, timeout=15_000)
    assert program.workplace.on == date(2026, 11, 21)


def on_server(window: Window) -> Path:
    """The window's office, moved to the tests' server and open there."""
    moved = move_to_server(window.path, support_databases.new_address())
    window.program.workplace.opening.emit(moved.link, "There now.")
    window.wait_for(lambda: window.program.workplace.office_path == moved.link)
    window.settle()
    return moved.link


def test_a_servers_backup_is_restored_onto_a_server_from_the_window(window: Window) -> None:
    on_server(window)
    window.go("office", tab="backups")
    window.click("office.backup-now")
    assert window.message.startswith("Backed up. "), window.message
    window.click("office.backup-restore")
    dialog = window.dialog()
    assert said_nothing(dialog) == [] and wrongly_named(dialog) == []
    fill(window, dialog, support_databases.new_address())
    database = window.control("restore.database", QLineEdit, dialog).text()
    window.click("restore.action", dialog)
    assert "Restored and checked: postgresql://" in window.message
    link = window.path.with_name(f"restored-{database}.server")
    assert str(link) in window.message
    with open_office(link) as books, books.read() as session:
        assert verify_books(session) == []
    window.click("office.backup-restore")
    dialog = window.dialog()
    there = support_databases.new_address()
    with closing(psycopg.connect(there, autocommit=True)) as connection:
        connection.execute("CREATE TABLE something (n int)")
    fill(window, dialog, there)
    window.click("restore.action", dialog)
    assert "is not empty" in window.control("restore.refusal", QLabel, dialog).text()
    window.settings.put("desk/role", "clerk")
    window.click("restore.action", dialog)
    assert "needs a manager" in window.control("restore.refusal", QLabel, dialog).text()
    window.press(Qt.Key.Key_Escape, on=dialog)
