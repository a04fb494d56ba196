"""The inputs for a member's plan in the form that opens an account, and what follows from them (ARR-1 to ARR-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSizePolicy, QSpinBox, QWidget

from app.money import format_cents
from app.services.accounts import MAX_INDIVIDUALS
from app.services.membersignup import sign_up_outlook
from app.services.policies.policyfile import ArrearsPolicy
from app.views import style
from app.views.fields import DayEdit, MoneyEdit, format_day, label, named
from app.views.workplace import Workplace


class PlanTyped(NamedTuple):
    """What was agreed with a new member; cents."""

    plan: str
    monthly_cents: int
    processing_cents: int
    individuals: int
    instructed_on: date | None
    performed: bool


class PlanPart(QWidget):
    """Plan, fees, individuals, and when the processing fee is charged. `changed` is called when something is."""

    def __init__(self, workplace: Workplace, key: str, changed: Callable[[], object]) -> None:
        super().__init__()
        self.workplace = workplace
        self.policy: ArrearsPolicy | None = None
        self._offered: tuple[int | None, int | None] = (None, None)
        implied = workplace.settings.implied_cents
        self.plan = QComboBox()
        named(self.plan, f"{key}.plan", "Plan")
        self.plan.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.plan.setMinimumContentsLength(20)
        self.plan.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.monthly = MoneyEdit(f"{key}.monthly", "Monthly fee", implied_cents=implied)
        self.processing = MoneyEdit(f"{key}.processing", "Processing fee", implied_cents=implied)
        self.individuals = QSpinBox()
        named(self.individuals, f"{key}.individuals", "Individuals on the plan")
        self.individuals.setRange(1, MAX_INDIVIDUALS)
        self.performed = QCheckBox("Work is performed to&day")
        named(self.performed, f"{key}.performed", "Work is performed today")
        self.instructed = DayEdit(f"{key}.charge_on", "Charge the processing fee sooner, on", workplace.on)
        self.instructed.setPlaceholderText("only if the customer asks for it")
        self.costs = label("", "quiet", wrap=True)
        named(self.costs, f"{key}.costs", "What a failed payment costs")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(style.SMALL)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for text, control in (
            ("P&lan", self.plan),
            ("Mont&hly fee", self.monthly),
            ("Pro&cessing fee", self.processing),
            ("Indi&viduals", self.individuals),
        ):
            form.addRow(label(text, buddy=control), control)
        form.addRow("", self.performed)
        form.addRow(label("Char&ge sooner, on", buddy=self.instructed), self.instructed)
        form.addRow(self.costs)
        self.plan.currentIndexChanged.connect(self._plan_chosen)
        for edit in (self.monthly, self.processing, self.instructed):
            edit.textChanged.connect(changed)
        self.individuals.valueChanged.connect(changed)
        self.performed.toggled.connect(changed)
        self._changed = changed

    def show_policy(self, policy: ArrearsPolicy) -> None:
        """Offer the plans of a policy; one that is chosen stays."""
        self.policy = policy
        chosen = self.plan.currentData()
        with QSignalBlocker(self.plan):
            self.plan.clear()
            for plan in policy.late_charge:
                offered = policy.plans.get(plan)
                words = plan if offered is None else f"{plan} · {format_cents(offered.monthly_cents)} a month"
                self.plan.addItem(words, plan)
            self.plan.setCurrentIndex(max(self.plan.findData(chosen), 0))
        self._plan_chosen()

    def _plan_chosen(self) -> None:
        plan, policy = self.plan.currentData(), self.policy
        if policy is None or plan is None:
            return
        offered = policy.plans.get(plan)
        fees = (None, None) if offered is None else (offered.monthly_cents, offered.processing_cents)
        for edit, before, now in zip((self.monthly, self.processing), self._offered, fees, strict=True):
            # A fee that somebody typed is never replaced.
            if not edit.text().strip() or edit.text() == format_cents(-1 if before is None else before):
                edit.set_cents(now)
        self._offered = fees
        self.costs.setText(
            f"A payment that is not honored costs {format_cents(policy.late_charge[plan])} the first time and "
            f"{format_cents(policy.late_charge_again)} each time after, and {format_cents(policy.dishonored_fee)} for "
            f"each attempt (ARR-6, ARR-7). Moving the fee date costs {format_cents(policy.date_change_fee)} (ARR-8)."
        )
        self._changed()

    def typed(self) -> PlanTyped:
        """What stands in the inputs. Raises UserError for one that cannot be used."""
        return PlanTyped(
            self.plan.currentData(),
            self.monthly.required_cents("The monthly fee"),
            self.processing.required_cents("The processing fee"),
            self.individuals.value(),
            self.instructed.day(),
            self.performed.isChecked(),
        )

    def outlook(self, typed: PlanTyped) -> tuple[list[tuple[str, int]], str]:
        """What will be charged: lines with their cents, and in sentences when."""
        assert self.policy is not None
        on, days = self.workplace.on, self.policy.first_fee_after_days
        seen = sign_up_outlook(self.policy, typed.plan, on, performed=typed.performed, instructed_on=typed.instructed_on)
        if seen.charge_on is not None:
            when = f"charged on {format_day(seen.charge_on)} (ARR-1)"
        elif typed.instructed_on is not None:
            when = f"charged from {format_day(typed.instructed_on)} on, once work is performed (ARR-1)"
        else:
            when = (
                f"charged between {format_day(seen.window_from)} and {format_day(seen.window_to)}, "
                "once work is performed (ARR-1)"
            )
        last = seen.first_fee_on.day
        lines = [
            (f"Processing fee, {typed.plan} · {when}", typed.processing_cents),
            (f"Monthly fee, {typed.plan} · starts {days} days after that is paid (ARR-2)", typed.monthly_cents),
        ]
        said = (
            f"Paid on {format_day(seen.covers_from)}, for instance, the first monthly fee is due "
            f"{format_day(seen.first_fee_on)} and covers the days before it; then on day {last} of each month. "
            "Nothing is billed today."
        )
        if seen.charge_on == on:
            said = said.replace("Nothing is billed today.", "The next billing run charges the processing fee.")
        return lines, said
