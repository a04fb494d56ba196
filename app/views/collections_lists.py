"""The lists of the Collections page: one widget for each, with its words for an empty list and its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.arrangementlines import ArrangementLine
from app.services.pastdue import (
    BUCKETS,
    AgedAccount,
    ProposedFee,
    SuspendedAccount,
    UndecidedWork,
)
from app.views import style
from app.views.fields import ElidingLabel, button, label, named
from app.views.rest_of_row import RestOfRow
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

Row = TypeVar("Row", AgedAccount, ArrangementLine, ProposedFee, SuspendedAccount, UndecidedWork)
AGE_LOOK = """
QPushButton { text-align: left; padding: 5px 8px; }
QPushButton:checked { border: 2px solid palette(highlight); padding: 4px 7px; background: palette(base); }
"""
ArrangementWords = {"kept": "Kept", "broken": "Broken", "over": "Over, not paid"}


def many(count: int, one: str, several: str = "") -> str:
    """`1 account`, `12 accounts`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


class ListTab(QWidget, Generic[Row]):
    """A list of accounts with a sentence above, words for when it is empty, and buttons below.

    `name` ends the controls' names. Enter on a row opens its account.
    """

    def __init__(
        self, workplace: Workplace, name: str, title: str, empty: str, columns: Sequence[Column[Row]], about: str = ""
    ) -> None:
        super().__init__()
        named(self, f"collections.{name}-tab", title.replace("&", ""))
        self.title = title
        self.workplace = workplace
        self.about = label(about, "quiet", wrap=True)
        named(self.about, f"collections.{name}-about", f"About {title.replace('&', '')}")
        if not about:
            self.about.hide()
        self.table: Table[Row] = Table(
            f"collections.{name}", title.replace("&", ""), columns, workplace.settings, several=False
        )
        self.table.chosen.connect(lambda row: workplace.open_account(row.account_id))
        self.empty = label(empty, "quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        named(self.empty, f"collections.{name}-empty", f"{title.replace('&', '')}: nothing to show")
        self.top = QVBoxLayout()
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(style.SMALL)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        outer.setSpacing(style.MEDIUM)
        outer.addWidget(self.about)
        outer.addLayout(self.top)
        outer.addWidget(self._stack, 1)
        outer.addWidget(RestOfRow(self.table))
        outer.addLayout(self.buttons)
        self.rows: Sequence[Row] = ()

    def add_action(self, text: str, name: str, act: Callable[[Row], object], *, primary: bool = False) -> QPushButton:
        """A button below the list that acts on the row under the cursor."""
        made = button(text, f"collections.{name}", primary=primary)
        made.clicked.connect(lambda: self._act(act))
        self.buttons.addWidget(made)
        self.table.current.connect(lambda row: made.setEnabled(row is not None))
        made.setEnabled(False)
        return made

    def finish_actions(self) -> None:
        """The button that every list has, and the room behind the buttons."""
        self.add_action(
            "&Open account",
            f"{self.table.objectName().split('.')[1]}-open",
            lambda row: self.workplace.open_account(row.account_id),
        )
        hint = ElidingLabel("Enter opens the account")
        hint.setProperty("role", "quiet")
        self.buttons.addWidget(hint, 1)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows, or the words for an empty list; the cursor stays with its account."""
        before = self.table.current_row()
        self.rows = rows
        self.table.show_rows(rows)
        self._stack.setCurrentIndex(0 if rows else 1)
        if before is not None:
            same = [row for row in rows if row.account_id == before.account_id]
            if same:
                self.table.select_row(same[0])

    def count(self) -> int:
        """How many stand in the tab's title."""
        return len(self.rows)

    def _act(self, act: Callable[[Row], object]) -> None:
        row = self.table.current_row()
        if row is not None:
            act(row)


class PastDueTab(ListTab[AgedAccount]):
    """Past due by age: the four ages with their totals, each narrowing the list."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(
            workplace, "pastdue", "&Past due", "No account is past due. Everything that was due has been paid.", AGED_COLUMNS
        )
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        self.ages: list[QPushButton] = []
        for number, text in enumerate(("All past due", *BUCKETS)):
            made = button(text, f"collections.age-{number}")
            made.setCheckable(True)
            made.setAutoExclusive(True)
            made.setStyleSheet(AGE_LOOK)
            made.clicked.connect(self._narrow)
            self.ages.append(made)
            row.addWidget(made, 1)
        self.ages[0].setChecked(True)
        self.top.addLayout(row)
        self.everybody: Sequence[AgedAccount] = ()

    def show_rows(self, rows: Sequence[AgedAccount]) -> None:
        self.everybody = rows
        for number, (made, text) in enumerate(zip(self.ages, ("All past due", *BUCKETS), strict=True)):
            cents = [row.past_due_cents if number == 0 else row.buckets[number - 1] for row in rows]
            figures = f"${format_cents(sum(cents))}", many(sum(1 for amount in cents if amount), "account")
            made.setText(f"{text[:1].upper()}{text[1:]}\n{figures[0]}\n{figures[1]}")
            made.setAccessibleName(f"{text}: {figures[0]}, {figures[1]}")
        self._narrow()

    def count(self) -> int:
        return len(self.everybody)

    def _narrow(self) -> None:
        age = next(number for number, made in enumerate(self.ages) if made.isChecked())
        rows = self.everybody
        super().show_rows(rows if age == 0 else [row for row in rows if row.buckets[age - 1]])
        if self.everybody and not self.rows:
            self.empty.setText(f"Nothing is {BUCKETS[age - 1]} past due.")
        elif not self.everybody:
            self.empty.setText("No account is past due. Everything that was due has been paid.")


def _status(row: AgedAccount) -> str:
    arrangement = {"kept": ", arrangement kept", "broken": ", arrangement broken"}.get(row.arrangement, "")
    return f"{row.status.capitalize()}{arrangement}"


AGED_COLUMNS: tuple[Column[AgedAccount], ...] = (
    Column("Account", lambda row: row.number, width=9),
    Column("Name", lambda row: row.name, width=0),
    Column("Phone", lambda row: row.phone, width=13),
    Column("Status", _status, width=14, signal=lambda row: "warning" if row.arrangement == "broken" else ""),
    Column("Since", lambda row: row.oldest_due_on, width=10),
    Column("1-30", lambda row: row.days_1_30 or None, money=True, width=8),
    Column("31-60", lambda row: row.days_31_60 or None, money=True, width=8),
    Column("61-90", lambda row: row.days_61_90 or None, money=True, width=8),
    Column("Over 90", lambda row: row.over_90 or None, money=True, width=9),
    Column("Past due", lambda row: row.past_due_cents, money=True, width=10),
    Column("Last paid", lambda row: row.last_paid_on, width=10),
)

SUSPENDED_COLUMNS: tuple[Column[SuspendedAccount], ...] = (
    Column("Account", lambda row: row.number, width=10),
    Column("Name", lambda row: row.name, width=0),
    Column("Phone", lambda row: row.phone, width=14),
    Column("Suspended since", lambda row: row.since, width=17),
    Column("Past due", lambda row: row.past_due_cents, money=True, width=12),
    Column("Pays to restore", lambda row: row.balance_cents, money=True, width=15),
)

ARRANGEMENT_COLUMNS: tuple[Column[ArrangementLine], ...] = (
    Column("Account", lambda row: row.number, width=9),
    Column("Name", lambda row: row.name, width=0),
    Column("Phone", lambda row: row.phone, width=13),
    Column(
        "State",
        lambda row: ArrangementWords[row.state],
        width=13,
        signal=lambda row: "good" if row.state == "kept" else "warning",
    ),
    Column("Broken since", lambda row: row.broken_since, width=14),
    Column("Made on", lambda row: row.made_on, width=10),
    Column("Agreed", lambda row: row.agreed_cents, money=True, width=9),
    Column("Paid", lambda row: row.paid_cents, money=True, width=9),
    Column("Next due", lambda row: row.next_due_on, width=10),
    Column("Next amount", lambda row: row.next_cents or None, money=True, width=10),
    Column("Past due", lambda row: row.past_due_cents, money=True, width=9),
)

FEE_COLUMNS: tuple[Column[ProposedFee], ...] = (
    Column("Account", lambda row: row.number, width=10),
    Column("Name", lambda row: row.name, width=0),
    Column("Restored on", lambda row: row.restored_on, width=12),
    Column("Suspensions in a year", lambda row: row.suspensions, number=True, width=27),
    Column("Fee proposed", lambda row: row.fee_cents, money=True, width=16),
    Column("Balance", lambda row: row.balance_cents, money=True, width=12),
)

WORK_COLUMNS: tuple[Column[UndecidedWork], ...] = (
    Column("Account", lambda row: row.number, width=9),
    Column("Name", lambda row: row.name, width=18),
    Column("Work", lambda row: row.kind.replace("-", " ").capitalize(), width=16),
    Column("Day", lambda row: row.starts_at.date(), width=10, sort_by=lambda row: row.starts_at),
    Column("From", lambda row: f"{row.starts_at:%H:%M}", width=6),
    Column("To", lambda row: f"{row.ends_at:%H:%M}", width=6),
    Column("Description", lambda row: row.description, width=0),
    Column("At the agreed rate", lambda row: row.at_rate_cents, money=True, width=16, tip=lambda row: row.at_rate),
)
