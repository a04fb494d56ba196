"""Courtesy credits, write-offs and waivers: a supervisor's, with a reason (BOTH-4)."""

from __future__ import annotations

from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_one, insert_with_id, parse_day
from app.money import format_cents
from app.periods import prorate
from app.services import sameday, standing
from app.services.approvals import Request, allowed
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.inputs import refuse_large
from app.services.invoicing import keys_issued_again
from app.services.ledger import Gl, Transfer, post
from app.services.limits import limits, require_waivable, require_within
from app.services.loading import AccountCard, card, open_invoices
from app.services.policies.policyfile import AdvancePolicy, Policy
from app.services.terms import policy_of
from app.services.waived import waives


def insert_credit(
    session: Session,
    act: Act,
    account_id: int,
    kind: str,
    cents: int,
    clause: str,
    description: str,
    why: str,
    entry_id: int,
) -> int:
    """Write a credit that has its entry already; the caller settles the account. Returns its id."""
    return insert_with_id(
        session,
        "credit",
        account_id=account_id,
        business_date=act.on,
        kind=kind,
        cents=cents,
        remaining_cents=cents,
        clause=clause,
        description=description,
        why=why,
        invoice_id=None,
        entry_id=entry_id,
        action_id=act.id,
    )


def _refuse_amount(cents: int, what: str) -> None:
    if cents <= 0:
        raise UserError(f"A {what} must be more than zero.", field="amount")
    refuse_large(cents, "amount")


def _approved(session: Session, desk: Desk, request: Request, what: str, limit: int | None) -> Desk:
    """The desk, with whoever approved it at another PC; the request's facts are account, cents and reason."""
    account_id, cents, reason = request.facts

    def check(who: Desk) -> None:
        require_role(who, "supervisor", what)
        require_reason(reason, what)
        given = partial(sameday.credits_given, session, who, account_id, request.what)
        require_within(session, who, what, limit, cents, given)

    return allowed(session, desk, request, check)


def _approved_waiver(session: Session, desk: Desk, request: Request) -> Desk:
    """As `_approved`, for a fee that is waived; the facts begin with the account and end with cents and reason."""
    account_id, *_, cents, reason = request.facts

    def check(who: Desk) -> None:
        require_role(who, "supervisor", "Waiving a fee")
        require_reason(reason, "Waiving a fee")
        require_waivable(session, who, account_id, cents)

    return allowed(session, desk, request, check)


def _words(what: str, cents: int, account: AccountCard, reason: str) -> str:
    """What somebody at another PC is to approve: the amount, the account by its number, and why."""
    stands = f"balance {format_cents(account.balance_cents)}"
    return f"{what} of {format_cents(cents)} on account {account.number} ({stands}): {' '.join(reason.split())}"


def courtesy_credit(session: Session, desk: Desk, account_id: int, cents: int, reason: str) -> int:
    """Lower what the account owes by `cents` as a courtesy; returns the credit's id."""
    what, account = "A courtesy credit", card(session, account_id)
    _refuse_amount(cents, "courtesy credit")
    words = _words(what, cents, account, reason)
    request = Request("courtesy-credit", words, (account_id, cents, reason))
    desk = _approved(session, desk, request, what, limits(session).credit)
    reason = require_reason(reason, what)
    act = begin(session, desk, "courtesy-credit", reason=reason)
    entry_id = post(
        session,
        act,
        "courtesy-credit",
        [Transfer(Gl.CREDITS_AND_ALLOWANCES, Gl.RECEIVABLE, cents, account_id)],
    )
    credit_id = insert_credit(
        session, act, account_id, "courtesy-credit", cents, "BOTH-4", "Courtesy credit", reason, entry_id
    )
    standing.after_money(session, act, account_id, "credit")
    return credit_id


def write_off(session: Session, desk: Desk, account_id: int, cents: int, reason: str) -> int:
    """Give up `cents` of what the account owes, at most all of it; returns the credit's id.

    Deferred revenue is taken back as far as it is unearned on the business date, the rest is bad debt.
    """
    account = card(session, account_id)
    _refuse_amount(cents, "write-off")
    if cents > account.balance_cents:
        raise UserError(
            f"Account {account.number} owes {format_cents(max(account.balance_cents, 0))}; "
            f"a write-off of {format_cents(cents)} is more than that.",
            field="amount",
        )
    what = "A write-off"
    request = Request("write-off", _words(what, cents, account, reason), (account_id, cents, reason))
    desk = _approved(session, desk, request, what, limits(session).write_off)
    reason = require_reason(reason, what)
    act = begin(session, desk, "write-off", reason=reason)
    released = _unearned_parts(session, account_id, desk.on, cents)
    left = cents - sum(part for _, _, part in released)
    from_deferred = cents - left
    entry_id = post(
        session,
        act,
        "write-off",
        [
            Transfer(Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, from_deferred, account_id),
            Transfer(Gl.BAD_DEBTS, Gl.RECEIVABLE, left, account_id),
        ],
    )
    for invoice_id, month_end, part in released:
        insert_with_id(
            session,
            "deferral_release",
            account_id=account_id,
            recognise_on=month_end,
            cents=part,
            invoice_id=invoice_id,
            entry_id=entry_id,
            why=f"write-off on {desk.on}: {reason}",
        )
    why = f"{reason} ({format_cents(from_deferred)} unearned, {format_cents(left)} bad debt)"
    credit_id = insert_credit(session, act, account_id, "write-off", cents, "BOTH-4", "Write-off", why, entry_id)
    standing.after_money(session, act, account_id, "credit")
    return credit_id


def _unearned_parts(session: Session, account_id: int, on: date, cents: int) -> list[tuple[int, date, int]]:
    """What of a write-off takes back deferred revenue: (invoice, month end of its recognition, cents).

    The write-off pays open invoices oldest first; of each, the services after `on` are not earned yet.
    """
    parts = []
    for invoice in open_invoices(session, account_id, account_id).get(account_id, ()):
        share = min(cents, invoice.open_cents)
        cents -= share
        for month_end, unearned in _unearned_of_invoice(session, invoice.id, on):
            part = min(share, unearned)
            if part > 0:
                parts.append((invoice.id, month_end, part))
                share -= part
    return parts


def _unearned_of_invoice(session: Session, invoice_id: int, on: date) -> list[tuple[date, int]]:
    """Cents of an invoice's services after `on`, by the month end at which they are recognised."""
    rows = fetch(
        session,
        "SELECT recognise_on, period_from, period_to, cents FROM line WHERE invoice_id = ? AND recognise_on >= ?",
        invoice_id,
        on,
    )
    if not rows:  # an open item taken over from the old program: its account's services are deferred apart
        rows = fetch(
            session,
            "SELECT d.recognise_on, d.period_from, d.period_to, d.cents FROM opening_deferral d JOIN invoice i "
            "ON i.account_id = d.account_id WHERE i.id = ? AND i.what = 'opening' AND d.recognise_on >= ?",
            invoice_id,
            on,
        )
    by_month: dict[date, int] = {}
    for recognise_on, first_text, last_text, cents in rows:
        first, last = parse_day(first_text), parse_day(last_text)
        days = (last - first).days + 1
        days_left = min(max((last - on).days, 0), days)
        month_end = parse_day(recognise_on)
        by_month[month_end] = by_month.get(month_end, 0) + prorate(cents, days_left, days)
    for recognise_on, cents in fetch(
        session,
        "SELECT r.recognise_on, sum(r.cents) FROM deferral_release r JOIN invoice i ON i.id = ? "
        "WHERE r.invoice_id = i.id OR (i.what = 'opening' AND r.account_id = i.account_id) GROUP BY r.recognise_on",
        invoice_id,
    ):
        month_end = parse_day(recognise_on)
        if month_end in by_month:
            by_month[month_end] -= cents
    return sorted((month_end, cents) for month_end, cents in by_month.items() if cents > 0)


def waive_before_charged(session: Session, desk: Desk, account_id: int, key: str, reason: str) -> None:
    """BOTH-4: a cycle fee that is not to be charged: `late-fee:2026-12` or `paper-statement:2026-12`."""
    account = card(session, account_id)
    kind, _, month = key.partition(":")
    if kind not in ("late-fee", "paper-statement") or len(month) != 7:
        raise UserError(f"“{key}” names no fee of a cycle; say for instance late-fee:2026-12.", field="key")
    issued = keys_issued_again(session, account_id, account_id).get((account_id, key), key)
    if fetch_one(session, "SELECT 1 FROM line WHERE account_id = ? AND key = ?", account_id, issued):
        raise UserError("That fee has been charged already; waive its line.", field="key")
    if fetch_one(session, "SELECT 1 FROM fee_waiver WHERE account_id = ? AND key = ?", account_id, key):
        raise UserError("That fee has been waived already.", field="key")
    policy = policy_of(session, account_id, desk.on)
    cents = policy.paper_statement_fee if kind == "paper-statement" else _late_fee(policy)
    words = _words(f"A waiver ({kind.replace('-', ' ')} of {month}, before it is charged)", cents, account, reason)
    desk = _approved_waiver(session, desk, Request("waive-fee", words, (account_id, key, cents, reason)))
    reason = require_reason(reason, "Waiving a fee")
    act = begin(session, desk, "waive-fee", reason=reason)
    insert_with_id(session, "fee_waiver", account_id=account_id, key=key, reason=reason, action_id=act.id)


def _late_fee(policy: Policy) -> int:
    return policy.late_fee if isinstance(policy, AdvancePolicy) else 0


def waive_charge(session: Session, desk: Desk, invoice_id: int, line_n: int, reason: str) -> int:
    """Waive a fee that was charged: a credit of the same kind and amount; returns the credit's id.

    Raises UserError when the line is no fee or was waived before.
    """
    row = fetch_one(
        session,
        "SELECT account_id, kind, cents, clause, description, key FROM line WHERE invoice_id = ? AND n = ?",
        invoice_id,
        line_n,
    )
    if row is None or row.cents <= 0 or row.kind in ("recurring", "write-off"):
        raise UserError("Only a fee that was charged can be waived.", field="line")
    if fetch_one(
        session, "SELECT 1 FROM invoice_reversal WHERE invoice_id = ? OR by_invoice_id = ?", invoice_id, invoice_id
    ):
        raise UserError(f"Invoice {invoice_id} was taken back with its billing run; nothing is left to waive.", field="line")
    if fetch_one(session, "SELECT 1 FROM line WHERE account_id = ? AND key = ?", row.account_id, f"reversed:{row.key}"):
        raise UserError("That fee was taken back with the return that it was for; nothing is left to waive.", field="line")
    words = _words(f"A waiver ({row.description})", row.cents, card(session, row.account_id), reason)
    request = Request("waive-charge", words, (row.account_id, invoice_id, line_n, row.cents, reason))
    desk = _approved_waiver(session, desk, request)
    reason = require_reason(reason, "Waiving a fee")
    why = waives(line_n, invoice_id)
    if fetch_one(session, "SELECT 1 FROM credit WHERE account_id = ? AND why LIKE ?", row.account_id, f"{why}%"):
        raise UserError("That fee has been waived already.", field="line")
    act = begin(session, desk, "waive-charge", reason=reason)
    transfer = Transfer(Gl.CREDITS_AND_ALLOWANCES, Gl.RECEIVABLE, row.cents, row.account_id)
    entry_id = post(session, act, "waiver", [transfer])
    credit_id = insert_credit(
        session,
        act,
        row.account_id,
        row.kind,
        row.cents,
        "BOTH-4",
        f"Waived: {row.description}",
        f"{why} {reason}",
        entry_id,
    )
    standing.after_money(session, act, row.account_id, "credit")
    return credit_id
