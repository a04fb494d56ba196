"""How an account stands, in a sentence that a person would say, and all that its page first shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch_tuples, fetch_value, parse_day
from app.services import history, loading
from app.services.aging import AgingRow
from app.services.collections import current_arrangement, has_kept_arrangement
from app.services.exceptions import OpenException, open_codes, open_exceptions
from app.services.history import (
    AppliedLine,
    ChangeLine,
    HistoryRow,
    InvoiceRow,
    PaymentLine,
    RefundLine,
    WorkLine,
)
from app.services.loading import AccountCard, card
from app.services.memberstanding import AttemptLine, MemberStanding, attempts, member_standing
from app.services.nextbill import NextBill, next_bill
from app.services.policies.clause import Charge
from app.services.policies.conduct import adv_9_next_refund_date
from app.services.policies.facts import ArrangementFacts, OpenInvoice, ScheduledFacts
from app.services.sentences import StandingFacts, standing_sentence
from app.services.terms import policy_of


class Standing(NamedTuple):
    """An account's standing on a date; amounts in cents."""

    balance_cents: int
    past_due_cents: int
    past_due_since: date | None
    arrangement_kept: bool
    sentence: str


class ServiceLine(NamedTuple):
    """A service as the account page lists it."""

    id: int
    name: str
    monthly_cents: int
    first_day: date
    last_day: date | None
    billed_through: date | None


class SuspensionLine(NamedTuple):
    """A suspension; `restored_on` None: it goes on. `reactivation`: empty, proposed, approved or waived."""

    on: date
    restored_on: date | None
    restored_by: str
    reactivation: str


class InstalmentLine(NamedTuple):
    """An instalment of an arrangement; cents, `owed_cents` and `paid_cents` from its first day through `due_on`.

    `state`: paid, missed, to come, or replaced when a later arrangement counts.
    """

    made_on: date
    due_on: date
    cents: int
    owed_cents: int
    paid_cents: int
    state: str


class Recorded(NamedTuple):
    """Who keyed something, at which PC, and the reason given."""

    actor: str
    pc: str
    reason: str


class AccountPage(NamedTuple):
    """Everything the account page first shows."""

    card: AccountCard
    standing: Standing
    services: tuple[ServiceLine, ...]
    open_invoices: tuple[OpenInvoice, ...]
    history: tuple[HistoryRow, ...]
    invoices: tuple[InvoiceRow, ...]
    payments: tuple[PaymentLine, ...]
    applications: tuple[AppliedLine, ...]
    refunds: tuple[RefundLine, ...]
    work: tuple[WorkLine, ...]
    changes: tuple[ChangeLine, ...]
    scheduled: tuple[ScheduledFacts, ...]
    exceptions: tuple[str, ...]
    aging: AgingRow
    next_bill: NextBill | None
    suspensions: tuple[SuspensionLine, ...]
    instalments: tuple[InstalmentLine, ...]
    waiting: tuple[Charge, ...]
    listed: tuple[OpenException, ...]
    recorded: dict[int, Recorded]
    member: MemberStanding | None = None
    attempts: tuple[AttemptLine, ...] = ()


def standing(session: Session, account: AccountCard, on: date, invoices: list[OpenInvoice]) -> Standing:
    """The standing of an account on a date, from its card and open invoices (oldest due first)."""
    late = [invoice for invoice in invoices if invoice.due_on < on]
    past_due = sum(invoice.open_cents for invoice in late)
    since = late[0].due_on if late else None
    kept = has_kept_arrangement(session, account.id, on)
    facts = StandingFacts(
        on,
        account.status,
        account.balance_cents,
        past_due,
        since,
        *next_due(invoices, on),
        closed_on=account.closed_on,
        suspended_on=_suspended_on(session, account),
        kept=kept,
        instalment=next_instalment(current_arrangement(session, account.id, on), on) if kept else None,
        refund_on=_refund_on(session, account, on),
        charged=was_charged(session, account.id, on),
    )
    return Standing(account.balance_cents, past_due, since, kept, standing_sentence(facts))


def was_charged(session: Session, account_id: int, on: date) -> bool:
    """Whether anything was billed to an account, or taken over as owed, by the end of a day."""
    query = "SELECT 1 FROM invoice WHERE account_id = ? AND issued_on <= ? AND total_cents > 0 LIMIT 1"
    return fetch_value(session, query, account_id, on) is not None


def next_due(invoices: Sequence[OpenInvoice], on: date) -> tuple[date | None, int]:
    """The nearest due date from `on` on, and the open cents due then; invoices come oldest due first."""
    days = [invoice.due_on for invoice in invoices if invoice.due_on >= on]
    if not days:
        return None, 0
    return days[0], sum(invoice.open_cents for invoice in invoices if invoice.due_on == days[0])


def next_instalment(arrangement: ArrangementFacts | None, on: date) -> tuple[date, int] | None:
    """The next instalment from `on` on: its date and cents."""
    coming = [] if arrangement is None else [part for part in arrangement.instalments if part.due_on >= on]
    return (coming[0].due_on, coming[0].cents) if coming else None


def _suspended_on(session: Session, account: AccountCard) -> date | None:
    if account.status != "suspended":
        return None
    return loading.suspensions(session, account.id, account.id)[account.id][-1].on


def _refund_on(session: Session, account: AccountCard, on: date) -> date | None:
    """ADV-9: the next refund date of a closed account with credit."""
    if account.status != "closed" or account.balance_cents >= 0:
        return None
    return adv_9_next_refund_date(on, policy_of(session, account.id, on).refund_days)


def service_lines(session: Session, account_id: int) -> tuple[ServiceLine, ...]:
    """The services of an account, in the order in which they were added."""
    return tuple(
        ServiceLine(row[0], row[1], row[2], parse_day(row[3]), day_or_none(row[4]), day_or_none(row[5]))
        for row in fetch_tuples(
            session,
            "SELECT id, name, monthly_cents, first_day, last_day, billed_through FROM service WHERE account_id = ? "
            "ORDER BY id",
            account_id,
        )
    )


def suspension_lines(session: Session, account_id: int) -> tuple[SuspensionLine, ...]:
    """The suspensions of an account, the latest first."""
    return tuple(
        SuspensionLine(parse_day(row[0]), day_or_none(row[1]), row[2], row[3])
        for row in fetch_tuples(
            session,
            "SELECT business_date, restored_on, restored_by, reactivation FROM suspension WHERE account_id = ? "
            "ORDER BY id DESC",
            account_id,
        )
    )


def instalment_lines(session: Session, account_id: int, on: date) -> tuple[InstalmentLine, ...]:
    """Every instalment agreed, the latest arrangement first, and how it stands on a date (ADV-16)."""
    rows = fetch_tuples(
        session,
        "SELECT a.id, a.made_on, i.due_on, i.cents FROM arrangement a JOIN instalment i ON i.arrangement_id = a.id "
        "WHERE a.account_id = ? ORDER BY a.id DESC, i.n",
        account_id,
    )
    paid = loading.payments(session, [account_id])[account_id] if rows else []
    latest = rows[0][0] if rows else None
    owed: defaultdict[int, int] = defaultdict(int)
    found = []
    for arrangement_id, made_on, due_text, cents in rows:
        made, due_on = parse_day(made_on), parse_day(due_text)
        owed[arrangement_id] += cents
        got = sum(item.cents for item in paid if made <= item.on <= due_on and item.stands(on))
        enough = got >= owed[arrangement_id]
        if arrangement_id != latest:
            state = "replaced"
        elif enough:
            state = "paid"
        else:
            state = "missed" if due_on < on else "to come"
        found.append(InstalmentLine(made, due_on, cents, owed[arrangement_id], got, state))
    return tuple(found)


def aging_now(session: Session, account_id: int, invoices: Sequence[OpenInvoice], on: date) -> AgingRow:
    """What the account owes by days past due on `on`, as the books stand; `invoices` are its open ones."""
    buckets = age([(invoice.due_on, invoice.open_cents) for invoice in invoices], on)
    reopened = fetch_value(session, "SELECT coalesce(sum(open_cents), 0) FROM refund WHERE account_id = ?", account_id)
    credit = fetch_value(
        session,
        "SELECT coalesce(sum(remaining_cents), 0) FROM credit WHERE account_id = ? AND remaining_cents > 0",
        account_id,
    )
    return AgingRow(account_id, buckets[0] + reopened, *buckets[1:], -credit)


def age(items: Iterable[tuple[date, int]], on: date) -> tuple[int, int, int, int, int]:
    """Cents by days past due: not yet, 1-30, 31-60, 61-90, over 90."""
    buckets = [0, 0, 0, 0, 0]
    for due_on, cents in items:
        days = (on - due_on).days
        buckets[0 if days <= 0 else min((days + 29) // 30, 4)] += cents
    return buckets[0], buckets[1], buckets[2], buckets[3], buckets[4]


def account_page(session: Session, account_id: int, on: date) -> AccountPage:
    """All that the account page first shows, as of now. Raises UserError for an unknown account."""
    account = card(session, account_id)
    invoices = loading.open_invoices(session, account_id, account_id).get(account_id, [])
    cycle_done = day_or_none(fetch_value(session, "SELECT cycle_done FROM account WHERE id = ?", account_id))
    lines = history.account_history(session, account_id)
    return AccountPage(
        account,
        standing(session, account, on, invoices),
        service_lines(session, account_id),
        tuple(invoices),
        tuple(lines),
        tuple(history.account_invoices(session, account_id)),
        tuple(history.account_payments(session, account_id)),
        tuple(history.account_applications(session, account_id)),
        tuple(history.account_refunds(session, account_id)),
        tuple(history.account_work(session, account_id)),
        tuple(history.account_changes(session, account_id)),
        tuple(loading.scheduled(session, account_id, account_id).get(account_id, ())),
        tuple(open_codes(session, account_id, on)),
        aging_now(session, account_id, invoices, on),
        next_bill(session, account, cycle_done, on),
        suspension_lines(session, account_id),
        instalment_lines(session, account_id, on),
        tuple(item.charge for item in loading.pending(session, account_id, account_id).get(account_id, ())),
        tuple(open_exceptions(session, account_id, on)),
        recorded(session, lines),
        member_standing(session, account, on),
        attempts(session, account_id),
    )


def payment_of_check(session: Session, account_id: int, mail_check_id: int) -> int | None:
    """The payment of an account that a check of the mail made, if any."""
    found = fetch_value(
        session, "SELECT max(id) FROM payment WHERE mail_check_id = ? AND account_id = ?", mail_check_id, account_id
    )
    return None if found is None else int(found)


def recorded(session: Session, lines: Sequence[HistoryRow]) -> dict[int, Recorded]:
    """Who recorded the lines of a history, by the id of the action."""
    ids = sorted({line.action_id for line in lines})
    found: dict[int, Recorded] = {}
    # Well below the number of parameters that a statement may have.
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        rows = fetch_tuples(
            session, f"SELECT id, actor, pc, reason FROM action WHERE id IN ({', '.join('?' * len(part))})", *part
        )
        found.update((row[0], Recorded(row[1], row[2], row[3])) for row in rows)
    return found
