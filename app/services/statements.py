"""What each account's statement says, read in bulk, as of a billing run: a reprint says the same (ADV-4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, fetch_named, fetch_one, fetch_tuples, fetch_value, parse_day, reading_once
from app.money import format_cents
from app.periods import month_start, next_month_start
from app.services.documents.content import ActivityLine, Aging, ChargeLine, Office, StatementContent
from app.services.office import office_form

CHUNK = 500
AGE_LIMITS = (30, 60, 90)
METHOD_NAMES = {"card": "card", "echeck": "bank account", "bank-draft": "bank account"}


class StatementRun(NamedTuple):
    """A billing run seen as a statement run.

    `after` and `through` are action ids: documents up to `after` were on the statements of the month before,
    those after `through` belong to the next ones. `first_of_month`: accounts that only owe get one too.
    """

    run_id: int
    on: date
    after: int
    through: int
    first_of_month: bool


def statement_run(session: Session, run_id: int) -> StatementRun:
    """The statements of a finished billing run. Raises UserError for an unknown or unfinished one."""
    row = fetch_one(
        session, "SELECT business_date, state, through_action_id FROM run WHERE id = ? AND what = 'billing'", run_id
    )
    if row is None or row.state != "done":
        raise UserError("Statements are made from a finished billing run; choose one.", field="run")
    on = parse_day(row.business_date)
    # Of the month before, the first run that billed something made everybody's statements; later ones only
    # those of the accounts that they billed.
    before = fetch_value(
        session,
        f"SELECT min(through_action_id) FROM run WHERE {_BILLED} AND substr(business_date, 1, 7) = "
        f"(SELECT max(substr(business_date, 1, 7)) FROM run WHERE {_BILLED} AND business_date < ?)",
        month_start(on),
    )
    earlier = fetch_value(
        session,
        f"SELECT 1 FROM run WHERE {_BILLED} AND business_date >= ? AND through_action_id < ? LIMIT 1",
        month_start(on),
        row.through_action_id,
    )
    return StatementRun(run_id, on, before or 0, row.through_action_id, not earlier)


_BILLED = "what = 'billing' AND state = 'done' AND documents > 0"


def latest_billing_run(session: Session) -> int:
    """The last finished billing run that billed a month's cycle, else the last that billed anything.

    A run of another day may have billed a few members only. Raises UserError when nothing was billed yet.
    """
    newest = f"SELECT id FROM run WHERE {_BILLED} {{}} ORDER BY id DESC LIMIT 1"
    cycle = "AND EXISTS (SELECT 1 FROM invoice i WHERE i.run_id = run.id AND i.what = 'cycle')"
    found = fetch_value(session, newest.format(cycle)) or fetch_value(session, newest.format(""))
    if found is None:
        raise UserError("No month has been billed yet; make the billing run first.", field="run")
    return int(found)


def paper_office(session: Session) -> Office:
    """The office as the paper shows it."""
    form = office_form(session)
    return Office(
        form.name,
        form.address,
        form.phone,
        form.email,
        form.website,
        form.bank_name,
        form.bank_routing,
        form.bank_account_last4,
    )


class StatementAccount(NamedTuple):
    """An account that gets a statement, and how."""

    account_id: int
    number: str
    name: str
    email: str
    delivery: str


# What moved an account's balance after a run was made.
_LATER = """
SELECT account_id, total_cents AS cents FROM invoice WHERE action_id > :through
UNION ALL SELECT account_id, -cents FROM credit WHERE action_id > :through AND kind <> 'credit-memo'
UNION ALL SELECT p.account_id, p.cents FROM payment_reversal r JOIN payment p ON p.id = r.payment_id
  WHERE r.action_id > :through
UNION ALL SELECT account_id, cents FROM refund WHERE action_id > :through
UNION ALL SELECT f.account_id, -f.cents FROM refund_void v JOIN refund f ON f.id = v.refund_id WHERE v.action_id > :through
"""


def _accounts_sql(columns: str) -> str:
    return (
        f"WITH later AS (SELECT account_id, sum(cents) AS cents FROM ({_LATER}) GROUP BY account_id) "
        f"SELECT {columns} FROM account a LEFT JOIN later ON later.account_id = a.id "
        "WHERE a.id IN (SELECT account_id FROM invoice WHERE run_id = :run) "
        "OR (:owing = 1 AND a.balance_cents - coalesce(later.cents, 0) > 0 AND EXISTS "
        "(SELECT 1 FROM invoice i WHERE i.account_id = a.id AND i.action_id <= :through)) ORDER BY a.id"
    )


def _accounts_values(run: StatementRun) -> dict[str, int]:
    return {"run": run.run_id, "through": run.through, "owing": int(run.first_of_month)}


def statement_accounts(session: Session, run: StatementRun) -> list[StatementAccount]:
    """Accounts billed by the run, and those that owed something then: in the order in which they are printed."""
    rows = fetch_named(session, _accounts_sql("a.id, a.number, a.name, a.email, a.delivery"), _accounts_values(run))
    return [StatementAccount(*row) for row in rows]


def statement_account_ids(session: Session, run: StatementRun) -> list[int]:
    """As `statement_accounts`, the ids alone: little memory however many they are."""
    with reading_once(session):
        return [row[0] for row in fetch_named(session, _accounts_sql("a.id"), _accounts_values(run))]


def statement_amounts(session: Session, run: StatementRun) -> dict[int, int]:
    """What each statement of the run says is owed, in cents (negative: a credit), by account."""
    rows = fetch_named(session, _accounts_sql("a.id, a.balance_cents - coalesce(later.cents, 0)"), _accounts_values(run))
    return {row[0]: row[1] for row in rows}


def contents(session: Session, run: StatementRun, account_ids: Sequence[int]) -> Iterator[StatementContent]:
    """The statements of some accounts (ascending ids), read a chunk at a time; memory does not grow."""
    reader = _Reader(session, run)
    for start in range(0, len(account_ids), CHUNK):
        yield from reader.chunk(account_ids[start : start + CHUNK])


class _Facts(NamedTuple):
    """What was read for a chunk, by account."""

    invoices: dict[int, list[Any]]
    lines: dict[int, list[Any]]
    credits: dict[int, list[Any]]
    undone: dict[int, list[Any]]
    refunds: dict[int, list[Any]]


class _Reader:
    """Reads the statements of one run. What happened after the run is taken back out, so a reprint agrees."""

    def __init__(self, session: Session, run: StatementRun) -> None:
        self.session = session
        self.run = run
        self.message = office_form(session).statement_message
        billed = next_month_start(run.on)
        self.period = f"{billed:%B} {billed.year}"
        self.through_of_run = {
            row[0]: row[1]
            for row in fetch_tuples(
                session, "SELECT id, through_action_id FROM run WHERE what = 'billing' AND state <> 'reversed'"
            )
        }
        # An invoice taken back, and what took it back, cancel out: with both in one period neither is shown.
        self.cancelled_out = {
            invoice_id
            for row in fetch_tuples(
                session,
                "SELECT r.invoice_id, r.by_invoice_id FROM invoice_reversal r JOIN invoice i ON i.id = r.invoice_id "
                "WHERE i.action_id > ? AND r.action_id <= ?",
                run.after,
                run.through,
            )
            for invoice_id in row
        }
        # Applications recorded after the run, by invoice: usually few or none.
        self.applied_later: defaultdict[int, int] = defaultdict(int)
        for invoice_id, cents in fetch_tuples(
            session,
            "SELECT invoice_id, sum(cents) FROM allocation WHERE action_id > ? "
            "AND invoice_id IS NOT NULL GROUP BY invoice_id",
            run.through,
        ):
            self.applied_later[invoice_id] = cents

    def chunk(self, account_ids: Sequence[int]) -> Iterator[StatementContent]:
        """The statements of some accounts."""
        first, last = account_ids[0], account_ids[-1]
        wanted = set(account_ids)
        facts = self._facts(first, last)
        for row in fetch_tuples(
            self.session,
            "SELECT id, number, name, address, autopay, method_label, authorized_on, balance_cents FROM account "
            "WHERE id BETWEEN ? AND ? ORDER BY id",
            first,
            last,
        ):
            if row[0] in wanted:
                content = self._content(row, facts)
                if content is not None:
                    yield content

    def _facts(self, first: int, last: int) -> _Facts:
        run, session = self.run, self.session
        invoices = _by_account(
            fetch_tuples(
                session,
                "SELECT account_id, id, issued_on, due_on, total_cents, open_cents, what, run_id, action_id FROM invoice "
                "WHERE account_id BETWEEN ? AND ? AND (action_id > ? OR open_cents > 0) ORDER BY id",
                first,
                last,
                # What was paid since the run was open then: a reprint looks at older invoices too.
                -1 if self.applied_later else run.after,
            )
        )
        shown = [row[1] for rows in invoices.values() for row in rows if row[8] > run.after]
        lines: defaultdict[int, list[Any]] = defaultdict(list)
        if shown:
            for line in fetch_tuples(
                session,
                "SELECT invoice_id, period_from, period_to, description, cents FROM line "
                "WHERE invoice_id BETWEEN ? AND ? ORDER BY invoice_id, n",
                min(shown),
                max(shown),
            ):
                lines[line[0]].append(line)
        credits = fetch_tuples(
            session,
            "SELECT account_id, business_date, description, cents, kind, action_id FROM credit "
            "WHERE account_id BETWEEN ? AND ? AND action_id > ? AND kind <> 'credit-memo' ORDER BY id",
            first,
            last,
            run.after,
        )
        undone = fetch_tuples(
            session,
            "SELECT p.account_id, r.business_date, r.state, p.check_number, p.cents, r.action_id FROM payment_reversal r "
            "JOIN payment p ON p.id = r.payment_id WHERE r.action_id > ? AND p.account_id BETWEEN ? AND ? "
            "ORDER BY r.action_id",
            run.after,
            first,
            last,
        )
        refunds = fetch_tuples(
            session,
            "SELECT f.account_id, f.id, f.business_date, f.cents, "
            "f.cents - coalesce((SELECT sum(cents) FROM allocation a WHERE a.refund_id = f.id AND a.action_id <= ?), 0), "
            "f.action_id, v.business_date, v.action_id FROM refund f LEFT JOIN refund_void v ON v.refund_id = f.id "
            "WHERE f.account_id BETWEEN ? AND ? ORDER BY f.id",
            run.through,
            first,
            last,
        )
        return _Facts(invoices, lines, _by_account(credits), _by_account(undone), _by_account(refunds))

    def _content(self, account: Sequence[Any], facts: _Facts) -> StatementContent | None:
        account_id, number, name, address, autopay, label, authorized_on, balance = account
        run = self.run
        billed: list[Any] = []
        activity: list[ActivityLine] = []
        later = 0
        buckets, past_due = [0, 0, 0, 0, 0], 0
        after = self._shown_before(facts.invoices.get(account_id, ()))
        for row in facts.invoices.get(account_id, ()):
            _, invoice_id, issued_on, due_on, total, open_cents, what, run_id, action_id = row
            if action_id > run.through:
                later += total
                continue
            open_then = open_cents + self.applied_later.get(invoice_id, 0) if self.applied_later else open_cents
            if open_then:
                age = (run.on - parse_day(due_on)).days
                buckets[_bucket(age)] += open_then
                past_due += open_then if age > 0 else 0
            if run_id == run.run_id:
                billed.append(row)  # a service ended on the run's day makes an invoice of its own
            elif action_id > after and what != "opening" and invoice_id not in self.cancelled_out:
                day = parse_day(issued_on)
                activity += [ActivityLine(day, line[3], line[4]) for line in facts.lines.get(invoice_id, ())]
        for _, on, description, cents, kind, action_id in facts.credits.get(account_id, ()):
            if action_id > run.through:
                later -= cents
            elif kind != "opening" and action_id > after:
                activity.append(ActivityLine(parse_day(on), description, -cents))
        for _, on, state, check_number, cents, action_id in facts.undone.get(account_id, ()):
            if action_id > run.through:
                later += cents
            elif action_id > after:
                said = f"Payment {state}{', check ' + check_number if check_number else ''}"
                activity.append(ActivityLine(parse_day(on), said, cents))
        later += self._refund_activity(facts.refunds.get(account_id, ()), activity, buckets, after)
        balance -= later
        number_of_statement: int | None = billed[-1][1] if billed else self._newest_invoice(account_id)
        if number_of_statement is None or (not billed and balance <= 0):
            return None
        activity.sort(key=lambda line: line.on)
        charges = tuple(
            ChargeLine(day_or_none(line[1]), day_or_none(line[2]), line[3], line[4])
            for row in billed
            for line in facts.lines[row[1]]
        )
        new = sum([charge.cents for charge in charges])
        before = balance - new - sum([line.cents for line in activity])
        if balance < 0:
            buckets[0] += balance
        return StatementContent(
            number,
            name,
            tuple(address.split("\n")) if address else (),
            number_of_statement,
            run.on,
            parse_day(billed[-1][3]) if billed else run.on,
            self.period,
            before,
            tuple(activity),
            charges,
            new,
            balance,
            past_due,
            Aging(*buckets),
            self._message(past_due),
            _autopay_sentence(autopay, label, authorized_on, balance, run.on),
        )

    def _newest_invoice(self, account_id: int) -> int | None:
        found: int | None = fetch_value(
            self.session,
            "SELECT max(id) FROM invoice WHERE account_id = ? AND action_id <= ?",
            account_id,
            self.run.through,
        )
        return found

    def _shown_before(self, invoices: Iterable[Any]) -> int:
        """The last action on the account's last statement: of the month's main run, or of a later one that billed it."""
        after = self.run.after
        for row in invoices:
            run_id, action_id = row[7], row[8]
            if run_id is not None and run_id != self.run.run_id and action_id <= self.run.through:
                after = max(after, self.through_of_run.get(run_id, 0))
        return after

    def _refund_activity(self, refunds: Iterable[Any], activity: list[ActivityLine], buckets: list[int], after: int) -> int:
        """Refund checks and voids of the period; returns the cents that came after the run."""
        run, later = self.run, 0
        for _, _, on, cents, open_then, action_id, void_on, void_action in refunds:
            if action_id > run.through:
                later += cents
            else:
                # A refund whose payment came back is owed, but never past due (ADV-9).
                if void_action is None or void_action > run.through:
                    buckets[0] += open_then
                if action_id > after:
                    activity.append(ActivityLine(parse_day(on), "Refund check", cents))
            if void_action is not None and void_action > run.through:
                later -= cents
            elif void_action is not None and void_action > after:
                activity.append(ActivityLine(parse_day(void_on), "Refund check void", -cents))
        return later

    def _message(self, past_due: int) -> str:
        if past_due:
            return (
                f"${format_cents(past_due)} of your balance is past due. Please pay it now, or call us to make "
                "arrangements; services of past-due accounts are suspended."
            )
        return self.message


def _autopay_sentence(autopay: str, label: str, authorized_on: str | None, balance: int, on: date) -> str | None:
    if autopay == "none" or authorized_on is None or balance <= 0:
        return None
    return f"Your {label or METHOD_NAMES[autopay]} will be charged ${format_cents(balance)} on {on:%B} {on.day}."


def _bucket(days_past_due: int) -> int:
    if days_past_due <= 0:
        return 0
    return 1 + sum(days_past_due > limit for limit in AGE_LIMITS)


def _by_account(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found
