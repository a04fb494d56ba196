"""What the posting window shows before a check is posted: the account, what the check will pay, the batch so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, fetch_value
from app.services import checks, loading, status
from app.services.allocation import Applied, Owed, Remaining, apply_in_order
from app.services.batchdoubts import Entered
from app.services.checks import BatchState
from app.services.desk import closed_through
from app.services.loading import AccountCard, card
from app.services.payments import written_off_cents
from app.services.policies.conduct import adv_15_is_restored
from app.services.policies.facts import OpenInvoice
from app.services.status import Standing

# Stands for the payment that is not posted yet, and for the invoice it would make: after all that exist.
_NEW = 10**18


class DeskAccount(NamedTuple):
    """An account as it lies on the clerk's desk. `refunds`: (id, cents) of refunds that are to be paid again."""

    card: AccountCard
    standing: Standing
    invoices: tuple[OpenInvoice, ...]
    credits: tuple[Remaining, ...]
    refunds: tuple[tuple[int, int], ...]
    written_off_cents: int
    on: date


class Preview(NamedTuple):
    """What a check would do. `pays`: cents by invoice number, in the order paid; the rest in cents.

    `refunds_cents` goes to refunds whose payment came back, `written_back_cents` to write-offs that come back
    (BOTH-8), `credit_cents` stays as credit. `is_restored`: a suspension ends (ADV-15).
    """

    pays: dict[int, int]
    refunds_cents: int
    written_back_cents: int
    credit_cents: int
    balance_cents: int
    is_restored: bool


def desk_account(session: Session, account_id: int, on: date) -> DeskAccount:
    """An account with what it owes, for a payment dated `on`. Raises UserError for an unknown one."""
    account = card(session, account_id)
    invoices = loading.open_invoices(session, account_id, account_id).get(account_id, [])
    credits = fetch(
        session,
        "SELECT id, account_id, remaining_cents, business_date FROM credit WHERE account_id = ? AND remaining_cents > 0",
        account_id,
    )
    refunds = fetch(
        session,
        "SELECT id, open_cents FROM refund WHERE account_id = ? AND open_cents > 0 ORDER BY reopened_on, id",
        account_id,
    )
    return DeskAccount(
        account,
        status.standing(session, account, on, invoices),
        tuple(invoices),
        tuple(Remaining(*row) for row in credits),
        tuple((row[0], row[1]) for row in refunds),
        written_off_cents(session, account_id),
        on,
    )


def preview(account: DeskAccount, cents: int, picked: Sequence[int] = ()) -> Preview:
    """What a check of `cents` would pay: first the invoices picked, then oldest first, as posting it does."""
    account_id = account.card.id
    new = Remaining(_NEW, account_id, cents, account.on.isoformat())
    open_cents = {invoice.id: invoice.open_cents for invoice in account.invoices}
    chosen = [Owed(account_id, i, None, open_cents[i]) for i in dict.fromkeys(picked) if i in open_cents]
    first = apply_in_order([new], chosen)
    for applied in first:
        open_cents[applied.invoice_id or 0] -= applied.cents
    left = cents - sum(applied.cents for applied in first)
    balance = account.card.balance_cents - cents
    written_back = min(-balance, account.written_off_cents) if account.card.status == "closed" and balance < 0 else 0
    due = [(invoice.due_on, invoice.id, open_cents[invoice.id]) for invoice in account.invoices]
    if written_back > 0:
        due.append((account.on, _NEW, written_back))
    owed = [Owed(account_id, invoice_id, None, part) for _, invoice_id, part in sorted(due) if part]
    owed += [Owed(account_id, None, refund_id, part) for refund_id, part in account.refunds]
    credits = sorted([*account.credits, new._replace(cents=left)], key=lambda credit: (credit.since, credit.credit_id))
    rest = [applied for applied in apply_in_order([c for c in credits if c.cents], owed) if applied.credit_id == _NEW]
    return _summed([*first, *rest], cents, balance + max(written_back, 0), max(written_back, 0), account)


def _summed(applied: Sequence[Applied], cents: int, balance: int, written_back: int, account: DeskAccount) -> Preview:
    pays: dict[int, int] = {}
    refunds = 0
    for part in applied:
        if part.invoice_id is None:
            refunds += part.cents
        elif part.invoice_id != _NEW:
            pays[part.invoice_id] = pays.get(part.invoice_id, 0) + part.cents
    credit = cents - sum(part.cents for part in applied)
    return Preview(pays, refunds, written_back, credit, balance, adv_15_is_restored(account.card.status, balance))


class BatchCheck(NamedTuple):
    """A line of a batch: a check posted to an account (`payment_id`), or what of a check is still to be posted.

    `sheet` counts the sheets of paper from 1; `cents` is this line's part of `sheet_cents`. `state`: posted,
    returned, charged-back (as the payment), logged, held, returned-to-sender (as the sheet).
    """

    sheet: int
    mail_check_id: int
    payment_id: int | None
    account_id: int | None
    account_number: str
    name: str
    cents: int
    sheet_cents: int
    number: str
    dated: date | None
    via: str
    state: str
    deposited: bool
    note: str


_LINES = """
SELECT m.id, p.id, a.id, coalesce(a.number, ''), coalesce(a.name, m.payer), coalesce(p.cents, 0), m.cents, m.number,
  m.dated, m.via, m.state, m.deposit_id, coalesce(p.forced, m.reason), r.state
FROM mail_check m
LEFT JOIN (SELECT p.* FROM payment p LEFT JOIN payment_reversal u ON u.payment_id = p.id
  WHERE (u.state IS NULL OR u.state <> 'reversed') AND p.id NOT IN (SELECT payment_id FROM return_taken_back)
) p ON p.mail_check_id = m.id
LEFT JOIN payment_reversal r ON r.payment_id = p.id
LEFT JOIN account a ON a.id = p.account_id
"""


def batch_checks(session: Session, batch_id: int) -> list[BatchCheck]:
    """The checks of a batch in the order entered, a split one with a line for each account."""
    return _lines(fetch(session, _LINES + "WHERE m.batch_id = ? ORDER BY m.id, p.id", batch_id))


def loose_checks(session: Session, on: date) -> list[BatchCheck]:
    """The checks of a day that belong to no batch and were not reversed."""
    return _lines(
        fetch(
            session,
            _LINES + "WHERE m.batch_id IS NULL AND m.received_on = ? AND m.state <> 'reversed' ORDER BY m.id, p.id",
            on,
        )
    )


def _lines(rows: Sequence[Any]) -> list[BatchCheck]:
    """A line for each posted part, and one for what of a sheet is on no account."""
    made: list[BatchCheck] = []
    sheets: dict[int, BatchCheck] = {}
    for (
        mail_id,
        payment_id,
        account_id,
        account,
        name,
        cents,
        whole,
        number,
        dated,
        via,
        state,
        deposit,
        note,
        undone,
    ) in rows:
        count = sheets[mail_id].sheet if mail_id in sheets else len(sheets) + 1
        day = day_or_none(dated)
        bare = BatchCheck(
            count, mail_id, None, None, "", name, whole, whole, number, day, via, state, deposit is not None, note
        )
        sheet = sheets.setdefault(mail_id, bare)
        if payment_id is not None:
            sheets[mail_id] = sheet._replace(cents=sheet.cents - cents)
            posted = {"account_id": account_id, "account_number": account, "state": undone or "posted"}
            made.append(bare._replace(payment_id=payment_id, cents=cents, **posted))
    made += [sheet for sheet in sheets.values() if sheet.cents > 0]
    return sorted(made, key=lambda line: (line.sheet, line.payment_id or 0))


def entered(lines: Sequence[BatchCheck]) -> list[Entered]:
    """The sheets of a batch, as the doubts about its balance want them."""
    names: dict[int, str] = {}
    for line in lines:
        names[line.mail_check_id] = names.get(line.mail_check_id) or line.name
    sheets = {line.mail_check_id: line for line in lines}
    return [Entered(i, line.number, line.sheet_cents, names[i]) for i, line in sheets.items()]


class PostingDesk(NamedTuple):
    """What the page shows of the mail: batches not closed yet, the one in hand with its checks."""

    batches: tuple[BatchState, ...]
    batch: BatchState | None
    checks: tuple[BatchCheck, ...]
    loose: int


def posting_desk(session: Session, on: date, batch_id: int | None, *, loose: bool = False) -> PostingDesk:
    """The open batches up to a business date and the checks of one: `batch_id`, else the latest of `on`.

    Without one of `on` it is the latest that is unfinished. A day's batches stay until the day is closed.
    `loose`: the checks of `on` outside any batch instead.
    """
    found = checks.batches(session, on, closed_through(session) or date.min)
    others = int(
        fetch_value(
            session,
            "SELECT count(*) FROM mail_check WHERE batch_id IS NULL AND received_on = ? AND state <> 'reversed'",
            on,
        )
    )
    if loose:
        return PostingDesk(tuple(found), None, tuple(loose_checks(session, on)), others)
    wanted = [batch for batch in found if batch.id == batch_id] or [batch for batch in found if batch.received_on == on][-1:]
    # Yesterday's mail is put before the clerk only while something of it is left to do.
    wanted = wanted or [batch for batch in found if batch.unposted or not batch.is_balanced][-1:]
    batch = wanted[0] if wanted else None
    return PostingDesk(tuple(found), batch, () if batch is None else tuple(batch_checks(session, batch.id)), others)


class PickedUp(NamedTuple):
    """A check of the mail log put before the clerk again. `cents`: what of it is on no account.

    `account_id` is the account of its last reversed payment, if there was one. `can_change`: whether amount
    and number may be corrected; not once a part is posted or it is at the bank.
    """

    mail_check_id: int
    batch_id: int | None
    cents: int
    number: str
    dated: date | None
    via: str
    payer: str
    state: str
    account_id: int | None
    account_name: str
    can_change: bool


def pick_up(session: Session, mail_check_id: int) -> PickedUp:
    """A check that is logged or held, to be posted. Raises UserError for an unknown or a finished one."""
    logged = checks.logged_check(session, mail_check_id)
    cents = checks.unposted_cents(session, logged)
    checks.refuse_finished(logged, cents)
    last = fetch(
        session,
        "SELECT a.id, a.name FROM payment p JOIN account a ON a.id = p.account_id "
        "JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.mail_check_id = ? AND r.state = 'reversed' ORDER BY p.id DESC LIMIT 1",
        mail_check_id,
    )
    account_id, name = (last[0][0], last[0][1]) if last else (None, "")
    can_change = logged.state == "logged" and logged.deposit_id is None and cents == logged.cents
    return PickedUp(
        *(mail_check_id, logged.batch_id, cents, logged.number, logged.dated, logged.via, logged.payer, logged.state),
        *(account_id, name, can_change),
    )


def was_posted(session: Session, token: str) -> bool:
    """Whether a form with this token has been posted."""
    return fetch_value(session, "SELECT 1 FROM action WHERE token = ?", token) is not None
