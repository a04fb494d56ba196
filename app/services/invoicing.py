"""From drafts to invoices, lines and postings: one writer for a single action and for a run of thousands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.models.bulk import execute_many, fetch_tuples, insert_ready_rows, iso, ranges_of, reserve_ids, set_ranges
from app.periods import month_end
from app.services.desk import Act
from app.services.ledger import Gl, Transfer, post_entries
from app.services.policies.clause import InvoiceDraft

_INVOICE = (
    "id",
    "account_id",
    "issued_on",
    "due_on",
    "total_cents",
    "open_cents",
    "what",
    "run_id",
    "entry_id",
    "action_id",
)
_LINE = (
    "invoice_id",
    "n",
    "account_id",
    "kind",
    "key",
    "cents",
    "clause",
    "description",
    "why",
    "service_id",
    "period_from",
    "period_to",
    "recognise_on",
)
_CREDIT = (
    "id",
    "account_id",
    "business_date",
    "kind",
    "cents",
    "remaining_cents",
    "clause",
    "description",
    "why",
    "invoice_id",
    "entry_id",
    "action_id",
)

# The account on the other side of receivable; services with a period go through deferred revenue.
REVENUE_OF_KIND = {
    "recurring": Gl.SERVICE_REVENUE,
    "credit-unused": Gl.SERVICE_REVENUE,
    "work": Gl.SERVICE_REVENUE,
    "monthly-fee": Gl.SERVICE_REVENUE,
    "final-fee": Gl.SERVICE_REVENUE,
    "write-off": Gl.BAD_DEBT_RECOVERIES,
}

# Plain integers: the writer's inner loop runs once for every line of a month.
_OWED, _DEFERRED = int(Gl.RECEIVABLE), int(Gl.DEFERRED_REVENUE)
_FEES, _OPENING = int(Gl.FEE_REVENUE), int(Gl.OPENING_BALANCES)


def keys_issued_again(session: Session, first_account: int, last_account: int) -> dict[tuple[int, str], str]:
    """The keys under which charges that were taken back are charged again, by account and first key.

    A line's key is unique for its account and stays on the line when a run is reversed, so a charge that is
    issued again needs another one: the first key with a counter, `recurring:7:2026-12#2`. The counter is one more
    than the number of issues that were taken back; nothing else moves it, and an invoice can be taken back only
    once. Issue n+1 therefore exists only after issue n was taken back, and while it stands the counter gives the
    same key again, which the database refuses: a charge can stand once at most, exactly as without a reversal.
    """
    taken_back: defaultdict[tuple[int, str], int] = defaultdict(int)
    for account_id, key in fetch_tuples(
        session,
        "SELECT r.account_id, l.key FROM invoice_reversal r JOIN line l ON l.invoice_id = r.invoice_id "
        "WHERE r.account_id BETWEEN ? AND ?",
        first_account,
        last_account,
    ):
        taken_back[account_id, key.partition("#")[0]] += 1
    return {(account_id, key): f"{key}#{count + 1}" for (account_id, key), count in taken_back.items()}


def write_invoices(
    session: Session,
    act: Act,
    drafts: Sequence[InvoiceDraft],
    run_id: int | None = None,
    reversed_entries: Sequence[int] = (),
) -> range:
    """Write invoices dated the action's day with their lines and postings; returns their numbers.

    A total below zero is a credit memo: its amount becomes a credit of the account. The caller settles
    the accounts afterwards. The database refuses a line whose key the account already has.
    `reversed_entries`: the entry that each of them reverses.
    """
    accounts = [draft[0] for draft in drafts]
    issued_again = keys_issued_again(session, min(accounts), max(accounts)) if accounts else {}
    numbers = reserve_ids(session, "invoice", len(drafts))
    lines: list[tuple[Any, ...]] = []
    groups: list[list[Transfer]] = []
    issue_month = month_end(act.on)
    add_line = lines.append
    for number, draft in zip(numbers, drafts, strict=True):
        sums = _add_lines(add_line, number, draft, issued_again, issue_month)
        account_id = draft[0]
        groups.append(
            [
                Transfer(_OWED, other, cents, account_id) if cents > 0 else Transfer(other, _OWED, -cents, account_id)
                for other, cents in sums.items()
                if cents
            ]
        )
    # An import is one kind of entry of its own, so that it never counts as billed.
    what = "opening" if drafts and drafts[0].what == "opening" else "invoice"
    entry_ids = post_entries(session, act, act.on, what, groups, reversed_ids=reversed_entries)
    invoices, memos = [], []
    for number, draft, entry_id in zip(numbers, drafts, entry_ids, strict=True):
        account_id, issued_on, due_on, what, charges, _, _ = draft
        total = sum(charge[2] for charge in charges)
        if total < 0:
            memos.append((account_id, number, entry_id, -total, charges[-1][3]))
        invoices.append(
            (
                number,
                account_id,
                iso(issued_on),
                iso(due_on),
                total,
                total if total > 0 else 0,
                what,
                run_id,
                entry_id,
                act.id,
            )
        )
    insert_ready_rows(session, "invoice", _INVOICE, invoices)
    insert_ready_rows(session, "line", _LINE, lines)
    _write_memos(session, act, memos)
    _mark_billed(session, numbers, drafts)
    return numbers


def _add_lines(
    add_line: Callable[[tuple[Any, ...]], None],
    number: int,
    draft: InvoiceDraft,
    issued_again: dict[tuple[int, str], str],
    issue_month: date,
) -> dict[int, int]:
    """Add the rows of an invoice's lines; returns the cents by the account on the other side of receivable."""
    account_id = draft[0]
    sums: dict[int, int] = {}
    for n, charge in enumerate(draft[4], start=1):
        kind, key, cents, clause, description, why, service_id, first, last, deferred = charge
        if issued_again:
            key = issued_again.get((account_id, key), key)
        recognise_on = None
        if draft[3] == "opening":
            other = _OPENING
        elif deferred and last is not None:
            earned = month_end(last)
            recognise_on = iso(earned if earned > issue_month else issue_month)
            other = _DEFERRED
        else:
            other = REVENUE_OF_KIND.get(kind, _FEES)
        sums[other] = sums.get(other, 0) + cents
        add_line(
            (
                number,
                n,
                account_id,
                kind,
                key,
                cents,
                clause,
                description,
                why,
                service_id,
                iso(first),
                iso(last),
                recognise_on,
            )
        )
    return sums


def _write_memos(session: Session, act: Act, memos: list[tuple[int, int, int, int, str]]) -> None:
    ids = reserve_ids(session, "credit", len(memos)) if memos else range(0)
    day = iso(act.on)
    rows: list[tuple[Any, ...]] = [
        (i, account, day, "credit-memo", cents, cents, clause, "Credit memo", "", number, entry_id, act.id)
        for i, (account, number, entry_id, cents, clause) in zip(ids, memos, strict=True)
    ]
    insert_ready_rows(session, "credit", _CREDIT, rows)


def _mark_billed(session: Session, numbers: range, drafts: Sequence[InvoiceDraft]) -> None:
    by_day: defaultdict[date, list[int]] = defaultdict(list)
    for draft in drafts:
        for service_id, through in draft[6]:
            by_day[through].append(service_id)
    by_range = [(iso(day), *pair) for day, ids in by_day.items() for pair in ranges_of(sorted(ids))]
    set_ranges(session, "service", "billed_through", by_range)
    execute_many(
        session,
        "UPDATE pending_charge SET invoice_id = ? WHERE id = ?",
        [(number, i) for number, draft in zip(numbers, drafts, strict=True) for i in draft[5]],
    )
