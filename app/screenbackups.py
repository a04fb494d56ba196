"""The scenes of backups and keys, with key files of their own: no key store of this PC is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.screenstage import Stage

Scene = Iterator[tuple[str, Any]]
_SHOWN = r"C:\Users\Pat\Documents\Counterfoil"


@contextmanager
def _own_keys(folder: Path) -> Iterator[None]:
    from app.keystore import FOLDER_VARIABLE

    before = os.environ.get(FOLDER_VARIABLE)
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[FOLDER_VARIABLE]
        else:
            os.environ[FOLDER_VARIABLE] = before


def backups(stage: Stage) -> Scene:
    """Backups: the list after one was made, the plan, encrypting, looking inside, restoring."""
    from PySide6.QtWidgets import QLineEdit, QRadioButton

    folder = str(stage.program.workplace.folder)
    page = stage.page("office", tab="backups")
    stage.click("office.backup-now")
    part = page.parts["backups"]
    part.rule.setText(part.rule.text().replace(f"{folder}/", f"{_SHOWN}\\"))
    yield "office-backups-made", stage.window
    for name in ("change", "passphrase", "look", "restore"):
        stage.click(f"office.backup-{name}")
        dialog = stage.dialog()
        for edit in dialog.findChildren(QLineEdit):
            edit.setText(edit.text().replace(folder, _SHOWN).replace("/", "\\"))
        yield f"backups-{name}", dialog
        if name == "restore":
            stage.click("office.backup-restore")
            dialog = stage.dialog()
            dialog.findChild(QRadioButton, "restore.replace").setChecked(True)
            stage.settle()
            yield "backups-restore-in-place", dialog
    yield "backups-restore-first", _restoring_first(stage, part.table.current_row().file.path)


def _restoring_first(stage: Stage, backup: Path) -> Any:
    """The dialog of the first page, where the last office cannot be opened."""
    from app.views.dialogs.backup_first import RestoreFirstDialog

    folder = stage.program.workplace.folder
    damaged = folder / "damaged.db"
    damaged.touch()
    dialog = RestoreFirstDialog(stage.program.workplace, backup, folder, damaged, stage.window)
    dialog.open()
    stage.settle()
    dialog.target.blockSignals(True)  # what is shown does not change who must sign in
    dialog.target.setText(f"{_SHOWN}\\office.db")
    damaged.unlink()
    return dialog


def keys(stage: Stage) -> Scene:
    """Keys: before there is one, with it, the bank account, shown in full, and the sheet."""
    with _own_keys(stage.program.workplace.folder / "keys of the pictures"):
        page = stage.page("office", tab="keys")
        part = page.parts["keys"]

        def shown() -> Any:
            folder = str(stage.program.workplace.folder / "keys of the pictures")
            part.words.setText(part.words.text().replace(folder, f"{_SHOWN}\\keys"))
            return stage.window

        yield "office-keys-none", shown()
        stage.click("office.key-make")
        yield "office-keys-made", shown()
        stage.click("office.bank-record")
        yield "keys-bank-account", stage.dialog()
        stage.click("office.bank-record")
        for part, typed in (("routing", "091400046"), ("number", "0012345678"), ("reason", "opened this year")):
            stage.type_into(f"bank-account.{part}", typed)
        stage.dialog().press()
        stage.settle()
        stage.click("office.bank-reveal")
        dialog = stage.dialog()
        stage.type_into("reveal.reason", "the bank asks for it")
        dialog.press()
        yield "keys-bank-account-in-full", dialog
        stage.click("office.key-sheet")
        yield "keys-recovery-sheet", stage.dialog()


SCENES = (backups, keys)
