"""Refunds that are due: why, which are left out, and the run (ADV-9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.money import format_cents
from app.services import refundpaper
from app.services.documents.content import WorkedOutLine
from app.services.refunds import RefundDates, RefundDue
from app.views import style
from app.views.fields import button, label, named, spoken_day
from app.views.table import Table
from app.views.table_model import Column
from app.views.tick_table import TickModel, TickTable
from app.views.workplace import Workplace


def _days_ago(day: date, on: date) -> str:
    days = (on - day).days
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"


class DueTab(QWidget):
    """The list of what is due, with how the amount under the cursor is worked out.

    `run_wanted()`: the button of the run was pressed.
    """

    run_wanted = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        named(self, "refunds.due-tab", "Refunds due")
        self.workplace = workplace
        self.dates = label("", wrap=True)
        named(self.dates, "refunds.dates", "Refund dates")
        columns: list[Column[RefundDue]] = [
            Column("Refund", lambda due: "" if not due.address else "yes" if self.model.is_ticked(due) else "no", width=9),
            Column("Account", lambda due: due.number, width=11),
            Column("Name", lambda due: due.name, width=26),
            Column("Amount", lambda due: due.cents, money=True, width=12),
            Column("Due since", lambda due: due.since, width=12),
            Column("To look at", self._doubt, width=0, signal=lambda due: "warning" if self._doubt(due) else ""),
        ]
        self.model = TickModel(columns, lambda due: due.account_id, lambda due: bool(due.address))
        self.table = TickTable("refunds.due", "Refunds due", self.model, workplace.settings)
        self.empty = label("No closed account has a credit: nothing is to be refunded.", "quiet", wrap=True)
        named(self.empty, "refunds.due-empty", "Nothing is due")
        self.why_title = label("", "heading")
        self.address = label("", "quiet", wrap=True)
        named(self.address, "refunds.address", "Where the check goes")
        self.doubt = label("", "warning", wrap=True)
        named(self.doubt, "refunds.doubt", "To look at before it is refunded")
        why: list[Column[WorkedOutLine]] = [
            Column("How it is worked out", lambda line: line.description, width=38),
            Column("Arithmetic", lambda line: line.arithmetic, width=0),
            Column("Amount", lambda line: line.cents, money=True, width=12),
        ]
        self.why = Table("refunds.why", "How the refund is worked out", why, sortable=False)
        self.open = button("Open &account", "refunds.due-open")
        self.total = label("", "figure")
        named(self.total, "refunds.due-total", "What the run pays")
        self.run = button("&Refund and print…", "refunds.run", primary=True)
        self._lay_out()
        self.table.current.connect(self._show_why)
        self.table.chosen.connect(lambda due: workplace.open_account(due.account_id))
        self.open.clicked.connect(self._open_current)
        self.run.clicked.connect(self.run_wanted)
        self.model.ticks_changed.connect(self._show_total)

    def _lay_out(self) -> None:
        self.card = QFrame()
        self.card.setProperty("role", "card")
        where = QVBoxLayout()
        where.setSpacing(style.TIGHT)
        where.addWidget(self.why_title)
        where.addWidget(self.address)
        where.addSpacing(style.TIGHT)
        where.addWidget(self.doubt)
        where.addStretch(1)
        inside = QHBoxLayout(self.card)
        inside.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        inside.setSpacing(style.LARGE)
        inside.addLayout(where, 1)
        inside.addWidget(self.why, 3)
        bottom = QHBoxLayout()
        bottom.setSpacing(style.MEDIUM)
        bottom.addWidget(self.open)
        bottom.addStretch(1)
        bottom.addWidget(self.total)
        bottom.addWidget(self.run)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, style.MEDIUM, 0, 0)
        outer.setSpacing(style.MEDIUM)
        outer.addWidget(self.dates)
        outer.addWidget(self.empty)
        outer.addWidget(self.table, 3)
        outer.addWidget(self.card, 2)
        outer.addLayout(bottom)

    @property
    def ticked(self) -> list[RefundDue]:
        """What the run is to refund."""
        return self.model.ticked()

    @property
    def left_out(self) -> frozenset[int]:
        """The accounts that were unticked; they stay due."""
        return frozenset(due.account_id for due in self.model.unticked())

    def show_due(self, due: Sequence[RefundDue], dates: RefundDates) -> None:
        """Show what is due and when refunds go out."""
        on = self.workplace.on
        coming = " and ".join(spoken_day(day) for day in dates.coming)
        following = f"The next ones are {coming}." if coming else "The policies in force name none."
        if dates.is_today:
            self.dates.setText(f"{spoken_day(on)} is a refund date. {following}")
        else:
            self.dates.setText(
                f"{spoken_day(on)} is no refund date. {following} A run on another day takes a supervisor and a reason."
            )
        self.table.show_rows(due)
        self.empty.setVisible(not due)
        self.table.setVisible(bool(due))
        self.card.setVisible(bool(due))
        self.open.setVisible(bool(due))
        self._show_total()

    def _doubt(self, due: RefundDue) -> str:
        if not due.address:
            return "No postal address: listed, not printed. Open the account and record one."
        if due.paid_by_check_on is None:
            return ""
        ago = _days_ago(due.paid_by_check_on, self.workplace.on)
        return (
            f"May not have cleared: check {due.check_number} of {format_cents(due.check_cents)}, "
            f"received {due.paid_by_check_on:%m/%d} ({ago})"
        )

    def _show_total(self) -> None:
        ticked = self.ticked
        checks = "1 check" if len(ticked) == 1 else f"{len(ticked)} checks"
        self.total.setText(f"{checks}, ${format_cents(sum(due.cents for due in ticked))}" if ticked else "")
        self.run.setEnabled(bool(ticked))

    def _open_current(self) -> None:
        due = self.table.current_row()
        if due is not None:
            self.workplace.open_account(due.account_id)

    def _show_why(self, due: RefundDue | None) -> None:
        if due is None:
            self.why.show_rows([])
            return
        self.why_title.setText(f"${format_cents(due.cents)} for account {due.number}")
        self.address.setText(f"{due.name}\n{due.address}" if due.address else f"{due.name}\nNo postal address")
        self.doubt.setText(self._doubt(due))
        account_id = due.account_id
        self.workplace.tasks.read(
            lambda session: refundpaper.worked_out_due(session, account_id),
            self.why.show_rows,
            owner=self,
            name="why",
        )
