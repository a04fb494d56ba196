"""The audit trail as people read it: who did what, when, at which PC and why, and what changed by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models import auditcheck, sealing
from app.models.bulk import fetch_one, fetch_tuples, iso, parse_day
from app.services import trailseals, trailwords
from app.services.permissions import RIGHTS, ROLE_NAMES
from app.services.reporting import Report, ReportColumn, ReportRow

MOST_ROWS_SHOWN = 60
# Where an action is found by the account that it was about; each of them knows its rows by account.
_BY_ACCOUNT = (
    "account_change",
    "invoice",
    "credit",
    "refund",
    "suspension",
    "arrangement",
    "note",
    "work",
    "failed_attempt",
)


class TrailFilter(NamedTuple):
    """What to list; empty means all. Days are business dates, both included; `text` is looked for anywhere."""

    actor: str = ""
    what: str = ""
    first: date | None = None
    last: date | None = None
    account_id: int | None = None
    text: str = ""


class TrailEntry(NamedTuple):
    """An action: when it was recorded (UTC), for which business date, by whom, in which role, where, what and why.

    What was sealed without an action (`trailseals`) has the negative number of its row of the chain as `id`.
    """

    id: int
    recorded_at: datetime
    on: date
    actor: str
    role: str
    pc: str
    what: str
    reason: str
    approved_by: str


class FieldChange(NamedTuple):
    """A field before and after, in words a clerk knows; `row` says of what."""

    row: str
    field: str
    before: str
    after: str


class WrittenRow(NamedTuple):
    """A row that was written: what it is, and what it says."""

    what: str
    says: str


class TrailDetails(NamedTuple):
    """What an action did. `accounts`: (id, number, name). `more`: rows written that are not listed here."""

    entry: TrailEntry
    changes: tuple[FieldChange, ...]
    written: tuple[WrittenRow, ...]
    more: int
    accounts: tuple[tuple[int, str, str], ...]
    seal: str


class TrailChoices(NamedTuple):
    """What can be chosen: the people who did something, and the kinds of action (code, words)."""

    actors: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]


def action_words(what: str) -> str:
    """What an action is called; its code if it has no name."""
    right = RIGHTS.get(what)
    return what.replace("-", " ").capitalize() if right is None else right.words


def choices(session: Session) -> TrailChoices:
    """What the trail can be filtered by."""
    actors = tuple(row[0] for row in fetch_tuples(session, "SELECT DISTINCT actor FROM action ORDER BY actor"))
    kinds = [(row[0], action_words(row[0])) for row in fetch_tuples(session, "SELECT DISTINCT what FROM action")]
    alone = (trailseals.KIND, trailseals.KIND_WORDS)
    return TrailChoices(actors, (*sorted(kinds, key=lambda kind: kind[1]), alone))


def entry_ids(session: Session, wanted: TrailFilter) -> tuple[int, ...]:
    """The actions that are wanted, newest first; among them what was sealed without one."""
    where, values = _conditions(session, wanted)
    rows = fetch_tuples(session, f"SELECT a.id FROM action a WHERE {' AND '.join(where)} ORDER BY a.id DESC", *values)
    actions = [row[0] for row in rows] if wanted.what != trailseals.KIND else []
    alone = _sealed_alone(session, wanted)
    if not alone:
        return tuple(actions)
    # Newest first: what was sealed after an action stands above it.
    placed = [((action, 0), action) for action in actions] + [((before, n), -n) for before, n in alone]
    return tuple(entry for _, entry in sorted(placed, reverse=True))


def _sealed_alone(session: Session, wanted: TrailFilter) -> list[tuple[int, int]]:
    """What was sealed without an action and fits: (the action before, the chain's number). None is about an account."""
    if wanted.account_id is not None or wanted.what not in ("", trailseals.KIND):
        return []
    places = trailseals.places(session)
    if not (wanted.actor or wanted.first or wanted.last or wanted.text.strip()):
        return places
    text = wanted.text.strip().lower()
    fitting = {
        row.n
        for row in trailseals.sealed_alone(session, [n for _, n in places])
        if (not wanted.actor or row.actor == wanted.actor)
        and (wanted.first is None or row.on >= wanted.first)
        and (wanted.last is None or row.on <= wanted.last)
        and text in " ".join((row.actor, row.pc, row.what, row.reason)).lower()
    }
    return [place for place in places if place[1] in fitting]


def _conditions(session: Session, wanted: TrailFilter) -> tuple[list[str], list[Any]]:
    where: list[str] = ["a.id > 0"]
    values: list[Any] = []
    for column, value, sign in (
        ("actor", wanted.actor, "="),
        ("what", wanted.what, "="),
        ("business_date", iso(wanted.first), ">="),
        ("business_date", iso(wanted.last), "<="),
    ):
        if value:
            where.append(f"a.{column} {sign} ?")
            values.append(value)
    if wanted.account_id is not None:
        parts = [f"SELECT action_id FROM {table} WHERE account_id = ?" for table in _BY_ACCOUNT]
        parts.append("SELECT action_id FROM audit_change WHERE action_id IS NOT NULL AND account_id = ?")
        parts.append("SELECT p.action_id FROM service_price p JOIN service s ON s.id = p.service_id WHERE s.account_id = ?")
        where.append(f"a.id IN ({' UNION '.join(parts)})")
        values += [wanted.account_id] * len(parts)
    if text := wanted.text.strip():
        pattern, in_values = _pattern(text), _pattern(json.dumps(text, ensure_ascii=False)[1:-1])
        named = [code for code, right in RIGHTS.items() if text.lower() in right.words.lower()]
        columns = [f"lower(a.{name}) LIKE ? ESCAPE '\\'" for name in ("reason", "actor", "pc", "what", "approved_by")]
        codes = ", ".join("?" * len(named))
        among = [f"a.what IN ({codes})"] if named else []
        changed = (
            "a.id IN (SELECT action_id FROM audit_change WHERE action_id IS NOT NULL "
            "AND (lower(before) LIKE ? ESCAPE '\\' OR lower(after) LIKE ? ESCAPE '\\'))"
        )
        where.append(f"({' OR '.join([*columns, *among, changed])})")
        values += [*[pattern] * len(columns), *named, in_values, in_values]
    return where, values


def _pattern(text: str) -> str:
    """For LIKE: the text anywhere, its own signs as letters; the databases fold ASCII alone alike."""
    folded = "".join(c.lower() if c.isascii() else c for c in text)
    for sign in ("\\", "%", "_"):
        folded = folded.replace(sign, f"\\{sign}")
    return f"%{folded}%"


_ENTRY = "SELECT id, recorded_at, business_date, actor, role, pc, what, reason, approved_by FROM action"


def _entry(row: Any) -> TrailEntry:
    at = datetime.fromisoformat(row[1]).replace(tzinfo=UTC)
    role = ROLE_NAMES.get(row[4], row[4])
    return TrailEntry(row[0], at, parse_day(row[2]), row[3], role, row[5], action_words(row[6]), row[7], row[8] or "")


def entries(session: Session, ids: Sequence[int]) -> list[TrailEntry]:
    """Some actions, in the order asked for."""
    if not ids:
        return []
    rows = fetch_tuples(session, f"{_ENTRY} WHERE id IN ({', '.join('?' * len(ids))})", *ids)
    found = {row[0]: _entry(row) for row in rows}
    for seal in trailseals.sealed_alone(session, [-i for i in ids if i < 0]):
        found[-seal.n] = _seal_entry(seal)
    return [found[i] for i in ids if i in found]


def _seal_entry(seal: trailseals.Sealed) -> TrailEntry:
    return TrailEntry(-seal.n, seal.at, seal.on, seal.actor, "", seal.pc, seal.what, seal.reason, "")


def details(session: Session, action_id: int) -> TrailDetails | None:
    """What an action changed and wrote; None for an unknown one. A negative number: a row of the chain by itself."""
    if action_id < 0:
        return _details_alone(session, -action_id)
    row = fetch_one(session, f"{_ENTRY} WHERE id = ?", action_id)
    if row is None:
        return None
    accounts: dict[int, None] = {}
    changes = _changes(session, [action_id], accounts).get(action_id, [])
    sealed = fetch_one(
        session,
        "SELECT n, sealed, hash FROM audit WHERE first_action_id <= ? AND last_action_id >= ? "
        "ORDER BY first_action_id DESC, n LIMIT 1",
        action_id,
        action_id,
    )
    written: list[WrittenRow] = []
    more, seal = 0, "Recorded before the audit trail was begun; sealed with all that was there then."
    if sealed is not None:
        written, more = _written(session, json.loads(sealed.sealed), action_id, accounts)
        seal = f"Sealed as entry {sealed.n} of the trail, {sealed.hash[:16]}."
    return TrailDetails(_entry(row), tuple(changes), tuple(written), more, _named_accounts(session, accounts), seal)


def _details_alone(session: Session, n: int) -> TrailDetails | None:
    row = fetch_one(session, "SELECT n, sealed, hash FROM audit WHERE n = ?", n)
    if row is None:
        return None
    accounts: dict[int, None] = {}
    changes = _changes(session, [n], accounts, by="n").get(n, [])
    written, more = _written(session, json.loads(row.sealed), None, accounts)
    entry = _seal_entry(trailseals.sealed_alone(session, [n])[0])
    seal = f"Sealed as entry {n} of the trail, {row.hash[:16]}; it belongs to no action."
    return TrailDetails(entry, tuple(changes), tuple(written), more, _named_accounts(session, accounts), seal)


def _named_accounts(session: Session, accounts: dict[int, None]) -> tuple[tuple[int, str, str], ...]:
    found = []
    for account_id in list(accounts)[:MOST_ROWS_SHOWN]:
        row = fetch_one(session, "SELECT number, name FROM account WHERE id = ?", account_id)
        if row is not None:
            found.append((account_id, row.number, row.name))
    return tuple(found)


def changes_of(session: Session, action_id: int, account_id: int) -> list[FieldChange]:
    """What an action changed of one account, in the order in which it did."""
    return _changes(session, [action_id], {}, only=account_id).get(action_id, [])


def _changes(
    session: Session,
    action_ids: Sequence[int],
    accounts: dict[int, None],
    by: str = "action_id",
    only: int | None = None,
) -> dict[int, list[FieldChange]]:
    """Recorded changes by action, or `by` the chain's number `n`; `only`: those of one account."""
    found: dict[int, list[FieldChange]] = {}
    if not action_ids:
        return {}
    marks = ", ".join("?" * len(action_ids))
    rows = fetch_tuples(
        session,
        f"SELECT {by}, account_id, table_name, row_key, what, before, after FROM audit_change "
        f"WHERE {by} IN ({marks}) ORDER BY id",
        *action_ids,
    )
    for action_id, account_id, table, key, what, before, after in rows:
        if only is not None and account_id != only:
            continue
        if account_id is not None:
            accounts.setdefault(account_id)
        was, now = json.loads(before), json.loads(after or "{}")
        name = trailwords.row_words(table, key)
        if what == "delete":
            found.setdefault(action_id, []).append(FieldChange(name, "", "was there", "taken away"))
        for column in was if what == "update" else ():
            said = trailwords.value_words(column, was[column]), trailwords.value_words(column, now.get(column))
            found.setdefault(action_id, []).append(FieldChange(name, trailwords.field_words(column), *said))
    return found


def _written(
    session: Session, sealed: dict[str, Any], action_id: int | None, accounts: dict[int, None]
) -> tuple[list[WrittenRow], int]:
    """The rows that the transaction wrote for this action (or for none), the first of them in words."""
    layouts = sealing.load_layouts(session)
    found: list[WrittenRow] = []
    more = 0
    for table, keys, count, _, _ in sealed.get("rows", ()):
        layout = layouts.get(table)
        if table in trailwords.NOT_TOLD or layout is None:
            continue
        room = MOST_ROWS_SHOWN - len(found)
        more += max(count - room, 0)
        for key in keys[: max(room, 0)]:
            first, last = key if isinstance(key, list) else (key, key)
            names = ", ".join(f'"{name}"' for name in layout.columns)
            limit = MOST_ROWS_SHOWN - len(found)
            query = f'SELECT {names} FROM {table} WHERE "{layout.key[0]}" BETWEEN ? AND ? ORDER BY 1 LIMIT {limit}'
            for values in fetch_tuples(session, query, first, last):
                row = dict(zip(layout.columns, values, strict=True))
                if action_id is not None and row.get("action_id", action_id) != action_id:
                    continue
                account_id = row["id"] if table == "account" else row.get("account_id")
                if account_id is not None:
                    accounts.setdefault(account_id)
                found.append(WrittenRow(trailwords.row_words(table, _key(layout.key, row)), trailwords.row_says(row)))
    return found, more


def _key(columns: Sequence[str], row: dict[str, Any]) -> str:
    return "/".join(str(row[name]) for name in columns)


_COLUMNS = (
    ReportColumn("Recorded (UTC)", "text", 20),
    ReportColumn("Business date", "date", 12),
    ReportColumn("Who", "text", 14),
    ReportColumn("Role", "text", 14),
    ReportColumn("PC", "text", 12),
    ReportColumn("What", "text", 22),
    ReportColumn("Why", "text", 0),
    ReportColumn("Approved by", "text", 14),
    ReportColumn("Of", "text", 18),
    ReportColumn("Field", "text", 16),
    ReportColumn("Before", "text", 20),
    ReportColumn("After", "text", 20),
)
_AT_ONCE = 500


def trail_report(session: Session, wanted: TrailFilter) -> Report:
    """The filtered trail for a spreadsheet: a line for each action, and one more for each further change of it."""
    rows: list[ReportRow] = []
    ids = entry_ids(session, wanted)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        changes = _changes(session, [i for i in part if i > 0], {})
        changes |= {-n: told for n, told in _changes(session, [-i for i in part if i < 0], {}, by="n").items()}
        for entry in entries(session, part):
            for change in changes.get(entry.id) or [FieldChange("", "", "", "")]:
                at = f"{entry.recorded_at:%Y-%m-%d %H:%M:%S}"
                said = (entry.actor, entry.role, entry.pc, entry.what, entry.reason, entry.approved_by)
                rows.append(ReportRow((at, entry.on, *said, *change)))
    end = auditcheck.head(session)
    return Report("audit", "Audit trail", f"{len(ids):,} actions; the trail ends with {end}", _COLUMNS, tuple(rows))


def closing_seal(session: Session, on: date) -> str:
    """Where the close of a day stands in the trail, as its report prints it; empty for a day that is not closed."""
    row = fetch_one(
        session,
        "SELECT a.n, a.hash FROM audit a JOIN (SELECT min(id) AS id FROM action WHERE what = 'close-day' "
        "AND business_date = ?) AS c ON a.first_action_id <= c.id AND a.last_action_id >= c.id ORDER BY a.n LIMIT 1",
        on,
    )
    return "" if row is None else f"{row.n}:{row.hash[:16]}"


def history_of(session: Session, account_id: int) -> list[TrailEntry]:
    """Everything done about one account, newest first."""
    return entries(session, entry_ids(session, TrailFilter(account_id=account_id))[:MOST_ROWS_SHOWN])


def account_shown(session: Session, account_id: int) -> str:
    """An account's number and name, as an input shows it."""
    row = fetch_one(session, "SELECT number, name FROM account WHERE id = ?", account_id)
    return "" if row is None else f"{row.number} {row.name}"
