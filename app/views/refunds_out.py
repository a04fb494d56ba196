"""Refund checks after printing: outstanding, cleared, stale, void (BOTH-6, rulebook section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.outstanding import STALE_AFTER_DAYS, IssuedRow, told
from app.views import style
from app.views.fields import button, label, named
from app.views.rest_of_row import RestOfRow
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

OUT: Final = ("to-print", "outstanding", "old")
_FILTERS: Final = (
    ("Outstanding", OUT),
    (f"Over {STALE_AFTER_DAYS} days", ("old",)),
    ("Cleared", ("cleared",)),
    ("Void, stopped or unclaimed", ("void", "stopped", "unclaimed")),
    ("All refund checks", ()),
)
_SIGNALS: Final = {"old": "warning", "to-print": "warning", "cleared": "good", "void": "quiet", "stopped": "quiet"}
# What can be done with a check, by how it stands.
_POSSIBLE: Final = {
    "clear": (*OUT, "unclaimed"),
    "unclear": ("cleared",),
    "reprint": OUT,
    "void": OUT,
    "stop": ("outstanding", "old"),
    "unclaim": ("old",),
    "pay": ("unclaimed",),
}


class ChecksTab(QWidget):
    """The list of checks. `wanted(what, rows)`: an action of `_POSSIBLE`, or `bank`, for the marked rows."""

    wanted = Signal(str, list)

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        named(self, "refunds.checks-tab", "Refund checks")
        self.workplace = workplace
        self.rows: Sequence[IssuedRow] = ()
        self.shown = QComboBox()
        named(self.shown, "refunds.filter", "Which checks to show")
        for text, standings in _FILTERS:
            self.shown.addItem(text, standings)
        self.summary = label("", wrap=True)
        named(self.summary, "refunds.summary", "What is outstanding")
        columns: list[Column[IssuedRow]] = [
            Column("Check", lambda row: row.number, width=9),
            Column("Dated", lambda row: row.issued_on, width=11),
            Column("Days out", lambda row: row.days_out, number=True, width=11),
            Column("Account", lambda row: row.account_number, width=10),
            Column("Payee", lambda row: row.payee, width=28),
            Column("Amount", lambda row: row.cents, money=True, width=11),
            Column(
                "Standing",
                lambda row: _capital(told(row)),
                width=0,
                signal=lambda row: _SIGNALS.get(row.standing, ""),
            ),
        ]
        self.table = Table("refunds.checks", "Refund checks", columns, workplace.settings, several=True)
        self.table.row_key = lambda row: row.number
        self.empty = label("", "quiet", wrap=True)
        named(self.empty, "refunds.checks-empty", "No checks")
        self.buttons: dict[str, QAbstractButton] = {
            "clear": button("Mark c&leared…", "refunds.clear", tip="The bank has paid the marked checks"),
            "bank": button("From the &bank’s file…", "refunds.bank", tip="Read the bank's CSV of paid checks"),
            "reprint": button("Re&print…", "refunds.reprint", tip="The same refund on a new check; the old number is void"),
            "void": button("&Void…", "refunds.void", tip="The credit goes back on the account"),
            "stop": button("Stop and re&issue…", "refunds.stop", tip="The bank was told to stop it; a new check goes out"),
            "unclaim": button("To &unclaimed…", "refunds.unclaim", tip="Nobody cashed it: to unclaimed refunds"),
            "unclear": button("&Not cleared…", "refunds.unclear", tip="It was marked as cleared by mistake"),
            "pay": button("Pa&y after all…", "refunds.pay", tip="The customer asked for an unclaimed refund"),
            "open": button("Open &account", "refunds.open"),
        }
        self._lay_out()
        for what, made in self.buttons.items():
            made.clicked.connect(lambda _checked=False, what=what: self._want(what))
        self.shown.currentIndexChanged.connect(lambda _index: self._show())
        self.table.chosen.connect(lambda row: workplace.open_account(row.account_id))
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._allow())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(style.SMALL)
        top.addWidget(label("Sho&w", buddy=self.shown))
        top.addWidget(self.shown)
        top.addSpacing(style.MEDIUM)
        top.addWidget(self.summary, 1)
        side = QVBoxLayout()
        side.setSpacing(style.SMALL)
        for what, made in self.buttons.items():
            if what in ("reprint", "unclear", "open"):
                side.addSpacing(style.SMALL)
            side.addWidget(made)
        side.addStretch(1)
        listed = QVBoxLayout()
        listed.addWidget(self.table, 1)
        listed.addWidget(RestOfRow(self.table))
        listed.addWidget(self.empty)
        middle = QHBoxLayout()
        middle.setSpacing(style.MEDIUM)
        middle.addLayout(listed, 1)
        middle.addLayout(side)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, style.MEDIUM, 0, 0)
        outer.setSpacing(style.MEDIUM)
        outer.addLayout(top)
        outer.addLayout(middle, 1)

    def show_checks(self, rows: Sequence[IssuedRow]) -> None:
        """Show the checks as they stand."""
        self.rows = rows
        out = [row for row in rows if row.standing in OUT]
        old = [row for row in out if row.standing == "old"]
        said = f"{len(out)} outstanding, ${format_cents(sum(row.cents for row in out))}."
        if old:
            said += f" Over {STALE_AFTER_DAYS} days: {len(old)}, ${format_cents(sum(row.cents for row in old))}."
        self.summary.setText(said)
        self._show()

    def show_only(self, place: int) -> None:
        """Choose what is listed, by its place in the choice."""
        self.shown.setCurrentIndex(place)

    def point_at(self, number: int) -> bool:
        """Put the cursor on a check, listing all when it is not among those shown; False when there is none."""
        row = next((row for row in self.rows if row.number == number), None)
        if row is None:
            return False
        if row not in self.table.rows_model.rows:
            self.show_only(len(_FILTERS) - 1)
        self.table.select_row(row)
        return True

    def _show(self) -> None:
        standings = self.shown.currentData()
        rows = [row for row in self.rows if not standings or row.standing in standings]
        self.table.show_rows(rows)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.empty.setText(
            "No refund check is outstanding." if self.shown.currentIndex() == 0 else "There are no such refund checks."
        )
        self._allow()

    def _allow(self) -> None:
        marked = self.table.marked_rows()
        for what, made in self.buttons.items():
            if what == "bank":
                continue
            standings = _POSSIBLE.get(what)
            fits = bool(marked) and (standings is None or all(row.standing in standings and row.is_latest for row in marked))
            alone = len(marked) == 1 or (what == "clear" and all(row.standing in OUT for row in marked))
            made.setEnabled(fits and alone)

    def _want(self, what: str) -> None:
        marked = self.table.marked_rows()
        if what == "open":
            self.workplace.open_account(marked[0].account_id)
        else:
            self.wanted.emit(what, marked)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
