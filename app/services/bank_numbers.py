"""Bank account numbers: encrypted with the office's key, shown as a mask, and revealed with a reason that is recorded.

Each number is bound to its row and its account, so that a sealed one cannot be moved to another.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, fetch_value, insert_row, reserve_ids
from app.services.desk import Act, Desk, begin, begin_on_any_day, require_reason, require_role
from app.services.loading import card
from app.services.office import is_routing_number
from app.services.officekey import office_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from app.keystore import KeyStore

ACCOUNT_TYPES = ("checking", "savings")
SHORTEST, LONGEST = 4, 17  # NACHA's field for an account number has 17 places


class BankNumber(NamedTuple):
    """A bank account in full: to be shown or printed, never logged or exported."""

    routing: str
    number: str
    account_type: str

    def __repr__(self) -> str:
        return f"BankNumber({masked(self.number[-4:])})"  # what a log or a crash report would show


def masked(last4: str) -> str:
    """How a number stands in windows, lists and exports."""
    return f"•••• {last4}" if last4 else ""


def mask(session: Session, account_id: int | None = None) -> str:
    """The bank account on file of a customer (none: of the office), masked; empty when there is none."""
    row = _row(session, account_id)
    return "" if row is None else masked(row[1])


def _row(session: Session, account_id: int | None) -> tuple[int, str, str, str] | None:
    which = "account_id IS NULL" if account_id is None else "account_id = ?"
    values = () if account_id is None else (account_id,)
    sql = f"SELECT id, last4, account_type, sealed FROM bank_number WHERE {which} AND sealed <> '' ORDER BY id DESC LIMIT 1"
    row = fetch_one(session, sql, *values)
    return None if row is None else (row.id, row.last4, row.account_type, row.sealed)


def store(
    session: Session,
    desk: Desk,
    keys: KeyStore,
    account_id: int | None,
    routing: str,
    number: str,
    account_type: str = "checking",
    reason: str = "",
) -> int:
    """Keep a customer's bank account, or the office's own (a manager's, with a reason); returns the row's id.

    The one before it is blanked. Raises UserError when a number cannot be right, or this PC has no key.
    """
    if account_id is None:
        require_role(desk, "manager", "Changing the office's bank account")
        reason = require_reason(reason, "Changing the office's bank account")
    else:
        card(session, account_id)
    act = begin(session, desk, "bank-number", reason=reason)
    return store_under(session, act, keys, account_id, routing, number, account_type)


def store_under(
    session: Session,
    act: Act,
    keys: KeyStore,
    account_id: int | None,
    routing: str,
    number: str,
    account_type: str = "checking",
) -> int:
    """As `store`, as a part of an action that has begun."""
    routing, number = _digits(routing), _digits(number)
    if not is_routing_number(routing):
        raise UserError("That is no routing number: nine digits, one a check digit.", field="routing")
    if not (number.isascii() and number.isdigit() and SHORTEST <= len(number) <= LONGEST):
        raise UserError(f"A bank account number has {SHORTEST} to {LONGEST} digits.", field="number")
    if account_type not in ACCOUNT_TYPES:
        raise UserError("A bank account is checking or savings.", field="account_type")
    key = office_key(session, keys)
    row_id = reserve_ids(session, "bank_number", 1)[0]
    sealed = _seal(key, row_id, account_id, json.dumps({"routing": routing, "number": number}))
    blank(session, account_id)
    insert_row(
        session,
        "bank_number",
        id=row_id,
        account_id=account_id,
        account_type=account_type,
        last4=number[-4:],
        sealed=sealed,
        action_id=act.id,
    )
    if account_id is None:
        execute(session, "UPDATE office SET bank_routing = ?, bank_account_last4 = ? WHERE id = 1", routing, number[-4:])
    return row_id


def _digits(typed: str) -> str:
    return "".join(letter for letter in typed if not letter.isspace() and letter != "-")


def blank(session: Session, account_id: int | None) -> int:
    """Forget what is on file; only the last four digits stay. Part of an action that has begun; how many rows."""
    if account_id is None:
        return execute(session, "UPDATE bank_number SET sealed = '' WHERE account_id IS NULL AND sealed <> ''")
    return execute(session, "UPDATE bank_number SET sealed = '' WHERE account_id = ? AND sealed <> ''", account_id)


def reveal(session: Session, desk: Desk, keys: KeyStore, account_id: int | None, reason: str) -> BankNumber:
    """The bank account in full; who looked and why is recorded (a supervisor's). Raises UserError when none is on file."""
    require_role(desk, "supervisor", "Looking at a bank account number")
    reason = require_reason(reason, "Looking at a bank account number")
    begin_on_any_day(session, desk, "reveal-number", reason=reason)
    return read_number(session, keys, account_id)


def read_number(session: Session, keys: KeyStore, account_id: int | None) -> BankNumber:
    """The bank account in full, for a file or a sheet that carries it (the caller's action records that).

    Raises UserError when none is on file, this PC has no key, or the row was changed by hand.
    """
    row = _row(session, account_id)
    if row is None:
        raise UserError("There is no bank account number on file.")
    row_id, _, account_type, sealed = row
    found = json.loads(_unseal(office_key(session, keys), row_id, account_id, sealed))
    return BankNumber(found["routing"], found["number"], account_type)


def how_many(session: Session) -> int:
    """How many bank accounts are on file."""
    return int(fetch_value(session, "SELECT count(*) FROM bank_number WHERE sealed <> ''"))


def _bound(row_id: int, account_id: int | None) -> bytes:
    return f"bank_number {row_id} of {'the office' if account_id is None else account_id}".encode()


def _cipher(key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # takes long to import and is seldom needed
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"counterfoil bank numbers").derive(key))


def _seal(key: bytes, row_id: int, account_id: int | None, text: str) -> str:
    nonce = secrets.token_bytes(12)
    sealed = _cipher(key).encrypt(nonce, text.encode("utf-8"), _bound(row_id, account_id))
    return b64encode(nonce + sealed).decode("ascii")


def _unseal(key: bytes, row_id: int, account_id: int | None, sealed: str) -> str:
    from cryptography.exceptions import InvalidTag

    try:
        raw = b64decode(sealed, validate=True)
        return _cipher(key).decrypt(raw[:12], raw[12:], _bound(row_id, account_id)).decode("utf-8")
    except (InvalidTag, ValueError):
        raise UserError(
            f"The bank account number of row {row_id} was changed outside of the program; record it anew."
        ) from None
