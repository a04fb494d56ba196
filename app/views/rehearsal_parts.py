"""The parts of the rehearsal page: the diary with the accounts beside it, and what differs between two plays."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.rehearsaldiary import AccountState, BalanceDiffers, Diary, DiaryLine, Differs
from app.views import style
from app.views.fields import format_day, label, named
from app.views.rest_of_row import RestOfRow
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

_SIGNS = {"good": "✓ ", "bad": "✗ "}


def _words(line: DiaryLine) -> str:
    if line.cents is None:
        return f"{_SIGNS.get(line.tone, '')}{line.words}"
    return f"    {line.words} · {line.why}" if line.why else f"    {line.words}"


def _suspended(row: AccountState) -> str:
    return "warning" if row.status == "suspended" else ""


DIARY: tuple[Column[DiaryLine], ...] = (
    Column("Day", lambda line: line.on, width=12),
    Column("What happened", _words, width=0, signal=lambda line: line.tone),
    Column("Clause", lambda line: line.clause, width=8),
    Column("Amount", lambda line: line.cents, money=True, width=10),
)
STATES: tuple[Column[AccountState], ...] = (
    Column("Account", lambda row: row.account, width=8),
    Column(
        "Status", lambda row: row.status, width=0, signal=lambda row: "warning" if row.status == "suspended" else "", rank=2
    ),
    Column("Balance", lambda row: row.balance_cents, money=True, width=9, rank=0),
    Column(
        "Past due",
        lambda row: row.past_due_cents or None,
        money=True,
        width=8,
        signal=lambda row: "warning" if row.past_due_cents else "",
        rank=1,
    ),
)
DIFFERS: tuple[Column[Differs], ...] = (
    Column("Day", lambda row: row.on, width=12),
    Column("What", lambda row: row.words, width=0),
    Column("Clause", lambda row: row.clause, width=8),
    Column("", lambda row: row.what, width=9, signal=lambda row: "warning" if row.what != "changed" else ""),
    Column("Before", lambda row: row.before_cents, money=True, width=10),
    Column("Now", lambda row: row.now_cents, money=True, width=10),
)
BALANCES: tuple[Column[BalanceDiffers], ...] = (
    Column("End of day", lambda row: row.on, width=10),
    Column("Account", lambda row: row.account, width=0),
    Column("Before", lambda row: row.before_cents, money=True, width=10),
    Column("Now", lambda row: row.now_cents, money=True, width=10),
)


class DiaryPart(QWidget):
    """The diary; beside it how every account stood at the end of the day under the cursor."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.diary: Diary | None = None
        self.lines: Table[DiaryLine] = Table(
            "rehearsal.diary", "The diary, day by day", DIARY, workplace.settings, sortable=False, wrap=True
        )
        self.day = label("", "heading")
        named(self.day, "rehearsal.day", "The day under the cursor")
        self.states: Table[AccountState] = Table(
            "rehearsal.states", "The accounts at the end of that day", STATES, workplace.settings, sortable=False
        )
        self.about: QLabel = label("", wrap=True)
        named(self.about, "rehearsal.about", "The account at the end of that day")
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        beside = QFrame()
        beside.setProperty("role", "card")
        right = QVBoxLayout(beside)
        right.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        right.setSpacing(style.SMALL)
        right.addWidget(self.day)
        right.addWidget(self.states, 1)
        right.addWidget(RestOfRow(self.states))
        right.addWidget(self.about, 1)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, style.SMALL, 0, 0)
        box.setSpacing(style.MEDIUM)
        box.addWidget(self.lines, 13)
        box.addWidget(beside, 7)
        self.lines.current.connect(self._show_day)
        self.states.current.connect(self._show_account)

    def show_diary(self, diary: Diary) -> None:
        """Show a diary; the cursor stays on its line."""
        self.diary = diary
        self.lines.show_rows(diary.lines)

    def forget(self) -> None:
        """No story was played."""
        self.diary = None
        self.lines.show_rows([])
        self._show_day(None)

    def first_failure(self) -> None:
        """Put the cursor on the first line that did not hold, if there is one."""
        for place, line in enumerate(self.lines.rows_model.rows):
            if line.tone == "bad":
                self.lines.selectRow(place)
                return

    def _show_day(self, line: DiaryLine | None) -> None:
        day = None if line is None or self.diary is None else next((d for d in self.diary.days if d.on == line.on), None)
        self.day.setText("" if day is None else f"At the end of {format_day(day.on)}")
        self.states.show_rows([] if day is None else day.states)
        if day is not None and line is not None:
            mine = [state for state in day.states if state.account == line.account]
            if mine:
                self.states.select_row(mine[0])

    def _show_account(self, state: AccountState | None) -> None:
        self.about.setText("" if state is None else "\n\n".join(_about(state)))


def _about(state: AccountState) -> list[str]:
    said = [f"{state.account}: {state.sentence}"]
    if state.open_invoices:
        lines = [
            f"Invoice {item.id}, due {format_day(item.due_on)}: {format_cents(item.open_cents)} open"
            for item in state.open_invoices
        ]
        said.append("\n".join(lines))
    if state.next_on is not None:
        amount = format_cents(state.next_cents)
        said.append(
            f"Next bill {format_day(state.next_on)}: {amount}."
            if state.next_cents
            else "Nothing to bill next, as it stands."
        )
    return said


class DiffersPart(QWidget):
    """What differs between the first play and the one with other values: lines, and balances day by day."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.words = label("", wrap=True)
        named(self.words, "rehearsal.differs", "What differs")
        self.lines: Table[Differs] = Table(
            "rehearsal.differences",
            "Charges and payments that differ",
            DIFFERS,
            workplace.settings,
            sortable=False,
            wrap=True,
        )
        self.balances: Table[BalanceDiffers] = Table(
            "rehearsal.balances", "Balances that differ", BALANCES, workplace.settings, sortable=False
        )
        tables = QHBoxLayout()
        tables.setSpacing(style.MEDIUM)
        tables.addWidget(self.lines, 3)
        tables.addWidget(self.balances, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, style.SMALL, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(self.words)
        box.addLayout(tables, 1)
        self.forget()

    def forget(self) -> None:
        """Nothing was compared yet."""
        self.words.setText("Set other values on the tab before this one, then play again: what differs is shown here.")
        self.lines.show_rows([])
        self.balances.show_rows([])

    def show_differences(self, words: str, lines: list[Differs], balances: list[BalanceDiffers]) -> None:
        """What was changed, in words, and what differs by it."""
        before = sum(row.before_cents or 0 for row in lines)
        now = sum(row.now_cents or 0 for row in lines)
        changed = f"{words}. " if words else ""
        if lines:
            many = "1 line differs" if len(lines) == 1 else f"{len(lines):,} lines differ"
            self.words.setText(f"{changed}{many}: {format_cents(before)} before, {format_cents(now)} now.")
        else:
            self.words.setText(f"{changed}Nothing differs: this story never comes to it.")
        self.lines.show_rows(lines)
        self.balances.show_rows(balances)
