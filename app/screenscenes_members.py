"""The pictures of members: their pages, their dialogs, signing up, and the form to sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.screenmembers import OVERDUE, RUNNING, WAITING

if TYPE_CHECKING:
    from app.screenstage import Stage


def members(stage: Stage) -> Iterator[tuple[str, Any]]:
    """A member's page in each state, every action of a member, a new member, and the authorization form."""
    from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox

    from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS, open_new_account

    for who in (WAITING, OVERDUE, RUNNING):
        page = stage.page("account", account_id=stage.accounts[who].id)
        page.show_tab(0)
        yield who, stage.window
        page.show_tab(4)
        yield f"{who}-membership", stage.window
    page.show_tab(2)
    yield f"{RUNNING}-payments", stage.window
    wanted = {"answer", "authform", "autopay", "delivery", "cancel"}
    for action in (*FOR_MEMBERS, *(action for action in ACTIONS if action.key in wanted)):
        who = WAITING if action.key in ("performed", "sooner", "authform", "autopay") else RUNNING
        account_id = stage.accounts[who].id
        page = stage.page("account", account_id=account_id)
        dialog: Any = action.open(stage.program.workplace, account_id, page)
        stage.settle()
        if action.key == "feedate":
            dialog.findChild(QSpinBox, "feedate.day").setValue(20)
        if action.key == "plan":
            dialog.findChild(QComboBox, "plan.plan").setCurrentIndex(3)
        yield f"dialog-member-{action.key}", dialog
    page = stage.page("accounts", waits="work")
    page.find_edit.clear()
    page.refresh()
    stage.settle()
    yield "accounts-members-waiting", stage.window
    open_new_account(stage.program.workplace, page)
    dialog = stage.dialog()
    policy = dialog.findChild(QComboBox, "newaccount.policy")
    policy.setCurrentIndex(policy.findData("membership-arrears"))
    dialog.findChild(QLineEdit, "newaccount.name").setText("Imogen Achterberg")
    yield "dialog-new-member", dialog
    yield "returned-chargeback", _charged_back(stage)
    account_id = stage.accounts[WAITING].id
    page = stage.page("account", account_id=account_id)
    action = next(action for action in ACTIONS if action.key == "authform")
    dialog = action.open(stage.program.workplace, account_id, page)
    stage.settle()
    dialog.press()
    yield "member-authorization-form", stage.dialog()


def _charged_back(stage: Stage) -> Any:
    """A member's card payment charged back by fraud, with its costs, of which one is waived."""
    from PySide6.QtWidgets import QCheckBox

    from app.views.dialogs.returned_item import open_returned_item

    account_id = stage.accounts[RUNNING].id
    dialog: Any = open_returned_item(
        stage.program.workplace, stage.page("account", account_id=account_id), account_id=account_id
    )
    stage.settle()
    dialog.press()
    stage.settle()
    dialog.findChild(QCheckBox, "returned.fraud").setChecked(True)
    for part, typed in (("cost-court", "125"), ("cost-attorney", "300"), ("remark", "says the card was stolen")):
        stage.type_into(f"returned.{part}", typed)
    stage.settle()
    dialog.findChild(QCheckBox, "returned.waive-chargeback-cost-attorney").setChecked(True)
    stage.type_into("returned.reason", "settled out of court")
    return dialog
