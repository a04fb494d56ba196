"""Limits of what one person may do alone: amounts above which a supervisor asks the billing manager, and two people.

The administrator sets them on the page Office, tab Limits; none is set at first. Two people are two sign-ins: the one
at work and another who approves, each of a role that may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

from sqlalchemy.orm import Session

from app.errors import NotPermitted, UserError
from app.models.bulk import execute, fetch_one, fetch_value, insert_row
from app.money import format_cents
from app.services import sameday
from app.services.desk import TRIAL, Desk, begin_on_any_day, require_reason, require_role
from app.services.permissions import a_role, rank

_COLUMNS = (
    "credit_limit_cents",
    "write_off_limit_cents",
    "waiver_limit_cents",
    "refund_limit_cents",
    "two_for_billing",
    "two_for_refunds_over_cents",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a supervisor may do alone, in cents, and what takes two people; None: no limit.

    `refund` is for refunds outside the run. `two_for_refunds_over`: a refund check of more than this takes two people,
    in the run too; 0: each one does.
    """

    credit: int | None = None
    write_off: int | None = None
    waiver: int | None = None
    refund: int | None = None
    two_for_billing: bool = False
    two_for_refunds_over: int | None = None


def limits(session: Session) -> Limits:
    """The office's limits."""
    row = fetch_one(session, f"SELECT {', '.join(_COLUMNS)} FROM office_control WHERE id = 1")
    return Limits() if row is None else Limits(row[0], row[1], row[2], row[3], bool(row[4]), row[5])


def change_limits(session: Session, desk: Desk, wanted: Limits, reason: str) -> None:
    """Set them. An administrator's, with a reason. Raises UserError for an amount below zero, or without people."""
    require_role(desk, "administrator", "Changing the office's limits")
    reason = require_reason(reason, "Changing the office's limits")
    for field in ("credit", "write_off", "waiver", "refund", "two_for_refunds_over"):
        cents = getattr(wanted, field)
        if cents is not None and cents < 0:
            raise UserError("A limit cannot be less than nothing; leave it empty for no limit.", field=field)
    # A clerk or an auditor approves nothing, and an office of one other person could bill nobody any more.
    may = fetch_value(
        session,
        "SELECT count(*) FROM person WHERE state = 'active' AND role IN ('supervisor', 'manager', 'administrator')",
    )
    if (wanted.two_for_billing or wanted.two_for_refunds_over is not None) and may < 2:
        raise UserError(
            "That takes two people who may approve, and there is only one here; add a supervisor first.", field="two"
        )
    begin_on_any_day(session, desk, "change-controls", reason=reason)
    values = [int(value) if isinstance(value, bool) else value for value in astuple(wanted)]
    if fetch_value(session, "SELECT 1 FROM office_control WHERE id = 1") is None:
        insert_row(session, "office_control", id=1, **dict(zip(_COLUMNS, values, strict=True)))
        return
    set_all = ", ".join(f"{column} = ?" for column in _COLUMNS)
    execute(session, f"UPDATE office_control SET {set_all} WHERE id = 1", *values)


def require_within(
    session: Session, desk: Desk, what: str, limit: int | None, cents: int, given: Callable[[], int] = lambda: 0
) -> None:
    """Raises NotPermitted when a supervisor does something of more cents than the limit without the billing manager.

    `given`: the cents that the same people gave to the same account in this way on the business date already
    (`sameday`), so that several small ones are no way around the limit.
    """
    if limit is None or desk.rank >= rank("manager") or TRIAL in session.info:
        return
    before = given()
    if before + cents > limit:
        also = f", after {format_cents(before)} on this account the same day," if before else ""
        raise NotPermitted(
            f"{what} of {format_cents(cents)}{also} is above what a supervisor may do alone ({format_cents(limit)}); "
            "it needs a manager.",
            "manager",
        )


def require_waivable(session: Session, desk: Desk, account_id: int, cents: int) -> None:
    """As `require_within`, for fees of so many cents of an account that one person waives at once."""
    limit = limits(session).waiver
    require_within(session, desk, "A waiver", limit, cents, lambda: sameday.waived(session, desk, account_id))


def require_second(session: Session, desk: Desk, what: str, role: str) -> None:
    """Raises NotPermitted unless somebody else, of that role at least, approves. Nobody signs in: nobody is asked."""
    if TRIAL in session.info or fetch_value(session, "SELECT 1 FROM person LIMIT 1") is None:
        return
    approver = desk.approver
    if approver is None or approver.person == desk.person or rank(approver.role) < rank(role):
        raise NotPermitted(f"{what} takes two people here; {a_role(role)} other than you approves it.", role, second=True)


def require_second_for_refund(session: Session, desk: Desk, cents: int) -> None:
    """As `require_second`, for a refund check above the office's limit."""
    over = limits(session).two_for_refunds_over
    if over is not None and cents > over:
        require_second(
            session, desk, f"A refund check of {format_cents(cents)}, more than {format_cents(over)},", "supervisor"
        )
