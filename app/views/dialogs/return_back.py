"""Taking back a recorded return or chargeback, for the account's menu and for a payment that came back."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.money import format_cents
from app.services import outlook, returnreversaloutlook
from app.services.choices import Choices, PaymentChoice
from app.services.outlook import Deed, Outlook
from app.views.dialogs.account_payments import UndoPaymentDialog
from app.views.dialogs.acting import line_in_words
from app.views.workplace import Workplace


class TakeBackReturnDialog(UndoPaymentDialog):
    """BOTH-3: the bank reversed its return, or the wrong payment was picked; a supervisor's, with a reason."""

    kinds = ("check", "echeck", "bank-draft", "card")
    nothing = "No payment of this account came back, or each return was taken back already."
    hint = "What follows is shown here before it is done."

    def __init__(
        self, workplace: Workplace, account_id: int | None, payment_id: int | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            workplace, account_id, "returnback", "Take back a recorded return", "&Take the return back", payment_id, parent
        )
        self.add_reason()
        self.add_remark(
            "The bank reversed its return, or another payment was meant. The payment counts again, and what the return "
            "charged is taken back. A fee waived since stays waived."
        )

    def offered(self, known: Choices) -> tuple[PaymentChoice, ...]:
        return known.came_back

    def deed(self) -> Deed:
        payment_id, reason = self.chosen_payment().id, self.why()
        return lambda session, desk: returnreversaloutlook.take_back(session, desk, payment_id, reason)

    def describe(self, seen: Outlook) -> None:
        lines = [(line_in_words(line), line.cents) for line in seen.lines]
        # That a credit memo is made for the fees says nothing that its lines do not.
        said = [words for words in outlook.sentences(seen._replace(invoices=())) if words]
        self.outcome.show_lines(lines, " ".join([*said, *seen.result.sentences]))

    def said(self, result: Any) -> str:
        chosen = self.chosen_payment()
        return f"Taken back: the return of {chosen.words}, {format_cents(chosen.cents)}. The payment counts again."
