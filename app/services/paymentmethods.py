"""A payment method put on file with its bank account number, which lies encrypted (ADV-18, ARR-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from app.keystore import KeyStore
from app.services import accounts, bank_numbers
from app.services.bank_numbers import BankNumber
from app.services.desk import Desk


def label_of(number: BankNumber) -> str:
    """How a bank account is called in lists when nobody named it."""
    digits = "".join(letter for letter in number.number if letter.isdecimal())
    return f"bank account ending {digits[-4:]}"


def change_bank_account(
    session: Session,
    desk: Desk,
    keys: KeyStore,
    account_id: int,
    kind: str,
    number: BankNumber,
    *,
    label: str = "",
    signed_on: date | None = None,
) -> None:
    """Put an E-Check or bank draft on file with the number of its bank account.

    Without `signed_on` it is not used before the signed form is recorded. `label` is the account's name in lists, by
    default its last four digits. Raises what its parts refuse: a method or number that cannot be, a PC without key.
    """
    accounts.change_payment_method(
        session,
        desk,
        account_id,
        kind,
        form_signed=signed_on is not None,
        label=label.strip() or label_of(number),
        signed_on=signed_on,
    )
    then = replace(desk, token=None)  # the form's mark stands on the first action
    bank_numbers.store(session, then, keys, account_id, number.routing, number.number, number.account_type)
