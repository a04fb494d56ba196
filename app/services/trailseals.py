"""What was sealed without an action of its own: a run marked as begun or done, sign-ins, a backup's end, an upgrade.

On the page they stand among the actions, each after the action that came before it, as entries with the negative
number of their row of the chain.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_tuples, fetch_value, parse_day
from app.services import trailwords

# What the filter calls them.
KIND, KIND_WORDS = "sealed-alone", "Without an action: runs, sign-ins, upgrades"
PROGRAM = "the program"
_WORDS = {
    "sign_in": "Sign-in",
    "sign_in_guard": "Sign-in tried",
    "backup_log": "Backup ended",
    "person": "Sign-in",
    "office": "Office set up",
}
_RUNS = {"billing": "Billing run", "autopay": "Auto-pay run", "refunds": "Refund run", "suspension": "Suspension run"}
_OUTCOMES = {
    "in": "signed in",
    "out": "signed out",
    "wrong": "wrong name or password",
    "locked": "refused: too many wrong passwords",
    "unlocked": "unlocked the window",
    "approved": "signed in to approve",
}
_FIRST_KNOWN = ("run", "sign_in", "backup_log", "sign_in_guard", "person")


class Sealed(NamedTuple):
    """A row of the chain that has no action: its number, when (UTC), for which day, who, where, what, and more."""

    n: int
    at: datetime
    on: date
    actor: str
    pc: str
    what: str
    reason: str


def places(session: Session) -> list[tuple[int, int]]:
    """Of every row of the chain without an action: (the last action before it, its number), oldest first.

    What an upgrade sealed anew goes with the row that begins it.
    """
    found: list[tuple[int, int]] = []
    begun = ""
    for n, sealed, before in fetch_tuples(
        session,
        "SELECT a.n, a.sealed, coalesce((SELECT b.last_action_id FROM audit b WHERE b.n < a.n "
        "AND b.last_action_id IS NOT NULL ORDER BY b.n DESC LIMIT 1), 0) FROM audit a WHERE a.first_action_id IS NULL "
        "ORDER BY a.n",
    ):
        told = json.loads(sealed)
        tables = [row[0] for row in told.get("rows", ())]
        if "layout" in told:
            begun = " "
        elif begun and len(tables) == 1 and "changes" not in told and tables[0] >= begun:
            begun = tables[0]
            continue
        else:
            begun = ""
        found.append((before, n))
    return found


def sealed_alone(session: Session, numbers: Sequence[int]) -> list[Sealed]:
    """These rows of the chain, in words."""
    return [_told(session, n) for n in numbers]


def _told(session: Session, n: int) -> Sealed:
    text = fetch_value(session, "SELECT sealed FROM audit WHERE n = ?", n)
    sealed: dict[str, Any] = json.loads(text or "{}")
    at, on = _around(session, n)
    if "layout" in sealed:
        revision = ", ".join(sealed.get("revision", ()))
        said = "Every row that was there was sealed" + (f", version {revision}" if revision else "")
        by, pc = sealed.get("by", (PROGRAM, ""))
        return Sealed(n, at, on, by, pc, "Upgrade" if "by" in sealed else "Audit trail begun", said)
    table, row = _row_of(session, n, sealed)
    actor, pc = str(row.get("actor") or PROGRAM), str(row.get("pc") or "")
    what, reason = _WORDS.get(table, trailwords.table_words(table)), ""
    if table == "run":
        # A row that is written begins it; as it is now, it may have ended since.
        is_done = all(written[0] != "run" for written in sealed.get("rows", ()))
        what = f"{_RUNS.get(str(row['what']), 'Run')} {'done' if is_done else 'begun'}"
        at, on = _instant(row["finished_at"] if is_done else row["started_at"]), parse_day(row["business_date"])
    elif table == "sign_in":
        at, reason = _instant(row["at"]), _OUTCOMES.get(str(row["outcome"]), "")
        name = fetch_value(session, "SELECT name FROM person WHERE id = ?", row["person_id"])
        actor = "an unknown name" if name is None else str(name)
        on = at.date()
    elif table == "backup_log":
        at, on, reason = _instant(row["begun_at"]), parse_day(row["business_date"]), str(row["state"])
    return Sealed(n, at, on, actor, pc, what, reason)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _around(session: Session, n: int) -> tuple[datetime, date]:
    """When the action before it was recorded, else the one after it: the chain itself holds no clock's time."""
    for sql in (
        "SELECT last_action_id FROM audit WHERE n < ? AND last_action_id IS NOT NULL ORDER BY n DESC LIMIT 1",
        "SELECT first_action_id FROM audit WHERE n > ? AND first_action_id IS NOT NULL ORDER BY n LIMIT 1",
    ):
        row = fetch_one(session, f"SELECT recorded_at, business_date FROM action WHERE id = ({sql})", n)
        if row is not None:
            return _instant(row.recorded_at), parse_day(row.business_date)
    opened = parse_day(fetch_value(session, "SELECT opened_on FROM office WHERE id = 1") or "1970-01-01")
    return datetime(opened.year, opened.month, opened.day, tzinfo=UTC), opened


def _row_of(session: Session, n: int, sealed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The row that tells most about a transaction, as it is now, or as it was when it is gone."""
    touched: dict[str, tuple[str, dict[str, Any]]] = {}
    query = "SELECT table_name, row_key, before FROM audit_change WHERE n = ? ORDER BY id"
    for table, key, before in fetch_tuples(session, query, n):
        touched.setdefault(table, (key, json.loads(before or "{}")))
    for table, keys, *_ in sealed.get("rows", ()):
        first = keys[0][0] if isinstance(keys[0], list) else keys[0]
        touched.setdefault(table, (str(first), {}))
    known = [table for table in _FIRST_KNOWN if table in touched] or list(touched)
    if not known:
        return "", {}
    key, before = touched[known[0]]
    column = {"backup_log": "number", "sign_in_guard": "login_digest"}.get(known[0], "id")
    if known[0] not in _FIRST_KNOWN:
        return known[0], {}
    value = key if column == "login_digest" else int(key)
    rows = fetch(session, f"SELECT * FROM {known[0]} WHERE {column} = ?", value)
    return known[0], dict(rows[0]._asdict()) if rows else before
