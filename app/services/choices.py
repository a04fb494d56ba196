"""What the actions on an account have to choose from: its services, payments, fees, work, waiting changes."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, fetch_value, parse_day
from app.periods import month_key, month_start, next_month_start
from app.services import bank_numbers, loading, meanwhile
from app.services.collections import current_arrangement, past_due_cents
from app.services.history import WorkLine, account_work
from app.services.loading import AccountCard, card
from app.services.membercorrections import Step, steps
from app.services.memberstanding import MemberStanding, member_standing
from app.services.notes import NoteRow, account_notes
from app.services.payments import KIND_NAMES
from app.services.policies.facts import ArrangementFacts
from app.services.policies.policyfile import AdvancePolicy, Policy
from app.services.terms import policy_of
from app.services.waived import IS_WAIVED


class ServiceChoice(NamedTuple):
    """A service that has not been ended; `code` names it for the services' functions."""

    code: str
    name: str
    monthly_cents: int
    first_day: date
    billed_through: date | None


class PaymentChoice(NamedTuple):
    """A payment that stands; `words` is how people would call it."""

    id: int
    on: date
    kind: str
    cents: int
    words: str


class FeeChoice(NamedTuple):
    """A fee that can be waived: a charged line (`invoice_id`, `line_n`), or one of a cycle to come (`key`)."""

    words: str
    cents: int
    invoice_id: int | None
    line_n: int
    key: str


class ScheduledChoice(NamedTuple):
    """A change that waits for its day."""

    id: int
    words: str
    effective: date


class Choices(NamedTuple):
    """An account and what can be chosen on it on a date; the latest first where dates order them.

    `member` and `steps` (what can be taken back) are a member's only; `bank_number` is masked.
    `came_back` are payments whose recorded return can be taken back. `last_action` is the last one that was about the
    account (`meanwhile`).
    """

    card: AccountCard
    policy: Policy
    past_due_cents: int
    arrangement: ArrangementFacts | None
    services: tuple[ServiceChoice, ...]
    payments: tuple[PaymentChoice, ...]
    fees: tuple[FeeChoice, ...]
    undecided: tuple[WorkLine, ...]
    scheduled: tuple[ScheduledChoice, ...]
    notes: tuple[NoteRow, ...]
    fee_proposed_on: date | None
    member: MemberStanding | None = None
    steps: tuple[Step, ...] = ()
    bank_number: str = ""
    came_back: tuple[PaymentChoice, ...] = ()
    last_action: int = 0


class KnownService(NamedTuple):
    """A service that this office sells; `monthly_cents` is the price that most pay."""

    code: str
    monthly_cents: int


def choices(session: Session, account_id: int, on: date) -> Choices:
    """All that the actions of an account choose from. Raises UserError for an unknown account."""
    account = card(session, account_id)
    policy = policy_of(session, account_id, on)
    return Choices(
        account,
        policy,
        past_due_cents(session, account_id, on),
        current_arrangement(session, account_id, on),
        tuple(running_services(session, account_id)),
        tuple(standing_payments(session, account_id)),
        tuple(cycle_fees(session, account, policy, on) + charged_fees(session, account_id)),
        tuple(line for line in account_work(session, account_id) if line.decision == "needs-decision"),
        tuple(_scheduled(session, account_id)),
        tuple(note for note in account_notes(session, account_id) if note.done_on is None),
        day_or_none(
            fetch_value(
                session,
                "SELECT restored_on FROM suspension WHERE account_id = ? AND reactivation = 'proposed' ORDER BY id",
                account_id,
            )
        ),
        member_standing(session, account, on),
        tuple(steps(session, account_id)),
        bank_numbers.mask(session, account_id),
        tuple(payments_that_came_back(session, account_id)),
        meanwhile.last_action(session, account_id),
    )


def running_services(session: Session, account_id: int) -> list[ServiceChoice]:
    """Services that have not been ended, in the order in which they were added."""
    rows = fetch(
        session,
        "SELECT code, name, monthly_cents, first_day, billed_through FROM service "
        "WHERE account_id = ? AND last_day IS NULL ORDER BY id",
        account_id,
    )
    return [ServiceChoice(row[0], row[1], row[2], parse_day(row[3]), day_or_none(row[4])) for row in rows]


def standing_payments(session: Session, account_id: int) -> list[PaymentChoice]:
    """Payments that were not undone, the latest first."""
    return _payments(session, account_id, "r.payment_id IS NULL")


def payments_that_came_back(session: Session, account_id: int) -> list[PaymentChoice]:
    """Payments whose recorded return or chargeback was not taken back yet, the latest first."""
    return _payments(session, account_id, "r.state <> 'reversed' AND p.id NOT IN (SELECT payment_id FROM return_taken_back)")


def _payments(session: Session, account_id: int, condition: str) -> list[PaymentChoice]:
    rows = fetch(
        session,
        "SELECT p.id, p.business_date, p.kind, p.cents, p.check_number FROM payment p "
        f"LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.account_id = ? AND {condition} "
        "ORDER BY p.business_date DESC, p.id DESC",
        account_id,
    )
    return [
        PaymentChoice(row[0], parse_day(row[1]), row[2], row[3], f"{KIND_NAMES[row[2]]} {row[4]}".strip()) for row in rows
    ]


def charged_fees(session: Session, account_id: int) -> list[FeeChoice]:
    """Fees that were charged and neither waived nor taken back with their run, the latest first (BOTH-4)."""
    rows = fetch(
        session,
        "SELECT l.description, l.cents, l.invoice_id, l.n, i.issued_on FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE l.account_id = ? AND l.cents > 0 AND l.kind NOT IN ('recurring', 'write-off') AND i.what <> 'opening' "
        f"AND NOT {IS_WAIVED} "
        "AND NOT EXISTS (SELECT 1 FROM invoice_reversal r WHERE r.invoice_id = i.id OR r.by_invoice_id = i.id) "
        "AND NOT EXISTS (SELECT 1 FROM line o WHERE o.account_id = l.account_id AND o.key = 'reversed:' || l.key) "
        "ORDER BY l.invoice_id DESC, l.n",
        account_id,
    )
    return [
        FeeChoice(f"{row[0]}, charged {parse_day(row[4]):%m/%d/%Y}, invoice {row[2]}", row[1], row[2], row[3], "")
        for row in rows
    ]


def cycle_fees(session: Session, account: AccountCard, policy: Policy, on: date) -> list[FeeChoice]:
    """Fees that the next cycle could charge and that are not waived yet (BOTH-4).

    None on a closed account, and none on a member's, which has no cycle.
    """
    if account.status == "closed" or not isinstance(policy, AdvancePolicy):
        return []
    done = day_or_none(fetch_value(session, "SELECT cycle_done FROM account WHERE id = ?", account.id))
    month = next_month_start(on) if done is not None and done >= month_start(on) else month_start(on)
    fees = [("late-fee", "Late fee", policy.late_fee)]
    if account.delivery == "paper":
        fees.append(("paper-statement", "Paper statement fee", policy.paper_statement_fee))
    waived = loading.waived_fees(session, account.id, account.id).get(account.id, frozenset())
    return [
        FeeChoice(f"{words} of the {month:%B %Y} cycle, before it is charged", cents, None, 0, key)
        for kind, words, cents in fees
        if (key := f"{kind}:{month_key(month)}") not in waived
    ]


def _scheduled(session: Session, account_id: int) -> list[ScheduledChoice]:
    rows = fetch(
        session,
        "SELECT c.id, c.what, coalesce(s.name, ''), c.effective, c.monthly_cents FROM scheduled_change c "
        "LEFT JOIN service s ON s.id = c.service_id WHERE c.account_id = ? AND c.state = 'waiting' "
        "ORDER BY c.effective, c.id",
        account_id,
    )
    return [ScheduledChoice(row[0], _change_in_words(row[1], row[2], row[4]), parse_day(row[3])) for row in rows]


def _change_in_words(what: str, service: str, cents: int | None) -> str:
    if what == "price" and cents is not None:
        return f"{service}: new price {cents // 100}.{cents % 100:02d}"
    return f"{service}: ends" if what == "end" else "The account is cancelled"


def known_services(session: Session, most: int = 40) -> list[KnownService]:
    """The services that this office sells, by the number that run, with the price that most pay."""
    rows = fetch(
        session,
        "SELECT code, monthly_cents, count(*) FROM service WHERE last_day IS NULL GROUP BY code, monthly_cents "
        "ORDER BY 3 DESC, code",
    )
    prices: dict[str, int] = {}
    for code, cents, _count in rows:
        prices.setdefault(code, cents)
    return [KnownService(code, cents) for code, cents in list(prices.items())[:most]]
