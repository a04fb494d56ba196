"""What Today says of requests for approval: those that the person at work may answer, and the own ones approved."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.approvals import own_approved, waiting_requests
from app.services.desk import Desk
from app.services.waiting import Waiting

# Where somebody does again what was approved; all else is done at an account.
_DONE_AT = {"run-billing": "billing", "run-refunds": "refunds", "refund": "refunds"}


def request_lines(session: Session, desk: Desk) -> list[Waiting]:
    """The lines, first what others wait for."""
    lines = []
    if found := waiting_requests(session, desk):
        first = found[0]
        words = f"{first.asked_by}: {first.words}" if len(found) == 1 else f"The first, by {first.asked_by}: {first.words}"
        lines.append(Waiting("requests", "Requests to answer", words, len(found), None, desk.today, "approvals"))
    for request in own_approved(session, desk):
        words = f"{request.words}: do it again now, and it goes through"
        place = _DONE_AT.get(request.what, "accounts")
        lines.append(Waiting("approved", "Your request was approved", words, 1, None, desk.today, place))
    return lines
