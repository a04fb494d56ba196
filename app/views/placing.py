"""How large a dialog opens, and where the keys go when it is left."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog

from app.views import style


def hand_keys_back(dialog: QDialog) -> None:
    """When the dialog is left, the next key goes to the window that it was opened from."""
    parent = dialog.parentWidget()
    if parent is not None:
        # Some desktops leave no window active after a dialog.
        above = parent.window()
        dialog.finished.connect(lambda _code: above.activateWindow())


def open_as_large_as(dialog: QDialog, width: int, height: int) -> None:
    """Its size, or more if its letters need it, where there is room: on a small screen a dialog is no larger than that."""
    room = dialog.screen().availableGeometry().size() - QSize(2 * style.LARGE, 4 * style.LARGE)
    parent = dialog.parentWidget()
    if parent is not None:
        room = room.expandedTo(parent.window().size() - QSize(2 * style.LARGE, 2 * style.LARGE))
    dialog.resize(QSize(width, height).expandedTo(dialog.sizeHint()).boundedTo(room))
