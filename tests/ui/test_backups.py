"""Backups in the window: at the day's close, before month-end and by hand; looked into, restored; Today says how old."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QRadioButton, QSpinBox, QTabWidget
from ui.window import TODAY, Window

from app.services import backup
from app.services.backupfiles import backups_in
from app.services.backupplan import plan_of
from app.views.table import Table

PASSPHRASE = "four words are enough"


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("COUNTERFOIL_KEYS", str(tmp_path / "keys"))
    yield


def made(window: Window) -> list[str]:
    return [f"{file.kind} {file.on}" for file in backups_in(window.path.parent / "backups")]


def waits(window: Window) -> list[str]:
    return [row.key for row in window.control("today.waiting", Table).rows_model.rows]


def back_up(window: Window) -> Path:
    window.go("office", tab="backups")
    window.click("office.backup-now")
    assert window.message.startswith("Backed up. "), window.message
    return backups_in(window.path.parent / "backups")[0].path


def choose(window: Window, name: str) -> None:
    window.control(name, QRadioButton, window.dialog()).setChecked(True)
    QApplication.processEvents()


def payments(window: Window) -> int:
    return int(window.rows("SELECT count(*) FROM payment")[0][0])


def post_a_check(window: Window) -> None:
    from app.services import checks

    desk = window.program.workplace.desk()
    with window.program.tasks.books.write() as session:  # type: ignore[union-attr]
        checks.post_check(session, desk, checks.CheckForm(1, 1234, "98765"))


def test_today_is_loud_without_a_backup_and_says_how_old_the_last_one_is(window: Window) -> None:
    window.go("today")
    assert "backup" in waits(window)
    table = window.control("today.waiting", Table)
    table.select_row(next(row for row in table.rows_model.rows if row.key == "backup"))
    window.press(Qt.Key.Key_Return, on=table)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "office"
    tabs = window.control("office.tabs", QTabWidget)
    assert tabs.tabText(tabs.currentIndex()) == "Backups"
    back_up(window)
    window.go("today")
    assert "backup" not in waits(window)
    assert window.control("today.backup", QLabel).text().startswith("Last verified backup: ")


def test_closing_the_day_backs_up_without_a_word_when_all_is_well(window: Window) -> None:
    window.go("dayclose", part="close")
    window.click("dayclose.close")
    window.dialog().press()  # type: ignore[attr-defined]
    window.settle()
    assert "is closed" in window.message
    assert made(window) == [f"day-close {TODAY}"]
    assert window.rows("SELECT state FROM backup_log") == [("verified",)]
    assert window.books_agree()


def test_a_backup_that_fails_does_not_stop_the_close_but_is_loud(window: Window) -> None:
    (window.path.parent / "backups").write_bytes(b"a file where the folder would be")
    window.go("dayclose", part="close")
    window.click("dayclose.close")
    window.dialog().press()  # type: ignore[attr-defined]
    window.settle()
    assert window.rows("SELECT closed_through FROM office") == [(TODAY.isoformat(),)]
    assert "There is no new backup." in window.message
    window.go("today")
    assert "backup" in waits(window)


def test_the_office_is_backed_up_before_the_month_is_billed(window: Window) -> None:
    window.day = date(2026, 12, 1)
    window.program.workplace.choose_date(window.day)
    page = window.go("billing")
    page.bill()
    window.settle()
    assert "Billed " in window.message
    (file,) = backups_in(window.path.parent / "backups")
    assert (file.kind, file.on) == ("month-end", window.day)
    with closing(sqlite3.connect(file.path)) as copy:
        before = copy.execute("SELECT count(*) FROM run WHERE what = 'billing' AND business_date = '2026-12-01'").fetchone()
    assert before == (0,)
    assert window.rows("SELECT count(*) FROM run WHERE what = 'billing' AND business_date = '2026-12-01'") == [(1,)]
    assert window.books_agree()


def test_the_plan_is_changed_with_a_reason_and_a_wrong_folder_keeps_what_was_typed(window: Window, tmp_path: Path) -> None:
    window.go("office", tab="backups")
    window.click("office.backup-change")
    dialog = window.dialog()
    window.type_into("backup-plan.second_folder", str(tmp_path / "stick"), dialog)
    window.control("backup-plan.keep_daily", QSpinBox, dialog).setValue(7)
    window.type_into("backup-plan.reason", "a new stick", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "plug its disk in" in window.control("backup-plan.refusal", QLabel, dialog).text()
    (tmp_path / "stick").mkdir()
    window.control("backup-plan.reason", QLineEdit, dialog).setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    plan = window.read(plan_of)
    assert (plan.second_folder, plan.keep_daily) == (str(tmp_path / "stick"), 7)
    assert window.rows("SELECT reason FROM action WHERE what = 'change-backups'") == [("a new stick",)]
    path = back_up(window)
    assert "The second copy is in its place." in window.message
    assert (tmp_path / "stick" / path.name).exists()
    assert len(window.control("office.backups", Table).rows_model.rows) == 2
    shutil.rmtree(tmp_path / "stick")
    window.click("office.backup-now")
    assert "there is no second copy" in window.message
    assert "plug its disk in" in window.control("office.backup-standing", QLabel).text()


def test_a_backup_is_looked_into_and_left_again(window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    back_up(window)
    post_a_check(window)
    window.control("office.backups", Table).setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    window.press(Qt.Key.Key_Return, on=window.dialog().focusWidget())
    window.wait_for(lambda: "backup of 11/21/2026" in window.frame.office_name.text())
    window.settle()
    workplace = window.program.workplace
    assert workplace.is_looking and len(list((tmp_path / "private").iterdir())) == 1
    window.go("dayclose", part="close")
    window.click("dayclose.close")
    window.dialog().press()  # type: ignore[attr-defined]
    window.settle()
    assert "nothing can be changed" in window.control("close.refusal", QLabel, window.dialog()).text()
    window.press(Qt.Key.Key_Escape, on=window.dialog())
    window.go("office", tab="backups")
    assert not window.control("office.backup-now").isVisible()
    window.click("office.backup-back")
    window.wait_for(lambda: not workplace.is_looking)
    window.settle()
    assert list((tmp_path / "private").iterdir()) == []
    assert window.settings.last_office == window.path
    assert window.books_agree()


def test_a_backup_is_restored_as_a_new_office_and_the_present_one_stays(window: Window, tmp_path: Path) -> None:
    back_up(window)
    post_a_check(window)
    before = payments(window)
    window.click("office.backup-restore")
    dialog = window.dialog()
    window.settle()
    suggested = Path(window.control("restore.target", QLineEdit, dialog).text())
    assert suggested.parent == window.path.parent
    window.type_into("restore.target", str(window.path), dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "exists already" in window.control("restore.refusal", QLabel, dialog).text()
    window.type_into("restore.target", str(tmp_path / "again.db"), dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert f"Restored and checked: {tmp_path / 'again.db'}" in window.message
    with closing(sqlite3.connect(tmp_path / "again.db")) as again:
        assert again.execute("SELECT count(*) FROM payment").fetchone() == (before - 1,)
    assert payments(window) == before and window.books_agree()


def test_a_backup_takes_the_place_of_the_office_after_a_copy_of_it(window: Window) -> None:
    back_up(window)
    before = payments(window)
    post_a_check(window)
    window.click("office.backup-restore")
    window.settle()
    choose(window, "restore.replace")
    window.click("restore.action", window.dialog())
    window.wait_for(lambda: "Restored: " in window.message)
    window.settle()
    assert payments(window) == before and window.books_agree()
    (kept,) = (window.path.parent / "backups").glob("office replaced no *.db")
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT count(*) FROM payment").fetchone() == (before + 1,)
    post_a_check(window)
    assert payments(window) == before + 1


def test_with_a_wrong_passphrase_the_office_opens_again_as_it_was(window: Window, tmp_path: Path) -> None:
    window.go("office", tab="backups")
    window.click("office.backup-passphrase")
    dialog = window.dialog()
    for part, text in (("passphrase", PASSPHRASE), ("again", PASSPHRASE), ("reason", "asked for")):
        window.type_into(f"passphrase.{part}", text, dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.read(plan_of).is_encrypted
    path = back_up(window)
    assert path.suffix == ".sealed"
    shutil.rmtree(tmp_path / "keys")  # another PC
    post_a_check(window)
    before = payments(window)
    window.click("office.backup-restore")
    window.settle()
    choose(window, "restore.replace")
    window.type_into("restore.passphrase", "five words are no use", window.dialog())
    window.click("restore.action", window.dialog())
    window.wait_for(lambda: "not the passphrase" in window.message)
    window.settle()
    assert payments(window) == before and window.books_agree()
    window.go("office", tab="backups")
    window.click("office.backup-now")
    assert "does not know the passphrase" in window.message
    window.click("office.backup-passphrase")
    choose(window, "passphrase.known")
    window.type_into("passphrase.passphrase", PASSPHRASE, window.dialog())
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "knows the passphrase" in window.message
    back_up(window)


def test_what_is_no_backup_is_refused_in_the_dialog(window: Window, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_bytes(b"Dear Sir")
    page = window.go("office", tab="backups")
    page.parts["backups"].restore_from(tmp_path / "letter.db")
    window.settle()
    assert "no backup of Counterfoil" in window.control("restore.refusal", QLabel, window.dialog()).text()
    assert not window.control("restore.action", QPushButton, window.dialog()).isEnabled()
    window.press(Qt.Key.Key_Escape, on=window.dialog())


def test_a_clerk_cannot_restore(window: Window) -> None:
    back_up(window)
    window.settings.put("desk/role", "clerk")
    window.click("office.backup-restore")
    window.settle()
    choose(window, "restore.replace")
    window.click("restore.action", window.dialog())
    assert "needs a manager" in window.control("restore.refusal", QLabel, window.dialog()).text()
    assert window.rows("SELECT count(*) FROM action WHERE what = 'restore'") == [(0,)]
    window.press(Qt.Key.Key_Escape, on=window.dialog())


def test_a_backup_can_be_stopped_from_the_page(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(source: Path, target: Path, progress: object, cancelled: object) -> None:
        from app.errors import Cancelled

        window.program.tasks._state.runs.copy().pop().cancel()
        raise Cancelled

    monkeypatch.setattr(backup.copying, "copy_while_open", stopped)
    window.go("office", tab="backups")
    window.click("office.backup-now")
    assert "no backup was made" in window.message
    assert window.rows("SELECT state, problem FROM backup_log") == [("failed", "It was stopped before it was whole.")]
    assert window.control("office.backup-now", QPushButton).isEnabled()
