"""Withdrawing a change of a policy whose day has not come."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from app.services import policychanges
from app.services.policychanges import PolicyVersion
from app.views.dialog import FormDialog
from app.views.fields import format_day, label, named
from app.views.workplace import Workplace


class WithdrawPolicyDialog(FormDialog):
    """What would not change after all, and a manager's reason."""

    def __init__(self, workplace: Workplace, version: PolicyVersion, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "withdraw", "Withdraw a policy change", "&Withdraw the change", parent)
        self.version = version
        self.words = label(
            f"{version.name} from {format_day(version.since)}: {version.changed}. That day has not come and nothing was "
            "billed by it. The terms before it go on, and another change can be set for the same day.",
            wrap=True,
        )
        named(self.words, "withdraw.words", "The change that is withdrawn")
        self.body.insertWidget(0, self.words)
        self.reason = QLineEdit()
        named(self.reason, "withdraw.reason", "Reason")
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText("In a few words, for the record")
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        desk, reason, version = self.workplace.desk(self.token), self.reason.text(), self.version
        self.save(
            lambda session: policychanges.withdraw_change(session, desk, version.id, reason),
            f"Withdrawn: {version.name} from {format_day(version.since)} does not change after all.",
        )
