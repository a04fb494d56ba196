"""What Ctrl+K offers wherever one is: pages, their lists and reports by name, what is done most, how the program looks.

Each also answers to the everyday words for it, so that nobody has to know what the program calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtWidgets import QApplication

from app.services.reporting import REPORTS
from app.views import style
from app.views.finder import Command
from app.views.pages.registry import BY_KEY, PAGES
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance

    from app.views.page import Page

Go = Callable[[str, dict[str, Any]], object]

PAGE_WORDS: Final = {
    "today": "what waits to do list start home overview dashboard morning",
    "checks": "receive payments enter payment mail posting envelopes",
    "dayclose": "bank drawer end of day evening ticket receipts",
    "accounts": "customers members clients subscribers list",
    "billing": "month-end month end invoices invoicing cycle bill everybody charge late fees",
    "statements": "print bills paper e-mail send invoices mailing envelopes",
    "refunds": "print refund checks pay back credits",
    "collections": "overdue delinquent arrears behind dunning",
    "reports": "figures lists month-end month end",
    "office": "settings options preferences setup printer",
    "rehearsal": "stories try test simulate policy",
    "audit": "trail history log who did what changes",
}
# Title, page, what it is to show there, and other words for it.
PLACES: Final[tuple[tuple[str, str, dict[str, Any], str], ...]] = (
    ("Make the deposit", "dayclose", {"part": "deposit"}, "bank ticket take checks to the bank deposit slip"),
    ("Cards and E-Checks arrived in the bank", "dayclose", {"part": "clearing"}, "clearing settle settled"),
    ("Close the day", "dayclose", {"part": "close"}, "day close end of day closing evening lock the day receipts"),
    ("Past-due accounts", "accounts", {"status": "", "balance": "past-due", "waits": ""}, "overdue late owing"),
    ("Accounts with a credit", "accounts", {"status": "", "balance": "credit", "waits": ""}, "overpaid prepaid"),
    ("Members waiting for work", "accounts", {"waits": "work"}, ""),
    ("Authorization forms not signed", "accounts", {"waits": "form"}, "e-check card bank draft"),
    ("Billing run: difference against last month", "billing", {"tab": "difference"}, "compare changed new gone"),
    ("Billing run: accounts that could not be billed", "billing", {"tab": "exceptions"}, "errors failed"),
    ("Billing run: runs made", "billing", {"tab": "runs"}, "history earlier reverse undo a run"),
    ("Refunds that are due", "refunds", {"tab": "due"}, "credits closed accounts pay back"),
    ("Refund checks: sheets to print", "refunds", {"tab": "sheets"}, "printer spoiled confirm"),
    ("Refund checks that are out", "refunds", {"tab": "checks"}, "outstanding cleared stale void reprint stop bank csv"),
    ("Past due by age", "collections", {"tab": "pastdue"}, "overdue late collections"),
    ("Suspension run", "collections", {"tab": "run"}, "suspend cut off disconnect"),
    ("Suspended accounts", "collections", {"tab": "suspended"}, "cut off disconnected restore"),
    ("Arrangements", "collections", {"tab": "arrangements"}, "instalments installments payment plans promises"),
    ("Re-activation fees", "collections", {"tab": "reactivation"}, "reactivation charge waive"),
    ("Work to decide", "collections", {"tab": "work"}, "repairs needs decision work orders"),
    ("The office's name and address", "office", {"tab": "details"}, "settings letterhead time zone"),
    ("This PC", "office", {"tab": "desk"}, "settings printer implied cents look folder server"),
    ("Policies", "office", {"tab": "policies"}, "prices fees terms rates plans amounts"),
    ("Check stock", "office", {"tab": "stock"}, "box of checks blank checks numbers"),
    ("Import customers", "office", {"tab": "import"}, "take over csv load"),
    ("People", "office", {"tab": "people"}, "users sign in passwords roles staff block"),
    ("Limits", "office", {"tab": "limits"}, "approval amounts two people"),
    ("Check the books", "office", {"tab": "verify"}, "verify audit balance errors"),
    ("Backups", "office", {"tab": "backups"}, "back up backup restore copy save safe"),
    ("Keys for bank account numbers", "office", {"tab": "keys"}, "encryption recovery sheet bank account"),
)
REPORT_WORDS: Final = {
    "aging": "aged receivables who owes past due overdue",
    "receipts": "payments received money in collected",
    "deposits": "bank tickets slips",
    "day": "daily end of day",
    "month": "month end monthly closing",
    "revenue": "income earned sales",
    "deferred": "unearned roll-forward prepaid",
    "fees": "late fees waived charges",
    "refunds": "refund checks register",
    "outstanding": "refund checks uncleared stale",
    "trial": "ledger general ledger accounts",
    "exceptions": "errors problems decide",
}


class Frame(Protocol):
    """What the commands need of the program's window."""

    workplace: Workplace
    office_wanted: SignalInstance
    lock_wanted: SignalInstance
    switch_wanted: SignalInstance
    password_wanted: SignalInstance

    @property
    def page(self) -> Page | None: ...
    def go(self, key: str, where: dict[str, Any]) -> None: ...
    def open_new_account(self) -> None: ...
    def open_returned(self) -> None: ...
    def edit_date(self) -> None: ...
    def open_help(self) -> None: ...
    def close(self) -> bool: ...


def of_window(frame: Frame) -> list[Command]:
    """What can be done whichever page is shown."""
    workplace = frame.workplace
    people = (
        Command("Lock this PC", "Ctrl+Shift+L", frame.lock_wanted.emit, "away leave screen break"),
        Command("Another person signs in", "", frame.switch_wanted.emit, "sign out log off log out user switch"),
        Command("Change my password", "", frame.password_wanted.emit, "sign in"),
    )
    return [
        *to_pages(frame.go),
        Command(
            "Log the mail",
            "Post checks · F3",
            partial(_log_mail, frame),
            "count checks tape adding machine new batch total envelopes",
        ),
        Command(
            "Checks held", "Today · F2", partial(_on_today, frame, "open_held"), "unidentified unknown payer whose suspense"
        ),
        Command(
            "Receipts without an e-mail address", "Today · F2", partial(_on_today, frame, "open_receipts"), "print hand over"
        ),
        Command("Open a new account", "", frame.open_new_account, "add customer new customer member sign up create"),
        *to_places(frame.go),
        Command(
            "Returned item: a payment came back", "", frame.open_returned, "bounced nsf chargeback unpaid check r01 r02"
        ),
        *to_reports(frame.go),
        Command("Change the business date", "Ctrl+D", frame.edit_date, "day today calendar"),
        Command("Help for this page", "F1", frame.open_help, "guide manual how do I"),
        Command("Open another office", "", frame.office_wanted.emit, "file database server sample"),
        Command("Back to the office, from a backup looked into", "", workplace.leave_backup),
        *looks(workplace),
        *(people if workplace.person is not None else ()),
        Command("Close the program", "Ctrl+Q", frame.close, "exit quit end"),
    ]


def to_pages(go: Go) -> list[Command]:
    """The pages with a key; `go(key, where)` shows one."""
    return [
        Command(entry.title, entry.keys, partial(go, entry.key, {}), PAGE_WORDS.get(entry.key, ""))
        for entry in PAGES
        if entry.keys
    ]


def to_places(go: Go) -> list[Command]:
    """Lists and sections that are not the first thing of their page, and what is done there."""
    return [Command(title, _named(page), partial(go, page, where), words) for title, page, where, words in PLACES]


def _named(page: str) -> str:
    entry = BY_KEY[page]
    return f"{entry.title} · {entry.keys}"


def to_reports(go: Go) -> list[Command]:
    """Each report by its name."""
    return [
        Command(
            f"Report: {kind.title}", kind.about, partial(go, "reports", {"report": kind.key}), REPORT_WORDS.get(kind.key, "")
        )
        for kind in REPORTS
    ]


def _log_mail(frame: Frame) -> None:
    from app.views.pages.checks import ChecksPage

    frame.go("checks", {})
    if isinstance(frame.page, ChecksPage):
        frame.page.open_log()


def _on_today(frame: Frame, what: str) -> None:
    from app.views.pages.today import TodayPage

    frame.go("today", {})
    if isinstance(frame.page, TodayPage):
        getattr(frame.page, what)()


def looks(workplace: Workplace) -> tuple[Command, ...]:
    """Light or dark; remembered on this PC."""
    return (
        Command("Light look", "", partial(_choose_theme, workplace, "light"), "theme white bright colors"),
        Command("Dark look", "", partial(_choose_theme, workplace, "dark"), "theme black night colors"),
    )


def _choose_theme(workplace: Workplace, theme: style.Theme) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    workplace.settings.put("look/theme", theme)
    style.apply_theme(application, theme)
