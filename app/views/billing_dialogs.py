"""Asking before a month is billed, and before a run is taken back."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services.billing import BillingTotals
from app.services.billingoutlook import BillingOutlook, RunLine
from app.services.reversaloutlook import Blocker, ReversalOutlook, require_manager, reversal_outlook
from app.views.dialog import FormDialog
from app.views.fields import format_day, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace


class RunBillingDialog(FormDialog):
    """Says what the run will do; `confirmed()` when it is wanted."""

    confirmed = Signal()

    def __init__(self, workplace: Workplace, outlook: BillingOutlook, totals: BillingTotals | None, parent: QWidget) -> None:
        month = f"{outlook.month:%B %Y}"
        super().__init__(workplace, "billing-run", f"Bill {month}", "&Run the billing", parent)
        if totals is None:
            what = f"Bill {outlook.accounts_left:,} accounts for {month}? It was not previewed as the books stand now."
        else:
            what = f"Bill {totals.invoices:,} invoices, ${format_cents(totals.cents)} in all, for {month}?"
        said = label(what, "heading", wrap=True)
        said.setObjectName("billing-run.said")
        self.body.insertWidget(0, said)
        self.body.insertWidget(
            1,
            label(
                f"The invoices are dated {format_day(outlook.on)} and due {format_day(outlook.due_on)}. Credit that "
                "accounts have is applied to them. You can stop the run and go on later; no account is billed twice.",
                wrap=True,
            ),
        )
        for warning in outlook.warnings:
            self.body.insertWidget(2, label(f"Note: {warning}", "warning", wrap=True))
        self.body.addStretch(1)
        self.action.setFocus()

    def submit(self) -> None:
        self.action.setEnabled(False)
        self.confirmed.emit()
        self.accept()


class ReverseRunDialog(FormDialog):
    """Says what taking a run back does and what keeps it from being done; `confirmed(run id, reason)`."""

    confirmed = Signal(int, str)

    def __init__(self, workplace: Workplace, run: RunLine, parent: QWidget) -> None:
        super().__init__(workplace, "billing-reverse", "Reverse a billing run", "Re&verse the run", parent)
        self.run = run
        self.said = label(
            f"Run of {format_day(run.on)}: {run.invoices:,} invoices, ${format_cents(run.cents)}.", "heading", wrap=True
        )
        self.said.setObjectName("billing-reverse.said")
        self.details = label("Looking at what became of its invoices…", wrap=True)
        self.details.setObjectName("billing-reverse.details")
        self.reason = QLineEdit()
        named(self.reason, "billing-reverse.reason", "Reason for reversing the run")
        self.reason.setMaxLength(200)
        self.add_row("&Reason", self.reason)
        self.body.insertWidget(0, self.said)
        self.body.insertWidget(1, self.details)
        self.blockers = _blockers_table()
        self.blockers.chosen.connect(self._open_account)
        self.blockers.hide()
        self.body.insertWidget(2, self.blockers, 1)
        self.action.setEnabled(False)
        self.widen(105)
        on = workplace.on
        self.tasks.read(lambda session: reversal_outlook(session, run.id, on), self._show, owner=self, otherwise=self.refuse)

    def _show(self, outlook: ReversalOutlook) -> None:
        try:
            if self.workplace.person is None:  # else somebody who may can sign in for it
                require_manager(self.workplace.desk())
        except UserError as error:
            outlook = outlook._replace(refusal=outlook.refusal or error.message)
        self.details.setText("\n".join(_details(outlook, self.workplace.on)))
        is_possible = not outlook.refusal and not outlook.blocked
        self.action.setEnabled(is_possible)
        self.reason.setEnabled(is_possible)
        self.blockers.setVisible(bool(outlook.blockers))
        self.blockers.show_rows(outlook.blockers)
        if is_possible:
            self.reason.setFocus()
        elif outlook.blockers:
            self.blockers.setFocus()
        else:
            self.cancel.setFocus()
        self.fit()

    def _open_account(self, row: Blocker) -> None:
        self.reject()
        self.workplace.open_account(row.account_id)

    def submit(self) -> None:
        if not self.reason.text().strip():
            raise UserError("Say in a few words why the run is reversed.", field="reason")
        self.action.setEnabled(False)
        self.confirmed.emit(self.run.id, self.reason.text())
        self.accept()


def _details(outlook: ReversalOutlook, on: date) -> list[str]:
    if outlook.refusal:
        return [outlook.refusal]
    if outlook.blocked:
        many = f"{outlook.blocked:,} accounts" if outlook.blocked > 1 else "an account"
        return [
            f"This run cannot be reversed any more: something was done since on {many}. Credit or correct the accounts "
            "at fault one by one instead. Enter opens the account."
        ]
    said = [
        f"{outlook.invoices:,} {'invoice' if outlook.invoices == 1 else 'invoices'}, ${format_cents(outlook.cents)}, taken "
        f"back by invoices of the opposite amounts dated {format_day(on)}. What they billed can then be billed again; "
        "members' fee dates go back."
    ]
    if outlook.credit_cents:
        said.append(f"${format_cents(outlook.credit_cents)} of credit that the run had used is given back to the accounts.")
    if outlook.staying:
        said.append(
            f"Changes that waited for their day and were carried out by the run stay as they are, "
            f"with {outlook.staying:,} closing {'invoice' if outlook.staying == 1 else 'invoices'}."
        )
    went_out = (
        (outlook.printed, "printed on paper"),
        (outlook.emailed, "written as e-mail, into the office's mail folder"),
    )
    for count, how in went_out:
        if count:
            was = "statement of this run was" if count == 1 else "statements of this run were"
            said.append(f"Note: {count:,} {was} {how}. Keep {'it' if count == 1 else 'them'} from going out.")
    return said


def _blockers_table() -> Table[Blocker]:
    return Table(
        "billing-reverse.blockers",
        "Accounts that keep the run from being reversed",
        (
            Column[Blocker]("Account", lambda row: row.number, width=10),
            Column[Blocker]("Name", lambda row: row.name, width=26),
            Column[Blocker]("Why", lambda row: row.why, width=0),
        ),
    )
