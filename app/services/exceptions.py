"""The exceptions list: what a person must decide or complete before it can go on by itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, fetch_value, parse_day
from app.services.policies.policyfile import ArrearsPolicy
from app.services.terms import policies_on

PROCESSING_FEE_OVERDUE = "processing-fee-overdue"


class OpenException(NamedTuple):
    """Something open on an account; `since` is a business date."""

    account_id: int
    number: str
    name: str
    code: str
    detail: str
    since: date | None


_SOURCES = {
    "needs-decision": (
        "SELECT account_id, 'needs-decision' AS code, why AS detail, date(starts_at) AS since FROM work "
        "WHERE decision = 'needs-decision'"
    ),
    "authorization-missing": (
        "SELECT id, 'authorization-missing', CASE autopay WHEN 'card' THEN 'Card' WHEN 'echeck' THEN 'E-Check' "
        "ELSE 'Bank draft' END || ' without a signed form', NULL FROM account "
        "WHERE autopay <> 'none' AND authorized_on IS NULL"
    ),
    "reactivation-proposed": (
        "SELECT account_id, 'reactivation-proposed', 're-activation fee proposed', restored_on FROM suspension "
        "WHERE reactivation = 'proposed'"
    ),
    "listed": "SELECT account_id, code, detail, opened_on FROM listed_exception WHERE closed_on IS NULL",
}


def _sources(session: Session, on: date | None) -> str:
    """Every source as one query; of the processing fee the day counts from which it is overdue (ARR-1)."""
    if on is None:
        known = fetch_value(session, "SELECT max(business_date) FROM action")
        on = date.min if known is None else parse_day(known)
    found = list(_SOURCES.values())
    if on == date.min or not fetch_value(session, "SELECT 1 FROM membership LIMIT 1"):
        return " UNION ALL ".join(found)
    for policy in policies_on(session, on):
        if isinstance(policy, ArrearsPolicy):
            last = on - timedelta(days=policy.processing_before_days)
            found.append(
                f"SELECT m.account_id, '{PROCESSING_FEE_OVERDUE}', 'signed up on ' || m.signed_up_on, "
                f"date(m.signed_up_on, '+{policy.processing_before_days + 1} days') FROM membership m "
                "JOIN account a ON a.id = m.account_id WHERE m.work_performed_on IS NULL AND a.status <> 'closed' "
                f"AND m.signed_up_on < '{last.isoformat()}' AND a.policy = {_quoted(policy.name)}"
            )
    return " UNION ALL ".join(found)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open_exceptions(session: Session, account_id: int | None = None, on: date | None = None) -> list[OpenException]:
    """Everything open on business date `on` (None: the latest that the books know), of one account or of all.

    One row a cause.
    """
    source = _sources(session, on)
    condition = "" if account_id is None else "WHERE x.account_id = ?"
    rows = fetch(
        session,
        "SELECT x.account_id, a.number, a.name, x.code, x.detail, x.since FROM "
        f"({source}) x JOIN account a ON a.id = x.account_id {condition} ORDER BY x.code, x.account_id",
        *(() if account_id is None else (account_id,)),
    )
    return [OpenException(row[0], row[1], row[2], row[3], row[4], day_or_none(row[5])) for row in rows]


def open_codes(session: Session, account_id: int, on: date | None = None) -> list[str]:
    """The codes open on an account on `on`, each once, sorted."""
    return sorted({item.code for item in open_exceptions(session, account_id, on)})


class ExceptionCount(NamedTuple):
    """How many are open of one code; `since` is the earliest business date, where the code knows one."""

    code: str
    how_many: int
    since: date | None


def open_counts(session: Session, on: date | None = None) -> list[ExceptionCount]:
    """Everything open on `on`, counted by code."""
    source = _sources(session, on)
    rows = fetch(session, f"SELECT code, count(*), min(since) FROM ({source}) GROUP BY code ORDER BY code")
    return [ExceptionCount(row[0], row[1], day_or_none(row[2])) for row in rows]
