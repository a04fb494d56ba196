"""How each kind of exception is called on Today, in the order shown there, and where it is dealt with."""

from __future__ import annotations

# By the exception's code: title, detail, the page and what it is to show, as (name, value) pairs.
LISTED: tuple[tuple[str, str, str, str, tuple[tuple[str, int | str], ...]], ...] = (
    ("needs-decision", "Work to decide", "No rule says what it costs", "collections", (("tab", "work"),)),
    (
        "reactivation-proposed",
        "Re-activation fees to decide",
        "Charge or waive each",
        "collections",
        (("tab", "reactivation"),),
    ),
    (
        "authorization-missing",
        "Auto-pay without a signed form",
        "Nobody is asked for money until the form is recorded",
        "accounts",
        (("waits", "form"),),
    ),
    (
        "processing-fee-overdue",
        "Work for members is overdue",
        "The processing fee is charged once work is recorded",
        "reports",
        (("report", "exceptions"),),
    ),
    (
        "no-refund-address",
        "Refunds without an address",
        "No check is printed until an address is recorded",
        "refunds",
        (),
    ),
    (
        "no-receipt-address",
        "Receipts without an e-mail address",
        "Record an address, or print them and hand them over",
        "receipts",
        (),
    ),
    ("billing-failed", "Accounts the billing run left out", "Each with its reason", "reports", (("report", "exceptions"),)),
    (
        "change-failed",
        "Planned changes that failed",
        "Each with its reason",
        "reports",
        (("report", "exceptions"),),
    ),
)
