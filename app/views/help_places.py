"""Where F1 opens the guide in a dialog: the topic, and the words with which the place about it begins."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog

# By the dialog's class; where two have one name, with the module before it.
PLACES: Final[dict[str, tuple[str, str]]] = {
    "today_autopay.AutopayDialog": ("today", "Run auto-pay"),
    "RequestsDialog": ("today", "Done at"),
    "HeldDialog": ("today", "Checks held"),
    "ReceiptsDialog": ("today", "Receipts without an e-mail address"),
    "MailDialog": ("checks", "The mail"),
    "SplitDialog": ("checks", "One check for several accounts"),
    "OutcomeDialog": ("checks", "Corrections"),
    "DepositDialog": ("dayclose", "The list is what lies in the drawer"),
    "CorrectDepositDialog": ("dayclose", "A deposit that was wrong"),
    "SettleDialog": ("dayclose", "Cards and E-Checks are on their way"),
    "CloseDialog": ("dayclose", "Close of day"),
    "NewAccountDialog": ("accounts", "Enter opens the account"),
    "WhatIfDialog": ("account", "What if?"),
    "ContactDialog": ("account", "Name, address, e-mail, phone"),
    "DeliveryDialog": ("account", "How statements are sent"),
    "account_details.AutopayDialog": ("account", "Print the authorization form"),
    "AuthorizationDialog": ("account", "Print the authorization form"),
    "AttemptDialog": ("members", "Record a card or bank payment"),
    "CreditDialog": ("account", "Give a credit"),
    "WriteOffDialog": ("account", "Give a credit"),
    "WaiveFeeDialog": ("account", "Give a credit"),
    "ReactivationDialog": ("collections", "Re-activation fees"),
    "ArrangeDialog": ("account", "Make an arrangement"),
    "NoteDialog": ("account", "Write a note"),
    "NoteDoneDialog": ("account", "Write a note"),
    "LogWorkDialog": ("account", "Log work"),
    "DecideWorkDialog": ("collections", "Work to decide"),
    "AddServiceDialog": ("account", "Services"),
    "ChangePriceDialog": ("account", "Services"),
    "EndServiceDialog": ("account", "Services"),
    "UndoScheduledDialog": ("account", "A change from a later day"),
    "CancelDialog": ("account", "Cancel"),
    "ReversePaymentDialog": ("account", "A payment keyed wrongly"),
    "ReturnedItemDialog": ("returned", "Find the payment"),
    "TakeBackReturnDialog": ("returned", "If it was recorded by mistake"),
    "ExportDataDialog": ("account", "Give out the customer's data"),
    "BlankDataDialog": ("account", "Blank the customer's data"),
    "WorkPerformedDialog": ("members", "Work was performed"),
    "ChargeSoonerDialog": ("members", "Charge the processing fee sooner"),
    "FeeDateDialog": ("members", "Move the fee date"),
    "PlanDialog": ("members", "Change the plan"),
    "TakeBackDialog": ("members", "Take back what was recorded"),
    "RunBillingDialog": ("billing", "Run the billing"),
    "ReverseRunDialog": ("billing", "Runs made"),
    "PrinterTestDialog": ("statements", "Printer test"),
    "RunDialog": ("refunds", "Put the stock into the printer"),
    "BoxDialog": ("refunds", "Put the stock into the printer"),
    "SpoiledDialog": ("refunds", "All sheets are ticked"),
    "ClearDialog": ("refunds", "Mark cleared"),
    "BankDialog": ("refunds", "Mark cleared"),
    "DeedDialog": ("refunds", "Checks out"),
    "LeaveOutForm": ("collections", "Suspension run"),
    "SuspendForm": ("collections", "Suspension run"),
    "ReactivationForm": ("collections", "Re-activation fees"),
    "DecideWorkForm": ("collections", "Work to decide"),
    "AddBoxDialog": ("office", "Check stock"),
    "ImportDialog": ("office", "Import customers"),
    "ChangePolicyDialog": ("office", "Change amounts"),
    "WithdrawPolicyDialog": ("office", "Withdraw a change"),
    "AddPlanDialog": ("office", "Add a plan"),
    "AddPersonDialog": ("office", "People"),
    "ChangePersonDialog": ("office", "People"),
    "BlockDialog": ("office", "People"),
    "ResetPasswordDialog": ("office", "People"),
    "OwnPasswordDialog": ("office", "People"),
    "ApproveDialog": ("office", "When something is refused"),
    "BackupPlanDialog": ("office", "Change"),
    "PassphraseDialog": ("office", "Encrypt"),
    "LookInsideDialog": ("office", "Look inside"),
    "RestoreDialog": ("office", "Restore"),
    "RestoreFirstDialog": ("office", "When no office can be opened"),
    "RecoverySheetDialog": ("office", "Bank account numbers are encrypted"),
    "BankAccountDialog": ("office", "Bank account numbers are encrypted"),
    "RevealDialog": ("office", "Bank account numbers are encrypted"),
    "OpenServerDialog": ("office", "Another PC opens the office"),
    "ServerPasswordDialog": ("office", "Another PC opens the office"),
    "MoveToServerDialog": ("office", "Move this office to a server"),
}


def place_of(dialog: QDialog) -> tuple[str, str]:
    """Topic and words for a dialog; for one that has no place of its own, the topic of the page it was opened from."""
    kind = type(dialog)
    for name in (f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}", kind.__name__):
        if name in PLACES:
            return PLACES[name]
    from app.views.page import Page

    above = dialog.parentWidget()
    while above is not None and not isinstance(above, Page):
        above = above.parentWidget()
    return ("index" if above is None else above.key), ""


def give_help(dialog: QDialog) -> None:
    """F1 in a dialog opens the guide at the place about it; the dialog stays as it is, and Escape returns to it."""

    def open_help() -> None:
        from app.views.help import HelpWindow

        topic, words = place_of(dialog)
        HelpWindow.show_topic(dialog, topic, words)

    QShortcut(QKeySequence("F1"), dialog).activated.connect(open_help)
