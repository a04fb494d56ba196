"""The policies of the office: the values in force, what was changed from which day, and changing them."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.services import policychanges
from app.services.policiesinforce import PolicyValue, policies_in_force
from app.services.policychanges import PolicyTerms, PolicyVersion
from app.views import style
from app.views.dialogs.policy_change import AddPlanDialog, ChangePolicyDialog
from app.views.dialogs.policy_withdraw import WithdrawPolicyDialog
from app.views.fields import button, format_day, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

WAITS = "not yet"


def _state(row: PolicyVersion, on: date) -> str:
    """Whether a change counts on a business date."""
    if row.is_withdrawn:
        return "withdrawn"
    return "" if row.since <= on else WAITS


class PoliciesPart(QWidget):
    """The values of the policies on the business date, what was changed when, and the ways to change more."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.words = label("", "quiet", wrap=True)
        named(self.words, "office.policies-on", "The day of these policies")
        self.table: Table[PolicyValue] = Table(
            "office.policies",
            "Policies in force",
            (
                Column("Policy", lambda row: row.policy, width=22),
                Column("What", lambda row: row.meaning, width=0),
                Column("Value", lambda row: row.value, number=True, width=44),
                Column("Clause", lambda row: row.clause, width=9),
            ),
            workplace.settings,
            wrap=True,
        )
        self.rehearse = button("&Rehearsal", "office.rehearse", tip="Play a story with other values first (Shift+F9)")
        self.rehearse.clicked.connect(lambda: workplace.go("rehearsal"))
        self.change = button("&Change amounts…", "office.change-policy", tip="Another value from a day on (manager)")
        self.change.clicked.connect(lambda: self._with_terms(ChangePolicyDialog))
        self.plan = button("Add a p&lan…", "office.add-plan", tip="A plan for new members (manager)")
        self.plan.clicked.connect(lambda: self._with_terms(AddPlanDialog))
        self.changes: Table[PolicyVersion] = Table(
            "office.policy-changes",
            "Changes of the policies, the latest first",
            (
                Column("From", lambda row: row.since, width=11),
                Column("Policy", lambda row: row.name, width=22),
                Column("Changed", lambda row: row.changed, width=0),
                Column("", lambda row: _state(row, workplace.on), width=12),
            ),
            workplace.settings,
            sortable=False,
        )
        self.withdraw = button(
            "&Withdraw a change…", "office.withdraw-policy", tip="The change chosen in the list, before its day (manager)"
        )
        self.withdraw.clicked.connect(self._withdraw)
        self.changes.enter_does = "&Withdraw…"
        self.changes.chosen.connect(lambda _row: self._withdraw())
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(style.SMALL)
        self.buttons.addWidget(self.rehearse)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.withdraw)
        self.buttons.addWidget(self.plan)
        self.buttons.addWidget(self.change)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.addWidget(self.words)
        box.addWidget(self.table, 4)
        self.changed_words = label("Changes, also those that begin on a later day", "quiet", buddy=self.changes)
        box.addWidget(self.changed_words)
        box.addWidget(self.changes, 1)
        box.addLayout(self.buttons)

    def refresh(self) -> None:
        """Read the values in force on the business date."""
        on = self.workplace.on
        self.words.setText(f"In force on {format_day(on)}. What was charged before a change keeps its terms.")
        self.workplace.tasks.read(lambda session: policies_in_force(session, on), self.table.show_rows, owner=self, name="p")
        self.workplace.tasks.read(policychanges.policy_versions, self._show_changes, owner=self, name="changes")

    def _show_changes(self, versions: list[PolicyVersion]) -> None:
        self.changes.show_rows(versions)
        for part in (self.changes, self.changed_words):
            part.setVisible(bool(versions))
        self.withdraw.setVisible(any(_state(row, self.workplace.on) == WAITS for row in versions))

    def _withdraw(self) -> None:
        """The change under the cursor, or the one that waits; one that began cannot be withdrawn."""
        rows = self.changes.rows_model.rows
        row = self.changes.current_row() or next((row for row in rows if _state(row, self.workplace.on) == WAITS), None)
        if row is None:
            return
        if _state(row, self.workplace.on) != WAITS:
            self.workplace.say(
                "That change was withdrawn already."
                if row.is_withdrawn
                else f"That change is in force since {format_day(row.since)}; change the policy again from a later day.",
                "warning",
            )
            return
        WithdrawPolicyDialog(self.workplace, row, self).open()

    def _with_terms(self, made: type[ChangePolicyDialog] | type[AddPlanDialog]) -> None:
        def opened(terms: list[PolicyTerms]) -> None:
            if made is AddPlanDialog and not any(each.has_plans for each in terms):
                self.workplace.say("This office has no policy with plans, so no plan can be added.", "warning")
                return
            made(self.workplace, terms, self).open()

        self.workplace.tasks.read(policychanges.newest_terms, opened, owner=self, name="terms")
