"""Why a batch of checks may be out: pure guesses from the control figures and what was entered.

They only ever point at something to look at. Each names the check and what its amount would have to be, so
that the clerk can pull that one sheet from the stack instead of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.money import format_cents


class Entered(NamedTuple):
    """A check of the batch as it was entered; `cents` of the whole sheet."""

    mail_check_id: int
    number: str
    cents: int
    name: str


class Doubt(NamedTuple):
    """Something that could explain the difference; `mail_check_id`: the check to look at, if it is one."""

    text: str
    mail_check_id: int | None = None


def doubts(expected_count: int, total_cents: int, entered: Sequence[Entered]) -> list[Doubt]:
    """What could explain that a batch is out, the likeliest first; empty when it balances.

    Nothing is guessed while checks are still to come, but for a batch that is over its total already.
    """
    over = sum(check.cents for check in entered) - total_cents
    missing = expected_count - len(entered)
    if over == 0:
        return _only_count(missing)
    if missing > 0 and over < 0:
        return [Doubt(f"The last check should be for {format_cents(-over)}.")] if missing == 1 else []
    found = [*_twice(entered, over), *_of_that_amount(entered, over, missing)]
    found += _swapped(entered, over)
    found += _shifted(entered, over)
    found += _wrong_side(entered, over)
    if not found:
        found = _general(over, missing)
    return list(dict.fromkeys(found))


def difference_words(expected_count: int, total_cents: int, entered_count: int, entered_cents: int) -> str:
    """By how much a batch is out, or what is still to come, in words."""
    count, cents = expected_count - entered_count, total_cents - entered_cents
    if count == 0 and cents == 0:
        return "In balance"
    if count > 0 and cents >= 0:
        return f"{_checks(count)} and {format_cents(cents)} to go"
    parts = []
    if count:
        parts.append(f"{_checks(abs(count))} too {'few' if count > 0 else 'many'}")
    if cents:
        parts.append(f"{format_cents(abs(cents))} too {'little' if cents > 0 else 'much'}")
    return "Out: " + ", ".join(parts)


def neighbours_swapped(cents: int) -> set[int]:
    """The amounts that come of swapping two neighbouring digits, such as 45.10 of 54.10."""
    digits = str(cents)
    return {
        int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
        for place in range(len(digits) - 1)
        if digits[place] != digits[place + 1]
    }


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"


def _of(check: Entered) -> str:
    return f"check {check.number} ({check.name})" if check.name else f"check {check.number}"


def _only_count(missing: int) -> list[Doubt]:
    if missing == 0:
        return []
    if missing > 0:
        return [
            Doubt(
                f"The money is all there with {_checks(missing)} fewer than counted: "
                "was the mail counted wrongly, or two sheets entered as one?"
            )
        ]
    return [
        Doubt(
            f"The money is all there with {_checks(-missing)} more than counted: "
            "was the mail counted wrongly, or one sheet entered in two parts?"
        )
    ]


def _twice(entered: Sequence[Entered], over: int) -> list[Doubt]:
    """Two entered checks that look like one sheet, worth exactly what is too much."""
    found, seen = [], {}
    for check in entered:
        key = (check.number.lstrip("0"), check.cents)
        if key in seen and check.cents == over:
            found.append(Doubt(f"Entered twice? C{_of(check)[1:]} for {format_cents(check.cents)}.", check.mail_check_id))
        seen[key] = check
    return found


def _of_that_amount(entered: Sequence[Entered], over: int, missing: int) -> list[Doubt]:
    if over < 0:
        if missing > 0:
            return [Doubt(f"A check for {format_cents(-over)} is not entered yet.")]
        same = [check for check in entered if check.cents == -over]
        return [
            Doubt(
                f"The difference is one check, {_of(check)}: is it twice on the adding machine's tape?", check.mail_check_id
            )
            for check in same
        ]
    return [
        Doubt(
            f"The difference is one check, {_of(check)}: "
            + ("is it missing on the adding machine's tape?" if missing >= 0 else "is it one too many?"),
            check.mail_check_id,
        )
        for check in entered
        if check.cents == over
    ]


def _swapped(entered: Sequence[Entered], over: int) -> list[Doubt]:
    """Two digits in the wrong order change an amount by a multiple of nine."""
    if over % 9:
        return []
    return [
        Doubt(
            f"Two digits swapped? C{_of(check)[1:]} is entered as {format_cents(check.cents)}; "
            f"{format_cents(check.cents - over)} would balance.",
            check.mail_check_id,
        )
        for check in entered
        if check.cents - over in neighbours_swapped(check.cents)
    ]


def _shifted(entered: Sequence[Entered], over: int) -> list[Doubt]:
    """The decimal point one or two places off."""
    return [
        Doubt(
            f"Point in the wrong place? C{_of(check)[1:]} is entered as {format_cents(check.cents)}; "
            f"{format_cents(right)} would balance.",
            check.mail_check_id,
        )
        for check in entered
        if (right := check.cents - over) > 0
        and any(right * step == check.cents or check.cents * step == right for step in (10, 100))
    ]


def _wrong_side(entered: Sequence[Entered], over: int) -> list[Doubt]:
    """Taken off instead of added, an amount counts twice in the difference."""
    if over <= 0 or over % 2:
        return []
    return [
        Doubt(f"Half of the difference is {_of(check)}: was it taken off instead of added on the tape?", check.mail_check_id)
        for check in entered
        if check.cents * 2 == over
    ]


def _general(over: int, missing: int) -> list[Doubt]:
    """No single check explains it: what kind of mistake makes such a difference."""
    digits = str(abs(over)).rstrip("0")
    if over % 9 == 0:
        return [Doubt("The difference divides by 9: look for two digits swapped, in an amount or on the tape.")]
    if len(digits) == 1 and missing == 0:
        return [Doubt("The difference is in one place only: look for one digit keyed wrongly.")]
    return []
