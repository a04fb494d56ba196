"""Receipts each evening for all payments received (ADV-7)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import execute, fetch, insert_row, parse_day
from app.money import format_cents
from app.services import standing
from app.services.desk import Act, Desk, begin_on_any_day
from app.services.gateways.mail import Letter, MailGateway
from app.services.mailaddress import is_mail_address
from app.services.office import office_form
from app.services.payments import KIND_NAMES


class ReceiptsResult(NamedTuple):
    """How many receipts went out, and how many payments wait for an address."""

    sent: int
    without_address: int


def receipts_due(session: Session, desk: Desk) -> list[tuple[int, int, str, str, str, str, str, int, str, int]]:
    """Payments up to the desk's date without a receipt; not those reversed as a mistake."""
    return [
        tuple(row)
        for row in fetch(
            session,
            "SELECT p.id, p.account_id, a.number, a.name, a.email, p.business_date, p.kind, p.cents, p.check_number, "
            "a.balance_cents FROM payment p JOIN account a ON a.id = p.account_id "
            "LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE p.receipt_due = 1 AND p.business_date <= ? AND (r.state IS NULL OR r.state <> 'reversed') "
            "ORDER BY p.id",
            desk.on,
        )
    ]


def send_receipts(session: Session, desk: Desk, mail: MailGateway) -> ReceiptsResult:
    """Send what is due, once each; payers without an address are listed. A closed day accepts it (ADV-6)."""
    act = begin_on_any_day(session, desk, "send-receipts")
    return send_under(session, act, desk, mail)


def send_under(session: Session, act: Act, desk: Desk, mail: MailGateway) -> ReceiptsResult:
    """As `send_receipts`, as a part of another action (the close of day)."""
    office = office_form(session)
    sent, missing = 0, 0
    for payment_id, account_id, number, name, email, on, kind, cents, check_number, balance in receipts_due(session, desk):
        if not is_mail_address(email):
            missing += 1
            detail = f"payment of {format_cents(cents)} on {on}"
            standing.list_exception(session, act, account_id, standing.NO_RECEIPT_ADDRESS, detail)
            continue
        how = KIND_NAMES[kind] + (f" number {check_number}" if check_number else "")
        day = parse_day(on)
        body = (
            f"Dear {name},\n\nwe received your payment of ${format_cents(cents)} by {how} on "
            f"{day:%B} {day.day}, {day.year} for account {number}. Thank you.\n\n"
            f"The account's balance today is ${format_cents(abs(balance))}"
            f"{', a credit in your favor' if balance < 0 else ''}.\n\n{office.name}\n{office.phone}\n"
        )
        mail.send(Letter(f"receipt-{payment_id}", name, email, f"Receipt for your payment, account {number}", body))
        insert_row(session, "receipt", payment_id=payment_id, business_date=desk.on, address=email, action_id=act.id)
        execute(session, "UPDATE payment SET receipt_due = 0 WHERE id = ?", payment_id)
        sent += 1
    mail.settle()  # before the books say that they went
    return ReceiptsResult(sent, missing)
