"""What one form of a window changes at once: an account opened with its services, a card put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.keystore import KeyStore
from app.models.bulk import fetch
from app.services import accounts, bank_numbers, members, paymentmethods, subscriptions
from app.services.accounts import AccountForm
from app.services.bank_numbers import BankNumber
from app.services.desk import Desk
from app.services.loading import card


@dataclass(frozen=True, slots=True)
class ContactForm:
    """How a customer is called and reached; `address` lines as in AccountForm."""

    name: str
    address: tuple[str, ...]
    email: str
    phone: str


class SealedNumber(NamedTuple):
    """A bank account as typed, and where this PC keeps the office's key."""

    number: BankNumber
    keys: KeyStore


def open_with_services(
    session: Session,
    desk: Desk,
    form: AccountForm,
    services: Sequence[tuple[str, int]] = (),
    *,
    form_signed: bool = True,
    bank: SealedNumber | None = None,
) -> int:
    """Open an account and start its services (name, monthly cents) on the same day; returns its id.

    Without `form_signed` its auto-pay method is on file, but not used before the signed form is recorded. `bank`: the
    bank account of an E-Check or draft, kept encrypted; it names the method when nothing else does.
    """
    method = form.autopay
    if bank is not None and not form.method_label.strip():
        form = replace(form, method_label=paymentmethods.label_of(bank.number))
    opened = form if form_signed else replace(form, autopay="none", method_label="")
    account_id = accounts.open_account(session, desk, opened)
    then = replace(desk, token=None)  # the form's mark stands on the first action
    if not form_signed and method != "none":
        accounts.change_payment_method(session, then, account_id, method, label=form.method_label)
    if bank is not None:
        routing, number, account_type = bank.number
        bank_numbers.store(session, then, bank.keys, account_id, routing, number, account_type)
    for name, monthly_cents in services:
        subscriptions.add_service(session, then, account_id, name, monthly_cents)
    return account_id


def open_membership(
    session: Session,
    desk: Desk,
    form: AccountForm,
    *,
    form_signed: bool = True,
    instructed_on: date | None = None,
    performed: bool = False,
    bank: SealedNumber | None = None,
) -> int:
    """Open a member's account with what was agreed at sign-up; returns its id.

    `instructed_on`: the customer asks to be charged that day (ARR-1); `performed`: work is performed the same day.
    `bank` as for `open_with_services`. Raises what its parts refuse.
    """
    account_id = open_with_services(session, desk, form, form_signed=form_signed, bank=bank)
    then = replace(desk, token=None)
    if instructed_on is not None:
        members.instruct_early(session, then, account_id, instructed_on)
    if performed:
        members.record_work_performed(session, then, account_id)
    return account_id


def same_name(session: Session, name: str) -> list[str]:
    """Numbers of the accounts that have this name already, however it is capitalized; at most three."""
    sql = "SELECT number FROM account WHERE name COLLATE NOCASE = ? COLLATE NOCASE ORDER BY id LIMIT 3"
    rows = fetch(session, sql, name.strip())
    return [row[0] for row in rows]


def change_contact(session: Session, desk: Desk, account_id: int, form: ContactForm) -> list[str]:
    """Record what is different on the form from the account's card; returns what was changed.

    Raises UserError when nothing is, and for what its parts refuse.
    """
    before = card(session, account_id)
    address = tuple(line.strip() for line in form.address if line.strip())
    different: list[tuple[str, Callable[[Desk], None]]] = []
    if form.name.strip() != before.name:
        different.append(("name", lambda who: accounts.change_name(session, who, account_id, form.name)))
    if "\n".join(address) != before.address:
        different.append(("address", lambda who: accounts.change_address(session, who, account_id, address)))
    if form.email.strip() != before.email:
        different.append(("e-mail", lambda who: accounts.change_email(session, who, account_id, form.email)))
    if form.phone.strip() != before.phone:
        different.append(("phone", lambda who: accounts.change_phone(session, who, account_id, form.phone)))
    if not different:
        raise UserError("Nothing on this form is different from what is on file.", field="name")
    for n, (_what, change) in enumerate(different):
        change(desk if n == 0 else replace(desk, token=None))
    return [what for what, _change in different]
