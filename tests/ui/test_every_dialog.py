"""What holds in every dialog of the program: it can be read aloud, gone through by keys, left by Escape, and is not cut.

The scenes of the pictures open them all; a dialog that none of them opens fails here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QTabBar, QWidget
from shiboken6 import isValid
from staffed_office import quick_passwords
from ui.layout_faults import faults
from ui.test_every_page import out_of_order, said_nothing, wrongly_named
from ui.test_room_on_screen import letters

import app.views
from app.screenscenes import SCENES
from app.screenstage import Stage, make_ready
from app.services.books import open_office
from app.views.dialog import FormDialog
from app.views.dialogs.account_payments import UndoPaymentDialog
from app.views.dialogs.acting import ActionDialog
from app.views.dialogs.acting_inputs import ActionForm
from app.views.dialogs.backup_restore import BackupDialog
from app.views.dialogs.working_off import WorkOffDialog
from app.views.locking import LockCover
from app.views.style import LARGE

__all__ = ["letters"]

SCREEN = QSize(1366, 768)
# The arrows go there, from the input above it or from the choice that is made.
BY_ARROWS = {"find.hits is not reached", "restore.replace is not reached"}
BASES = {FormDialog, ActionForm, ActionDialog, UndoPaymentDialog, BackupDialog, WorkOffDialog}
# They show pages or reports alone.
WITHOUT_DIALOGS = {"reports", "audit", "rehearsal", "office"}
pytestmark = pytest.mark.qt_log_ignore("grabbing the keyboard", "raise\\(\\)", extend=True)


@pytest.fixture
def stage(
    qapp: QApplication, letters: None, tmp_path: Path, sample_office: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """The program on the sample office with a morning's work half done."""
    ready = tmp_path / "ready" / "office.db"
    ready.parent.mkdir()
    ready.write_bytes(sample_office.read_bytes())
    with open_office(ready) as books:
        accounts = make_ready(books)
    # The screen that is none is smaller than any that the program is made for.
    monkeypatch.setattr(FormDialog, "room", lambda _dialog: SCREEN - QSize(4 * LARGE, 4 * LARGE))
    with quick_passwords():
        made = Stage(ready, accounts, tmp_path, SCREEN.toTuple())
        made.pause_seconds = 0.001
        made.crashes = []
        made.program.tasks.crashed.disconnect()
        made.program.tasks.crashed.connect(made.crashes.append)
        yield made
        made.close()
        assert made.crashes == []


def dialog_classes() -> set[type[QDialog]]:
    """Every dialog that app.views has, without those that others are made from."""
    for found in pkgutil.walk_packages(app.views.__path__, "app.views."):
        importlib.import_module(found.name)

    def below(kind: type[QDialog]) -> Iterator[type[QDialog]]:
        for made in kind.__subclasses__():
            yield made
            yield from below(made)

    ours = {kind for kind in below(QDialog) if kind.__module__.startswith("app.")}
    return {kind for kind in ours if kind not in BASES and not kind.__name__.startswith("_")}


def same_letters(root: QWidget) -> list[str]:
    """Alt keys that two controls shown together have; a form may have to offer somebody else's sign-in any time."""
    keys: Counter[str] = Counter()
    for part in root.findChildren(QWidget):
        if not part.isVisible() and not part.objectName().endswith(".approve"):
            continue
        if isinstance(part, QAbstractButton) or (isinstance(part, QLabel) and part.buddy() is not None):
            keys[QKeySequence.mnemonic(part.text()).toString()] += 1
        elif isinstance(part, QTabBar):
            keys.update(QKeySequence.mnemonic(part.tabText(n)).toString() for n in range(part.count()))
    return [f"{key} stands {count} times" for key, count in keys.items() if key and count > 1]


def wrong_with(stage: Stage, dialog: QDialog) -> Iterator[str]:
    """Each fault of a dialog, in words; at the end it is left by Escape."""
    if not dialog.windowTitle() or not dialog.accessibleName():
        yield "it has no title or no name"
    yield from (f"{found} says nothing" for found in said_nothing(dialog))
    yield from (f"{found} is named wrongly" for found in wrongly_named(dialog))
    yield from same_letters(dialog)
    yield from (f"Tab: {found}" for found in out_of_order(dialog) if found not in BY_ARROWS)
    yield from faults(dialog)
    if SCREEN.expandedTo(dialog.size()) != SCREEN and not isinstance(dialog, LockCover):
        yield f"it is larger than the screen: {dialog.size().toTuple()}"
    focused = dialog.focusWidget()
    if focused is None or not focused.isVisible() or not focused.isEnabled():
        yield "the cursor is nowhere in it"
    for _ in range(2):  # a form with work in hand asks for it once more
        if isValid(dialog) and dialog.isVisible():
            QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Escape)
            stage.settle()
    left = not isValid(dialog) or not dialog.isVisible()
    if left is isinstance(dialog, LockCover):
        yield "Escape does not leave it" if not left else "Escape takes the lock away"


@pytest.mark.parametrize("letters", [2], indirect=True, ids=["letters of twice the size"])
def test_every_dialog_can_be_read_gone_through_by_keys_left_and_is_not_cut(stage: Stage) -> None:
    seen: set[type[QDialog]] = set()
    wrong: list[str] = []
    for scene in SCENES:
        if scene.__name__ in WITHOUT_DIALOGS:
            continue
        for name, shown in scene(stage):
            stage.settle(rounds=12)
            if isinstance(shown, QDialog):
                seen.add(type(shown))
                wrong += [f"{name}: {fault}" for fault in wrong_with(stage, shown)]
            stage.leave_dialogs()
    assert wrong == [], "\n".join(wrong)
    assert dialog_classes() - seen == set(), "no picture is made of these"
