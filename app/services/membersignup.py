"""What a new member will be charged and when, worked out before the account is opened (ARR-1, ARR-2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_one, fetch_value, parse_day
from app.services.policies.arrears import arr_1_charge_on, arr_1_window, arr_2_first_fee_on
from app.services.policies.facts import MemberFacts
from app.services.policies.policyfile import ArrearsPolicy, Policy
from app.services.terms import policies_on


class SignUpOutlook(NamedTuple):
    """When a member is charged: the processing fee from `window_from`, overdue after `window_to`.

    `charge_on` is the day of the processing fee as things stand, None while work is waited for. Paid on that day (or
    on `window_from`), it makes the first monthly fee due on `first_fee_on`, which covers `covers_from` through the day
    before. `late_charge` and `dishonored_fee` are cents of a first failed payment.
    """

    window_from: date
    window_to: date
    charge_on: date | None
    covers_from: date
    first_fee_on: date
    late_charge: int
    dishonored_fee: int


def sign_up_outlook(
    policy: ArrearsPolicy, plan: str, on: date, *, performed: bool = False, instructed_on: date | None = None
) -> SignUpOutlook:
    """What signing up `on` for a plan leads to; `performed`: work is performed that same day."""
    facts = MemberFacts(0, plan, 0, 0, 1, on, on if performed else None, instructed_on, None, None, None, None)
    window_from, window_to = arr_1_window(on, policy)
    charge_on = arr_1_charge_on(facts, policy)
    paid_on = max(charge_on or instructed_on or window_from, on)
    return SignUpOutlook(
        window_from,
        window_to,
        charge_on,
        paid_on,
        arr_2_first_fee_on(paid_on, policy),
        policy.late_charge.get(plan, 0),
        policy.dishonored_fee,
    )


def policies_for_new_accounts(session: Session, on: date) -> tuple[list[Policy], str]:
    """The policies in force on a day, and the name of the one under which the latest account was opened."""
    latest = fetch_value(session, "SELECT policy FROM account ORDER BY id DESC LIMIT 1")
    return policies_on(session, on), "" if latest is None else str(latest)


def waiting_for_work(session: Session, on: date) -> tuple[int, date | None]:
    """ARR-1: for how many members work is still to be performed in time, and since when the first one waits."""
    how_many, since = 0, None
    for policy in policies_on(session, on):
        if isinstance(policy, ArrearsPolicy):
            earliest = on - timedelta(days=policy.processing_before_days)
            row = fetch_one(
                session,
                "SELECT count(*) AS how_many, min(m.signed_up_on) AS since FROM membership m "
                "JOIN account a ON a.id = m.account_id WHERE m.work_performed_on IS NULL AND a.status <> 'closed' "
                "AND a.policy = ? AND m.signed_up_on BETWEEN ? AND ?",
                policy.name,
                earliest,
                on,
            )
            if row is not None and row.how_many:
                how_many += row.how_many
                since = min(since or parse_day(row.since), parse_day(row.since))
    return how_many, since
