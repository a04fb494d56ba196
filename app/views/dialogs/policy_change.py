"""Changing a policy from a day on, and adding a plan: the values, the day, the reason, and what the next run differs by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.periods import next_month_start
from app.services import policychanges
from app.services.explaining import kind_says
from app.services.policychanges import NewPlan, PolicyPreview, PolicyTerms, RunDifference
from app.services.policyvalues import as_override
from app.views import style
from app.views.dialog import FormDialog
from app.views.fields import DayEdit, MoneyEdit, format_day, label, named, set_role, told_dates
from app.views.policy_grid import PolicyGrid
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session
    from app.views.tasks import Run

COLUMNS: tuple[Column[RunDifference], ...] = (
    Column("Account", lambda row: row.number, width=9),
    Column("Name", lambda row: row.name, width=22),
    Column("Charge", lambda row: row.description, width=0),
    Column("As it is", lambda row: row.before_cents, money=True, width=10),
    Column("Then", lambda row: row.now_cents, money=True, width=10),
)


class DifferencesPart(QWidget):
    """What the first run under the new terms would charge otherwise; worked out anew whenever it is asked."""

    def __init__(self, workplace: Workplace, prefix: str) -> None:
        super().__init__()
        self.workplace = workplace
        self.words = label("Nothing is changed yet.", "quiet", wrap=True)
        named(self.words, f"{prefix}.preview", "What the next run differs by")
        self.table: Table[RunDifference] = Table(
            f"{prefix}.differences", "Charges of the next run that differ", COLUMNS, workplace.settings, sortable=False
        )
        self.table.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(self.words)
        box.addWidget(self.table, 1)
        self._run: Run | None = None

    def ask(self, name: str, effective_on: date, override: Mapping[str, Any]) -> None:
        """Work it out; an answer that is still on its way is stopped."""
        self.stop()
        self._say("Working out what the next run differs by…")
        self._run = self.workplace.tasks.run(
            "Policy change",
            lambda books, progress, cancelled: policychanges.preview_change(
                books, name, effective_on, override, progress, cancelled
            ),
            self._show,
            owner=self,
            writes=False,
            otherwise=lambda error: self._say(told_dates(error.message), "warning"),
        )

    def stop(self) -> None:
        """Nothing is to be worked out any more."""
        if self._run is not None:
            self._run.cancel()
            self._run = None

    def say(self, text: str, role: str = "quiet") -> None:
        """A sentence instead of an answer."""
        self.stop()
        self._say(text, role)

    def _say(self, text: str, role: str = "quiet") -> None:
        self.words.setText(text)
        set_role(self.words, role)
        self.table.hide()

    def _show(self, seen: PolicyPreview) -> None:
        self._say("\n".join(preview_words(seen)), "")
        self.table.show_rows(seen.rows)
        self.table.setVisible(bool(seen.rows))


def preview_words(seen: PolicyPreview) -> list[str]:
    """What differs on the run, by kind of charge."""
    run = f"The run of {format_day(seen.on)}"
    if not seen.differing:
        return [
            f"{run} charges everybody the same. The change counts for what happens from its day on: new members, payments "
            "that come back, attempts that fail, re-activations."
        ]
    accounts = "1 account" if seen.accounts == 1 else f"{seen.accounts:,} accounts"
    said = [f"{run} charges {accounts} otherwise:"]
    for kind, (lines, before, now) in sorted(seen.by_kind.items()):
        many = "1 line" if lines == 1 else f"{lines:,} lines"
        said.append(f"{kind_says(kind)}: {many}, {format_cents(before)} as it is, {format_cents(now)} then.")
    if seen.differing > len(seen.rows):
        said.append(f"The first {len(seen.rows):,} of {seen.differing:,} lines are shown.")
    return said


class ChangePolicyDialog(FormDialog):
    """The values of a policy; what is typed instead holds from the day chosen, for a manager's reason."""

    def __init__(self, workplace: Workplace, terms: list[PolicyTerms], parent: QWidget | None = None) -> None:
        super().__init__(workplace, "policy", "Change a policy", "&Change the policy", parent)
        self._was_asked = False
        self.policy = QComboBox()
        named(self.policy, "policy.policy", "Policy")
        for each in terms:
            self.policy.addItem(each.name, each)
        self.on = DayEdit("policy.effective_on", "In force from", workplace.on)
        self.on.set_day(next_month_start(workplace.on))
        self.grid = PolicyGrid(workplace, "policy")
        self.reason = QLineEdit()
        named(self.reason, "policy.reason", "Reason")
        self.reason.setMaxLength(200)
        self.differences = DifferencesPart(workplace, "policy")
        self.add_row("&Policy", self.policy)
        self.add_row("In force &from", self.on)
        self.form.addRow(self.grid)
        self.add_row("&Reason", self.reason)
        self.body.addWidget(self.differences, 1)
        # Enter sets a value in the list; the action is pressed by its letter, Ctrl+Enter, or Enter on the reason.
        self.action.setDefault(False)
        self.reason.returnPressed.connect(self.press)
        self.grid.changed.connect(self.look)
        self.on.changed.connect(self.look)
        self.policy.currentIndexChanged.connect(self._choose)
        self.resize(860, 700)
        self._choose()

    def _terms(self) -> PolicyTerms:
        found: PolicyTerms = self.policy.currentData()
        return found

    def _choose(self) -> None:
        self.grid.table.show_rows([])
        self.grid.show_values(self._terms().values)
        self.look()

    def override(self) -> dict[str, Any]:
        """What was typed, as the policy file writes it. Raises UserError for what cannot be read."""
        return as_override(self._terms().body, self.grid.typed())

    def look(self) -> None:
        """Show what the next run would differ by."""
        if not self.grid.typed():
            self.differences.say("Type another value: what the next run differs by is shown here.")
            return
        try:
            override, on = self.override(), self.on.required_day("The day from which it is in force")
        except UserError as error:
            self.differences.say(told_dates(error.message), "warning")
            return
        self.differences.ask(self._terms().name, on, override)

    def reject(self) -> None:
        """Escape never loses work: with values typed, the first one asks."""
        if self.grid.typed() and not self._was_asked and self.cancel.isEnabled():
            self._was_asked = True
            self.refuse(UserError("The values typed are not in force yet. Press Escape once more to leave them."))
            return
        self.differences.stop()
        super().reject()

    def submit(self) -> None:
        """Put the values in force."""
        name, override = self._terms().name, self.override()
        if not override:
            raise UserError("Nothing is changed yet; set another value.", field="value")
        on = self.on.required_day("The day from which it is in force")
        self._save(name, on, lambda _session: override)

    def _save(self, name: str, on: date, override: Callable[[Session], Mapping[str, Any]]) -> None:
        desk, reason = self.workplace.desk(self.token), self.reason.text()
        self.differences.stop()
        self.save(
            lambda session: policychanges.change_policy(session, desk, name, on, override(session), reason),
            lambda words: f"Policy {name} from {format_day(on)}: {words}.",
        )


class AddPlanDialog(FormDialog):
    """A new plan of a members' policy: its name, its amounts, the day from which it is offered."""

    def __init__(self, workplace: Workplace, terms: list[PolicyTerms], parent: QWidget | None = None) -> None:
        super().__init__(workplace, "plan", "Add a plan", "&Add the plan", parent)
        self.policy = QComboBox()
        named(self.policy, "plan.policy", "Policy")
        for each in terms:
            if each.has_plans:
                self.policy.addItem(each.name, each)
        self.name = QLineEdit()
        named(self.name, "plan.name", "Name of the plan")
        self.name.setMaxLength(24)
        self.monthly = self._money("monthly", "Monthly fee")
        self.processing = self._money("processing", "Processing fee")
        self.late = self._money("late", "Late charge, not honored the first time")
        self.on = DayEdit("plan.effective_on", "Offered from", workplace.on)
        self.on.set_day(next_month_start(workplace.on))
        self.reason = QLineEdit()
        named(self.reason, "plan.reason", "Reason")
        self.reason.setMaxLength(200)
        for text, control in (
            ("&Policy", self.policy),
            ("&Name of the plan", self.name),
            ("&Monthly fee", self.monthly),
            ("Pr&ocessing fee", self.processing),
            ("&Late charge (ARR-6)", self.late),
            ("Offered &from", self.on),
            ("&Reason", self.reason),
        ):
            self.add_row(text, control)
        said = "Members who signed up before keep their plan and its amounts; the new plan is offered to new members."
        self.form.addRow(label(said, "quiet", wrap=True))

    def _money(self, part: str, accessible: str) -> MoneyEdit:
        return MoneyEdit(f"plan.{part}", accessible, implied_cents=self.workplace.settings.implied_cents)

    def submit(self) -> None:
        """Put the plan in force."""
        if self.policy.currentIndex() < 0:
            raise UserError("This office has no policy with plans.", field="policy")
        name, on = self.policy.currentData().name, self.on.required_day("The day from which it is offered")
        plan = NewPlan(
            self.name.text(),
            self.monthly.required_cents("The monthly fee"),
            self.processing.required_cents("The processing fee"),
            self.late.required_cents("The late charge"),
        )
        desk, reason = self.workplace.desk(self.token), self.reason.text()

        def work(session: Session) -> str:
            override = policychanges.plan_as_override(session, name, plan)
            return policychanges.change_policy(session, desk, name, on, override, reason)

        self.save(work, f"Plan {plan.name.strip()} is offered from {format_day(on)}.")
