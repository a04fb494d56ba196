"""Taking back a billing run that nobody has paid: every invoice of it, by an invoice of opposite amounts.

Nothing posted is edited (BOTH-3). What takes an invoice back is an invoice of its own, line by line the negative
of the first, dated the day of the reversal; its entry names the entry that it reverses, and its credit pays the
first, so that nothing of either is left open. Services are then billed through the day before the first that the
run billed (days left out for a suspension before it stay left out, as they would be again), waiting charges wait
again, and the cycle of the month is not done for these accounts: a run bills them anew, under keys that
`invoicing.keys_issued_again` gives. A member's fee date goes back to the first that the run billed, and a processing
fee is as if it had not been charged yet.

What stays: changes that waited for their day and were carried out by the run, with the closing invoices that they
made; accounts restored; accounts that the run billed nothing (their cycle was done, and nothing of it is undone).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.errors import Cancelled, UserError
from app.models.bulk import (
    Progress,
    chunks,
    execute,
    execute_many,
    fetch,
    fetch_one,
    fetch_tuples,
    fetch_value,
    insert_ready_rows,
    iso,
    no_progress,
    parse_day,
    set_ranges,
)
from app.models.database import Database
from app.periods import ONE_DAY, add_months, month_start
from app.services import allocation, feedates, standing
from app.services.allocation import Applied
from app.services.desk import Act, Desk, begin, require_reason
from app.services.invoicing import write_invoices
from app.services.policies.arrears import MONTHLY
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.reversaloutlook import TAKEN_BACK, require_manager, reversal_outlook

CHUNK = 2_000
_REVERSAL = ("invoice_id", "by_invoice_id", "account_id", "action_id")


def reverse_run(
    database: Database,
    desk: Desk,
    run_id: int,
    reason: str,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Take back all invoices of a run, in one transaction; returns how many.

    Only the last run that billed these accounts can be reversed, while all its invoices are unpaid: credit that the
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
            session,
            f"SELECT min(i.account_id), max(i.account_id) FROM invoice i WHERE i.run_id = ? AND {TAKEN_BACK}",
            run_id,
        ) or (1, 0)
        for start, end in chunks(low, high, CHUNK):
            if cancelled():
                raise Cancelled
            _take_back(session, act, run_id, outlook.on, start, end)
            progress(end - low + 1, high - low + 1)
        execute(session, "UPDATE run SET state = 'reversed' WHERE id = ?", run_id)
    return outlook.invoices


# What is taken back of a run in a range of accounts; parameters: run, first and last account.
_OF_RUN = f"i.run_id = ? AND {TAKEN_BACK} AND i.account_id BETWEEN ? AND ?"


def _take_back(session: Session, act: Act, run_id: int, run_on: date, first: int, last: int) -> None:
    """One range of accounts."""
    of_run = run_id, first, last
    invoices = fetch(
        session,
        "SELECT i.id, i.account_id, i.issued_on, i.due_on, i.total_cents, i.entry_id, i.what FROM invoice i "
        f"WHERE {_OF_RUN} ORDER BY i.id",
        *of_run,
    )
    if not invoices:
        return
    _forget_processing_fees(session, of_run)
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
    _fee_dates_back(session, [row for row in invoices if row.what == MONTHLY], lines)
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
        f"JOIN allocation a ON a.invoice_id = i.id WHERE {_OF_RUN} GROUP BY a.account_id, a.credit_id, a.invoice_id "
        "HAVING sum(a.cents) <> 0",
        *of_run,
    )
    rows += fetch_tuples(
        session,
        "SELECT a.account_id, a.credit_id, a.invoice_id, sum(a.cents), max(a.business_date) FROM invoice i "
        "JOIN credit c ON c.account_id = i.account_id AND c.invoice_id = i.id JOIN allocation a ON a.credit_id = c.id "
        f"WHERE {_OF_RUN} AND i.total_cents < 0 AND a.invoice_id IS NOT NULL "
        "GROUP BY a.account_id, a.credit_id, a.invoice_id HAVING sum(a.cents) <> 0",
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
    begun = _first_of(session, "SELECT first_day FROM service WHERE id = ?", first_days)
    set_ranges(
        session,
        "service",
        "billed_through",
        [(None if begun[i] >= day else iso(parse_day(day) - ONE_DAY), i, i) for i, day in sorted(first_days.items())],
    )
    execute(
        session,
        "UPDATE pending_charge SET invoice_id = NULL WHERE account_id BETWEEN ? AND ? AND invoice_id IN "
        f"(SELECT id FROM invoice i WHERE {_OF_RUN})",
        *of_run[1:],
        *of_run,
    )
    cycle = month_start(run_on)
    ids = sorted({row.account_id for row in invoices if row.what == "cycle"})
    opened = _first_of(session, "SELECT opened_on FROM account WHERE id = ?", ids)
    before, first = iso(add_months(cycle, -1)), cycle.isoformat()
    set_ranges(session, "account", "cycle_done", [(None if opened[i] >= first else before, i, i) for i in ids])


def _first_of(session: Session, query: str, ids: Iterable[int]) -> dict[int, str]:
    """The day that a query gives for each id."""
    return {i: fetch_value(session, query, i) for i in ids}


def _forget_processing_fees(session: Session, of_run: tuple[int, int, int]) -> None:
    """ARR-1, ARR-2: a processing fee that is taken back was not charged, so no fee date follows from it.

    Before its applications move: what the reversal then pays is no payment of it.
    """
    execute(
        session,
        "UPDATE membership SET processing_invoice_id = NULL, processing_paid_on = NULL, period_from = NULL, "
        "next_fee_on = NULL, fee_day = NULL WHERE processing_invoice_id IN "
        f"(SELECT i.id FROM invoice i WHERE {_OF_RUN})",
        *of_run,
    )


def _fee_dates_back(session: Session, invoices: list[Any], lines: dict[int, list[Any]]) -> None:
    """ARR-2, ARR-3: each member's fee date is again the first that the run billed, as if it had not been.

    Where no monthly fee stands any more, a processing fee that is not paid (its payment came back since) withdraws it.
    """
    first: dict[int, tuple[str, str, int]] = {}
    for invoice in invoices:
        back = (lines[invoice.id][0][6], invoice.due_on, invoice.account_id)
        first[invoice.account_id] = min(back, first.get(invoice.account_id, back))
    execute_many(
        session, "UPDATE membership SET period_from = ?, next_fee_on = ? WHERE account_id = ?", list(first.values())
    )
    execute_many(
        session,
        "UPDATE membership SET monthly_fee_charged = 0 WHERE account_id = ? AND NOT EXISTS (SELECT 1 FROM invoice i "
        "LEFT JOIN invoice_reversal r ON r.invoice_id = i.id WHERE i.account_id = membership.account_id "
        "AND i.what = 'monthly-fee' AND r.invoice_id IS NULL)",
        [(account_id,) for account_id in first],
    )
    for account_id in first:
        if fetch_value(
            session,
            "SELECT 1 FROM membership m JOIN invoice i ON i.id = m.processing_invoice_id "
            "WHERE m.account_id = ? AND m.monthly_fee_charged = 0 AND i.open_cents > 0",
            account_id,
        ):
            feedates.withdraw(session, account_id)
