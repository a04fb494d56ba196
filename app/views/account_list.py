"""The list of a hundred thousand accounts: only the rows in view are read."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.services import accountlist
from app.services.accountlist import AccountRow
from app.services.explaining import payment_kind
from app.views.paged_table import PagedModel, PagedTable
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

_SIGNALS = {"suspended": "warning", "closed": "quiet"}


def status_word(status: str) -> str:
    """`Active`, `Suspended`, `Closed`."""
    return status.capitalize()


def autopay_words(row: AccountRow) -> str:
    """The method of auto-pay, and whether its form is missing."""
    if row.autopay == "none":
        return ""
    return payment_kind(row.autopay) + ("" if row.authorized_on else ", no form")


# Each column with the order of the service that its title sorts by; no order: it cannot be sorted.
COLUMNS: tuple[tuple[str, Column[AccountRow]], ...] = (
    ("number", Column("Account", lambda row: row.number, width=10)),
    ("name", Column("Name", lambda row: row.name, width=0)),
    (
        "status",
        Column("Status", lambda row: status_word(row.status), width=13, signal=lambda row: _SIGNALS.get(row.status, "")),
    ),
    ("balance", Column("Balance", lambda row: row.balance_cents, money=True, width=12, rank=0)),
    (
        "past_due",
        Column(
            "Past due",
            lambda row: row.past_due_cents or None,
            money=True,
            width=12,
            signal=lambda row: "bad" if row.past_due_cents else "",
            rank=1,
        ),
    ),
    ("since", Column("Since", lambda row: row.past_due_since, width=13, rank=3)),
    ("delivery", Column("Statement", lambda row: "E-mail" if row.delivery == "email" else "Paper", width=12, rank=6)),
    ("autopay", Column("Auto-pay", autopay_words, width=15, tip=lambda row: row.method_label or autopay_words(row), rank=4)),
    ("", Column("Next bill", lambda row: row.next_bill_on, width=13, rank=5)),
)


class AccountsModel(PagedModel[AccountRow]):
    """Accounts by their ids. `order_wanted(order, descending)`: a column's title was chosen."""

    order_wanted = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__([column for _, column in COLUMNS], may_change=True)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """The books put the rows in order, not the list."""
        by = COLUMNS[column][0] if 0 <= column < len(COLUMNS) else ""
        self.order_wanted.emit(by, order == Qt.SortOrder.DescendingOrder)


class AccountsTable(PagedTable[AccountRow]):
    """The list. `opened(account id)` by Enter or a double click."""

    opened = Signal(int)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        self.accounts = AccountsModel()
        super().__init__("accounts.list", "Accounts", self.accounts, workplace, parent)
        self._on = workplace.on
        self.doubleClicked.connect(lambda _index: self.open_current())

    def show_accounts(self, ids: tuple[int, ...], on: date) -> None:
        """Show these accounts; the cursor stays on its account, or where it was."""
        was, place = self.current_id(), max(self.currentIndex().row(), 0)
        self._on = on
        self.accounts.show_ids(ids)
        if ids:
            self.selectRow(ids.index(was) if was in ids else min(place, len(ids) - 1))

    def page_of(self, session: Session, ids: tuple[int, ...]) -> list[AccountRow]:
        return accountlist.account_rows(session, ids, self._on)

    def open_current(self) -> None:
        """Go to the account under the cursor."""
        if (account_id := self.current_id()) is not None:
            self.opened.emit(account_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        else:
            super().keyPressEvent(event)
