"""The lines of an account's lists, made from one reading of it, for the present or for an earlier day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from app.money import format_cents
from app.services import explaining
from app.services.asof import AsOf
from app.services.explaining import Explanation
from app.services.history import HistoryRow, InvoiceRow, PaymentLine
from app.services.memberstanding import AttemptLine
from app.services.notes import NoteRow
from app.services.policies.clause import Charge
from app.services.status import AccountPage, ServiceLine
from app.views.fields import format_day

DECLINED = "declined"
TAKEN_BACK = ("return taken back", "chargeback taken back")


class Shown(NamedTuple):
    """What the page shows: the present, and the earlier day in front of it if one was chosen."""

    page: AccountPage
    notes: tuple[NoteRow, ...]
    on: date
    then: AsOf | None = None

    def was(self, day: date) -> bool:
        """Whether something of that day was there on the day shown."""
        return self.then is None or day <= self.then.on


class LedgerLine(NamedTuple):
    """A line of the ledger with the balance after it; cents."""

    row: HistoryRow
    balance_cents: int


class InvoiceLine(NamedTuple):
    """An invoice with what is open of it on the day shown; cents. `state`: open, past due or paid."""

    row: InvoiceRow
    open_cents: int
    state: str


class PlainLine(NamedTuple):
    """A line of the smaller lists; `id` is its row's where it can be asked for by it."""

    on: date
    what: str
    cents: int | None
    state: str
    explanation: Explanation
    id: int | None = None


def ledger_lines(shown: Shown) -> list[LedgerLine]:
    """What moved the balance until the day shown, the latest first, each with the balance after it."""
    balance, found = 0, []
    for row in shown.page.history:
        if shown.was(row.on):
            balance += row.cents
            found.append(LedgerLine(row, balance))
    return found[::-1]


def invoice_lines(shown: Shown) -> list[InvoiceLine]:
    """The invoices until the day shown, the latest first."""
    then = shown.then
    on = shown.on if then is None else then.on
    open_then = {} if then is None else {item.id: item.open_cents for item in then.open_invoices}
    found = []
    for row in reversed(shown.page.invoices):
        if shown.was(row.issued_on):
            cents = row.open_cents if then is None else open_then.get(row.id, 0)
            state = "" if row.total_cents <= 0 else "paid"
            if cents:
                state = "past due" if row.due_on < on else "open"
            found.append(InvoiceLine(row, cents, state))
    return found


def payment_lines(shown: Shown) -> list[PaymentLine]:
    """The payments until the day shown, the latest first, in the state that they had then."""
    undone = {row.document for row in shown.page.history if row.document.startswith("payment ") and shown.was(row.on)}
    found = [
        _as_it_stood(shown, row) if f"payment {row.id}" in undone else row._replace(state="posted")
        for row in reversed(shown.page.payments)
        if shown.was(row.on)
    ]
    # What was asked for and not paid stands among them, with a number that no payment has.
    declined = [
        PaymentLine(-number, line.on, line.cents, line.method, DECLINED, "")
        for number, line in enumerate(shown.page.attempts, start=1)
        if line.outcome == DECLINED and shown.was(line.on)
    ]
    return sorted([*declined, *found], key=lambda row: row.on, reverse=True)


def _as_it_stood(shown: Shown, row: PaymentLine) -> PaymentLine:
    """One that came back, and whether that had been taken back by the day shown."""
    if row.taken_back_on is None or not shown.was(row.taken_back_on):
        return row
    return row._replace(state=TAKEN_BACK[row.state == "charged-back"])


def attempt_of(shown: Shown, row: PaymentLine) -> AttemptLine:
    """The declined attempt behind a line of `payment_lines`."""
    return shown.page.attempts[-row.id - 1]


def paid_words(shown: Shown, payment: PaymentLine) -> str:
    """`Invoice 100123, 100150`: what a payment pays, as things are now."""
    if payment.state == DECLINED:
        cost = attempt_of(shown, payment).charged_cents
        return f"Nothing; the attempt cost {format_cents(cost)}" if cost else "Nothing"
    if payment.state != "posted":
        return ""
    mine = [item for item in shown.page.applications if item.credit_id == payment.id]
    invoices = ", ".join(str(item.invoice_id) for item in mine if item.invoice_id is not None)
    refunds = ", ".join(str(item.refund_id) for item in mine if item.refund_id is not None)
    rest = payment.cents - sum(item.cents for item in mine)
    parts = (
        f"Invoice {invoices}" if invoices else "",
        f"refund {refunds}" if refunds else "",
        "credit left" if rest else "",
    )
    return ", ".join(part for part in parts if part)


def bill_lines(shown: Shown) -> tuple[Charge, ...]:
    """The lines of the next bill; none for an earlier day, or while its amount is being tried."""
    bill = shown.page.next_bill
    return bill.charges if bill is not None and bill.complete and shown.then is None else ()


def collection_lines(shown: Shown) -> list[PlainLine]:
    """Arrangements and suspensions, the latest first."""
    found = [
        PlainLine(
            row.due_on,
            f"Instalment, agreed {format_day(row.made_on)}",
            row.cents,
            row.state if shown.then is None or row.due_on < shown.then.on else "to come",
            explaining.of_instalment(row),
        )
        for row in shown.page.instalments
        if shown.was(row.made_on)
    ]
    for stop in shown.page.suspensions:
        if shown.was(stop.on):
            ended = stop.restored_on is not None and shown.was(stop.restored_on)
            state = f"restored {format_day(stop.restored_on)}" if ended else "suspended"
            found.append(PlainLine(stop.on, "Services suspended", None, state, explaining.of_suspension(stop)))
    return sorted(found, key=lambda line: line.on, reverse=True)


def _as_of_today(shown: Shown, state: str) -> str:
    """A state whose day is not on file; beside an earlier day it is said to be today's."""
    return state if shown.then is None or not state else f"{state} (today)"


def work_lines(shown: Shown) -> list[PlainLine]:
    """Work orders, the latest first."""
    return [
        PlainLine(
            day,
            row.description or row.kind,
            None,
            _as_of_today(shown, row.decision.replace("-", " ")),
            explaining.of_work(row),
        )
        for row in shown.page.work
        if shown.was(day := date.fromisoformat(row.starts_at[:10]))
    ]


def refund_lines(shown: Shown) -> list[PlainLine]:
    """Refund checks, the latest first."""
    history = shown.page.history
    checks = {row.document: row.description for row in history if row.kind == "refund"}
    return [
        PlainLine(
            row.on,
            checks.get(f"refund {row.id}", "Refund"),
            row.cents,
            _as_of_today(shown, row.state),
            explaining.of_refund(row, history),
        )
        for row in reversed(shown.page.refunds)
        if shown.was(row.on)
    ]


def note_lines(shown: Shown) -> list[PlainLine]:
    """Notes, the newest first, with what they remind of."""
    found = []
    for note in shown.notes:
        if shown.was(note.on):
            state = f"remind {format_day(note.remind_on)}" if note.remind_on else ""
            state = f"done {format_day(note.done_on)}" if note.done_on and shown.was(note.done_on) else state
            says = Explanation(f"Note of {format_day(note.on)} by {note.by}", parts=tuple(note.body.split("\n")))
            found.append(PlainLine(note.on, " ".join(note.body.split()), None, state, says, note.id))
    return found


def change_lines(shown: Shown) -> list[PlainLine]:
    """What was changed on the card, the latest first."""
    return [
        PlainLine(
            day,
            row.what.replace("-", " ").capitalize(),
            None,
            row.after.replace("\n", ", "),
            explaining.of_change(row),
        )
        for row in shown.page.changes
        if shown.was(day := date.fromisoformat(row.on))
    ]


class MemberLine(NamedTuple):
    """A line of a member's list: what, its amount in cents, the days it is about, and how it stands."""

    what: str
    cents: int | None
    first: date | None
    last: date | None
    state: str
    explanation: Explanation


def member_lines(shown: Shown) -> list[MemberLine]:
    """Sign-up, work, fees paid and to come, and what cancelling today would cost; nothing for an earlier day."""
    member, on = shown.page.member, shown.on
    if member is None or shown.then is not None:
        return []
    plan = f"Plan {member.plan}"
    found = [MemberLine(plan, member.monthly_cents, member.signed_up_on, None, "a month", explaining.explain(plan, "ARR-3"))]
    for terms in member.coming:
        words = f"Plan {terms.plan}, agreed"
        why = "It counts from the first fee period that begins on that day or later; what was billed keeps its terms."
        found.append(
            MemberLine(words, terms.monthly_cents, terms.from_day, None, "a month", explaining.explain(words, "ARR-3", why))
        )
    window = (
        f"The processing fee may be charged from {format_day(member.window_from)} to {format_day(member.window_to)}."
        if member.instructed_on is None
        else f"The customer asked to be charged on {format_day(member.instructed_on)}."
    )
    state = "work overdue" if member.overdue else "work waited for"
    if member.work_performed_on is not None:
        found.append(
            MemberLine("Work performed", None, member.work_performed_on, None, "", explaining.explain("Work", "ARR-1"))
        )
        state = "to be charged"
    if member.processing_charged_on is not None:
        paid = member.processing_paid_on
        state = "not paid" if paid is None else f"paid {format_day(paid)}"
    found.append(
        MemberLine(
            "Processing fee",
            member.processing_cents,
            member.processing_charged_on or member.charge_on,
            None,
            state,
            explaining.explain("Processing fee", "ARR-1", "", [window]),
        )
    )
    if member.first_fee_on is not None:
        says = explaining.explain("First fee date", "ARR-2")
        found.append(MemberLine("First fee date", None, member.first_fee_on, None, "", says))
    if member.next_fee_on is not None:
        due = f"due {format_day(member.next_fee_on)}"
        says = explaining.explain("Next monthly fee", "ARR-3", f"for the days through {format_day(member.covers_through)}")
        found.append(
            MemberLine("Next monthly fee", member.next_fee_cents, member.covers_from, member.covers_through, due, says)
        )
    for charge in member.ending:
        words = f"If it cancelled on {format_day(on)}: {explaining.kind_says(charge.kind).lower()}"
        found.append(
            MemberLine(words, charge.cents, charge.period_from, charge.period_to, "not billed", explaining.of_charge(charge))
        )
    if not member.ending and shown.page.card.status != "closed":
        words = f"If it cancelled on {format_day(on)}"
        found.append(MemberLine(words, 0, None, None, "nothing to bill", explaining.explain(words, "ARR-4")))
    return found


_INVOICE_KINDS = {
    "cycle": "Monthly bill",
    "activation": "Service started",
    "closing": "Account closed",
    "returned-payment": "Payment returned",
    "reversal": "Billing run reversed",
    "return-taken-back": "Return taken back",
    "reactivation": "Re-activation",
    "opening": "Taken over",
    "write-off-reversed": "Write-off taken back",
}


def invoice_kind(what: str) -> str:
    """For what an invoice was made."""
    return _INVOICE_KINDS.get(what, what.replace("-", " ").capitalize())


def service_rows(shown: Shown) -> list[tuple[ServiceLine, str]]:
    """Each service with the change that waits for it (BOTH-10).

    Beside an earlier day those that had begun by then; what the books do not know as of a day, the price and how far
    it is billed, is left out or said to be today's.
    """
    changes = shown.page.scheduled
    words = {"price": "new price", "end": "ends", "cancel": "account cancelled"}
    found = []
    for row in shown.page.services:
        if shown.then is not None:
            if shown.was(row.first_day):
                ended = row.last_day if row.last_day is not None and shown.was(row.last_day) else None
                found.append((row._replace(last_day=ended, billed_through=None), "price as of today"))
        else:
            mine = [item for item in changes if item.service_id in (None, row.id)]
            found.append((row, ", ".join(f"{words[item.what]} {format_day(item.effective)}" for item in mine)))
    return found
