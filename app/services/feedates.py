"""ARR-2: a member's fee date is set when the processing fee is paid in full, and withdrawn when that is undone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import execute, fetch_tuples, fetch_value, parse_day
from app.services.policies.arrears import arr_2_first_fee_on
from app.services.terms import arrears_policy_of

# The business date on which an invoice that is paid became so: that of the last application which counts. A payment
# whose return was taken back had paid it when it first did.
PAID_ON = (
    "SELECT max(paid) FROM (SELECT coalesce((SELECT max(o.business_date) FROM return_taken_back t JOIN allocation o "
    "ON o.credit_id = t.first_payment_id AND o.invoice_id = a.invoice_id AND o.cents > 0 "
    "WHERE t.by_payment_id = a.credit_id), max(a.business_date)) AS paid FROM allocation a WHERE a.invoice_id = ? "
    "GROUP BY a.credit_id, a.invoice_id HAVING sum(a.cents) > 0) AS days"
)
_UNDECIDED = (
    "SELECT m.account_id, m.processing_invoice_id, m.processing_paid_on, i.open_cents FROM membership m "
    "JOIN invoice i ON i.id = m.processing_invoice_id JOIN account a ON a.id = m.account_id "
    "WHERE m.account_id BETWEEN ? AND ? AND m.monthly_fee_charged = 0 AND a.status <> 'closed'"
)


def follow_payments(session: Session, moved: Iterable[tuple[int, int]]) -> None:
    """After applications moved the open amounts of invoices: (account, invoice) each.

    A processing-fee invoice that became paid sets the fee date, counted from the day of the application; one that
    is open again loses it. After the first monthly fee it stays.
    """
    touched = {(account_id, invoice_id) for account_id, invoice_id in moved}
    if not touched:
        return
    accounts = [account_id for account_id, _ in touched]
    for account_id, invoice_id, paid_on, open_cents in fetch_tuples(session, _UNDECIDED, min(accounts), max(accounts)):
        if (account_id, invoice_id) not in touched:
            continue
        if open_cents and paid_on is not None:
            withdraw(session, account_id)
        elif not open_cents and paid_on is None:
            set_from(session, account_id, parse_day(fetch_value(session, PAID_ON, invoice_id)))


def set_from(session: Session, account_id: int, paid_on: date) -> None:
    """The processing fee was paid on `paid_on`: the first fee date, and the day of the month of later ones."""
    policy = arrears_policy_of(session, account_id, paid_on)
    first_fee_on = arr_2_first_fee_on(paid_on, policy)
    execute(
        session,
        "UPDATE membership SET processing_paid_on = ?, period_from = ?, next_fee_on = ?, fee_day = ? WHERE account_id = ?",
        paid_on,
        paid_on,
        first_fee_on,
        first_fee_on.day,
        account_id,
    )


def withdraw(session: Session, account_id: int) -> None:
    """No fee date any more."""
    execute(
        session,
        "UPDATE membership SET processing_paid_on = NULL, period_from = NULL, next_fee_on = NULL, fee_day = NULL "
        "WHERE account_id = ?",
        account_id,
    )
