"""Work orders: what is free, what is billed, and what a supervisor must decide (ADV-11, ADV-12, ADV-13)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, insert_row, reserve_ids
from app.money import plain_cents
from app.services.accounts import refuse_closed
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.inputs import refuse_large, text_block
from app.services.loading import card
from app.services.policies.clause import Charge
from app.services.policies.conduct import WORK_KINDS, adv_11_to_13_work
from app.services.subscriptions import add_pending
from app.services.terms import advance_policy_of


def log_work(
    session: Session,
    desk: Desk,
    account_id: int,
    kind: str,
    start: datetime,
    end: datetime,
    description: str = "",
) -> str:
    """Record work done between two local times; billable work waits for the next cycle. Returns the decision.

    Raises UserError on a closed account, an unknown kind, or an end that is not after the start.
    """
    account = card(session, account_id)
    refuse_closed(account, "logging work")
    if kind not in WORK_KINDS:
        raise UserError(f"“{kind}” is no kind of work; choose {', '.join(WORK_KINDS)}.", field="kind")
    if end <= start:
        raise UserError(f"Work that starts {start} cannot end {end}.", field="end")
    if start.date() > desk.on:
        raise UserError(f"Work on {start.date()} has not been done yet on {desk.on}.", field="start")
    policy = advance_policy_of(session, account_id, desk.on)
    rate = policy.hourly_rate if account.hourly_rate_cents is None else account.hourly_rate_cents
    outcome = adv_11_to_13_work(
        kind, start, end, business=account.kind == "business", managed=account.managed, hourly_cents=rate
    )
    act = begin(session, desk, "log-work")
    work_id = reserve_ids(session, "work", 1)[0]
    insert_row(
        session,
        "work",
        id=work_id,
        account_id=account_id,
        kind=kind,
        starts_at=start,
        ends_at=end,
        description=text_block(description, "A description", "description"),
        decision=outcome.decision,
        clause=outcome.clause,
        why=outcome.why,
        action_id=act.id,
    )
    if outcome.decision == "billed":
        _bill(
            session,
            act,
            account_id,
            work_id,
            outcome.cents,
            outcome.why,
            f"Work on {start:%b} {start.day}: {kind}",
        )
    return outcome.decision


def _bill(session: Session, act: Act, account_id: int, work_id: int, cents: int, why: str, description: str) -> None:
    add_pending(session, act, account_id, Charge("work", f"work:{work_id}", cents, "ADV-13", description[:200], why))


def decide_work(session: Session, desk: Desk, work_id: int, cents: int, reason: str) -> None:
    """ADV-13: a supervisor decides what uncovered work costs: 0 is free, else billed with the next cycle.

    Raises UserError when nothing waits to be decided, or on a negative amount.
    """
    row = fetch_one(session, "SELECT account_id, decision, kind, starts_at FROM work WHERE id = ?", work_id)
    if row is None or row.decision != "needs-decision":
        raise UserError("That work is not waiting for a decision.", field="work")
    if cents < 0:
        raise UserError("Work cannot cost less than nothing.", field="amount")
    refuse_large(cents, "amount")
    require_role(desk, "supervisor", "Deciding on work")
    reason = require_reason(reason, "Deciding on work")
    if cents:
        refuse_closed(card(session, row.account_id), "billing work")
    act = begin(session, desk, "decide-work", reason=reason)
    execute(
        session,
        "UPDATE work SET decision = ?, why = ? WHERE id = ?",
        "billed" if cents else "free",
        reason,
        work_id,
    )
    if cents:
        why = f"{plain_cents(cents)} decided: {reason}"
        _bill(session, act, row.account_id, work_id, cents, why, f"Work on {row.starts_at[:10]}: {row.kind}")
