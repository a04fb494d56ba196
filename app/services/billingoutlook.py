"""Before a month is billed: which month a run of the day bills, what speaks against it, and the runs made so far."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, fetch_one, fetch_value, parse_day
from app.periods import add_months, month_start
from app.services import billing
from app.services.billingcompare import month_before
from app.services.desk import closed_through
from app.services.exceptions import OpenException, open_exceptions
from app.services.officeday import day_state
from app.services.policies.advance import adv_1_cycle_bills_through, adv_3_cycle_due_on
from app.services.policies.policyfile import AdvancePolicy
from app.services.standing import BILLING_FAILED, CHANGE_FAILED
from app.services.terms import policies_on

RUNNING, DONE, REVERSED = "running", "done", "reversed"


class RunLine(NamedTuple):
    """A billing run. `started_at` is a UTC instant; `cents` is what it billed; `sent_on`: the last day on which
    statements of it were printed or e-mailed, None when none were.

    `note` says who reversed it, when and why; empty for a run that stands.
    """

    id: int
    on: date
    state: str
    started_at: datetime
    actor: str
    accounts: int
    invoices: int
    cents: int
    sent_on: date | None
    note: str = ""


class BillingOutlook(NamedTuple):
    """What a run of the business date `on` would do, before anything is computed.

    `month` is the first day of the cycle's month, `through` the last day of service that it bills, `due_on` when
    its invoices are due. `accounts_left`: accounts whose cycle of the month is not done. `refusal` says why no run
    can be made on that day (empty: it can); `warnings` are sentences to read first.
    """

    on: date
    month: date
    through: date
    due_on: date
    accounts_left: int
    accounts_done: int
    changes_due: bool
    refusal: str
    warnings: tuple[str, ...]
    runs: tuple[RunLine, ...]
    exceptions: tuple[OpenException, ...]

    @property
    def is_billed(self) -> bool:
        """Whether the month was billed and no account is left."""
        return self.accounts_left == 0 and self.accounts_done > 0


def billing_outlook(session: Session, on: date, today: date) -> BillingOutlook:
    """The outlook of a business date; `today` is the calendar's day."""
    month = month_start(on)
    left, done = fetch_one(
        session,
        "SELECT coalesce(sum(cycle_done IS NULL OR cycle_done < ?), 0), coalesce(sum(cycle_done >= ?), 0) "
        "FROM account WHERE status <> 'closed' AND opened_on <= ?",
        month,
        month,
        on,
    ) or (0, 0)
    runs = tuple(billing_runs(session))
    days_left = next(
        (policy.late_run_days_left for policy in policies_on(session, on) if isinstance(policy, AdvancePolicy)), 0
    )
    return BillingOutlook(
        on,
        month,
        adv_1_cycle_bills_through(on),
        adv_3_cycle_due_on(on, days_left),
        left,
        done,
        billing.changes_are_due(session, on),
        _refusal(session, on, today),
        tuple(_warnings(session, on, left, done, runs)),
        runs,
        tuple(item for item in open_exceptions(session) if item.code in (BILLING_FAILED, CHANGE_FAILED)),
    )


def billing_runs(session: Session) -> list[RunLine]:
    """Every billing run, the latest first; one that was cut off is in state `running`."""
    rows = fetch(
        session,
        "SELECT r.id, r.business_date, r.state, r.started_at, r.actor, r.accounts, r.documents, r.cents, "
        "(SELECT max(a.business_date) FROM statement_print p JOIN action a ON a.id = p.action_id WHERE p.run_id = r.id) "
        "FROM run r WHERE r.what = 'billing' ORDER BY r.id DESC",
    )
    return [
        RunLine(
            row[0],
            parse_day(row[1]),
            row[2],
            datetime.fromisoformat(f"{row[3]}+00:00"),
            row[4],
            row[5],
            row[6],
            row[7],
            day_or_none(row[8]),
            _reversed_by(session, row[0]) if row[2] == REVERSED else "",
        )
        for row in rows
    ]


def _reversed_by(session: Session, run_id: int) -> str:
    found = fetch_one(
        session,
        "SELECT a.business_date, a.actor, a.reason FROM action a WHERE a.id = (SELECT r.action_id FROM invoice i "
        "JOIN invoice_reversal r ON r.invoice_id = i.id WHERE i.run_id = ? LIMIT 1)",
        run_id,
    )
    return "" if found is None else f"reversed {parse_day(found[0]):%m/%d/%Y} by {found[1]}: {found[2]}"


def _refusal(session: Session, on: date, today: date) -> str:
    closed = closed_through(session)
    if closed is not None and on <= closed:
        return f"{on:%m/%d/%Y} is closed; choose a later business date to bill (Ctrl+D)."
    if on > today:
        return f"{on:%m/%d/%Y} has not come yet; nothing can be billed before its day."
    return ""


def _warnings(session: Session, on: date, left: int, done: int, runs: tuple[RunLine, ...]) -> list[str]:
    found = []
    for run in runs:
        if run.state == RUNNING:
            found.append(
                f"A run of {run.on:%m/%d/%Y} by {run.actor} was cut off after {run.accounts:,} accounts. "
                "Make the run again: it bills the rest, and nobody twice."
            )
    of_month = [run for run in runs if month_start(run.on) == month_start(on) and run.state == DONE and run.invoices]
    if of_month and left:
        found.append(
            f"{on:%B} was billed on {of_month[-1].on:%m/%d/%Y}. A run now bills only the "
            f"{left:,} account{'' if left == 1 else 's'} whose cycle of {on:%B} is not done."
        )
    elif done and not left:
        found.append(f"The cycle of {on:%B %Y} is done for every account; there is nothing left to bill until the 1st.")
    elif on.day > 1:
        found.append(f"The cycle of {on:%B} belongs to the 1st. Run today, its invoices are dated {on:%m/%d/%Y}.")
    found += _missed(session, on)
    unposted = day_state(session, on).unposted
    if left and unposted:
        found.append(
            "1 check of the mail is not posted yet: post it first, or who sent it may be charged a late fee."
            if unposted == 1
            else f"{unposted:,} checks of the mail are not posted yet: post them first, "
            "or who sent them may be charged a late fee."
        )
    return found


def _missed(session: Session, on: date) -> list[str]:
    """Months that nobody billed between the last run and this one: this run catches them up (ADV-1)."""
    before = month_before(session, on)
    if before is None or add_months(before, 1) >= month_start(on):
        return []
    if fetch_value(session, "SELECT 1 FROM account WHERE status <> 'closed' AND cycle_done > ? LIMIT 1", before):
        return []
    first = add_months(before, 1)
    return [f"Nothing was billed for the cycle of {first:%B %Y}; this run catches it up, on one invoice an account."]
