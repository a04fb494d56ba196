"""Everything that can be done on an account: one list for its page's menu, and the ways into each dialog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from PySide6.QtWidgets import QDialog, QWidget

from app.services.loading import AccountCard
from app.services.status import AccountPage
from app.views.dialogs.account_arrange import ArrangeDialog
from app.views.dialogs.account_attempts import AttemptDialog, AuthorizationDialog
from app.views.dialogs.account_data import BlankDataDialog, ExportDataDialog
from app.views.dialogs.account_details import AutopayDialog, ContactDialog, DeliveryDialog
from app.views.dialogs.account_ending import CancelDialog
from app.views.dialogs.account_money import CreditDialog, ReactivationDialog, WaiveFeeDialog, WriteOffDialog
from app.views.dialogs.account_new import NewAccountDialog
from app.views.dialogs.account_notes import NoteDialog, NoteDoneDialog
from app.views.dialogs.account_payments import ReversePaymentDialog
from app.views.dialogs.account_services import AddServiceDialog, ChangePriceDialog, EndServiceDialog, UndoScheduledDialog
from app.views.dialogs.account_work import DecideWorkDialog, LogWorkDialog
from app.views.dialogs.acting import ActionDialog
from app.views.dialogs.member_actions import (
    ChargeSoonerDialog,
    FeeDateDialog,
    PlanDialog,
    TakeBackDialog,
    WorkPerformedDialog,
)
from app.views.dialogs.return_back import TakeBackReturnDialog
from app.views.dialogs.returned_item import PAPER, make_letter, open_returned_item
from app.views.workplace import Workplace


class AccountAction(NamedTuple):
    """An action of the account page: `open` makes its dialog, opens it without waiting and gives it back."""

    key: str
    title: str
    keys: str
    is_offered: Callable[[AccountCard], bool]
    open: Callable[[Workplace, int, QWidget], QDialog]


def _always(_account: AccountCard) -> bool:
    return True


def _not_closed(account: AccountCard) -> bool:
    return account.status != "closed"


def _closed(account: AccountCard) -> bool:
    return account.status == "closed"


def _owes(account: AccountCard) -> bool:
    return account.balance_cents > 0


def _owes_and_not_closed(account: AccountCard) -> bool:
    return _owes(account) and _not_closed(account)


def _by(made: Callable[[Workplace, int, QWidget], ActionDialog]) -> Callable[[Workplace, int, QWidget], QDialog]:
    def open_dialog(workplace: Workplace, account_id: int, parent: QWidget) -> QDialog:
        return made(workplace, account_id, parent).start()

    return open_dialog


ACTIONS: tuple[AccountAction, ...] = (
    AccountAction("note", "Write a &note…", "Ctrl+Shift+N", _always, _by(NoteDialog)),
    AccountAction("notedone", "Mark a note &done…", "", _always, _by(NoteDoneDialog)),
    AccountAction("arrange", "&Make an arrangement…", "Ctrl+Shift+A", _owes_and_not_closed, _by(ArrangeDialog)),
    AccountAction("logwork", "&Log work…", "Ctrl+Shift+W", _not_closed, _by(LogWorkDialog)),
    AccountAction("decidework", "Dec&ide on work…", "", _always, _by(DecideWorkDialog)),
    AccountAction("credit", "&Give a credit…", "Ctrl+Shift+G", _always, _by(CreditDialog)),
    AccountAction("waive", "&Waive a fee…", "", _always, _by(WaiveFeeDialog)),
    AccountAction("writeoff", "Write o&ff what is owed…", "", _owes, _by(WriteOffDialog)),
    AccountAction("reactivation", "Decide on the &re-activation fee…", "", _always, _by(ReactivationDialog)),
    AccountAction(
        "payreturn",
        "A payment came &back…",
        "Ctrl+Shift+B",
        _always,
        lambda workplace, account_id, parent: open_returned_item(workplace, parent, account_id=account_id),
    ),
    AccountAction(
        "payreverse",
        "Take bac&k a payment keyed wrongly…",
        "",
        _always,
        _by(lambda workplace, account_id, parent: ReversePaymentDialog(workplace, account_id, None, parent)),
    ),
    AccountAction(
        "returnback",
        "Fi&x a return recorded wrongly…",
        "",
        _always,
        _by(lambda workplace, account_id, parent: TakeBackReturnDialog(workplace, account_id, None, parent)),
    ),
    AccountAction("contact", "Name, address, &e-mail, phone…", "Ctrl+Shift+E", _always, _by(ContactDialog)),
    AccountAction("delivery", "How &statements are sent…", "", _not_closed, _by(DeliveryDialog)),
    AccountAction("autopay", "A&uto-pay…", "", _always, _by(AutopayDialog)),
    AccountAction("answer", "Record a card or bank pa&yment…", "", _always, _by(AttemptDialog)),
    AccountAction("authform", "Print the authori&zation form…", "", _not_closed, _by(AuthorizationDialog)),
    AccountAction("addservice", "&Add a service…", "", _not_closed, _by(AddServiceDialog)),
    AccountAction("price", "Change the &price of a service…", "", _not_closed, _by(ChangePriceDialog)),
    AccountAction("endservice", "End a ser&vice…", "", _not_closed, _by(EndServiceDialog)),
    AccountAction("undoscheduled", "&Take back a waiting change…", "", _not_closed, _by(UndoScheduledDialog)),
    AccountAction("exportdata", "Give out t&he customer's data…", "", _always, _by(ExportDataDialog)),
    AccountAction("blank", "Blank the cust&omer's data…", "", _closed, _by(BlankDataDialog)),
    AccountAction("cancel", "&Cancel the account…", "", _not_closed, _by(CancelDialog)),
)


# What a member's page offers besides, and the actions above that a member cannot have.
FOR_MEMBERS: tuple[AccountAction, ...] = (
    AccountAction("performed", "Work was &performed…", "Ctrl+Shift+P", _not_closed, _by(WorkPerformedDialog)),
    AccountAction("sooner", "Charge the pr&ocessing fee sooner…", "", _not_closed, _by(ChargeSoonerDialog)),
    AccountAction("feedate", "Mo&ve the fee date…", "", _not_closed, _by(FeeDateDialog)),
    AccountAction("plan", "Change the p&lan…", "", _not_closed, _by(PlanDialog)),
    AccountAction("takeback", "T&ake back what was recorded…", "", _not_closed, _by(TakeBackDialog)),
)
_NOT_FOR_MEMBERS = ("logwork", "decidework", "reactivation", "addservice", "price", "endservice")


def actions_of(page: AccountPage, on: date) -> list[AccountAction]:
    """What the page of an account offers as it stands on a business date, in the order of its menu."""
    member = page.member
    if member is None:
        return [action for action in ACTIONS if action.is_offered(page.card)]
    too_late = {
        "performed": member.work_performed_on is not None,
        # From the first day of the window on the fee is charged anyway.
        "sooner": member.processing_charged_on is not None or on > member.window_from,
        "feedate": member.next_fee_on is None,
    }
    shared = [action for action in ACTIONS if action.key not in _NOT_FOR_MEMBERS]
    return [
        action for action in (*FOR_MEMBERS, *shared) if action.is_offered(page.card) and not too_late.get(action.key, False)
    ]


def open_new_account(workplace: Workplace, parent: QWidget) -> QDialog:
    """The dialog that opens an account; it then goes to the account's page."""
    return NewAccountDialog(workplace, parent).start()


def open_return_payment(workplace: Workplace, payment_id: int, parent: QWidget) -> QDialog:
    """The returned item's dialog at a payment that came back (ADV-10, ARR-6, ARR-7, ARR-9)."""
    return open_returned_item(workplace, parent, payment_id=payment_id)


def open_return_back(workplace: Workplace, payment_id: int, parent: QWidget) -> QDialog:
    """The return of a payment is taken back (BOTH-3)."""
    return TakeBackReturnDialog(workplace, None, payment_id, parent).start_with_payment()


def open_returned_letter(workplace: Workplace, payment_id: int, parent: QWidget) -> None:
    """The letter about a payment that came back, once more, to be printed."""
    make_letter(workplace, parent, payment_id, PAPER)


def open_reverse_payment(workplace: Workplace, payment_id: int, parent: QWidget) -> QDialog:
    """The dialog for a payment that was keyed wrongly (BOTH-11)."""
    return ReversePaymentDialog(workplace, None, payment_id, parent).start_with_payment()
