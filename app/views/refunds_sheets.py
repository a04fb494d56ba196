"""Sheets that were issued and not confirmed: printed, then ticked as good or spoiled (BOTH-6)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.outstanding import IssuedRow
from app.services.refundpaper import STOCKS, CheckBox
from app.views import style
from app.views.dialogs.refund_run import numbers_told
from app.views.fields import button, label, named
from app.views.table_model import Column
from app.views.tick_table import TickModel, TickTable
from app.views.workplace import Workplace


class SheetsTab(QWidget):
    """The sheets that wait. `print_wanted()`, `done_wanted()` and `box_wanted()`: their buttons were pressed."""

    print_wanted = Signal()
    done_wanted = Signal()
    box_wanted = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        named(self, "refunds.sheets-tab", "Sheets to print")
        self.workplace = workplace
        self.said = label("", wrap=True)
        named(self.said, "refunds.sheets-said", "What to do")
        columns: list[Column[IssuedRow]] = [
            Column("Sheet", lambda row: "good" if self.model.is_ticked(row) else "spoiled", width=12),
            Column("Check", lambda row: row.number, width=9),
            Column("Account", lambda row: row.account_number, width=11),
            Column("Dated", lambda row: row.issued_on, width=12),
            Column("Amount", lambda row: row.cents, money=True, width=12),
            Column("Payee", lambda row: row.payee, width=0),
        ]
        self.model = TickModel(columns, lambda row: row.number)
        self.table = TickTable("refunds.sheets", "Sheets to print", self.model, workplace.settings)
        self.print = button("&Print the checks…", "refunds.print")
        self.done = button("The sheets are as &ticked", "refunds.sheets-done", primary=True)
        self.box = label("", "quiet", wrap=True)
        named(self.box, "refunds.box", "The box of checks")
        self.change = button("Change the &box…", "refunds.box-change")
        bottom = QHBoxLayout()
        bottom.setSpacing(style.MEDIUM)
        bottom.addWidget(self.print)
        bottom.addStretch(1)
        bottom.addWidget(self.done)
        stock = QHBoxLayout()
        stock.setSpacing(style.MEDIUM)
        stock.addWidget(self.box, 1)
        stock.addWidget(self.change)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, style.MEDIUM, 0, 0)
        outer.setSpacing(style.MEDIUM)
        outer.addWidget(self.said)
        outer.addWidget(self.table, 1)
        outer.addLayout(bottom)
        outer.addStretch(0)
        outer.addLayout(stock)
        self.table.chosen.connect(lambda row: workplace.open_account(row.account_id))
        self.print.clicked.connect(self.print_wanted)
        self.done.clicked.connect(self.done_wanted)
        self.change.clicked.connect(self.box_wanted)
        self.model.ticks_changed.connect(self._count)

    def show_sheets(self, rows: Sequence[IssuedRow], box: CheckBox | None) -> None:
        """Show what waits, and the box that the next number comes from."""
        self.table.show_rows(rows)
        for widget in (self.table, self.print, self.done):
            widget.setVisible(bool(rows))
        if box is None:
            self.box.setText("No check numbers are left. Add the next box of checks on the Office page (F11).")
        else:
            stock = STOCKS.get(box.layout, box.layout)
            left = box.last_number - box.next_number + 1
            self.box.setText(f"{box.name} ({stock}): the next number is {box.next_number}, {left:,} left.")
        self.change.setEnabled(box is not None)
        self._count()

    def _count(self) -> None:
        rows, spoiled = self.model.rows, self.model.unticked()
        if not rows:
            self.said.setText("No sheets wait for printing. A refund run on the first tab makes them.")
            return
        total = format_cents(sum(row.cents for row in rows))
        count = f"{len(rows)} sheet{'s' if len(rows) != 1 else ''}"
        start = f"{count}, ${total}: check {numbers_told(_ranges([row.number for row in rows]))}. "
        if spoiled:
            told = ", ".join(str(row.number) for row in spoiled[:6]) + (" …" if len(spoiled) > 6 else "")
            self.said.setText(f"{start}Spoiled: {told}. They get new numbers and are printed again.")
        else:
            self.said.setText(f"{start}Load these sheets, print, and untick what came out spoiled (Space).")


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers as ranges without gaps: what has to lie in the printer."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
