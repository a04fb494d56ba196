"""The letter that tells a customer of a payment that came back: text, PDF and e-mail; the same whenever it is made."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_one, fetch_value, parse_day
from app.money import format_cents
from app.services.gateways.mail import FolderMail, Letter
from app.services.loading import card
from app.services.mailaddress import is_mail_address
from app.services.office import OfficeForm, office_form
from app.services.payments import KIND_NAMES, payment
from app.services.policies.dishonored import BANK_ACCOUNT_CLOSED
from app.wholefiles import clear_refusals, put_in_place

NO_ADDRESS = "office@counterfoil.invalid"
FOLDER = "letters"
# To the customer, not to the bank.
_WHY = {
    "R01": "because there was not enough money in the account",
    BANK_ACCOUNT_CLOSED: "because the bank account is closed",
    "R03": "because the bank found no such account",
    "R04": "because the account number is not valid",
    "R08": "because the payment was stopped",
    "R09": "because the money in the account was not available yet",
    "R10": "because it was reported as not authorized",
}


class LetterLine(NamedTuple):
    """A charge or an invoice in the letter; cents."""

    words: str
    cents: int


class ReturnedLetter(NamedTuple):
    """What the letter says. `opening` and `closing` are paragraphs; between them the two tables.

    `email` is empty when no mail can go to the customer.
    """

    payment_id: int
    on: date
    account_number: str
    name: str
    address: tuple[str, ...]
    email: str
    subject: str
    opening: tuple[str, ...]
    fees: tuple[LetterLine, ...]
    open_again: tuple[LetterLine, ...]
    balance_cents: int
    closing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The letter as plain text, without the office's name below it."""
        parts = [f"Dear {self.name},", *self.opening]
        if self.open_again:
            parts.append(_listed("Open again:", self.open_again))
        if self.fees:
            parts.append(_listed("Charged for it:", self.fees))
        return "\n\n".join([*parts, f"The balance of the account is now {_dollars(self.balance_cents)}.", *self.closing])


def _listed(heading: str, lines: tuple[LetterLine, ...]) -> str:
    return "\n".join([heading, *(f"  {line.words}: {_dollars(line.cents)}" for line in lines)])


def _dollars(cents: int) -> str:
    return f"-${format_cents(-cents)}" if cents < 0 else f"${format_cents(cents)}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def returned_letter(session: Session, payment_id: int) -> ReturnedLetter:
    """The letter about a payment that was returned or charged back. Raises UserError for one that was not."""
    row = payment(session, payment_id)
    found = fetch_one(
        session,
        "SELECT business_date, reason, action_id FROM payment_reversal WHERE payment_id = ? AND state <> 'reversed'",
        payment_id,
    )
    if found is None:
        raise UserError("That payment did not come back from the bank; there is no letter about it.", field="payment")
    account, on = card(session, row.account_id), parse_day(found.business_date)
    what = KIND_NAMES[row.kind] + (f" number {row.check_number}" if row.check_number else "")
    if row.state == "charged-back":
        came = f"the card company took back your card payment of {_dollars(row.cents)} of {_day(row.on)}"
        subject = "Your card payment was charged back"
    else:
        why = _WHY.get(found.reason.split(" ", 1)[0], "unpaid by your bank")
        came = f"your {what} of {_dollars(row.cents)}, received {_day(row.on)}, was returned {why}"
        subject = "Your payment was returned"
    return ReturnedLetter(
        payment_id,
        on,
        account.number,
        account.name,
        tuple(account.address.split("\n")) if account.address else (),
        account.email if is_mail_address(account.email) else "",
        f"{subject}, account {account.number}",
        (f"On {_day(on)} {came}. The payment no longer counts.",),
        _fees(session, row.account_id, found.action_id),
        _open_again(session, row.account_id, payment_id, found.action_id),
        account.balance_cents,
        tuple(_closing(session, payment_id, on)),
    )


def _fees(session: Session, account_id: int, action_id: int) -> tuple[LetterLine, ...]:
    rows = fetch(
        session,
        "SELECT l.description, l.cents FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE l.account_id = ? AND i.action_id = ? AND l.cents > 0 ORDER BY l.invoice_id, l.n",
        account_id,
        action_id,
    )
    return tuple(LetterLine(*row) for row in rows)


def _open_again(session: Session, account_id: int, payment_id: int, action_id: int) -> tuple[LetterLine, ...]:
    rows = fetch(
        session,
        "SELECT i.id, i.issued_on, i.due_on, i.open_cents FROM invoice i WHERE i.account_id = ? AND i.open_cents > 0 "
        "AND i.id IN (SELECT invoice_id FROM allocation WHERE credit_id = ? AND action_id = ? AND cents < 0) "
        "ORDER BY i.due_on, i.id",
        account_id,
        payment_id,
        action_id,
    )
    return tuple(
        LetterLine(f"Invoice {number} of {_day(parse_day(issued))}, due {_day(parse_day(due))}", cents)
        for number, issued, due, cents in rows
    )


def _closing(session: Session, payment_id: int, on: date) -> list[str]:
    row = payment(session, payment_id)
    account = card(session, row.account_id)
    said = []
    if account.autopay != "none" and account.authorized_on is None and row.kind == account.autopay:
        said.append(
            "We do not ask this bank account for payments any more. If you wish to go on paying by itself, please send us "
            "a newly signed authorization form; we are glad to mail you one."
        )
    if account.balance_cents > 0:
        late = fetch_value(
            session,
            "SELECT coalesce(sum(open_cents), 0) FROM invoice WHERE account_id = ? AND open_cents > 0 AND due_on < ?",
            account.id,
            on,
        )
        pay = f"Please send us {_dollars(account.balance_cents)}, or call us to agree when you will pay."
        if late and account.status == "active":
            pay += f" {_dollars(late)} of it is past due; services can be suspended until it is paid."
        said.append(pay)
    return said


def mail_letter(session: Session, payment_id: int, folder: Path) -> Path:
    """Put the letter, with its PDF, into the office's mail folder; returns the file.

    Raises UserError when the customer has no e-mail address, OfficeFileError when the folder cannot be written.
    """
    told = returned_letter(session, payment_id)
    if not told.email:
        raise UserError(f"Account {told.account_number} has no e-mail address; print the letter.", field="letter")
    office = office_form(session)
    pdf = save_letter(session, payment_id, folder)
    key = f"returned-payment-{payment_id}"
    body = f"{told.text}\n\n{signature(office)}\n"
    mail = FolderMail(folder / "mail", office.name, office.email or NO_ADDRESS, told.on)
    mail.send(Letter(key, told.name, told.email, told.subject, body, pdf.name, pdf.read_bytes()))
    mail.settle()
    return folder / "mail" / f"{key}.eml"


def save_letter(session: Session, payment_id: int, folder: Path) -> Path:
    """Draw the letter as a PDF for a window envelope; returns the file. Raises OfficeFileError when it cannot be written."""
    from app.services.documents.letter import LetterContent, write_letter  # reportlab takes long to import
    from app.services.statements import paper_office

    told = returned_letter(session, payment_id)
    tables = [
        (heading, tuple((line.words, line.cents) for line in lines))
        for heading, lines in (("Open again", told.open_again), ("Charged for it", told.fees))
        if lines
    ]
    content = LetterContent(
        told.on,
        told.name,
        told.address,
        told.subject,
        (f"Dear {told.name},", *told.opening),
        tuple(tables),
        (f"The balance of the account is now {_dollars(told.balance_cents)}.", *told.closing),
    )
    path = folder / FOLDER / f"returned-payment-{payment_id}.pdf"
    unfinished = path.with_name(f"~{path.name}")
    with clear_refusals(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_letter(unfinished, paper_office(session), content)
        put_in_place([(unfinished, path)])
    return path


def signature(office: OfficeForm) -> str:
    """The office's name and phone, as below every letter."""
    return "\n".join(line for line in (office.name, office.phone) if line)
