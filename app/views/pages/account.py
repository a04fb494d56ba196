"""One account: how it stands, its figures, its lists, why each line is there, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QTabBar, QWidget

from app.services import asof, status
from app.services.asof import AsOf
from app.services.books import Session
from app.services.history import PaymentLine
from app.services.nextbill import NextBill
from app.services.notes import NoteRow, account_notes
from app.services.status import AccountPage as Facts
from app.services.whatif import next_bill
from app.views import style
from app.views.account_explain import ExplainPane
from app.views.account_head import AccountHead
from app.views.account_lines import InvoiceLine, LedgerLine, PlainLine, Shown
from app.views.account_tabs import AccountTab, make_specs, member_spec
from app.views.fields import button, named
from app.views.page import Page
from app.views.workplace import Workplace

_INVOICES, _PAYMENTS, _SERVICES, _NOTES = 1, 2, 4, 8
# What the page can be opened at, and in which list that stands.
_KINDS = {"invoice": _INVOICES, "check": _PAYMENTS, "payment": _PAYMENTS, "note": _NOTES}


class _Answer(NamedTuple):
    """One reading of the account, and the payment of a check that the page was opened for."""

    account_id: int
    facts: Facts
    notes: tuple[NoteRow, ...]
    payment_id: int | None


class AccountPage(Page):
    """The page of an account. Alt or Ctrl with a number shows a list; the pane beside it explains the line."""

    key = "account"
    title = "Account"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.account_id: int | None = None
        self.shown: Shown | None = None
        self._wanted: tuple[str, int] | None = None
        self._is_new = True
        self.what_if = button(
            "What &if…", "account.what-if", tip="What if it pays, cancels or makes an arrangement? (Ctrl+I)"
        )
        self.actions_button = button("&Actions", "account.actions", primary=True, tip="All that can be done on this account")
        self.menu = QMenu(self)
        named(self.menu, "account.menu", "Actions")
        self.actions_button.setMenu(self.menu)
        self.title_row.addWidget(self.what_if)
        self.title_row.addWidget(self.actions_button)
        self.head = AccountHead(workplace)
        self.bar = QTabBar()
        named(self.bar, "account.tabs", "Lists of this account")
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.stack = QStackedWidget()
        self.tabs = [AccountTab(spec, workplace.settings) for spec in make_specs(lambda: self.shown)]
        # A member's page lists the membership where others list their services.
        self._services = self.tabs[_SERVICES]
        self._membership = AccountTab(member_spec(), workplace.settings)
        self.explain = ExplainPane()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for number, tab in enumerate(self.tabs, start=1):
            self.bar.addTab(f"{number % 10} {tab.spec.title}")
            self.bar.setTabToolTip(number - 1, f"{tab.spec.title} (Alt+{number % 10})")
            self.stack.addWidget(tab)
        row = QHBoxLayout()
        row.setSpacing(style.MEDIUM)
        row.addWidget(self.stack, 7)
        row.addWidget(self.explain, 3)
        self.body.addWidget(self.head)
        self.body.addWidget(self.bar)
        self.body.addLayout(row, 1)
        order: list[QWidget] = [self.what_if, self.actions_button, self.head.days.day, self.head.days.slider]
        order += [self.head.days.present, self.bar, *(tab.table for tab in self.tabs), self.explain]
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

    def _connect(self) -> None:
        self.bar.currentChanged.connect(self._tab_chosen)
        for tab in (*self.tabs, self._membership):
            tab.table.current.connect(partial(self._explain, tab))
            tab.table.chosen.connect(partial(self._chosen, tab))
        for number in range(1, len(self.tabs) + 1):
            for keys in (f"Alt+{number % 10}", f"Ctrl+{number % 10}"):
                self.shortcut(keys, partial(self.show_tab, number - 1))
        self.head.days.chosen.connect(self._day_chosen)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.what_if.clicked.connect(self.open_what_if)
        self.shortcut("Ctrl+I", self.open_what_if)
        self._action_keys()

    # Reading

    def arrive(self, **where: Any) -> None:
        """`account_id`: which one; `kind` (one of _KINDS) and `document` (its id): the line for the cursor."""
        account_id = where.get("account_id", self.account_id)
        if account_id is None:
            self.workplace.go("accounts")
            return
        if account_id != self.account_id:
            self.account_id, self.shown, self._is_new = account_id, None, True
        kind = where.get("kind")
        self._wanted = (str(kind), int(where["document"])) if kind in _KINDS else None
        if self._wanted is not None:
            # What is looked for may not have been there on the earlier day that is shown.
            self.head.days.to_present()
        self._is_stale = False
        self.refresh()
        self._focus_list()

    def concerns(self, accounts: frozenset[int] | None) -> bool:
        return accounts is None or self.account_id in accounts

    def refresh(self) -> None:
        """Read the account whole; tab, cursor and the day shown stay."""
        if self.account_id is None:
            return
        account_id, on, wanted = self.account_id, self.workplace.on, self._wanted

        def read(session: Session) -> _Answer:
            facts = status.account_page(session, account_id, on)
            check = wanted[1] if wanted is not None and wanted[0] == "check" else None
            payment_id = None if check is None else status.payment_of_check(session, account_id, check)
            return _Answer(account_id, facts, tuple(account_notes(session, account_id)), payment_id)

        self.tasks.read(read, self._show, owner=self, name="account")

    def _show(self, answer: _Answer) -> None:
        facts = answer.facts
        card = facts.card
        self.heading.setText(card.name)
        state = "" if card.status == "active" else f", {card.status}"
        self.setAccessibleName(f"Account {card.number}, {card.name}{state}")
        self.head.days.show_range(card.opened_on, keep=not self._is_new)
        self.shown = Shown(facts, answer.notes, self.workplace.on)
        self.head.show_page(facts)
        self._show_tabs()
        if self._is_new:
            self._is_new = False
            self.show_tab(0)
            for tab in self.tabs:
                tab.to_top()
        if not self.head.days.is_present:
            self._read_day(self.head.days.current_day)
        if facts.next_bill is not None and not facts.next_bill.complete:
            self._read_next_bill()
        self._go_to_wanted(answer.payment_id)

    def _show_tabs(self) -> None:
        assert self.shown is not None
        self._put_in_place(self._services if self.shown.page.member is None else self._membership)
        for number, tab in enumerate(self.tabs):
            tab.show_rows(self.shown)
            count = len(tab.table.rows_model.rows)
            self.bar.setTabText(
                number, f"{(number + 1) % 10} {tab.spec.title}" + (f" ({count})" if count and number > 3 else "")
            )
        self._explain_current()

    def _put_in_place(self, wanted: AccountTab) -> None:
        before = self.tabs[_SERVICES]
        if before is wanted:
            return
        is_shown = self.stack.currentIndex() == _SERVICES
        self.stack.removeWidget(before)
        before.hide()
        self.stack.insertWidget(_SERVICES, wanted)
        self.tabs[_SERVICES] = wanted
        self.bar.setTabToolTip(_SERVICES, f"{wanted.spec.title} (Alt+{_SERVICES + 1})")
        if is_shown:
            self.stack.setCurrentIndex(_SERVICES)

    def _go_to_wanted(self, payment_id: int | None) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        kind, document = wanted
        number = _KINDS[kind]
        line = payment_id if kind == "check" else document
        if self.tabs[number].put_cursor(line):
            self.show_tab(number)

    def _read_next_bill(self) -> None:
        """A change is carried out before the next bill: a trial run tells its amount, and is taken back."""
        account_id, desk = self.account_id, self.workplace.desk()
        assert account_id is not None
        self.tasks.run(
            "Next bill",
            lambda books, _progress, _cancelled: next_bill(books, desk, account_id),
            partial(self._show_next_bill, account_id),
            owner=self,
            writes=False,
            # A long run holds the books: the amount stays open until the page is read again, which nobody waits for.
            otherwise=lambda _error: None,
        )

    def _show_next_bill(self, account_id: int, bill: NextBill | None) -> None:
        if self.shown is None or account_id != self.account_id:
            return
        self.shown = self.shown._replace(page=self.shown.page._replace(next_bill=bill))
        if self.shown.then is None:
            self.head.figures.show_page(self.shown.page)
        self._show_tabs()

    # As of a day

    def _day_chosen(self, day: date | None) -> None:
        if day is not None:
            self._read_day(day)
        elif self.shown is not None:
            self.shown = self.shown._replace(then=None)
            self.head.show_page(self.shown.page)
            self._show_tabs()

    def _read_day(self, day: date) -> None:
        account_id = self.account_id
        assert account_id is not None
        self.tasks.read(
            lambda session: asof.account_as_of(session, account_id, day),
            partial(self._show_day, account_id),
            owner=self,
            name="as of",
        )

    def _show_day(self, account_id: int, then: AsOf) -> None:
        if self.shown is None or account_id != self.account_id or self.head.days.is_present:
            return
        self.shown = self.shown._replace(then=then)
        self.head.show_as_of(then, self.shown.page)
        self._show_tabs()

    # Lists

    def show_tab(self, number: int) -> None:
        """Show one of the lists, with the cursor in it."""
        self.bar.setCurrentIndex(number)
        self._tab_chosen(number)
        self._focus_list()

    def _focus_list(self) -> None:
        """The cursor in the list, or on its title while the list is empty and cannot be seen."""
        tab = self.tabs[self.bar.currentIndex()]
        (tab.table if tab.has_rows else self.bar).setFocus()

    def _tab_chosen(self, number: int) -> None:
        self.stack.setCurrentIndex(number)
        self._explain_current()

    def _explain_current(self) -> None:
        tab = self.tabs[self.bar.currentIndex()]
        self._explain(tab, tab.table.current_row())

    def _explain(self, tab: AccountTab, row: object) -> None:
        if tab is not self.tabs[self.bar.currentIndex()]:
            return
        self.explain.explain(None if row is None or self.shown is None else tab.spec.explain(self.shown, row))

    def _chosen(self, tab: AccountTab, row: object) -> None:
        """Enter: a ledger line opens its document, a payment its menu; others put the cursor into the explanation."""
        if isinstance(row, LedgerLine):
            kind, _, number = row.row.document.partition(" ")
            target = {"invoice": _INVOICES, "credit": _PAYMENTS, "payment": _PAYMENTS}.get(kind)
            if target is not None and self.tabs[target].put_cursor(int(number)):
                self.show_tab(target)
                return
        if isinstance(row, PaymentLine) and row.state in ("posted", "returned", "charged-back"):
            self._payment_menu(tab, row)
            return
        if isinstance(row, InvoiceLine | PlainLine | LedgerLine | PaymentLine):
            self.explain.setFocus()

    # Doing

    def _payment_menu(self, tab: AccountTab, payment: PaymentLine) -> None:
        from app.views.dialogs import account_actions

        menu = QMenu(self)
        named(menu, "account.payment-menu", "What happened to this payment")
        if payment.state == "posted":
            first = menu.addAction("It came &back from the bank…")
            first.triggered.connect(lambda: account_actions.open_return_payment(self.workplace, payment.id, self))
            wrong = menu.addAction("It was &keyed by mistake…")
            wrong.triggered.connect(lambda: account_actions.open_reverse_payment(self.workplace, payment.id, self))
        else:
            first = menu.addAction("The &letter about it")
            first.triggered.connect(lambda: account_actions.open_returned_letter(self.workplace, payment.id, self))
            if payment.taken_back_on is None:
                wrong = menu.addAction("The return was wrong: &take it back…")
                wrong.triggered.connect(lambda: account_actions.open_return_back(self.workplace, payment.id, self))
            why = menu.addAction("Wh&y, and what it cost")
            why.triggered.connect(self.explain.setFocus)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.setActiveAction(first)
        corner = tab.table.visualRect(tab.table.currentIndex()).bottomLeft()
        menu.popup(tab.table.viewport().mapToGlobal(QPoint(max(corner.x(), 0), corner.y())))

    def _fill_menu(self) -> None:
        from app.views.dialogs.account_actions import actions_of

        self.menu.clear()
        if self.shown is None:
            return
        for action in actions_of(self.shown.page, self.shown.on):
            made = self.menu.addAction(action.title + (f"\t{action.keys}" if action.keys else ""))
            made.setObjectName(f"account.menu.{action.key}")
            made.triggered.connect(partial(self.do, action.key))

    def _action_keys(self) -> None:
        from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS

        for action in (*ACTIONS, *FOR_MEMBERS):
            if action.keys:
                self.shortcut(action.keys, partial(self.do, action.key))

    def do(self, key: str, *_checked: object) -> None:
        """Open the dialog of an action, if this account is offered it."""
        from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS, actions_of

        if self.shown is None or self.account_id is None:
            return
        for action in actions_of(self.shown.page, self.shown.on):
            if action.key == key:
                action.open(self.workplace, self.account_id, self)
                return
        title = next(action.title for action in (*ACTIONS, *FOR_MEMBERS) if action.key == key)
        title = title.replace("&", "").rstrip("…")
        self.workplace.say(f"{title} is not possible on this account as it stands.", "warning")

    def commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """What Ctrl+K offers of this page: everything in its menu."""
        from app.views.dialogs.account_actions import actions_of

        if self.shown is None:
            return []
        name = self.shown.page.card.name
        return [
            (f"{action.title.replace('&', '').rstrip('…')} ({name})", action.keys, partial(self.do, action.key))
            for action in actions_of(self.shown.page, self.shown.on)
        ]

    def open_what_if(self) -> None:
        """What if it pays, cancels, makes an arrangement (Ctrl+I)."""
        if self.shown is None:
            return
        from app.views.account_whatif import WhatIfDialog

        dialog = WhatIfDialog(self.workplace, self.shown.page.card, self)
        dialog.open()
