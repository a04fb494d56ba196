"""Several clerks at work on one server while a month is billed twice at once and a day is closed: what comes of it.

Each clerk is a process with its own connections, as a PC is. Nobody is told what the others do; at the end the books
must say exactly what the clerks together did.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from app.errors import UserError
from app.models import database, server
from app.models.bulk import Progress, fetch, fetch_value, no_progress
from app.models.database import Database
from app.services import billing, checks, dayclose, payments, search
from app.services.accounts import AccountForm, open_account
from app.services.desk import Desk
from app.services.gateways.mail import NoMail
from app.services.office import OfficeForm, set_up
from app.services.subscriptions import add_service
from app.services.verification import verify_books, verify_trail

OPENED, LAST, MONTH = date(2026, 1, 2), date(2026, 1, 31), date(2026, 2, 1)
PRICE_CENTS = 4_995
# Small, so that clerks come in between many times in a run of a few hundred accounts.
_ACCOUNTS_A_CHUNK = 20
_NAMES = ("Ames", "Baker", "Castellanos", "Dvořák", "Engel", "Foley", "Grant", "Hughes", "Ito", "Jensen")
_TYPED = ("ba", "cast", "dvor", "605-555", "elm", "10", "1-1", "$12", "100001", "jen")


@dataclass
class Shift:
    """What one process did: microseconds by operation, what was refused and why, and the cents that stand by it."""

    microseconds: dict[str, list[int]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    cents: int = 0
    posted: int = 0

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Time one operation; a refusal is counted, by its sentence without its numbers."""
        began = time.perf_counter_ns()
        try:
            yield
        except UserError as error:
            self.refused["".join(c for c in error.message if not c.isdigit())] += 1
        self.microseconds.setdefault(what, []).append((time.perf_counter_ns() - began) // 1000)


@dataclass
class SoakResult:
    """All shifts together; `problems` are what the books say otherwise than the clerks: none when all is well."""

    shift: Shift
    problems: list[str]


class Soak:
    """An office of `accounts` accounts, made in an empty database, and `clerks` processes that work in it."""

    def __init__(self, address: str, clerks: int, accounts: int) -> None:
        self.address = address
        self.clerks = clerks
        self.accounts = accounts

    def work(self, seconds: int, progress: Progress = no_progress, operations: int = 10**9) -> SoakResult:
        """Let everybody work for so long, each for at most so many operations. Raises UserError (OfficeFileError)."""
        with server.create(server.server_url(self.address)) as books:
            _fill(books, self.accounts)
        jobs: list[tuple[Callable[..., Shift], tuple[object, ...]]] = [
            (_clerk, (self.address, number, seconds, operations)) for number in range(self.clerks)
        ]
        jobs += [(_month_end, (self.address, number)) for number in range(2)]
        jobs.append((_closer, (self.address,)))
        together = Shift()
        with ProcessPoolExecutor(len(jobs), mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting: set[Future[Shift]] = {pool.submit(work, *given) for work, given in jobs}
            began, finished = time.monotonic(), set[Future[Shift]]()
            while waiting:
                done, waiting = wait(waiting, timeout=0.5)
                finished |= done
                progress(int(min(time.monotonic() - began, seconds)), max(int(seconds), 1))
            for future in finished:
                _add(together, future.result())
        with database.open_office(self.address) as books:
            return SoakResult(together, _problems(books, together, self.accounts))


def _desk(actor: str, on: date) -> Desk:
    return Desk(actor, "manager", f"PC of {actor}", on, MONTH)


def _fill(books: Database, accounts: int) -> None:
    with books.write() as session:
        set_up(session, OfficeForm("Soaked Office", ("1 Main St", "Custer SD 57730")), OPENED)
    for number in range(accounts):
        with books.write() as session:
            desk = _desk("set-up", OPENED)
            name = f"{_NAMES[number % len(_NAMES)]} {number}"
            account = open_account(session, desk, AccountForm(name, address=(f"{number} Elm St", "Custer SD 57730")))
            add_service(session, desk, account, "net", PRICE_CENTS)


def _account_ids(books: Database) -> list[int]:
    with books.read() as session:
        return [row[0] for row in fetch(session, "SELECT id FROM account ORDER BY id")]


def _clerk(address: str, number: int, seconds: int, operations: int) -> Shift:
    shift, dice = Shift(), random.Random(number)  # noqa: S311 - which made-up account comes next
    posted: list[tuple[int, int]] = []
    until = time.monotonic() + seconds
    with database.open_office(address) as books:
        ids = _account_ids(books)
        for done in range(operations):
            if time.monotonic() > until:
                break
            check, cents = f"{number}-{done}", dice.randrange(1, 20_000)
            one, other = dice.sample(ids, 2)
            what = dice.choices(("post", "split", "reverse", "search", "look"), (45, 15, 15, 15, 10))[0]
            with shift.timed(what):
                if what == "search":
                    with books.read() as session:
                        search.find(session, dice.choice(_TYPED))
                elif what == "look":
                    with books.read() as session:
                        fetch(session, "SELECT balance_cents FROM account WHERE id = ?", one)
                elif what == "reverse" and posted:
                    payment_id, was = posted.pop(dice.randrange(len(posted)))
                    with books.write() as session:
                        payments.reverse_payment(session, _desk(f"clerk {number}", MONTH), payment_id, "soaked")
                    shift.cents -= was
                else:
                    parts = [(one, cents), (other, cents + 1)] if what == "split" else [(one, cents)]
                    form = checks.CheckForm(one, sum(part for _, part in parts), check)
                    with books.write() as session:
                        paid = checks.post_split_check(session, _desk(f"clerk {number}", MONTH), form, parts)
                    posted += list(zip(paid, (part for _, part in parts), strict=True))
                    shift.cents += form.cents
                    shift.posted += len(paid)
    return shift


def _month_end(address: str, number: int) -> Shift:
    shift = Shift()
    billing.CHUNK = _ACCOUNTS_A_CHUNK
    with database.open_office(address) as books, shift.timed("month-end"):
        billing.run_billing(books, _desk(f"manager {number}", MONTH))
    return shift


def _closer(address: str) -> Shift:
    shift = Shift()
    with database.open_office(address) as books, shift.timed("day close"), books.write() as session:
        dayclose.close_day(session, _desk("closer", LAST), NoMail())
    return shift


def _add(together: Shift, one: Shift) -> None:
    for what, times in one.microseconds.items():
        together.microseconds.setdefault(what, []).extend(times)
    together.refused.update(one.refused)
    together.cents += one.cents
    together.posted += one.posted


def _problems(books: Database, shift: Shift, accounts: int) -> list[str]:
    with books.read() as session:
        found = verify_books(session) + verify_trail(session)
        standing = fetch_value(
            session,
            "SELECT coalesce(sum(p.cents), 0) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE r.payment_id IS NULL",
        )
        if standing != shift.cents:
            found.append(f"payments of {standing} cents stand; the clerks posted {shift.cents}")
        count = fetch_value(session, "SELECT count(*) FROM payment")
        if count != shift.posted:
            found.append(f"there are {count} payments; the clerks posted {shift.posted}")
        billed = fetch(session, "SELECT account_id, count(*) FROM invoice WHERE issued_on = ? GROUP BY account_id", MONTH)
        if len(billed) != accounts or any(row[1] != 1 for row in billed):
            found.append(f"{len(billed)} of {accounts} accounts were billed for the month, or some twice")
        runs = fetch_value(session, "SELECT count(*) FROM run WHERE what = 'billing' AND business_date = ?", MONTH)
        if runs != 1:
            found.append(f"there are {runs} billing runs of the month, instead of one")
    return found


def told(result: SoakResult) -> list[str]:
    """The figures in lines: operations, p50 and p99, refusals, and what is wrong."""
    lines = []
    for what, times in sorted(result.shift.microseconds.items()):
        ordered = sorted(times)
        p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        lines.append(f"{what}: {len(times):,} operations, p50 {p50 / 1000:,.1f} ms, p99 {p99 / 1000:,.1f} ms")
    total = sum(map(len, result.shift.microseconds.values()))
    lines.append(f"{total:,} operations in all; {sum(result.shift.refused.values())} refused.")
    lines += [f"refused {count} times: {said}" for said, count in result.shift.refused.most_common()]
    lines += [f"WRONG: {problem}" for problem in result.problems]
    if not result.problems:
        lines.append(
            "Nothing lost, nothing billed twice, one billing run, every figure agrees with the ledger, "
            "and the audit trail is whole."
        )
    return lines
