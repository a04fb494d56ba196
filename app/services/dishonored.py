"""Members' failed attempts, returned payments and fraudulent chargebacks, charged on invoices of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_tuples, fetch_value, insert_with_id, parse_day
from app.services.desk import Act
from app.services.invoicing import write_invoices
from app.services.memberbilling import member
from app.services.policies.arrears import FEE_KINDS, arr_3_terms, arr_3_terms_on
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.dishonored import Cost, arr_7_failed_attempt, arr_9_chargeback, names_to_waive
from app.services.policies.facts import TermFacts
from app.services.policies.policyfile import ArrearsPolicy

# A failed attempt (`f`) that counts: not that of a return or attempt taken back since.
COUNTS = (
    "f.action_id NOT IN (SELECT return_action_id FROM return_taken_back) "
    "AND f.action_id NOT IN (SELECT attempt_action_id FROM attempt_taken_back)"
)
_KINDS = ", ".join(f"'{kind}'" for kind in FEE_KINDS)
# Of a query that names lines `l` and their invoices `i`: a fee, or an open item taken over from the old program.
_IS_FEE = f"(l.kind IN ({_KINDS}) OR i.what = 'opening')"


class Failed(NamedTuple):
    """A failed attempt: its name in keys, what failed in words, `declined` or `returned`, and the invoices meant."""

    account_id: int
    attempt: str
    what: str
    how: str
    invoice_ids: tuple[int, ...]


def paid_by(session: Session, payment_id: int) -> list[int]:
    """The invoices that a payment pays as things stand."""
    rows = fetch_tuples(
        session,
        "SELECT invoice_id FROM allocation WHERE credit_id = ? AND invoice_id IS NOT NULL "
        "GROUP BY invoice_id HAVING sum(cents) > 0 ORDER BY invoice_id",
        payment_id,
    )
    return [row[0] for row in rows]


def open_invoices(session: Session, account_id: int, cents: int) -> tuple[int, ...]:
    """The invoices that an attempt for so many cents would pay, oldest first; by number."""
    found = []
    for number, open_cents in fetch_tuples(
        session, "SELECT id, open_cents FROM invoice WHERE account_id = ? AND open_cents > 0 ORDER BY due_on, id", account_id
    ):
        if cents <= 0:
            break
        found.append(number)
        cents -= open_cents
    return tuple(sorted(found))


def never_failed(session: Session, invoice_ids: Sequence[int]) -> list[int]:
    """Those of some invoices that bill a processing, monthly or final fee and never had a failed attempt (ARR-7).

    An open item taken over from the old program counts as such a fee: no attempt for it failed here.
    """
    listed = ", ".join(str(int(number)) for number in invoice_ids)
    if not invoice_ids:
        return []
    rows = fetch_tuples(
        session,
        "SELECT DISTINCT l.invoice_id FROM line l JOIN invoice i ON i.id = l.invoice_id "
        f"WHERE l.invoice_id IN ({listed}) AND {_IS_FEE} "
        f"AND NOT EXISTS (SELECT 1 FROM failed_attempt f WHERE f.invoice_id = l.invoice_id AND {COUNTS}) ORDER BY 1",
    )
    return [row[0] for row in rows]


def failed_first(session: Session, action_id: int) -> bool:
    """ARR-6: whether the failed attempt of an action was the first for some fee, of the attempts that count now."""
    return bool(
        fetch_value(
            session,
            "SELECT count(*) FROM failed_attempt x JOIN line l ON l.invoice_id = x.invoice_id "
            f"JOIN invoice i ON i.id = l.invoice_id WHERE x.action_id = ? AND {_IS_FEE} AND NOT EXISTS "
            f"(SELECT 1 FROM failed_attempt f WHERE f.invoice_id = x.invoice_id AND f.action_id < x.action_id AND {COUNTS})",
            action_id,
        )
    )


def terms_on(session: Session, account_id: int, on: date) -> TermFacts:
    """ARR-3: the plan that was in force on a day: that of the fee period, billed or open, in which it lies.

    After a membership ended that of the last period which was billed: a plan agreed for a later one never counted.
    """
    known = member(session, account_id)
    ends_from = on if known.period_from is not None else known.signed_up_on
    billed = fetch_value(
        session,
        "SELECT max(l.period_from) FROM line l WHERE l.account_id = ? AND l.kind IN ('monthly-fee', 'final-fee') "
        "AND l.period_from <= ? AND l.period_to >= ? AND NOT EXISTS (SELECT 1 FROM invoice_reversal r "
        "WHERE r.invoice_id = l.invoice_id OR r.by_invoice_id = l.invoice_id)",
        account_id,
        on,
        ends_from,
    )
    if billed is not None:
        return arr_3_terms(known, parse_day(billed))
    is_open = known.period_from is not None and known.period_from <= on
    return arr_3_terms_on(known, on) if is_open else arr_3_terms(known, on)


def charges_of(session: Session, policy: ArrearsPolicy, failed: Failed, on: date) -> tuple[Charge, ...]:
    """ARR-6, ARR-7: what a failed attempt of `on` costs, as things stand before it is recorded."""
    plan = terms_on(session, failed.account_id, on).plan
    first_time = bool(never_failed(session, failed.invoice_ids))
    return arr_7_failed_attempt(policy, plan, failed.attempt, failed.what, first_time=first_time)


def if_the_next_fails(session: Session, policy: ArrearsPolicy, account_id: int, cents: int, on: date) -> tuple[Charge, ...]:
    """What it would cost if the next attempt to be paid so many cents failed, as things stand on `on`."""
    invoices = open_invoices(session, account_id, cents)
    return charges_of(session, policy, Failed(account_id, "next", "declined", "declined", invoices), on)


def charge_failed(
    session: Session, act: Act, policy: ArrearsPolicy, failed: Failed, waive: frozenset[str] = frozenset()
) -> int:
    """ARR-6, ARR-7: both charges of a failed attempt on one invoice due that day, and the invoices marked.

    `waive`: kinds of charge that a supervisor waived before; returns their cents. The caller settles the account.
    """
    charges = charges_of(session, policy, failed, act.on)
    _issue(session, act, failed.account_id, "failed-attempt", [item for item in charges if item.kind not in waive])
    for invoice_id in failed.invoice_ids:
        insert_with_id(
            session,
            "failed_attempt",
            account_id=failed.account_id,
            invoice_id=invoice_id,
            business_date=act.on,
            how=failed.how,
            attempt=failed.attempt,
            action_id=act.id,
        )
    return sum(item.cents for item in charges if item.kind in waive)


def charge_fraud(
    session: Session,
    act: Act,
    policy: ArrearsPolicy,
    account_id: int,
    payment_id: int,
    costs: Sequence[Cost],
    waive: frozenset[str] = frozenset(),
) -> int:
    """ARR-9: what a fraudulent chargeback costs a member, but for the lines waived, whose cents are returned.

    `waive`: kinds, or single costs by `names_to_waive`. The caller settles the account.
    """
    charges = arr_9_chargeback(policy, member(session, account_id).individuals, payment_id, costs)
    names = names_to_waive([(item.kind, item.description) for item in charges])
    waived = [item for item, name in zip(charges, names, strict=True) if waive & {item.kind, name}]
    _issue(session, act, account_id, "chargeback", [item for item in charges if item not in waived])
    return sum(item.cents for item in waived)


def _issue(session: Session, act: Act, account_id: int, what: str, charges: Sequence[Charge]) -> None:
    if charges:
        write_invoices(session, act, [InvoiceDraft(account_id, act.on, act.on, what, tuple(charges))])
