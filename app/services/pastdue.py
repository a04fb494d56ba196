"""What the office's collections work on: who is past due and by how much, what was agreed, what waits for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, fetch, insert_with_id, parse_day
from app.money import format_cents
from app.periods import add_months
from app.services import aging, collections, loading
from app.services.arrangementlines import ArrangementLine, arrangement_lines
from app.services.desk import Desk, begin, require_reason
from app.services.policies.conduct import adv_11_to_13_work, adv_15_may_be_suspended
from app.services.standing import IS_VOID
from app.services.terms import advance_policy_of

LEFT_OUT = "leave-out-of-suspension"
BUCKETS = ("1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")


class AgedAccount(NamedTuple):
    """An account that is past due; cents by days past due. `arrangement`: kept, broken or nothing."""

    account_id: int
    number: str
    name: str
    phone: str
    status: str
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int
    balance_cents: int
    oldest_due_on: date
    last_paid_on: date | None
    arrangement: str

    @property
    def past_due_cents(self) -> int:
        """What was due before the date."""
        return self.days_1_30 + self.days_31_60 + self.days_61_90 + self.over_90

    @property
    def buckets(self) -> tuple[int, int, int, int]:
        """Cents in the order of `BUCKETS`."""
        return self.days_1_30, self.days_31_60, self.days_61_90, self.over_90


class Candidate(NamedTuple):
    """An active past-due account before a suspension run (ADV-15).

    `protected`: why no run may suspend it, in words; empty when it is on the suspension list. `left_out_before`:
    why somebody left it out of an earlier run.
    """

    account_id: int
    number: str
    name: str
    phone: str
    past_due_cents: int
    oldest_due_on: date
    balance_cents: int
    protected: str
    left_out_before: str


class SuspendedAccount(NamedTuple):
    """A suspended account and what restores it: its whole balance, in cents."""

    account_id: int
    number: str
    name: str
    phone: str
    since: date
    balance_cents: int
    past_due_cents: int


class ProposedFee(NamedTuple):
    """A re-activation fee that a supervisor charges or waives (ADV-17); `suspensions` within the policy's months."""

    account_id: int
    number: str
    name: str
    restored_on: date
    suspensions: int
    fee_cents: int
    balance_cents: int


class UndecidedWork(NamedTuple):
    """Work that no rule covers (ADV-13); `at_rate_cents`: what its hours cost at the account's agreed rate."""

    work_id: int
    account_id: int
    number: str
    name: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    description: str
    why: str
    at_rate_cents: int
    at_rate: str


class Collections(NamedTuple):
    """All that the collections page shows, read at one moment."""

    on: date
    aged: tuple[AgedAccount, ...]
    candidates: tuple[Candidate, ...]
    suspended: tuple[SuspendedAccount, ...]
    arrangements: tuple[ArrangementLine, ...]
    proposed: tuple[ProposedFee, ...]
    undecided: tuple[UndecidedWork, ...]


def collections_on(session: Session, on: date) -> Collections:
    """Everything about past-due accounts as the books stand, aged by `on`."""
    arranged = tuple(arrangement_lines(session, on))
    return Collections(
        on,
        tuple(aged_accounts(session, on, arranged)),
        tuple(candidates(session, on, arranged)),
        tuple(suspended_accounts(session, on)),
        arranged,
        tuple(proposed_fees(session, on)),
        tuple(undecided_work(session, on)),
    )


def aged_accounts(session: Session, on: date, arranged: Iterable[ArrangementLine] | None = None) -> list[AgedAccount]:
    """Every account that is past due on `on`, whatever its status, the longest overdue first."""
    states = {line.account_id: line.state for line in (arrangement_lines(session, on) if arranged is None else arranged)}
    cards = {
        row[0]: row
        for row in fetch(
            session,
            "SELECT a.id, a.number, a.name, a.phone, a.status, min(i.due_on), a.balance_cents, (SELECT max(p.business_date) "
            "FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.account_id = a.id "
            "AND p.business_date <= ? AND r.payment_id IS NULL) FROM invoice i JOIN account a ON a.id = i.account_id "
            "WHERE i.open_cents > 0 AND i.due_on < ? GROUP BY a.id",
            on,
            on,
        )
    }
    found = []
    for row in aging.aging(session, on):
        card = cards.get(row.account_id)
        if card is not None:
            found.append(
                AgedAccount(
                    row.account_id,
                    card[1],
                    card[2],
                    card[3],
                    card[4],
                    row.days_1_30,
                    row.days_31_60,
                    row.days_61_90,
                    row.over_90,
                    card[6],
                    parse_day(card[5]),
                    day_or_none(card[7]),
                    {"kept": "kept", "broken": "broken", "over": "broken"}.get(states.get(row.account_id, ""), ""),
                )
            )
    return sorted(found, key=lambda account: (account.oldest_due_on, account.account_id))


def candidates(session: Session, on: date, arranged: Iterable[ArrangementLine] | None = None) -> list[Candidate]:
    """ADV-15: every active past-due account, and why one is protected (ADV-16); the longest overdue first."""
    lines = {line.account_id: line for line in (arrangement_lines(session, on) if arranged is None else arranged)}
    before = _left_out_before(session)
    phones = dict(
        fetch(
            session,
            "SELECT id, phone FROM account WHERE id IN (SELECT account_id FROM invoice WHERE open_cents > 0 AND due_on < ?)",
            on,
        )
    )
    return [
        Candidate(
            row.account_id,
            row.number,
            row.name,
            phones[row.account_id],
            row.past_due_cents,
            row.oldest_due_on,
            row.balance_cents,
            ""
            if adv_15_may_be_suspended("active", row.past_due_cents, row.arranged)
            else _protection(lines.get(row.account_id)),
            before.get(row.account_id, ""),
        )
        for row in collections.past_due_accounts(session, on)
    ]


def _protection(line: ArrangementLine | None) -> str:
    if line is None or line.next_due_on is None:
        return "Arrangement kept"
    return f"Arrangement kept: ${format_cents(line.next_cents)} due {line.next_due_on:%m/%d/%Y}"


def _left_out_before(session: Session) -> dict[int, str]:
    rows = fetch(
        session,
        "SELECT n.account_id, n.business_date, n.body FROM note n JOIN action a ON a.id = n.action_id "
        "WHERE a.what = ? ORDER BY n.id",
        LEFT_OUT,
    )
    return {row[0]: f"{parse_day(row[1]):%m/%d/%Y}: {row[2].partition(': ')[2]}" for row in rows}


def suspend_confirmed(
    session: Session, desk: Desk, account_ids: Sequence[int], left_out: Mapping[int, str] | None = None
) -> list[int]:
    """ADV-15: suspend the confirmed accounts; a note on each account left out says why. Returns who was suspended.

    `left_out`: account id -> the clerk's reason. Raises UserError for an account that is not on the list of the
    desk's date, for one that is both confirmed and left out, and for a reason that is missing.
    """
    left_out = left_out or {}
    if not account_ids and not left_out:
        raise UserError("Nobody is on the suspension list; there is nothing to do.", field="run")
    if both := set(account_ids) & set(left_out):
        raise UserError(f"Account {loading.card(session, min(both)).number} is both confirmed and left out.", field="run")
    reasons = {account_id: require_reason(reason, "Leaving an account out") for account_id, reason in left_out.items()}
    if reasons:
        # The form's mark belongs to the one action that suspends; without one, to this.
        own = replace(desk, token=None) if account_ids else desk
        act = begin(session, own, LEFT_OUT, reason=f"{len(reasons)} left out")
        for account_id, reason in reasons.items():
            loading.card(session, account_id)
            insert_with_id(
                session,
                "note",
                account_id=account_id,
                business_date=desk.on,
                body=f"Left out of the suspension run: {reason}",
                remind_on=None,
                done_on=None,
                action_id=act.id,
            )
    return collections.suspend(session, desk, account_ids) if account_ids else []


def suspended_accounts(session: Session, on: date) -> list[SuspendedAccount]:
    """Every suspended account, the longest suspended first."""
    rows = fetch(
        session,
        "SELECT a.id, a.number, a.name, a.phone, coalesce((SELECT max(s.business_date) FROM suspension s "
        "WHERE s.account_id = a.id), a.opened_on), a.balance_cents, (SELECT coalesce(sum(i.open_cents), 0) FROM invoice i "
        "WHERE i.account_id = a.id AND i.open_cents > 0 AND i.due_on < ?) FROM account a WHERE a.status = 'suspended' "
        "ORDER BY 5, a.id",
        on,
    )
    return [SuspendedAccount(*row)._replace(since=parse_day(row[4])) for row in rows]


def proposed_fees(session: Session, on: date) -> list[ProposedFee]:
    """ADV-17: the re-activation fees that wait for a supervisor, the oldest first."""
    rows = fetch(
        session,
        "SELECT s.account_id, a.number, a.name, s.restored_on, s.business_date, a.balance_cents FROM suspension s "
        "JOIN account a ON a.id = s.account_id WHERE s.reactivation = 'proposed' ORDER BY s.restored_on, s.id",
    )
    found = []
    for account_id, number, name, restored_on, suspended_on, balance in rows:
        policy = advance_policy_of(session, account_id, on)
        latest = parse_day(suspended_on)
        days = fetch(
            session,
            "SELECT count(*) FROM suspension WHERE account_id = ? AND business_date > ? AND business_date <= ? "
            f"AND NOT {IS_VOID}",
            account_id,
            add_months(latest, -policy.reactivation_months),
            latest,
        )
        fee = policy.reactivation_fee
        found.append(ProposedFee(account_id, number, name, parse_day(restored_on), days[0][0], fee, balance))
    return found


def decide_reactivation(session: Session, desk: Desk, account_id: int, reason: str, *, charge: bool) -> None:
    """ADV-17: charge the proposed fee, or waive it, which needs a reason (BOTH-4); a supervisor's decision."""
    if charge:
        collections.approve_reactivation(session, desk, account_id, reason.strip())
    else:
        collections.waive_reactivation(session, desk, account_id, reason)


def undecided_work(session: Session, on: date) -> list[UndecidedWork]:
    """ADV-13: work that waits for a supervisor, the oldest first, with what it would cost at the agreed rate."""
    rows = fetch(
        session,
        "SELECT w.id, w.account_id, a.number, a.name, w.kind, w.starts_at, w.ends_at, w.description, w.why, "
        "a.hourly_rate_cents FROM work w JOIN account a ON a.id = w.account_id WHERE w.decision = 'needs-decision' "
        "ORDER BY w.starts_at, w.id",
    )
    found = []
    for work_id, account_id, number, name, kind, starts, ends, description, why, rate in rows:
        start, end = datetime.fromisoformat(starts), datetime.fromisoformat(ends)
        hourly = advance_policy_of(session, account_id, on).hourly_rate if rate is None else rate
        billed = adv_11_to_13_work("out-of-scope", start, end, business=False, managed=False, hourly_cents=hourly)
        found.append(
            UndecidedWork(work_id, account_id, number, name, kind, start, end, description, why, billed.cents, billed.why)
        )
    return found
