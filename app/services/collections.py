"""Past-due accounts: the suspension run, arrangements and re-activation fees (ADV-15, ADV-16, ADV-17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_one, fetch_value, insert_row, insert_with_id, parse_day
from app.services import loading, standing
from app.services.accounts import refuse_closed
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.invoicing import write_invoices
from app.services.limits import require_waivable
from app.services.loading import card
from app.services.policies.advance import adv_3_due_on
from app.services.policies.arrangements import arrangement_kept
from app.services.policies.clause import InvoiceDraft
from app.services.policies.conduct import adv_15_may_be_suspended, adv_17_reactivation_fee
from app.services.policies.facts import ArrangementFacts, InstalmentFacts
from app.services.terms import advance_policy_of


class PastDue(NamedTuple):
    """An active account that is past due; `arranged`: a kept arrangement protects it."""

    account_id: int
    number: str
    name: str
    past_due_cents: int
    oldest_due_on: date
    balance_cents: int
    arranged: bool


def past_due_cents(session: Session, account_id: int, on: date) -> int:
    """Open amounts of the account's invoices that were due before `on` (section 0)."""
    return int(
        fetch_value(
            session,
            "SELECT coalesce(sum(open_cents), 0) FROM invoice WHERE open_cents > 0 AND account_id = ? AND due_on < ?",
            account_id,
            on,
        )
    )


def current_arrangement(session: Session, account_id: int, on: date) -> ArrangementFacts | None:
    """The latest arrangement, unless it ended before `on`."""
    return loading.arrangements(session, account_id, account_id, on).get(account_id)


def has_kept_arrangement(session: Session, account_id: int, on: date) -> bool:
    """ADV-16: whether the latest arrangement is being kept on `on`."""
    arrangement = current_arrangement(session, account_id, on)
    if arrangement is None:
        return False
    return arrangement_kept(arrangement, loading.payments(session, [account_id])[account_id], on)


def past_due_accounts(session: Session, on: date) -> list[PastDue]:
    """Every active account that is past due on `on`, the longest overdue first."""
    rows = fetch(
        session,
        "SELECT a.id, a.number, a.name, sum(i.open_cents), min(i.due_on), a.balance_cents FROM invoice i "
        "JOIN account a ON a.id = i.account_id WHERE i.open_cents > 0 AND i.due_on < ? AND a.status = 'active' "
        "GROUP BY a.id ORDER BY min(i.due_on), a.id",
        on,
    )
    arranged = loading.arrangements(session, 0, max((row[0] for row in rows), default=0), on)
    return [
        PastDue(
            row[0],
            row[1],
            row[2],
            row[3],
            parse_day(row[4]),
            row[5],
            row[0] in arranged and has_kept_arrangement(session, row[0], on),
        )
        for row in rows
    ]


def suspension_list(session: Session, on: date) -> list[PastDue]:
    """ADV-15: the accounts that a suspension run on `on` may suspend."""
    return [
        row for row in past_due_accounts(session, on) if adv_15_may_be_suspended("active", row.past_due_cents, row.arranged)
    ]


def suspend(session: Session, desk: Desk, account_ids: Iterable[int] | None = None) -> list[int]:
    """Suspend the confirmed accounts of today's suspension list (all of it when None); returns their ids.

    Raises UserError for an account that is not on the list.
    """
    eligible = {row.account_id: row for row in suspension_list(session, desk.on)}
    chosen = list(eligible) if account_ids is None else list(account_ids)
    for account_id in chosen:
        if account_id not in eligible:
            number = card(session, account_id).number
            raise UserError(f"Account {number} is not on the suspension list of {desk.on}.", field="account")
    act = begin(session, desk, "suspend-past-due")
    for account_id in chosen:
        execute(session, "UPDATE account SET status = 'suspended' WHERE id = ?", account_id)
        insert_with_id(
            session,
            "suspension",
            account_id=account_id,
            business_date=desk.on,
            restored_on=None,
            restored_by="",
            reactivation="",
            action_id=act.id,
        )
        standing.restore_if_paid(session, act, account_id, "other")
    return chosen


def arrange(session: Session, desk: Desk, account_id: int, instalments: Sequence[InstalmentFacts]) -> None:
    """ADV-16: agree dated instalments (cents); a suspended account is restored the same day.

    Raises UserError on a closed account, without instalments, or when dates or amounts make no sense.
    """
    account = card(session, account_id)
    refuse_closed(account, "an arrangement")
    if not instalments:
        raise UserError("An arrangement needs at least one instalment.", field="instalments")
    last = None
    for instalment in instalments:
        if instalment.cents <= 0:
            raise UserError("Each instalment must be more than zero.", field="instalments")
        if instalment.due_on < desk.on or (last is not None and instalment.due_on <= last):
            raise UserError(
                f"Instalment dates must follow one another from {desk.on} on; {instalment.due_on} does not.",
                field="instalments",
            )
        last = instalment.due_on
    act = begin(session, desk, "arrange")
    arrangement_id = insert_with_id(session, "arrangement", account_id=account_id, made_on=desk.on, action_id=act.id)
    for n, instalment in enumerate(instalments, start=1):
        insert_row(
            session,
            "instalment",
            arrangement_id=arrangement_id,
            n=n,
            due_on=instalment.due_on,
            cents=instalment.cents,
        )
    if account.status == "suspended":
        standing.restore(session, act, account_id, "arrangement")


def _proposed(session: Session, account_id: int) -> int:
    row = fetch_one(
        session,
        "SELECT id FROM suspension WHERE account_id = ? AND reactivation = 'proposed' ORDER BY id",
        account_id,
    )
    if row is None:
        raise UserError("No re-activation fee is proposed for this account.", field="account")
    return int(row[0])


def approve_reactivation(session: Session, desk: Desk, account_id: int, reason: str = "") -> None:
    """ADV-17: charge the proposed fee on an invoice of its own, due in 30 days (a supervisor's decision)."""
    suspension_id = _proposed(session, account_id)
    require_role(desk, "supervisor", "Approving a re-activation fee")
    act = begin(session, desk, "approve-reactivation", reason=reason)
    execute(session, "UPDATE suspension SET reactivation = 'approved' WHERE id = ?", suspension_id)
    policy = advance_policy_of(session, account_id, desk.on)
    charge = adv_17_reactivation_fee(policy, suspension_id)
    due_on = adv_3_due_on(desk.on, charge.cents, policy.net_days)
    write_invoices(session, act, [InvoiceDraft(account_id, desk.on, due_on, "reactivation", (charge,))])
    standing.after_money(session, act, account_id, "other")


def waive_reactivation(session: Session, desk: Desk, account_id: int, reason: str) -> None:
    """ADV-17: let the proposed fee go (a supervisor's decision). Raises UserError without a reason (BOTH-4)."""
    suspension_id = _proposed(session, account_id)
    require_role(desk, "supervisor", "Waiving a re-activation fee")
    reason = require_reason(reason, "Waiving a re-activation fee")
    policy = advance_policy_of(session, account_id, desk.on)
    require_waivable(session, desk, account_id, adv_17_reactivation_fee(policy, suspension_id).cents)
    begin(session, desk, "waive-reactivation", reason=reason)
    execute(session, "UPDATE suspension SET reactivation = 'waived' WHERE id = ?", suspension_id)
