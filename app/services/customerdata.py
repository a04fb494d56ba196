"""A customer's own data: given out whole on request, or blanked as far as the books must be kept.

What is blanked is gone from the books: name, addresses, telephone, notes, payers' names, bank numbers, and the reasons
that people typed for what they did about this account alone. What stays is what the books consist of: documents with the
texts of their lines, amounts, dates, postings, the payees of refund checks (the check register names them), and the
addresses of refunds that nobody claimed, which the law of unclaimed property asks for.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.filenames import refuse_impossible
from app.models import blanking
from app.models.auditlayout import BLANKED
from app.models.bulk import execute, fetch, fetch_one, fetch_tuples, fetch_value
from app.money import format_cents, plain_cents
from app.services import approvals, bank_numbers
from app.services.desk import Desk, begin, begin_on_any_day, require_reason, require_role
from app.services.formulaguard import guarded
from app.services.loading import card

_OF_PAYMENTS = "payment_id IN (SELECT id FROM payment WHERE account_id = ?)"
# What is said about an account, as (table, which rows of it; `?` is the account's id).
EXPORTED = {
    "account": "id = ?",
    "account_change": "account_id = ?",
    "membership": "account_id = ?",
    "plan_change": "account_id = ?",
    "service": "account_id = ?",
    "service_price": "service_id IN (SELECT id FROM service WHERE account_id = ?)",
    "scheduled_change": "account_id = ?",
    "suspension": "account_id = ?",
    "arrangement": "account_id = ?",
    "instalment": "arrangement_id IN (SELECT id FROM arrangement WHERE account_id = ?)",
    "work": "account_id = ?",
    "note": "account_id = ?",
    "listed_exception": "account_id = ?",
    "invoice": "account_id = ?",
    "line": "account_id = ?",
    "invoice_reversal": "account_id = ?",
    "pending_charge": "account_id = ?",
    "fee_waiver": "account_id = ?",
    "payment": "account_id = ?",
    "payment_reversal": _OF_PAYMENTS,
    "return_taken_back": "account_id = ?",
    "attempt_taken_back": "account_id = ?",
    "payment_attempt": "account_id = ?",
    "failed_attempt": "account_id = ?",
    "receipt": _OF_PAYMENTS,
    "mail_check": "id IN (SELECT mail_check_id FROM payment WHERE account_id = ?)",
    "credit": "account_id = ?",
    "allocation": "account_id = ?",
    "refund": "account_id = ?",
    "refund_void": "refund_id IN (SELECT id FROM refund WHERE account_id = ?)",
    "issued_check": "refund_id IN (SELECT id FROM refund WHERE account_id = ?)",
    "opening_deferral": "account_id = ?",
    "deferral_release": "account_id = ?",
    "posting": "account_id = ?",
    "bank_number": "account_id = ?",
    "audit_change": "account_id = ?",
}
# Ciphertext, hashes and salts tell the customer nothing, and stay here.
_LEFT_OUT = {"sealed", "bank_hash", "salt", "digest"}
_ABOUT = """Everything that {office} has on file about account {number}, as of {on}.

One file a subject, to be opened with a spreadsheet program or a text editor (CSV, UTF-8). Amounts are US dollars,
dates are year-month-day, times are UTC. "action.csv" says who recorded what, when, and why. Bank account numbers are
shown by their last four digits. Statements and receipts that were sent are made from the same entries.
"""


def export_customer(session: Session, desk: Desk, account_id: int, path: Path, reason: str) -> int:
    """Write everything about an account into a new ZIP of CSV files; returns how many rows (a supervisor's).

    That it was given out is recorded. Raises UserError when the file exists or cannot be written.
    """
    require_role(desk, "supervisor", "Giving out a customer's data")
    reason = require_reason(reason, "Giving out a customer's data")
    account = card(session, account_id)
    begin_on_any_day(session, desk, "export-customer", reason=f"account {account.number}: {reason}")
    refuse_impossible(path)
    if path.exists():
        raise UserError(f"{path} exists already; choose another name.", field="path")
    office = fetch_value(session, "SELECT name FROM office WHERE id = 1")
    unfinished, count, actions = path.with_name(path.name + ".part"), 0, set[int]()
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("read me.txt", _ABOUT.format(office=office, number=account.number, on=desk.on))
            for table, where in EXPORTED.items():
                rows = fetch(session, f"SELECT * FROM {table} WHERE {where}", account_id)
                actions |= {row.action_id for row in rows if hasattr(row, "action_id") and row.action_id is not None}
                count += len(rows)
                if rows:
                    packed.writestr(f"{table}.csv", _csv(rows))
            packed.writestr("action.csv", _csv(_actions(session, actions)))
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise UserError(f"{path} cannot be written: {error.strerror}; choose another folder.", field="path") from error
    return count


def _actions(session: Session, ids: set[int]) -> list[Any]:
    found: list[Any] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        sql = "SELECT id, what, business_date, recorded_at, role, reason FROM action WHERE id IN ({}) ORDER BY id"
        found += fetch(session, sql.format(", ".join("?" * len(part))), *part)
    return found


def _csv(rows: list[Any]) -> bytes:
    """Rows with their columns' names; amounts as dollars, and no text that a spreadsheet takes for a formula."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    names = [name for name in (rows[0]._fields if rows else ("none",)) if name not in _LEFT_OUT]
    lines.writerow(names)
    for row in rows:
        lines.writerow([_cell(name, getattr(row, name)) for name in names])
    return text.getvalue().encode("utf-8-sig")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and (name == "cents" or name.endswith("_cents")):
        return plain_cents(value)
    return guarded(value) if isinstance(value, str) else str(value)


# Blanking


def hindrances(session: Session, account_id: int) -> list[str]:
    """What keeps an account's data from being blanked, each in a sentence; empty when nothing does."""
    account = card(session, account_id)
    found = []
    if account.status != "closed":
        found.append("The account is not closed; cancel it first.")
    if account.balance_cents:
        word = "owes" if account.balance_cents > 0 else "is owed"
        found.append(f"The customer {word} {format_cents(abs(account.balance_cents))}; settle it first.")
    out = fetch_value(
        session,
        "SELECT count(*) FROM issued_check c JOIN refund f ON f.id = c.refund_id WHERE f.account_id = ? "
        "AND c.state = 'issued' AND c.cleared_on IS NULL",
        account_id,
    )
    if out:
        found.append("A refund check is still out; it has to be cashed, voided or moved to unclaimed first.")
    if fetch_value(session, "SELECT count(*) FROM refund WHERE account_id = ? AND open_cents > 0", account_id):
        found.append("A refund is open again; settle it first.")
    if fetch_one(
        session,
        "SELECT 1 FROM payment p JOIN mail_check m ON m.id = p.mail_check_id LEFT JOIN payment_reversal r "
        "ON r.payment_id = p.id WHERE p.account_id = ? AND m.deposit_id IS NULL AND r.payment_id IS NULL",
        account_id,
    ):
        found.append("A check of this customer is still in the drawer; deposit it first.")
    if fetch_value(
        session,
        # One reversed as a mistake gets no receipt (ADV-7).
        "SELECT count(*) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.account_id = ? "
        "AND p.receipt_due = 1 AND (r.state IS NULL OR r.state <> 'reversed')",
        account_id,
    ):
        found.append("A receipt has not been sent yet; close the day first.")
    return found


def blank_customer(session: Session, desk: Desk, account_id: int, reason: str) -> None:
    """Take the customer's personal values out of the books for good (a manager's, with a reason).

    Documents, amounts and postings stay. Raises UserError while the account is open or anything is unsettled.
    """
    require_role(desk, "manager", "Blanking a customer's data")
    reason = require_reason(reason, "Blanking a customer's data")
    account = card(session, account_id)
    found = hindrances(session, account_id)
    if found:
        raise UserError(f"The data cannot be blanked yet. {' '.join(found)}")
    payers = {row.payer for row in fetch(session, f"SELECT DISTINCT payer FROM mail_check WHERE {_OWN_CHECKS}", account_id)}
    rows = _rows(session, account_id)
    begin(session, desk, "blank-customer", reason=f"account {account.number}: {reason}")
    blanking.forget_inserted(session, rows)
    for sql in _BLANKING:
        execute(session, sql, account_id)
    for action_id in rows["action"]:
        execute(session, "UPDATE action SET reason = '' WHERE id = ?", action_id)
    for request_id in rows["approval"]:
        approvals.forget(session, request_id)
    execute(session, "UPDATE note SET done_on = ? WHERE account_id = ? AND remind_on IS NOT NULL AND done_on IS NULL",
            desk.on, account_id)  # fmt: skip
    for payer in payers - {""}:
        sql = "DELETE FROM check_payer WHERE name = ? AND NOT EXISTS (SELECT 1 FROM mail_check WHERE payer = ?)"
        execute(session, sql, payer, payer)
    bank_numbers.blank(session, account_id)
    execute(session, "UPDATE bank_number SET last4 = '' WHERE account_id = ?", account_id)
    blanking.forget_changes(session, rows)


def _rows(session: Session, account_id: int) -> dict[str, list[int]]:
    """The rows that hold the customer's personal values, as table -> keys."""
    return {
        table: [row[0] for row in fetch_tuples(session, f"SELECT {key} FROM {table} WHERE {where}", account_id)]
        for table, key, where in (
            ("account", "id", "id = ?"),
            ("account_change", "id", "account_id = ?"),
            ("note", "id", "account_id = ?"),
            ("work", "id", "account_id = ?"),
            ("listed_exception", "id", "account_id = ?"),
            ("bank_number", "id", "account_id = ?"),
            ("receipt", "payment_id", _OF_PAYMENTS),
            ("mail_check", "id", _OWN_CHECKS),
            ("fee_waiver", "id", "account_id = ?"),
            ("pending_charge", "id", "account_id = ?"),
            ("payment", "id", f"account_id = ? AND {_SAID.format('forced')}"),
            ("payment_reversal", "payment_id", _OF_PAYMENTS),
            ("return_taken_back", "payment_id", "account_id = ?"),
            ("credit", "id", _REASONED_CREDITS),
            ("deferral_release", "id", "account_id = ?"),
            ("refund", "id", _SETTLED_REFUNDS),
            ("refund_void", "refund_id", _OF_REFUNDS),
            ("issued_check", "number", _OF_REFUNDS),
        )
    } | {"action": _actions_of(session, account_id), "approval": _naming(session, account_id, "approval", "words")}


def _actions_of(session: Session, account_id: int) -> list[int]:
    """The actions about this account and no other for which somebody typed a reason."""
    mine = " UNION ".join(f"SELECT {column} FROM {table} WHERE {where}" for table, column, where in _ACTIONS)
    theirs = " UNION ALL ".join(
        f"SELECT 1 FROM {table} WHERE action_id = a.id AND account_id <> ?" for table, _, where in _ACTIONS if where == _MINE
    )
    number = card(session, account_id).number
    rows = fetch_tuples(
        session,
        f"SELECT a.id FROM action a WHERE a.reason <> '' AND a.what <> 'blank-customer' "
        f"AND (a.id IN ({mine}) AND NOT EXISTS ({theirs}) OR a.what = 'export-customer' AND a.reason LIKE ?)",
        *[account_id] * (len(_ACTIONS) + theirs.count("?")),
        f"account {number}: %",
    )
    about_requests = "what IN ('ask-approval', 'answer-approval')"
    return [row[0] for row in rows] + _naming(session, account_id, "action", "reason", about_requests)


def _naming(session: Session, account_id: int, table: str, column: str, where: str = "1 = 1") -> list[int]:
    """The rows about a request for approval whose words name the account by its number, as they all do."""
    number = card(session, account_id).number
    named = re.compile(rf"account {re.escape(number)}(?!\d)")
    rows = fetch_tuples(
        session,
        f"SELECT id, {column} FROM {table} WHERE {where} AND {column} LIKE ? ORDER BY id",
        f"%account {number}%",
    )
    return [row[0] for row in rows if named.search(row[1])]


_MINE = "account_id = ?"
_OF_REFUNDS = "refund_id IN (SELECT id FROM refund WHERE account_id = ?)"
# Where an account's actions are found: table, column, which rows.
_ACTIONS = (
    *((table, "action_id", _MINE) for table in (
        "account_change", "arrangement", "attempt_taken_back", "bank_number", "credit", "failed_attempt", "fee_waiver",
        "invoice", "invoice_reversal", "note", "payment_attempt", "pending_charge", "plan_change", "refund",
        "return_taken_back", "scheduled_change", "suspension", "work",
    )),
    ("audit_change", "coalesce(action_id, 0)", _MINE),
    ("payment_reversal", "action_id", _OF_PAYMENTS),
    ("refund_void", "action_id", _OF_REFUNDS),
    ("issued_check", "action_id", _OF_REFUNDS),
    ("service_price", "action_id", "service_id IN (SELECT id FROM service WHERE account_id = ?)"),
)  # fmt: skip
_SAID = "{0} <> ''"
# A waiver's reason also says which line it waives, and by that nobody waives it twice; it stays.
_REASONED_CREDITS = "account_id = ? AND kind IN ('payment', 'courtesy-credit', 'write-off') AND why <> ''"
# Cashed or taken back; of one that is unclaimed the address stays.
_SETTLED_REFUNDS = (
    "account_id = ? AND address <> '' AND (id IN (SELECT refund_id FROM refund_void) "
    "OR id IN (SELECT refund_id FROM issued_check WHERE cleared_on IS NOT NULL))"
)
# A check split over several accounts names somebody else, too.
_OWN_CHECKS = (
    "id IN (SELECT mail_check_id FROM payment GROUP BY mail_check_id HAVING min(account_id) = max(account_id) "
    "AND min(account_id) = ?)"
)
_BLANKING = (
    f"UPDATE account SET name = '{BLANKED}', email = '', phone = '', address = '', payer = '', notes = '', "
    "method_label = '', old_number = '', autopay = 'none' WHERE id = ?",
    f"UPDATE note SET body = '{BLANKED}' WHERE account_id = ?",
    f"UPDATE work SET description = '{BLANKED}' WHERE account_id = ?",
    "UPDATE listed_exception SET detail = '' WHERE account_id = ?",
    "UPDATE account_change SET before = '', after = '' WHERE account_id = ?",
    f"UPDATE receipt SET address = '' WHERE {_OF_PAYMENTS}",
    f"UPDATE mail_check SET payer = '', reason = '' WHERE {_OWN_CHECKS}",
    "UPDATE fee_waiver SET reason = '' WHERE account_id = ?",
    "UPDATE pending_charge SET description = '', why = '' WHERE account_id = ?",
    f"UPDATE payment SET forced = '' WHERE account_id = ? AND {_SAID.format('forced')}",
    f"UPDATE payment_reversal SET reason = '' WHERE {_OF_PAYMENTS}",
    "UPDATE return_taken_back SET reason = '' WHERE account_id = ?",
    f"UPDATE credit SET why = '' WHERE {_REASONED_CREDITS}",
    "UPDATE deferral_release SET why = '' WHERE account_id = ?",
    f"UPDATE refund SET address = '' WHERE {_SETTLED_REFUNDS}",
    f"UPDATE refund_void SET reason = '' WHERE {_OF_REFUNDS}",
    f"UPDATE issued_check SET reason = '' WHERE {_OF_REFUNDS}",
)


def export_name(number: str, on: date) -> str:
    """The usual name of a customer's export: no name in it."""
    return f"customer-{number}-{on}.zip"
