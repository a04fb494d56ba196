"""ADV-16: when an arrangement is being kept. Pure; used by late fees and by the suspension run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.services.policies.facts import ArrangementFacts, PaymentFacts


def arrangement_kept(arrangement: ArrangementFacts | None, payments: Sequence[PaymentFacts], on: date) -> bool:
    """ADV-16: whether the latest arrangement protects the account on `on`.

    Each instalment is judged at the end of its date: payments received from the arrangement's day through
    that date, and not undone by `on`, add up to the instalments due so far. From the day after the last
    instalment it protects nothing.
    """
    if arrangement is None or on < arrangement.made_on or on > arrangement.instalments[-1].due_on:
        return False
    owed = 0
    for instalment in arrangement.instalments:
        if instalment.due_on >= on:
            break
        owed += instalment.cents
        paid = sum(
            payment.cents
            for payment in payments
            if arrangement.made_on <= payment.on <= instalment.due_on and payment.stands(on)
        )
        if paid < owed:
            return False
    return True
