"""Receipts that cannot go out by e-mail: the list of them, the receipt on paper, and that it was handed over (ADV-7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, insert_row, parse_day
from app.money import format_cents
from app.services import standing
from app.services.desk import Desk, begin_on_any_day
from app.services.loading import card
from app.services.mailaddress import is_mail_address
from app.services.payments import KIND_NAMES
from app.wholefiles import clear_refusals, put_in_place

BY_HAND = "by hand"
"""Stands in a receipt's record in place of the e-mail address that it went to."""
FOLDER = "receipts"


class MissingReceipt(NamedTuple):
    """A payment whose receipt waits for an e-mail address; `on` is its business date, `how` e.g. `check 1042`."""

    payment_id: int
    account_id: int
    account_number: str
    name: str
    phone: str
    on: date
    how: str
    cents: int


def missing_receipts(session: Session, on: date) -> list[MissingReceipt]:
    """Payments up to `on` that no receipt can go out for, of the accounts listed for it, the oldest first."""
    rows = fetch(
        session,
        "SELECT p.id, p.account_id, a.number, a.name, a.phone, p.business_date, p.kind, p.check_number, p.cents, a.email "
        "FROM payment p JOIN account a ON a.id = p.account_id LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.receipt_due = 1 AND p.business_date <= ? AND (r.state IS NULL OR r.state <> 'reversed') "
        "AND EXISTS (SELECT 1 FROM listed_exception x WHERE x.account_id = a.id AND x.code = ? AND x.closed_on IS NULL) "
        "ORDER BY p.business_date, p.id",
        on,
        standing.NO_RECEIPT_ADDRESS,
    )
    return [_row(row) for row in rows if not is_mail_address(row[9])]


def _row(row: Any) -> MissingReceipt:
    payment_id, account_id, number, name, phone, on, kind, check_number, cents, _email = row
    how = KIND_NAMES[kind] + (f" {check_number}" if check_number else "")
    return MissingReceipt(payment_id, account_id, number, name, phone, parse_day(on), how, cents)


def hand_over(session: Session, desk: Desk, payment_ids: Sequence[int]) -> int:
    """Record that these payments' receipts were given on paper or by telephone; returns how many.

    Each payment has then had its one receipt (ADV-7), and an account with no other is listed no more. A closed day
    accepts it, as it accepts receipts by e-mail (ADV-6). Raises UserError for one that has its receipt already or
    waits for none.
    """
    if not payment_ids:
        raise UserError("Mark the receipts that were handed over.", field="list")
    waiting = {row.payment_id: row for row in missing_receipts(session, desk.on)}
    for payment_id in payment_ids:
        if payment_id not in waiting:
            raise UserError(
                "One of these has its receipt already, or needs none any more; look at the list again.", field="list"
            )
    act = begin_on_any_day(session, desk, "hand-over-receipts")
    for payment_id in payment_ids:
        insert_row(session, "receipt", payment_id=payment_id, business_date=desk.on, address=BY_HAND, action_id=act.id)
        execute(session, "UPDATE payment SET receipt_due = 0 WHERE id = ?", payment_id)
    for account_id in sorted({waiting[payment_id].account_id for payment_id in payment_ids}):
        standing.close_receipt_exception(session, act, account_id)
    return len(payment_ids)


def print_receipts(session: Session, rows: Sequence[MissingReceipt], folder: Path, on: date) -> Path:
    """Write the receipts into the folder `receipts` as one PDF of letters, one a customer; returns its path.

    Nothing is recorded by it. Raises UserError when no receipt is given, OfficeFileError when it cannot be written.
    """
    from app.services.documents.letter import LetterContent, write_letters  # reportlab takes long to import
    from app.services.statements import paper_office

    if not rows:
        raise UserError("Mark the receipts to print.", field="list")
    letters = []
    for account_id in dict.fromkeys(row.account_id for row in rows):
        account = card(session, account_id)
        paid = [row for row in rows if row.account_id == account_id]
        balance = account.balance_cents
        stands = f"${format_cents(-balance)} in your favor" if balance < 0 else f"${format_cents(balance)}"
        payments = "payment" if len(paid) == 1 else "payments"
        letters.append(
            LetterContent(
                on=on,
                name=account.name,
                address=tuple(account.address.split("\n")) if account.address else (),
                subject=f"Receipt for your {payments}, account {account.number}",
                opening=(f"Dear {account.name},", f"We received your {payments}. Thank you."),
                tables=(
                    ("Received", tuple((f"{row.on:%B} {row.on.day}, {row.on.year}: {row.how}", row.cents) for row in paid)),
                ),
                closing=(f"The balance of the account is {stands} today.",),
            )
        )
    path = folder / FOLDER / f"receipts-{on.isoformat()}.pdf"
    unfinished = path.with_name(f"~{path.name}")
    with clear_refusals(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_letters(unfinished, paper_office(session), letters)
        put_in_place([(unfinished, path)])
    return path
