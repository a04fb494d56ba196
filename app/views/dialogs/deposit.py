"""What goes to the bank, check by check, and what of a deposit never got there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import deposits
from app.services.daypreview import DrawerCheck
from app.services.deposits import CorrectedDeposit, DepositItem
from app.views.dialog import WIDER, FormDialog
from app.views.fields import format_day, label, named
from app.views.table_model import Column
from app.views.tick_table import TickModel, TickTable
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

LINES_SHOWN = 8


def counted(count: int, one: str = "check", many: str = "checks") -> str:
    """`1 check`, `25 checks`."""
    return f"{count:,} {one if count == 1 else many}"


def _give_lines(table: TickTable[DrawerCheck] | TickTable[DepositItem], rows: int) -> None:
    """Room for the checks, up to a screenful; a longer list scrolls."""
    height = table.verticalHeader().defaultSectionSize()
    table.setMinimumHeight(height * (2 + min(rows, LINES_SHOWN)))


class DepositDialog(FormDialog):
    """Says what goes to the bank; a check that is unticked stays in the drawer. `saved(deposit id)`."""

    def __init__(self, workplace: Workplace, checks: list[DrawerCheck], parent: QWidget | None = None) -> None:
        super().__init__(workplace, "deposit", "Make the deposit", "Make the &deposit", parent)
        self.total = label("", "figure")
        named(self.total, "deposit.total", "What goes to the bank")
        columns = (
            Column[DrawerCheck]("Check", lambda row: row.number, width=12),
            Column[DrawerCheck]("From", lambda row: row.payer, width=0),
            Column[DrawerCheck]("Received", lambda row: row.received_on, width=11),
            Column[DrawerCheck]("Amount", lambda row: row.cents, money=True, width=11),
        )
        self.model = TickModel(columns, lambda row: row.mail_check_id)
        self.table = TickTable("deposit.checks", "Checks for the bank; Space leaves one in the drawer", self.model)
        self.table.enter_does = "&Make the deposit"
        self.table.chosen.connect(lambda _row: self.press())
        self.model.ticks_changed.connect(self._add_up)
        self.left = label("", "warning", wrap=True)
        named(self.left, "deposit.left", "What stays in the drawer")
        said = (
            f"One ticket, dated {format_day(workplace.on)}. Count the checks in your hand first. A check that does not go "
            "today: take its tick away with Space, and it stays in the drawer."
        )
        for part in (self.total, label(said, wrap=True), self.table, self.left):
            self.body.addWidget(part)
        self.widen(WIDER)
        _give_lines(self.table, len(checks))
        self.table.show_rows(checks)

    def _add_up(self) -> None:
        going, staying = self.model.ticked(), self.model.unticked()
        self.total.setText(f"{counted(len(going))}, {format_cents(sum(check.cents for check in going))}")
        left = f"{counted(len(staying))} left out, {format_cents(sum(check.cents for check in staying))}"
        self.left.setText(left if staying else "")
        self.left.setVisible(bool(staying))
        self.fit()

    def submit(self) -> None:
        """Make the deposit of what is ticked."""
        desk, token = self.workplace.desk(), self.token
        shown = sum(check.cents for check in self.model.ticked())
        leave_out = [check.mail_check_id for check in self.model.unticked()]
        on = format_day(self.workplace.on)

        def work(session: Session) -> int:
            return deposits.make_deposit(session, desk, token, shown_cents=shown, leave_out=leave_out)

        self.save(work, lambda made: f"Deposit {made} of {format_cents(shown)} is made, dated {on}.", ())


class CorrectDepositDialog(FormDialog):
    """Takes checks out of a deposit that never went to the bank, with the reason. `saved(cents taken out)`."""

    def __init__(self, workplace: Workplace, made: CorrectedDeposit, parent: QWidget | None = None) -> None:
        title = f"Correct deposit {made.id} of {format_day(made.on)}"
        super().__init__(workplace, "depositfix", title, "&Correct the deposit", parent)
        self.made = made
        self.total = label("", "heading", wrap=True)
        named(self.total, "depositfix.total", "The deposit after the correction")
        columns = (
            Column[DepositItem]("Check", lambda row: row.number, width=12),
            Column[DepositItem]("From", lambda row: row.payer, width=0),
            Column[DepositItem]("Amount", lambda row: row.cents, money=True, width=11),
        )
        self.model = TickModel(columns, lambda row: row.mail_check_id)
        self.table = TickTable("depositfix.checks", "Checks of the deposit; Space takes one out", self.model)
        self.model.ticks_changed.connect(self._add_up)
        self.reason = QLineEdit()
        named(self.reason, "depositfix.reason", "Reason")
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText("In a few words; it is kept with the deposit")
        self.table.enter_does = "On to the &reason"
        self.table.chosen.connect(lambda _row: self.reason.setFocus())
        said = (
            "Take the tick away, with Space, from each check that did not go to the bank. It lies in the drawer again and "
            f"goes with another deposit. The correction is an entry of its own, dated {format_day(workplace.on)}; a check "
            "that was posted wrongly is corrected in Post checks instead."
        )
        self.body.removeItem(self.form)
        for part in (label(said, wrap=True), self.table):
            self.body.addWidget(part)
        for out in made.taken_out:
            earlier = (
                f"Taken out on {format_day(out.on)}: check {out.item.number}, {format_cents(out.item.cents)} ({out.reason})"
            )
            self.body.addWidget(label(earlier, "quiet", wrap=True))
        self.body.addWidget(self.total)
        self.body.addLayout(self.form)
        self.add_row("&Why", self.reason)
        self.widen(WIDER)
        _give_lines(self.table, len(made.checks))
        self.table.show_rows(made.checks)

    def _add_up(self) -> None:
        stays, out = self.model.ticked(), self.model.unticked()
        cents = sum(check.cents for check in stays)
        if not out:
            self.total.setText(f"Deposit {self.made.id}: {counted(len(stays))}, {format_cents(cents)}")
        else:
            was = cents + sum(check.cents for check in out)
            self.total.setText(
                f"Deposit {self.made.id}: {counted(len(stays))}, {format_cents(cents)} (was {format_cents(was)}, "
                f"{len(out):,} taken out)"
            )
        self.fit()

    def submit(self) -> None:
        """Take out what is not ticked."""
        out = [check.mail_check_id for check in self.model.unticked()]
        if not out:
            raise UserError("No check is taken out yet; take the tick away from those that did not go.", field="checks")
        desk, token, reason, number = self.workplace.desk(), self.token, self.reason.text(), self.made.id

        def work(session: Session) -> int:
            return deposits.take_out(session, desk, number, out, reason, token)

        said = f"Deposit {number} is corrected: {counted(len(out))} back in the drawer, {{}}."
        self.save(work, lambda cents: said.format(format_cents(cents)), ())
