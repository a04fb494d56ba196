"""The policies in force on a day, as rows that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.money import format_cents
from app.services.policymeanings import MEANING
from app.services.terms import policies_on

_WORDS = {
    "on-activation": "on the day it starts",
    "with-next-cycle": "with the next cycle",
    "prorated": "prorated by the days that services ran",
    "full": "a whole monthly fee",
}
_AMOUNTS = (
    "paper_statement_fee",
    "returned_admin_fee",
    "hourly_rate",
    "late_fee",
    "reactivation_fee",
    "late_charge_again",
    "dishonored_fee",
    "date_change_fee",
    "chargeback_fee",
)


class PolicyValue(NamedTuple):
    """A value of a policy in force: what it is about, the value in words, the clause that uses it."""

    policy: str
    meaning: str
    value: str
    clause: str


def policies_in_force(session: Session, on: date) -> list[PolicyValue]:
    """Every value of every policy of the office as it stands on `on`."""
    rows = []
    for policy in policies_on(session, on):
        for field in fields(policy):
            if field.name == "name":
                continue
            meaning, clause = MEANING.get(field.name, (field.name.replace("_", " ").capitalize(), ""))
            rows.append(PolicyValue(policy.name, meaning, _shown(field.name, getattr(policy, field.name)), clause))
    return rows


def _shown(name: str, value: Any) -> str:
    if name in _AMOUNTS:
        return format_cents(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{plan} {_amounts(terms)}" for plan, terms in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " and ".join(str(day) for day in value)
    return _WORDS.get(value, str(value)) if isinstance(value, str) else f"{value:,}"


def _amounts(terms: Any) -> str:
    return " + ".join(format_cents(cents) for cents in terms) if isinstance(terms, tuple) else format_cents(terms)
