"""What follows from a payment that came back, seen before it is confirmed: done by the services and taken back (BOTH-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_value, parse_day
from app.models.database import Database
from app.money import format_cents
from app.periods import ONE_DAY, next_month_start
from app.services import autopay, dishonored, loading, returneditems
from app.services.books import taken_back
from app.services.collections import has_kept_arrangement, past_due_cents
from app.services.desk import Desk
from app.services.ledger import GL_NAMES, Gl
from app.services.loading import AccountCard, card
from app.services.memberbilling import fee_dates
from app.services.payments import KIND_NAMES, PaymentRow, payment
from app.services.permissions import rank
from app.services.policies.clause import Charge
from app.services.policies.conduct import adv_10_returned_charges
from app.services.policies.dishonored import BANK_ACCOUNT_CLOSED, names_to_waive
from app.services.policies.policyfile import ArrearsPolicy
from app.services.returneditems import ReturnedItem
from app.services.returnedletter import ReturnedLetter, returned_letter
from app.services.terms import policy_of


class LedgerLine(NamedTuple):
    """A posting that would be made: what of, debited and credited account in words, cents > 0."""

    what: str
    debit: str
    credit: str
    cents: int


class FeeLine(NamedTuple):
    """A fee with its arithmetic and clause; `waived` ones are shown and not charged. Cents.

    `name` is what it is called when it is waived (`names_to_waive`).
    """

    kind: str
    description: str
    why: str
    clause: str
    cents: int
    name: str
    waived: bool = False


class OpenAgain(NamedTuple):
    """An invoice that the payment had paid and that is owed again; `failed` counts its failed attempts so far, this
    one included (members; 0 for others). Cents."""

    invoice_id: int
    issued_on: date
    due_on: date
    total_cents: int
    open_cents: int
    past_due: bool
    failed: int


class ReturnedOutlook(NamedTuple):
    """All that would follow. `sentences` are what else is to be known, in words: auto-pay, suspension, fee dates.

    `is_member`: billed in arrears, so that a fraudulent chargeback costs (ARR-9). `needs_supervisor`: one must
    confirm it, because fees are waived or the chargeback is called fraudulent.
    """

    payment: PaymentRow
    before: AccountCard
    after: AccountCard
    ledger: tuple[LedgerLine, ...]
    fees: tuple[FeeLine, ...]
    open_again: tuple[OpenAgain, ...]
    sentences: tuple[str, ...]
    letter: ReturnedLetter
    needs_supervisor: bool
    is_member: bool

    @property
    def charged_cents(self) -> int:
        """The fees that would be charged, in cents."""
        return sum(fee.cents for fee in self.fees if not fee.waived)


def look_ahead(books: Database, desk: Desk, form: ReturnedItem) -> ReturnedOutlook:
    """What recording `form` at `desk` would do; nothing stays. Raises what the record itself refuses.

    Anybody may look: a clerk sees what a supervisor would have to confirm.
    """
    looking = replace(desk, role="supervisor") if desk.rank < rank("supervisor") else desk
    everything = form._replace(waived=frozenset(), waive_reason="")
    charged = taken_back(books, lambda session: _fees(session, looking, everything))
    trial = form._replace(waive_reason=form.waive_reason.strip() or "not said yet") if form.waived else form
    seen = taken_back(books, lambda session: _seen(session, looking, trial))
    fees = tuple(fee._replace(waived=bool(form.waived & {fee.kind, fee.name})) for fee in charged)
    return seen._replace(fees=fees, needs_supervisor=bool(form.waived) or form.fraudulent)


def _last_action(session: Session) -> int:
    return int(fetch_value(session, "SELECT coalesce(max(id), 0) FROM action"))


def _fees(session: Session, desk: Desk, form: ReturnedItem) -> tuple[FeeLine, ...]:
    last = _last_action(session)
    account_id = returneditems.record(session, desk, form)
    rows = fetch(
        session,
        "SELECT l.kind, l.description, l.why, l.clause, l.cents FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE l.account_id = ? AND i.action_id > ? ORDER BY l.invoice_id, l.n",
        account_id,
        last,
    )
    names = names_to_waive([(row[0], row[1]) for row in rows])
    return tuple(FeeLine._make((*row, name, False)) for row, name in zip(rows, names, strict=True))


def _seen(session: Session, desk: Desk, form: ReturnedItem) -> ReturnedOutlook:
    row = payment(session, form.payment_id)
    before = card(session, row.account_id)
    fee_on = fee_dates(session, row.account_id)[0]
    kept = has_kept_arrangement(session, row.account_id, desk.on)
    last = _last_action(session)
    returneditems.record(session, desk, form)
    after = card(session, row.account_id)
    again = _open_again(session, row, desk.on, last)
    facts = _Facts(session, desk.on, row, before, after, form.code)
    sentences = (
        _balance(facts),
        *_attempts(facts, again),
        *_refunds_owed(facts, last),
        _autopay(facts),
        *_fee_date(facts, fee_on),
        _suspension(facts, kept_before=kept),
    )
    is_member = isinstance(policy_of(session, after.id, desk.on), ArrearsPolicy)
    letter = returned_letter(session, row.id)
    return ReturnedOutlook(row, before, after, _ledger(session, last), (), again, sentences, letter, False, is_member)


class _Facts(NamedTuple):
    session: Session
    on: date
    payment: PaymentRow
    before: AccountCard
    after: AccountCard
    code: str


def _ledger(session: Session, last: int) -> tuple[LedgerLine, ...]:
    rows = fetch(
        session,
        "SELECT e.what, p.debit, p.credit, p.cents FROM entry e JOIN posting p ON p.entry_id = e.id "
        "WHERE e.action_id > ? ORDER BY e.id, p.n",
        last,
    )
    return tuple(
        LedgerLine(what.replace("-", " ").capitalize(), GL_NAMES[Gl(debit)], GL_NAMES[Gl(credit)], cents)
        for what, debit, credit, cents in rows
    )


def _open_again(session: Session, row: PaymentRow, on: date, last: int) -> tuple[OpenAgain, ...]:
    rows = fetch(
        session,
        "SELECT i.id, i.issued_on, i.due_on, i.total_cents, i.open_cents, "
        f"(SELECT count(*) FROM failed_attempt f WHERE f.invoice_id = i.id AND {dishonored.COUNTS}) AS failed "
        "FROM invoice i WHERE i.account_id = ? AND i.open_cents > 0 AND i.id IN (SELECT a.invoice_id FROM allocation a "
        "WHERE a.credit_id = ? AND a.action_id > ? AND a.cents < 0) ORDER BY i.due_on, i.id",
        row.account_id,
        row.id,
        last,
    )
    return tuple(
        OpenAgain(number, parse_day(issued), due, total, left, due < on, failed)
        for number, issued, due, total, left, failed in (
            (found[0], found[1], parse_day(found[2]), found[3], found[4], found[5]) for found in rows
        )
    )


def _dollars(cents: int) -> str:
    return f"-${format_cents(-cents)}" if cents < 0 else f"${format_cents(cents)}"


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _balance(facts: _Facts) -> str:
    return f"The balance goes from {_dollars(facts.before.balance_cents)} to {_dollars(facts.after.balance_cents)}."


def _attempts(facts: _Facts, again: Sequence[OpenAgain]) -> list[str]:
    """ARR-6, ARR-7: whether this is the first failure of what it paid; a card charged back is no failed attempt."""
    counted = [invoice for invoice in again if invoice.failed and facts.payment.kind != "card"]
    if not counted:
        return []
    said = ", ".join(f"number {invoice.failed} of invoice {invoice.invoice_id}" for invoice in counted)
    return [f"It counts as failed attempt {said}."]


def _refunds_owed(facts: _Facts, last: int) -> list[str]:
    """ADV-9: money of this payment that had been refunded is an open item again."""
    cents = fetch_value(
        facts.session,
        "SELECT coalesce(sum(-cents), 0) FROM allocation WHERE credit_id = ? AND action_id > ? AND refund_id IS NOT NULL",
        facts.payment.id,
        last,
    )
    return [f"{_dollars(cents)} of it was refunded already; that part is owed again, after all invoices."] if cents else []


def _autopay(facts: _Facts) -> str:
    """What becomes of auto-pay, and when it can come back (ADV-5, ARR-10)."""
    before, after = facts.before, facts.after
    if before.autopay == "none":
        return "There is no auto-pay on this account."
    method = f"Auto-pay by {KIND_NAMES[before.autopay]}"
    if before.authorized_on is not None and after.authorized_on is None:
        return (
            f"{method} stops: the bank account is closed (ARR-10). It comes back when a new signed authorization form is "
            "recorded; until then the account is listed as one whose form is missing."
        )
    if before.authorized_on is None:
        return f"{method} is not used: it waits for a signed form."
    closed = facts.code == BANK_ACCOUNT_CLOSED and before.autopay == facts.payment.kind
    stays = "stays, as another bank account was put on file since" if closed else "stays"
    if after.balance_cents <= 0:
        return f"{method} {stays}; nothing is owed that it would ask for."
    owed = _dollars(after.balance_cents)
    policy = policy_of(facts.session, after.id, facts.on)
    if isinstance(policy, ArrearsPolicy):
        failure = dishonored.if_the_next_fails(facts.session, policy, after.id, after.balance_cents, facts.on)
        # What is done by itself every day asks a member for a fee only once, since each failure costs (ARR-7).
        return f"{method} {stays}: the next run by hand asks for {owed}. If that fails, {_costs(failure)}."
    if after.autopay == "echeck":
        again = f"If it comes back, {_costs(adv_10_returned_charges(policy, 0, 0, ''))} besides what the bank takes"
    else:
        again = "If it is declined, that costs nothing (BOTH-9)"
    due_now = autopay.belongs_to(facts.session, facts.on)
    run = "the auto-pay run that is due now" if due_now else f"the run of {_day(next_month_start(facts.on))}"
    return (
        f"{method} {stays}: {run} asks for the whole balance, {owed} as it stands. {again}. "
        "To stop it, change the account's auto-pay."
    )


def _costs(charges: Sequence[Charge]) -> str:
    """`it costs $40.00: $5.00 (ARR-6) and $35.00 (ARR-7)`, from the clauses that would charge it."""
    total = _dollars(sum(charge.cents for charge in charges))
    if len(charges) == 1:
        return f"it costs {total} ({charges[0].clause})"
    return f"it costs {total}: {' and '.join(f'{_dollars(charge.cents)} ({charge.clause})' for charge in charges)}"


def _fee_date(facts: _Facts, before: date | None) -> list[str]:
    """ARR-2: a processing fee that is no longer paid has no fee date."""
    after = fee_dates(facts.session, facts.after.id)[0]
    if before == after or before is None:
        return []
    if after is None:
        return [
            f"The processing fee is no longer paid, so the monthly fee of {_day(before)} is withdrawn; it starts anew when "
            "the processing fee is paid again (ARR-2)."
        ]
    return [f"The next monthly fee moves from {_day(before)} to {_day(after)} (ARR-2)."]


def _suspension(facts: _Facts, *, kept_before: bool) -> str:
    """Whether and when suspension can follow (ADV-15, ADV-16, ARR-10)."""
    after = facts.after
    if after.status == "closed":
        return "The account is closed; there are no services to suspend."
    if after.status == "suspended":
        return "Services are suspended already, until the whole balance is paid or an arrangement is made."
    late = past_due_cents(facts.session, after.id, facts.on)
    kept = has_kept_arrangement(facts.session, after.id, facts.on)
    broken = "The arrangement is broken by it. " if kept_before and not kept else ""
    if late and kept:
        return f"{_dollars(late)} is past due; the arrangement that is being kept protects it from suspension."
    if late:
        return (
            f"{broken}{_dollars(late)} is past due: nothing is suspended by itself, but the next suspension run lists the "
            "account unless that is paid or an arrangement is made."
        )
    invoices = loading.open_invoices(facts.session, after.id, after.id).get(after.id, [])
    if after.balance_cents <= 0 or not invoices:
        return "Nothing is open after it, so no suspension follows."
    due = min(invoice.due_on for invoice in invoices)
    cents = sum(invoice.open_cents for invoice in invoices if invoice.due_on == due)
    return (
        f"{broken}No suspension now: nothing is past due. {_dollars(cents)} is due by {_day(due)}; "
        f"from {_day(due + ONE_DAY)} on the suspension run lists the account if that is not paid."
    )
