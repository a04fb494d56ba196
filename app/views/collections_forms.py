"""The short forms of the Collections page: leaving one out, the suspension run, re-activation fees, work to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import pastdue, work
from app.services.pastdue import Candidate, ProposedFee, UndecidedWork
from app.views.collections_lists import many
from app.views.dialog import FormDialog
from app.views.fields import MoneyEdit, format_day, label, named
from app.views.workplace import Workplace


def _reason_edit(object_name: str, prompt: str) -> QLineEdit:
    made = QLineEdit()
    named(made, object_name, "Reason")
    made.setMaxLength(200)
    made.setPlaceholderText(prompt)
    return made


class LeaveOutForm(FormDialog):
    """Why an account is left out of this suspension run: `decided(account_id, reason)`; recorded with the run."""

    decided = Signal(int, str)

    def __init__(self, workplace: Workplace, row: Candidate, parent: QWidget) -> None:
        super().__init__(workplace, "collections.leaveout", f"Leave {row.name} out", "&Leave out", parent)
        self.row = row
        self.form.addRow(
            label(
                f"Account {row.number}, {row.name}, owes ${format_cents(row.past_due_cents)} since "
                f"{format_day(row.oldest_due_on)}. It stays active; the reason becomes a note on the account.",
                wrap=True,
            )
        )
        self.reason = _reason_edit("collections.leaveout.reason", "Called, pays on Friday")
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        if not self.reason.text().strip():
            raise UserError("Say in a few words why it is left out.", field="collections.leaveout.reason")
        self.decided.emit(self.row.account_id, self.reason.text().strip())
        self.accept()


class SuspendForm(FormDialog):
    """The last look before the suspension run."""

    def __init__(
        self, workplace: Workplace, confirmed: Sequence[Candidate], left_out: Mapping[int, str], parent: QWidget
    ) -> None:
        count = many(len(confirmed), "account")
        super().__init__(workplace, "collections.suspend", "Suspension run", f"&Suspend {count}", parent)
        self.confirmed, self.left_out = tuple(confirmed), dict(left_out)
        cents = sum(row.past_due_cents for row in confirmed)
        self.form.addRow(
            label(
                f"{count[:1].upper()}{count[1:]} with ${format_cents(cents)} past due "
                f"{'is' if len(confirmed) == 1 else 'are'} suspended as of {format_day(workplace.on)}, until paid in full "
                "or until an arrangement is made.",
                wrap=True,
            )
        )
        if left_out:
            self.form.addRow(
                label(f"{many(len(left_out), 'account')} left out: the reason becomes a note on the account.", wrap=True)
            )
        self.action.setFocus()

    def submit(self) -> None:
        desk = self.workplace.desk(self.token)
        ids, left_out = [row.account_id for row in self.confirmed], self.left_out

        def said(suspended: list[int]) -> str:
            more = f", {len(left_out)} left out with a note" if left_out else ""
            return f"{many(len(suspended), 'account')} suspended on {format_day(desk.on)}{more}."

        self.save(lambda session: pastdue.suspend_confirmed(session, desk, ids, left_out), said, accounts=[*ids, *left_out])


class ReactivationForm(FormDialog):
    """Charge the proposed fee, or waive it with a reason (ADV-17)."""

    def __init__(self, workplace: Workplace, row: ProposedFee, parent: QWidget, *, charge: bool) -> None:
        fee = f"${format_cents(row.fee_cents)}"
        title, action = (
            ("Charge re-activation fee", f"&Charge {fee}") if charge else ("Waive re-activation fee", f"&Waive {fee}")
        )
        super().__init__(workplace, "collections.reactivation", title, action, parent)
        self.row, self.charge = row, charge
        self.form.addRow(
            label(
                f"Account {row.number}, {row.name}: restored by a payment on {format_day(row.restored_on)} after "
                f"{many(row.suspensions, 'suspension')} in a year."
                + (f" The invoice over {fee} is dated today and due in 30 days." if charge else ""),
                wrap=True,
            )
        )
        self.reason = _reason_edit("collections.reactivation.reason", "Optional" if charge else "Why the fee is waived")
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        desk, row, charge, reason = self.workplace.desk(self.token), self.row, self.charge, self.reason.text()
        fee = format_cents(row.fee_cents)
        self.save(
            lambda session: pastdue.decide_reactivation(session, desk, row.account_id, reason, charge=charge),
            f"Re-activation fee of ${fee} {'charged to' if charge else 'waived for'} {row.name}.",
            accounts=[row.account_id],
        )


class DecideWorkForm(FormDialog):
    """What work that no rule covers costs: nothing, or an amount on the next bill (ADV-13)."""

    def __init__(self, workplace: Workplace, row: UndecidedWork, parent: QWidget) -> None:
        super().__init__(workplace, "collections.work", f"Work for {row.name}", "&Decide", parent)
        self.row = row
        said = f": {row.description}" if row.description else ""
        self.form.addRow(
            label(
                f"{row.kind.replace('-', ' ').capitalize()} on {format_day(row.starts_at.date())}, "
                f"{row.starts_at:%H:%M} to {row.ends_at:%H:%M}{said}. {row.why[:1].upper()}{row.why[1:]}.",
                wrap=True,
            )
        )
        self.form.addRow(
            label(f"At the agreed rate: {row.at_rate} = ${format_cents(row.at_rate_cents)}", "quiet", wrap=True)
        )
        self.amount = MoneyEdit(
            "collections.work.amount", "Amount to bill, 0 for free", implied_cents=workplace.settings.implied_cents
        )
        self.amount.set_cents(row.at_rate_cents)
        self.amount.setToolTip("0 makes it free; anything else goes on the next bill")
        self.add_row("&Bill (0 = free)", self.amount)
        self.reason = _reason_edit("collections.work.reason", "Why it is billed, or why it is free")
        self.add_row("&Reason", self.reason)
        self.amount.setFocus()
        self.amount.selectAll()

    def submit(self) -> None:
        desk, row, reason = self.workplace.desk(self.token), self.row, self.reason.text()
        cents = self.amount.required_cents("The amount, or 0 for free work,")
        outcome = f"billed with the next cycle: ${format_cents(cents)}" if cents else "free"
        self.save(
            lambda session: work.decide_work(session, desk, row.work_id, cents, reason),
            f"Work for {row.name} is {outcome}.",
            accounts=[row.account_id],
        )
