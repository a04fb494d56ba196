"""Charges of a failed or returned payment taken back with it, on a credit memo of the opposite lines (BOTH-3).

A later failure that only this one had made a further one is then a first: its late charge is charged anew (ARR-6, ARR-7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_tuples, parse_day
from app.services import allocation
from app.services.allocation import Remaining
from app.services.desk import Act
from app.services.dishonored import COUNTS, failed_first, terms_on
from app.services.invoicing import write_invoices
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.dishonored import LATE_CHARGE, arr_6_late_charge
from app.services.terms import arrears_policy_of
from app.services.waived import IS_WAIVED

# The end of the key of a late charge that was charged anew.
FIRST = ":first"
# The lines that were charged for what an action recorded, but for those waived or taken back since.
CHARGED = (
    "SELECT i.id, l.n, l.kind, l.key, l.cents, l.description, l.clause FROM invoice i JOIN line l ON l.invoice_id = i.id "
    "WHERE l.account_id = ?1 AND ((i.action_id = ?2 AND i.what IN ('returned-payment', 'failed-attempt', 'chargeback')) "
    f"OR l.key IN (SELECT '{LATE_CHARGE}:' || f.attempt || '{FIRST}' FROM failed_attempt f WHERE f.action_id = ?2)) "
    f"AND NOT {IS_WAIVED} AND NOT EXISTS "
    "(SELECT 1 FROM line o WHERE o.account_id = l.account_id AND o.key = 'reversed:' || l.key) ORDER BY i.id, l.n"
)


def take_back_charges(session: Session, act: Act, account_id: int, action_id: int) -> list[tuple[int, int, int]]:
    """What an action charged for a failed payment, on a credit memo; (credit id, invoice that it is for, cents) each.

    A fee waived since stays waived. The caller applies them with `settle_memos`.
    """
    lines: dict[int, list[Any]] = {}
    for line in fetch_tuples(session, CHARGED, account_id, action_id):
        lines.setdefault(line[0], []).append(line)
    if not lines:
        return []
    drafts = [
        InvoiceDraft(
            account_id,
            act.on,
            act.on,
            "return-taken-back",
            tuple(_opposite(row, "with what it was charged for") for row in rows),
        )
        for invoice_id, rows in lines.items()
    ]
    return _memos(session, act, account_id, drafts, list(lines))


def _opposite(row: tuple[Any, ...], why: str) -> Charge:
    invoice_id, n, kind, key, cents, description, _ = row
    said = f"takes back line {n} of invoice {invoice_id}, {why}"
    return Charge(kind, f"reversed:{key}", -cents, "BOTH-3", f"Taken back: {description}"[:200], said)


def _memos(
    session: Session, act: Act, account_id: int, drafts: Sequence[InvoiceDraft], of_invoices: Sequence[int]
) -> list[tuple[int, int, int]]:
    """Write the drafts; of each that is a credit memo its credit, the invoice that it is for, and its cents."""
    numbers = write_invoices(session, act, drafts)
    memos = {
        row[0]: (row[1], row[2])
        for row in fetch(
            session,
            "SELECT invoice_id, id, cents FROM credit WHERE account_id = ? AND action_id = ? AND kind = 'credit-memo'",
            account_id,
            act.id,
        )
    }
    return [
        (memos[number][0], invoice_id, memos[number][1])
        for number, invoice_id in zip(numbers, of_invoices, strict=True)
        if number in memos
    ]


def rate_later_failures(session: Session, act: Act, account_id: int, action_id: int) -> list[tuple[int, int, int]]:
    """ARR-6, ARR-7: a failure after one that was taken back may be the first now, at the plan's late charge.

    What it was charged as a further one is taken back and the plan's late charge is charged, on one document of the day;
    its credit memos as `take_back_charges` gives them. One that was waived stays so, and one of the same amount stands.
    """
    drafts, of_invoices = [], []
    for attempt, later_id, on in fetch_tuples(
        session,
        f"SELECT DISTINCT f.attempt, f.action_id, f.business_date FROM failed_attempt f WHERE f.account_id = ? "
        f"AND f.action_id > ? AND {COUNTS} ORDER BY f.action_id",
        account_id,
        action_id,
    ):
        charged = [
            line
            for line in fetch_tuples(session, CHARGED, account_id, later_id)
            if line[2] == LATE_CHARGE and line[6] == "ARR-7"
        ]
        if not charged or not failed_first(session, later_id):
            continue
        day = parse_day(on)
        plan = terms_on(session, account_id, day).plan
        first = arr_6_late_charge(arrears_policy_of(session, account_id, day), plan, f"{attempt}{FIRST}")
        if first.cents == charged[0][4]:
            continue
        back = _opposite(charged[0], "which is no further failure any more")
        drafts.append(InvoiceDraft(account_id, act.on, act.on, "failed-attempt", (back, first)))
        of_invoices.append(charged[0][0])
    return _memos(session, act, account_id, drafts, of_invoices) if drafts else []


def settle_memos(session: Session, act: Act, account_id: int, memos: Sequence[tuple[int, int, int]]) -> None:
    """Let each memo pay the invoice that it takes back, as far as that is open; what is left stays as credit."""
    for credit_id, invoice_id, cents in memos:
        allocation.apply_to_picked(session, act, Remaining(credit_id, account_id, cents), (invoice_id,))
