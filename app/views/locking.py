"""The screen when nobody is at the desk: after some minutes, or at a key, the window is covered until a sign-in.

The cover lies above everything that is open and closes nothing: what was typed is there when it is lifted.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QVBoxLayout, QWidget

from app.services import signin
from app.services.signin import SignedIn
from app.views.door import DoorCard
from app.views.fields import named
from app.views.workplace import Workplace


class LockCard(DoorCard):
    """The password of whoever is at work; somebody else may sign in instead."""

    opened = Signal(object)

    def __init__(self, workplace: Workplace, person: SignedIn) -> None:
        said = f"{person.name} is at work here. Nothing is lost: what was typed is there when you go on."
        super().__init__(workplace, "lock", "Locked", said, "&Go on")
        self.name = self.add_text("&Name", "name", "Sign-in name")
        self.name.setText(person.login)
        self.password = self.add_password("&Password", "password", "Password")

    def submit(self) -> None:
        """Sign in again, or somebody else instead."""
        name, password, pc, now = self.name.text(), self.password.text(), self.workplace.settings.pc, self.workplace.moment()
        self.work(lambda books: signin.sign_in(books, name, password, pc, now, "unlocked"), self._open)

    def _open(self, person: SignedIn) -> None:
        self.password.clear()
        self.opened.emit(person)


class LockCover(QDialog):
    """Covers every window of the program until somebody signs in; nothing else takes it away."""

    def __init__(self, workplace: Workplace, window: QWidget) -> None:
        # A dialog may close by itself meanwhile, and takes with it what it owns; so the cover belongs to the main window.
        super().__init__(window, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Dialog)
        assert workplace.person is not None, "only somebody's work is locked"
        named(self, "lock.cover", "Locked")
        self.setWindowTitle("Counterfoil is locked")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._may_close = False
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        self.card = LockCard(workplace, workplace.person)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.card)
        covered = QRect()
        for other in QApplication.topLevelWidgets():
            if other.isVisible() and other is not self:
                covered = covered.united(other.frameGeometry())
        self.setGeometry(covered)

    def cover(self) -> None:
        """Lie over everything, with the cursor in the password."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.card.password.setFocus()

    def lift(self) -> None:
        """Somebody signed in."""
        self._may_close = True
        self.close()

    def reject(self) -> None:
        """Escape changes nothing."""

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close:
            event.ignore()
            return
        super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
