"""Cancelling an account: the last day, the final bill or the refund (ADV-9)."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.services import subscriptions
from app.services.outlook import Deed
from app.views.dialogs.acting import ActionDialog
from app.views.fields import DayEdit
from app.views.workplace import Workplace


class CancelDialog(ActionDialog):
    """End everything and close the account."""

    hint = "Type the last day of service: the final bill or the refund is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "cancel", "Cancel the account", "&Cancel the account", parent)
        self.effective = self.add_day("&Last day of service", "effective", "Last day of service")
        self.effective.set_day(workplace.on)
        # "Cancel" beside "Cancel the account" would be one word with two meanings.
        self.cancel.setText("&Keep it")
        self.cancel.setAccessibleName("Keep the account as it is")

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, effective = self.account_id, self.effective.required_day("The last day of service")
        return lambda session, desk: subscriptions.cancel_account(session, desk, account_id, effective)

    def counts_from(self) -> DayEdit:
        return self.effective

    def said(self, result: Any) -> str:
        later = self.effective.required_day() > self.workplace.on
        return f"The account {'will be closed' if later else 'is closed'}; its last day is {self.effective.text()}."
