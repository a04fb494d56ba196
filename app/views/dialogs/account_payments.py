"""Payments that the office keyed wrongly and takes back (BOTH-11); what a bank returns is in `returned_item`."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QDialog, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import payments
from app.services.choices import Choices, PaymentChoice
from app.services.outlook import Deed
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day
from app.views.workplace import Workplace


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

    def offered(self, known: Choices) -> tuple[PaymentChoice, ...]:
        """The payments to choose from."""
        return known.payments

    def fill(self, known: Choices) -> None:
        offered = [choice for choice in self.offered(known) if choice.kind in self.kinds]
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
