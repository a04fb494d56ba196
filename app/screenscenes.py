"""The scenes of the pictures: how each page and dialog is brought into a state worth looking at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import screenbackups, screenscenes_office, screenscenes_people, screenscenes_several
from app.screenscenes_members import members

if TYPE_CHECKING:
    from app.screenstage import Stage

Scene = Iterator[tuple[str, Any]]

MONTH_END = date(2026, 12, 1)
SHOWN_FOLDER = r"C:\Users\Pat\Documents\Counterfoil"


def today(stage: Stage) -> Scene:
    """Today, and what opens there: who would be asked by auto-pay, checks held, receipts without an address."""
    from app.views.dialogs.working_off import HeldDialog, ReceiptsDialog
    from app.views.today_autopay import AutopayDialog

    page = stage.page("today")
    yield "today", stage.window
    for name, kind in (("autopay", AutopayDialog), ("held", HeldDialog), ("receipts", ReceiptsDialog)):
        dialog: Any = kind(stage.program.workplace, page)
        dialog.open()
        stage.settle()
        yield f"today-{name}", dialog


def posting(stage: Stage) -> Scene:
    """Post checks: the batch, a check being typed, what stops it, and its dialogs."""
    page = stage.page("checks")
    yield "checks", stage.window
    stage.type_into("checks.account", stage.accounts["busy"].number)
    stage.press_enter()
    stage.type_into("checks.amount", "49.00")
    stage.type_into("checks.number", "2201")
    yield "checks-typed", stage.window
    for name, opens in (("split", page.open_split), ("hold-or-send-back", page.open_aside)):
        opens()
        yield f"checks-{name}", stage.dialog()
    last = stage.accounts["posted"]
    page._clear()
    stage.type_into("checks.account", last.number)
    stage.press_enter()
    stage.type_into("checks.amount", last.amount)
    stage.type_into("checks.number", "2104")
    page.post()
    yield "checks-duplicate", stage.window
    page._clear()
    page.open_log()
    yield "checks-log-mail", stage.dialog()
    page.open_figures()
    yield "checks-correct-figures", stage.dialog()
    page.list.select_row(next(line for line in page.list.rows_model.rows if line.payment_id is not None))
    page.open_take_back(page.list.current_row())
    yield "checks-take-back", stage.dialog()


def deposit_and_close(stage: Stage) -> Scene:
    """Deposit and close: what is asked before each of its actions, and the ticket of a deposit."""
    page = stage.page("dayclose")
    yield "dayclose", stage.window
    page.deposit.make_deposit()
    yield "dayclose-deposit", stage.dialog()
    page.deposit.correct_deposit()
    yield "dayclose-correct", stage.dialog()
    page.deposit.ticket.click()
    yield "dayclose-ticket", stage.dialog()
    page.clearing.table.selectAll()
    page.clearing.settle_marked()
    yield "dayclose-arrived", stage.dialog()


def accounts(stage: Stage) -> Scene:
    """The list of accounts, narrowed, and a new account."""
    from app.views.dialogs.account_actions import open_new_account

    page = stage.page("accounts")
    yield "accounts", stage.window
    stage.type_into("accounts.find", "main st")
    stage.settle(rounds=60)
    yield "accounts-found", stage.window
    open_new_account(stage.program.workplace, page)
    yield "dialog-new-account", stage.dialog()


def account(stage: Stage) -> Scene:
    """The account page with each of its lists, an earlier day, what if, and its menu."""
    page = stage.page("account", account_id=stage.accounts["busy"].id)
    yield "account", stage.window
    for place in range(1, page.bar.count()):
        page.show_tab(place)
        yield f"account-{stage.slug(page.bar.tabText(place))}", stage.window
    page.show_tab(0)
    page.head.days.slider.setValue(page.head.days.slider.maximum() - 25)
    stage.settle(rounds=60)
    yield "account-as-of", stage.window
    page.head.days.to_present()
    stage.settle()
    page.menu.popup(stage.window.mapToGlobal(stage.window.rect().center()))
    yield "account-actions", page.menu
    page.menu.hide()
    for place, name in enumerate(("pays", "cancels", "arranges")):
        page.open_what_if()
        dialog = stage.dialog()
        dialog.choice.button(place).setChecked(True)
        dialog.ask()
        yield f"account-what-if-{name}", dialog


def account_dialogs(stage: Stage) -> Scene:
    """Every action of an account, on one that has what the action needs."""
    from app.views.dialogs.account_actions import ACTIONS

    for action in ACTIONS:
        account_id = stage.accounts.get(action.key, stage.accounts["busy"]).id
        page = stage.page("account", account_id=account_id)
        dialog = action.open(stage.program.workplace, account_id, page)
        stage.settle()
        _fill(dialog, action.key)
        yield f"dialog-{action.key}", dialog


def returned_item(stage: Stage) -> Scene:
    """A payment that came back: found, and all that follows from it before it is confirmed."""
    from app.views.dialogs.returned_item import open_returned_item

    page = stage.page("account", account_id=stage.accounts["payreturn"].id)
    dialog: Any = open_returned_item(stage.program.workplace, page)
    yield "returned-find", dialog
    for tab, name in ((0, "follows"), (2, "letter")):
        dialog = open_returned_item(stage.program.workplace, page, account_id=stage.accounts["payreturn"].id)
        stage.settle()
        dialog.press()
        stage.settle()
        stage.type_into("returned.bank_fee", "7.50")
        dialog.consequences.setCurrentIndex(tab)
        yield f"returned-{name}", dialog


def rehearsal(stage: Stage) -> Scene:
    """A story as a diary, the policy's values, and what differs when one of them is another."""
    page = stage.page("rehearsal")
    page.play()
    stage.settle()
    yield "rehearsal", stage.window
    page.values.table.selectRow(5)
    page.values.input.setText("40.00")
    page.values.put()
    page.tabs.setCurrentIndex(1)
    yield "rehearsal-values", stage.window
    page.play_again()
    stage.settle()
    yield "rehearsal-differs", stage.window


def _fill(dialog: Any, key: str) -> None:
    """Type what makes the dialog say what it will do."""
    from PySide6.QtWidgets import QLineEdit

    typed = {
        "amount": "12.50",
        "price": "54.95",
        "reason": "promised on the telephone",
        "code": "Static IP",
        "description": "Mast re-aligned after the storm",
    }
    for part, text in typed.items():
        edit = dialog.findChild(QLineEdit, f"{key}.{part}")
        if edit is not None and not edit.text():
            edit.setText(text)
            edit.textEdited.emit(text)
    path = dialog.findChild(QLineEdit, f"{key}.path")
    if path is not None:
        path.setText(f"{SHOWN_FOLDER}\\{Path(path.text()).name}")  # not where the pictures were made


def statements(stage: Stage) -> Scene:
    """The statements of a run, one of them as it is printed, and the test of a printer."""
    from PySide6.QtWidgets import QComboBox

    page = stage.page("statements")
    yield "statements", stage.window
    page._preview_one(page.table.current_row())
    yield "statements-preview", stage.dialog()
    choice = stage.control("statements.delivery", QComboBox)
    choice.setCurrentIndex(choice.count() - 1)
    yield "statements-other-delivery", stage.window
    page.test_printer()
    yield "statements-printer-test", stage.dialog()


def refunds(stage: Stage) -> Scene:
    """Refunds: sheets that wait, checks that are out and what can be done with them, and the next run."""
    page = stage.page("refunds", tab="sheets")
    yield "refunds-sheets-to-print", stage.window
    page.sheets.model.set_ticked(page.sheets.model.rows[0], ticked=False)
    page._confirm()
    yield "refunds-spoiled", stage.dialog()
    page._change_box()
    yield "refunds-box", stage.dialog()
    page.sheets.model.set_ticked(page.sheets.model.rows[0], ticked=True)
    page._confirm()
    page = stage.page("refunds", tab="checks")
    yield "refunds-checks-out", stage.window
    rows = [row for row in page.checks.table.rows_model.rows if row.days_out is not None]
    for what in ("void", "reprint", "stop", "unclaim", "clear", "bank"):
        page._do(what, rows[:1])
        yield f"refunds-{what}", stage.dialog()
    page = stage.page("refunds", tab="due")
    yield "refunds-due", stage.window
    page._run()
    yield "refunds-run", stage.dialog()


def collections(stage: Stage) -> Scene:
    """Collections: each list, and what is asked before something is done."""
    for tab in ("pastdue", "run", "suspended", "arrangements", "reactivation", "work"):
        page = stage.page("collections", tab=tab)
        yield f"collections-{tab}", stage.window
    page = stage.page("collections", tab="reactivation")
    for name in ("charge", "waive"):
        stage.click(f"collections.{name}")
        yield f"collections-fee-{name}", stage.dialog()
    stage.page("collections", tab="work")
    stage.click("collections.decide")
    yield "collections-decide-work", stage.dialog()
    page = stage.page("collections", tab="run")
    page.run.turn_over()
    yield "collections-leave-out", stage.dialog()
    page.run.suspend.click()
    yield "collections-suspend", stage.dialog()


def reports(stage: Stage) -> Scene:
    """Every report, and the rows behind one of its lines."""
    from app.services.reporting import REPORTS

    for kind in REPORTS:
        page = stage.page("reports", report=kind.key)
        yield f"reports-{kind.key}", stage.window
        rows = page.table.table.rows_model.rows if page.table is not None else ()
        drilled = next((row for row in rows if row.drill is not None), None)
        if drilled is not None:
            page.open_row(drilled)
            yield f"reports-{kind.key}-behind", stage.window
            page.go_back()


def office(stage: Stage) -> Scene:
    """Every section of the office."""
    from PySide6.QtWidgets import QLineEdit

    page = stage.page("office")
    for place, key in enumerate(page.parts):
        if key in ("backups", "keys"):
            continue  # they have scenes of their own
        page.tabs.setCurrentIndex(place)
        stage.settle()
        for shown in page.findChildren(QLineEdit):
            if shown.text().endswith("office.db"):
                shown.setText(f"{SHOWN_FOLDER}\\office.db")  # not where the pictures were made
        yield f"office-{stage.slug(page.tabs.tabText(place))}", stage.window
    stage.page("office", tab="verify")
    stage.click("office.verify")
    yield "office-check-the-books-done", stage.window


def audit(stage: Stage) -> Scene:
    """The audit trail: the newest action, a change, and the verification."""
    page = stage.page("audit")
    yield "audit", stage.window
    stage.type_into("audit.find", "change")
    stage.press_enter()
    yield "audit-changes", stage.window
    page.show_all()
    stage.click("audit.verify")
    yield "audit-verified", stage.window


def frame(stage: Stage) -> Scene:
    """What belongs to no page: messages, Ctrl+K, help, a fault, the first start."""
    from app.errors import UserError
    from app.views.crash_dialog import CrashDialog
    from app.views.first_run import FirstRun
    from app.views.help import HelpWindow

    workplace, window = stage.program.workplace, stage.window
    stage.page("today")
    workplace.refuse(UserError("11/25/2026 has not come yet; nothing can be dated after 11/21/2026."))
    yield "message-refused", window
    workplace.say("Batch 2 is in balance: 5 checks, 3,126.31. F4 takes it to the bank.")
    yield "message-good", window
    workplace.say("12 accounts could not be billed; see Exceptions.", "warning")
    yield "message-warning", window
    window.message.hide()
    window.open_finder()
    window.finder.input.setText("gun")
    yield "find", window.finder
    window.finder.hide()
    yield "help", HelpWindow.show_topic(window, "checks")
    fault = CrashDialog(_a_fault(), "counterfoil.log", window)
    fault.show()
    yield "fault", fault
    first_run = FirstRun(workplace)
    first_run.resize(window.size())
    first_run.folder.setText(SHOWN_FOLDER)
    first_run.show()
    yield "first-run", first_run
    first_run.deleteLater()


def month_end(stage: Stage) -> Scene:
    """The first of the next month: the billing run from its preview to its reversal, and the day's close."""
    from app.views.today_autopay import AutopayDialog

    page = stage.page("billing", tab="totals")
    yield "billing-done", stage.window
    page = stage.page("billing", tab="runs")
    yield "billing-runs-made", stage.window
    stage.day = MONTH_END
    stage.program.workplace.choose_date(MONTH_END)
    page = stage.page("billing", tab="totals")
    yield "billing", stage.window
    page.preview()
    for tab in ("totals", "difference", "exceptions"):
        page = stage.page("billing", tab=tab)
        yield f"billing-preview-{tab}", stage.window
    page.ask_run()
    yield "billing-run", stage.dialog()
    page.bill()
    yield "billing-billed", stage.window
    dialog = AutopayDialog(stage.program.workplace, stage.page("today"))
    dialog.open()
    yield "today-autopay-due", dialog
    page = stage.page("billing", tab="runs")
    page.ask_reversal(page.runs.table.rows_model.rows[0])
    yield "billing-reversal", stage.dialog()
    stage.clear_the_mail()
    page = stage.page("today")
    page.open_held()
    yield "today-held", stage.dialog()
    page.open_receipts()
    yield "today-receipts", stage.dialog()
    page = stage.page("dayclose", part="close")
    yield "dayclose-ready", stage.window
    page.closing.close_day()
    yield "dayclose-close", stage.dialog()
    page.closing.close_day()
    stage.dialog().press()
    stage.settle()
    yield "dayclose-closed", stage.window


def _a_fault() -> Exception:
    try:
        raise RuntimeError("a fault made on purpose")
    except RuntimeError as error:
        return error


SCENES: tuple[Callable[[Stage], Scene], ...] = (
    today,
    posting,
    deposit_and_close,
    accounts,
    account,
    account_dialogs,
    members,
    returned_item,
    rehearsal,
    *screenscenes_office.SCENES,
    statements,
    refunds,
    collections,
    reports,
    office,
    audit,
    *screenbackups.SCENES,
    *screenscenes_several.SCENES,
    frame,
    month_end,
    *screenscenes_people.SCENES,  # the last: from then on people sign in
)
