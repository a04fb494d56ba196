"""What the people at a desk have given to one account on the business date already, so that a limit is no limit a piece.

Counted is what any of those who stand at the desk (who works, who approves) did or approved; not what a billing manager
or an administrator did or approved, who have no limit.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_value
from app.services.desk import Desk
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy
from app.services.terms import policy_of

# Of a query that names actions `a`: the business date, then a person's number, or a name where nobody signs in.
_BY_THEM = (
    "a.business_date = ?1 AND a.role NOT IN ('manager', 'administrator') "
    "AND a.approved_by NOT LIKE '%(manager)' AND a.approved_by NOT LIKE '%(administrator)' "
    "AND (a.person_id IN (?2, ?3) OR a.approver_id IN (?2, ?3) OR (a.person_id IS NULL AND a.actor = ?4))"
)


def _them(desk: Desk) -> tuple[object, ...]:
    nobody = -1
    approver = nobody if desk.approver is None else desk.approver.person
    return desk.on, nobody if desk.person is None else desk.person, approver, desk.actor


def credits_given(session: Session, desk: Desk, account_id: int, what: str) -> int:
    """Cents of the credits that actions of one kind (`courtesy-credit`, `write-off`, `waive-charge`) gave."""
    return int(
        fetch_value(
            session,
            "SELECT coalesce(sum(c.cents), 0) FROM credit c JOIN action a ON a.id = c.action_id "
            f"WHERE c.account_id = ?5 AND a.what = ?6 AND {_BY_THEM}",
            *_them(desk),
            account_id,
            what,
        )
    )


def refunded(session: Session, desk: Desk, account_id: int) -> int:
    """Cents of the checks that went out in refunds outside the run, unclaimed ones that were paid included."""
    return int(
        fetch_value(
            session,
            "SELECT coalesce(sum(r.cents), 0) FROM issued_check c JOIN action a ON a.id = c.action_id "
            "JOIN refund r ON r.id = c.refund_id "
            f"WHERE r.account_id = ?5 AND a.what IN ('refund', 'pay-unclaimed') AND {_BY_THEM}",
            *_them(desk),
            account_id,
        )
    )


def waived(session: Session, desk: Desk, account_id: int) -> int:
    """Cents of fees waived: after they were charged, before, and of moved fee dates."""
    cents = credits_given(session, desk, account_id, "waive-charge")
    policy = policy_of(session, account_id, desk.on)
    before = fetch(
        session,
        f"SELECT w.key FROM fee_waiver w JOIN action a ON a.id = w.action_id WHERE w.account_id = ?5 AND {_BY_THEM}",
        *_them(desk),
        account_id,
    )
    for (key,) in before:
        if str(key).startswith("paper-statement:"):
            cents += policy.paper_statement_fee
        elif isinstance(policy, AdvancePolicy):
            cents += policy.late_fee
    if isinstance(policy, ArrearsPolicy):
        moves = fetch_value(
            session,
            "SELECT count(*) FROM account_change x JOIN action a ON a.id = x.action_id "
            "WHERE x.account_id = ?5 AND a.what = 'change-fee-day' AND x.what = 'fee-day' "
            "AND NOT EXISTS (SELECT 1 FROM line l WHERE l.account_id = x.account_id "
            f"AND l.key = 'date-change-fee:' || CAST(a.id AS TEXT)) AND {_BY_THEM}",
            *_them(desk),
            account_id,
        )
        cents += int(moves) * policy.date_change_fee
    return cents
