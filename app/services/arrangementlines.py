"""The arrangements that still matter (ADV-16): what was agreed, what was paid of it, and what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, parse_day
from app.periods import ONE_DAY
from app.services import collections, loading
from app.services.policies.facts import ArrangementFacts, InstalmentFacts, PaymentFacts


class ArrangementLine(NamedTuple):
    """An account's latest arrangement (ADV-16); amounts in cents.

    `state`: kept, broken, or over (its last date has passed and the account is still past due). `next_due_on` and
    `next_cents`: the next date at which something is still missing, and how much. `broken_since`: the first day on
    which it protected nothing.
    """

    account_id: int
    number: str
    name: str
    phone: str
    made_on: date
    agreed_cents: int
    paid_cents: int
    next_due_on: date | None
    next_cents: int
    last_due_on: date
    state: str
    broken_since: date | None
    past_due_cents: int


def arrangement_lines(session: Session, on: date) -> list[ArrangementLine]:
    """Each account's latest arrangement that still matters on `on`: what is due next first.

    An arrangement whose last date has passed is listed only while the account is past due.
    """
    rows = fetch(
        session,
        "SELECT r.account_id, r.made_on, n.due_on, n.cents FROM arrangement r JOIN instalment n ON n.arrangement_id = r.id "
        "WHERE r.id IN (SELECT max(id) FROM arrangement GROUP BY account_id) ORDER BY r.account_id, n.n",
    )
    parts: dict[int, list[InstalmentFacts]] = {}
    made: dict[int, date] = {}
    for account_id, made_on, due_on, cents in rows:
        made[account_id] = parse_day(made_on)
        parts.setdefault(account_id, []).append(InstalmentFacts(parse_day(due_on), cents))
    paid = loading.payments(session, parts)
    found = []
    for account_id, instalments in parts.items():
        past_due = collections.past_due_cents(session, account_id, on)
        if instalments[-1].due_on < on and not past_due:
            continue
        card = loading.card(session, account_id)
        if card.status == "closed":
            continue
        facts = ArrangementFacts(made[account_id], tuple(instalments))
        kept = collections.has_kept_arrangement(session, account_id, on)
        found.append(_arrangement_line(card, facts, paid[account_id], on, past_due, kept=kept))
    return sorted(found, key=lambda line: (line.next_due_on or date.max, line.account_id))


def _arrangement_line(
    card: loading.AccountCard,
    arrangement: ArrangementFacts,
    payments: Sequence[PaymentFacts],
    on: date,
    past_due: int,
    *,
    kept: bool,
) -> ArrangementLine:
    good = [p for p in payments if p.on >= arrangement.made_on and p.stands(on)]
    paid = sum(payment.cents for payment in good if payment.on <= on)
    next_due_on, next_cents, broken_since, owed = None, 0, None, 0
    for instalment in arrangement.instalments:
        owed += instalment.cents
        in_time = sum(payment.cents for payment in good if payment.on <= instalment.due_on)
        if instalment.due_on < on and in_time < owed and broken_since is None:
            broken_since = instalment.due_on + ONE_DAY
        if instalment.due_on >= on and paid < owed and next_due_on is None:
            next_due_on, next_cents = instalment.due_on, owed - paid
    last = arrangement.instalments[-1].due_on
    over = last < on
    if over and broken_since is None:
        broken_since = last + ONE_DAY
    return ArrangementLine(
        card.id,
        card.number,
        card.name,
        card.phone,
        arrangement.made_on,
        owed,
        paid,
        next_due_on,
        next_cents,
        last,
        "kept" if kept else "over" if over else "broken",
        None if kept else broken_since,
        past_due,
    )
