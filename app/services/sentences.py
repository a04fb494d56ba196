"""How an account stands, in a sentence that a person would say; pure, for today and for any earlier day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from app.money import format_cents


class StandingFacts(NamedTuple):
    """What the sentence is made from, on `on`; cents.

    `past_due_since` and `next_due_on` are the oldest due date gone by and the nearest to come, the latter with
    what is due then. `kept`: an arrangement is being kept, `instalment` its next date and amount.
    `charged`: something was billed by then; before that nothing can have been paid in full.
    """

    on: date
    status: str
    balance_cents: int
    past_due_cents: int = 0
    past_due_since: date | None = None
    next_due_on: date | None = None
    next_due_cents: int = 0
    closed_on: date | None = None
    suspended_on: date | None = None
    kept: bool = False
    instalment: tuple[date, int] | None = None
    refund_on: date | None = None
    charged: bool = True


def short_day(day: date, on: date) -> str:
    """`Feb 28`, or `Feb 28, 2025` when it is of another year than `on`."""
    return f"{day:%b} {day.day}" if day.year == on.year else f"{day:%b} {day.day}, {day.year}"


def standing_sentence(facts: StandingFacts) -> str:
    """One to three short sentences: how the account stands, and what happens next."""
    if facts.status == "closed":
        return _closed(facts)
    if facts.status == "suspended":
        start = "Suspended" + _since(facts.suspended_on, facts.on)
        if facts.balance_cents <= 0:
            return f"{start}."
        owes = format_cents(facts.balance_cents)
        return f"{start}. Services are restored the day ${owes} is paid or arrangements are made."
    if facts.past_due_since is not None:
        late = format_cents(facts.past_due_cents)
        start = f"Past due ${late}{_since(facts.past_due_since, facts.on)}."
        if facts.kept:
            return f"{start} {_arrangement(facts)}"
        return (
            f"{start} Services will be suspended on the next suspension run unless ${late} is paid or arrangements are made."
        )
    if facts.balance_cents > 0:
        return f"Owes ${format_cents(facts.balance_cents)}; nothing is past due.{_next_due(facts)}"
    if facts.balance_cents < 0:
        return f"Has a credit of ${format_cents(-facts.balance_cents)}, which pays the next invoice by itself."
    return "Paid in full." if facts.charged else "Nothing has been charged yet."


def _since(day: date | None, on: date) -> str:
    return "" if day is None else f" since {short_day(day, on)}"


def _closed(facts: StandingFacts) -> str:
    start = "Closed" if facts.closed_on is None else f"Closed on {short_day(facts.closed_on, facts.on)}"
    if facts.balance_cents < 0:
        when = (
            "the next refund run" if facts.refund_on is None else f"the refund run of {short_day(facts.refund_on, facts.on)}"
        )
        return f"{start}. A credit of ${format_cents(-facts.balance_cents)} is paid back by check on {when}."
    if facts.balance_cents > 0:
        late = "" if facts.past_due_since is None else f" Past due{_since(facts.past_due_since, facts.on)}."
        return f"{start}, and still owes ${format_cents(facts.balance_cents)}.{late}"
    return f"{start}, and settled."


def _arrangement(facts: StandingFacts) -> str:
    if facts.instalment is None:
        return "An arrangement is being kept; it keeps the services on."
    day, cents = facts.instalment
    return f"An arrangement is being kept: ${format_cents(cents)} is due by {short_day(day, facts.on)}."


def _next_due(facts: StandingFacts) -> str:
    if facts.next_due_on is None:
        return ""
    part = "It" if facts.next_due_cents == facts.balance_cents else f"${format_cents(facts.next_due_cents)}"
    return f" {part} is due by {short_day(facts.next_due_on, facts.on)}."
