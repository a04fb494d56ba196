"""What the billing run would bill each account, against what the last month's cycle billed it.

The drafts are the preview's own, seen a range of accounts at a time, so that nothing is computed twice and
only the accounts that differ are kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import Progress, fetch_tuples, fetch_value, no_progress, parse_day
from app.models.database import Database
from app.money import format_cents
from app.periods import month_end, month_start
from app.services import billing
from app.services.billing import BillingTotals
from app.services.desk import Desk
from app.services.policies.clause import InvoiceDraft

NEW, GONE, CHANGED = "new", "gone", "changed"
_WORDS = {
    "recurring": "services",
    "paper-statement": "paper statement",
    "late-fee": "late fee",
    "work": "work",
    "credit-unused": "unused services",
}


class Difference(NamedTuple):
    """An account that is billed otherwise than in the month compared with; amounts in cents.

    `what` is new, gone or changed; `why` says what makes the difference.
    """

    account_id: int
    number: str
    name: str
    what: str
    before_cents: int
    now_cents: int
    why: str

    @property
    def change_cents(self) -> int:
        """How much more it is billed than before; negative when less."""
        return self.now_cents - self.before_cents


class KindTotal(NamedTuple):
    """A kind of charge: lines and cents of this month's cycle, and the cents of the month compared with."""

    kind: str
    lines: int
    cents: int
    before_cents: int


class ParkedAccount(NamedTuple):
    """An account that the run would leave out, with the reason."""

    account_id: int
    number: str
    name: str
    reason: str


class BillingPreview(NamedTuple):
    """What the run of a day would bill, and how that differs from the last month that was billed.

    `compared_with`: first day of that month, None when no month was billed before (then nothing differs).
    `by_kind` counts what the run would bill; `cycle_cents` and `differences` take what this month's cycle billed
    already as well, so that they still say something when a part of the accounts, or all, are done.
    """

    totals: BillingTotals
    by_kind: tuple[KindTotal, ...]
    parked: tuple[ParkedAccount, ...]
    compared_with: date | None
    before_cents: int
    cycle_cents: int
    same: int
    differences: tuple[Difference, ...]


class _Month(NamedTuple):
    """The days between which a month's cycle invoices are dated, and the newest invoice that counts (its id)."""

    first: date
    last: date
    through_invoice: int


# Cycle invoices that still stand, by account: reversed ones are as if they had never been billed.
_CYCLE = (
    "SELECT i.account_id, sum(i.total_cents) FROM invoice i LEFT JOIN invoice_reversal r ON r.invoice_id = i.id "
    "WHERE i.account_id BETWEEN ? AND ? AND i.what = 'cycle' AND i.issued_on BETWEEN ? AND ? AND i.id <= ? "
    "AND r.invoice_id IS NULL GROUP BY i.account_id"
)
_CYCLE_KINDS = (
    "SELECT i.account_id, l.kind, sum(l.cents) FROM invoice i JOIN line l ON l.invoice_id = i.id "
    "LEFT JOIN invoice_reversal r ON r.invoice_id = i.id WHERE i.account_id BETWEEN ? AND ? AND i.what = 'cycle' "
    "AND i.issued_on BETWEEN ? AND ? AND i.id <= ? AND r.invoice_id IS NULL GROUP BY i.account_id, l.kind"
)


def month_before(session: Session, on: date) -> date | None:
    """First day of the last month before that of `on` whose cycle was billed; None when there is none."""
    found = fetch_value(
        session,
        "SELECT max(business_date) FROM run WHERE what = 'billing' AND state <> 'reversed' AND documents > 0 "
        "AND business_date < ?",
        month_start(on),
    )
    return None if found is None else month_start(parse_day(found))


def compare(
    database: Database,
    desk: Desk,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> BillingPreview:
    """The preview of the desk's date (`billing.preview`) with its difference against the month before.

    Writes nothing. Raises UserError for a day that is closed or has not come, Cancelled when asked to stop.
    """
    with database.read() as session:
        newest = fetch_value(session, "SELECT coalesce(max(id), 0) FROM invoice")
        base = month_before(session, desk.on)
    watcher = _Watcher(desk.on, base, newest)
    totals = billing.preview(database, desk, progress, cancelled, watcher.see)
    with database.read() as session:
        parked = tuple(_parked(session, totals))
    by_kind = tuple(
        KindTotal(kind, *totals.by_kind.get(kind, (0, 0)), watcher.before_by_kind[kind])
        for kind in sorted(
            {*totals.by_kind, *watcher.before_by_kind}, key=lambda kind: (-totals.by_kind.get(kind, (0, 0))[1], kind)
        )
    )
    return BillingPreview(
        totals,
        by_kind,
        parked,
        base,
        watcher.before_cents,
        watcher.cycle_cents,
        watcher.same,
        tuple(watcher.differences),
    )


def _parked(session: Session, totals: BillingTotals) -> list[ParkedAccount]:
    found = []
    for account_id, reason in totals.parked:
        number, name = fetch_tuples(session, "SELECT number, name FROM account WHERE id = ?", account_id)[0]
        found.append(ParkedAccount(account_id, number, name, reason))
    return found


class _Watcher:
    """Compares range by range what the preview drafts with what the month before was billed."""

    def __init__(self, on: date, base: date | None, newest_invoice: int) -> None:
        self.on = on
        self.month = _Month(month_start(on), month_end(on), newest_invoice)
        self.base = None if base is None else _Month(base, month_end(base), newest_invoice)
        self.before_by_kind: Counter[str] = Counter()
        self.before_cents = self.cycle_cents = self.same = 0
        self.differences: list[Difference] = []

    def see(self, session: Session, first: int, last: int, drafts: Sequence[InvoiceDraft]) -> None:
        """One range of accounts, in the preview's own transaction."""
        now: defaultdict[int, int] = defaultdict(int)
        drafted: defaultdict[int, list[InvoiceDraft]] = defaultdict(list)
        for draft in drafts:
            if draft.what == "cycle":  # a closing invoice is the end of an account, not its month
                drafted[draft.account_id].append(draft)
                now[draft.account_id] += draft.total_cents
        for account_id, cents in fetch_tuples(session, _CYCLE, first, last, *self.month):
            now[account_id] += cents
        self.cycle_cents += sum(now.values())
        if self.base is None:
            return
        before = dict(fetch_tuples(session, _CYCLE, first, last, *self.base))
        self.before_cents += sum(before.values())
        kinds_before = _kinds(session, first, last, self.base)
        for kinds in kinds_before.values():
            self.before_by_kind.update(kinds)
        differing = [i for i in sorted({*now, *before}) if now.get(i) != before.get(i)]
        self.same += len({*now, *before}) - len(differing)
        if not differing:
            return
        kinds_now = _kinds(session, first, last, self.month)
        for account_id in differing:
            kinds = kinds_now.setdefault(account_id, Counter())
            for draft in drafted.get(account_id, ()):
                for charge in draft.charges:
                    kinds[charge.kind] += charge.cents
        self._keep(session, differing, before, now, kinds_before, kinds_now)

    def _keep(
        self,
        session: Session,
        differing: Sequence[int],
        before: dict[int, int],
        now: dict[int, int],
        kinds_before: dict[int, Counter[str]],
        kinds_now: dict[int, Counter[str]],
    ) -> None:
        known = {
            row[0]: row
            for row in fetch_tuples(
                session,
                "SELECT id, number, name, status, opened_on, closed_on, (SELECT max(last_day) FROM service s "
                "WHERE s.account_id = account.id) FROM account WHERE id BETWEEN ? AND ?",
                differing[0],
                differing[-1],
            )
        }
        for account_id in differing:
            _, number, name, status, opened_on, closed_on, last_day = known[account_id]
            if account_id not in before:
                what, why = NEW, _why_new(parse_day(opened_on), self.base, self.month)
            elif account_id not in now:
                what, why = GONE, _why_gone(status, closed_on, last_day)
            else:
                what = CHANGED
                why = _why_changed(kinds_before.get(account_id, Counter()), kinds_now.get(account_id, Counter()))
            self.differences.append(
                Difference(account_id, number, name, what, before.get(account_id, 0), now.get(account_id, 0), why)
            )


def _kinds(session: Session, first: int, last: int, month: _Month) -> dict[int, Counter[str]]:
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for account_id, kind, cents in fetch_tuples(session, _CYCLE_KINDS, first, last, *month):
        found[account_id][kind] += cents
    return found


def _why_new(opened_on: date, base: _Month | None, month: _Month) -> str:
    if base is not None and base.first <= opened_on:
        return f"first cycle since it was opened on {opened_on:%m/%d/%Y}"
    return f"the cycle of {base.first:%B %Y} billed it nothing" if base is not None else ""


def _why_gone(status: str, closed_on: str | None, last_day: str | None) -> str:
    if status == "closed":
        return "account closed" if closed_on is None else f"account closed, last day {parse_day(closed_on):%m/%d/%Y}"
    if last_day is not None:
        return f"services ended, the last one on {parse_day(last_day):%m/%d/%Y}"
    return "nothing to bill"


def _why_changed(before: Counter[str], now: Counter[str]) -> str:
    """`services -12.00, late fee +10.00`: the kinds that changed, the largest change first."""
    changes = {kind: now[kind] - before[kind] for kind in {*before, *now}}
    ordered = sorted((kind for kind in changes if changes[kind]), key=lambda kind: (-abs(changes[kind]), kind))
    return ", ".join(
        f"{_WORDS.get(kind, kind)} {'+' if changes[kind] > 0 else ''}{format_cents(changes[kind])}" for kind in ordered
    )
