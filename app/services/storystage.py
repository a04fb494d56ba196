"""What the events of a story share: the office that it plays in, and how their keys are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.database import Database
from app.money import parse_cents
from app.services.desk import Desk
from app.services.history import account_payments
from app.services.payments import latest_payment_by_check
from app.services.policies.dishonored import Cost
from app.services.policies.facts import InstalmentFacts
from app.services.storyfile import Event


@dataclass(slots=True)
class Stage:
    """The office that a story plays in; `accounts` maps the story's names to ids."""

    books: Database
    policy: str
    accounts: dict[str, int] = field(default_factory=dict)
    desk: Desk = field(default_factory=lambda: Desk("rehearsal", "manager", "rehearsal", date.min, date.max))

    def account(self, name: str) -> int:
        """The id of a story's account. Raises UserError for an unknown one."""
        if name not in self.accounts:
            raise UserError(f"This story has no account {name}.", field="account")
        return self.accounts[name]


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event's function and its keys: name -> type; `needed` must be there."""

    play: Callable[..., None]
    keys: Mapping[str, Callable[[Any, str], Any]]
    needed: frozenset[str]


def text(value: Any, key: str) -> str:
    """Text. Raises UserError that names the key, as all readers of keys do."""
    if not isinstance(value, str):
        raise UserError(f"{key} is text in quotes.", field=key)
    return value


def whole(value: Any, key: str) -> int:
    """A whole number."""
    if type(value) is not int:
        raise UserError(f"{key} is a whole number.", field=key)
    return value


def yes_no(value: Any, key: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise UserError(f"{key} is true or false.", field=key)
    return value


def a_day(value: Any, key: str) -> date:
    """A date without a time."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise UserError(f"{key} is a date, such as 2026-01-15.", field=key)
    return value


def moment(value: Any, key: str) -> datetime:
    """A date and time of the office, without a zone."""
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise UserError(f"{key} is a date and time, such as 2026-01-15T08:00:00.", field=key)
    return value


def money(value: Any, key: str) -> int:
    """Cents of an amount in quotes. Raises UserError that names the key."""
    try:
        return parse_cents(text(value, key))
    except ValueError as error:
        raise UserError(f"{key}: {error}.", field=key) from None


def list_of(read: Callable[[Any, str], Any]) -> Callable[[Any, str], list[Any]]:
    """A list whose items are read so."""

    def read_list(value: Any, key: str) -> list[Any]:
        if not isinstance(value, list):
            raise UserError(f"{key} is a list.", field=key)
        return [read(item, key) for item in value]

    return read_list


def instalment(value: Any, key: str) -> InstalmentFacts:
    """`{on = 2026-01-15, amount = "10.00"}`."""
    if not isinstance(value, dict) or set(value) != {"on", "amount"}:
        raise UserError(f"{key} is a list of {{on, amount}}.", field=key)
    return InstalmentFacts(a_day(value["on"], "on"), money(value["amount"], "amount"))


def a_cost(value: Any, key: str) -> Cost:
    """`{what = "court", amount = "10.00"}`."""
    if not isinstance(value, dict) or set(value) != {"what", "amount"}:
        raise UserError(f"{key} is a list of {{what, amount}}.", field=key)
    return Cost(text(value["what"], "what"), money(value["amount"], "amount"))


def read_keys(known: EventSpec, event: Event) -> dict[str, Any]:
    """The event's keys, read and checked. Raises UserError that names the line and the key."""
    for key in event.keys:
        if key not in known.keys:
            raise UserError(f"line {event.line}: {event.do} has no key “{key}”; it has {', '.join(known.keys)}.", key)
    for key in sorted(known.needed - set(event.keys)):
        raise UserError(f"line {event.line}: {event.do} needs the key “{key}”.", field=key)
    return {key: known.keys[key](value, key) for key, value in event.keys.items()}


def picked_payment(session: Session, stage: Stage, account: str, number: str, ordinal: int) -> int:
    """The id of a payment named by its check's number (the latest of it), else by its place among the account's payments.

    Raises UserError when the account has no such payment.
    """
    account_id = stage.account(account)
    if number:
        return latest_payment_by_check(session, account_id, number).id
    if not ordinal:
        raise UserError("Which payment? Say number = its check's number, or payment = 1 for the account's first.", "payment")
    known = account_payments(session, account_id)
    if not 1 <= ordinal <= len(known):
        raise UserError(f"The account has no payment number {ordinal}.", field="payment")
    return known[ordinal - 1].id


def spec(play: Callable[..., None], **keys: Callable[[Any, str], Any]) -> EventSpec:
    """An event: what plays it, and its keys. Keys whose name ends in an underscore are optional."""
    names = {key.rstrip("_"): read for key, read in keys.items()}
    return EventSpec(play, names, frozenset(key for key in keys if not key.endswith("_")))
