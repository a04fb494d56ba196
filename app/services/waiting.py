"""What waits in the office on a business date, in the order of the day.

Everything is counted by set-based queries on the indexes there are: an office of 100,000 accounts with a year
of entries is asked in well under a second. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_value, parse_day
from app.money import format_cents
from app.periods import ONE_DAY, month_start
from app.services import autopay, checks, deposits, exceptions, loading, outstanding, paperreceipts, standing
from app.services.desk import closed_through
from app.services.membersignup import waiting_for_work
from app.services.policies.arrangements import arrangement_kept
from app.services.policies.conduct import adv_9_last_refund_date
from app.services.terms import refund_days
from app.services.waitingwords import LISTED

INSTALMENT_DAYS_AHEAD = 7
REMINDERS_SHOWN = 20


class Waiting(NamedTuple):
    """Something that waits: `how_many` of it, and the amount in cents where there is one.

    `detail` says more in a sentence; `since` is the business date from which it has waited. `page` is where it is
    done and `where` what that page is to show, as (name, value) pairs.
    """

    key: str
    title: str
    detail: str
    how_many: int
    cents: int | None
    since: date | None
    page: str
    where: tuple[tuple[str, int | str], ...] = ()


def what_waits(session: Session, on: date) -> list[Waiting]:
    """Everything that waits on the business date `on`, in the order of the day; empty when nothing does."""
    return [
        *_mail(session, on),
        *_money(session, on),
        *_open_days(session, on),
        *_month(session, on),
        *_autopay(session, on),
        *_refunds(session, on),
        *_refund_checks(session, on),
        *_arrangements(session, on),
        *_members(session, on),
        *_exceptions(session, on),
        *_reminders(session, on),
    ]


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _mail(session: Session, on: date) -> Iterator[Waiting]:
    """The checks and batches that keep a day from being closed (ADV-6)."""
    open_batches = checks.batches(session, on, closed_through(session) or date.min)
    unposted = [batch for batch in open_batches if batch.unposted]
    if unposted:
        ids = [batch.id for batch in unposted]
        marks = ", ".join("?" * len(ids))
        row = fetch_one(
            session,
            f"SELECT sum(cents), min(received_on) FROM mail_check WHERE batch_id IN ({marks}) AND state = 'logged'",
            *ids,
        )
        earliest = fetch_value(
            session,
            f"SELECT id FROM mail_check WHERE batch_id IN ({marks}) AND state = 'logged' ORDER BY received_on, id LIMIT 1",
            *ids,
        )
        assert row is not None and earliest is not None, "the batches have unposted checks"
        yield Waiting(
            "unposted",
            "Mail logged and not posted",
            f"In {_plural(len(ids), 'batch', 'batches')}; each check is posted, held or sent back before the day closes",
            sum(batch.unposted for batch in unposted),
            row[0],
            parse_day(row[1]),
            "checks",
            (("mail_check_id", earliest),),
        )
    for batch in open_batches:
        if not batch.is_balanced:
            yield Waiting(
                "out-of-balance",
                f"Batch {batch.id} is out of balance",
                f"{batch.entered_count} of {_plural(batch.expected_count, 'check', 'checks')}, "
                f"{format_cents(batch.entered_cents)} of {format_cents(batch.total_cents)}",
                abs(batch.expected_count - batch.entered_count),
                batch.total_cents - batch.entered_cents,
                batch.received_on,
                "checks",
                (("batch_id", batch.id),),
            )
    held = fetch_one(session, "SELECT count(*), sum(cents), min(received_on) FROM mail_check WHERE state = 'held'")
    if held is not None and held[0]:
        said = "Nobody knows yet whose they are; each is moved to its account once it is known"
        yield Waiting("held", "Checks held", said, held[0], held[1], parse_day(held[2]), "held")


def _money(session: Session, on: date) -> Iterator[Waiting]:
    drawer = deposits.drawer_totals(session)
    if drawer.how_many:
        said = "To be taken to the bank"
        yield Waiting("deposit", "Checks in the drawer", said, drawer.how_many, drawer.cents, drawer.since, "dayclose")
    clearing = fetch_one(
        session,
        "SELECT count(*), sum(cents), min(business_date) FROM payment p WHERE kind <> 'check' AND settled_on IS NULL "
        "AND business_date < ? AND NOT EXISTS (SELECT 1 FROM payment_reversal r WHERE r.payment_id = p.id)",
        on,
    )
    if clearing is not None and clearing[0]:
        yield Waiting(
            "clearing",
            "Cards and E-Checks not in the bank",
            "Say when they have arrived in the bank",
            clearing[0],
            clearing[1],
            parse_day(clearing[2]),
            "dayclose",
            (("part", "clearing"),),
        )


# The next day with entries is looked up in the index each time, so that a month of entries is not read.
_OPEN_DAYS = """
WITH RECURSIVE day(d) AS (
  SELECT min(business_date) FROM entry WHERE business_date > ?1
  UNION ALL SELECT (SELECT min(business_date) FROM entry WHERE business_date > day.d) FROM day WHERE day.d < ?2
) SELECT count(d), min(d) FROM day WHERE d < ?2
"""


def _open_days(session: Session, on: date) -> Iterator[Waiting]:
    """Earlier days that have entries and are not closed; closing any day closes every earlier one (ADV-6)."""
    after = closed_through(session) or date.min
    row = fetch_one(session, _OPEN_DAYS, after, on)
    if row is not None and row[0]:
        yield Waiting(
            "open-days",
            "Earlier days not closed",
            "Receipts wait for the close; closing a later day closes them too",
            row[0],
            None,
            parse_day(row[1]),
            "dayclose",
            (("part", "close"),),
        )


def month_waits(session: Session, on: date) -> bool:
    """Whether the month of a day is not billed yet, or its run was cut off."""
    return next(_month(session, on), None) is not None


def _month(session: Session, on: date) -> Iterator[Waiting]:
    """The month whose cycle has not been billed, or whose run was cut off (ADV-1, BOTH-2)."""
    first = month_start(on)
    begun = fetch_one(
        session,
        "SELECT business_date, accounts FROM run WHERE what = 'billing' AND state = 'running' AND business_date <= ? "
        "ORDER BY business_date, id LIMIT 1",
        on,
    )
    done = fetch_value(
        session,
        "SELECT 1 FROM run WHERE what = 'billing' AND state = 'done' AND business_date BETWEEN ? AND ? LIMIT 1",
        first,
        on,
    )
    cut_off = begun is not None and begun[0] is not None
    if done and not cut_off:
        return
    accounts = fetch_value(
        session,
        "SELECT count(*) FROM account WHERE status <> 'closed' AND opened_on <= ? "
        "AND (cycle_done IS NULL OR cycle_done < ?)",
        on,
        first,
    )
    if not accounts:
        return
    if cut_off and begun is not None:
        title, said = "A billing run was cut off", "Make it again: it finishes, and bills nobody twice"
        yield Waiting("billing", title, said, accounts, None, parse_day(begun[0]), "billing")
        return
    said = "Accounts whose cycle is not done"
    yield Waiting("billing", f"{first:%B} is not billed", said, accounts, None, first, "billing")


def _autopay(session: Session, on: date) -> Iterator[Waiting]:
    """ADV-5: the auto-pay run belongs to the 1st, after the cycle is billed."""
    if not autopay.belongs_to(session, on):
        return
    asked = autopay_due(session, on)
    if asked:
        yield Waiting(
            "autopay",
            "Auto-pay is due",
            "The month is billed; ask the cards and bank accounts now",
            sum(row.how_many for row in asked),
            sum(row.cents for row in asked),
            month_start(on),
            "autopay",
        )


class AutopayMethod(NamedTuple):
    """Whom an auto-pay run of a date would ask by one method: how many accounts, for how many cents in all."""

    method: str
    how_many: int
    cents: int


def autopay_due(session: Session, on: date) -> list[AutopayMethod]:
    """The totals of `autopay.due` by method, counted by the database."""
    rows = fetch(
        session,
        "SELECT autopay, count(*), sum(balance_cents) FROM account a WHERE autopay <> 'none' "
        "AND authorized_on IS NOT NULL AND balance_cents > 0 AND NOT EXISTS (SELECT 1 FROM payment_attempt t "
        "WHERE t.account_id = a.id AND t.business_date = ?) GROUP BY autopay ORDER BY autopay",
        on,
    )
    return [AutopayMethod(*row) for row in rows]


def _refunds(session: Session, on: date) -> Iterator[Waiting]:
    """ADV-9: closed accounts in credit, on a refund date or after one whose run was not made."""
    last = adv_9_last_refund_date(on, refund_days(session, on))
    run = "SELECT 1 FROM run WHERE what = 'refunds' AND business_date >= ? LIMIT 1"
    if last is None or (last < on and fetch_value(session, run, last)):
        return
    row = fetch_one(
        session,
        "SELECT count(*), sum(-balance_cents), min(closed_on) FROM account WHERE status = 'closed' "
        "AND balance_cents < 0 AND address <> '' AND closed_on <= ?",
        last,
    )
    if row is not None and row[0]:
        said = "Today is a refund date" if last == on else f"The run of {last:%m/%d/%Y} was not made"
        yield Waiting("refunds", "Refunds are due", said, row[0], row[1], parse_day(row[2]), "refunds")


def _refund_checks(session: Session, on: date) -> Iterator[Waiting]:
    """BOTH-6: sheets that nobody has confirmed, and checks that are out for longer than banks pay them."""
    out = outstanding.checks_out(session, on)
    sheets = [row for row in out if row.standing == "to-print"]
    old = [row for row in out if row.standing == "old"]
    for rows, key, title, detail, tab in (
        (sheets, "refund-sheets", "Refund checks to print", "Print them and say which sheets are good", "sheets"),
        (old, "refund-checks-old", "Refund checks that nobody cashed", "Stop and reissue, or move to unclaimed", "checks"),
    ):
        if rows:
            cents = sum(row.cents for row in rows)
            yield Waiting(key, title, detail, len(rows), cents, rows[0].issued_on, "refunds", (("tab", tab),))


def _arrangements(session: Session, on: date) -> Iterator[Waiting]:
    """ADV-16: instalments of the coming days, and arrangements that were not kept while something is owed."""
    highest = fetch_value(session, "SELECT max(account_id) FROM arrangement") or 0
    current = loading.arrangements(session, 0, highest, on)
    balances = {
        row[0]: row[1]
        for row in fetch(
            session,
            "SELECT id, balance_cents FROM account WHERE id IN (SELECT account_id FROM arrangement) AND balance_cents > 0",
        )
    }
    last = on + INSTALMENT_DAYS_AHEAD * ONE_DAY
    due = due_cents = broken = broken_cents = 0
    first_due: date | None = None
    first_broken: date | None = None
    for account_id, arrangement in current.items():
        if account_id not in balances or on < arrangement.made_on:
            continue  # an earlier business date knows nothing of it
        # Only an instalment whose date has passed can have been missed; the payments need not be read before.
        judged = arrangement.instalments[0].due_on < on
        paid = loading.payments(session, [account_id])[account_id] if judged else []
        if not arrangement_kept(arrangement, paid, on):
            broken, broken_cents = broken + 1, broken_cents + balances[account_id]
            missed = max(item.due_on for item in arrangement.instalments if item.due_on < on)
            first_broken = min(first_broken or missed, missed)
            continue
        for item in arrangement.instalments:
            if on <= item.due_on < last:
                due, due_cents = due + 1, due_cents + item.cents
                first_due = min(first_due or item.due_on, item.due_on)
    if due:
        said = f"Due from today through {last - ONE_DAY:%m/%d/%Y}"
        yield Waiting("instalments", "Instalments are due", said, due, due_cents, first_due, "collections", _ARRANGED)
    if broken:
        said = "They protect from nothing any more; the amount is what these accounts owe"
        yield Waiting("broken", "Arrangements broken", said, broken, broken_cents, first_broken, "collections", _ARRANGED)


_ARRANGED = (("tab", "arrangements"),)


def _members(session: Session, on: date) -> Iterator[Waiting]:
    """ARR-1: members for whom work is still to be performed in time; those who wait too long are exceptions."""
    how_many, since = waiting_for_work(session, on)
    if how_many:
        said = "New members; the processing fee is charged once work is performed"
        yield Waiting("member-work", "Work to be performed", said, how_many, None, since, "accounts", (("waits", "work"),))


def _exceptions(session: Session, on: date) -> Iterator[Waiting]:
    counts = {row.code: row for row in exceptions.open_counts(session, on)}
    for code, title, detail, page, where in LISTED:
        if code in counts:
            row = counts.pop(code)
            if code == standing.NO_RECEIPT_ADDRESS:
                yield from _receipts(session, on, title, detail, page)
            else:
                yield Waiting(code, title, detail, row.how_many, None, row.since, page, where)
    for code, row in counts.items():
        yield Waiting(
            code,
            code.replace("-", " ").capitalize(),
            "",
            row.how_many,
            None,
            row.since,
            "reports",
            (("report", "exceptions"),),
        )


def _receipts(session: Session, on: date, title: str, detail: str, page: str) -> Iterator[Waiting]:
    """ADV-7: the payments themselves; of an account whose payment was reversed as a mistake nothing is to be done."""
    rows = paperreceipts.missing_receipts(session, on)
    if rows:
        cents = sum(row.cents for row in rows)
        yield Waiting(standing.NO_RECEIPT_ADDRESS, title, detail, len(rows), cents, rows[0].on, page)


def _reminders(session: Session, on: date) -> Iterator[Waiting]:
    """Notes whose day has come; each is a row of its own, up to a number that can be read."""
    rows = fetch(
        session,
        "SELECT n.id, n.account_id, n.body, n.remind_on, a.name, a.balance_cents FROM note n "
        "JOIN account a ON a.id = n.account_id WHERE n.remind_on IS NOT NULL AND n.done_on IS NULL AND n.remind_on <= ? "
        "ORDER BY n.remind_on, n.id LIMIT ?",
        on,
        REMINDERS_SHOWN + 1,
    )
    for row in rows[:REMINDERS_SHOWN]:
        said = " ".join(row.body.split())
        since = parse_day(row.remind_on)
        where = (("account_id", row.account_id), ("kind", "note"), ("document", row.id))
        yield Waiting(f"note-{row.id}", f"Reminder: {row.name}", said, 1, None, since, "account", where)
    if len(rows) > REMINDERS_SHOWN:
        more = (
            fetch_value(
                session,
                "SELECT count(*) FROM note WHERE remind_on IS NOT NULL AND done_on IS NULL AND remind_on <= ?",
                on,
            )
            - REMINDERS_SHOWN
        )
        said = "They come up as the ones above are done"
        yield Waiting("more-notes", "More reminders", said, more, None, None, "accounts")
