"""The list of a hundred thousand accounts: only the rows in view are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.services import accountlist
from app.services.accountlist import AccountRow
from app.services.explaining import payment_kind
from app.views.account_fit import FitColumns
from app.views.table import Table
from app.views.table_model import Column, RowsModel
from app.views.workplace import Workplace

PAGE = 100
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
    ("balance", Column("Balance", lambda row: row.balance_cents, money=True, width=12)),
    (
        "past_due",
        Column(
            "Past due",
            lambda row: row.past_due_cents or None,
            money=True,
            width=12,
            signal=lambda row: "bad" if row.past_due_cents else "",
        ),
    ),
    ("since", Column("Since", lambda row: row.past_due_since, width=13)),
    ("delivery", Column("Statement", lambda row: "E-mail" if row.delivery == "email" else "Paper", width=12)),
    ("autopay", Column("Auto-pay", autopay_words, width=15, tip=lambda row: row.method_label or autopay_words(row))),
    ("", Column("Next bill", lambda row: row.next_bill_on, width=13)),
)


class AccountsModel(RowsModel[AccountRow]):
    """Accounts by their ids; a row is empty until it has been read. `page_wanted(first place)` asks for rows.

    `order_wanted(order, descending)`: a column's title was chosen.
    """

    page_wanted = Signal(int)
    order_wanted = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__([column for _, column in COLUMNS])
        self.ids: tuple[int, ...] = ()
        self._known: dict[int, AccountRow] = {}
        self._asked: set[int] = set()

    def show_ids(self, ids: tuple[int, ...]) -> None:
        """Show these accounts; rows known of an earlier reading are not kept."""
        self.beginResetModel()
        self.ids = ids
        self._known.clear()
        self._asked.clear()
        self.endResetModel()

    def fill(self, rows: Sequence[AccountRow], first: int) -> None:
        """The rows of a page that was asked for."""
        self._known.update((row.id, row) for row in rows)
        last = min(first + PAGE, len(self.ids)) - 1
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def known(self, place: int) -> AccountRow | None:
        """The row at a place, if it has been read; it is asked for otherwise."""
        if not 0 <= place < len(self.ids):
            return None
        row = self._known.get(self.ids[place])
        first = place - place % PAGE
        if row is None and first not in self._asked:
            self._asked.add(first)
            self.page_wanted.emit(first)
        return row

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.known(index.row()) if index.isValid() else None
        if row is None:
            return None
        return self.cell(self.columns[index.column()], row, role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """The books put the rows in order, not the list."""
        by = COLUMNS[column][0] if 0 <= column < len(COLUMNS) else ""
        self.order_wanted.emit(by, order == Qt.SortOrder.DescendingOrder)


class AccountsTable(Table[AccountRow]):
    """The list. `opened(account id)` by Enter or a double click; `typed(text)` when letters are typed into it."""

    opened = Signal(int)
    typed = Signal(str)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        self.accounts = AccountsModel()
        super().__init__("accounts.list", "Accounts", self.accounts.columns, workplace.settings, parent, model=self.accounts)
        self.accounts.setParent(self)
        self.fit = FitColumns(self, ("Statement", "Next bill", "Auto-pay", "Since", "Status"))
        self.workplace = workplace
        self._on = workplace.on
        self.accounts.page_wanted.connect(self._read_page)
        self.doubleClicked.disconnect()
        self.doubleClicked.connect(lambda _index: self.open_current())

    def show_accounts(self, ids: tuple[int, ...], on: date) -> None:
        """Show these accounts; the cursor stays on its account, or where it was."""
        was, place = self.current_id(), max(self.currentIndex().row(), 0)
        self._on = on
        self.accounts.show_ids(ids)
        if ids:
            self.selectRow(ids.index(was) if was in ids else min(place, len(ids) - 1))

    def current_id(self) -> int | None:
        """The account under the cursor."""
        place = self.currentIndex().row()
        return self.accounts.ids[place] if 0 <= place < len(self.accounts.ids) else None

    def current_row(self) -> AccountRow | None:
        return self.accounts.known(self.currentIndex().row())

    def marked_rows(self) -> list[AccountRow]:
        row = self.current_row()
        return [] if row is None else [row]

    def open_current(self) -> None:
        """Go to the account under the cursor."""
        if (account_id := self.current_id()) is not None:
            self.opened.emit(account_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        self.typed.emit(search)

    def _read_page(self, first: int) -> None:
        ids, on = self.accounts.ids, self._on
        wanted = ids[first : first + PAGE]

        def shown(rows: list[AccountRow]) -> None:
            # Another choice may have been made since; its places are others.
            if self.accounts.ids is ids:
                self.accounts.fill(rows, first)

        self.workplace.tasks.read(partial(accountlist.account_rows, ids=wanted, on=on), shown, owner=self)
