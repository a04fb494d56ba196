"""The policies in force on a day, as rows that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.money import format_cents
from app.services.terms import policies_on

# What each value of a policy file is about, with its clause.
_MEANING = {
    "first_invoice": ("A new service is first billed", "ADV-2"),
    "net_days": ("Days until an invoice outside the cycle is due", "ADV-3"),
    "late_run_days_left": ("A late cycle with fewer days left in its month is due a month later", "ADV-3"),
    "paper_statement_fee": ("Fee for a statement on paper", "ADV-4"),
    "refund_days": ("Refund checks go out on these days of the month", "ADV-9"),
    "returned_admin_fee": ("Fee for a payment that came back", "ADV-10"),
    "hourly_rate": ("Work by the hour, for accounts without a rate of their own", "ADV-13"),
    "late_fee": ("Late fee", "ADV-14"),
    "late_after_months": ("Months past due until the late fee", "ADV-14"),
    "bill_while_suspended": ("Services are billed while suspended", "ADV-15"),
    "reactivation_fee": ("Re-activation fee", "ADV-17"),
    "reactivation_after": ("It is proposed from this suspension on", "ADV-17"),
    "reactivation_months": ("Months over which suspensions are counted", "ADV-17"),
    "processing_after_days": ("Days from sign-up until the processing fee may be charged", "ARR-1"),
    "processing_before_days": ("Days from sign-up after which a processing fee is overdue", "ARR-1"),
    "first_fee_after_days": ("Days from the processing fee's payment to the first monthly fee", "ARR-2"),
    "final_fee": ("The fee of the last days is", "ARR-4"),
    "late_charge": ("Late charge of a payment not honored the first time, by plan", "ARR-6"),
    "late_charge_again": ("Late charge of each later failed attempt", "ARR-7"),
    "dishonored_fee": ("Dishonored payment fee of each failed attempt", "ARR-7"),
    "date_change_fee": ("Fee for moving the monthly fee date", "ARR-8"),
    "chargeback_fee": ("Fraudulent chargeback, for each individual on the plan", "ARR-9"),
    "plans": ("Monthly and processing fee offered to new members, by plan", "ARR-3"),
}
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
            meaning, clause = _MEANING.get(field.name, (field.name.replace("_", " ").capitalize(), ""))
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
