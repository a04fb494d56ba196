"""The exceptions list: what a person must decide or complete before it can go on by itself."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch


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
        "SELECT id, 'authorization-missing', autopay || ' without a signed form', NULL FROM account "
        "WHERE autopay <> 'none' AND authorized_on IS NULL"
    ),
    "reactivation-proposed": (
        "SELECT account_id, 'reactivation-proposed', 're-activation fee proposed', restored_on FROM suspension "
        "WHERE reactivation = 'proposed'"
    ),
    "listed": "SELECT account_id, code, detail, opened_on FROM listed_exception WHERE closed_on IS NULL",
}


def open_exceptions(session: Session, account_id: int | None = None) -> list[OpenException]:
    """Everything open, of one account or of all; one row a cause."""
    source = " UNION ALL ".join(_SOURCES.values())
    condition = "" if account_id is None else "WHERE x.account_id = ?"
    rows = fetch(
        session,
        "SELECT x.account_id, a.number, a.name, x.code, x.detail, x.since FROM "
        f"({source}) x JOIN account a ON a.id = x.account_id {condition} ORDER BY x.code, x.account_id",
        *(() if account_id is None else (account_id,)),
    )
    return [OpenException(row[0], row[1], row[2], row[3], row[4], day_or_none(row[5])) for row in rows]


def open_codes(session: Session, account_id: int) -> list[str]:
    """The codes open on an account, each once, sorted."""
    return sorted({item.code for item in open_exceptions(session, account_id)})
