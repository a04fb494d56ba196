"""Opening accounts and changing what is on their card."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_value, insert_row, insert_with_id, reserve_ids
from app.services import standing
from app.services.accountnumbers import account_number, is_account_number
from app.services.desk import Act, Desk, begin
from app.services.gateways.mail import is_mail_address
from app.services.loading import AccountCard, card
from app.services.terms import policy_named

ADVANCE_METHODS = ("none", "card", "echeck")


@dataclass(frozen=True, slots=True)
class AccountForm:
    """A new account. `address` lines end with "City ST ZIP"; `hourly_rate_cents` only if agreed."""

    name: str
    policy: str = "isp-advance"
    kind: str = "residential"
    managed: bool = False
    email: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()
    delivery: str = "email"
    autopay: str = "none"
    method_label: str = ""
    hourly_rate_cents: int | None = None
    old_number: str = ""
    payer: str = ""
    notes: str = ""


def refuse_closed(account: AccountCard, what: str) -> None:
    """Raises UserError for a closed account (BOTH-8)."""
    if account.status == "closed":
        raise UserError(f"Account {account.number} is closed; {what} is not possible any more.", field="account")


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> str:
    if value not in allowed:
        raise UserError(f"“{value}” is not a {field} this office knows; choose {' or '.join(allowed)}.", field=field)
    return value


def _refuse_method(kind: str) -> None:
    if kind == "prepaid":
        raise UserError("Prepaid cards are not accepted; ask for another card or a bank account.", field="kind")
    _one_of(kind, ADVANCE_METHODS, "autopay")


def _refuse_email(email: str) -> None:
    if email and not is_mail_address(email):
        raise UserError(f"“{email}” is not an e-mail address that mail can go to.", field="email")


def find_by_number(session: Session, typed: str) -> int:
    """The id of the account with that number. Raises UserError for a wrong check digit or an unknown one (BOTH-7)."""
    number = "".join(typed.split()).replace("-", "")
    if not is_account_number(number):
        raise UserError(f"{typed.strip()} is no account number: its check digit is wrong. Look at it again.", "account")
    found = fetch_value(session, "SELECT id FROM account WHERE number = ?", number)
    if found is None:
        raise UserError(f"There is no account {number}.", field="account")
    return int(found)


def open_account(session: Session, desk: Desk, form: AccountForm, token: str | None = None) -> int:
    """Open an account dated the desk's business date; returns its id.

    With auto-pay its signed authorization is on file from that day. Raises UserError for a wrong choice.
    """
    policy_named(session, form.policy, desk.on)
    _one_of(form.kind, ("residential", "business"), "kind")
    _one_of(form.delivery, ("email", "paper"), "delivery")
    _refuse_method(form.autopay)
    if form.hourly_rate_cents is not None and form.hourly_rate_cents < 0:
        raise UserError("An hourly rate cannot be negative.", field="hourly_rate")
    _refuse_email(form.email)
    if not form.name.strip():
        raise UserError("An account needs a name.", field="name")
    begin(session, desk, "open-account", token=token)
    return insert_account(session, form, opened_on=desk.on, authorized_on=desk.on if form.autopay != "none" else None)


def insert_account(session: Session, form: AccountForm, **known: object) -> int:
    """Write a new account's row; `known` overrides its columns (the import knows more). Returns its id."""
    account_id = reserve_ids(session, "account", 1)[0]
    values: dict[str, object] = {
        "id": account_id,
        "number": account_number(account_id),
        "policy": form.policy,
        "name": form.name.strip(),
        "kind": form.kind,
        "managed": int(form.managed),
        "email": form.email,
        "phone": form.phone,
        "address": "\n".join(form.address),
        "delivery": form.delivery,
        "autopay": form.autopay,
        "method_label": form.method_label,
        "authorized_on": None,
        "hourly_rate_cents": form.hourly_rate_cents,
        "status": "active",
        "closed_on": None,
        "old_number": form.old_number,
        "payer": form.payer,
        "notes": form.notes,
        "balance_cents": 0,
        "cycle_done": None,
    }
    insert_row(session, "account", **{**values, **known})
    return account_id


def _change(session: Session, act: Act, account_id: int, what: str, before: str, after: str) -> None:
    insert_with_id(
        session,
        "account_change",
        account_id=account_id,
        business_date=act.on,
        what=what,
        before=before,
        after=after,
        action_id=act.id,
    )


def change_address(session: Session, desk: Desk, account_id: int, address: tuple[str, ...]) -> None:
    """Record a new postal address (also of a closed account, BOTH-8); the old one stays in its history."""
    before = card(session, account_id)
    act = begin(session, desk, "change-address")
    after = "\n".join(line.strip() for line in address if line.strip())
    execute(session, "UPDATE account SET address = ? WHERE id = ?", after, account_id)
    _change(session, act, account_id, "address", before.address, after)
    standing.close_refund_exception(session, act, account_id)


def change_delivery(session: Session, desk: Desk, account_id: int, delivery: str) -> None:
    """Statements by `email` or on `paper` (ADV-4)."""
    before = card(session, account_id)
    _one_of(delivery, ("email", "paper"), "delivery")
    act = begin(session, desk, "change-delivery")
    execute(session, "UPDATE account SET delivery = ? WHERE id = ?", delivery, account_id)
    _change(session, act, account_id, "delivery", before.delivery, delivery)


def change_email(session: Session, desk: Desk, account_id: int, email: str) -> None:
    """Record a new e-mail address; receipts that waited for one go out at the next close."""
    before = card(session, account_id)
    email = email.strip()
    _refuse_email(email)
    act = begin(session, desk, "change-email")
    execute(session, "UPDATE account SET email = ? WHERE id = ?", email, account_id)
    _change(session, act, account_id, "email", before.email, email)
    if email:
        standing.close_exception(session, act, account_id, standing.NO_RECEIPT_ADDRESS)


def change_payment_method(
    session: Session, desk: Desk, account_id: int, kind: str, *, form_signed: bool = False, label: str = ""
) -> None:
    """A new or changed auto-pay method; it is not used until its signed form is recorded (ARR-10, ADV-18).

    Raises UserError for a prepaid card or an unknown method.
    """
    before = card(session, account_id)
    _refuse_method(kind)
    act = begin(session, desk, "change-payment-method")
    authorized_on = desk.on if form_signed and kind != "none" else None
    execute(
        session,
        "UPDATE account SET autopay = ?, method_label = ?, authorized_on = ? WHERE id = ?",
        kind,
        label,
        authorized_on,
        account_id,
    )
    _change(session, act, account_id, "autopay", before.autopay, kind)


def record_authorization(session: Session, desk: Desk, account_id: int) -> None:
    """The signed form for the method on file arrived. Raises UserError when there is no method."""
    account = card(session, account_id)
    if account.autopay == "none":
        raise UserError(f"Account {account.number} has no payment method that a form could authorize.", field="account")
    act = begin(session, desk, "record-authorization")
    execute(session, "UPDATE account SET authorized_on = ? WHERE id = ?", desk.on, account_id)
    _change(session, act, account_id, "authorization", str(account.authorized_on or ""), str(desk.on))


def withdraw_authorization(session: Session, act: Act, account_id: int, why: str) -> None:
    """The method cannot be used until a new form is signed (ARR-10: the bank account was closed)."""
    execute(session, "UPDATE account SET authorized_on = NULL WHERE id = ?", account_id)
    _change(session, act, account_id, "authorization", "on file", why)
