"""`membership-arrears`: payment methods, failed attempts and chargebacks. Pure functions, one for each clause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.money import plain_cents
from app.services.policies.clause import Charge
from app.services.policies.policyfile import ArrearsPolicy

ADVANCE_METHODS = ("none", "card", "echeck")
BANK_ACCOUNT_CLOSED = "R02"
LATE_CHARGE, DISHONORED = "late-charge", "dishonored-fee"
CHARGEBACK_COST = "chargeback-cost"


class Cost(NamedTuple):
    """What a chargeback cost besides: court, attorney, processing; cents."""

    what: str
    cents: int


def arr_5_methods() -> tuple[str, ...]:
    """ARR-5: how a member may pay by itself; a prepaid card is none of them."""
    return ("none", "card", "bank-draft")


def arr_6_late_charge(policy: ArrearsPolicy, plan: str, attempt: str) -> Charge:
    """ARR-6: the plan's late charge, when an invoice fails that never failed before."""
    cents = policy.late_charge[plan]
    why = f"{plain_cents(cents)} for plan {plan}: not honored on first presentment"
    return Charge(LATE_CHARGE, f"{LATE_CHARGE}:{attempt}", cents, "ARR-6", f"Late charge, {plan}", why)


def arr_7_late_charge_again(policy: ArrearsPolicy, attempt: str) -> Charge:
    """ARR-7: the late fee of an attempt of nothing but invoices that failed before."""
    cents = policy.late_charge_again
    why = f"{plain_cents(cents)} for each later attempt that is missed or late"
    return Charge(LATE_CHARGE, f"{LATE_CHARGE}:{attempt}", cents, "ARR-7", "Late charge, payment failed again", why)


def arr_7_failed_attempt(
    policy: ArrearsPolicy, plan: str, attempt: str, what: str, *, first_time: bool
) -> tuple[Charge, ...]:
    """ARR-6, ARR-7: both charges of a failed attempt; `first_time`: some invoice of it never failed before."""
    late = arr_6_late_charge(policy, plan, attempt) if first_time else arr_7_late_charge_again(policy, attempt)
    cents = policy.dishonored_fee
    why = f"{plain_cents(cents)} for each attempt: {what}"
    return late, Charge(DISHONORED, f"{DISHONORED}:{attempt}", cents, "ARR-7", "Dishonored payment fee", why)


def arr_9_chargeback(
    policy: ArrearsPolicy, individuals: int, payment_id: int, costs: Sequence[Cost] = ()
) -> tuple[Charge, ...]:
    """ARR-9: a fraudulent chargeback: the fee for each individual on the plan, and every cost on a line of its own."""
    cents = policy.chargeback_fee * individuals
    why = f"{plain_cents(policy.chargeback_fee)} x {individuals} individual{'' if individuals == 1 else 's'}"
    fee = Charge("chargeback-fee", f"chargeback-fee:{payment_id}", cents, "ARR-9", "Fraudulent chargeback", why)
    return fee, *(
        Charge(
            CHARGEBACK_COST,
            f"{CHARGEBACK_COST}:{payment_id}:{n}",
            cost.cents,
            "ARR-9",
            f"Chargeback: {cost.what}"[:200],
            f"{plain_cents(cost.cents)}, what it cost",
        )
        for n, cost in enumerate(costs, start=1)
    )


def names_to_waive(lines: Sequence[tuple[str, str]]) -> list[str]:
    """What each fee of a payment that came back is called when it is waived beforehand (BOTH-4); (kind, description) each.

    Its kind; a cost of a chargeback, of which there may be several, also by what it was: `chargeback-cost:court`.
    """
    names: list[str] = []
    for kind, description in lines:
        name = f"{kind}:{description.partition(': ')[2]}" if kind == CHARGEBACK_COST else kind
        again = next(n for n in range(1, len(lines) + 1) if _numbered(name, n) not in names)
        names.append(_numbered(name, again))
    return names


def _numbered(name: str, n: int) -> str:
    return name if n == 1 else f"{name} #{n}"


def arr_10_withdraws(method: str, kind: str, reason: str, *, other_account: bool) -> bool:
    """ARR-10: whether a payment of `kind` returned for `reason` makes the method on file unusable (R02).

    `other_account`: another bank account was put on file since it was taken; that one is not closed.
    """
    code = reason.upper().split(maxsplit=1)[:1]  # what follows the bank's code is a remark
    return code == [BANK_ACCOUNT_CLOSED] and method == kind and not other_account
