"""The words of the audit trail: what tables, fields and values are called by the people who read it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from app.money import format_cents

# Told by the entry itself, or only the other side of a row that is told.
NOT_TOLD = {"action", "entry", "policy_version"}

_TABLES = {
    "account": "Account",
    "account_change": "Change of an account's card",
    "allocation": "Application of a credit",
    "approval": "Approval",
    "arrangement": "Arrangement",
    "attempt_taken_back": "Failed attempt taken back",
    "backup_log": "Backup",
    "bank_number": "Bank account",
    "check_stock": "Box of checks",
    "credit": "Credit",
    "deferral_release": "Deferred revenue taken back",
    "deposit": "Deposit",
    "deposit_removal": "Check taken out of a deposit",
    "failed_attempt": "Failed payment attempt",
    "fee_waiver": "Waived fee",
    "gl_account": "Account of the ledger",
    "instalment": "Instalment",
    "invoice": "Invoice",
    "invoice_reversal": "Invoice taken back",
    "issued_check": "Refund check",
    "line": "Line of invoice",
    "listed_exception": "Exception",
    "mail_batch": "Batch of mail",
    "mail_check": "Check in the mail",
    "membership": "Membership",
    "note": "Note",
    "office": "Office",
    "opening_deferral": "Billed before the import",
    "payment": "Payment",
    "payment_attempt": "Auto-pay attempt",
    "payment_reversal": "Reversal of payment",
    "pending_charge": "Charge for the next invoice",
    "person": "Person",
    "policy_withdrawal": "Policy change withdrawn",
    "posting": "Posting",
    "receipt": "Receipt",
    "recognition": "Revenue of a month",
    "refund": "Refund",
    "refund_void": "Void of refund",
    "return_taken_back": "Return taken back",
    "run": "Run",
    "safekeeping": "Backup settings",
    "scheduled_change": "Change for a later day",
    "service": "Service",
    "service_price": "Price of a service",
    "sign_in": "Sign-in",
    "sign_in_guard": "Wrong passwords counted",
    "statement_print": "Printed statements",
    "suspension": "Suspension",
    "unbilled_revenue": "Unbilled revenue",
    "work": "Work",
}
_FIELDS = {
    "business_date": "Business date",
    "cents": "Amount",
    "monthly_cents": "Monthly price",
    "total_cents": "Total",
    "delivery": "Statements by",
    "autopay": "Auto-pay",
    "authorized_on": "Form signed on",
    "closed_through": "Closed through",
    "settled_on": "Arrived on",
    "receipt_due": "Receipt to be sent",
    "deposit_id": "Deposit",
    "old_number": "Number in the old program",
    "next_number": "Next check number",
    "debit": "Debit",
    "credit": "Credit",
    "key": "Charged for",
}
# Never shown, whatever holds them.
_SECRET = re.compile(r"hash|salt|sealed|token|check$|password|digest|mark$")
_TRUTHS = ("managed", "receipt_due", "deferred", "monthly_fee_charged", "active")
_DAY = re.compile(r"\d{4}-\d\d-\d\d$")
_SAID_ELSEWHERE = ("id", "n", "entry_id", "action_id", "account_id", "held_entry_id", "person_id", "approver_id")


def table_words(table: str) -> str:
    """What a row of a table is called."""
    return _TABLES.get(table, table.replace("_", " ").capitalize())


def row_words(table: str, key: str) -> str:
    """What a row is called: `Invoice 100234`."""
    name = table_words(table)
    # A guard's key is a digest of what somebody typed as a name.
    return name if table in ("office", "safekeeping", "sign_in_guard") else f"{name} {key}"


def field_words(column: str) -> str:
    """What a field is called: `Monthly price`."""
    if column in _FIELDS:
        return _FIELDS[column]
    return column.removesuffix("_id").removesuffix("_cents").replace("_", " ").capitalize()


def value_words(column: str, value: Any) -> str:
    """A value as people read it; secrets are not told."""
    if value is None or value == "":
        return "nothing"
    if _SECRET.search(column):
        return "(not shown)"
    if column.endswith("cents") and isinstance(value, int):
        return format_cents(value)
    if column in _TRUTHS or isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _DAY.match(value):
        return f"{date.fromisoformat(value):%m/%d/%Y}"
    return str(value).replace("\n", ", ")


def row_says(row: dict[str, Any]) -> str:
    """What a row says, without its numbers: `Amount 62.00; Business date 11/21/2026`."""
    said = [
        f"{field_words(name)} {value_words(name, value)}"
        for name, value in row.items()
        if name not in _SAID_ELSEWHERE and value not in (None, "") and not _SECRET.search(name)
    ]
    return "; ".join(said)
