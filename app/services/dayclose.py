"""The close of day: nothing logged is left unposted, receipts go out, months are recognised (ADV-6, ADV-7)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute, fetch, fetch_value, insert_row, parse_day
from app.money import format_cents
from app.periods import month_end, next_month_start
from app.services import checks, unbilled
from app.services.desk import Act, Desk, begin, begin_on_any_day, closed_through
from app.services.gateways.mail import MailGateway
from app.services.ledger import Gl, Transfer, post
from app.services.receipts import ReceiptsResult, send_under
from app.services.subscriptions import carry_out_due


class DayCloseResult(NamedTuple):
    """What a close did; `recognised`: month ends with the revenue recognised, in cents."""

    already_closed: bool
    receipts: ReceiptsResult
    changes_carried_out: int
    recognised: tuple[tuple[date, int], ...]


class Blocker(NamedTuple):
    """What keeps a day from being closed: what is wrong with the batch in which it is mended."""

    batch_id: int
    received_on: date
    problem: str

    @property
    def sentence(self) -> str:
        """The same as a sentence of its own."""
        return f"Batch {self.batch_id} of {self.received_on} {self.problem}."


def blocking_batches(session: Session, on: date) -> list[Blocker]:
    """What keeps the day from being closed; empty when nothing does."""
    found = []
    for batch in checks.batches(session, on, closed_through(session) or date.min):
        if not batch.is_balanced:
            problem = (
                f"is out of balance: {batch.entered_count} of {batch.expected_count} checks, "
                f"{format_cents(batch.entered_cents)} of {format_cents(batch.total_cents)}"
            )
            found.append(Blocker(batch.id, batch.received_on, problem))
        if batch.unposted:
            one = batch.unposted == 1
            checks_that = "logged check that is" if one else "logged checks that are"
            problem = f"has {batch.unposted} {checks_that} neither posted, held nor sent back"
            found.append(Blocker(batch.id, batch.received_on, problem))
    return found


def blockers(session: Session, on: date) -> list[str]:
    """What keeps the day from being closed, each in a sentence; empty when nothing does."""
    return [blocker.sentence for blocker in blocking_batches(session, on)]


def close_day(session: Session, desk: Desk, mail: MailGateway) -> DayCloseResult:
    """Close the desk's business date and every earlier one. Closing again only sends receipts.

    Order: scheduled changes, receipts, revenue recognition, then the lock. Raises UserError when a logged
    check or a batch blocks it, or for a day that has not come.
    """
    closed = closed_through(session)
    if closed is not None and desk.on <= closed:
        act = begin_on_any_day(session, desk, "close-day")
        return DayCloseResult(True, send_under(session, act, desk, mail), 0, ())
    found = blockers(session, desk.on)
    if found:
        raise UserError(f"{desk.on} cannot be closed yet. {' '.join(found)}", field="on")
    act = begin(session, desk, "close-day")
    highest = fetch_value(session, "SELECT coalesce(max(id), 0) FROM account")
    carried_out = len(carry_out_due(session, act, 0, highest))
    receipts = send_under(session, act, desk, mail)
    recognised = tuple(
        (last_day, recognise_month(session, act, last_day)) for last_day in months_to_recognise(session, desk.on)
    )
    execute(session, "UPDATE office SET closed_through = ? WHERE id = 1", desk.on)
    return DayCloseResult(False, receipts, carried_out, recognised)


def months_to_recognise(session: Session, on: date) -> list[date]:
    """Month ends up to `on` whose revenue is not recognised yet, oldest first."""
    done = fetch_value(session, "SELECT max(month_end) FROM recognition")
    if done is not None:
        first = month_end(next_month_start(parse_day(done)))
    else:
        earliest = fetch_value(
            session,
            "SELECT min(recognise_on) FROM (SELECT recognise_on FROM line "
            "UNION ALL SELECT recognise_on FROM opening_deferral) AS months",
        )
        of_members = unbilled.first_month(session)
        starts = [day for day in (day_or_none(earliest), of_members) if day is not None]
        if not starts:
            return []
        opened = parse_day(fetch_value(session, "SELECT opened_on FROM office"))
        first = max(min(starts), month_end(opened))
    months = []
    while first <= on:
        months.append(first)
        first = month_end(next_month_start(first))
    return months


def month_earned_cents(session: Session, last_day: date) -> int:
    """What services earned in the month that ends on `last_day`, as the books stand."""
    earned = fetch_value(session, "SELECT coalesce(sum(cents), 0) FROM line WHERE recognise_on = ?", last_day)
    released = fetch_value(session, "SELECT coalesce(sum(cents), 0) FROM deferral_release WHERE recognise_on = ?", last_day)
    opening = fetch_value(session, "SELECT coalesce(sum(cents), 0) FROM opening_deferral WHERE recognise_on = ?", last_day)
    return int(earned) + int(opening) - int(released)


def recognise_month(session: Session, act: Act, last_day: date) -> int:
    """Post the revenue that services earned in a month, dated its last day; returns the cents taken from deferred.

    Every deferred line lies within one month and is earned by its end; write-offs took some back before. What
    members owe for services not billed yet is posted with it, and reversed on the 1st (section 6).
    """
    cents = month_earned_cents(session, last_day)
    transfers = (
        [Transfer(Gl.DEFERRED_REVENUE, Gl.SERVICE_REVENUE, cents)]
        if cents > 0
        else [Transfer(Gl.SERVICE_REVENUE, Gl.DEFERRED_REVENUE, -cents)]
    )
    entry_id = post(session, act, "recognition", transfers, on=last_day)
    insert_row(session, "recognition", month_end=last_day, cents=cents, entry_id=entry_id, what="deferred")
    unbilled.recognise_unbilled(session, act, last_day)
    return cents


def days_with_unclosed_entries(session: Session) -> list[date]:
    """Business dates that have entries and are not closed yet."""
    rows = fetch(
        session,
        "SELECT DISTINCT business_date FROM entry WHERE business_date > "
        "coalesce((SELECT closed_through FROM office), '0001-01-01') ORDER BY 1",
    )
    return [parse_day(row[0]) for row in rows]
