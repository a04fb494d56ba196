"""The row of a check as it is typed: account, amount, number, date written, from the customer's bank or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.views import style
from app.views.account_edit import AccountEdit
from app.views.checks_draft import Entry, Part
from app.views.fields import DayEdit, MoneyEdit, button, label, mark_wrong, named, set_role
from app.views.workplace import Workplace

QUICK = "checks/enter-posts-from-number"
_TAB = Qt.FocusReason.TabFocusReason


class EntryForm(QFrame):
    """Enter goes on to the next input; in the last one it posts (`wanted`). Nothing here reads the books.

    `changed()` when anything typed is another; `account_changed()` when another account was picked, or none;
    `number_left()` when account, amount and number may be looked up as a look-alike.
    """

    changed = Signal()
    account_changed = Signal()
    number_left = Signal()
    wanted = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.setProperty("role", "card")
        self._kept = Entry()
        self.account = AccountEdit(workplace, "checks.account", "Account")
        self.amount = MoneyEdit("checks.amount", "Amount", implied_cents=workplace.settings.implied_cents)
        self.number = QLineEdit()
        named(self.number, "checks.number", "Check number")
        self.number.setMaxLength(40)
        self.dated = DayEdit("checks.dated", "Date written on the check", workplace.on)
        self.bank = QCheckBox("Sent by their &bank")
        named(self.bank, "checks.bank", "Sent by the customer's bank")
        self.post = button("&Post", "checks.post", primary=True, tip="Post the check (Enter in the last input, Ctrl+Enter)")
        self.split = button("&Split…", "checks.split", tip="One check for several accounts (Ctrl+T)")
        self.aside = button("&Hold or send back…", "checks.aside", tip="A check that cannot be posted (Ctrl+H)")
        self.clear = button("Cl&ear", "checks.clear", tip="Take away what is typed here")
        self.quick = QCheckBox("Enter posts from the check number (&quick)")
        named(self.quick, "checks.quick", "Enter posts from the check number, without date and bank")
        self.quick.setChecked(workplace.settings.flag(QUICK))
        self.said = label("", "quiet", wrap=True)
        named(self.said, "checks.said", "Last check")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.SMALL)
        grid.setVerticalSpacing(style.TIGHT)
        columns: list[tuple[str, QWidget, int]] = [
            ("&Account", self.account, 0),
            ("A&mount", self.amount, 13),
            ("Check &no.", self.number, 12),
            ("Date &written", self.dated, 12),
        ]
        character = self.fontMetrics().averageCharWidth()
        for place, (text, control, width) in enumerate(columns):
            grid.addWidget(label(text, buddy=control), 0, place)
            grid.addWidget(control, 1, place)
            if width:
                control.setFixedWidth(character * width + 2 * style.LARGE)
        grid.addWidget(self.bank, 1, 4)
        grid.addWidget(self.post, 1, 5)
        grid.setColumnStretch(0, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addWidget(self.split)
        buttons.addWidget(self.aside)
        buttons.addWidget(self.clear)
        buttons.addStretch(1)
        buttons.addWidget(self.quick)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.MEDIUM, style.LARGE, style.MEDIUM)
        box.setSpacing(style.SMALL)
        box.addLayout(grid)
        box.addLayout(buttons)
        order = [self.account, self.amount, self.number, self.dated, self.bank, self.post]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        for edit in (self.account, self.amount, self.number, self.dated):
            edit.textEdited.connect(lambda _text: self.changed.emit())
        for edit in (self.account, self.amount, self.number):
            edit.textEdited.connect(lambda _text: self._forget_force())
        self.number.textEdited.connect(lambda _text: mark_wrong(self.number, wrong=False))
        self.amount.changed.connect(self.changed)
        self.dated.changed.connect(self.changed)
        self.bank.toggled.connect(lambda _on: self.changed.emit())
        self.account.picked.connect(self._picked)
        self.account.cleared.connect(self._account_typed_over)
        self.account.waiting.connect(lambda: self._go(self.amount))
        self.account.missed.connect(lambda: self._go(self.account))
        self.account.returnPressed.connect(lambda: self._go(self.amount) if self.account.account_id else None)
        self.amount.returnPressed.connect(self._amount_done)
        self.number.returnPressed.connect(self._number_done)
        self.number.editingFinished.connect(self.number_left)
        self.dated.returnPressed.connect(self._date_done)
        self.bank.installEventFilter(self)
        self.post.clicked.connect(self.wanted)
        self.quick.toggled.connect(lambda on: self.workplace.settings.put(QUICK, on))

    # What stands here

    def entry(self) -> Entry:
        """What is typed, as it stands."""
        return replace(
            self._kept,
            account_id=self.account.account_id,
            account=self.account.text(),
            amount=self.amount.text(),
            number=self.number.text(),
            dated=self.dated.text(),
            via_bank=self.bank.isChecked(),
        )

    def show_entry(self, entry: Entry) -> None:
        """Put a check into the form; what stood there is forgotten."""
        self._kept = entry
        self.account.set_account(entry.account_id, entry.account)
        for edit, text in ((self.amount, entry.amount), (self.number, entry.number), (self.dated, entry.dated)):
            edit.setText(text)
            mark_wrong(edit, wrong=False)
        self.bank.setChecked(entry.via_bank)
        logged = entry.mail_check_id is not None
        self.amount.setReadOnly(logged and not entry.can_change)
        self.number.setReadOnly(logged and not entry.can_change)
        self.dated.setReadOnly(logged)
        self.bank.setEnabled(not logged)
        self.changed.emit()
        self.account_changed.emit()

    def keep(self, **known: Any) -> None:
        """Change what the check has beside its inputs: `picked`, `parts`, `force`, `why_changed`."""
        self._kept = replace(self.entry(), **known)
        self.changed.emit()

    def set_parts(self, parts: tuple[Part, ...]) -> None:
        """Split the check over accounts; the account's input then names them."""
        self.keep(parts=parts, picked=())
        names = ", ".join(part.name for part in parts)
        self.account.set_account(parts[0].account_id if parts else None, f"Split: {names}" if parts else "")
        self.changed.emit()
        self.account_changed.emit()

    def cents(self) -> int | None:
        """The amount if it can be read, in cents."""
        marked = bool(self.amount.property("wrong"))
        try:
            return self.amount.cents()
        except UserError:
            mark_wrong(self.amount, wrong=marked)
            return None

    def checked(self) -> Entry:
        """What is typed, once it is fit to be posted. Raises UserError at the input that is not."""
        if not self.account.is_waiting:
            self.account.required_account()
        self._refuse_bad_amount()
        if not self.number.text().strip():
            mark_wrong(self.number, wrong=True)
            raise UserError("A check needs its number; it is printed at the top right.", field="checks.number")
        self.dated.day()
        entry = self.entry()
        parts, cents = sum(part.cents for part in entry.parts), self.amount.required_cents()
        if entry.parts and parts != cents:
            raise UserError(
                f"The parts add up to {format_cents(parts)}, the check is for {format_cents(cents)}; "
                "split it again (Ctrl+T).",
                field="checks.split",
            )
        return entry

    def written_on(self) -> date | None:
        """The date written on the check. Raises UserError when it is none."""
        return self.dated.day()

    def tell(self, text: str, role: str = "quiet") -> None:
        """Say something in the form's own line."""
        set_role(self.said, role)
        self.said.setText(text)
        self.said.setAccessibleDescription(text)

    def begin(self) -> None:
        """Put the cursor where the next check begins."""
        self._go(self.account)

    # From one input to the next

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.bank and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                self.wanted.emit()
                return True
        return super().eventFilter(watched, event)

    def _go(self, control: QWidget) -> None:
        control.setFocus(_TAB)
        if isinstance(control, QLineEdit):
            control.selectAll()

    def _picked(self, _account_id: int) -> None:
        hit = self.account.hits.current_hit()
        found_by = hit.by if hit is not None else ""
        # A mis-keyed account number can be an invoice's, or a part of a street: it must not pass unseen (BOTH-7).
        self.tell(f"Found by {found_by}, not by an account's number" if found_by else "", "warning" if found_by else "quiet")
        if self.account.hasFocus():
            self._go(self.amount)
        self.changed.emit()
        self.account_changed.emit()

    def _forget_force(self) -> None:
        """A reason for posting a look-alike was given for this very check (BOTH-5), not for what is typed now."""
        if self._kept.force:
            self._kept = replace(self._kept, force="")

    def _account_typed_over(self) -> None:
        self.keep(parts=(), picked=())
        self.account_changed.emit()

    def _refuse_bad_amount(self) -> None:
        cents = self.amount.required_cents()
        if cents <= 0:
            mark_wrong(self.amount, wrong=True)
            raise UserError("The amount of a check must be more than zero.", field="checks.amount")

    def _amount_done(self) -> None:
        if self._is_fit(self._refuse_bad_amount):
            self._go(self.number)

    def _number_done(self) -> None:
        self.workplace.put_right()
        if self.quick.isChecked() or self.dated.isReadOnly():
            self.wanted.emit()
        else:
            self._go(self.dated)

    def _date_done(self) -> None:
        if not self._is_fit(self.dated.day):
            return
        self._go(self.bank)

    def _is_fit(self, look: Callable[[], object]) -> bool:
        self.workplace.put_right()
        try:
            look()
        except UserError as error:
            self.workplace.refuse_input(error)
            return False
        return True
