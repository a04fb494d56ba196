"""Credits, write-offs, waived fees and the re-activation fee: a supervisor's, with a reason (BOTH-4, ADV-17)."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import collections, credits
from app.services.choices import Choices, FeeChoice
from app.services.desk import require_reason
from app.services.outlook import Deed, Outlook
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day
from app.views.workplace import Workplace


class CreditDialog(ActionDialog):
    """A courtesy credit."""

    hint = "Type the amount: what it pays is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "credit", "Give a credit", "&Give the credit", parent)
        self.amount = self.add_money("&Amount", "amount", "Amount of the credit")
        self.add_reason()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, cents, reason = self.account_id, self.amount.required_cents(), self.why()
        return lambda session, desk: credits.courtesy_credit(session, desk, account_id, cents, reason)

    def said(self, result: Any) -> str:
        return f"A credit of {self.amount.text()} is given."


class WriteOffDialog(ActionDialog):
    """Give up what is owed, as a bad debt."""

    hint = "Type the amount: what stays owed is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "writeoff", "Write off what is owed", "&Write it off", parent)
        self.amount = self.add_money("&Amount", "amount", "Amount to write off")
        self.add_reason()

    def fill(self, known: Choices) -> None:
        if known.card.balance_cents > 0 and not self.amount.text():
            self.amount.set_cents(known.card.balance_cents)
            if self.amount.hasFocus():
                self.amount.selectAll()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, cents, reason = self.account_id, self.amount.required_cents(), self.why()
        return lambda session, desk: credits.write_off(session, desk, account_id, cents, reason)

    def hint_for(self, missing: UserError) -> str:
        owes = self.choices is not None and self.choices.card.balance_cents > 0
        return self.hint if owes else "This account owes nothing that could be written off."

    def said(self, result: Any) -> str:
        return f"{self.amount.text()} is written off."


class WaiveFeeDialog(ActionDialog):
    """Waive a fee that was charged, or one of the next cycle before it is charged."""

    hint = "There is no fee to waive on this account."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "waive", "Waive a fee", "&Waive the fee", parent)
        self.fee = self.add_choice("&Fee", "fee", "Fee")
        self.add_reason()

    def fill(self, known: Choices) -> None:
        # What was charged is what a customer calls about; what is to come stands below it.
        fees = sorted(known.fees, key=lambda fee: bool(fee.key))
        clear_and_add(self.fee, [(f"{format_cents(fee.cents)}  {fee.words}", fee) for fee in fees])

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, reason = self.account_id, self.why()
        fee: FeeChoice = self.chosen(self.fee, "fee")
        if fee.invoice_id is None:
            return lambda session, desk: credits.waive_before_charged(session, desk, account_id, fee.key, reason)
        invoice_id, line_n = fee.invoice_id, fee.line_n
        return lambda session, desk: credits.waive_charge(session, desk, invoice_id, line_n, reason)

    def describe(self, seen: Outlook) -> None:
        fee: FeeChoice = self.fee.currentData()
        if fee.key:
            self.outcome.show_text(
                f"That cycle will not charge it, even if it is due. It would be {format_cents(fee.cents)}.", ""
            )
        else:
            super().describe(seen)

    def said(self, result: Any) -> str:
        return f"Waived: {self.fee.currentData().words}."


class ReactivationDialog(ActionDialog):
    """ADV-17: charge the proposed re-activation fee, or let it go."""

    hint = "No re-activation fee is proposed for this account."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "reactivation", "Decide on the re-activation fee", "De&cide", parent)
        self.decision = self.add_choice(
            "&Decision", "decision", "Decision", [("Charge the fee", True), ("Waive the fee", False)]
        )
        self.add_reason()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, reason = self.account_id, "" if self.reason is None else self.reason.text().strip()
        if self.decision.currentData():
            return lambda session, desk: collections.approve_reactivation(session, desk, account_id, reason)
        reason = require_reason(self.why(), "Waiving a fee")
        return lambda session, desk: collections.waive_reactivation(session, desk, account_id, reason)

    def describe(self, seen: Outlook) -> None:
        if self.decision.currentData():
            super().describe(seen)
            return
        since = None if self.choices is None else self.choices.fee_proposed_on
        self.outcome.show_text(f"The fee proposed on {format_day(since)} is not charged. The balance stays as it is.", "")

    def said(self, result: Any) -> str:
        return f"The re-activation fee is {'charged' if self.decision.currentData() else 'waived'}."
