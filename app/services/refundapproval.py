"""Who else has to approve a refund check: one that is made, and one that goes out a second time."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_one
from app.money import format_cents
from app.services.approvals import Request, allowed
from app.services.desk import Desk
from app.services.limits import limits, require_second_for_refund, require_within
from app.services.sameday import refunded


class RefundDue(NamedTuple):
    """A closed account with credit; amounts in cents.

    `paid_by_check_on`: a check of the last days, that with `check_number` over `check_cents`, may not have cleared
    yet. `since`: the later of the day the account was closed and that of its oldest credit.
    """

    account_id: int
    number: str
    name: str
    address: str
    cents: int
    paid_by_check_on: date | None
    check_number: str = ""
    check_cents: int = 0
    since: date | None = None


def approved_refunds(
    session: Session, desk: Desk, what: str, due: list[RefundDue], reason: str, refund_id: int | None = None
) -> Desk:
    """The desk, with whoever approved exactly these refunds at another PC where one person may not make them.

    To these payees and addresses, too. `what`: run-refunds, or refund or pay-unclaimed (`refund_id`), which are one
    refund outside the run. Raises NotPermitted for one above the office's limits that nobody approved.
    """
    if not due:
        return desk
    total, most = sum(item.cents for item in due), max(due, key=lambda item: item.cents)
    payee = f"account {most.number}, {', '.join([most.name, *most.address.splitlines()])}"
    words = f"{len(due)} refund checks, {format_cents(total)} in all, the largest {format_cents(most.cents)} to {payee}"
    if what != "run-refunds":
        called = "A refund" if what == "refund" else "An unclaimed refund"
        words = f"{called} of {format_cents(total)} to {payee}: {' '.join(reason.split())}"

    def check(who: Desk) -> None:
        if what != "run-refunds":
            given = partial(refunded, session, who, most.account_id)
            require_within(session, who, "A refund outside the run", limits(session).refund, most.cents, given)
        require_second_for_refund(session, who, most.cents)

    facts = (reason, refund_id, [(item.account_id, item.cents, item.name, item.address) for item in due])
    return allowed(session, desk, Request(what, words, facts), check)


def approved_again(session: Session, desk: Desk, what: str, refund_id: int, cents: int, reason: str) -> Desk:
    """As `approved_refunds`, for a refund of `cents` whose check is printed anew or stopped and issued again (`what`).

    The first check may be out of the house: two checks could be paid, so it takes as many people as the first did.
    """
    row = fetch_one(session, "SELECT payee, address FROM refund WHERE id = ?", refund_id)
    assert row is not None
    payee = ", ".join([row.payee, *row.address.splitlines()])
    called = "A refund printed again" if what == "reprint-refund" else "A refund stopped and issued again"
    words = f"{called}, {format_cents(cents)} to {payee}: {' '.join(reason.split())}"

    def check(who: Desk) -> None:
        require_second_for_refund(session, who, cents)

    return allowed(session, desk, Request(what, words, (reason, refund_id, cents, row.payee, row.address)), check)
