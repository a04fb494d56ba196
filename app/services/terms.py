"""Which policy an account is under: files are taken over into the office, in force from a business date."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_value, insert_with_id
from app.services.inputs import one_line
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy, Policy, parse_policy

LONGEST_POLICY_NAME = 60
# A version that was not withdrawn before its day.
COUNTS = "id NOT IN (SELECT policy_version_id FROM policy_withdrawal)"


@lru_cache(maxsize=64)
def _parsed(body: str, name: str) -> Policy:
    return parse_policy(body, name=name, label=f"{name}.toml")


def adopt_policy(session: Session, name: str, body: str, effective_on: date) -> None:
    """Put a policy file in force from a business date; what was charged before keeps its terms.

    Raises PolicyError when the text is not a policy, and UserError when its terms would leave accounts of that
    policy without theirs: another kind of policy, or without a plan that members have.
    """
    name = one_line(name, "A policy's name", "policy", LONGEST_POLICY_NAME)
    refuse_lost_terms(session, name, body)
    if fetch_value(
        session, f"SELECT 1 FROM policy_version WHERE name = ? AND effective_on = ? AND {COUNTS}", name, effective_on
    ):
        raise UserError(f"Policy {name} has terms from {effective_on} already; choose a later day.", field="policy")
    insert_with_id(session, "policy_version", name=name, effective_on=effective_on, body=body)


def refuse_lost_terms(session: Session, name: str, body: str) -> None:
    """Raises UserError when a policy file would leave accounts of its name without terms."""
    policy = _parsed(body, name)
    before = fetch_value(session, f"SELECT body FROM policy_version WHERE name = ? AND {COUNTS} ORDER BY id DESC", name)
    if before is None:
        return
    if type(_parsed(before, name)) is not type(policy):
        raise UserError(f"Policy {name} bills in another way than these terms; give them a name of their own.", "policy")
    if isinstance(policy, ArrearsPolicy):
        plans = fetch(
            session,
            "SELECT m.plan FROM membership m JOIN account a ON a.id = m.account_id WHERE a.policy = ?1 UNION "
            "SELECT c.plan FROM plan_change c JOIN account a ON a.id = c.account_id WHERE a.policy = ?1 "
            "ORDER BY 1",
            name,
        )
        for (plan,) in plans:
            if plan not in policy.late_charge:
                raise UserError(f"Members of policy {name} have plan {plan}; its late charge is missing.", "late_charge")


def policy_named(session: Session, name: str, on: date) -> Policy:
    """The policy of a name as it stands on a business date. Raises UserError for an unknown one."""
    body = fetch_value(
        session,
        f"SELECT body FROM policy_version WHERE name = ? AND effective_on <= ? AND {COUNTS} "
        "ORDER BY effective_on DESC, id DESC",
        name,
        on,
    )
    if body is None:
        raise UserError(f"This office has no policy “{name}” on {on}.", field="policy")
    return _parsed(body, name)


def policy_of(session: Session, account_id: int, on: date) -> Policy:
    """The policy of an account as it stands on a business date."""
    return policy_named(session, fetch_value(session, "SELECT policy FROM account WHERE id = ?", account_id), on)


def advance_policy_of(session: Session, account_id: int, on: date) -> AdvancePolicy:
    """The policy of an account billed in advance. Raises UserError for a member's."""
    policy = policy_of(session, account_id, on)
    if not isinstance(policy, AdvancePolicy):
        raise UserError("A member has a plan: services and work are not billed to this account.", field="account")
    return policy


def arrears_policy_of(session: Session, account_id: int, on: date) -> ArrearsPolicy:
    """The policy of a member. Raises UserError for an account billed in advance."""
    policy = policy_of(session, account_id, on)
    if not isinstance(policy, ArrearsPolicy):
        raise UserError("This account is billed in advance; it is no membership.", field="account")
    return policy


def policy_names(session: Session) -> list[str]:
    """The policies that this office has taken over."""
    return [row[0] for row in fetch(session, f"SELECT DISTINCT name FROM policy_version WHERE {COUNTS} ORDER BY name")]


def policies_on(session: Session, on: date) -> list[Policy]:
    """The policies that are in force on a business date, by name."""
    names = fetch(
        session, f"SELECT DISTINCT name FROM policy_version WHERE effective_on <= ? AND {COUNTS} ORDER BY name", on
    )
    return [policy_named(session, name, on) for (name,) in names]


def refund_days(session: Session, on: date) -> list[int]:
    """The days of the month on which some policy of the office sends refunds, as of `on` (ADV-9)."""
    return sorted({day for policy in policies_on(session, on) for day in policy.refund_days})
