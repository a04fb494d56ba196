"""Applying credits to what is owed, oldest first, and undoing exactly what was applied (rulebook section 0)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, insert_ready_rows, move_figures, reserve_ids
from app.services import feedates
from app.services.desk import Act

_ALLOCATION = (
    "id",
    "account_id",
    "credit_id",
    "invoice_id",
    "refund_id",
    "cents",
    "business_date",
    "action_id",
)


class Remaining(NamedTuple):
    """A credit with something left to apply; `since` is its business date as ISO text."""

    credit_id: int
    account_id: int
    cents: int
    since: str = ""


class Owed(NamedTuple):
    """An open invoice, or the open part of a refund whose payment came back (`refund_id`)."""

    account_id: int
    invoice_id: int | None
    refund_id: int | None
    cents: int
    since: str = ""


class Applied(NamedTuple):
    """Part of a credit applied to something owed; `since`: not before both were there (ISO text)."""

    account_id: int
    credit_id: int
    invoice_id: int | None
    refund_id: int | None
    cents: int
    since: str = ""


def apply_in_order(credits: Sequence[Remaining], owed: Sequence[Owed]) -> list[Applied]:
    """Use up the credits of one account in the order given on what it owes in the order given."""
    applied: list[Applied] = []
    targets = iter(owed)
    target, open_cents = None, 0
    for credit in credits:
        left = credit.cents
        while left:
            if not open_cents:
                target = next(targets, None)
                if target is None:
                    return applied
                open_cents = target.cents
                continue
            assert target is not None
            cents = min(left, open_cents)
            since = max(credit.since, target.since)
            applied.append(Applied(credit.account_id, credit.credit_id, target.invoice_id, target.refund_id, cents, since))
            left -= cents
            open_cents -= cents
    return applied


def write(session: Session, act: Act, applied: Iterable[Applied]) -> None:
    """Record applications (negative ones undo) and keep the stored open and remaining amounts with them.

    Each is dated the action's day, or the later day on which credit and debt were both there: what is keyed
    for an earlier day must not change how the books stood before (true "as of").
    """
    rows = [item for item in applied if item.cents]
    if not rows:
        return
    ids = reserve_ids(session, "allocation", len(rows))
    day = act.on.isoformat()
    insert_ready_rows(
        session,
        "allocation",
        _ALLOCATION,
        [
            (
                i,
                item.account_id,
                item.credit_id,
                item.invoice_id,
                item.refund_id,
                item.cents,
                max(day, item.since),
                act.id,
            )
            for i, item in zip(ids, rows, strict=True)
        ],
    )
    used, paid = Counter[int](), Counter[int]()
    for item in rows:
        used[item.credit_id] -= item.cents
        if item.invoice_id is not None:
            paid[item.invoice_id] -= item.cents
    move_figures(session, "credit", "remaining_cents", used)
    move_figures(session, "invoice", "open_cents", paid)
    feedates.follow_payments(session, [(item.account_id, item.invoice_id) for item in rows if item.invoice_id is not None])
    for item in rows:
        if item.refund_id is not None:
            execute(
                session,
                "UPDATE refund SET open_cents = open_cents - ? WHERE id = ?",
                item.cents,
                item.refund_id,
            )


_REMAINING = (
    "SELECT id, account_id, remaining_cents, business_date FROM credit "
    "WHERE remaining_cents > 0 AND account_id BETWEEN ? AND ? ORDER BY account_id, business_date, id"
)
_OPEN = (
    "SELECT account_id, id, NULL, open_cents, issued_on FROM invoice "
    "WHERE open_cents > 0 AND account_id BETWEEN ? AND ? ORDER BY account_id, due_on, id"
)
_OPEN_REFUNDS = (
    "SELECT account_id, NULL, id, open_cents, business_date FROM refund "
    "WHERE open_cents > 0 AND account_id BETWEEN ? AND ? ORDER BY account_id, reopened_on, id"
)


def settle(session: Session, act: Act, first_account: int, last_account: int | None = None) -> set[int]:
    """Apply whatever credit the accounts of a range of ids have to what they owe, oldest first.

    Invoices go by due date, then number; a refund whose payment came back is paid after all invoices
    (ADV-9). Returns the accounts that had credit left before.
    """
    last_account = first_account if last_account is None else last_account
    credits = [Remaining(*row) for row in fetch(session, _REMAINING, first_account, last_account)]
    if not credits:
        return set()
    by_account: defaultdict[int, list[Remaining]] = defaultdict(list)
    for credit in credits:
        by_account[credit.account_id].append(credit)
    owed: defaultdict[int, list[Owed]] = defaultdict(list)
    for query in (_OPEN, _OPEN_REFUNDS):
        for row in fetch(session, query, first_account, last_account):
            if row[0] in by_account:
                owed[row[0]].append(Owed(*row))
    applied: list[Applied] = []
    for account_id, account_credits in by_account.items():
        applied += apply_in_order(account_credits, owed[account_id])
    write(session, act, applied)
    return set(by_account)


def apply_to_picked(session: Session, act: Act, credit: Remaining, invoice_ids: Sequence[int]) -> None:
    """Apply a credit to the invoices that the clerk picked, in the order picked; the rest stays."""
    known = {
        row[0]: Owed(credit.account_id, row[0], None, row[1], row[2])
        for row in fetch(session, "SELECT id, open_cents, issued_on FROM invoice WHERE account_id = ?", credit.account_id)
    }
    for invoice_id in invoice_ids:
        if invoice_id not in known:
            raise UserError(f"The account has no invoice {invoice_id}.", field="apply_to")
    owed = [known[i] for i in dict.fromkeys(invoice_ids) if known[i].cents]
    write(session, act, apply_in_order([credit], owed))


def undo(session: Session, act: Act, *, credit_id: int | None = None, refund_id: int | None = None) -> None:
    """Undo exactly the applications that a credit made, or that paid out a refund, dated the action's day."""
    column, value = ("credit_id", credit_id) if credit_id is not None else ("refund_id", refund_id)
    rows = fetch(
        session,
        "SELECT account_id, credit_id, invoice_id, refund_id, sum(cents), max(business_date) FROM allocation "
        f"WHERE {column} = ? GROUP BY account_id, credit_id, invoice_id, refund_id HAVING sum(cents) <> 0",
        value,
    )
    write(session, act, [Applied(row[0], row[1], row[2], row[3], -row[4], row[5]) for row in rows])
    for row in rows:
        if row[3] is not None and credit_id is not None:
            execute(session, "UPDATE refund SET reopened_on = ? WHERE id = ?", act.on, row[3])
