"""Which pages there are, in the order of the day; each is imported when it is first shown."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.views.page import Page
    from app.views.workplace import Workplace


class PageEntry(NamedTuple):
    """A page: its name in the program, its title, its F-key (empty: reached from another page), its class."""

    key: str
    title: str
    keys: str
    module: str
    class_name: str


PAGES = (
    PageEntry("today", "Today", "F2", "today", "TodayPage"),
    PageEntry("checks", "Post checks", "F3", "checks", "ChecksPage"),
    PageEntry("dayclose", "Deposit and close", "F4", "dayclose", "DayClosePage"),
    PageEntry("accounts", "Accounts", "F5", "accounts", "AccountsPage"),
    PageEntry("billing", "Billing run", "F6", "billing", "BillingPage"),
    PageEntry("statements", "Statements", "F7", "statements", "StatementsPage"),
    PageEntry("refunds", "Refunds", "F8", "refunds", "RefundsPage"),
    PageEntry("collections", "Collections", "F9", "collections", "CollectionsPage"),
    PageEntry("reports", "Reports", "F10", "reports", "ReportsPage"),
    PageEntry("office", "Office", "F11", "office", "OfficePage"),
    PageEntry("rehearsal", "Rehearsal", "Shift+F9", "rehearsal", "RehearsalPage"),
    PageEntry("audit", "Audit", "F12", "audit", "AuditPage"),
    PageEntry("account", "Account", "", "account", "AccountPage"),
)
BY_KEY = {entry.key: entry for entry in PAGES}


def make_page(key: str, workplace: Workplace) -> Page:
    """The page of that name, made now."""
    entry = BY_KEY[key]
    module = importlib.import_module(f"app.views.pages.{entry.module}")
    page: Page = getattr(module, entry.class_name)(workplace)
    return page
