"""Paying by card or bank account: the answer to an attempt, and the form that is signed before one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QWidget

from app.errors import UserError
from app.services import autopayanswers
from app.services.authorizationpaper import print_authorization
from app.services.books import Session
from app.services.choices import Choices
from app.services.outlook import Deed, Outlook
from app.services.payments import KIND_NAMES
from app.services.policies.dishonored import DISHONORED, LATE_CHARGE
from app.services.policies.policyfile import ArrearsPolicy
from app.views.dialogs.account_details import methods_of
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import named
from app.views.workplace import Workplace

ANSWERS = (("Declined", False), ("Paid", True))


class AttemptDialog(ActionDialog):
    """ADV-5, ARR-5 to ARR-7: one account was asked for its balance, or another amount, and this was the answer."""

    hint = "What the answer costs or pays is shown here before it is recorded."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "answer", "Record a card or bank payment", "&Record it", parent)
        self.answer = self.add_choice("&Answer", "answer", "Answer of the card service or bank", ANSWERS)
        self.amount = self.add_money("A&mount", "amount", "Amount asked for")
        self.words = self.add_text("Re&ference", "reference", "Reference or code of the answer")
        self.words.setPlaceholderText("R01, “do not honor”, or its approval")
        self.late = QCheckBox("Waive the &late charge (supervisor)")
        self.dishonored = QCheckBox("&Waive the dishonored payment fee (supervisor)")
        for box, part in ((self.late, "late"), (self.dishonored, "dishonored")):
            named(box, f"answer.{part}", box.text().replace("&", ""))
            self.form.addRow("", box)
            box.toggled.connect(self._enable)
        self.add_reason("Rea&son")
        self.answer.currentIndexChanged.connect(self._enable)
        self._enable()

    def fill(self, known: Choices) -> None:
        self.amount.set_cents(max(known.card.balance_cents, 0) or None)
        self._enable()

    def _enable(self) -> None:
        """Fees follow a decline of a member's payment only, and a reason is asked for when one is waived."""
        assert self.reason is not None
        is_member = self.choices is not None and isinstance(self.choices.policy, ArrearsPolicy)
        can_waive = is_member and not self.answer.currentData()
        for box in (self.late, self.dishonored):
            self.form.setRowVisible(box, can_waive)
        self.form.setRowVisible(self.reason, can_waive and bool(self._waived()))
        self.look_ahead()
        self.fit()

    def _waived(self) -> frozenset[str]:
        boxes = ((self.late, LATE_CHARGE), (self.dishonored, DISHONORED))
        return frozenset(kind for box, kind in boxes if box.isChecked() and not self.answer.currentData())

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, approved = self.account_id, bool(self.answer.currentData())
        waived, words = self._waived(), self.words.text().strip()
        reason, cents = self.why() if waived else "", self.amount.required_cents("The amount")
        return lambda session, desk: autopayanswers.record_attempt(
            session, desk, account_id, approved=approved, cents=cents, reference=words, waive=waived, reason=reason
        )

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.amount.text().strip() else self.hint

    def describe(self, seen: Outlook) -> None:
        super().describe(seen)
        if self.answer.currentData():
            return
        clauses = {line.clause for line in seen.lines}
        if "ARR-6" in clauses:
            self.outcome.add_text("It is the first failed attempt for a fee, which costs the plan's late charge.")
        elif "ARR-7" in clauses and len(seen.lines) > 1:
            self.outcome.add_text("All that is open failed before.")
        elif not seen.lines:
            self.outcome.add_text("A declined attempt costs nothing here.")

    def said(self, result: Any) -> str:
        if result:
            return "The payment is recorded."
        return "The declined attempt is recorded; it stands among the payments."


class AuthorizationDialog(ActionDialog):
    """ADV-18, ARR-10: the form that a customer signs before a card or bank account is used."""

    hint = "The form opens in the preview, from which it is printed. Nothing is changed."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "authform", "Print the authorization form", "&Make the form", parent)
        self.method = self.add_choice("&For a", "method", "Card or bank account")
        self.blank = QCheckBox("&Blank: without what is known of the customer")
        named(self.blank, "authform.blank", "Blank, without what is known of the customer")
        self.form.addRow("", self.blank)

    def fill(self, known: Choices) -> None:
        offered = [item for item in methods_of(known.policy) if item[1] != "none"]
        clear_and_add(self.method, offered, lambda kind: bool(kind == known.card.autopay))

    def look_ahead(self) -> None:
        """Nothing happens in the books: the card says what to do with the paper."""
        if self.choices is None:
            return
        account = self.choices.card
        text = "When the signed form is back, record its day under Actions, Auto-pay: nothing is debited before."
        if account.autopay != "none" and account.authorized_on is None:
            text = f"The form for {account.method_label or KIND_NAMES[account.autopay]} is not here yet. {text}"
        self.outcome.show_text(text)
        self.fit()

    def submit(self) -> None:
        assert self.account_id is not None
        account_id, method, on = self.account_id, self.chosen(self.method, "method"), self.workplace.on
        folder, blank = self.workplace.folder / "forms", self.blank.isChecked()

        def work(session: Session) -> Path:
            return print_authorization(session, account_id, method, folder, on, blank=blank)

        self.action.setEnabled(False)
        self.tasks.read(work, self._show, owner=self, name="form", otherwise=self.refuse)

    def _show(self, path: Path) -> None:
        from app.views.pdf_preview import PdfPreview

        parent = self.parentWidget()
        try:
            PdfPreview(self.workplace, parent).show_file(path, "Payment authorization form")
        except UserError as error:
            self.refuse(error)
            return
        self.accept()
