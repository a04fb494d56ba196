"""Notes on accounts: what somebody wrote down, and what is to be remembered on a day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute, fetch, fetch_one, insert_with_id, parse_day
from app.services.desk import Desk, begin
from app.services.inputs import text_block
from app.services.loading import card

LONGEST_NOTE = 4_000


class NoteRow(NamedTuple):
    """A note of an account. `remind_on`: on the list from that day until `done_on`; `by` wrote it."""

    id: int
    on: date
    body: str
    remind_on: date | None
    done_on: date | None
    by: str


class Reminder(NamedTuple):
    """A note whose day has come and that nobody has marked done; `number` and `name` are the account's."""

    id: int
    account_id: int
    number: str
    name: str
    body: str
    remind_on: date
    by: str


def add_note(
    session: Session, desk: Desk, account_id: int, body: str, remind_on: date | None = None, token: str | None = None
) -> int:
    """Write a note, also on a closed account; returns its id. With `remind_on` it is a reminder of that day.

    Raises UserError for an empty or endless note, or a reminder of a day before the desk's business date.
    """
    card(session, account_id)
    body = text_block(body.strip(), "A note", "body", LONGEST_NOTE)
    if not body:
        raise UserError("A note needs words; say what is to be remembered.", field="body")
    if remind_on is not None and remind_on < desk.on:
        raise UserError(f"A reminder cannot be of {remind_on:%m/%d/%Y}, a day that is over.", field="remind_on")
    act = begin(session, desk, "add-note", token=token)
    return insert_with_id(
        session,
        "note",
        account_id=account_id,
        business_date=desk.on,
        body=body,
        remind_on=remind_on,
        done_on=None,
        action_id=act.id,
    )


def mark_done(session: Session, desk: Desk, note_id: int) -> None:
    """What the note reminds of is done. Raises UserError for an unknown note or one that is done already."""
    row = fetch_one(session, "SELECT done_on FROM note WHERE id = ?", note_id)
    if row is None:
        raise UserError("There is no such note.", field="note")
    if row.done_on is not None:
        raise UserError(f"That note was marked done on {parse_day(row.done_on):%m/%d/%Y} already.", field="note")
    begin(session, desk, "note-done")
    execute(session, "UPDATE note SET done_on = ? WHERE id = ?", desk.on, note_id)


def account_notes(session: Session, account_id: int) -> list[NoteRow]:
    """The account's notes, the newest first."""
    rows = fetch(
        session,
        "SELECT n.id, n.business_date, n.body, n.remind_on, n.done_on, a.actor FROM note n "
        "JOIN action a ON a.id = n.action_id WHERE n.account_id = ? ORDER BY n.id DESC",
        account_id,
    )
    return [NoteRow(row[0], parse_day(row[1]), row[2], day_or_none(row[3]), day_or_none(row[4]), row[5]) for row in rows]


def reminders_due(session: Session, on: date) -> list[Reminder]:
    """Reminders of `on` and of earlier days that are not done, the longest waiting first."""
    rows = fetch(
        session,
        "SELECT n.id, n.account_id, c.number, c.name, n.body, n.remind_on, a.actor FROM note n "
        "JOIN account c ON c.id = n.account_id JOIN action a ON a.id = n.action_id "
        "WHERE n.remind_on IS NOT NULL AND n.done_on IS NULL AND n.remind_on <= ? ORDER BY n.remind_on, n.id",
        on,
    )
    return [Reminder(row[0], row[1], row[2], row[3], row[4], parse_day(row[5]), row[6]) for row in rows]
