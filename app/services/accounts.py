"""Opening accounts and changing what is on their card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_value, insert_row, insert_with_id, reserve_ids
from app.money import format_cents
from app.services import memberbilling, standing
from app.services.accountnumbers import account_number, is_account_number
from app.services.desk import Act, Desk, begin
from app.services.inputs import one_line, refuse_large, text_block
from app.services.loading import AccountCard, card
from app.services.mailaddress import is_mail_address
from app.services.policies.dishonored import ADVANCE_METHODS, arr_5_methods
from app.services.policies.policyfile import ArrearsPolicy, Policy
from app.services.terms import policy_named

SHORTEST_CARD_NUMBER = 12
MAX_FEE_CENTS = 100_000_000
MAX_INDIVIDUALS = 1_000
MOST_ADDRESS_LINES = 10


@dataclass(frozen=True, slots=True)
class AccountForm:
    """A new account. `address` lines end with "City ST ZIP"; `hourly_rate_cents` only if agreed.

    Of members only: the plan, the individuals on it, and the fees agreed in cents (None: what the plan offers).
    """

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
    plan: str = ""
    monthly_cents: int | None = None
    processing_cents: int | None = None
    individuals: int = 1


def refuse_closed(account: AccountCard, what: str) -> None:
    """Raises UserError for a closed account (BOTH-8)."""
    if account.status == "closed":
        raise UserError(f"Account {account.number} is closed; {what} is not possible any more.", field="account")


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> str:
    if value not in allowed:
        raise UserError(f"“{value}” is not a {field} this office knows; choose {' or '.join(allowed)}.", field=field)
    return value


def _refuse_method(kind: str, policy: Policy) -> None:
    if kind == "prepaid":
        raise UserError("Prepaid cards are not accepted; ask for another card or a bank account.", field="kind")
    _one_of(kind, arr_5_methods() if isinstance(policy, ArrearsPolicy) else ADVANCE_METHODS, "autopay")


def _refuse_full_number(label: str) -> None:
    if sum(letter.isdecimal() for letter in label) >= SHORTEST_CARD_NUMBER:
        raise UserError("Only the last four digits of a card or bank account are kept; leave out the rest.", field="label")


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


def _cleaned(form: AccountForm) -> AccountForm:
    """The form without signs that nobody sees. Raises UserError for endless texts."""
    return replace(
        form,
        name=one_line(form.name, "A name", "name"),
        email=one_line(form.email, "An e-mail address", "email"),
        phone=one_line(form.phone, "A phone number", "phone"),
        address=_clean_address(form.address),
        method_label=one_line(form.method_label, "A card or bank account", "label"),
        old_number=one_line(form.old_number, "An old number", "old_number"),
        payer=one_line(form.payer, "A payer's name", "payer"),
        notes=text_block(form.notes, "A note", "notes"),
    )


def _clean_address(address: tuple[str, ...]) -> tuple[str, ...]:
    if len(address) > MOST_ADDRESS_LINES:
        raise UserError(f"An address has at most {MOST_ADDRESS_LINES} lines.", field="address")
    return tuple(line for line in (one_line(line, "A line of an address", "address") for line in address) if line)


def open_account(session: Session, desk: Desk, form: AccountForm, token: str | None = None) -> int:
    """Open an account dated the desk's business date; returns its id.

    With auto-pay its signed authorization is on file from that day. Raises UserError for a wrong choice.
    """
    form = _cleaned(form)
    policy = policy_named(session, form.policy, desk.on)
    _one_of(form.kind, ("residential", "business"), "kind")
    _one_of(form.delivery, ("email", "paper"), "delivery")
    _refuse_method(form.autopay, policy)
    _refuse_full_number(form.method_label)
    if form.hourly_rate_cents is not None:
        if form.hourly_rate_cents < 0:
            raise UserError("An hourly rate cannot be negative.", field="hourly_rate")
        refuse_large(form.hourly_rate_cents, "hourly_rate")
    _refuse_email(form.email)
    if not form.name.strip():
        raise UserError("An account needs a name.", field="name")
    form = _with_plan(form, policy)
    begin(session, desk, "open-account", token=token)
    account_id = insert_account(session, form, opened_on=desk.on, authorized_on=desk.on if form.autopay != "none" else None)
    if isinstance(policy, ArrearsPolicy):
        memberbilling.insert_membership(
            session,
            account_id,
            plan=form.plan,
            monthly_cents=form.monthly_cents or 0,
            processing_cents=form.processing_cents or 0,
            individuals=form.individuals,
            on=desk.on,
        )
    return account_id


def _with_plan(form: AccountForm, policy: Policy) -> AccountForm:
    """The form with the fees that its plan offers where none were agreed. Raises UserError for terms that cannot be."""
    if not isinstance(policy, ArrearsPolicy):
        if form.plan or form.monthly_cents is not None or form.processing_cents is not None or form.individuals != 1:
            raise UserError(f"Policy {policy.name} has services, no plans.", field="plan")
        return form
    _one_of(form.plan, tuple(policy.late_charge), "plan")
    offered = policy.plans.get(form.plan)
    fees = {
        "monthly": form.monthly_cents if form.monthly_cents is not None or offered is None else offered.monthly_cents,
        "processing": (
            form.processing_cents if form.processing_cents is not None or offered is None else offered.processing_cents
        ),
    }
    for field, cents in fees.items():
        if cents is None or not 0 <= cents <= MAX_FEE_CENTS:
            raise UserError(f"A {field} fee is from 0.00 to {format_cents(MAX_FEE_CENTS)}.", field=field)
    if not 1 <= form.individuals <= MAX_INDIVIDUALS:
        raise UserError(f"A plan is for 1 to {MAX_INDIVIDUALS} individuals.", field="individuals")
    return replace(form, monthly_cents=fees["monthly"], processing_cents=fees["processing"])


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


def record_change(session: Session, act: Act, account_id: int, what: str, before: str, after: str) -> None:
    """Write into the account's history what was changed on it."""
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
    after = "\n".join(_clean_address(address))
    act = begin(session, desk, "change-address")
    execute(session, "UPDATE account SET address = ? WHERE id = ?", after, account_id)
    record_change(session, act, account_id, "address", before.address, after)
    standing.close_refund_exception(session, act, account_id)


def change_delivery(session: Session, desk: Desk, account_id: int, delivery: str) -> None:
    """Statements by `email` or on `paper` (ADV-4)."""
    before = card(session, account_id)
    _one_of(delivery, ("email", "paper"), "delivery")
    act = begin(session, desk, "change-delivery")
    execute(session, "UPDATE account SET delivery = ? WHERE id = ?", delivery, account_id)
    record_change(session, act, account_id, "delivery", before.delivery, delivery)


def change_email(session: Session, desk: Desk, account_id: int, email: str) -> None:
    """Record a new e-mail address; receipts that waited for one go out at the next close."""
    before = card(session, account_id)
    email = one_line(email, "An e-mail address", "email")
    _refuse_email(email)
    act = begin(session, desk, "change-email")
    execute(session, "UPDATE account SET email = ? WHERE id = ?", email, account_id)
    record_change(session, act, account_id, "email", before.email, email)
    if email:
        standing.close_exception(session, act, account_id, standing.NO_RECEIPT_ADDRESS)


def change_name(session: Session, desk: Desk, account_id: int, name: str) -> None:
    """Record a new name (also of a closed account); the old one stays in its history."""
    before = card(session, account_id)
    name = one_line(name, "A name", "name")
    if not name:
        raise UserError("An account needs a name.", field="name")
    act = begin(session, desk, "change-name")
    execute(session, "UPDATE account SET name = ? WHERE id = ?", name, account_id)
    record_change(session, act, account_id, "name", before.name, name)


def change_phone(session: Session, desk: Desk, account_id: int, phone: str) -> None:
    """Record a new phone number, as it was told; the old one stays in the account's history."""
    before = card(session, account_id)
    phone = one_line(phone, "A phone number", "phone")
    act = begin(session, desk, "change-phone")
    execute(session, "UPDATE account SET phone = ? WHERE id = ?", phone, account_id)
    record_change(session, act, account_id, "phone", before.phone, phone)


def change_payment_method(
    session: Session,
    desk: Desk,
    account_id: int,
    kind: str,
    *,
    form_signed: bool = False,
    label: str = "",
    signed_on: date | None = None,
) -> None:
    """A new or changed auto-pay method; it is not used until its signed form is recorded (ARR-10, ADV-18).

    `signed_on`: the date on the form when it is not the desk's. Raises UserError for a prepaid card, an unknown
    method, or a form signed on a later day.
    """
    before = card(session, account_id)
    _refuse_method(kind, policy_named(session, before.policy, desk.on))
    label = one_line(label, "A card or bank account", "label")
    _refuse_full_number(label)
    _refuse_signed_later(signed_on, desk.on)
    act = begin(session, desk, "change-payment-method")
    authorized_on = (signed_on or desk.on) if form_signed and kind != "none" else None
    execute(
        session,
        "UPDATE account SET autopay = ?, method_label = ?, authorized_on = ? WHERE id = ?",
        kind,
        label,
        authorized_on,
        account_id,
    )
    record_change(session, act, account_id, "autopay", before.autopay, kind)
    if label != before.method_label:
        record_change(session, act, account_id, "autopay-name", before.method_label, label)


def _refuse_signed_later(signed_on: date | None, on: date) -> None:
    if signed_on is not None and signed_on > on:
        raise UserError(f"A form signed on {signed_on:%m/%d/%Y} cannot be here on {on:%m/%d/%Y}.", field="signed_on")


def record_authorization(session: Session, desk: Desk, account_id: int, signed_on: date | None = None) -> None:
    """The form for the method on file arrived, signed on the desk's date or on `signed_on` before it.

    Raises UserError when there is no method, or for a form signed on a later day.
    """
    account = card(session, account_id)
    _refuse_signed_later(signed_on, desk.on)
    if account.autopay == "none":
        raise UserError(f"Account {account.number} has no payment method that a form could authorize.", field="account")
    act = begin(session, desk, "record-authorization")
    signed_on = signed_on or desk.on
    execute(session, "UPDATE account SET authorized_on = ? WHERE id = ?", signed_on, account_id)
    record_change(session, act, account_id, "authorization", str(account.authorized_on or ""), str(signed_on))


def withdraw_authorization(session: Session, act: Act, account_id: int, why: str) -> None:
    """The method cannot be used until a new form is signed (ARR-10: the bank account was closed)."""
    before = card(session, account_id).authorized_on
    execute(session, "UPDATE account SET authorized_on = NULL WHERE id = ?", account_id)
    record_change(session, act, account_id, "authorization", str(before or ""), why)
