"""Keys: the office's key on this PC, its recovery sheet, and the office's own bank account number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.services import bank_numbers, officekey
from app.services.officekey import KeyState
from app.views import style
from app.views.dialogs.keys import BankAccountDialog, RecoverySheetDialog, RevealDialog
from app.views.fields import button, label, named, set_role
from app.views.page import point_at
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session


class _Shown(NamedTuple):
    state: KeyState
    own: str
    how_many: int


class KeysPart(QWidget):
    """What can be done depends on whether there is a key, and whether this PC knows it."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.heading = label("", "heading")
        named(self.heading, "office.key-state", "The office's key")
        self.words = label("", wrap=True)
        named(self.words, "office.key-words", "What the key is for")
        self.make = button("&Make the key", "office.key-make", primary=True)
        self.make.clicked.connect(self.make_key)
        self.sheet = button("&Print the recovery sheet…", "office.key-sheet")
        self.sheet.clicked.connect(lambda: RecoverySheetDialog(workplace, self).open())
        self.typed = QPlainTextEdit()
        named(self.typed, "office.key", "The key, from the recovery sheet")
        self.typed.setPlaceholderText("The 13 groups of the recovery sheet, from left to right, row by row")
        self.typed.setTabChangesFocus(True)
        self.typed.setMaximumHeight(self.typed.fontMetrics().height() * 4 + style.LARGE)
        self.typed.setFont(style.figures_font(self.typed.font()))
        self.read = button("&Read the key", "office.key-read", primary=True)
        self.read.clicked.connect(self.enter_key)
        self.bank = label("", "figure")
        named(self.bank, "office.bank-number", "The office's bank account")
        self.bank_words = label("", "quiet", wrap=True)
        self.record = button("Recor&d…", "office.bank-record")
        self.record.clicked.connect(lambda: BankAccountDialog(workplace, self).open())
        self.reveal = button("&Show in full…", "office.bank-reveal")
        self.reveal.clicked.connect(lambda: RevealDialog(workplace, None, self).open())
        self._lay_out()

    def _lay_out(self) -> None:
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(style.LARGE, style.MEDIUM, style.LARGE, style.MEDIUM)
        inside.setSpacing(style.SMALL)
        inside.addWidget(label("The office's own bank account", "heading"))
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(self.bank)
        row.addStretch(1)
        row.addWidget(self.record)
        row.addWidget(self.reveal)
        inside.addLayout(row)
        inside.addWidget(self.bank_words)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        for part in (self.heading, self.words, self.typed):
            box.addWidget(part)
        for action in (self.make, self.read, self.sheet):
            box.addWidget(action, alignment=Qt.AlignmentFlag.AlignLeft)
        box.addSpacing(style.LARGE)
        box.addWidget(card)
        box.addStretch(1)

    def refresh(self) -> None:
        """Read how it stands."""

        def work(session: Session) -> _Shown:
            from app.keystore import open_key_store

            state = officekey.key_state(session, open_key_store())
            return _Shown(state, bank_numbers.mask(session), bank_numbers.how_many(session))

        self.workplace.tasks.read(work, self._show, owner=self, name="keys", otherwise=self._refuse)

    def _show(self, shown: _Shown) -> None:
        state = shown.state
        what = "Bank account numbers in the books are encrypted with it."
        if not state.is_made:
            heading, role = "The office has no key yet", "heading"
            words = f"{what} It is made here once, and then kept in {state.place}. Print its recovery sheet at once."
        elif not state.is_here:
            heading, role = "This PC does not have the office's key", "warning"
            words = f"{what} Type it from the recovery sheet; it is then kept in {state.place}. All else works without."
        else:
            heading, role = "The office's key is on this PC", "heading"
            words = f"{what} It is kept in {state.place}. If this PC is lost, only the recovery sheet can bring it back."
        self.heading.setText(heading)
        set_role(self.heading, role)
        self.words.setText(words)
        self.make.setVisible(not state.is_made)
        for part in (self.typed, self.read):
            part.setVisible(state.is_made and not state.is_here)
        self.sheet.setVisible(state.is_here)
        self.bank.setText(shown.own or "none on file")
        self.record.setEnabled(state.is_here)
        self.reveal.setEnabled(state.is_here and bool(shown.own))
        customers = shown.how_many - bool(shown.own)
        self.bank_words.setText(
            f"Its last four digits are shown, and printed on deposit tickets. Customers' accounts on file: {customers:,}."
        )

    def make_key(self) -> None:
        """Make the office's key on this PC."""
        desk = self.workplace.desk()

        def work(session: Session) -> None:
            from app.keystore import open_key_store

            officekey.make_key(session, desk, open_key_store())

        said = "The key is made. Print its recovery sheet now, and lock it away."
        self._write(work, said)

    def enter_key(self) -> None:
        """Read the key that was typed; a mistake is named and what was typed stays."""
        typed = self.typed.toPlainText()

        def work(session: Session) -> None:
            from app.keystore import open_key_store

            officekey.enter_key(session, open_key_store(), typed)

        self._write(work, "This PC knows the office's key now.")

    def _write(self, work: Callable[[Session], None], said: str) -> None:
        for action in (self.make, self.read):
            action.setEnabled(False)

        def done(_none: object) -> None:
            for action in (self.make, self.read):
                action.setEnabled(True)
            self.typed.clear()
            self.workplace.say(said)

        self.workplace.tasks.write(work, done, owner=self, accounts=(), otherwise=self._refuse)

    def _refuse(self, error: UserError) -> None:
        for action in (self.make, self.read):
            action.setEnabled(True)
        self.workplace.refuse(error)
        point_at(self, "office", error)
