"""What each clause says, in a clerk's words, and the explanation of each line on an account's page.

The one place for these sentences; a test holds them against docs/POLICY.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from app.money import format_cents
from app.services.exceptions import OpenException
from app.services.history import AppliedLine, ChangeLine, HistoryRow, InvoiceRow, PaymentLine, RefundLine, WorkLine
from app.services.memberstanding import AttemptLine
from app.services.nextbill import NextBill
from app.services.policies.clause import Charge
from app.services.sentences import short_day
from app.services.status import InstalmentLine, Recorded, ServiceLine, SuspensionLine

CLAUSES: Final = {
    "ADV-1": "Services are billed in advance: on the 1st, through the end of the month after.",
    "ADV-2": "A service that starts is billed that day, through the end of the month after.",
    "ADV-3": "A monthly invoice is due on the last day of its month, any other one 30 days after its date.",
    "ADV-4": "Statements go by e-mail; one on paper costs a small fee with each monthly invoice.",
    "ADV-5": "Auto-pay asks the card or the E-Check for the whole balance, never twice on one date.",
    "ADV-6": "Every check received is dealt with before the day closes; a closed day takes no more entries.",
    "ADV-7": "Each payment gets one receipt, in the evening of its day.",
    "ADV-8": "A check counts on the day it arrives here, whatever date is written on it.",
    "ADV-9": "Unused days are credited when services end; a closed account's credit is refunded on the 1st or 15th.",
    "ADV-10": "A check or E-Check that comes back costs what the bank took and an administrative fee, each time.",
    "ADV-11": "Repairs and scheduled upgrades in business hours, 8 to 5 Monday to Friday, are free.",
    "ADV-12": "Emergency repairs of managed business services are free, day and night.",
    "ADV-13": "Other work is billed by the quarter hour at the agreed rate, or waits for a supervisor's decision.",
    "ADV-14": "An invoice open for a month after its due date costs one late fee with the monthly bill.",
    "ADV-15": "Past-due accounts can be suspended; paid in full, or with an arrangement, they are restored the same day.",
    "ADV-16": "An arrangement holds while each instalment is paid by its date; it ends with the last one.",
    "ADV-17": "A second suspension within 12 months ended by a payment proposes a re-activation fee.",
    "ADV-18": "An E-Check needs the customer's signed form before any debit.",
    "ADV-19": "A card on file is charged each month, with a receipt.",
    "ADV-20": "Customers change their own e-mail, address and billing options in the portal.",
    "ARR-1": "The processing fee is charged once work is performed, 5 to 10 days after sign-up.",
    "ARR-2": "The monthly fee starts 30 days after the processing fee is paid.",
    "ARR-3": "Each monthly fee is billed after the month that it is for.",
    "ARR-4": "A last fee is charged on the day services end, for the days since the fee before.",
    "ARR-5": "Members pay by card or bank draft.",
    "ARR-6": "A payment not honored the first time costs the plan's late charge.",
    "ARR-7": "Each dishonored attempt costs a fee, and each payment missed or late another one.",
    "ARR-8": "Moving the monthly fee date costs a fee.",
    "ARR-9": "A fraudulent chargeback costs a fee for each person on the plan, and what it cost besides.",
    "ARR-10": "A new bank account needs a new signed form before it is used.",
    "BOTH-1": "The preview of a billing run is worked out exactly as the run itself.",
    "BOTH-2": "A run that was cut off is made again, and bills nobody twice.",
    "BOTH-3": "Nothing is erased: a mistake is corrected by an entry that reverses it.",
    "BOTH-4": "Credits, write-offs, waivers and voids are a supervisor's decision, with a reason.",
    "BOTH-5": "A check that looks like one already posted is posted only with a reason.",
    "BOTH-6": "A void refund check puts the credit back; its number is never used again.",
    "BOTH-7": "Account numbers carry a check digit, so that a mistyped one is noticed.",
    "BOTH-8": "A closed account can still be paid; a payment too many first takes back its write-offs.",
    "BOTH-9": "What else holds for every account, such as when auto-pay asks and what a decline costs.",
    "BOTH-10": "A change may name another day; a later one waits and is carried out then.",
    "BOTH-11": "A payment keyed by mistake is reversed without any fee.",
    "section 0": "Money pays the oldest due invoice first; what is left over waits as credit.",
    "section 5": "What falls on one day is done in a fixed order.",
    "section 6": "What the old program left open was taken over as it stood, against opening balances.",
}

KINDS: Final = {
    "recurring": "Service",
    "paper-statement": "Paper statement",
    "late-fee": "Late fee",
    "returned-bank-fee": "Bank's fee",
    "returned-admin-fee": "Returned payment fee",
    "reactivation-fee": "Re-activation fee",
    "work": "Work",
    "processing-fee": "Processing fee",
    "monthly-fee": "Monthly fee",
    "final-fee": "Final fee",
    "late-charge": "Late charge",
    "dishonored-fee": "Dishonored payment",
    "date-change-fee": "Fee date moved",
    "chargeback-fee": "Chargeback fee",
    "chargeback-cost": "Chargeback cost",
    "credit-unused": "Unused days credited",
    "courtesy-credit": "Courtesy credit",
    "write-off": "Write-off",
    "payment": "Payment",
    "returned": "Payment returned",
    "charged-back": "Charged back",
    "reversed": "Reversed",
    "refund": "Refund",
    "refund-void": "Refund void",
    "opening": "Opening balance",
    "other": "Other",
}
EXCEPTIONS: Final = {
    "needs-decision": "Work that no rule covers: a supervisor decides whether it is billed.",
    "authorization-missing": "Auto-pay is chosen, but no signed form is on file; nothing is debited until it is.",
    "reactivation-proposed": "A re-activation fee is proposed: a supervisor approves or waives it.",
    "no-refund-address": "There is a refund to pay, but no address to send the check to.",
    "no-receipt-address": "A payment has no receipt because there is no e-mail address.",
    "processing-fee-overdue": "Work has not been recorded in time; the processing fee is charged once it is.",
    "billing-failed": "The billing run left this account out.",
    "change-failed": "A scheduled change could not be carried out.",
}


CLAUSE_NAMES: Final = {
    "section 0": "Oldest first",
    "section 5": "Order of the day",
    "section 6": "Opening balance",
}


class Explanation(NamedTuple):
    """Why a line is there: its clause in a sentence, the arithmetic, and what belongs to it."""

    title: str
    clause: str = ""
    says: str = ""
    why: str = ""
    parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole, as plain lines: what a screen reader reads and what is copied."""
        name = clause_name(self.clause)
        clause = f"{name}: {self.says}" if self.says else name
        worked = f"Worked out: {self.why}" if self.why else ""
        return "\n".join(line for line in (self.title, clause, worked, *self.parts) if line)


def clause_name(clause: str) -> str:
    """A clause as it is called: its id, or the words of the rulebook where what acts is no numbered clause."""
    return CLAUSE_NAMES.get(clause, clause)


def clause_says(clause: str) -> str:
    """The clause in a sentence; empty for an id that is none."""
    return CLAUSES.get(clause, "")


def kind_says(kind: str) -> str:
    """A kind of charge or credit in words."""
    return KINDS.get(kind, kind.replace("-", " ").capitalize())


def line_kind(row: HistoryRow) -> str:
    """The kind of a ledger line in words; what the old program left open says so."""
    return "Taken over" if row.kind == "other" and row.clause == "section 6" else kind_says(row.kind)


def exception_says(item: OpenException) -> str:
    """What is open on an account and who does something about it, with what is known of it."""
    says = EXCEPTIONS.get(item.code)
    if says is None:
        return f"{item.detail[:1].upper()}{item.detail[1:]}."
    since = f" Since {item.since:%m/%d/%Y}." if item.since is not None else ""
    return f"{says}{since}"


def explain(title: str, clause: str, why: str = "", parts: Iterable[str] = ()) -> Explanation:
    """An explanation from its clause."""
    return Explanation(title, clause, clause_says(clause), why, tuple(parts))


def of_history(
    row: HistoryRow, applied: Sequence[AppliedLine] | None, recorded: Mapping[int, Recorded] | None = None
) -> Explanation:
    """A line of the ledger, with what it pays now if it is a credit (`applied` None: not said), and who keyed it."""
    when = f"{short_day(row.on, row.on)}, {row.on.year}"
    # A credit's number is nobody's word for it; an invoice's and a refund's are on paper.
    where = f"{row.document.capitalize()}, " if row.document.startswith(("invoice", "refund")) else ""
    parts = [f"{where}{when}"]
    kind, _, number = row.document.partition(" ")
    if applied is not None and kind == "credit" and row.cents < 0:
        parts += paid_lines(int(number), -row.cents, applied)
    if recorded is not None and (keyed := recorded.get(row.action_id)) is not None:
        reason = f": {keyed.reason}" if keyed.reason and keyed.reason != row.why else ""
        parts.append(f"Recorded by {keyed.actor} at {keyed.pc}{reason}")
    return explain(f"{row.description}  {format_cents(row.cents)}", row.clause, row.why, parts)


def paid_lines(credit_id: int, cents: int, applied: Sequence[AppliedLine]) -> list[str]:
    """What a payment or credit of `cents` paid, a line each, and what is left of it."""
    mine = [item for item in applied if item.credit_id == credit_id]
    lines = [f"Pays {_target(item)}: {format_cents(item.cents)}" for item in mine]
    left = cents - sum(item.cents for item in mine)
    if left > 0:
        lines.append(f"Left as credit on the account: {format_cents(left)}")
    return lines


def _target(item: AppliedLine) -> str:
    return f"invoice {item.invoice_id}" if item.invoice_id is not None else f"refund {item.refund_id}"


def of_invoice(row: InvoiceRow, history: Sequence[HistoryRow], applied: Sequence[AppliedLine]) -> Explanation:
    """An invoice: its due date, each line with its clause and arithmetic, and what has paid it."""
    parts = [
        f"{line.description}: {format_cents(line.cents)} ({line.clause}: {line.why or clause_says(line.clause)})"
        for line in history
        if line.document == f"invoice {row.id}"
    ]
    credits = {line.document.partition(" ")[2]: line for line in history if line.document.startswith("credit ")}
    for item in applied:
        if item.invoice_id == row.id:
            credit = credits.get(str(item.credit_id))
            when = f" of {short_day(credit.on, row.due_on)}" if credit is not None else ""
            what = credit.description if credit is not None else "A credit memo"
            parts.append(f"Paid by {what}{when}: {format_cents(item.cents)}")
    parts.append(f"Still open: {format_cents(row.open_cents)}" if row.open_cents else "Nothing is open.")
    due = f"due {short_day(row.due_on, row.issued_on)}"
    return explain(f"Invoice {row.id}, {format_cents(row.total_cents)}, {due}", "ADV-3", "", parts)


def of_payment(row: PaymentLine, applied: Sequence[AppliedLine] | None, *, is_member: bool = False) -> Explanation:
    """A payment: what it pays now (`applied` None: not said), or how it came back."""
    if row.state == "posted":
        parts = [] if applied is None else paid_lines(row.id, row.cents, applied)
        return explain(_payment(row), "section 0", "", parts)
    if row.taken_back_on is not None and row.state not in ("returned", "charged-back"):
        said = f"Taken back on {row.taken_back_on:%m/%d/%Y}: a payment of that day stands for this one."
        return explain(f"{_payment(row)}: {row.state}", "BOTH-3", "", [said])
    of_members = "ARR-9" if row.state == "charged-back" else "ARR-7"
    clause = "BOTH-11" if row.state == "reversed" else of_members if is_member else "ADV-10"
    said = "It pays nothing any more: what it had paid is open again."
    return explain(f"{_payment(row)}: {kind_says(row.state).lower()}", clause, "", [said])


def of_declined(line: AttemptLine, *, is_member: bool) -> Explanation:
    """An attempt to be paid that was declined, and what it cost."""
    title = f"{payment_kind(line.method)}, {format_cents(line.cents)}: declined"
    if line.charged_cents:
        return explain(title, "ARR-7", f"the attempt cost {format_cents(line.charged_cents)}", ["Nothing was paid."])
    return explain(title, "ARR-7" if is_member else "BOTH-9", "", ["Nothing was paid, and the attempt cost nothing."])


def _payment(row: PaymentLine) -> str:
    number = f" {row.check_number}" if row.check_number else ""
    return f"{payment_kind(row.kind)}{number}, {format_cents(row.cents)}"


def payment_kind(kind: str) -> str:
    """`Check`, `Card`, `E-Check`."""
    return "E-Check" if kind == "echeck" else kind.replace("-", " ").capitalize()


def of_service(row: ServiceLine) -> Explanation:
    """A service: through when it is billed."""
    price = f"{format_cents(row.monthly_cents)} a month from {row.first_day:%m/%d/%Y}"
    billed = f"Billed through {row.billed_through:%m/%d/%Y}" if row.billed_through else "Not billed yet"
    ended = (f"Ended with {row.last_day:%m/%d/%Y}",) if row.last_day else ()
    return explain(row.name, "ADV-9" if row.last_day else "ADV-1", "", (price, billed, *ended))


def of_charge(charge: Charge) -> Explanation:
    """A line of the next bill, or one that waits for it."""
    return explain(f"{charge.description}  {format_cents(charge.cents)}", charge.clause, charge.why)


def of_next_bill(bill: NextBill) -> Explanation:
    """The next bill, a line each."""
    parts = [
        f"{charge.description}: {format_cents(charge.cents)} ({charge.clause}: {charge.why})" for charge in bill.charges
    ]
    due = [f"Due {bill.due_on:%m/%d/%Y}"] if bill.due_on else ["Nothing to bill."]
    return explain(f"Next bill {bill.on:%m/%d/%Y}  {format_cents(bill.cents)}", "BOTH-1", "", [*parts, *due])


def of_work(row: WorkLine) -> Explanation:
    """A work order and how it is billed."""
    hours = f"{row.starts_at[:16].replace('T', ' ')} to {row.ends_at[:16].replace('T', ' ')}"
    return explain(
        f"{row.description or kind_says(row.kind)}: {row.decision.replace('-', ' ')}", row.clause, row.why, [hours]
    )


def of_instalment(row: InstalmentLine) -> Explanation:
    """An instalment: what had to be paid by its date, and what was."""
    worked = f"{format_cents(row.paid_cents)} paid of {format_cents(row.owed_cents)} due through {row.due_on:%m/%d/%Y}"
    title = f"Instalment of {row.due_on:%m/%d/%Y}, {format_cents(row.cents)}: {row.state}"
    return explain(title, "ADV-16", worked, [f"Arrangement made {row.made_on:%m/%d/%Y}"])


_REACTIVATION = {
    "void": "none: the suspension came from a return alone, which was taken back",
    "waived-void": "waived; the suspension came from a return alone, which was taken back",
}


def of_suspension(row: SuspensionLine) -> Explanation:
    """A suspension: how it ended."""
    if row.restored_on is None:
        return explain(f"Suspended since {row.on:%m/%d/%Y}", "ADV-15")
    by = {"payment": "a payment", "credit": "a credit", "arrangement": "an arrangement"}.get(
        row.restored_by, "another entry"
    )
    said = _REACTIVATION.get(row.reactivation, row.reactivation)
    fee = [f"Re-activation fee {said} (ADV-17)"] if said else []
    return explain(f"Suspended {row.on:%m/%d/%Y}", "ADV-15", f"restored {row.restored_on:%m/%d/%Y} by {by}", fee)


def of_refund(row: RefundLine, history: Sequence[HistoryRow]) -> Explanation:
    """A refund check, and why it was written."""
    lines = [line for line in history if line.document == f"refund {row.id}"]
    why = next((line.why for line in lines if line.kind == "refund"), "")
    void = [f"{line.description}: {line.why}" for line in lines if line.kind == "refund-void"]
    return explain(f"Refund {row.id}, {format_cents(row.cents)}: {row.state}", "ADV-9", why, void)


# The clause by which something on the card counts, by the name under which a change of it is recorded.
_CHANGED_BY: Final = {
    "address": "ADV-9",
    "email": "ADV-7",
    "delivery": "ADV-4",
    "autopay": "ARR-10",
    "autopay-name": "ARR-10",
    "authorization": "ARR-10",
    "work-performed": "ARR-1",
    "instruction": "ARR-1",
    "fee-day": "ARR-8",
    "fee-day-taken-back": "ARR-8",
    "individuals": "ARR-9",
}


def of_change(row: ChangeLine) -> Explanation:
    """A change of the account's card, with the clause for which what was changed counts."""
    parts = (f"Before: {_one_line(row.before)}", f"After: {_one_line(row.after)}")
    return explain(f"{row.what.replace('-', ' ').capitalize()} changed {row.on}", _CHANGED_BY.get(row.what, ""), "", parts)


def _one_line(text: str) -> str:
    return text.replace("\n", ", ") or "nothing"
