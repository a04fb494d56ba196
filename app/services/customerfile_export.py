"""The office's customers written as a customer list (docs/customer-csv.md): what another office can take over."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_tuples
from app.money import plain_cents
from app.services import memberbilling
from app.services.customerfile_header import COLUMNS, OPEN_PARTS, SERVICE_PARTS
from app.services.desk import Desk, begin_on_any_day, require_role
from app.services.policies.arrears import arr_3_terms_on
from app.wholefiles import put_in_place

_LAST_LINE = re.compile(r"(.+?),? +([A-Z]{2}) +([0-9]{5}(?:-[0-9]{4})?)")
_ACCOUNTS = (
    "SELECT id, number, name, kind, managed, email, phone, address, delivery, autopay, method_label, authorized_on, "
    "hourly_rate_cents, status, opened_on, closed_on, payer, notes, policy FROM account ORDER BY id"
)
Cells = dict[str, str]


def export_customers(session: Session, desk: Desk, path: Path) -> int:
    """Write every account as it stands into a CSV file that `customerfile` reads; returns how many. A manager's.

    Numbers of cards and bank accounts are not in it. Raises UserError when the file cannot be written.
    """
    require_role(desk, "manager", "Giving out the customer list")
    begin_on_any_day(session, desk, "export-customers")
    rows = [*_rows(session, desk.on)]
    columns = [*COLUMNS, *_groups(rows, "service", SERVICE_PARTS), *_groups(rows, "open", OPEN_PARTS)]
    side = path.with_name(path.name + ".part")
    try:
        try:
            with side.open("w", encoding="utf-8-sig", newline="") as out:
                writer = csv.DictWriter(out, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
            put_in_place([(side, path)])
        finally:
            side.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.", field="path") from error
    return len(rows)


def _groups(rows: list[Cells], group: str, parts: tuple[str, ...]) -> list[str]:
    """The columns of the numbered groups, as many as the longest row needs."""
    most = max((sum(f"{group}{n}_{parts[0]}" in row for n in range(1, len(row) + 1)) for row in rows), default=0)
    return [f"{group}{n}_{part}" for n in range(1, most + 1) for part in parts]


def _rows(session: Session, on: date) -> list[Cells]:
    services, owed, credits = _services(session), _owed(session), _credits(session)
    processing = {
        row[0]: (row[1], row[2], row[3])
        for row in fetch_tuples(
            session,
            "SELECT m.account_id, i.id, i.issued_on, i.open_cents FROM membership m "
            "JOIN invoice i ON i.id = m.processing_invoice_id",
        )
    }
    suspended: dict[int, str] = dict(
        fetch_tuples(
            session, "SELECT account_id, max(business_date) FROM suspension WHERE restored_on IS NULL GROUP BY account_id"
        )
    )
    members = {row[0] for row in fetch_tuples(session, "SELECT account_id FROM membership")}
    found = []
    for account in fetch(session, _ACCOUNTS):
        cells = _account(account)
        if account.status == "suspended":
            cells["suspended_on"] = suspended.get(account.id, "")
        fee = processing.get(account.id)
        if account.id in members:
            cells |= _member(session, account.id, on, fee)
        for n, service in enumerate(services.get(account.id, ()), start=1):
            cells |= _group("service", n, SERVICE_PARTS, service)
        items = [item[1:] for item in owed.get(account.id, ()) if fee is None or item[0] != fee[0]]
        for n, item in enumerate(items, start=1):
            cells |= _group("open", n, OPEN_PARTS, item)
        if account.id in credits:
            cells["credit"], cells["credit_date"] = credits[account.id]
        found.append(cells)
    return found


def _group(group: str, n: int, parts: tuple[str, ...], values: tuple[str, ...]) -> Cells:
    return {f"{group}{n}_{part}": value for part, value in zip(parts, values, strict=True)}


def _account(account: Any) -> Cells:
    lines = account.address.split("\n") if account.address else []
    last = _LAST_LINE.fullmatch(lines[-1]) if lines else None
    streets = lines[:-1] if last else lines
    city, state, code = last.groups() if last else ("", "", "")
    return {
        "old_number": account.number,
        "name": account.name,
        "kind": account.kind,
        "managed": "yes" if account.managed else "no",
        "email": account.email,
        "phone": account.phone,
        "address1": streets[0] if streets else "",
        "address2": ", ".join(streets[1:]),
        "city": city,
        "state": state,
        "zip": code,
        "delivery": account.delivery,
        "autopay": account.autopay,
        "method_label": account.method_label,
        "authorized_on": account.authorized_on or "",
        "hourly_rate": "" if account.hourly_rate_cents is None else plain_cents(account.hourly_rate_cents),
        "status": account.status,
        "opened_on": account.opened_on,
        "closed_on": account.closed_on or "",
        "payer": account.payer,
        "notes": account.notes,
        "policy": account.policy,
    }


def _member(session: Session, account_id: int, on: date, fee: tuple[int, str, int] | None) -> Cells:
    member = memberbilling.member(session, account_id)
    terms = arr_3_terms_on(member, on)
    paid_on = fetch_tuples(session, "SELECT processing_paid_on FROM membership WHERE account_id = ?", account_id)[0][0]
    charged_on, open_cents = (fee[1], fee[2]) if fee else ("", 0)
    if fee and not open_cents and paid_on is None:
        paid_on = charged_on  # of an ended membership the day is not kept
    return {
        "plan": terms.plan,
        "monthly_fee": plain_cents(terms.monthly_cents),
        "processing_fee": plain_cents(member.processing_cents),
        "individuals": str(member.individuals),
        "work_performed_on": _day(member.work_performed_on),
        "instructed_on": _day(member.instructed_on),
        "processing_charged_on": charged_on,
        "processing_paid_on": paid_on or "",
        "processing_open": plain_cents(open_cents) if open_cents else "",
        "fee_from": _day(member.period_from),
        "next_fee_on": _day(member.next_fee_on),
        "fee_day": "" if member.next_fee_on is None else str(member.fee_day),
    }


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _services(session: Session) -> dict[int, list[tuple[str, ...]]]:
    found: defaultdict[int, list[tuple[str, ...]]] = defaultdict(list)
    for account_id, name, cents, since, through in fetch_tuples(
        session,
        "SELECT account_id, name, monthly_cents, first_day, billed_through FROM service WHERE last_day IS NULL ORDER BY id",
    ):
        found[account_id].append((name, plain_cents(cents), since, through or ""))
    return found


def _owed(session: Session) -> dict[int, list[tuple[Any, ...]]]:
    """What is open: (invoice, description, date, due, amount), a refund whose payment came back last."""
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for account_id, number, said, on, due, cents, what in fetch_tuples(
        session,
        "SELECT i.account_id, i.id, (SELECT l.description FROM line l WHERE l.invoice_id = i.id AND l.n = 1), i.issued_on, "
        "i.due_on, i.open_cents, i.what FROM invoice i WHERE i.open_cents > 0 ORDER BY i.account_id, i.due_on, i.id",
    ):
        words = said if what == "opening" else f"Invoice {number}: {said}"  # the old program's name stays
        found[account_id].append((number, words[:200], on, due, plain_cents(cents)))
    for account_id, number, on, cents in fetch_tuples(
        session, "SELECT account_id, id, reopened_on, open_cents FROM refund WHERE open_cents > 0 ORDER BY id"
    ):
        found[account_id].append((None, f"Refund {number}, its payment came back", on, on, plain_cents(cents)))
    return found


def _credits(session: Session) -> dict[int, tuple[str, str]]:
    return {
        row[0]: (plain_cents(row[1]), row[2])
        for row in fetch_tuples(
            session,
            "SELECT account_id, sum(remaining_cents), min(business_date) FROM credit WHERE remaining_cents > 0 "
            "GROUP BY account_id",
        )
    }
