"""Charges of a failed or returned payment taken back with it, on a credit memo of the opposite lines (BOTH-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_tuples
from app.services import allocation
from app.services.allocation import Remaining
from app.services.desk import Act
from app.services.invoicing import write_invoices
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.waived import IS_WAIVED

# The lines of the invoices that an action made, but for those waived since.
CHARGED = (
    "SELECT i.id, l.n, l.kind, l.key, l.cents, l.description FROM invoice i JOIN line l ON l.invoice_id = i.id "
    "WHERE i.action_id = ? AND i.what IN ('returned-payment', 'failed-attempt', 'chargeback') "
    f"AND NOT {IS_WAIVED} ORDER BY i.id, l.n"
)


def take_back_charges(session: Session, act: Act, account_id: int, action_id: int) -> list[tuple[int, int, int]]:
    """What an action charged for a failed payment, on a credit memo; (credit id, invoice that it is for, cents) each.

    A fee waived since stays waived. The caller applies them with `settle_memos`.
    """
    lines: dict[int, list[Any]] = {}
    for line in fetch_tuples(session, CHARGED, action_id):
        lines.setdefault(line[0], []).append(line)
    if not lines:
        return []
    drafts = [
        InvoiceDraft(
            account_id,
            act.on,
            act.on,
            "return-taken-back",
            tuple(
                Charge(
                    kind,
                    f"reversed:{key}",
                    -cents,
                    "BOTH-3",
                    f"Taken back: {description}"[:200],
                    f"takes back line {n} of invoice {invoice_id}, with what it was charged for",
                )
                for _, n, kind, key, cents, description in rows
            ),
        )
        for invoice_id, rows in lines.items()
    ]
    numbers = write_invoices(session, act, drafts)
    memos: dict[int, tuple[int, int]] = {
        row[0]: (row[1], row[2])
        for row in fetch(
            session,
            "SELECT invoice_id, id, cents FROM credit WHERE account_id = ? AND action_id = ? AND kind = 'credit-memo'",
            account_id,
            act.id,
        )
    }
    return [(memos[number][0], invoice_id, memos[number][1]) for number, invoice_id in zip(numbers, lines, strict=True)]


def settle_memos(session: Session, act: Act, account_id: int, memos: Sequence[tuple[int, int, int]]) -> None:
    """Let each memo pay the invoice that it takes back, as far as that is open; what is left stays as credit."""
    for credit_id, invoice_id, cents in memos:
        allocation.apply_to_picked(session, act, Remaining(credit_id, account_id, cents), (invoice_id,))
