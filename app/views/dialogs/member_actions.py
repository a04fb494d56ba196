"""What is done on a member's account: work, an early charge, the fee date, the plan, taking back (ARR-1 to ARR-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QSpinBox, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import membercorrections, memberplans, members
from app.services.accounts import MAX_INDIVIDUALS
from app.services.books import Session
from app.services.choices import Choices
from app.services.desk import Desk
from app.services.loading import card
from app.services.membercorrections import Step
from app.services.memberplans import NewTerms
from app.services.memberstanding import MemberStanding, member_standing
from app.services.outlook import Deed, Outlook
from app.services.policies.policyfile import ArrearsPolicy
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import format_day, named, told_dates
from app.views.workplace import Workplace


def _standing(session: Session, account_id: int, on: date) -> MemberStanding:
    standing = member_standing(session, card(session, account_id), on)
    assert standing is not None, "the action raised UserError for an account that is no membership"
    return standing


def charged_when(member: MemberStanding, on: date) -> str:
    """When the processing fee is charged as things stand, in a sentence (ARR-1)."""
    fee = f"The processing fee of {format_cents(member.processing_cents)}"
    if member.processing_charged_on is not None:
        return f"{fee} was charged on {format_day(member.processing_charged_on)}."
    if member.charge_on is None:
        asked = member.instructed_on or member.window_from
        return f"{fee} is charged once work is performed, from {format_day(asked)} on (ARR-1)."
    if member.charge_on <= on:
        return f"{fee} is charged by the next billing run (ARR-1)."
    return f"{fee} is charged by the billing run of {format_day(member.charge_on)} or the next one made (ARR-1)."


class WorkPerformedDialog(ActionDialog):
    """ARR-1: work was performed for a member; recorded once."""

    hint = "Type the day on which work was performed: when the processing fee is charged is shown here."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "performed", "Work was performed", "&Record it", parent)
        self.day = self.add_day("&Performed on", "on", "Day on which work was performed")
        self.day.set_day(workplace.on)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, day = self.account_id, self.day.required_day("The day of the work")

        def record(session: Session, desk: Desk) -> MemberStanding:
            members.record_work_performed(session, desk.dated(day), account_id)
            return _standing(session, account_id, desk.on)

        return record

    def describe(self, seen: Outlook) -> None:
        self.outcome.show_text(charged_when(seen.result, self.workplace.on), "")

    def said(self, result: Any) -> str:
        return f"Work is recorded. {charged_when(result, self.workplace.on)}"


class ChargeSoonerDialog(ActionDialog):
    """ARR-1: the customer asks to be charged the processing fee sooner."""

    hint = "Type the day on which the customer asks to be charged."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "sooner", "Charge the processing fee sooner", "&Save", parent)
        self.day = self.add_day("&Charge it on", "charge_on", "Day on which the customer asks to be charged")
        self.day.set_day(workplace.on)
        self.add_remark("Only at the customer's own instruction, and never before work is performed.")

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, day = self.account_id, self.day.required_day("The day")

        def instruct(session: Session, desk: Desk) -> MemberStanding:
            members.instruct_early(session, desk, account_id, day)
            return _standing(session, account_id, desk.on)

        return instruct

    def describe(self, seen: Outlook) -> None:
        self.outcome.show_text(charged_when(seen.result, self.workplace.on), "")

    def said(self, result: Any) -> str:
        return f"The instruction is on file. {charged_when(result, self.workplace.on)}"


class FeeDateDialog(ActionDialog):
    """ARR-8: the monthly fee falls on another day of the month."""

    hint = "Choose the day of the month: the next fee date and the fee are shown here before it is moved."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "feedate", "Move the fee date", "&Move the fee date", parent)
        self.day = QSpinBox()
        named(self.day, "feedate.day", "Day of the month on which the fee falls")
        self.day.setRange(1, 31)
        self.add_row("&Day of the month", self.day)
        self.waive = QCheckBox("&Waive the fee (supervisor)")
        named(self.waive, "feedate.waive", "Waive the fee")
        self.form.addRow("", self.waive)
        self.add_reason()
        self.day.valueChanged.connect(self.look_ahead)
        self.waive.toggled.connect(self._waive_toggled)
        self._waive_toggled()

    def _waive_toggled(self) -> None:
        assert self.reason is not None
        self.form.setRowVisible(self.reason, self.waive.isChecked())
        self.look_ahead()
        self.fit()

    def fill(self, known: Choices) -> None:
        if known.member is not None and known.member.fee_day is not None:
            self.day.setValue(known.member.fee_day)
        self.day.selectAll()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, day, waive = self.account_id, self.day.value(), self.waive.isChecked()
        reason = self.why() if waive else ""
        member = None if self.choices is None else self.choices.member
        if member is not None and member.fee_day == day:
            raise UserError(f"The fee falls on day {day} now; choose another one.", field="day")

        def move(session: Session, desk: Desk) -> MemberStanding:
            members.change_fee_day(session, desk, account_id, day, waive=waive, reason=reason)
            return _standing(session, account_id, desk.on)

        return move

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.choices is not None else self.hint

    def describe(self, seen: Outlook) -> None:
        super().describe(seen)
        self.outcome.add_text(self._moved(seen.result))

    def _moved(self, member: MemberStanding) -> str:
        return (
            f"The next fee, {format_cents(member.next_fee_cents)}, is due {format_day(member.next_fee_on)} and covers "
            f"{format_day(member.covers_from)} through {format_day(member.covers_through)}; then on day "
            f"{self.day.value()} of each month."
        )

    def said(self, result: Any) -> str:
        return f"The fee date is moved. {self._moved(result)}"


class PlanDialog(ActionDialog):
    """Another plan, another fee, or another number of individuals for a member."""

    hint = "Choose the plan: from which fee on it counts is shown here before it is agreed."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "plan", "Change the plan", "&Agree the change", parent)
        self.plan = self.add_choice("&Plan", "plan", "Plan")
        self.monthly = self.add_money("&Monthly fee", "monthly", "Monthly fee")
        self.effective = self.add_day("&From", "effective", "From day")
        self.effective.set_day(workplace.on)
        self.individuals = QSpinBox()
        named(self.individuals, "plan.individuals", "Individuals on the plan")
        self.individuals.setRange(1, MAX_INDIVIDUALS)
        self.add_row("In&dividuals", self.individuals)
        self.individuals.valueChanged.connect(self.look_ahead)
        self.plan.currentIndexChanged.connect(self._plan_chosen)
        self._was: tuple[str, int, int] = ("", 0, 1)

    def fill(self, known: Choices) -> None:
        member, policy = known.member, known.policy
        if member is None or not isinstance(policy, ArrearsPolicy):
            return
        agreed = member.coming[-1] if member.coming else member
        self._was = (agreed.plan, agreed.monthly_cents, member.individuals)
        items = []
        for plan in policy.late_charge:
            offered = policy.plans.get(plan)
            words = plan if offered is None else f"{plan} · {format_cents(offered.monthly_cents)} a month"
            items.append((words, plan))
        with QSignalBlocker(self.plan):
            clear_and_add(self.plan, items, lambda plan: bool(plan == agreed.plan))
        self.monthly.set_cents(agreed.monthly_cents)
        self.individuals.setValue(member.individuals)

    def _plan_chosen(self) -> None:
        policy = None if self.choices is None else self.choices.policy
        if isinstance(policy, ArrearsPolicy):
            plan = self.plan.currentData()
            offered = policy.plans.get(plan)
            agreed = self._was[1] if plan == self._was[0] else None if offered is None else offered.monthly_cents
            self.monthly.set_cents(agreed)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, plan = self.account_id, self.chosen(self.plan, "plan")
        monthly, many = self.monthly.required_cents("The monthly fee"), self.individuals.value()
        effective = self.effective.required_day("The day from which the plan counts")
        is_other, is_more = (plan, monthly) != self._was[:2], many != self._was[2]
        if not is_other and not is_more:
            raise UserError("Nothing here is different from what is agreed.", field="plan")

        def agree(session: Session, desk: Desk) -> NewTerms | None:
            terms = None
            if is_other:
                terms = memberplans.change_plan(session, desk, account_id, plan, monthly, effective)
            if is_more:
                then = desk if terms is None else replace(desk, token=None)
                memberplans.change_individuals(session, then, account_id, many)
            return terms

        return agree

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.choices is not None else self.hint

    def describe(self, seen: Outlook) -> None:
        said = [] if seen.result is None else [self._counts(seen.result)]
        if self.individuals.value() != self._was[2]:
            said.append(f"From today on {self.individuals.value()} individuals are on the plan (ARR-9).")
        self.outcome.show_text(" ".join(said), "")

    def _counts(self, terms: NewTerms) -> str:
        fee = f"{terms.plan} at {format_cents(terms.monthly_cents)}"
        keeps = "What was billed keeps its terms, and so does the processing fee."
        if terms.counts_from is None or terms.first_fee_on is None:
            return f"{fee} counts from the first monthly fee on. {keeps}"
        before = self.choices.member if self.choices is not None else None
        open_fee = ""
        if before is not None and before.covers_from is not None and before.covers_from < terms.counts_from:
            open_fee = f" The fee of {format_day(before.next_fee_on)} stays {format_cents(before.next_fee_cents)}."
        return (
            f"{fee} counts from the fee period that begins {format_day(terms.counts_from)}: its first fee is due "
            f"{format_day(terms.first_fee_on)}.{open_fee} {keeps}"
        )

    def said(self, result: Any) -> str:
        return "The number of individuals is changed." if result is None else f"Agreed: {self._counts(result)}"


class TakeBackDialog(ActionDialog):
    """BOTH-3: what was recorded for a member by mistake, while nothing was billed by it."""

    hint = "Choose what was recorded by mistake."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "takeback", "Take back what was recorded", "&Take it back", parent)
        self.step = self.add_choice("&What", "step", "What is taken back")
        self.add_reason()

    def fill(self, known: Choices) -> None:
        clear_and_add(self.step, [(f"{format_day(step.on)}  {told_dates(step.words)}", step) for step in known.steps])

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, reason = self.account_id, self.why()
        step: Step = self.chosen(self.step, "step")

        def undo(session: Session, desk: Desk) -> MemberStanding:
            membercorrections.take_back(session, desk, account_id, step.key, reason)
            return _standing(session, account_id, desk.on)

        return undo

    def hint_for(self, missing: UserError) -> str:
        if self.choices is not None and self.step.count() == 0:
            return "Nothing can be taken back: what was recorded has been billed by, or there is nothing."
        return self.hint

    def describe(self, seen: Outlook) -> None:
        step: Step = self.step.currentData()
        if step.key in ("work", "instruction"):
            self.outcome.show_text(charged_when(seen.result, self.workplace.on), "")
        elif step.key == "fee-day":
            super().describe(seen)
            self.outcome.add_text(f"The next fee is due {format_day(seen.result.next_fee_on)} again.")
        elif step.key.startswith("attempt:"):
            super().describe(seen)
            self.outcome.add_text("The attempt counts as a failed one no more, and its charges are taken back.")
            if any(line.clause == "ARR-6" and line.cents > 0 for line in seen.lines):
                self.outcome.add_text("A later failure is the first for its fee now, at the plan's late charge (ARR-6).")
        else:
            member: MemberStanding = seen.result
            agreed = member.coming[-1] if member.coming else member
            self.outcome.show_text(f"The plan is {agreed.plan} at {format_cents(agreed.monthly_cents)} again.", "")

    def said(self, result: Any) -> str:
        return f"Taken back: {told_dates(self.step.currentData().words)}."
