"""Opening an account, with the services or the plan that it starts with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.errors import UserError
from app.keystore import open_key_store
from app.services import accountforms, outlook
from app.services.accounts import AccountForm
from app.services.choices import KnownService, known_services
from app.services.membersignup import policies_for_new_accounts
from app.services.outlook import Deed, Outlook
from app.services.policies.policyfile import ArrearsPolicy, Policy
from app.views import style
from app.views.dialogs.account_details import ACCOUNT_TYPES, BANK_METHODS, DELIVERIES, METHODS, methods_of, typed_number
from app.views.dialogs.account_services import ServiceNameEdit
from app.views.dialogs.acting import CHARACTERS_WIDE, ActionDialog, clear_and_add, line_in_words
from app.views.dialogs.member_plan import PlanPart
from app.views.dialogs.outcome import Fields
from app.views.fields import MoneyEdit, label, named
from app.views.workplace import Workplace

KINDS = (("Home", "residential"), ("Business", "business"))
POLICY_WORDS = {"isp-advance": "Internet service, billed in advance", "membership-arrears": "Membership, billed in arrears"}
MOST_SERVICES = 12


class NewAccountDialog(ActionDialog):
    """Open an account dated the business date; then its page is shown."""

    hint = "Type the name; the number is given by the program. The first invoice is shown here before it is made."

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, None, "newaccount", "Open an account", "&Open the account", parent)
        self.name = self.add_text("&Name", "name", "Name")
        self.same = label("", "warning", wrap=True)
        named(self.same, "newaccount.same", "Accounts of the same name")
        self.same.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.form.addRow("", self.same)
        self.form.setRowVisible(self.same, False)
        self.name.editingFinished.connect(self._look_for_same)
        self.address = self.add_words("Add&ress", "address", "Postal address, one line a row")
        self.address.setPlaceholderText("Street\nCity ST ZIP")
        self.phone = self.add_text("&Phone", "phone", "Phone")
        self.email = self.add_text("&E-mail", "email", "E-mail address")
        self.kind = self.add_choice("&Kind", "kind", "Kind of customer", KINDS)
        self.managed = QCheckBox("Man&aged: emergency repairs are free, day and night (ADV-12)")
        named(self.managed, "newaccount.managed", "Managed services")
        self.form.addRow("", self.managed)
        self.policy = self.add_choice("Polic&y", "policy", "Billing policy", [(POLICY_WORDS["isp-advance"], "isp-advance")])
        self.policy.currentIndexChanged.connect(self._policy_chosen)
        self.delivery = self.add_choice("S&tatements", "delivery", "How statements are sent", DELIVERIES)
        self.autopay = self.add_choice("A&uto-pay", "autopay", "Auto-pay method", METHODS)
        self.method_label = self.add_text("Kno&wn as", "label", "How the card or bank account is called")
        self.method_label.setPlaceholderText("Visa ending 4242; never the whole number")
        self.routing = self.add_text("Routing number", "routing", "Routing number of the bank")
        self.bank_number = self.add_text("Account num&ber", "number", "Account number at the bank")
        self.bank_number.setPlaceholderText("from the signed form; kept encrypted")
        self.account_type = self.add_choice("Account type", "account_type", "Kind of bank account", ACCOUNT_TYPES)
        self.signed = QCheckBox("The signed authorization &form is here")
        named(self.signed, "newaccount.signed", "The signed authorization form is here")
        self.form.addRow("", self.signed)
        self.services: list[tuple[ServiceNameEdit, MoneyEdit]] = []
        self._known: list[KnownService] = []
        self._policies: dict[str, Policy] = {}
        self.plan = PlanPart(workplace, "newaccount", self.look_ahead)
        self._make_service_rows()
        for box in (self.managed, self.signed):
            box.toggled.connect(self.look_ahead)
        self.kind.currentIndexChanged.connect(self._enable)
        self.autopay.currentIndexChanged.connect(self._enable)
        self.email.editingFinished.connect(self._suggest_delivery)
        self._enable()
        on = workplace.on
        self.tasks.read(
            lambda session: (known_services(session), *policies_for_new_accounts(session, on)),
            self._show_known,
            owner=self,
            name="known",
        )

    def _make_service_rows(self) -> None:
        self.rows = QGridLayout()
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(style.SMALL)
        self.rows.setVerticalSpacing(style.TIGHT)
        self.rows.setColumnStretch(0, 3)
        self.rows.setColumnStretch(1, 2)
        self.rows.setRowStretch(MOST_SERVICES + 1, 1)
        self._put_side_by_side()
        for _ in range(3):
            self._add_service_row()

    def _put_side_by_side(self) -> None:
        """The customer on the left; the services and what they come to on the right, if the screen is that wide."""
        inside = QWidget()
        inside.setLayout(self.rows)
        self.what_for = heading = label("Services from this day on", "heading", wrap=True)
        needed = (2 * CHARACTERS_WIDE - 40) * self.fontMetrics().averageCharWidth()
        if needed > self.room().width():
            self.service_part = inside
            for part in (heading, inside, self.plan):
                self.inside.addWidget(part)
            return
        right = QVBoxLayout()
        right.setSpacing(style.MEDIUM)
        right.addWidget(heading)
        self.service_part = Fields(inside)
        right.addWidget(self.service_part, 1)
        right.addWidget(self.plan)
        right.addWidget(self.outcome)
        right.addStretch()
        columns = QHBoxLayout()
        columns.setSpacing(style.WIDE)
        columns.addWidget(self.fields, 1)
        columns.addLayout(right, 1)
        self.body.addLayout(columns, 1)
        self.set_width(2 * CHARACTERS_WIDE - 20)

    def _add_service_row(self) -> None:
        n = len(self.services) + 1
        price = MoneyEdit(
            f"newaccount.monthly-{n}",
            f"Monthly price of service {n}",
            implied_cents=self.workplace.settings.implied_cents,
        )
        price.setPlaceholderText("a month")
        name = ServiceNameEdit(f"newaccount.service-{n}", f"Service {n}", price)
        name.show_known(self._known)
        edit = name.lineEdit()
        if edit is not None:
            edit.textEdited.connect(self._typed)
            edit.setPlaceholderText("Service" if n == 1 else "Another service")
        if n == 1:
            self.rows.addWidget(label("&Service", buddy=name), 0, 0)
            self.rows.addWidget(label("&Monthly price", buddy=price), 0, 1)
        self.rows.addWidget(name, n, 0)
        self.rows.addWidget(price, n, 1)
        name.editTextChanged.connect(self._service_typed)
        self.watch(price)
        if self.services:
            # A row that is added later stands before the buttons, as on the screen.
            self.setTabOrder(self.services[-1][1], name)
            self.setTabOrder(name, price)
        self.services.append((name, price))

    def _service_typed(self) -> None:
        if self.services[-1][0].service_name() and len(self.services) < MOST_SERVICES:
            self._add_service_row()
            self.fit()
        self.look_ahead()

    def _show_known(self, answer: tuple[list[KnownService], list[Policy], str]) -> None:
        self._known, policies, latest = answer
        for name, _price in self.services:
            name.show_known(self._known)
        self._policies = {policy.name: policy for policy in policies}
        with QSignalBlocker(self.policy):
            clear_and_add(self.policy, [(POLICY_WORDS.get(name, name), name) for name in self._policies])
            # The office's next account is most often like its last one.
            self.policy.setCurrentIndex(max(self.policy.findData(latest), 0))
        # With one policy there is nothing to choose.
        self.form.setRowVisible(self.policy, len(policies) > 1)
        self._policy_chosen()

    @property
    def is_membership(self) -> bool:
        """Whether the policy chosen bills members."""
        return isinstance(self._policies.get(self.policy.currentData()), ArrearsPolicy)

    def _policy_chosen(self) -> None:
        """A membership has a plan where other accounts have services, and other ways to pay by itself."""
        policy = self._policies.get(self.policy.currentData())
        if policy is None:
            return
        method = self.autopay.currentData()
        with QSignalBlocker(self.autopay):
            clear_and_add(self.autopay, methods_of(policy), lambda kind: kind == method)
        self.what_for.setText("The plan" if self.is_membership else "Services from this day on")
        self.service_part.setVisible(not self.is_membership)
        self.plan.setVisible(self.is_membership)
        if isinstance(policy, ArrearsPolicy):
            self.plan.show_policy(policy)
        self._enable()
        self.look_ahead()

    def _enable(self) -> None:
        is_business, has_method = self.kind.currentData() == "business", self.autopay.currentData() != "none"
        self.managed.setEnabled(is_business)
        example = "Visa ending 4242" if self.autopay.currentData() == "card" else "Hill Bank ending 0412"
        self.method_label.setPlaceholderText(f"{example}; never the whole number")
        for typed in (self.routing, self.bank_number, self.account_type):
            self.form.setRowVisible(typed, self.autopay.currentData() in BANK_METHODS)
        for row in (self.managed, self.method_label, self.signed):
            is_managed = is_business and not self.is_membership
            self.form.setRowVisible(row, is_managed if row is self.managed else has_method)
        self.fit()

    def _look_for_same(self) -> None:
        name = self.name.text().strip()
        self.tasks.read(lambda session: accountforms.same_name(session, name), self._show_same, owner=self, name="same")

    def _show_same(self, numbers: list[str]) -> None:
        self.same.setText(f"This name is known already: account {' and '.join(numbers)}." if numbers else "")
        self.form.setRowVisible(self.same, bool(numbers))
        self.fit()

    def _suggest_delivery(self) -> None:
        """Without an e-mail address statements can only go out on paper."""
        if self.email.isModified():
            self.delivery.setCurrentIndex(0 if self.email.text().strip() else 1)

    def services_typed(self) -> list[tuple[str, int]]:
        """The services with their prices; empty rows do not count. Raises UserError for half a row."""
        found = []
        for name, price in self.services:
            if name.service_name():
                found.append((name.service_name(), price.required_cents(f"The price of {name.service_name()}")))
            elif price.text().strip():
                raise UserError("Which service is that price for?", field=name.objectName())
        return found

    def deed(self) -> Deed:
        if not self.name.text().strip():
            raise UserError("An account needs a name.", field="newaccount.name")
        has_method = self.autopay.currentData() != "none"
        form = AccountForm(
            self.name.text().strip(),
            policy=self.policy.currentData(),
            kind=self.kind.currentData(),
            managed=self.managed.isChecked() and self.kind.currentData() == "business" and not self.is_membership,
            email=self.email.text().strip(),
            phone=self.phone.text().strip(),
            address=tuple(line.strip() for line in self.address.toPlainText().splitlines() if line.strip()),
            delivery=self.delivery.currentData(),
            autopay=self.autopay.currentData(),
            method_label=self.method_label.text().strip() if has_method else "",
        )
        signed = self.signed.isChecked()
        number = typed_number(self.autopay, self.routing, self.bank_number, self.account_type)
        bank = None if number is None else accountforms.SealedNumber(number, open_key_store())
        if self.is_membership:
            typed = self.plan.typed()
            form = replace(
                form,
                plan=typed.plan,
                monthly_cents=typed.monthly_cents,
                processing_cents=typed.processing_cents,
                individuals=typed.individuals,
            )
            return lambda session, desk: accountforms.open_membership(
                session,
                desk,
                form,
                form_signed=signed,
                instructed_on=typed.instructed_on,
                performed=typed.performed,
                bank=bank,
            )
        services = self.services_typed()
        return lambda session, desk: accountforms.open_with_services(
            session, desk, form, services, form_signed=signed, bank=bank
        )

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.name.text().strip() else self.hint

    def describe(self, seen: Outlook) -> None:
        lines = [(line_in_words(line), line.cents) for line in seen.lines]
        said = outlook.sentences(seen) or ["The account is opened without a service; nothing is billed yet."]
        if self.is_membership:
            lines, schedule = self.plan.outlook(self.plan.typed())
            said = [schedule]
        if seen.after.delivery == "email" and not seen.after.email:
            said.append("Without an e-mail address no statement can be sent.")
        if seen.after.delivery == "paper" and not seen.after.address:
            said.append("Without a postal address no statement can be mailed.")
        self.outcome.show_lines(lines, " ".join(said))

    def said(self, result: Any) -> str:
        self.workplace.open_account(int(result))
        return f"The account of {self.name.text().strip()} is open."
