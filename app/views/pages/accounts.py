"""The list of accounts (F5): find one as you type, or choose by status, balance, delivery, auto-pay and policy."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit

from app.services import accountlist
from app.services.accountlist import MOST_TYPED, AccountFilter, AccountIds
from app.services.books import Session
from app.services.terms import policy_names
from app.views import style
from app.views.account_list import AccountsTable
from app.views.fields import button, label, named
from app.views.flow import FlowLayout
from app.views.page import Page
from app.views.rest_of_row import RestOfRow
from app.views.workplace import Workplace

# Long enough that a fast typist asks once for a word, short enough not to be noticed.
PAUSE_MS = 120
STATUSES = (("Any status", ""), ("Active", "active"), ("Suspended", "suspended"), ("Closed", "closed"))
BALANCES = (
    ("Any balance", ""),
    ("Owes something", "owes"),
    ("Past due", "past-due"),
    ("Past due over 30 days", "past-due-30"),
    ("Past due over 60 days", "past-due-60"),
    ("Past due over 90 days", "past-due-90"),
    ("Has credit", "credit"),
    ("Nothing owed", "settled"),
)
DELIVERIES = (("Any delivery", ""), ("By e-mail", "email"), ("On paper", "paper"))
AUTOPAYS = (
    ("Any payment", ""),
    ("No auto-pay", "none"),
    ("Card", "card"),
    ("E-Check", "echeck"),
    ("Bank draft", "bank-draft"),
)
WAITING = (
    ("Whatever waits", ""),
    ("Work to be performed", "work"),
    ("Processing fee due", "processing"),
    ("Form not signed", "form"),
)


POLICY_SHORT = {"isp-advance": "Internet", "membership-arrears": "Memberships"}


class FindEdit(QLineEdit):
    """The words to find; the arrows and page keys go to the list below, Escape empties it."""

    def __init__(self, target: AccountsTable) -> None:
        super().__init__()
        named(self, "accounts.find", "Find an account")
        self.setPlaceholderText("Name, number, phone, street, e-mail, payer or invoice")
        self.setClearButtonEnabled(True)
        self.target = target

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        if event.key() in (keys.Key_Down, keys.Key_Up, keys.Key_PageDown, keys.Key_PageUp):
            self.target.setFocus(Qt.FocusReason.OtherFocusReason)
            self.target.keyPressEvent(event)
        elif event.key() == keys.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
        else:
            super().keyPressEvent(event)


class AccountsPage(Page):
    """Filters above, the list below; Enter opens the account. What was chosen stays while the program runs."""

    key = "accounts"
    title = "Accounts"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._open_when_found = False
        self._is_looking = False
        self._order: tuple[str, bool] = ("", False)
        self.new_account = button("&New account…", "accounts.new", primary=True, tip="Open a new account (Ctrl+N)")
        self.new_account.clicked.connect(self.open_new_account)
        self.title_row.addWidget(self.new_account)
        self.table = AccountsTable(workplace)
        self.find_edit = FindEdit(self.table)
        self.status = self._choice("accounts.status", "Status", STATUSES)
        self.balance = self._choice("accounts.balance", "Balance", BALANCES)
        self.delivery = self._choice("accounts.delivery", "Delivery of statements", DELIVERIES)
        self.autopay = self._choice("accounts.autopay", "Auto-pay", AUTOPAYS)
        self.policy = self._choice("accounts.policy", "Policy", (("Any policy", ""),))
        self.waits = self._choice("accounts.waits", "What is waited for", WAITING)
        self.clear = button("C&lear", "accounts.clear", tip="Show all accounts again")
        self.clear.clicked.connect(self.show_all)
        self.count = label("", "quiet")
        named(self.count, "accounts.count", "How many accounts")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()

    def _choice(self, name: str, accessible: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        made = QComboBox()
        named(made, name, accessible)
        for text, value in choices:
            made.addItem(text, value)
        made.currentIndexChanged.connect(self.refresh)
        return made

    def _lay_out(self) -> None:
        words = QHBoxLayout()
        words.setSpacing(style.SMALL)
        words.addWidget(label("Find a&ccount", buddy=self.find_edit))
        words.addWidget(self.find_edit, 1)
        choices = FlowLayout()
        for choice in self.choices:
            choices.addWidget(choice)
        choices.addWidget(self.clear)
        self.body.addLayout(words)
        self.body.addLayout(choices)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(RestOfRow(self.table))
        self.body.addWidget(self.count)
        self.setTabOrder(self.new_account, self.find_edit)
        self.policy.hide()

    def _connect(self) -> None:
        self.find_edit.textEdited.connect(self._typed)
        self.find_edit.returnPressed.connect(self._open_found)
        self.table.opened.connect(self.workplace.open_account)
        self.table.typed.connect(self._typed_into_the_list)
        self.table.accounts.order_wanted.connect(self._put_in_order)
        self.shortcut("Ctrl+N", self.open_new_account)
        self.shortcut("Ctrl+F", self._focus_find)

    # Asking

    @property
    def chosen(self) -> AccountFilter:
        """What the inputs say."""
        return AccountFilter(
            self.find_edit.text(),
            self.status.currentData(),
            self.balance.currentData(),
            self.delivery.currentData(),
            self.policy.currentData(),
            self.autopay.currentData(),
            self.waits.currentData(),
        )

    @property
    def choices(self) -> tuple[QComboBox, ...]:
        """The inputs that narrow the list, in their order."""
        return (self.status, self.balance, self.delivery, self.autopay, self.policy, self.waits)

    def refresh(self) -> None:
        """Read which accounts fit; their rows follow as they come into view."""
        chosen, on, (order, descending) = self.chosen, self.workplace.on, self._order
        self._pause.stop()
        self._is_looking = True

        def look(session: Session) -> tuple[AccountIds, list[str]]:
            found = accountlist.account_ids(session, chosen, on, order, descending=descending)
            return found, policy_names(session)

        self.tasks.read(look, partial(self._show, chosen), owner=self, name="ids")

    def _show(self, chosen: AccountFilter, answer: tuple[AccountIds, list[str]]) -> None:
        found, policies = answer
        self._is_looking = False
        self._show_policies(policies)
        self.table.show_accounts(found.ids, self.workplace.on)
        self.count.setText(_counted(found, chosen))
        self.clear.setEnabled(chosen != AccountFilter())
        if self._open_when_found:
            self._open_when_found = False
            self.table.open_current()

    def _show_policies(self, policies: list[str]) -> None:
        """The choice of a policy, once there is more than one."""
        self.policy.setVisible(len(policies) > 1)
        known = [self.policy.itemData(n) for n in range(1, self.policy.count())]
        for name in policies:
            if name not in known:
                self.policy.addItem(POLICY_SHORT.get(name, name), name)

    def _typed(self) -> None:
        self._is_looking = True
        # What was found before was not asked for by these words.
        self.table.setCurrentIndex(self.table.accounts.index(0, 0))
        self._pause.start()

    def _open_found(self) -> None:
        """Enter in the find line opens the first that fits, also when it has not been found yet."""
        if self._is_looking:
            self._open_when_found = True
            if self._pause.isActive():
                self.refresh()
        else:
            self.table.open_current()

    def _typed_into_the_list(self, text: str) -> None:
        self.find_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.find_edit.setText(self.find_edit.text() + text)
        self._typed()

    def _put_in_order(self, order: str, descending: bool) -> None:
        if self._order != (order, descending):
            self._order = (order, descending)
            if self.isVisible():
                self.refresh()

    # Doing

    def show_all(self) -> None:
        """Take every choice back."""
        self._take_back()
        self.refresh()
        self._focus_find()

    def _take_back(self) -> None:
        self.find_edit.clear()
        for choice in self.choices:
            with QSignalBlocker(choice):
                choice.setCurrentIndex(0)

    def open_new_account(self) -> None:
        """The dialog that opens an account; it then goes to its page."""
        from app.views.dialogs.account_actions import open_new_account

        open_new_account(self.workplace, self)

    def arrive(self, **where: Any) -> None:
        """`status`, `balance`, `waits`: show those; `typed`: find that. Without any the choices stay as they were.

        With one, what was chosen and typed before is taken back: it would hide some of those that are asked for.
        """
        named_choices = {"status": self.status, "balance": self.balance, "waits": self.waits}
        if "typed" in where or not named_choices.keys().isdisjoint(where):
            self._take_back()
            for name, choice in named_choices.items():
                if name in where:
                    choice.setCurrentIndex(max(choice.findData(where[name]), 0))
            self.find_edit.setText(str(where.get("typed", "")))
            self.refresh()
        self._focus_find()

    def _focus_find(self) -> None:
        self.find_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.find_edit.selectAll()


def _counted(found: AccountIds, chosen: AccountFilter) -> str:
    count = len(found.ids)
    if not count and chosen == AccountFilter():
        return "No accounts yet: open the first one with New account (Ctrl+N), or import a list of customers."
    if not count:
        return "No account fits. Change the words or the choices, or press Clear to see all accounts."
    accounts = f"{count:,} account{'' if count == 1 else 's'}"
    if found.cut_off:
        return f"{accounts} of the first {MOST_TYPED:,} that fit; type more to narrow it down."
    return f"{accounts}. Enter opens the account."
