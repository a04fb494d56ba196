"""Reads plain facts for many accounts with a handful of set-based queries; one account is a range of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, fetch, fetch_one, fetch_tuples, parse_day
from app.periods import ONE_DAY, days_in_month, month_start, prorate
from app.services.policies.clause import Charge
from app.services.policies.facts import (
    AccountFacts,
    ArrangementFacts,
    InstalmentFacts,
    OpenInvoice,
    PaymentFacts,
    PendingFacts,
    PriceFacts,
    ScheduledFacts,
    ServiceFacts,
    SuspensionFacts,
)


class AccountCard(NamedTuple):
    """What is known of an account itself; amounts in cents, `address` lines joined by line breaks."""

    id: int
    number: str
    policy: str
    name: str
    kind: str
    managed: bool
    email: str
    phone: str
    address: str
    delivery: str
    autopay: str
    method_label: str
    authorized_on: date | None
    hourly_rate_cents: int | None
    status: str
    opened_on: date
    closed_on: date | None
    balance_cents: int


_CARD = ", ".join(AccountCard._fields)


def card(session: Session, account_id: int) -> AccountCard:
    """The account's card. Raises UserError for an unknown account."""
    row = fetch_one(session, f"SELECT {_CARD} FROM account WHERE id = ?", account_id)
    if row is None:
        raise UserError("There is no such account.", field="account")
    return AccountCard(*row)._replace(
        managed=bool(row.managed),
        authorized_on=day_or_none(row.authorized_on),
        opened_on=parse_day(row.opened_on),
        closed_on=day_or_none(row.closed_on),
    )


def service_facts(row: Any) -> ServiceFacts:
    """A service from its row: id, account, name, monthly cents, first day, last day, billed through."""
    return ServiceFacts(row[0], row[1], row[2], row[3], parse_day(row[4]), day_or_none(row[5]), day_or_none(row[6]))


_SERVICE = "SELECT id, account_id, name, monthly_cents, first_day, last_day, billed_through FROM service "


def unsettled_services(session: Session, first: int, last: int) -> dict[int, list[ServiceFacts]]:
    """Services of a range of accounts that run on, or have days that were not billed."""
    found: defaultdict[int, list[ServiceFacts]] = defaultdict(list)
    for row in fetch_tuples(
        session,
        _SERVICE + "WHERE account_id BETWEEN ? AND ? "
        "AND (last_day IS NULL OR billed_through IS NULL OR billed_through < last_day) ORDER BY account_id, id",
        first,
        last,
    ):
        service_id, account_id, name, cents, first_day, last_day, billed = row
        found[account_id].append(
            ServiceFacts(
                service_id,
                account_id,
                name,
                cents,
                parse_day(first_day),
                None if last_day is None else parse_day(last_day),
                None if billed is None else parse_day(billed),
            )
        )
    return found


def service(session: Session, service_id: int) -> ServiceFacts:
    """One service."""
    return service_facts(fetch_one(session, _SERVICE + "WHERE id = ?", service_id))


def prices(session: Session, service_id: int) -> list[PriceFacts]:
    """A service's prices in the order in which they were recorded."""
    return [
        PriceFacts(parse_day(row[0]), row[1])
        for row in fetch_tuples(
            session,
            "SELECT from_day, monthly_cents FROM service_price WHERE service_id = ? ORDER BY id",
            service_id,
        )
    ]


def billed_by_month(session: Session, account_id: int, service_id: int) -> dict[str, int]:
    """Net cents billed for a service's days of each month (`2026-12`), waiting lines included."""
    rows = fetch(
        session,
        "SELECT substr(period_from, 1, 7), sum(cents) FROM ("
        " SELECT period_from, cents FROM line WHERE account_id = ? AND service_id = ? AND period_from IS NOT NULL"
        " UNION ALL SELECT period_from, cents FROM pending_charge"
        " WHERE account_id = ? AND service_id = ? AND invoice_id IS NULL AND period_from IS NOT NULL"
        ") AS billed GROUP BY 1",
        account_id,
        service_id,
        account_id,
        service_id,
    )
    found = dict(rows)
    before = fetch_one(
        session,
        "SELECT max(d.period_to) AS last, (SELECT monthly_cents FROM service_price p WHERE p.service_id = ? "
        "ORDER BY p.id LIMIT 1) AS price FROM opening_deferral d WHERE d.service_id = ?",
        service_id,
        service_id,
    )
    if before is not None and before.last is not None and before.last[:7] in found:
        # The old program billed the first days of this month, and this one the rest.
        last = parse_day(before.last)
        found[before.last[:7]] += prorate(before.price, last.day, days_in_month(last))
    return found


def days_never_billed(session: Session, service: ServiceFacts, suspensions: Iterable[SuspensionFacts]) -> frozenset[date]:
    """Settled days of a service that were left out for a suspension (ADV-15, `bill_while_suspended = false`).

    A suspended day was billed only if a line covers it that was issued before that suspension.
    """
    if service.billed_through is None:
        return frozenset()
    lines = [
        (parse_day(row[0]), parse_day(row[1]), parse_day(row[2]))
        for row in fetch(
            session,
            "SELECT l.period_from, l.period_to, i.issued_on FROM line l JOIN invoice i ON i.id = l.invoice_id "
            "WHERE l.account_id = ? AND l.service_id = ? AND l.kind = 'recurring' AND i.what <> 'reversal' "
            "AND NOT EXISTS (SELECT 1 FROM invoice_reversal r WHERE r.invoice_id = i.id) "
            "UNION ALL SELECT period_from, period_to, '0001-01-01' FROM opening_deferral WHERE service_id = ?",
            service.account_id,
            service.id,
            service.id,
        )
    ]
    never = set()
    for suspension in suspensions:
        billed_before = [(first, last) for first, last, issued_on in lines if issued_on <= suspension.on]
        day = max(suspension.on, service.first_day)
        end = service.billed_through if suspension.restored_on is None else suspension.restored_on - ONE_DAY
        while day <= min(end, service.billed_through):
            if not any(first <= day <= last for first, last in billed_before):
                never.add(day)
            day += ONE_DAY
    return frozenset(never)


def waived_fees(session: Session, first: int, last: int) -> dict[int, frozenset[str]]:
    """Keys of fees that were waived before they were charged."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for account_id, key in fetch_tuples(
        session, "SELECT account_id, key FROM fee_waiver WHERE account_id BETWEEN ? AND ?", first, last
    ):
        found[account_id].add(key)
    return {account_id: frozenset(keys) for account_id, keys in found.items()}


def open_invoices(session: Session, first: int, last: int) -> dict[int, list[OpenInvoice]]:
    """Open invoices of a range of accounts, oldest due first."""
    found: defaultdict[int, list[OpenInvoice]] = defaultdict(list)
    for account_id, due_on, invoice_id, cents in fetch_tuples(
        session,
        "SELECT account_id, due_on, id, open_cents FROM invoice "
        "WHERE open_cents > 0 AND account_id BETWEEN ? AND ? ORDER BY account_id, due_on, id",
        first,
        last,
    ):
        found[account_id].append(OpenInvoice(account_id, parse_day(due_on), invoice_id, cents))
    return found


def pending(session: Session, first: int, last: int) -> dict[int, list[PendingFacts]]:
    """Charges that wait for the next cycle invoice."""
    found: defaultdict[int, list[PendingFacts]] = defaultdict(list)
    for row in fetch_tuples(
        session,
        "SELECT id, account_id, kind, key, cents, clause, description, why, service_id, period_from, period_to, "
        "deferred FROM pending_charge WHERE invoice_id IS NULL AND account_id BETWEEN ? AND ? ORDER BY id",
        first,
        last,
    ):
        period = day_or_none(row[9]), day_or_none(row[10])
        charge = Charge(row[2], row[3], row[4], row[5], row[6], row[7], row[8], *period, bool(row[11]))
        found[row[1]].append(PendingFacts(row[0], row[1], charge))
    return found


def scheduled(session: Session, first: int, last: int) -> dict[int, list[ScheduledFacts]]:
    """Changes that wait for their day (BOTH-10)."""
    found: defaultdict[int, list[ScheduledFacts]] = defaultdict(list)
    for row in fetch_tuples(
        session,
        "SELECT id, account_id, service_id, what, effective, monthly_cents FROM scheduled_change "
        "WHERE state = 'waiting' AND account_id BETWEEN ? AND ? ORDER BY effective, id",
        first,
        last,
    ):
        found[row[1]].append(ScheduledFacts(row[0], row[1], row[2], row[3], parse_day(row[4]), row[5]))
    return found


def suspensions(session: Session, first: int, last: int) -> dict[int, list[SuspensionFacts]]:
    """All suspensions, in order."""
    found: defaultdict[int, list[SuspensionFacts]] = defaultdict(list)
    for account_id, on, restored_on in fetch_tuples(
        session,
        "SELECT account_id, business_date, restored_on FROM suspension "
        "WHERE account_id BETWEEN ? AND ? ORDER BY account_id, id",
        first,
        last,
    ):
        found[account_id].append(SuspensionFacts(parse_day(on), day_or_none(restored_on)))
    return found


def arrangements(session: Session, first: int, last: int, on: date) -> dict[int, ArrangementFacts]:
    """The latest arrangement of each account, unless it ended before `on` and protects nothing any more."""
    rows = fetch(
        session,
        "SELECT account_id, made_on, due_on, cents FROM arrangement JOIN instalment ON arrangement_id = arrangement.id "
        "WHERE arrangement.id IN (SELECT max(id) FROM arrangement WHERE account_id BETWEEN ? AND ? GROUP BY account_id)"
        " ORDER BY account_id, n",
        first,
        last,
    )
    parts: defaultdict[tuple[int, str], list[InstalmentFacts]] = defaultdict(list)
    for account_id, made_on, due_on, cents in rows:
        parts[account_id, made_on].append(InstalmentFacts(parse_day(due_on), cents))
    return {
        account_id: ArrangementFacts(parse_day(made_on), tuple(items))
        for (account_id, made_on), items in parts.items()
        if items[-1].due_on >= on
    }


def payments(session: Session, account_ids: Iterable[int]) -> dict[int, list[PaymentFacts]]:
    """All payments of some accounts, with the day on which they were undone.

    One that stands for a payment whose return was taken back counts as received when that first came.
    """
    found: dict[int, list[PaymentFacts]] = {}
    for account_id in account_ids:
        found[account_id] = [
            PaymentFacts(parse_day(on), cents, day_or_none(undone_on), day_or_none(counts_from))
            for on, cents, undone_on, counts_from in fetch_tuples(
                session,
                "SELECT coalesce(f.business_date, p.business_date), p.cents, r.business_date, t.business_date "
                "FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
                "LEFT JOIN return_taken_back t ON t.by_payment_id = p.id LEFT JOIN payment f ON f.id = t.first_payment_id "
                "WHERE p.account_id = ? ORDER BY p.id",
                account_id,
            )
        ]
    return found


_ACCOUNTS = (
    "SELECT id, number, status, delivery, balance_cents, cycle_done FROM account "
    "WHERE id BETWEEN ? AND ? AND policy = ? AND status <> 'closed' AND (cycle_done IS NULL OR cycle_done < ?) "
    "AND opened_on <= ? ORDER BY id"
)


def cycle_facts(
    session: Session, policy_name: str, first: int, last: int, on: date, *, with_suspensions: bool
) -> list[AccountFacts]:
    """Facts of the accounts of a range, opened by `on`, whose cycle of that month is not done yet."""
    accounts = fetch_tuples(session, _ACCOUNTS, first, last, policy_name, month_start(on), on)
    if not accounts:
        return []
    services = unsettled_services(session, first, last)
    invoices = open_invoices(session, first, last)
    waiting = pending(session, first, last)
    changes = scheduled(session, first, last)
    suspended = suspensions(session, first, last) if with_suspensions else {}
    arranged = arrangements(session, first, last, on)
    waived = waived_fees(session, first, last)
    paid = payments(session, arranged)
    return [
        AccountFacts(
            account_id,
            number,
            status,
            delivery,
            balance,
            day_or_none(cycle_done),
            tuple(services.get(account_id, ())),
            tuple(invoices.get(account_id, ())),
            tuple(waiting.get(account_id, ())),
            tuple(changes.get(account_id, ())),
            tuple(suspended.get(account_id, ())),
            arranged.get(account_id),
            tuple(paid.get(account_id, ())),
            waived.get(account_id, frozenset()),
        )
        for account_id, number, status, delivery, balance, cycle_done in accounts
    ]
