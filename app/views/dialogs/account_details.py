"""What is on an account's card: how the customer is reached, statements, and the auto-pay method."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.errors import UserError
from app.keystore import open_key_store
from app.services import accountforms, accounts, paymentmethods
from app.services.accountforms import ContactForm
from app.services.bank_numbers import BankNumber
from app.services.choices import Choices
from app.services.outlook import Deed, Outlook
from app.services.policies.policyfile import ArrearsPolicy, Policy
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day, told_dates
from app.views.workplace import Workplace

DELIVERIES = (("By e-mail", "email"), ("On paper, by mail", "paper"))
_NO_METHOD = ("None: the customer sends payments", "none")
BANK_METHODS = ("echeck", "bank-draft")
ACCOUNT_TYPES = (("Checking", "checking"), ("Savings", "savings"))
METHODS = (_NO_METHOD, ("Card", "card"), ("E-Check", "echeck"))
MEMBER_METHODS = (_NO_METHOD, ("Card", "card"), ("Bank draft", "bank-draft"))


def methods_of(policy: Policy) -> tuple[tuple[str, str], ...]:
    """How an account of a policy can pay by itself, for a list (ADV-5, ARR-5)."""
    return MEMBER_METHODS if isinstance(policy, ArrearsPolicy) else METHODS


class ContactDialog(ActionDialog):
    """Name, postal address, e-mail and phone."""

    hint = "Change what is different; the old one stays in the account's history."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "contact", "Name, address, e-mail, phone", "&Save", parent)
        self.name = self.add_text("&Name", "name", "Name")
        self.address = self.add_words("Add&ress", "address", "Postal address, one line a row")
        self.email = self.add_text("&E-mail", "email", "E-mail address")
        self.phone = self.add_text("&Phone", "phone", "Phone")

    def fill(self, known: Choices) -> None:
        self.look_again(known)
        self.name.selectAll()

    def look_again(self, known: Choices) -> None:
        account = known.card
        for edit, text in ((self.name, account.name), (self.email, account.email), (self.phone, account.phone)):
            if not edit.isModified():
                edit.setText(text)
        if not self.address.document().isModified():
            self.address.setPlainText(account.address)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id = self.account_id
        form = ContactForm(
            self.name.text(), tuple(self.address.toPlainText().splitlines()), self.email.text(), self.phone.text()
        )
        return lambda session, desk: accountforms.change_contact(session, desk, account_id, form)

    def describe(self, seen: Outlook) -> None:
        self.outcome.show_text(f"Changes the {_listed(seen.result)}; the old one stays in the account's history.", "")

    def _would_be_refused(self, error: UserError) -> None:
        self.outcome.show_text(told_dates(error.message), "quiet")

    def said(self, result: Any) -> str:
        return f"Saved: the {_listed(result)}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class DeliveryDialog(ActionDialog):
    """Statements by e-mail or on paper (ADV-4)."""

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "delivery", "How statements are sent", "&Save", parent)
        self.delivery = self.add_choice("S&tatements", "delivery", "How statements are sent", DELIVERIES)

    def fill(self, known: Choices) -> None:
        # The other one is chosen already: nobody opens this to leave things as they are.
        self.delivery.setCurrentIndex(0 if known.card.delivery == "paper" else 1)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, delivery = self.account_id, self.delivery.currentData()
        if self.choices is not None and delivery == self.choices.card.delivery:
            raise UserError("Statements are sent that way already.", field="delivery")
        return lambda session, desk: accounts.change_delivery(session, desk, account_id, delivery)

    def hint_for(self, missing: UserError) -> str:
        return missing.message

    def describe(self, seen: Outlook) -> None:
        assert self.choices is not None
        policy, account = self.choices.policy, seen.after
        if account.delivery == "paper":
            fee = f"{policy.paper_statement_fee // 100}.{policy.paper_statement_fee % 100:02d}"
            text = f"From the next billing run each cycle invoice that bills a service carries {fee} for paper (ADV-4)."
            if isinstance(policy, ArrearsPolicy):
                text = "From the next fee on statements are printed and mailed; for a member that costs nothing."
            if not account.address:
                text += " No postal address is known; statements cannot be mailed before there is one."
        else:
            text = "From the next billing run no fee for paper is charged."
            if isinstance(policy, ArrearsPolicy):
                text = "From the next fee on statements go out by e-mail."
            if not account.email:
                text += " No e-mail address is known; statements cannot be sent before there is one."
        self.outcome.show_text(text, "")

    def said(self, result: Any) -> str:
        return f"Statements go out {self.delivery.currentText().lower()}."


def typed_number(method: QComboBox, routing: QLineEdit, number: QLineEdit, account_type: QComboBox) -> BankNumber | None:
    """What was typed of a bank account; nothing when none was, or the method has none. Raises UserError for half of it."""
    typed = routing.text().strip(), number.text().strip()
    if method.currentData() not in BANK_METHODS or not any(typed):
        return None
    if not all(typed):
        missing = "number" if typed[0] else "routing"
        raise UserError("A bank account has a routing number and an account number; type both.", field=missing)
    return BankNumber(*typed, account_type.currentData())


class AutopayDialog(ActionDialog):
    """The auto-pay method and its signed form (ADV-5, ADV-18, ARR-10)."""

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "autopay", "Auto-pay", "&Save", parent)
        self.method = self.add_choice("&Method", "autopay", "Auto-pay method", METHODS)
        self.label_edit = self.add_text("&Known as", "label", "How the card or bank account is called")
        self.label_edit.setPlaceholderText("Visa ending 4242; never the whole number")
        self.routing = self.add_text("&Routing number", "routing", "Routing number of the bank")
        self.number = self.add_text("Account &number", "number", "Account number at the bank")
        self.account_type = self.add_choice("Account &type", "account_type", "Kind of bank account", ACCOUNT_TYPES)
        self.signed_on = self.add_day("&Form signed on", "signed_on", "Day on which the authorization form was signed")
        self.signed_on.setPlaceholderText("Empty: the signed form is not here yet")
        self._stays = ""
        self.method.currentIndexChanged.connect(self._method_changed)
        for edit in (self.routing, self.number):
            edit.textEdited.connect(self._number_typed)
        self._enable()

    def fill(self, known: Choices) -> None:
        account = known.card
        with QSignalBlocker(self.method):
            clear_and_add(self.method, methods_of(known.policy))
            self.method.setCurrentIndex(max(self.method.findData(account.autopay), 0))
        self.label_edit.setText(account.method_label)
        self.signed_on.set_day(account.authorized_on)
        on_file = f"{known.bank_number} is on file" if known.bank_number else "from the signed form; kept encrypted"
        self.number.setPlaceholderText(on_file)
        self._enable()

    def _number_typed(self) -> None:
        """Another bank account needs another signed form (ARR-10)."""
        if self.choices is not None and self.signed_on.text() == format_day(self.choices.card.authorized_on):
            self.signed_on.set_day(None)

    def _method_changed(self) -> None:
        # Another method is another form: what was signed for the old one does not count.
        if self.choices is not None:
            account = self.choices.card
            same = self.method.currentData() == account.autopay
            self.label_edit.setText(account.method_label if same else "")
            self.signed_on.set_day(account.authorized_on if same else None)
        self._enable()

    def _enable(self) -> None:
        has_method = self.method.currentData() != "none"
        self.label_edit.setEnabled(has_method)
        self.signed_on.setEnabled(has_method)
        for row in (self.routing, self.number, self.account_type):
            self.form.setRowVisible(row, self.method.currentData() in BANK_METHODS)
        self.fit()

    def deed(self) -> Deed:
        if self.choices is None:
            raise UserError("The account is being read; try again.")
        account = self.choices.card
        kind, words, signed_on = self.method.currentData(), self.label_edit.text().strip(), self.signed_on.day()
        number = typed_number(self.method, self.routing, self.number, self.account_type)
        if number is not None:
            return lambda session, desk: paymentmethods.change_bank_account(
                session, desk, open_key_store(), account.id, kind, number, label=words, signed_on=signed_on
            )
        is_same = kind == account.autopay and words == account.method_label
        if is_same and signed_on == account.authorized_on:
            raise UserError("Nothing here is different from what is on file.", field="autopay")
        if is_same and signed_on is not None:
            return lambda session, desk: accounts.record_authorization(session, desk, account.id, signed_on)
        if kind == "none":
            words, signed_on = "", None
        return lambda session, desk: accounts.change_payment_method(
            session, desk, account.id, kind, form_signed=signed_on is not None, label=words, signed_on=signed_on
        )

    def submit(self) -> None:
        self._stays = self._number_that_stays()  # what is on file now; once saved, nothing differs any more
        super().submit()

    def hint_for(self, missing: UserError) -> str:
        return missing.message

    def describe(self, seen: Outlook) -> None:
        account = seen.after
        is_member = self.choices is not None and isinstance(self.choices.policy, ArrearsPolicy)
        if account.autopay == "none":
            text = "Nothing is taken any more; the customer sends payments."
        elif account.authorized_on is None:
            text = (
                "It is not used before its signed form is here. Until then the account stands on the exceptions list "
                f"as authorization-missing ({'ARR-10' if is_member else 'ADV-18'})."
            )
        else:
            when = "the next time it is made (ARR-5)" if is_member else "the next time on the first of the month (ADV-5)"
            text = f"Signed {format_day(account.authorized_on)}: the auto-pay run asks it for the whole balance, {when}."
        stays = self._number_that_stays()
        more = (
            f" Only what it is called changes: {stays} stays on file. For another bank account, type its number."
            if stays
            else ""
        )
        self.outcome.show_text(text + more, "warning" if stays else "")

    def _number_that_stays(self) -> str:
        """The account number on file where the bank account is only called otherwise; else nothing."""
        if self.choices is None or self.method.currentData() not in BANK_METHODS:
            return ""
        account = self.choices.card
        same = self.method.currentData() == account.autopay and self.label_edit.text().strip() == account.method_label
        return "" if same or self.routing.text().strip() or self.number.text().strip() else self.choices.bank_number

    def said(self, result: Any) -> str:
        return (
            f"The auto-pay method is saved; {self._stays} stays on file." if self._stays else "The auto-pay method is saved."
        )
