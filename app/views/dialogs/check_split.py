"""One check for several accounts: a part a line, until nothing is left of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import checkdesk
from app.services.checkdesk import DeskAccount
from app.views import style
from app.views.account_edit import AccountEdit
from app.views.checks_account import payment_words
from app.views.checks_draft import Part
from app.views.dialog import WIDER, FormDialog
from app.views.fields import MoneyEdit, button, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace


class SplitDialog(FormDialog):
    """Gathers parts that add up to `cents`. Nothing is written here: `parted(parts)` hands them to the form.

    `parting(parts)` after each line, so that they are kept while they are typed.
    """

    parted = Signal(tuple)
    parting = Signal(tuple)

    def __init__(self, workplace: Workplace, cents: int, parts: Sequence[Part] = (), parent: QWidget | None = None) -> None:
        super().__init__(workplace, "split", "Split the check over accounts", "&Use this split", parent)
        self.cents = cents
        self.parts: list[Part] = list(parts)
        self._at_hand: DeskAccount | None = None
        self.left = label("", "heading")
        named(self.left, "split.left", "Left to split")
        self.account = AccountEdit(workplace, "split.account", "Account of this part")
        self.amount = MoneyEdit("split.amount", "Amount of this part", implied_cents=workplace.settings.implied_cents)
        self.add = button("A&dd", "split.add")
        self.words = label("", "quiet", wrap=True)
        named(self.words, "split.words", "What this part pays")
        self.table: Table[Part] = Table(
            "split.parts",
            "Parts of the check",
            (
                Column("Account", lambda part: part.name, width=0),
                Column("Part", lambda part: part.cents, money=True, width=12),
            ),
            sortable=False,
        )
        self.remove = button("&Remove", "split.remove")
        self._lay_out()
        self.account.picked.connect(self._read_account)
        self.account.waiting.connect(self.amount.setFocus)
        self.account.missed.connect(self.account.setFocus)
        self.account.returnPressed.connect(self.amount.setFocus)
        self.amount.returnPressed.connect(self._add)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        # Enter adds a part; it uses the split only from the button itself.
        self.action.setDefault(False)
        self._show()
        self.account.setFocus()

    def _lay_out(self) -> None:
        self.body.insertWidget(0, self.left)
        part_row = QHBoxLayout()
        part_row.setSpacing(style.SMALL)
        part_row.addWidget(self.amount, 1)
        part_row.addWidget(self.add)
        self.add_row("&Account", self.account)
        self.form.addRow(label("&Part", buddy=self.amount), part_row)
        below = QVBoxLayout()
        below.addWidget(self.words)
        below.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.remove)
        below.addLayout(row)
        self.body.addLayout(below, 1)
        self.widen(WIDER)

    @property
    def left_cents(self) -> int:
        """What is on no account yet."""
        return self.cents - sum(part.cents for part in self.parts)

    def _show(self) -> None:
        self.table.show_rows(self.parts)
        left = self.left_cents
        state = "all of it is split" if left == 0 else f"{format_cents(left)} left to split"
        self.left.setText(f"Check for {format_cents(self.cents)}: {state}")
        self.action.setEnabled(left == 0 and len(self.parts) > 1)
        self.remove.setEnabled(bool(self.parts))

    def _read_account(self, account_id: int) -> None:
        on = self.workplace.on
        if self.account.hasFocus():
            self.amount.setFocus()
        self.tasks.read(
            lambda session: checkdesk.desk_account(session, account_id, on), self._suggest, owner=self, name="account"
        )

    def _suggest(self, account: DeskAccount) -> None:
        if account.card.id != self.account.account_id:
            return
        self._at_hand = account
        part = min(self.left_cents, account.card.balance_cents) if account.card.balance_cents > 0 else self.left_cents
        if not self.amount.text().strip() and part > 0:
            self.amount.set_cents(part)
            self.amount.selectAll()
        preview = checkdesk.preview(account, max(part, 0))
        self.words.setText(f"{account.standing.sentence} {payment_words(account, max(part, 0), preview)}")

    def _add(self) -> None:
        self.refusal.hide()
        try:
            part = self._typed()
        except UserError as error:
            self.refusal.setText(error.message)
            self.refusal.show()
            return
        self.parts.append(part)
        self.account.set_account(None)
        self.amount.set_cents(None)
        self.words.clear()
        self._show()
        self.parting.emit(tuple(self.parts))
        (self.action if self.action.isEnabled() else self.account).setFocus(Qt.FocusReason.TabFocusReason)

    def _typed(self) -> Part:
        account_id, cents = self.account.required_account(), self.amount.required_cents("The part")
        if cents <= 0:
            raise UserError("A part must be more than zero.", field="split.amount")
        if cents > self.left_cents:
            raise UserError(f"Only {format_cents(self.left_cents)} of the check is left.", field="split.amount")
        if any(part.account_id == account_id for part in self.parts):
            raise UserError("This account has a part already; remove that one to change it.", field="split.account")
        return Part(account_id, self.account.text(), cents)

    def _remove(self) -> None:
        place = self.table.currentIndex().row()
        if 0 <= place < len(self.parts):
            del self.parts[place]
            self._show()
            self.parting.emit(tuple(self.parts))
        self.account.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The action waits for the parts here, not for an answer: Escape may always leave, the parts are kept.
        if event.key() == Qt.Key.Key_Escape:
            self.reject()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.action.hasFocus():
                self.press()
        else:
            super().keyPressEvent(event)

    def submit(self) -> None:
        self.parted.emit(tuple(self.parts))
        self.accept()
