"""An account's history: every charge, credit, payment, reversal and refund, with clause and arithmetic."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, fetch_named, fetch_tuples, parse_day


class HistoryRow(NamedTuple):
    """One line of an account's history; `cents` moves the balance by so much (payments are negative)."""

    on: date
    kind: str
    cents: int
    clause: str
    description: str
    why: str
    document: str
    action_id: int


_HISTORY = """
SELECT i.issued_on, l.kind, l.cents, l.clause, l.description, l.why, 'invoice ' || i.id, i.action_id, 1, i.id, l.n
FROM line l JOIN invoice i ON i.id = l.invoice_id WHERE i.account_id = :account
UNION ALL
SELECT business_date, kind, -cents, clause, description, why, 'credit ' || id, action_id, 2, id, 0
FROM credit WHERE account_id = :account AND kind <> 'credit-memo'
UNION ALL
SELECT r.business_date, r.state, p.cents,
  CASE WHEN r.state = 'reversed' THEN 'BOTH-11'
    WHEN NOT EXISTS (SELECT 1 FROM membership m WHERE m.account_id = p.account_id) THEN 'ADV-10'
    WHEN r.state = 'returned' THEN 'ARR-7' ELSE 'ARR-9' END,
  CASE r.state WHEN 'returned' THEN 'Payment returned' WHEN 'charged-back' THEN 'Payment charged back'
    ELSE 'Payment reversed' END || CASE p.check_number WHEN '' THEN '' ELSE ', check ' || p.check_number END,
  r.reason, 'payment ' || p.id, r.action_id, 0, p.id, 0
FROM payment_reversal r JOIN payment p ON p.id = r.payment_id WHERE p.account_id = :account
UNION ALL
SELECT f.business_date, 'refund', f.cents, 'ADV-9',
  'Refund check ' || coalesce(CAST((SELECT max(c.number) FROM issued_check c WHERE c.refund_id = f.id) AS TEXT), ''),
  f.why, 'refund ' || f.id, f.action_id, 3, f.id, 0
FROM refund f WHERE f.account_id = :account
UNION ALL
SELECT v.business_date, 'refund-void', -f.cents, 'BOTH-6', 'Refund check void', v.reason, 'refund ' || f.id,
  v.action_id, 4, f.id, 0
FROM refund_void v JOIN refund f ON f.id = v.refund_id WHERE f.account_id = :account
ORDER BY 8, 9, 10, 11
"""


def account_history(session: Session, account_id: int) -> list[HistoryRow]:
    """Everything that moved the account's balance, in the order in which it was recorded."""
    rows = fetch_named(session, _HISTORY, {"account": account_id})
    make = HistoryRow._make
    return [make((parse_day(row[0]), *row[1:8])) for row in rows]


class InvoiceRow(NamedTuple):
    """An invoice of an account; cents."""

    id: int
    issued_on: date
    due_on: date
    total_cents: int
    open_cents: int
    what: str


def account_invoices(session: Session, account_id: int) -> list[InvoiceRow]:
    """All invoices so far, oldest first."""
    rows = fetch_tuples(
        session,
        "SELECT id, issued_on, due_on, total_cents, open_cents, what FROM invoice WHERE account_id = ? ORDER BY id",
        account_id,
    )
    return [InvoiceRow(i, parse_day(on), parse_day(due), total, left, what) for i, on, due, total, left, what in rows]


class PaymentLine(NamedTuple):
    """A payment of an account; cents. `taken_back_on`: its return was taken back then; another payment stands for it."""

    id: int
    on: date
    cents: int
    kind: str
    state: str
    check_number: str
    taken_back_on: date | None = None


def account_payments(session: Session, account_id: int) -> list[PaymentLine]:
    """All payments so far, oldest first."""
    rows = fetch_tuples(
        session,
        "SELECT p.id, p.business_date, p.cents, p.kind, coalesce(r.state, 'posted'), p.check_number, t.business_date "
        "FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "LEFT JOIN return_taken_back t ON t.payment_id = p.id WHERE p.account_id = ? ORDER BY p.id",
        account_id,
    )
    return [
        PaymentLine(i, parse_day(on), cents, kind, state, number, day_or_none(back))
        for i, on, cents, kind, state, number, back in rows
    ]


class AppliedLine(NamedTuple):
    """What a credit paid: an invoice or a refund; cents, net of what was undone."""

    credit_id: int
    invoice_id: int | None
    refund_id: int | None
    cents: int


def account_applications(session: Session, account_id: int) -> list[AppliedLine]:
    """What each payment and credit of the account paid, in the order in which credits were recorded."""
    rows = fetch_tuples(
        session,
        "SELECT credit_id, invoice_id, refund_id, sum(cents) FROM allocation WHERE credit_id IN "
        "(SELECT id FROM credit WHERE account_id = ?) GROUP BY credit_id, invoice_id, refund_id HAVING sum(cents) <> 0",
        account_id,
    )
    return [AppliedLine(*row) for row in rows]


class WorkLine(NamedTuple):
    """A work order; times are the office's local ones as ISO text."""

    id: int
    kind: str
    starts_at: str
    ends_at: str
    description: str
    decision: str
    clause: str
    why: str


def account_work(session: Session, account_id: int) -> list[WorkLine]:
    """Work orders, the latest first."""
    rows = fetch_tuples(
        session,
        "SELECT id, kind, starts_at, ends_at, description, decision, clause, why FROM work WHERE account_id = ? "
        "ORDER BY id DESC",
        account_id,
    )
    return [WorkLine(*row) for row in rows]


class ChangeLine(NamedTuple):
    """A change of the account's card: address, delivery, e-mail, auto-pay, authorization."""

    on: str
    what: str
    before: str
    after: str


def account_changes(session: Session, account_id: int) -> list[ChangeLine]:
    """What was changed on the account's card, the latest first."""
    rows = fetch_tuples(
        session,
        "SELECT business_date, what, before, after FROM account_change WHERE account_id = ? ORDER BY id DESC",
        account_id,
    )
    return [ChangeLine(*row) for row in rows]


class RefundLine(NamedTuple):
    """A refund of an account; cents."""

    id: int
    on: date
    cents: int
    state: str


def account_refunds(session: Session, account_id: int) -> list[RefundLine]:
    """All refunds so far, oldest first."""
    rows = fetch(
        session,
        "SELECT f.id, f.business_date, f.cents, CASE WHEN v.refund_id IS NULL THEN 'issued' ELSE 'void' END "
        "FROM refund f LEFT JOIN refund_void v ON v.refund_id = f.id WHERE f.account_id = ? ORDER BY f.id",
        account_id,
    )
    return [RefundLine(row[0], parse_day(row[1]), row[2], row[3]) for row in rows]


def charged_by_kind(session: Session, account_id: int) -> dict[str, int]:
    """Cents charged so far by kind, credits negative, net of reversals; kinds that net to zero left out."""
    rows = fetch(
        session,
        "SELECT kind, sum(cents) FROM (SELECT kind, cents FROM line WHERE account_id = ? UNION ALL "
        "SELECT kind, -cents FROM credit WHERE account_id = ? AND kind NOT IN ('payment', 'credit-memo', 'opening')) "
        "AS charged GROUP BY kind HAVING sum(cents) <> 0 ORDER BY kind",
        account_id,
        account_id,
    )
    return dict(rows)


def receipts_sent(session: Session, account_id: int) -> int:
    """How many receipts went out to the account."""
    rows = fetch(
        session,
        "SELECT count(*) FROM receipt JOIN payment p ON p.id = payment_id WHERE p.account_id = ?",
        account_id,
    )
    return int(rows[0][0])
