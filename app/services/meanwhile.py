"""What others did to an account since somebody opened it: told before anything of theirs is written over."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.clocktimes import format_time
from app.errors import UserError
from app.models.bulk import fetch_tuples, fetch_value
from app.services.audittrail import FieldChange, TrailEntry, action_words, changes_of, entries
from app.services.backupstanding import local_zone

# Where an action stands that was about an account. Each row is found by an index.
BY_ACCOUNT = (
    "account_change",
    "arrangement",
    "attempt_taken_back",
    "audit_change",
    "bank_number",
    "credit",
    "failed_attempt",
    "fee_waiver",
    "invoice",
    "note",
    "payment_attempt",
    "pending_charge",
    "plan_change",
    "refund",
    "return_taken_back",
    "scheduled_change",
    "suspension",
    "work",
)
_BY_ROW = (
    "SELECT {what} FROM service_price x JOIN service y ON y.id = x.service_id WHERE y.account_id = ?",
    "SELECT {what} FROM payment_reversal x JOIN payment y ON y.id = x.payment_id WHERE y.account_id = ?",
    "SELECT {what} FROM plan_change_undone x JOIN plan_change y ON y.id = x.plan_change_id WHERE y.account_id = ?",
    "SELECT {what} FROM refund_void x JOIN refund y ON y.id = x.refund_id WHERE y.account_id = ?",
)
MOST_TOLD = 3
MOST_FIELDS = 8


class Deed(NamedTuple):
    """What somebody did to the account: who, at which PC, the office's time of day, and what, in words."""

    who: str
    pc: str
    at: str
    what: str


class Meanwhile(NamedTuple):
    """What was done since a form was opened, the latest first; `upto` is the last action that it tells of."""

    upto: int
    deeds: tuple[Deed, ...]
    fields: tuple[FieldChange, ...]

    @property
    def short(self) -> str:
        """One line: who last did what and when."""
        deed, more = self.deeds[0], len(self.deeds) - 1
        others = "" if not more else f", and {more} more change{'s' if more > 1 else ''}"
        return f"{deed.who} changed this account at {deed.at} ({deed.pc}): {deed.what.lower()}{others}."

    @property
    def told(self) -> str:
        """All of it in sentences: what was done, and each value as it was and as it is."""
        lines = [f"{deed.at}, {deed.who} at {deed.pc}: {deed.what.lower()}." for deed in self.deeds[:MOST_TOLD]]
        if len(self.deeds) > MOST_TOLD:
            lines.append(f"And {len(self.deeds) - MOST_TOLD} more.")
        lines += [f"{field.field}: was {field.before}, is now {field.after}." for field in self.fields[:MOST_FIELDS]]
        return "\n".join(lines)


class ChangedMeanwhile(UserError):
    """Somebody changed the account after the form was opened; nothing was saved. `found` tells what."""

    def __init__(self, found: Meanwhile) -> None:
        super().__init__(
            f"Somebody else changed this account after you opened it; nothing was saved, and what you typed is kept.\n"
            f"{found.told}\nLook at it again; save once more if it is still right."
        )
        self.found = found


def _actions(what: str) -> list[str]:
    found = [f"SELECT {what} FROM {table} x WHERE x.account_id = ?" for table in BY_ACCOUNT]
    return found + [sql.format(what=what) for sql in _BY_ROW]


def last_action(session: Session, account_id: int) -> int:
    """The last action that was about an account; 0 for none."""
    parts = _actions("max(x.action_id) AS id")
    sql = f"SELECT coalesce(max(id), 0) FROM ({' UNION ALL '.join(parts)}) AS found"
    return int(fetch_value(session, sql, *[account_id] * len(parts)))


def since(session: Session, account_id: int, seen: int) -> Meanwhile | None:
    """What was done to an account after the action `seen`; None for nothing."""
    if last_action(session, account_id) <= seen:
        return None
    parts = [f"{sql} AND x.action_id > ?" for sql in _actions("x.action_id")]
    rows = fetch_tuples(session, " UNION ".join(parts), *[account_id, seen] * len(parts))
    ids = sorted((row[0] for row in rows), reverse=True)
    zone = local_zone(session)
    return Meanwhile(
        ids[0],
        tuple(_deed(entry, f"{format_time(entry.recorded_at.astimezone(zone).time())}") for entry in entries(session, ids)),
        _fields(session, account_id, ids),
    )


def _deed(entry: TrailEntry, at: str) -> Deed:
    return Deed(entry.actor, entry.pc, at, action_words(entry.what))


def _fields(session: Session, account_id: int, ids: list[int]) -> tuple[FieldChange, ...]:
    """Each field of the account once: as it was before the first of the actions, and as it is after the last."""
    found: dict[tuple[str, str], FieldChange] = {}
    for action_id in reversed(ids):
        for change in changes_of(session, action_id, account_id):
            before = found.get((change.row, change.field), change)
            found[change.row, change.field] = change._replace(before=before.before)
    return tuple(change for change in found.values() if change.before != change.after)


def refuse_unseen(session: Session, account_id: int, seen: int) -> None:
    """Raises ChangedMeanwhile when something was done to the account after the action `seen`.

    To be asked in the transaction that writes: nobody else can write between the question and the commit.
    """
    found = since(session, account_id, seen)
    if found is not None:
        raise ChangedMeanwhile(found)
