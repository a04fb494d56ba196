"""What follows whenever money moves on an account: credit is applied, services restored, lists cleared."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.bulk import execute, fetch, fetch_one, fetch_value, insert_with_id, parse_day
from app.services import allocation
from app.services.desk import Act
from app.services.policies.conduct import adv_15_is_restored, adv_17_fee_is_proposed
from app.services.policies.policyfile import AdvancePolicy
from app.services.terms import policy_of

NO_REFUND_ADDRESS = "no-refund-address"
NO_RECEIPT_ADDRESS = "no-receipt-address"
BILLING_FAILED = "billing-failed"
CHANGE_FAILED = "change-failed"
# A suspension that came from a return alone, which was taken back, is no sign of a habit; a fee waived for it stays waived.
VOID, WAIVED_VOID = "void", "waived-void"
IS_VOID = f"reactivation IN ('{VOID}', '{WAIVED_VOID}')"


def after_money(session: Session, act: Act, account_id: int, cause: str) -> None:
    """Apply credit, restore the account if it is paid in full, and close what is no longer true.

    `cause` is `payment`, `credit` or `other`; it decides whether a re-activation fee is proposed (ADV-17).
    """
    allocation.settle(session, act, account_id)
    restore_if_paid(session, act, account_id, cause)
    close_refund_exception(session, act, account_id)


def restore_if_paid(session: Session, act: Act, account_id: int, cause: str) -> None:
    """ADV-15: a suspended account that is paid in full is restored the same day."""
    status, balance = fetch_one(session, "SELECT status, balance_cents FROM account WHERE id = ?", account_id) or (
        "",
        0,
    )
    if adv_15_is_restored(status, balance):
        restore(session, act, account_id, cause)


def restore(session: Session, act: Act, account_id: int, cause: str) -> None:
    """End the account's suspension today; propose the re-activation fee where ADV-17 says so."""
    history = fetch(
        session, "SELECT id, business_date, reactivation FROM suspension WHERE account_id = ? ORDER BY id", account_id
    )
    days = [parse_day(row[1]) for row in history if row[2] not in (VOID, WAIVED_VOID)]
    is_void = bool(history) and history[-1][2] in (VOID, WAIVED_VOID)
    policy = policy_of(session, account_id, act.on)
    may_cost = bool(days) and not is_void
    proposed = may_cost and isinstance(policy, AdvancePolicy) and adv_17_fee_is_proposed(days, cause, policy)
    execute(session, "UPDATE account SET status = 'active' WHERE id = ?", account_id)
    if history:
        execute(
            session,
            "UPDATE suspension SET restored_on = max(business_date, ?), restored_by = ?, reactivation = ? WHERE id = ?",
            act.on,
            cause,
            history[-1][2] if is_void else "proposed" if proposed else "",
            history[-1][0],
        )


def list_exception(session: Session, act: Act, account_id: int, code: str, detail: str) -> None:
    """Put an account on the exceptions list, once."""
    if fetch_value(
        session,
        "SELECT 1 FROM listed_exception WHERE account_id = ? AND code = ? AND closed_on IS NULL",
        account_id,
        code,
    ):
        return
    insert_with_id(
        session,
        "listed_exception",
        account_id=account_id,
        code=code,
        opened_on=act.on,
        closed_on=None,
        detail=detail,
    )


def close_exception(session: Session, act: Act, account_id: int, code: str) -> None:
    """Take an account off the exceptions list."""
    execute(
        session,
        "UPDATE listed_exception SET closed_on = ? WHERE account_id = ? AND code = ? AND closed_on IS NULL",
        act.on,
        account_id,
        code,
    )


def close_refund_exception(session: Session, act: Act, account_id: int) -> None:
    """ADV-9: no longer listed once an address is recorded or the credit is gone."""
    address, balance = fetch_one(session, "SELECT address, balance_cents FROM account WHERE id = ?", account_id) or (
        "",
        0,
    )
    if address or balance >= 0:
        close_exception(session, act, account_id, NO_REFUND_ADDRESS)


def close_receipt_exception(session: Session, act: Act, account_id: int) -> None:
    """ADV-7: no longer listed once each payment has its receipt or, reversed as a mistake, gets none."""
    waits = fetch_value(
        session,
        "SELECT 1 FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.account_id = ? "
        "AND p.receipt_due = 1 AND (r.state IS NULL OR r.state <> 'reversed') LIMIT 1",
        account_id,
    )
    if waits is None:
        close_exception(session, act, account_id, NO_RECEIPT_ADDRESS)
