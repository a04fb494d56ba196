"""Taking back a billing run that nobody has paid: every cycle invoice of it, by an invoice of opposite amounts.

Nothing posted is edited (BOTH-3). What takes an invoice back is an invoice of its own, line by line the negative
of the first, dated the day of the reversal; its entry names the entry that it reverses, and its credit pays the
first, so that nothing of either is left open. Services are then billed through the day before the first that the
run billed (days left out for a suspension before it stay left out, as they would be again), waiting charges wait
again, and the cycle of the month is not done for these accounts: a run bills them anew, under keys that
`invoicing.keys_issued_again` gives.

What stays: changes that waited for their day and were carried out by the run, with the closing invoices that they
made; accounts restored; accounts that the run billed nothing (their cycle was done, and nothing of it is undone).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import Cancelled, UserError
from app.models.bulk import (
    Progress,
    chunks,
    execute,
    execute_many,
    fetch,
    fetch_named,
    fetch_one,
    fetch_tuples,
    fetch_value,
    insert_ready_rows,
    iso,
    no_progress,
    parse_day,
)
from app.models.database import Database
from app.periods import ONE_DAY, add_months, month_start
from app.services import allocation, standing
from app.services.allocation import Applied
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.invoicing import write_invoices
from app.services.policies.clause import Charge, InvoiceDraft

CHUNK = 2_000
BLOCKERS_SHOWN = 50
_REVERSAL = ("invoice_id", "by_invoice_id", "account_id", "action_id")

# Why an invoice of the run cannot be taken back any more: (account id, reason). `:run` is the run's id.
_BLOCKERS = (
    """
SELECT i.account_id, CASE c.kind WHEN 'payment' THEN 'a payment of ' ELSE 'a credit of ' END
  || strftime('%m/%d/%Y', c.business_date) || ' went to invoice ' || i.id
FROM invoice i JOIN allocation a ON a.invoice_id = i.id JOIN credit c ON c.id = a.credit_id
WHERE i.run_id = :run AND i.what = 'cycle' AND c.action_id > i.action_id GROUP BY i.id, c.id HAVING sum(a.cents) <> 0
""",
    """
SELECT i.account_id, 'the credit of invoice ' || i.id || ' was refunded'
FROM invoice i JOIN credit c ON c.account_id = i.account_id AND c.invoice_id = i.id
JOIN allocation a ON a.credit_id = c.id AND a.refund_id IS NOT NULL
WHERE i.run_id = :run AND i.what = 'cycle' AND i.total_cents < 0 GROUP BY i.id HAVING sum(a.cents) <> 0
""",
    """
SELECT i.account_id, 'a fee of invoice ' || i.id || ' was waived'
FROM invoice i JOIN credit c ON c.account_id = i.account_id AND c.action_id > i.action_id
  AND c.why LIKE 'waives line % of invoice ' || i.id || ':%'
WHERE i.run_id = :run AND i.what = 'cycle'
""",
    """
SELECT i.account_id, 'a part of invoice ' || i.id || ' was written off'
FROM invoice i JOIN deferral_release d ON d.account_id = i.account_id AND d.invoice_id = i.id
WHERE i.run_id = :run AND i.what = 'cycle'
""",
    """
SELECT i.account_id, 'the account was closed since'
FROM invoice i JOIN account a ON a.id = i.account_id WHERE i.run_id = :run AND i.what = 'cycle' AND a.status = 'closed'
""",
    """
SELECT i.account_id, s.name || ' was ended or changed since'
FROM invoice i JOIN line l ON l.invoice_id = i.id AND l.key LIKE 'recurring:%' JOIN service s ON s.id = l.service_id
WHERE i.run_id = :run AND i.what = 'cycle'
GROUP BY i.id, s.id HAVING max(l.period_to) IS NOT s.billed_through
  OR EXISTS (SELECT 1 FROM service_price p WHERE p.service_id = s.id AND p.action_id > i.action_id)
""",
)


class Blocker(NamedTuple):
    """An account whose invoice of the run cannot be taken back, and why."""

    account_id: int
    number: str
    name: str
    why: str


class ReversalOutlook(NamedTuple):
    """What taking back a run would do. `refusal` and `blockers` keep it from being done; cents.

    `credit_cents`: credit of the accounts that the run had applied and that becomes theirs again. `staying`:
    closing invoices of changes that the run carried out. `printed`: statements of the run gone to paper.
    """

    run_id: int
    on: date
    invoices: int
    cents: int
    credit_cents: int
    staying: int
    printed: int
    refusal: str
    blocked: int
    blockers: tuple[Blocker, ...]


def reversal_outlook(session: Session, run_id: int, on: date) -> ReversalOutlook:
    """What reversing a run on business date `on` would do. Raises UserError for an unknown run."""
    run = fetch_one(session, "SELECT business_date, state FROM run WHERE id = ? AND what = 'billing'", run_id)
    if run is None:
        raise UserError("There is no such billing run.", field="run")
    invoices, cents, staying = fetch_one(
        session,
        "SELECT coalesce(sum(what = 'cycle'), 0), coalesce(sum(CASE what WHEN 'cycle' THEN total_cents END), 0), "
        "coalesce(sum(what <> 'cycle'), 0) FROM invoice WHERE run_id = ?",
        run_id,
    ) or (0, 0, 0)
    credit = fetch_value(
        session,
        "SELECT coalesce(sum(a.cents), 0) FROM invoice i JOIN allocation a ON a.invoice_id = i.id "
        "WHERE i.run_id = ? AND i.what = 'cycle'",
        run_id,
    )
    printed = fetch_value(
        session, "SELECT coalesce(sum(last_place - first_place + 1), 0) FROM statement_print WHERE run_id = ?", run_id
    )
    refusal = _refusal(session, run_id, parse_day(run.business_date), run.state, on, invoices)
    found: dict[int, str] = {}
    if not refusal:
        for query in _BLOCKERS:
            for account_id, why in fetch_named(session, query, {"run": run_id}):
                found.setdefault(account_id, why)
    blockers = []
    for account_id in sorted(found)[:BLOCKERS_SHOWN]:
        number, name = fetch_tuples(session, "SELECT number, name FROM account WHERE id = ?", account_id)[0]
        blockers.append(Blocker(account_id, number, name, found[account_id]))
    return ReversalOutlook(
        run_id,
        parse_day(run.business_date),
        invoices,
        cents,
        credit,
        staying,
        printed,
        refusal,
        len(found),
        tuple(blockers),
    )


def _refusal(session: Session, run_id: int, run_on: date, state: str, on: date, invoices: int) -> str:
    if state == "reversed":
        return "This run was reversed already."
    if state != "done":
        return "This run was cut off; make it again, so that it is whole, before it is reversed."
    if not invoices:
        return "This run billed no cycle, so there is nothing to take back."
    if on < run_on:
        return f"The run is dated {run_on:%m/%d/%Y}; it can be reversed on that day or later, not on {on:%m/%d/%Y}."
    later = fetch_one(
        session,
        "SELECT business_date, state FROM run WHERE what = 'billing' AND id > ? AND state <> 'reversed' "
        "AND (documents > 0 OR state = 'running') ORDER BY id DESC LIMIT 1",
        run_id,
    )
    if later is not None:
        return f"A later run, of {parse_day(later[0]):%m/%d/%Y}, builds on this one; reverse that one first."
    return ""


def require_manager(desk: Desk) -> None:
    """Raises NotPermitted when the desk's role may not reverse a billing run."""
    require_role(desk, "manager", "Reversing a billing run")


def reverse_run(
    database: Database,
    desk: Desk,
    run_id: int,
    reason: str,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Take back all cycle invoices of a run, in one transaction; returns how many.

    Only the last run that billed something can be reversed, while all its invoices are unpaid: credit that the
    accounts had before is given back to them, a payment or credit that came since refuses the whole. Raises
    UserError then, without a reason, or for a closed day; NotPermitted below a manager; Cancelled when asked to
    stop, with nothing written.
    """
    with database.write() as session:
        require_manager(desk)
        reason = require_reason(reason, "Reversing a billing run")
        act = begin(session, desk, "reverse-billing-run", reason=reason)
        outlook = reversal_outlook(session, run_id, desk.on)
        if outlook.refusal:
            raise UserError(outlook.refusal, field="run")
        if outlook.blockers:
            first = outlook.blockers[0]
            others = f" and {outlook.blocked - 1:,} more" if outlook.blocked > 1 else ""
            raise UserError(f"The run cannot be reversed: account {first.number}{others}, {first.why}.", field="run")
        low, high = fetch_one(
            session, "SELECT min(account_id), max(account_id) FROM invoice WHERE run_id = ? AND what = 'cycle'", run_id
        ) or (1, 0)
        for start, end in chunks(low, high, CHUNK):
            if cancelled():
                raise Cancelled
            _take_back(session, act, run_id, outlook.on, start, end)
            progress(end - low + 1, high - low + 1)
        execute(session, "UPDATE run SET state = 'reversed' WHERE id = ?", run_id)
    return outlook.invoices


# The run's cycle invoices of a range of accounts; parameters: run, first and last account.
_OF_RUN = "i.run_id = ? AND i.what = 'cycle' AND i.account_id BETWEEN ? AND ?"


def _take_back(session: Session, act: Act, run_id: int, run_on: date, first: int, last: int) -> None:
    """One range of accounts."""
    of_run = run_id, first, last
    invoices = fetch(
        session,
        f"SELECT id, account_id, issued_on, total_cents, entry_id FROM invoice i WHERE {_OF_RUN} ORDER BY id",
        *of_run,
    )
    if not invoices:
        return
    _undo_applications(session, act, *of_run)
    lines: defaultdict[int, list[Any]] = defaultdict(list)
    for line in fetch_tuples(
        session,
        "SELECT l.invoice_id, l.kind, l.key, l.cents, l.description, l.service_id, l.period_from, l.period_to, "
        f"l.recognise_on FROM invoice i JOIN line l ON l.invoice_id = i.id WHERE {_OF_RUN} ORDER BY l.invoice_id, l.n",
        *of_run,
    ):
        lines[line[0]].append(line)
    drafts = [_opposite(row, lines[row.id], act.on) for row in invoices]
    numbers = write_invoices(session, act, drafts, reversed_entries=[row.entry_id for row in invoices])
    by_number = dict(zip(numbers, invoices, strict=True))
    _settle_pairs(session, act, by_number)
    insert_ready_rows(
        session,
        "invoice_reversal",
        _REVERSAL,
        [(row.id, number, row.account_id, act.id) for number, row in by_number.items()],
    )
    _open_again(session, of_run, invoices, lines, run_on)
    allocation.settle(session, act, first, last)
    for row in fetch(
        session,
        "SELECT id FROM account WHERE id BETWEEN ? AND ? AND status = 'suspended' AND balance_cents <= 0",
        first,
        last,
    ):
        standing.restore(session, act, row[0], "credit")


def _opposite(invoice: Any, lines: list[Any], on: date) -> InvoiceDraft:
    charges = tuple(
        Charge(
            kind,
            f"reversed:{key}",
            -cents,
            "BOTH-3",
            f"Reversed: {description}"[:200],
            f"takes back line {n} of invoice {invoice.id}",
            service_id,
            None if period_from is None else parse_day(period_from),
            None if period_to is None else parse_day(period_to),
            recognise_on is not None,
        )
        for n, (_, kind, key, cents, description, service_id, period_from, period_to, recognise_on) in enumerate(lines, 1)
    )
    return InvoiceDraft(invoice.account_id, on, on, "reversal", charges)


def _undo_applications(session: Session, act: Act, *of_run: int) -> None:
    """Give accounts the credit back that the run applied, and take back what the run's own credit memos paid."""
    rows = fetch_tuples(
        session,
        "SELECT a.account_id, a.credit_id, a.invoice_id, sum(a.cents), max(a.business_date) FROM invoice i "
        f"JOIN allocation a ON a.invoice_id = i.id WHERE {_OF_RUN} GROUP BY a.credit_id, a.invoice_id "
        "HAVING sum(a.cents) <> 0",
        *of_run,
    )
    rows += fetch_tuples(
        session,
        "SELECT a.account_id, a.credit_id, a.invoice_id, sum(a.cents), max(a.business_date) FROM invoice i "
        "JOIN credit c ON c.account_id = i.account_id AND c.invoice_id = i.id JOIN allocation a ON a.credit_id = c.id "
        f"WHERE {_OF_RUN} AND i.total_cents < 0 AND a.invoice_id IS NOT NULL GROUP BY a.credit_id, a.invoice_id "
        "HAVING sum(a.cents) <> 0",
        *of_run,
    )
    allocation.write(session, act, [Applied(row[0], row[1], row[2], None, -row[3], row[4]) for row in rows])


def _settle_pairs(session: Session, act: Act, by_number: dict[int, Any]) -> None:
    """Let each invoice and what takes it back pay each other: the one below zero made a credit."""
    negative = {number if row.total_cents > 0 else row.id: (number, row) for number, row in by_number.items()}
    first, last = min(negative), max(negative)
    accounts = [row.account_id for row in by_number.values()]
    memos: dict[int, int] = dict(
        fetch_tuples(
            session,
            "SELECT invoice_id, id FROM credit WHERE account_id BETWEEN ? AND ? AND invoice_id BETWEEN ? AND ?",
            min(accounts),
            max(accounts),
            first,
            last,
        )
    )
    pairs = []
    for memo_invoice, (number, row) in negative.items():
        if row.total_cents:
            target = row.id if memo_invoice == number else number
            since = max(row.issued_on, act.on.isoformat())
            pairs.append(Applied(row.account_id, memos[memo_invoice], target, None, abs(row.total_cents), since))
    allocation.write(session, act, pairs)


def _open_again(
    session: Session, of_run: tuple[int, int, int], invoices: list[Any], lines: dict[int, list[Any]], run_on: date
) -> None:
    """Services, waiting charges and the month's cycle stand as before the run."""
    first_days: dict[int, str] = {}
    for rows in lines.values():
        for line in rows:
            if line[2].startswith("recurring:"):  # not the difference that a change of price makes
                first_days[line[5]] = min(line[6], first_days.get(line[5], line[6]))
    execute_many(
        session,
        "UPDATE service SET billed_through = CASE WHEN first_day >= ? THEN NULL ELSE ? END WHERE id = ?",
        [(day, iso(parse_day(day) - ONE_DAY), service_id) for service_id, day in first_days.items()],
    )
    execute(
        session,
        "UPDATE pending_charge SET invoice_id = NULL WHERE account_id BETWEEN ? AND ? AND invoice_id IN "
        f"(SELECT id FROM invoice i WHERE {_OF_RUN})",
        *of_run[1:],
        *of_run,
    )
    cycle = month_start(run_on)
    execute_many(
        session,
        "UPDATE account SET cycle_done = CASE WHEN opened_on >= ? THEN NULL ELSE ? END WHERE id = ?",
        [(iso(cycle), iso(add_months(cycle, -1)), row.account_id) for row in invoices],
    )
