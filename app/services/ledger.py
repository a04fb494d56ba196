"""The only writer of postings, and the books' own questions: balances and the trial balance.

Every posting is one transfer (rulebook section 6). Receivable is kept by account, and writing a transfer
moves the account's stored balance with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, insert_ready_rows, iso, move_figures, reserve_ids
from app.services.desk import Act


class Gl(IntEnum):
    """The chart of accounts."""

    BANK = 1000
    UNDEPOSITED_FUNDS = 1010
    CARD_CLEARING = 1020
    ECHECK_CLEARING = 1030
    RECEIVABLE = 1100
    UNBILLED_RECEIVABLE = 1110
    DEFERRED_REVENUE = 2100
    UNIDENTIFIED_RECEIPTS = 2200
    UNCLAIMED_REFUNDS = 2300
    OPENING_BALANCES = 3900
    SERVICE_REVENUE = 4000
    FEE_REVENUE = 4100
    BAD_DEBT_RECOVERIES = 4800
    CREDITS_AND_ALLOWANCES = 4900
    BAD_DEBTS = 6100
    BANK_AND_PROCESSOR_FEES = 6200


GL_NAMES = {
    Gl.BANK: "Bank",
    Gl.UNDEPOSITED_FUNDS: "Undeposited funds",
    Gl.CARD_CLEARING: "Card clearing",
    Gl.ECHECK_CLEARING: "E-Check clearing",
    Gl.RECEIVABLE: "Accounts receivable",
    Gl.UNBILLED_RECEIVABLE: "Unbilled receivable",
    Gl.DEFERRED_REVENUE: "Deferred revenue",
    Gl.UNIDENTIFIED_RECEIPTS: "Unidentified receipts",
    Gl.UNCLAIMED_REFUNDS: "Unclaimed refunds",
    Gl.OPENING_BALANCES: "Opening balances",
    Gl.SERVICE_REVENUE: "Service revenue",
    Gl.FEE_REVENUE: "Fee revenue",
    Gl.BAD_DEBT_RECOVERIES: "Bad-debt recoveries",
    Gl.CREDITS_AND_ALLOWANCES: "Credits and allowances",
    Gl.BAD_DEBTS: "Bad debts",
    Gl.BANK_AND_PROCESSOR_FEES: "Bank and processor fees",
}

_ENTRY = ("id", "business_date", "what", "reverses_id", "action_id")
_POSTING = ("entry_id", "n", "debit", "credit", "cents", "account_id")


class Transfer(NamedTuple):
    """`cents` > 0 from the credited account to the debited one; `account_id` where receivable is touched."""

    debit: int
    credit: int
    cents: int
    account_id: int | None = None


def post_entries(
    session: Session,
    act: Act,
    on: date,
    what: str,
    entries: Sequence[Iterable[Transfer]],
    *,
    reverses: int | None = None,
    reversed_ids: Sequence[int] = (),
) -> range:
    """Write one entry for each group of transfers, and move the balances; returns the entries' ids.

    `reverses` names the entry that they all reverse, `reversed_ids` one for each (BOTH-3).
    """
    ids = reserve_ids(session, "entry", len(entries))
    day = iso(on)
    postings = []
    moved: defaultdict[int, int] = defaultdict(int)
    receivable = int(Gl.RECEIVABLE)
    for entry_id, transfers in zip(ids, entries, strict=True):
        for n, (debit, credit, cents, account_id) in enumerate(transfers, start=1):
            postings.append((entry_id, n, debit, credit, cents, account_id))
            if account_id is not None:
                if debit == receivable:
                    moved[account_id] += cents
                elif credit == receivable:
                    moved[account_id] -= cents
    action_id = act.id
    named: Sequence[int | None] = reversed_ids or [reverses] * len(entries)
    rows = [(entry_id, day, what, other, action_id) for entry_id, other in zip(ids, named, strict=True)]
    insert_ready_rows(session, "entry", _ENTRY, rows)
    insert_ready_rows(session, "posting", _POSTING, postings)
    move_figures(session, "account", "balance_cents", moved)
    return ids


def post(
    session: Session,
    act: Act,
    what: str,
    transfers: Iterable[Transfer],
    *,
    on: date | None = None,
    reverses: int | None = None,
) -> int:
    """Write one entry on the action's business date (or on `on`); returns its id. `reverses`: the one it reverses."""
    return post_entries(session, act, on or act.on, what, [[t for t in transfers if t.cents]], reverses=reverses)[0]


def reverse(session: Session, act: Act, entry_id: int, what: str, transfers: Iterable[Transfer]) -> int:
    """Write an entry that names the one it reverses (BOTH-3); returns its id."""
    return post_entries(session, act, act.on, what, [[t for t in transfers if t.cents]], reverses=entry_id)[0]


class TrialBalanceRow(NamedTuple):
    """An account of the chart with its debits and credits, in cents."""

    number: int
    name: str
    debits: int
    credits: int

    @property
    def balance_cents(self) -> int:
        """Debits less credits."""
        return self.debits - self.credits


def trial_balance(session: Session, through: date | None = None) -> list[TrialBalanceRow]:
    """Debits and credits of every account, of all entries or of those dated through a day."""
    rows = fetch(session, "SELECT debit, credit, sum(cents) FROM posting GROUP BY debit, credit")
    if through is not None:
        # All of it less what came after: a month's end is asked for when little has come after it yet.
        rows += fetch(
            session,
            "SELECT debit, credit, -sum(cents) FROM entry JOIN posting ON entry.id = entry_id "
            "WHERE business_date > ? GROUP BY debit, credit",
            through,
        )
    debits: defaultdict[int, int] = defaultdict(int)
    credits: defaultdict[int, int] = defaultdict(int)
    for debit, credit, cents in rows:
        debits[debit] += cents
        credits[credit] += cents
    return [
        TrialBalanceRow(number, name, debits[number], credits[number])
        for number, name in fetch(session, "SELECT number, name FROM gl_account ORDER BY number")
        if debits[number] or credits[number]
    ]
