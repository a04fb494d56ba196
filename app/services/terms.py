"""Which policy an account is under: files are taken over into the office, in force from a business date."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_value, insert_with_id
from app.services.policies.policyfile import AdvancePolicy, parse_policy


@lru_cache(maxsize=64)
def _parsed(body: str, name: str) -> AdvancePolicy:
    return parse_policy(body, name=name, label=f"{name}.toml")


def adopt_policy(session: Session, name: str, body: str, effective_on: date) -> None:
    """Put a policy file in force from a business date; what was charged before keeps its terms.

    Raises PolicyError when the text is not a policy.
    """
    _parsed(body, name)
    if fetch_value(session, "SELECT 1 FROM policy_version WHERE name = ? AND effective_on = ?", name, effective_on):
        raise UserError(f"Policy {name} has terms from {effective_on} already; choose a later day.", field="policy")
    insert_with_id(session, "policy_version", name=name, effective_on=effective_on, body=body)


def policy_named(session: Session, name: str, on: date) -> AdvancePolicy:
    """The policy of a name as it stands on a business date. Raises UserError for an unknown one."""
    body = fetch_value(
        session,
        "SELECT body FROM policy_version WHERE name = ? AND effective_on <= ? ORDER BY effective_on DESC, id DESC",
        name,
        on,
    )
    if body is None:
        raise UserError(f"This office has no policy “{name}” on {on}.", field="policy")
    return _parsed(body, name)


def policy_of(session: Session, account_id: int, on: date) -> AdvancePolicy:
    """The policy of an account as it stands on a business date."""
    return policy_named(session, fetch_value(session, "SELECT policy FROM account WHERE id = ?", account_id), on)


def policy_names(session: Session) -> list[str]:
    """The policies that this office has taken over."""
    return [row[0] for row in fetch(session, "SELECT DISTINCT name FROM policy_version ORDER BY name")]
