"""Card and E-Check payments that have not arrived in the bank yet, and saying that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.money import format_cents
from app.services import daypreview, payments
from app.services.daypreview import Clearing
from app.views.dayclose_deposit import card, fill, give_lines
from app.views.dialog import FormDialog
from app.views.dialogs.deposit import counted
from app.views.fields import ElidingLabel, button, format_day, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

METHODS = {"card": "Cards", "echeck": "E-Checks", "bank-draft": "Bank drafts"}


class SettleDialog(FormDialog):
    """Says what arrived; Enter moves it from clearing to the bank."""

    def __init__(self, workplace: Workplace, rows: list[Clearing], parent: QWidget | None = None) -> None:
        super().__init__(workplace, "settle", "Arrived in the bank", "&Arrived", parent)
        self.rows = rows
        self.cents = sum(row.cents for row in rows)
        payments_words = counted(sum(row.how_many for row in rows), "payment", "payments")
        total = label(f"{payments_words}, {format_cents(self.cents)}", "figure")
        named(total, "settle.total", "What arrived")
        self.body.addWidget(total)
        for row in rows:
            said = f"{METHODS[row.kind]} of {format_day(row.on)}: {row.how_many:,}, {format_cents(row.cents)}"
            self.body.addWidget(label(said))
        on = format_day(workplace.on)
        said = f"The money is moved from clearing to the bank, dated {on}. Compare it with the bank's statement first."
        self.body.addWidget(label(said, "quiet", wrap=True))
        self.action.setFocus()

    def submit(self) -> None:
        """Settle every payment of the rows shown."""
        desk, rows, cents = self.workplace.desk(self.token), self.rows, self.cents

        def work(session: Session) -> int:
            ids = [i for row in rows for i in daypreview.clearing_payments(session, row.on, row.kind)]
            return payments.settle_clearing(session, desk, ids, shown_cents=cents)

        self.save(work, lambda moved: f"{format_cents(moved)} arrived in the bank on {format_day(desk.on)}.", ())


class ClearingPart(QWidget):
    """The payments on their way, by day and method."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        # On one line: a heading that wraps would let the list below it be pressed flat.
        self.heading = ElidingLabel()
        self.heading.setProperty("role", "heading")
        named(self.heading, "dayclose.clearing-total", "On their way to the bank")
        self.table: Table[Clearing] = Table(
            "dayclose.clearing",
            "Card and E-Check payments on their way to the bank; Enter says that the marked ones arrived",
            (
                Column("Day", lambda row: row.on, width=11),
                Column("Method", lambda row: METHODS[row.kind], width=0),
                Column("Payments", lambda row: row.how_many, number=True, width=12),
                Column("Amount", lambda row: row.cents, money=True, width=12),
            ),
            workplace.settings,
            several=True,
        )
        self.empty = label("Nothing is on its way: every card and E-Check payment has arrived.", wrap=True)
        named(self.empty, "dayclose.clearing-empty", "Nothing is on its way")
        fill(self.empty)
        self.settle = button("&Arrived in the bank…", "dayclose.settle", tip="For the rows that are marked")
        self.settle.clicked.connect(self.settle_marked)
        self.table.enter_does = "&Arrived in the bank…"
        self.table.chosen.connect(lambda _row: self.settle_marked())
        frame, inside = card(self.heading, self.table, self.empty)
        inside.setStretch(1, 1)
        inside.addWidget(self.settle, alignment=Qt.AlignmentFlag.AlignRight)
        give_lines(self.table, 3)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(frame)

    def refresh(self) -> None:
        """Read what is on its way."""
        self.workplace.tasks.read(daypreview.clearing, self._show, owner=self, name="clearing")

    def _show(self, rows: list[Clearing]) -> None:
        self.heading.setText(
            f"Cards and E-Checks on their way: {format_cents(sum(row.cents for row in rows))}"
            if rows
            else "Cards and E-Checks on their way"
        )
        self.table.show_rows(rows)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.settle.setEnabled(bool(rows))

    def settle_marked(self) -> None:
        """Ask, then settle the marked rows."""
        rows = self.table.marked_rows()
        if rows:
            SettleDialog(self.workplace, rows, self).open()
