"""Payments that are undone: returned by the bank, charged back, or keyed wrongly by the office (ADV-10, BOTH-11)."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QDialog, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import payments
from app.services.choices import Choices, PaymentChoice
from app.services.outlook import Deed
from app.services.policies.dishonored import BANK_ACCOUNT_CLOSED
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day, named
from app.views.workplace import Workplace

# What banks print on a returned item, and the code under which it is recorded.
RETURN_REASONS = (
    ("Not sufficient funds (R01)", "R01"),
    ("Bank account closed (R02)", BANK_ACCOUNT_CLOSED),
    ("No account, or not found (R03)", "R03"),
    ("Invalid account number (R04)", "R04"),
    ("Payment stopped (R08)", "R08"),
    ("Uncollected funds (R09)", "R09"),
    ("Customer says not authorized (R10)", "R10"),
    ("Another reason", ""),
)


class UndoPaymentDialog(ActionDialog):
    """Base: one payment of an account is chosen, and the latest one first."""

    kinds: tuple[str, ...] = ()
    nothing = ""

    def __init__(
        self,
        workplace: Workplace,
        account_id: int | None,
        key: str,
        title: str,
        action: str,
        payment_id: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(workplace, account_id, key, title, action, parent)
        self._payment_id = payment_id
        self.payment = self.add_choice("&Payment", "payment", "Payment")

    def start_with_payment(self) -> QDialog:
        """Open for a payment whose account is not known yet."""
        self.open()
        payment_id = self._payment_id
        assert payment_id is not None

        def found(row: payments.PaymentRow) -> None:
            self.account_id = row.account_id
            self.start()

        self.tasks.read(lambda session: payments.payment(session, payment_id), found, owner=self, otherwise=self.refuse)
        return self

    def fill(self, known: Choices) -> None:
        offered = [choice for choice in known.payments if choice.kind in self.kinds]
        items = [(f"{format_day(choice.on)}  {choice.words}  {format_cents(choice.cents)}", choice) for choice in offered]
        clear_and_add(self.payment, items, lambda choice: choice.id == self._payment_id)
        if self._payment_id is not None and all(choice.id != self._payment_id for choice in offered):
            # A payment that was asked for and cannot be undone is never replaced by another one.
            self.payment.setCurrentIndex(-1)

    def chosen_payment(self) -> PaymentChoice:
        """The payment. Raises UserError when there is none, or when the one asked for cannot be undone."""
        if self.account_id is None or self.choices is None:
            raise UserError("The payment is being looked up; try again.")
        if self.payment.currentIndex() < 0:
            raise UserError(self.hint_for(UserError("")), field=self.payment.objectName())
        found: PaymentChoice = self.payment.currentData()
        return found

    def hint_for(self, missing: UserError) -> str:
        if self.choices is not None and self.payment.currentIndex() < 0:
            if self._payment_id is not None:
                return "That payment was undone already, or cannot be undone this way; choose another one."
            return self.nothing
        return self.hint


class ReturnPaymentDialog(UndoPaymentDialog):
    """ADV-10: a check, E-Check or bank draft came back unpaid; a card payment that did is charged back."""

    kinds = ("check", "echeck", "bank-draft", "card")
    nothing = "No payment of this account can come back."
    hint = "The fees that follow are shown here before it is done."

    def __init__(
        self, workplace: Workplace, account_id: int | None, payment_id: int | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(workplace, account_id, "payreturn", "A payment came back", "&Record the return", payment_id, parent)
        self.cause = self.add_choice("&Why it came back", "cause", "Why it came back", RETURN_REASONS)
        self.words = self.add_text("Remar&k", "remark", "Remark")
        self.bank_fee = self.add_money("&Bank's fee", "bank_fee", "What the bank took for the return")
        self.bank_fee.setPlaceholderText("0.00")
        self.waive = QCheckBox("Waive the &fees (supervisor; say why in the remark)")
        named(self.waive, "payreturn.waive", "Waive the fees")
        self.form.addRow(self.waive)
        self.waive.toggled.connect(self.look_ahead)
        self.payment.currentIndexChanged.connect(self._enable)

    def _enable(self) -> None:
        """A card payment has no return code, and under this policy no fee."""
        has_fees = self.payment.currentIndex() < 0 or self.payment.currentData().kind != "card"
        for control in (self.cause, self.bank_fee, self.waive):
            control.setEnabled(has_fees)

    def _reason(self) -> str:
        return f"{self.cause.currentData()} {self.words.text().strip()}".strip()

    def deed(self) -> Deed:
        chosen, remark = self.chosen_payment(), self.words.text().strip()
        payment_id = chosen.id
        if chosen.kind == "card":
            return lambda session, desk: payments.charge_back(session, desk, payment_id, remark)
        bank_fee = self.bank_fee.cents() or 0
        waive = frozenset({"returned-bank-fee", "returned-admin-fee"}) if self.waive.isChecked() else frozenset[str]()
        reason = self._reason()
        if waive and not remark and not self._is_trying:
            raise UserError("Waiving a fee needs a reason; say in a few words why.", field="remark")
        return lambda session, desk: payments.return_payment(session, desk, payment_id, bank_fee, reason, waive=waive)

    def said(self, result: Any) -> str:
        return f"Returned: {self.chosen_payment().words}, {format_cents(self.chosen_payment().cents)}."


class ReversePaymentDialog(UndoPaymentDialog):
    """BOTH-11: the office keyed a payment wrongly; no fee."""

    kinds = ("check", "echeck", "bank-draft", "card")
    nothing = "No payment of this account can be taken back."
    hint = "What opens again is shown here before it is done."

    def __init__(
        self, workplace: Workplace, account_id: int | None, payment_id: int | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            workplace, account_id, "payreverse", "Take back a payment keyed wrongly", "&Take it back", payment_id, parent
        )
        self.add_reason()
        self.add_remark("The office's own mistake: no fee is charged, and the same check can then be posted right.")

    def deed(self) -> Deed:
        payment_id, reason = self.chosen_payment().id, self.why()
        return lambda session, desk: payments.reverse_payment(session, desk, payment_id, reason)

    def said(self, result: Any) -> str:
        return f"Taken back: {self.chosen_payment().words}, {format_cents(self.chosen_payment().cents)}."


class ChargeBackDialog(UndoPaymentDialog):
    """ADV-10: a card holder took the money back; under this policy without a fee."""

    kinds = ("card",)
    nothing = "No card payment of this account can be charged back."
    hint = "What opens again is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "chargeback", "A card payment was charged back", "&Record it", None, parent)
        self.words = self.add_text("Re&mark", "remark", "Remark")
        self.words.setPlaceholderText("What the card company says, for the record")

    def deed(self) -> Deed:
        payment_id, words = self.chosen_payment().id, self.words.text().strip()
        return lambda session, desk: payments.charge_back(session, desk, payment_id, words)

    def said(self, result: Any) -> str:
        return f"Charged back: {self.chosen_payment().words}, {format_cents(self.chosen_payment().cents)}."
