"""Offices with long histories, made by SQL alone: for aging over millions of postings, and for refunds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from app.models import database, sealing
from app.models.bulk import DRIVER, execute
from app.periods import add_months, month_end
from app.services.accountnumbers import account_number
from app.services.desk import begin
from app.services.office import set_up
from bench import offices

AGING_MONTHS = 30
PRICE = 6495


def build_aging(path: Path, accounts: int, months: int = AGING_MONTHS) -> None:
    """`accounts` accounts with an invoice and a payment each month: two postings a month, 60 in all."""
    with database.create(path) as books, books.write() as session:
        set_up(session, offices.OFFICE, offices.FIRST_MONTH)
        begin(session, offices.desk(offices.FIRST_MONTH), "bench")
        session.info[DRIVER].create_function("account_number", 1, account_number)
        execute(session, _ACCOUNTS, accounts)
        execute(session, _SERVICES, PRICE)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for month in range(months):
            _month(connection, month)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    seal_anew(path)


def seal_anew(path: Path) -> None:
    """Rows put in by SQL alone are sealed as an upgrade seals what it finds, so that `check` holds on the file."""
    with database.open_existing(path) as books, books.engine.begin() as connection:
        sealing.start(connection)


_ACCOUNTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO account SELECT i, account_number(i), 'isp-advance', 'Account ' || i, 'residential', 0, '', '', '',
  'email', 'none', '', NULL, NULL, 'active', '2026-01-01', NULL, '', '', '', 0, NULL FROM n
"""
_SERVICES = """
INSERT INTO service SELECT id, id, 'Fiber 300', 'FIBER', ?, '2026-01-01', NULL, NULL FROM account
"""


def _month(connection: sqlite3.Connection, month: int) -> None:
    first = add_months(offices.FIRST_MONTH, month)
    billed = add_months(offices.FIRST_MONTH, month + 1)
    values = {
        "on": first.isoformat(),
        "due": month_end(first).isoformat(),
        "paid": (first + timedelta(days=14)).isoformat(),
        "from": billed.isoformat(),
        "to": month_end(billed).isoformat(),
        "key": billed.isoformat()[:7],
        "price": PRICE,
        "month": month,
    }
    values["entry"] = connection.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()[0]
    values["invoice"] = connection.execute("SELECT coalesce(max(id), 100000) FROM invoice").fetchone()[0]
    values["credit"] = connection.execute("SELECT coalesce(max(id), 0) FROM credit").fetchone()[0]
    count = connection.execute("SELECT count(*) FROM account").fetchone()[0]
    values["paying"] = values["entry"] + count
    connection.execute("BEGIN")
    for statement in _MONTH:
        connection.execute(statement, values)
    connection.execute("COMMIT")


# One account in twenty misses a payment in a month; those are the open invoices.
_PAYS = "(id + :month) % 20 <> 0"
_MONTH = (
    "INSERT INTO entry SELECT :entry + id, :on, 'invoice', NULL, 1 FROM account",
    "INSERT INTO posting SELECT :entry + id, 1, 1100, 2100, :price, id FROM account",
    "INSERT INTO invoice SELECT :invoice + id, id, :on, :due, :price, :price, 'cycle', NULL, :entry + id, 1 FROM account",
    "INSERT INTO line SELECT :invoice + id, 1, id, 'recurring', 'recurring:' || id || ':' || :key, :price, 'ADV-1', "
    "'Fiber 300', '64.95 x 1 month', id, :from, :to, :to FROM account",
    f"INSERT INTO entry SELECT :paying + id, :paid, 'payment', NULL, 1 FROM account WHERE {_PAYS}",
    f"INSERT INTO posting SELECT :paying + id, 1, 1020, 1100, :price, id FROM account WHERE {_PAYS}",
    f"INSERT INTO credit SELECT :credit + id, id, :paid, 'payment', :price, 0, 'ADV-5', 'Payment by card', '', NULL, "
    f":paying + id, 1 FROM account WHERE {_PAYS}",
    "INSERT INTO payment (id, account_id, business_date, kind, cents, check_number, mail_check_id, settled_on, "
    f"receipt_due, forced) SELECT :credit + id, id, :paid, 'card', :price, '', NULL, NULL, 0, '' FROM account WHERE {_PAYS}",
    "INSERT INTO allocation (id, account_id, credit_id, invoice_id, refund_id, cents, business_date, action_id) "
    f"SELECT :credit + id, id, :credit + id, :invoice + id, NULL, :price, :paid, 1 FROM account WHERE {_PAYS}",
    "UPDATE invoice SET open_cents = 0 WHERE id > :invoice AND (account_id + :month) % 20 <> 0",
    f"UPDATE account SET balance_cents = balance_cents + :price WHERE NOT ({_PAYS})",
    "UPDATE service SET billed_through = :to",
)


def build_refunds(path: Path, refunds: int) -> None:
    """`refunds` closed accounts with a credit and an address, and a refund run over them."""
    from app.services.refunds import run_refunds

    on = offices.FIRST_MONTH
    with database.create(path) as books:
        with books.write() as session:
            set_up(session, offices.OFFICE, on)
            begin(session, offices.desk(on), "bench")
            session.info[DRIVER].create_function("account_number", 1, account_number)
            execute(session, _ACCOUNTS, refunds)
            execute(
                session,
                "UPDATE account SET status = 'closed', closed_on = '2026-01-01', balance_cents = -(1000 + id), "
                "name = 'Customer Number ' || id, address = id || ' Canyon Dr' || char(10) || 'Rapid City SD 57701'",
            )
            execute(session, "INSERT INTO entry SELECT id, '2026-01-01', 'courtesy-credit', NULL, 1 FROM account")
            execute(session, "INSERT INTO posting SELECT id, 1, 4900, 1100, 1000 + id, id FROM account")
            execute(
                session,
                "INSERT INTO credit SELECT id, id, '2026-01-01', 'courtesy-credit', 1000 + id, 1000 + id, 'BOTH-4', "
                "'Courtesy credit', 'outage of three days', NULL, id, 1 FROM account",
            )
        with books.write() as session:
            run_refunds(session, offices.desk(on), force=True, reason="bench")
    seal_anew(path)
