"""The billing run: the month's cycle for every account that has not had it (ADV-1, BOTH-1, BOTH-2).

Facts are read for a chunk of accounts at a time, the policy turns them into drafts, one writer writes
them, and each chunk is one transaction. A run that is cut off is simply made again: accounts whose cycle
is done are passed over. The preview is the same first two steps.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple, cast

from sqlalchemy.orm import Session

from app.errors import Cancelled, OfficeFileError, UserError
from app.models.bulk import (
    REFUSED_ROW,
    Progress,
    chunks,
    execute,
    fetch,
    fetch_one,
    fetch_tuples,
    fetch_value,
    insert_with_id,
    no_progress,
    ranges_of,
    set_ranges,
)
from app.models.database import Database
from app.models.sealing import savepoint
from app.periods import month_start
from app.services import allocation, memberbilling, standing
from app.services.approvals import Request, allowed, approved_before
from app.services.billingdrafts import account_bounds, cycle_drafts, drafts_of_range, quiet_collector
from app.services.desk import TRIAL, Act, Desk, begin, refuse_closed_or_future, require_right
from app.services.invoicing import write_invoices
from app.services.limits import limits, require_second
from app.services.policies.clause import InvoiceDraft
from app.services.policies.policyfile import ArrearsPolicy
from app.services.subscriptions import carry_out_due
from app.services.terms import policies_on

CHUNK = 2_000
log = logging.getLogger(__name__)


class BillingTotals(NamedTuple):
    """Totals of a run or of its preview, in cents; `by_kind` maps a kind of charge to (lines, cents)."""

    run_id: int | None
    accounts: int
    invoices: int
    cents: int
    by_kind: dict[str, tuple[int, int]]
    parked: tuple[tuple[int, str], ...] = ()


# Sees what a preview would bill, a range of account ids at a time: the session, both ends, the drafts.
Watch = Callable[[Session, int, int, Sequence[InvoiceDraft]], None]


def _nobody_watches(_session: Session, _first: int, _last: int, _drafts: Sequence[InvoiceDraft]) -> None:
    """For callers that want the totals alone."""


class _Tally:
    def __init__(self, *, keep: bool = False) -> None:
        self.kept: list[InvoiceDraft] | None = [] if keep else None
        self.accounts = 0
        self.invoices = 0
        self.cents = 0
        self.lines: Counter[str] = Counter()
        self.cents_by_kind: Counter[str] = Counter()
        self.parked: list[tuple[int, str]] = []

    def add(self, drafts: list[InvoiceDraft]) -> None:
        self.invoices += len(drafts)
        if self.kept is not None:
            self.kept += drafts
        lines: defaultdict[str, int] = defaultdict(int)
        by_kind: defaultdict[str, int] = defaultdict(int)
        for draft in drafts:
            for charge in draft[4]:
                lines[charge[0]] += 1
                by_kind[charge[0]] += charge[2]
        self.lines.update(lines)
        self.cents_by_kind.update(by_kind)

    def totals(self, run_id: int | None) -> BillingTotals:
        by_kind = {kind: (self.lines[kind], cents) for kind, cents in sorted(self.cents_by_kind.items())}
        total = sum(self.cents_by_kind.values())
        return BillingTotals(run_id, self.accounts, self.invoices, total, by_kind, tuple(self.parked))


def preview(
    database: Database,
    desk: Desk,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
    watch: Watch = _nobody_watches,
) -> BillingTotals:
    """The dry run: the totals that the run of the desk's date would have (BOTH-1).

    With due changes waiting (BOTH-10) the run itself is made in one transaction and taken back, since they
    change what the cycle bills. `watch` is shown the drafts, each range of accounts once. Raises Cancelled
    when asked to stop.
    """
    with database.read() as session:
        by_rollback = changes_are_due(session, desk.on)
    if by_rollback:
        return _preview_by_rollback(database, desk, progress, cancelled, watch)
    tally = _Tally()
    with quiet_collector(), database.read() as session:
        refuse_closed_or_future(session, desk)
        low, high = account_bounds(session)
        policies = policies_on(session, desk.on)
        for first, last in chunks(low, high, CHUNK):
            if cancelled():
                raise Cancelled
            billed: list[InvoiceDraft] = []
            for policy in policies:
                due_accounts, drafts = drafts_of_range(session, policy, first, last, desk.on)
                tally.accounts += due_accounts
                billed += drafts
            tally.add(billed)
            watch(session, first, last, billed)
            progress(last - low + 1, high - low + 1)
    return tally.totals(None)


def changes_are_due(session: Session, on: date) -> bool:
    """Whether the run of that day would first carry out changes that waited for it (BOTH-10)."""
    return bool(
        fetch_value(session, "SELECT 1 FROM scheduled_change WHERE state = 'waiting' AND effective <= ? LIMIT 1", on)
    )


def _preview_by_rollback(
    database: Database, desk: Desk, progress: Progress, cancelled: Callable[[], bool], watch: Watch
) -> BillingTotals:
    tally = _Tally()

    class TakenBack(Exception):
        pass

    try:
        with database.write() as session:
            session.info[TRIAL] = True
            refuse_closed_or_future(session, desk)
            low, high = account_bounds(session)
            for first, last in chunks(low, high, CHUNK):
                if cancelled():
                    raise Cancelled
                _preview_range(session, desk, first, last, tally, watch)
                progress(last - low + 1, high - low + 1)
            raise TakenBack
    except TakenBack:
        return tally.totals(None)


def _preview_range(session: Session, desk: Desk, first: int, last: int, tally: _Tally, watch: Watch) -> None:
    """As the run would do it, parking included, inside the caller's transaction."""
    trial = _Tally(keep=True)
    try:
        with savepoint(session):
            _bill_range(session, desk, None, first, last, trial)
    except Exception as error:
        if first == last:
            tally.parked.append((first, _reason(error)))
            return
        for row in fetch(session, "SELECT id FROM account WHERE id BETWEEN ? AND ?", first, last):
            _preview_range(session, desk, row[0], row[0], tally, watch)
        return
    watch(session, first, last, trial.kept or ())
    _merge(tally, trial)


def _bill_range(session: Session, desk: Desk, run_id: int | None, first: int, last: int, tally: _Tally) -> Act:
    """One chunk: scheduled changes, the cycle, the credit applied, restorations."""
    act = begin(session, desk, "run-billing")
    tally.add([draft for drafts in carry_out_due(session, act, first, last, run_id) for draft in drafts])
    cycle = month_start(desk.on)
    for policy in policies_on(session, desk.on):
        if isinstance(policy, ArrearsPolicy):
            due_accounts, drafts = memberbilling.bill_range(session, act, policy, first, last, run_id)
        else:
            due_accounts, drafts = cycle_drafts(session, policy, first, last, desk.on)
            if drafts:
                write_invoices(session, act, drafts, run_id)
        tally.accounts += due_accounts
        tally.add(drafts)
        done = fetch_tuples(
            session,
            "SELECT id FROM account WHERE id BETWEEN ? AND ? AND policy = ? AND status <> 'closed' "
            "AND (cycle_done IS NULL OR cycle_done < ?) ORDER BY id",
            first,
            last,
            policy.name,
            cycle,
        )
        set_ranges(session, "account", "cycle_done", [(cycle, *pair) for pair in ranges_of(row[0] for row in done)])
    allocation.settle(session, act, first, last)
    for row in fetch(
        session,
        "SELECT id FROM account WHERE id BETWEEN ? AND ? AND status = 'suspended' AND balance_cents <= 0",
        first,
        last,
    ):
        standing.restore(session, act, row[0], "credit")
    execute(
        session,
        "UPDATE listed_exception SET closed_on = ? WHERE closed_on IS NULL AND code = ? AND account_id BETWEEN ? AND ?",
        act.on,
        standing.BILLING_FAILED,
        first,
        last,
    )
    if run_id is not None:
        execute(
            session,
            "UPDATE run SET accounts = accounts + ?, documents = documents + ?, cents = cents + ? WHERE id = ?",
            tally.accounts,
            tally.invoices,
            sum(tally.cents_by_kind.values()),
            run_id,
        )
    return act


def bill_account(session: Session, desk: Desk, account_id: int) -> None:
    """One account's part of the run of the desk's date, in the caller's transaction: for looking ahead."""
    _bill_range(session, desk, None, account_id, account_id, _Tally())


def run_billing(
    database: Database,
    desk: Desk,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> BillingTotals:
    """Make or resume the billing run of the desk's date.

    A chunk that fails is retried account by account; the account at fault is parked on the exceptions list
    with the reason and the run goes on. Raises Cancelled when asked to stop: what was done stays done, and
    the same run made again does the rest.
    """
    tally = _Tally()
    with database.write() as session:
        require_right(session, desk, "run-billing")
        if limits(session).two_for_billing:
            words = f"The billing run of {desk.on:%m/%d/%Y}"
            if _stopped_run(session, desk) is not None:
                desk = approved_before(session, desk, "run-billing")
            desk = allowed(
                session,
                desk,
                Request("run-billing", words, ()),
                lambda who: require_second(session, who, "The billing run", "supervisor"),
            )
        refuse_closed_or_future(session, desk)
        run_id, resumed = _open_run(session, desk)
        low, high = account_bounds(session)
    for first, last in chunks(low, high, CHUNK):
        if cancelled():
            raise Cancelled
        _bill_chunk(database, desk, run_id, first, last, tally)
        progress(last - low + 1, high - low + 1)
    with database.write() as session:
        execute(
            session,
            "UPDATE run SET state = 'done', finished_at = ?, through_action_id = (SELECT coalesce(max(id), 0) FROM action) "
            "WHERE id = ?",
            desk.now(),
            run_id,
        )
        if resumed:
            return _totals_of_run(session, run_id, tally)
        return tally.totals(_without_empty_repetition(session, desk, run_id, tally))


def _without_empty_repetition(session: Session, desk: Desk, run_id: int, tally: _Tally) -> int:
    """A run made again that found nothing to bill leaves no trace beside the one that billed its date."""
    if tally.invoices:
        return run_id
    earlier = fetch_value(
        session, "SELECT max(id) FROM run WHERE what = 'billing' AND business_date = ? AND id < ?", desk.on, run_id
    )
    if earlier is None:
        return run_id
    execute(session, "DELETE FROM run WHERE id = ?", run_id)
    return int(earlier)


def _totals_of_run(session: Session, run_id: int, tally: _Tally) -> BillingTotals:
    """What the whole run billed, the part before it was cut off included."""
    row = fetch_one(session, "SELECT accounts, documents, cents FROM run WHERE id = ?", run_id)
    assert row is not None
    by_kind = {
        kind: (lines, cents)
        for kind, lines, cents in fetch(
            session,
            "SELECT l.kind, count(*), sum(l.cents) FROM invoice i JOIN line l ON l.invoice_id = i.id "
            "WHERE i.run_id = ? GROUP BY l.kind ORDER BY l.kind",
            run_id,
        )
    }
    return BillingTotals(run_id, row.accounts, row.documents, row.cents, by_kind, tuple(tally.parked))


def _stopped_run(session: Session, desk: Desk) -> int | None:
    found = "SELECT id FROM run WHERE what = 'billing' AND state = 'running' AND business_date = ?"
    return cast("int | None", fetch_value(session, found, desk.on))


def _open_run(session: Session, desk: Desk) -> tuple[int, bool]:
    """The run to make, and whether it is one of this date that was cut off and is taken up again.

    A run of an earlier date that was cut off ends here: this one bills what it left.
    """
    execute(
        session,
        "UPDATE run SET state = 'done', finished_at = ?, through_action_id = (SELECT coalesce(max(id), 0) FROM action) "
        "WHERE what = 'billing' AND state = 'running' AND business_date < ?",
        desk.now(),
        desk.on,
    )
    found = _stopped_run(session, desk)
    if found is not None:
        return found, True
    run_id = insert_with_id(
        session,
        "run",
        what="billing",
        business_date=desk.on,
        state="running",
        started_at=desk.now(),
        finished_at=None,
        actor=desk.actor,
        accounts=0,
        documents=0,
        cents=0,
        through_action_id=0,
    )
    return run_id, False


def _bill_chunk(database: Database, desk: Desk, run_id: int, first: int, last: int, tally: _Tally) -> None:
    trial = _Tally()
    try:
        with quiet_collector(), database.write() as session:
            _bill_range(session, desk, run_id, first, last, trial)
    except OfficeFileError:
        raise  # the disk or the file, not an account: nothing of this chunk was written
    except Exception:
        log.exception("billing accounts %s to %s failed; retrying one by one", first, last)
        _bill_one_by_one(database, desk, run_id, first, last, tally)
        return
    _merge(tally, trial)


def _bill_one_by_one(database: Database, desk: Desk, run_id: int, first: int, last: int, tally: _Tally) -> None:
    with database.read() as session:
        ids = [row[0] for row in fetch(session, "SELECT id FROM account WHERE id BETWEEN ? AND ?", first, last)]
    for account_id in ids:
        trial = _Tally()
        try:
            with database.write() as session:
                _bill_range(session, desk, run_id, account_id, account_id, trial)
        except OfficeFileError:
            raise
        except Exception as error:
            log.exception("billing account %s failed; parked", account_id)
            reason = _reason(error)
            tally.parked.append((account_id, reason))
            with database.write() as session:
                act = begin(session, desk, "park-account")
                standing.list_exception(session, act, account_id, standing.BILLING_FAILED, reason)
            continue
        _merge(tally, trial)


def _reason(error: Exception) -> str:
    """Why an account could not be billed, in a sentence; the log has the whole."""
    if isinstance(error, UserError):
        return error.message
    if isinstance(error, REFUSED_ROW):
        return f"The database refused a row, so nothing was billed: {getattr(error, 'orig', error)}."
    return f"Not billed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}."[:500]


def _merge(into: _Tally, other: _Tally) -> None:
    into.accounts += other.accounts
    into.invoices += other.invoices
    into.lines.update(other.lines)
    into.cents_by_kind.update(other.cents_by_kind)
