"""What a story expects: each key asks the books, and what differs becomes a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.money import parse_cents, plain_cents
from app.services import history, verification
from app.services.collections import has_kept_arrangement, past_due_cents
from app.services.exceptions import open_codes
from app.services.loading import card
from app.services.memberbilling import fee_dates
from app.services.storyfile import Event
from app.services.storystage import Stage


class Failure(NamedTuple):
    """An expectation or event that did not hold: event number, key, expected, got."""

    event: int
    key: str
    expected: Any
    got: Any


def _invoices(session: Session, account_id: int, _on: date) -> list[dict[str, Any]]:
    return [
        {
            "on": row.issued_on.isoformat(),
            "due": row.due_on.isoformat(),
            "total": plain_cents(row.total_cents),
            "open": plain_cents(row.open_cents),
        }
        for row in history.account_invoices(session, account_id)
    ]


def _payments(session: Session, account_id: int, _on: date) -> list[dict[str, Any]]:
    return [
        {"on": row.on.isoformat(), "amount": plain_cents(row.cents), "kind": row.kind, "state": row.state}
        for row in history.account_payments(session, account_id)
    ]


def _refunds(session: Session, account_id: int, _on: date) -> list[dict[str, Any]]:
    return [
        {"on": row.on.isoformat(), "amount": plain_cents(row.cents), "state": row.state}
        for row in history.account_refunds(session, account_id)
    ]


def _charged(session: Session, account_id: int, _on: date) -> dict[str, str]:
    return {kind: plain_cents(cents) for kind, cents in history.charged_by_kind(session, account_id).items()}


_OF_ACCOUNT: Mapping[str, Callable[[Session, int, date], Any]] = {
    "balance": lambda session, account_id, on: plain_cents(card(session, account_id).balance_cents),
    "past_due": lambda session, account_id, on: plain_cents(past_due_cents(session, account_id, on)),
    "status": lambda session, account_id, on: card(session, account_id).status,
    "kept_arrangement": has_kept_arrangement,
    "charged": _charged,
    "invoices": _invoices,
    "payments": _payments,
    "refunds": _refunds,
    "next_fee_on": lambda session, account_id, on: day.isoformat() if (day := fee_dates(session, account_id)[0]) else "",
    "exceptions": lambda session, account_id, on: open_codes(session, account_id, on),
    "receipts": lambda session, account_id, on: history.receipts_sent(session, account_id),
}


def _plain(value: Any, key: str) -> Any:
    """Amounts with two decimals, dates as ISO text, exceptions in order: so that equal things look equal."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        plain = [_plain(item, key) for item in value]
        return sorted(plain) if key == "exceptions" else plain
    if isinstance(value, dict):
        if key == "charged":
            return {name: _plain(amount, "amount") for name, amount in value.items()}
        return {name: _plain(item, name) for name, item in value.items()}
    if isinstance(value, str) and key in ("balance", "past_due", "amount", "total", "open"):
        try:
            return plain_cents(parse_cents(value))
        except ValueError:
            return value
    return value


def compare(stage: Stage, event: Event) -> list[Failure]:
    """Every key of an `expect` event that does not hold."""
    failures: list[Failure] = []
    keys = dict(event.keys)
    name = keys.pop("account", None)
    if name is not None and name not in stage.accounts:
        return [Failure(event.number, "account", name, f"this story has no account {name}")]
    with stage.books.read() as session:
        for key, expected in keys.items():
            if key == "ledger_balanced":
                problems = verification.verify_books(session)
                if (not problems) is not expected:
                    failures.append(Failure(event.number, key, expected, "; ".join(problems) or True))
                continue
            if key not in _OF_ACCOUNT:
                known = ", ".join(("account", *_OF_ACCOUNT, "ledger_balanced"))
                failures.append(Failure(event.number, key, f"one of the keys {known}", f"line {event.line}: unknown key"))
                continue
            try:
                account_id = stage.account(name) if isinstance(name, str) else None
            except UserError as error:
                return [Failure(event.number, "account", name, error.message)]
            if account_id is None:
                return [Failure(event.number, key, "an account that it speaks of", f"line {event.line}: no account")]
            got = _OF_ACCOUNT[key](session, account_id, event.on)
            wanted = _plain(expected, key)
            if got != wanted:
                failures.append(Failure(event.number, key, wanted, got))
    return failures
