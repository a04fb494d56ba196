"""Members in the sample office of the pictures: one waited for, one overdue, one whose fees run."""

from __future__ import annotations

from typing import Any

WAITING, OVERDUE, RUNNING = "member-waiting", "member-overdue", "member-running"


def sign_up_members(books: Any, desk: Any) -> dict[str, int]:
    """Open three memberships in the month of the desk's day, after the days that are closed; gives their accounts."""
    from app.services import memberplans, members
    from app.services.autopayanswers import record_attempt
    from app.services.billing import bill_account

    def on(day: int) -> Any:
        return desk.dated(desk.on.replace(day=day))

    with books.write() as session:
        waiting = _open(session, on(13), "Rosalind Vega", "Essentials", "bank-draft", "Hill Bank ending 0412", signed=False)
        overdue = _open(session, on(5), "Dwight Okafor", "Limited", "none", "")
        running = _open(session, on(3), "Marguerite Lindqvist", "Premiere", "card", "Visa ending 4242", individuals=2)
        members.record_work_performed(session, on(5), running)
        bill_account(session, on(8), running)
    for day, approved in ((8, False), (10, True)):
        with books.write() as session:
            record_attempt(session, on(day), running, approved=approved)
    with books.write() as session:
        memberplans.change_plan(session, desk, running, "Exclusive")
    return {WAITING: waiting, OVERDUE: overdue, RUNNING: running}


def _open(session: Any, desk: Any, name: str, plan: str, method: str, label: str, **known: Any) -> int:
    from app.services import accountforms
    from app.services.accounts import AccountForm

    signed = known.pop("signed", True)
    first = name.split()[0].lower()
    form = AccountForm(
        name,
        "membership-arrears",
        email=f"{first}@example.com",
        phone="605-555-0187",
        address=("214 Juniper Ct", "Custer SD 57730"),
        autopay=method,
        method_label=label,
        plan=plan,
        **known,
    )
    return accountforms.open_membership(session, desk, form, form_signed=signed)
