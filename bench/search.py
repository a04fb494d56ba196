"""The job `search`: what is typed into Ctrl+K, against LIKE over the same columns.

Everything comes from row numbers by fixed arithmetic: each build and each list of queries is the same.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy.orm import Session

from app.models import searchindex
from app.models.bulk import chunks, execute, insert_ready_rows
from app.models.database import Database, create, open_existing
from app.services import search
from app.services.accountnumbers import account_number
from app.services.desk import Desk, begin
from app.services.office import OfficeForm, set_up

LIMIT = 50
FIRST_INVOICE = 100_001
INVOICES_AN_ACCOUNT = 2
_PAYER_EVERY = 10
_OPENED = date(2026, 1, 1)
_ROWS_A_TRANSACTION = 20_000
_ROW_BY_ROW = 200


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _listed(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan "
    "Joseph Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra "
    "Mark Margaret Donald Ashley Steven Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin "
    "Amanda Brian Melissa George Deborah Timothy Stephanie Ronald Rebecca Jason Sharon Edward Laura Jeffrey "
    "Cynthia Ryan Dorothy Jacob Amy Gary Kathleen Nicholas Angela Eric Shirley Jonathan Emma Stephen Brenda "
    "Larry Pamela Justin Nicole José Renée Søren Zoë"
)
_ONSET = _listed("B Br C Ch D F G Gr H J K Kr L M N P R S Sch St T Th V W Z")
_VOWEL = _listed("a e i o u ee ü ø")
_CODA = _listed("ber man son ner ley ton dt ck ll nes rsen witz ski mer gan rdan ham field wood stad")
_STREETS = _listed(
    "Elm Main Oak Pine Cedar Maple Canyon Columbus Mount Rushmore Haines Sturgis Jackson Sheridan Lake Omaha "
    "Quincy Kansas City Saint Patrick Saint Joseph Fairmont Nemo Deadwood Custer Meade Lincoln Cathedral"
)
_SUFFIX = ("St", "Ave", "Rd", "Ln", "Blvd", "Ct")
_TOWNS = (
    "Rapid City SD 57701",
    "Rapid City SD 57702",
    "Spearfish SD 57783",
    "Sturgis SD 57785",
    "Hot Springs SD 57747",
    "Custer SD 57730",
    "Box Elder SD 57719",
    "Belle Fourche SD 57717",
    "Deadwood SD 57732",
    "Hill City SD 57745",
)
_EXCHANGES = _listed("341 342 343 348 355 390 391 393 394 415 430 484 716 718 721")


class _Customer:
    """What is known of the account with this number; the same each time."""

    def __init__(self, n: int) -> None:
        dice = random.Random(n)  # noqa: S311
        pick = dice.choice
        surname = pick(_ONSET) + pick(_VOWEL) + pick(_CODA)
        self.number = account_number(n)
        self.name = f"{pick(_FIRST)} {surname}"
        self.email = f"{surname.lower()}{dice.randrange(1000)}@example.com"
        self.phone = f"605-{pick(_EXCHANGES)}-{dice.randrange(10_000):04d}"
        self.street = f"{dice.randrange(100, 9_900)} {pick(_STREETS)} {pick(_SUFFIX)}"
        self.address = f"{self.street}\n{pick(_TOWNS)}"
        self.old_number = f"BH-{7 * n % 1_000_003:06d}"
        self.payer = f"{pick(_FIRST)} {surname}" if n % _PAYER_EVERY == 0 else ""


def _check_number(n: int, accounts: int) -> str:
    """The number of the n-th check of the file: each account's own series."""
    return str(101 + (n - 1) % accounts * 7919 % 8_899 + (n - 1) // accounts)


def build(path: Path, accounts: int, checks: int) -> None:
    """Make an office file at `path` with so many accounts and checks (200 or more), two invoices an account.

    Written through the real schema with its foreign keys and triggers; all in the office's first days.
    """
    with create(path) as books:
        with books.write() as session:
            set_up(session, OfficeForm("Bench Office", ("1 Main St", "Rapid City SD 57701")), _OPENED)
            moment = datetime(2026, 1, 1, 15, 0, tzinfo=UTC)
            act = begin(session, Desk("bench", "manager", "bench", _OPENED, _OPENED, lambda: moment), "bench")
            insert_ready_rows(
                session,
                "entry",
                ("id", "business_date", "what", "reverses_id", "action_id"),
                [(1, str(_OPENED), "bench", None, act.id)],
            )
            searchindex.remove(session.connection())
        _insert_all(books, accounts, checks - _ROW_BY_ROW)
        with books.write() as session:
            searchindex.install(session.connection())
        # A file in use: its index has grown row by row since it was last filled.
        for n in range(1, _ROW_BY_ROW + 1):
            with books.write() as session:
                execute(session, "UPDATE account SET name = name || ' ' WHERE id = ?", n * accounts // _ROW_BY_ROW)
                _insert_checks(session, checks - _ROW_BY_ROW + n, checks - _ROW_BY_ROW + n, accounts)


def _insert_all(books: Database, accounts: int, checks: int) -> None:
    for low, high in chunks(1, accounts, _ROWS_A_TRANSACTION):
        with books.write() as session:
            _insert_accounts(session, low, high)
    for low, high in chunks(1, checks, _ROWS_A_TRANSACTION):
        with books.write() as session:
            _insert_checks(session, low, high, accounts)


_ACCOUNT_COLUMNS = _listed(
    "id number policy name kind managed email phone address delivery autopay method_label authorized_on "
    "hourly_rate_cents status opened_on closed_on old_number payer notes balance_cents cycle_done"
)
_INVOICE_COLUMNS = _listed("id account_id issued_on due_on total_cents open_cents what run_id entry_id action_id")
_CHECK_COLUMNS = _listed("id batch_id received_on number cents dated via payer bank_hash state deposit_id reason action_id")
_CREDIT_COLUMNS = _listed(
    "id account_id business_date kind cents remaining_cents clause description why invoice_id entry_id action_id"
)
_PAYMENT_COLUMNS = _listed("id account_id business_date kind cents check_number mail_check_id settled_on forced receipt_due")


def _insert_accounts(session: Session, low: int, high: int) -> None:
    rows: list[tuple[Any, ...]] = []
    invoices: list[tuple[Any, ...]] = []
    opened = str(_OPENED)
    for n in range(low, high + 1):
        it = _Customer(n)
        card = (it.email, it.phone, it.address, "email", "none", "", None, None, "active", opened, None)
        rows.append(
            (
                n,
                it.number,
                "isp-advance",
                it.name,
                "residential",
                0,
                *card,
                it.old_number,
                it.payer,
                "",
                0,
                None,
            )
        )
        for i in range(INVOICES_AN_ACCOUNT):
            number = FIRST_INVOICE + (n - 1) * INVOICES_AN_ACCOUNT + i
            invoices.append((number, n, opened, opened, 4995, 0, "cycle", None, 1, 1))
    insert_ready_rows(session, "account", _ACCOUNT_COLUMNS, rows)
    insert_ready_rows(session, "invoice", _INVOICE_COLUMNS, invoices)


def _insert_checks(session: Session, low: int, high: int, accounts: int) -> None:
    mail: list[tuple[Any, ...]] = []
    credits: list[tuple[Any, ...]] = []
    payments: list[tuple[Any, ...]] = []
    for n in range(low, high + 1):
        account_id = (n - 1) % accounts + 1
        number, cents = _check_number(n, accounts), 1995 + n * 7919 % 20_000
        on = str(_OPENED + timedelta(days=n // 5_000))
        payer = _Customer(account_id).payer if account_id % _PAYER_EVERY == 0 else ""
        mail.append((n, None, on, number, cents, None, "customer", payer, None, "posted", None, "", 1))
        credits.append((n, account_id, on, "payment", cents, 0, "BOTH-5", f"Check {number}", "", None, 1, 1))
        payments.append((n, account_id, on, "check", cents, number, n, None, "", 0))
    insert_ready_rows(session, "mail_check", _CHECK_COLUMNS, mail)
    insert_ready_rows(session, "credit", _CREDIT_COLUMNS, credits)
    insert_ready_rows(session, "payment", _PAYMENT_COLUMNS, payments)


def queries(n: int, accounts: int = 100_000, checks: int = 600_000) -> list[str]:
    """`n` things to type: beginnings of 1 character on, and fragments of 3 on, over all the columns."""
    return list(_typed(n, accounts, checks))


def _typed(n: int, accounts: int, checks: int) -> Iterator[str]:
    dice = random.Random(20_260_715)  # noqa: S311
    columns: tuple[Callable[[_Customer], str], ...] = (
        lambda it: it.name,
        lambda it: it.name.split()[-1],
        lambda it: it.phone,
        lambda it: it.phone.replace("-", ""),
        lambda it: it.street,
        lambda it: it.number,
        lambda it: it.old_number,
        lambda it: str(dice.randrange(FIRST_INVOICE, FIRST_INVOICE + INVOICES_AN_ACCOUNT * accounts)),
        lambda it: _check_number(dice.randrange(1, checks + 1), accounts),
        lambda it: it.payer,
        lambda it: it.email,
    )
    for i in range(n):
        column = columns[i % len(columns)]
        account_id = dice.randrange(1, accounts // _PAYER_EVERY) * _PAYER_EVERY
        text = column(_Customer(account_id))
        start = 0 if i // len(columns) % 2 == 0 else dice.randrange(max(1, len(text) - 2))
        least = 1 if start == 0 else 3
        length = dice.randint(least, max(least, min(len(text) - start, 12)))
        yield text[start : start + length].strip() or text


def run_product(path: Path, typed: list[str]) -> list[float]:
    """Seconds of each search, as Ctrl+K makes it, a read session each."""
    with open_existing(path) as books:
        _warm(books)
        return [_timed(_product, books, text) for text in typed]


def _timed(work: Callable[[Any, str], object], source: Any, text: str) -> float:
    begun = perf_counter()
    work(source, text)
    return perf_counter() - begun


def _product(books: Database, text: str) -> list[search.Hit]:
    with books.read() as session:
        return search.find(session, text, LIMIT)


def _warm(books: Database) -> None:
    _product(books, "warm")


_ACCOUNT_LIKE = " OR ".join(
    f"{column} LIKE ?1 ESCAPE '\\'"
    for column in _listed("number name phone replace(phone,'-','') address email old_number payer")
)
_FLOOR = (
    (f"SELECT id, number, name, address FROM account WHERE {_ACCOUNT_LIKE} LIMIT ?2", True),
    (
        "SELECT id, account_id, total_cents FROM invoice WHERE CAST(id AS TEXT) LIKE ?1 ESCAPE '\\' LIMIT ?2",
        False,
    ),
    (
        "SELECT id, number, payer, cents FROM mail_check WHERE number LIKE ?1 ESCAPE '\\' "
        "OR payer LIKE ?1 ESCAPE '\\' LIMIT ?2",
        True,
    ),
)


def run_floor(path: Path, typed: list[str]) -> list[float]:
    """Seconds of each search by LIKE over the same columns, until 50 hits are found."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA cache_size = -32000")
        _like(connection, "warm")
        return [_timed(_like, connection, text) for text in typed]


def _like(connection: sqlite3.Connection, text: str) -> list[tuple[Any, ...]]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: list[tuple[Any, ...]] = []
    for sql, anywhere in _FLOOR:
        if len(found) < LIMIT:
            pattern = f"%{escaped}%" if anywhere else f"{escaped}%"
            found += connection.execute(sql, (pattern, LIMIT - len(found))).fetchall()
    return found
