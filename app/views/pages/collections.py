"""Collections (F9): who is past due, the suspension run, arrangements, re-activation fees, work to decide."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTabWidget

from app.services import pastdue
from app.services.arrangementlines import ArrangementLine
from app.services.pastdue import AgedAccount, Collections, ProposedFee, SuspendedAccount, UndecidedWork
from app.views.collections_forms import DecideWorkForm, ReactivationForm
from app.views.collections_lists import (
    ARRANGEMENT_COLUMNS,
    FEE_COLUMNS,
    SUSPENDED_COLUMNS,
    WORK_COLUMNS,
    ListTab,
    PastDueTab,
)
from app.views.collections_suspension import SuspensionTab
from app.views.fields import label, named
from app.views.page import Page
from app.views.workplace import Workplace

TABS = ("pastdue", "run", "suspended", "arrangements", "reactivation", "work")


AnyTab = (
    PastDueTab
    | SuspensionTab
    | ListTab[SuspendedAccount]
    | ListTab[ArrangementLine]
    | ListTab[ProposedFee]
    | ListTab[UndecidedWork]
)


class CollectionsPage(Page):
    """Six lists with their counts; each has its actions, and Enter opens the account."""

    key = "collections"
    title = "Collections"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.as_of = label("", "quiet")
        named(self.as_of, "collections.as-of", "Aged by")
        self.title_row.addWidget(self.as_of)
        self.tabs = QTabWidget()
        named(self.tabs, "collections.tabs", "Collections")
        self.past_due = PastDueTab(workplace)
        self.run = SuspensionTab(workplace)
        self.suspended = ListTab(
            workplace,
            "suspended",
            "S&uspended",
            "No account is suspended.",
            SUSPENDED_COLUMNS,
            "Restored the day the whole balance is paid, or an arrangement is made on the account's page.",
        )
        self.arrangements = ListTab(
            workplace,
            "arrangements",
            "&Arrangements",
            "No arrangement is running. Choose Arrange on the list of past-due accounts to agree dated instalments.",
            ARRANGEMENT_COLUMNS,
            "A kept arrangement protects from suspension and late fees; a broken one, or one that is over, does not.",
        )
        self.fees = ListTab(
            workplace,
            "reactivation",
            "Re-acti&vation fees",
            "No re-activation fee waits for a decision.",
            FEE_COLUMNS,
            "Proposed when a payment restores an account that was suspended again within a year.",
        )
        self.fees.add_action("Char&ge…", "charge", partial(self._decide_fee, charge=True), primary=True)
        self.fees.add_action("Wa&ive…", "waive", partial(self._decide_fee, charge=False))
        self.work = ListTab(
            workplace,
            "work",
            "&Work to decide",
            "No work waits for a decision.",
            WORK_COLUMNS,
            "Work that no rule covers, such as a home customer's repair at night: free, or billed with the next cycle?",
        )
        self.work.add_action("D&ecide…", "decide", self._decide_work, primary=True)
        self.past_due.add_action("Arra&nge…", "pastdue-arrange", self._arrange)
        self.past_due.add_action("Returned &item…", "pastdue-returned", self._returned)
        self.suspended.add_action("Arra&nge…", "suspended-arrange", self._arrange)
        self.arrangements.add_action("Arra&nge anew…", "arrangements-arrange", self._arrange)
        for listed in (self.past_due, self.suspended, self.arrangements, self.fees, self.work):
            listed.finish_actions()
        self._tabs: tuple[AnyTab, ...] = (self.past_due, self.run, self.suspended, self.arrangements, self.fees, self.work)
        for tab in self._tabs:
            self.tabs.addTab(tab, tab.title)
        self.run.changed.connect(self._show_counts)
        self.body.addWidget(self.tabs, 1)
        self.tabs.currentChanged.connect(lambda _place: self._focus_list())

    def refresh(self) -> None:
        on = self.workplace.on
        self.tasks.read(lambda session: pastdue.collections_on(session, on), self._show, owner=self, name="collections")

    def arrive(self, tab: str = "", **_where: Any) -> None:
        """`tab`: pastdue, run, suspended, arrangements, reactivation or work."""
        if tab in TABS:
            self.tabs.setCurrentIndex(TABS.index(tab))

    def has_work_in_hand(self) -> bool:
        return bool(self.run.left_out)

    def _show(self, found: Collections) -> None:
        self.as_of.setText(f"as the books stand, past due by {found.on:%m/%d/%Y}")
        self.past_due.show_rows(found.aged)
        self.run.show_rows(found.candidates)
        self.suspended.show_rows(found.suspended)
        self.arrangements.show_rows(found.arrangements)
        self.fees.show_rows(found.proposed)
        self.work.show_rows(found.undecided)
        self._show_counts()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Only once the frame has put the page in front can the cursor go into its list.
        QTimer.singleShot(0, self, self._focus_list)

    def _show_counts(self) -> None:
        for place, tab in enumerate(self._tabs):
            self.tabs.setTabText(place, f"{tab.title} ({tab.count():,})")

    def _focus_list(self) -> None:
        table = self._tabs[self.tabs.currentIndex()].table
        (table if table.isVisible() else self.tabs.tabBar()).setFocus()

    def _arrange(self, row: AgedAccount | SuspendedAccount | ArrangementLine) -> None:
        from app.views.dialogs.account_arrange import ArrangeDialog

        ArrangeDialog(self.workplace, row.account_id, self).start()

    def _returned(self, row: AgedAccount) -> None:
        from app.views.dialogs.returned_item import open_returned_item

        open_returned_item(self.workplace, self, account_id=row.account_id)

    def _decide_fee(self, row: ProposedFee, *, charge: bool) -> None:
        ReactivationForm(self.workplace, row, self, charge=charge).open()

    def _decide_work(self, row: UndecidedWork) -> None:
        DecideWorkForm(self.workplace, row, self).open()
