"""Opening the dialogs of an account, as its page does, and reading what they show."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QDialog
from shiboken6 import isValid
from ui.window import Window

from app.views.dialogs import account_actions
from app.views.dialogs.acting import ActionDialog


def open_action(window: Window, key: str, account_id: int) -> ActionDialog:
    """The dialog of that action, filled."""
    action = next(action for action in account_actions.ACTIONS if action.key == key)
    return filled(window, action.open(window.program.workplace, account_id, window.frame))


def filled(window: Window, dialog: QDialog) -> ActionDialog:
    """The dialog when all is read and shown."""
    assert isinstance(dialog, ActionDialog)
    window.settle()
    assert window.dialog() is dialog
    return dialog


def shown(window: Window, dialog: ActionDialog) -> str:
    """What the card says will happen: its sentence and its lines, as a screen reader is told."""
    window.settle()
    return dialog.outcome.accessibleDescription()


def is_closed(dialog: ActionDialog) -> bool:
    """Whether the dialog is gone from the screen."""
    return not isValid(dialog) or not dialog.isVisible()


def choose(window: Window, name: str, words: str) -> None:
    """Choose what begins with or contains `words` in a list."""
    box = window.control(name, QComboBox)
    places = [n for n in range(box.count()) if words in box.itemText(n)]
    assert places, [box.itemText(n) for n in range(box.count())]
    box.setFocus()
    box.setCurrentIndex(places[0])
    window.settle()


def somebody(window: Window, where: str, *values: object) -> int:
    """The first account of the sample that fits."""
    found = window.rows(f"SELECT id FROM account a WHERE {where} ORDER BY id LIMIT 1", *values)
    assert found, f"the sample has no account with {where}"
    return int(found[0][0])


def balance(window: Window, account_id: int) -> int:
    """What the account owes, in cents, as stored."""
    return int(window.rows("SELECT balance_cents FROM account WHERE id = ?", account_id)[0][0])
