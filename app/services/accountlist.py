"""The list of accounts: which accounts fit a choice, in which order, and their rows a screenful at a time.

The ids are read at once, so that the list knows how long it is and End goes to its end; the rows, which ask
more of the books, only when they come into view.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch_named, fetch_tuples, iso, parse_day
from app.services.nextbill import cycle_day
from app.services.search import find_accounts

# More is not looked for by a typed word: one more letter finds better than reading on.
MOST_TYPED: Final = 1_000
OWING: Final = ("", "owes", "past-due", "past-due-30", "past-due-60", "past-due-90", "credit", "settled")


class AccountFilter(NamedTuple):
    """Which accounts to list; an empty text leaves that choice open.

    `owing` is one of OWING, `waits` one of WAITS; `typed` any words that `search.find_accounts` understands.
    """

    typed: str = ""
    status: str = ""
    owing: str = ""
    delivery: str = ""
    policy: str = ""
    autopay: str = ""
    waits: str = ""


class AccountRow(NamedTuple):
    """An account as the list shows it; cents, `past_due_since` the oldest due date gone by.

    `next_bill_on`: the day of the next monthly bill, None when nothing will be billed.
    """

    id: int
    number: str
    name: str
    status: str
    balance_cents: int
    past_due_cents: int
    past_due_since: date | None
    delivery: str
    autopay: str
    method_label: str
    authorized_on: date | None
    policy: str
    opened_on: date
    next_bill_on: date | None


class AccountIds(NamedTuple):
    """The accounts that fit, in order; `cut_off`: more fit what was typed than are listed."""

    ids: tuple[int, ...]
    cut_off: bool = False


_LATE = (
    "LEFT JOIN (SELECT account_id, sum(open_cents) AS cents, min(due_on) AS since FROM invoice "
    "WHERE open_cents > 0 AND due_on < :on GROUP BY account_id) late ON late.account_id = a.id "
)
_LATER = "EXISTS (SELECT 1 FROM invoice i WHERE i.account_id = a.id AND i.open_cents > 0 AND i.due_on < :{days})"
_OWING = {
    "owes": "a.balance_cents > 0",
    "past-due": _LATER.format(days="on"),
    "past-due-30": _LATER.format(days="d30"),
    "past-due-60": _LATER.format(days="d60"),
    "past-due-90": _LATER.format(days="d90"),
    "credit": "a.balance_cents < 0",
    "settled": "a.balance_cents = 0",
}
_MEMBER = "EXISTS (SELECT 1 FROM membership m WHERE m.account_id = a.id AND a.status <> 'closed' AND {})"
_WAITS = {
    "work": _MEMBER.format("m.work_performed_on IS NULL"),
    "processing": _MEMBER.format("m.work_performed_on IS NOT NULL AND m.processing_paid_on IS NULL"),
    "form": "a.autopay <> 'none' AND a.authorized_on IS NULL",
}
WAITS: Final = ("", *_WAITS)
_ORDERS = {
    "number": "a.number",
    "name": "a.name COLLATE NOCASE",
    "status": "a.status",
    "balance": "a.balance_cents",
    "past_due": "coalesce(late.cents, 0)",
    "since": "late.since",
    "delivery": "a.delivery",
    "autopay": "a.autopay",
    "opened": "a.opened_on",
}
ORDERS: Final = tuple(_ORDERS)


def account_ids(
    session: Session, chosen: AccountFilter, on: date, order: str = "", *, descending: bool = False
) -> AccountIds:
    """The accounts that fit a choice on a date, in an order of ORDERS.

    Without an order: what was typed brings the best fit first, else by name. What is empty comes last.
    """
    values: dict[str, Any] = {"on": iso(on)}
    for days in (30, 60, 90):
        values[f"d{days}"] = iso(on - timedelta(days=days))
    conditions = []
    for column in ("status", "delivery", "policy", "autopay"):
        if wanted := getattr(chosen, column):
            conditions.append(f"a.{column} = :{column}")
            values[column] = wanted
    if chosen.owing:
        conditions.append(_OWING[chosen.owing])
    if chosen.waits:
        conditions.append(_WAITS[chosen.waits])
    ranked: list[int] = []
    if chosen.typed.strip():
        ranked = [hit.id for hit in find_accounts(session, chosen.typed, MOST_TYPED)]
        conditions.append(f"a.id IN ({', '.join(map(str, ranked)) or 'NULL'})")
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    joined = _LATE if order in ("past_due", "since") else ""
    by = _ORDERS[order or "name"]
    way = "DESC" if descending else "ASC"
    # Only accounts that are past due have a day since when; the others come after them both ways.
    empty_last = f"{by} IS NULL, " if order == "since" else ""
    sql = f"SELECT a.id FROM account a {joined}{where}ORDER BY {empty_last}{by} {way}, a.id"
    found = [row[0] for row in fetch_named(session, sql, values)]
    if ranked and not order:
        fits = set(found)
        found = [account_id for account_id in ranked if account_id in fits]
    return AccountIds(tuple(found), len(ranked) == MOST_TYPED)


_ROW = """
SELECT a.id, a.number, a.name, a.status, a.balance_cents,
  coalesce((SELECT sum(i.open_cents) FROM invoice i WHERE i.account_id = a.id AND i.open_cents > 0 AND i.due_on < ?), 0),
  (SELECT min(i.due_on) FROM invoice i WHERE i.account_id = a.id AND i.open_cents > 0 AND i.due_on < ?),
  a.delivery, a.autopay, a.method_label, a.authorized_on, a.policy, a.opened_on, a.cycle_done,
  EXISTS (SELECT 1 FROM service s WHERE s.account_id = a.id
    AND (s.last_day IS NULL OR s.billed_through IS NULL OR s.billed_through < s.last_day))
  OR EXISTS (SELECT 1 FROM pending_charge p WHERE p.account_id = a.id AND p.invoice_id IS NULL),
  m.account_id IS NOT NULL, m.next_fee_on
FROM account a LEFT JOIN membership m ON m.account_id = a.id WHERE a.id IN ({places})
"""


def account_rows(session: Session, ids: Sequence[int], on: date) -> list[AccountRow]:
    """The rows of some accounts (a screenful, not a hundred thousand), in the order of the ids; unknown ones left out."""
    if not ids:
        return []
    sql = _ROW.replace("{places}", ", ".join("?" * len(ids)))
    found = {}
    for row in fetch_tuples(session, sql, on, on, *ids):
        account_id, number, name, status, balance, late, since, delivery, autopay, method, signed, policy, opened, *rest = (
            row
        )
        cycle_done, bills, is_member, fee_on = rest
        next_bill_on = cycle_day(status, day_or_none(cycle_done), on) if bills else None
        if is_member:
            fee_day = day_or_none(fee_on)
            next_bill_on = None if fee_day is None else max(fee_day, on)
        found[account_id] = AccountRow(
            account_id,
            number,
            name,
            status,
            balance,
            late,
            day_or_none(since),
            delivery,
            autopay,
            method,
            day_or_none(signed),
            policy,
            parse_day(opened),
            next_bill_on,
        )
    return [found[account_id] for account_id in ids if account_id in found]
