"""Office files to measure on: N accounts of three services with months of billed and paid history."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.models import database
from app.models.bulk import execute, execute_many, fetch, insert_ready_rows, iso, reserve_ids
from app.models.database import Database
from app.periods import add_months, month_end
from app.services import billing
from app.services.accountnumbers import account_number
from app.services.desk import Act, Desk, begin
from app.services.ledger import Gl, Transfer, post_entries
from app.services.office import OfficeForm, set_up

FIRST_MONTH = date(2026, 1, 1)
HISTORY_MONTHS = 8
BATCH = 5_000
SERVICES = (("FIBER", "Fiber 300", 6495), ("WIFI", "Managed Wi-Fi", 1000), ("VOIP", "Telephone line", 2495))
_GIVEN = (
    "Anna",
    "Bjorn",
    "Carmen",
    "Dale",
    "Elena",
    "Frank",
    "Grace",
    "Hank",
    "Ines",
    "Jörg",
    "Kaya",
    "Lars",
)
_FAMILY = (
    "Aldous",
    "Brennan",
    "Castillo",
    "Dvorak",
    "Ehlers",
    "Fastwolf",
    "Gunderson",
    "Hauk",
    "Iverson",
    "Jepsen",
)
_STREETS = (
    "Elm St",
    "Mount Rushmore Rd",
    "Canyon Dr",
    "Jackson Blvd",
    "Sheridan Lake Rd",
    "Main St",
    "Pine Ave",
)
_TOWNS = ("Rapid City SD 57701", "Sturgis SD 57785", "Spearfish SD 57783", "Custer SD 57730", "Lead SD 57754")
OFFICE = OfficeForm("Bench Net", ("1 Main St", "Rapid City SD 57701"), phone="605-555-0100", email="billing@bench.example")


def desk(on: date) -> Desk:
    """A manager's desk on a day."""
    return Desk("bench", "manager", "bench", on, on)


def build(path: Path, accounts: int, months: int = HISTORY_MONTHS) -> None:
    """Make an office of `accounts` accounts whose first `months` cycles are billed and mostly paid."""
    with database.create(path) as books:
        with books.write() as session:
            # Nobody signs in to a sample office, so `start` reaches its pages by itself.
            set_up(session, OFFICE, FIRST_MONTH, is_sample=True)
            execute(session, "UPDATE office SET opened_on = ?", FIRST_MONTH)
        for first in range(1, accounts + 1, BATCH):
            with books.write() as session:
                _add_accounts(session, first, min(first + BATCH, accounts + 1))
        for month in range(months):
            on = add_months(FIRST_MONTH, month)
            billing.run_billing(books, desk(on))
            for first in range(1, accounts + 1, BATCH):
                with books.write() as session:
                    pay(session, on + timedelta(days=12), first, min(first + BATCH - 1, accounts))
        with books.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _add_accounts(session: Session, first: int, after: int) -> None:
    act = begin(session, desk(FIRST_MONTH), "bench")
    rng = random.Random(first)  # noqa: S311
    rows: list[tuple[Any, ...]] = []
    services: list[tuple[Any, ...]] = []
    prices: list[tuple[Any, ...]] = []
    service_id = (first - 1) * len(SERVICES)
    day = iso(FIRST_MONTH)
    for i in range(first, after):
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
        address = f"{rng.randint(1, 9999)} {rng.choice(_STREETS)}\n{rng.choice(_TOWNS)}"
        phone = f"605-{rng.randint(200, 999)}-{i % 10_000:04d}"
        rows.append(
            (
                i,
                account_number(i),
                "isp-advance",
                name,
                "residential",
                0,
                f"a{i}@bench.example",
                phone,
                address,
                "email" if i % 4 else "paper",
                "none",
                "",
                None,
                None,
                "active",
                day,
                None,
                "",
                "",
                "",
                0,
                None,
            )
        )
        for code, label, cents in SERVICES:
            service_id += 1
            services.append((service_id, i, label, code, cents, day, None, None))
            prices.append((service_id, service_id, day, cents, act.id))
    insert_ready_rows(session, "account", _ACCOUNT, rows)
    insert_ready_rows(session, "service", _SERVICE, services)
    insert_ready_rows(session, "service_price", ("id", "service_id", "from_day", "monthly_cents", "action_id"), prices)


_ACCOUNT = (
    "id",
    "number",
    "policy",
    "name",
    "kind",
    "managed",
    "email",
    "phone",
    "address",
    "delivery",
    "autopay",
    "method_label",
    "authorized_on",
    "hourly_rate_cents",
    "status",
    "opened_on",
    "closed_on",
    "old_number",
    "payer",
    "notes",
    "balance_cents",
    "cycle_done",
)
_SERVICE = ("id", "account_id", "name", "code", "monthly_cents", "first_day", "last_day", "billed_through")
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
_PAYMENT = (
    "id",
    "account_id",
    "business_date",
    "kind",
    "cents",
    "check_number",
    "mail_check_id",
    "settled_on",
    "receipt_due",
    "forced",
)
_CHECK = (
    "id",
    "batch_id",
    "received_on",
    "number",
    "cents",
    "dated",
    "via",
    "payer",
    "bank_hash",
    "state",
    "deposit_id",
    "reason",
    "action_id",
)
_ALLOCATION = ("id", "account_id", "credit_id", "invoice_id", "refund_id", "cents", "business_date", "action_id")


def pay(session: Session, on: date, first: int, last: int, one_in: int = 20) -> None:
    """Every account of a range but one in `one_in` pays its open invoices by a check each."""
    invoices = [
        row
        for row in fetch(
            session,
            "SELECT id, account_id, open_cents FROM invoice WHERE open_cents > 0 AND account_id BETWEEN ? AND ? "
            "ORDER BY account_id",
            first,
            last,
        )
        if (row[1] + on.month) % one_in
    ]
    if invoices:
        _pay_in_bulk(session, begin(session, desk(on), "bench"), on, invoices)


def _pay_in_bulk(session: Session, act: Act, on: date, invoices: Sequence[Any]) -> None:
    entries = post_entries(
        session,
        act,
        on,
        "payment",
        [[Transfer(Gl.UNDEPOSITED_FUNDS, Gl.RECEIVABLE, row[2], row[1])] for row in invoices],
    )
    count, day = len(invoices), iso(on)
    credits = reserve_ids(session, "credit", count)
    mail = reserve_ids(session, "mail_check", count)
    allocations = reserve_ids(session, "allocation", count)
    numbers = [f"{1000 + (row[0] * 7) % 9000}" for row in invoices]
    insert_ready_rows(
        session,
        "mail_check",
        _CHECK,
        [
            (m, None, day, number, row[2], None, "customer", "", None, "posted", None, "", act.id)
            for m, number, row in zip(mail, numbers, invoices, strict=True)
        ],
    )
    insert_ready_rows(
        session,
        "credit",
        _CREDIT,
        [
            (
                c,
                row[1],
                day,
                "payment",
                row[2],
                0,
                "ADV-8",
                f"Payment by check {number}",
                "",
                None,
                entry,
                act.id,
            )
            for c, number, row, entry in zip(credits, numbers, invoices, entries, strict=True)
        ],
    )
    insert_ready_rows(
        session,
        "payment",
        _PAYMENT,
        [
            (c, row[1], day, "check", row[2], number, m, None, 0, "")
            for c, number, m, row in zip(credits, numbers, mail, invoices, strict=True)
        ],
    )
    insert_ready_rows(
        session,
        "allocation",
        _ALLOCATION,
        [
            (a, row[1], c, row[0], None, row[2], day, act.id)
            for a, c, row in zip(allocations, credits, invoices, strict=True)
        ],
    )
    execute_many(session, "UPDATE invoice SET open_cents = 0 WHERE id = ?", [(row[0],) for row in invoices])


def next_cycle(months: int = HISTORY_MONTHS) -> date:
    """The first day of the month after the history."""
    return add_months(FIRST_MONTH, months)


def open_office(path: Path) -> Database:
    """The office of a file."""
    return database.open_existing(path)


def last_month_end(months: int = HISTORY_MONTHS) -> date:
    """The last day of the history."""
    return month_end(add_months(FIRST_MONTH, months - 1))
