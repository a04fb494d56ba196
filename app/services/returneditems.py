"""A payment that came back, from finding it to recording all that follows from it (ADV-10, ARR-6, ARR-7, ARR-9, ARR-10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, parse_day
from app.money import parse_cents
from app.services import payments, search
from app.services.desk import Desk, require_reason, require_role
from app.services.explaining import kind_says
from app.services.policies.dishonored import BANK_ACCOUNT_CLOSED, Cost

# What banks print on a returned item: the code under which it is recorded, and what it means.
RETURN_CODES = {
    "R01": "not sufficient funds",
    BANK_ACCOUNT_CLOSED: "bank account closed",
    "R03": "no account, or not found",
    "R04": "invalid account number",
    "R08": "payment stopped",
    "R09": "uncollected funds",
    "R10": "customer says not authorized",
    "": "another reason",
}
# An amount alone is looked for among the payments of so many days: nothing comes back later than that.
AMOUNT_DAYS = 400


class ItemRow(NamedTuple):
    """A payment that can come back; `cents` is what it paid, `words` how people call it (`check 1042`)."""

    payment_id: int
    account_id: int
    number: str
    name: str
    on: date
    kind: str
    cents: int
    words: str


class ReturnedItem(NamedTuple):
    """What is recorded of a payment that came back.

    `code` is the bank's (RETURN_CODES; of a card none), `bank_fee_cents` what the bank took. `fraudulent` and
    `costs` are for a card charged back. `waived` are the fees not charged, by `names_to_waive`, for `waive_reason`
    (BOTH-4).
    """

    payment_id: int
    code: str = "R01"
    remark: str = ""
    bank_fee_cents: int = 0
    fraudulent: bool = False
    costs: tuple[Cost, ...] = ()
    waived: frozenset[str] = frozenset()
    waive_reason: str = ""


_ITEM = (
    "SELECT p.id, p.account_id, a.number, a.name, p.business_date, p.kind, p.cents, p.check_number FROM payment p "
    "JOIN account a ON a.id = p.account_id LEFT JOIN payment_reversal r ON r.payment_id = p.id "
    "WHERE r.payment_id IS NULL AND "
)
_NEWEST_FIRST = " ORDER BY p.business_date DESC, p.id DESC LIMIT ?"


def find_items(session: Session, typed: str, on: date, limit: int = 60, *, account_id: int | None = None) -> list[ItemRow]:
    """Payments up to `on` that can come back, the newest first: all (of an account), or those that fit what was typed.

    All of it must fit: an amount (`77.34`), and a check's number, an invoice's, or an account by anything that
    finds it. Any text is allowed.
    """
    words = typed.split()
    amounts = [cents for cents in map(_amount, words) if cents is not None]
    rest = " ".join(word for word in words if _amount(word) is None)
    conditions: list[str] = ["p.business_date <= ?"]
    found: list[Any] = [on]
    if account_id is not None:
        conditions.append("p.account_id = ?")
        found.append(account_id)
    if amounts:
        conditions.append("p.cents = ?")
        found.append(amounts[0])
    if rest:
        hits = search.find(session, rest, 100)
        accounts = sorted(
            {hit.account_id for hit in hits if hit.account_id is not None and hit.kind in ("account", "invoice")}
        )
        checks = sorted(hit.id for hit in hits if hit.kind == "check")
        if not accounts and not checks:
            return []
        conditions.append(f"(p.account_id IN ({_listed(accounts)}) OR p.mail_check_id IN ({_listed(checks)}))")
    elif amounts and account_id is None:
        conditions.append("p.business_date >= ?")
        found.append(on - timedelta(days=AMOUNT_DAYS))
    rows = fetch(session, _ITEM + " AND ".join(conditions) + _NEWEST_FIRST, *found, limit)
    return [_row(row) for row in rows]


def item(session: Session, payment_id: int) -> ItemRow:
    """One payment that can come back. Raises UserError for one that was undone already, or is none."""
    rows = fetch(session, f"{_ITEM} p.id = ?", payment_id)
    if not rows:
        row = payments.payment(session, payment_id)
        raise UserError(f"That payment of {row.on} is already {row.state}; it cannot come back again.", field="find")
    return _row(rows[0])


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "NULL"


def _amount(word: str) -> int | None:
    if not (word.startswith("$") or "." in word):
        return None
    try:
        return parse_cents(word.lstrip("$"))
    except ValueError:
        return None


def _row(row: Any) -> ItemRow:
    payment_id, account_id, number, name, on, kind, cents, check_number = row
    words = f"{payments.KIND_NAMES[kind]} {check_number}".strip()
    return ItemRow(payment_id, account_id, number, name, parse_day(on), kind, cents, words)


def record(session: Session, desk: Desk, form: ReturnedItem) -> int:
    """Record that a payment came back, with all that follows, in the caller's transaction; returns its account.

    A check, E-Check or draft is returned (ADV-10, ARR-6, ARR-7, ARR-10), a card payment charged back (ARR-9).
    Raises UserError as `payments.return_payment` and `payments.charge_back` do; NotPermitted for a fee waived, or
    a chargeback called fraudulent, by less than a supervisor.
    """
    row = payments.payment(session, form.payment_id)
    if form.code not in RETURN_CODES:
        raise UserError(f"{form.code} is no reason of a return that this program knows.", field="cause")
    is_card = row.kind == "card"
    said = [("" if is_card else form.code), form.remark.strip()]
    if form.waived:
        require_role(desk, "supervisor", "Waiving a fee")
        why = require_reason(form.waive_reason, "Waiving a fee")
        fees = ", ".join(_fee_says(name) for name in sorted(form.waived))
        said.append(f"(waived: {fees}: {why})")
    reason = " ".join(part for part in said if part)
    if is_card:
        payments.charge_back(session, desk, row.id, reason, fraudulent=form.fraudulent, costs=form.costs, waive=form.waived)
    else:
        payments.return_payment(session, desk, row.id, form.bank_fee_cents, reason, waive=form.waived)
    return row.account_id


def _fee_says(name: str) -> str:
    """A fee named to be waived, in words: `Dishonored payment fee`, `Chargeback cost court`."""
    kind, _, what = name.partition(":")
    return f"{kind_says(kind)} {what}".strip()
