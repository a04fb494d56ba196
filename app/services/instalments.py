"""The calculator for arrangements: dated instalments that add up to the cent (ADV-16). Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from app.errors import UserError
from app.money import format_cents
from app.periods import add_months
from app.services.policies.facts import InstalmentFacts

Rhythm = Literal["week", "two-weeks", "month"]
RHYTHMS: tuple[Rhythm, ...] = ("week", "two-weeks", "month")
# A year of weeks: an arrangement that takes longer is a loan.
MOST_INSTALMENTS = 52
_DAYS = {"week": 7, "two-weeks": 14}


def in_parts(total_cents: int, count: int, first_on: date, every: Rhythm) -> tuple[InstalmentFacts, ...]:
    """`count` instalments of one amount in whole cents; the last takes the odd cents.

    Raises UserError (`total`, `count`) for nothing to pay, too many parts or parts below a cent.
    """
    _refuse_total(total_cents)
    if not 1 <= count <= MOST_INSTALMENTS:
        raise UserError(f"An arrangement has from 1 to {MOST_INSTALMENTS} instalments.", field="count")
    each = total_cents // count
    if not each:
        raise UserError(f"{format_cents(total_cents)} cannot be split into {count} instalments.", field="count")
    return _dated([each] * (count - 1) + [total_cents - each * (count - 1)], first_on, every)


def of_amount(total_cents: int, each_cents: int, first_on: date, every: Rhythm) -> tuple[InstalmentFacts, ...]:
    """Instalments of `each_cents` until the total is paid; the last is what is left.

    Raises UserError (`total`, `each`) for nothing to pay or an amount that takes too many instalments.
    """
    _refuse_total(total_cents)
    if each_cents <= 0:
        raise UserError("Each instalment must be more than zero.", field="each")
    count = -(-total_cents // each_cents)
    if count > MOST_INSTALMENTS:
        raise UserError(
            f"{format_cents(each_cents)} at a time would take {count:,} instalments; at most {MOST_INSTALMENTS} are agreed.",
            field="each",
        )
    return _dated([each_cents] * (count - 1) + [total_cents - each_cents * (count - 1)], first_on, every)


def _refuse_total(total_cents: int) -> None:
    if total_cents <= 0:
        raise UserError("There is nothing to arrange: the total must be more than zero.", field="total")


def _dated(amounts: list[int], first_on: date, every: Rhythm) -> tuple[InstalmentFacts, ...]:
    """The amounts on their days, each counted from the first: Jan 31, Feb 28, Mar 31."""
    if every == "month":
        return tuple(InstalmentFacts(add_months(first_on, n), cents) for n, cents in enumerate(amounts))
    step = timedelta(days=_DAYS[every])
    return tuple(InstalmentFacts(first_on + step * n, cents) for n, cents in enumerate(amounts))
