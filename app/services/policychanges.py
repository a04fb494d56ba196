"""Changing a policy from a day on: amounts, plans; and which charges of the next run differ by it (BOTH-1, ARR-3, ADV-14).

A change is a new version of the policy file, in force from its day. What was charged before keeps its terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import Cancelled, UserError
from app.models.bulk import Progress, chunks, fetch, fetch_one, fetch_tuples, insert_row, no_progress, parse_day
from app.models.database import Database
from app.money import plain_cents
from app.periods import next_month_start
from app.services.billingdrafts import account_bounds, drafts_of_range
from app.services.desk import Desk, begin, require_reason
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.policyfile import ArrearsPolicy, Policy
from app.services.policyvalues import PolicyKey, changed_body, policy_keys
from app.services.terms import COUNTS, adopt_policy, policy_named, policy_names, refuse_lost_terms

CHUNK = 2_000
MOST_SHOWN = 500


class PolicyTerms(NamedTuple):
    """The newest terms of a policy: their file, since when (or from when on) they hold, their values."""

    name: str
    since: date
    body: str
    values: tuple[PolicyKey, ...]
    has_plans: bool


class PolicyVersion(NamedTuple):
    """A version of a policy: from which day, and what it changed of the one before, in words.

    `is_withdrawn`: it was taken back before its day and never counted. `is_newest`: no later version stands on it.
    """

    id: int
    name: str
    since: date
    changed: str
    is_withdrawn: bool = False
    is_newest: bool = False


class NewPlan(NamedTuple):
    """A plan that is added; cents."""

    name: str
    monthly_cents: int
    processing_cents: int
    late_charge_cents: int


class RunDifference(NamedTuple):
    """A charge of the run that differs: cents under the terms as they are and under the new ones (0: no such line)."""

    account_id: int
    number: str
    name: str
    description: str
    clause: str
    before_cents: int
    now_cents: int


class PolicyPreview(NamedTuple):
    """What the run of a day would charge otherwise. `by_kind`: kind to (lines that differ, cents before, cents now).

    `rows` are the first MOST_SHOWN of `differing` lines.
    """

    on: date
    accounts: int
    differing: int
    by_kind: dict[str, tuple[int, int, int]]
    rows: tuple[RunDifference, ...]


def newest_terms(session: Session) -> list[PolicyTerms]:
    """The newest terms of every policy of the office; a change is made to these."""
    return [_newest(session, name) for name in policy_names(session)]


def _newest(session: Session, name: str) -> PolicyTerms:
    row = fetch_one(
        session,
        f"SELECT effective_on, body FROM policy_version WHERE name = ? AND {COUNTS} ORDER BY effective_on DESC, id DESC",
        name,
    )
    if row is None:
        raise UserError(f"This office has no policy “{name}”.", field="policy")
    since = parse_day(row[0])
    has_plans = isinstance(policy_named(session, name, since), ArrearsPolicy)
    return PolicyTerms(name, since, row[1], tuple(policy_keys(row[1])), has_plans)


def policy_versions(session: Session) -> list[PolicyVersion]:
    """Every version of every policy that changed something, the latest day first; withdrawn ones too."""
    rows = fetch(
        session,
        f"SELECT id, name, effective_on, body, CASE WHEN {COUNTS} THEN 0 ELSE 1 END FROM policy_version "
        "ORDER BY effective_on, id",
    )
    newest = {row[1]: row[0] for row in rows if not row[4]}
    before: dict[str, dict[tuple[str, ...], str]] = {}
    found = []
    for version_id, name, since, body, is_withdrawn in rows:
        if name in before:
            words = _words(before[name], policy_keys(body))
            is_newest = version_id == newest[name]
            found.append(PolicyVersion(version_id, name, parse_day(since), words, bool(is_withdrawn), is_newest))
        if not is_withdrawn:
            before[name] = {key.key: key.text for key in policy_keys(body)}
    return found[::-1]


def _words(before: Mapping[tuple[str, ...], str], keys: list[PolicyKey]) -> str:
    changed = [
        f"{key.meaning}: {before.get(key.key, 'new')} → {key.text}" for key in keys if before.get(key.key) != key.text
    ]
    return "; ".join(changed)


def plan_as_override(session: Session, name: str, plan: NewPlan) -> dict[str, Any]:
    """A new plan as values to lay over a members' policy.

    Raises UserError for a plan without a name, one that there is already, and a policy without plans.
    """
    terms = _newest(session, name)
    if not terms.has_plans:
        raise UserError(f"Policy {name} bills services, not plans.", field="policy")
    called = plan.name.strip()
    if not called:
        raise UserError("Type the name of the plan.", field="name")
    if any(called in key.key for key in terms.values):
        raise UserError(f"Policy {name} has a plan {called} already; change its amounts instead.", field="name")
    fees = {"monthly": plain_cents(plan.monthly_cents), "processing": plain_cents(plan.processing_cents)}
    return {"plans": {called: fees}, "late_charge": {called: plain_cents(plan.late_charge_cents)}}


def change_policy(
    session: Session, desk: Desk, name: str, effective_on: date, override: Mapping[str, Any], reason: str
) -> str:
    """Put other values of a policy in force from a day on; returns what was changed, in words. A manager's.

    `override`: values as a policy file writes them (`policyvalues.as_override`, `plan_as_override`). Raises UserError
    without a reason, when nothing changes, for a day before the business date or one by which later terms are set
    already; PolicyError for a value that is not allowed.
    """
    reason = require_reason(reason, "Changing a policy")
    terms = _newest(session, name)
    body, words = _checked(terms, override)
    if effective_on < desk.on:
        raise UserError(
            f"A policy changes from {desk.on} on or later; what was charged before keeps its terms.", field="effective_on"
        )
    if effective_on <= terms.since:
        raise UserError(
            f"Policy {name} has terms from {terms.since} on already; change it from a later day.", field="effective_on"
        )
    begin(session, desk, "change-policy", reason=f"{name} from {effective_on}: {words}: {reason}")
    adopt_policy(session, name, body, effective_on)
    return words


def withdraw_change(session: Session, desk: Desk, version_id: int, reason: str) -> str:
    """Take back a change of a policy whose day has not come, so that nothing was billed by it; a manager's.

    Returns what does not change after all, in words. Raises UserError without a reason, once its day has come, when
    it was withdrawn already, when a later change stands on it, and when members have a plan that only it offers.
    """
    version = next((row for row in policy_versions(session) if row.id == version_id), None)
    if version is None or version.is_withdrawn:
        raise UserError("That change was withdrawn already.", field="change")
    if version.since <= max(desk.on, desk.today):
        raise UserError(
            f"The change is in force since {version.since}; change the policy again from a later day.", field="change"
        )
    if not version.is_newest:
        raise UserError("A later change of that policy stands on this one; withdraw the later one first.", field="change")
    reason = require_reason(reason, "Withdrawing a policy change")
    said = f"{version.name} from {version.since}: {version.changed}"
    act = begin(session, desk, "withdraw-policy", reason=f"{said}: {reason}")
    insert_row(session, "policy_withdrawal", policy_version_id=version_id, action_id=act.id)
    refuse_lost_terms(session, version.name, _newest(session, version.name).body)
    return said


def _checked(terms: PolicyTerms, override: Mapping[str, Any]) -> tuple[str, str]:
    body, _policy = changed_body(terms.name, terms.body, override)
    words = _words({key.key: key.text for key in terms.values}, policy_keys(body))
    if not words:
        raise UserError("Nothing is changed yet; set another value.", field="value")
    return body, words


def next_run_on(effective_on: date) -> date:
    """The first month's cycle under terms that begin on a day: that day itself, or the next 1st."""
    return effective_on if effective_on.day == 1 else next_month_start(effective_on)


def preview_change(
    books: Database,
    name: str,
    effective_on: date,
    override: Mapping[str, Any],
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> PolicyPreview:
    """Which charges of the first run under the new terms differ, from the code of the run; nothing is written.

    Raises PolicyError for a value that is not allowed, UserError when nothing changes, Cancelled when asked to stop.
    """
    day = next_run_on(effective_on)
    with books.read() as session:
        terms = _newest(session, name)
        body, _ = _checked(terms, override)
        old, new = policy_named(session, name, day), changed_body(name, body, {})[1]
        low, high = account_bounds(session)
        gathered = _Gathered()
        for first, last in chunks(low, high, CHUNK):
            if cancelled():
                raise Cancelled
            gathered.see(session, old, new, first, last, day)
            progress(last - low + 1, high - low + 1)
    return PolicyPreview(day, gathered.accounts, gathered.differing, dict(gathered.by_kind), tuple(gathered.rows))


class _Gathered:
    def __init__(self) -> None:
        self.accounts = self.differing = 0
        self.by_kind: defaultdict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        self.rows: list[RunDifference] = []

    def see(self, session: Session, old: Policy, new: Policy, first: int, last: int, day: date) -> None:
        """One range of accounts: both sets of drafts, line by line."""
        before = _lines(drafts_of_range(session, old, first, last, day)[1])
        now = _lines(drafts_of_range(session, new, first, last, day)[1])
        differing = sorted(key for key in {*before, *now} if _cents(before, key) != _cents(now, key))
        self.accounts += len({account_id for account_id, _ in differing})
        self.differing += len(differing)
        known = _names(session, [account_id for account_id, _ in differing])
        for key in differing:
            charge = now.get(key) or before[key]
            old_cents, new_cents = _cents(before, key), _cents(now, key)
            lines, cents_before, cents_now = self.by_kind[charge.kind]
            self.by_kind[charge.kind] = lines + 1, cents_before + old_cents, cents_now + new_cents
            if len(self.rows) < MOST_SHOWN:
                self.rows.append(
                    RunDifference(key[0], *known[key[0]], charge.description, charge.clause, old_cents, new_cents)
                )


def _lines(drafts: list[InvoiceDraft]) -> dict[tuple[int, str], Charge]:
    return {(draft.account_id, charge.key): charge for draft in drafts for charge in draft.charges}


def _cents(lines: Mapping[tuple[int, str], Charge], key: tuple[int, str]) -> int:
    charge = lines.get(key)
    return 0 if charge is None else charge.cents


def _names(session: Session, account_ids: list[int]) -> dict[int, tuple[str, str]]:
    if not account_ids:
        return {}
    rows = fetch_tuples(
        session,
        "SELECT id, number, name FROM account WHERE id BETWEEN ? AND ?",
        min(account_ids),
        max(account_ids),
    )
    return {row[0]: (row[1], row[2]) for row in rows}
