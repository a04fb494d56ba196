"""Money that came in: recording a payment, and undoing it when it comes back or was keyed wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import (
    day_or_none,
    execute,
    fetch_one,
    fetch_value,
    insert_row,
    insert_with_id,
    parse_day,
)
from app.money import format_cents
from app.services import allocation, dishonored, methodonfile, standing
from app.services.accounts import withdraw_authorization
from app.services.allocation import Remaining
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.inputs import refuse_large
from app.services.invoicing import write_invoices
from app.services.ledger import Gl, Transfer, post, reverse
from app.services.limits import require_waivable
from app.services.loading import card
from app.services.policies.advance import adv_3_due_on
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.conduct import adv_10_returned_charges
from app.services.policies.dishonored import Cost, arr_10_withdraws
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy
from app.services.terms import policy_of

KIND_NAMES = {"check": "check", "card": "card", "echeck": "E-Check", "bank-draft": "bank draft"}
_ARRIVES_IN = {"check": Gl.UNDEPOSITED_FUNDS, "card": Gl.CARD_CLEARING}


class PaymentRow(NamedTuple):
    """A payment as it stands; `state` is posted, returned, charged-back or reversed."""

    id: int
    account_id: int
    on: date
    kind: str
    cents: int
    check_number: str
    mail_check_id: int | None
    settled_on: date | None
    state: str


_ROW = (
    "SELECT p.id, p.account_id, p.business_date, p.kind, p.cents, p.check_number, p.mail_check_id, p.settled_on, "
    "coalesce(r.state, 'posted') FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
)


def payment(session: Session, payment_id: int) -> PaymentRow:
    """One payment. Raises UserError for an unknown one."""
    row = fetch_one(session, _ROW + "WHERE p.id = ?", payment_id)
    if row is None:
        raise UserError("There is no such payment.", field="payment")
    return PaymentRow(*row)._replace(on=parse_day(row[2]), settled_on=day_or_none(row[7]))


def latest_payment_by_check(session: Session, account_id: int, number: str) -> PaymentRow:
    """The account's latest payment by a check of that number. Raises UserError when there is none."""
    row = fetch_one(
        session,
        "SELECT id FROM payment WHERE account_id = ? AND check_number = ? ORDER BY id DESC",
        account_id,
        number,
    )
    if row is None:
        raise UserError(f"The account has no check number {number}.", field="number")
    return payment(session, row[0])


def record_payment(
    session: Session,
    act: Act,
    account_id: int,
    kind: str,
    cents: int,
    *,
    check_number: str = "",
    mail_check_id: int | None = None,
    forced: str = "",
    apply_to: Sequence[int] = (),
    debit: Gl | None = None,
) -> int:
    """Post a payment of `cents` > 0 on the action's day and apply it; returns its id.

    `apply_to`: invoice numbers that the clerk picked, in that order; then oldest first. `debit` names where
    the money comes from when it was held before. On a closed account earlier write-offs come back (BOTH-8).
    """
    into = debit if debit is not None else _ARRIVES_IN.get(kind, Gl.ECHECK_CLEARING)
    entry_id = post(session, act, "payment", [Transfer(into, Gl.RECEIVABLE, cents, account_id)])
    clause = "ADV-8" if kind == "check" else _autopay_clause(session, account_id)
    row = PaymentRow(0, account_id, act.on, kind, cents, check_number, mail_check_id, None, "posted")
    payment_id = insert_payment(session, act, row, entry_id, clause, why=forced, forced=forced)
    if apply_to:
        allocation.apply_to_picked(session, act, Remaining(payment_id, account_id, cents, act.on.isoformat()), apply_to)
    status, balance = fetch_one(session, "SELECT status, balance_cents FROM account WHERE id = ?", account_id) or ("", 0)
    if status == "closed":
        bring_back_write_offs(session, act, account_id, payment_id, -balance, written_off_cents(session, account_id))
    standing.after_money(session, act, account_id, "payment")
    return payment_id


def insert_payment(
    session: Session,
    act: Act,
    row: PaymentRow,
    entry_id: int,
    clause: str,
    *,
    why: str = "",
    forced: str = "",
    receipt_due: bool = True,
    said: str = "",
) -> int:
    """Write a payment that has its entry already, dated the action's day; the caller applies it. Returns its id.

    Of `row` the id, day and state are not looked at. `said` follows the payment's name in the account's history.
    """
    payment_id = insert_with_id(
        session,
        "credit",
        account_id=row.account_id,
        business_date=act.on,
        kind="payment",
        cents=row.cents,
        remaining_cents=row.cents,
        clause=clause,
        description=f"Payment by {KIND_NAMES[row.kind]}{' ' + row.check_number if row.check_number else ''}{said}",
        why=why,
        invoice_id=None,
        entry_id=entry_id,
        action_id=act.id,
    )
    insert_row(
        session,
        "payment",
        id=payment_id,
        account_id=row.account_id,
        business_date=act.on,
        kind=row.kind,
        cents=row.cents,
        check_number=row.check_number,
        mail_check_id=row.mail_check_id,
        settled_on=row.settled_on,
        receipt_due=int(receipt_due),  # as a server digests it
        forced=forced,
    )
    return payment_id


def _autopay_clause(session: Session, account_id: int) -> str:
    member = fetch_value(session, "SELECT 1 FROM membership WHERE account_id = ?", account_id)
    return "ARR-5" if member else "ADV-5"


def written_off_cents(session: Session, account_id: int, after_action: int = 0) -> int:
    """What has been written off on an account (since an action) and has not come back, in cents (BOTH-8)."""
    found: int = fetch_value(
        session,
        "SELECT coalesce((SELECT sum(cents) FROM credit WHERE account_id = ?1 AND kind = 'write-off' AND action_id > ?2), 0)"
        " - coalesce((SELECT sum(l.cents) FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE l.account_id = ?1 AND l.kind = 'write-off' AND i.action_id > ?2), 0)",
        account_id,
        after_action,
    )
    return found


def bring_back_write_offs(
    session: Session, act: Act, account_id: int, payment_id: int, credit_cents: int, written_off: int
) -> None:
    """BOTH-8: a payment that leaves an account in credit first reverses write-offs, up to that credit."""
    cents = min(credit_cents, written_off)
    if cents <= 0:
        return
    charge = Charge(
        "write-off",
        f"write-off-reversed:{payment_id}",
        cents,
        "BOTH-8",
        "Write-off reversed by a later payment",
        f"the smaller of the credit {format_cents(credit_cents)} and the write-offs {format_cents(written_off)}",
    )
    write_invoices(session, act, [InvoiceDraft(account_id, act.on, act.on, "write-off-reversed", (charge,))])


def where_the_money_stands(session: Session, row: PaymentRow) -> Gl:
    """Undeposited funds or the bank for a check; clearing until settled, then the bank, for the others."""
    if row.kind == "check":
        deposited = fetch_value(session, "SELECT deposit_id FROM mail_check WHERE id = ?", row.mail_check_id)
        return Gl.BANK if deposited is not None else Gl.UNDEPOSITED_FUNDS
    if row.settled_on is not None:
        return Gl.BANK
    return Gl.CARD_CLEARING if row.kind == "card" else Gl.ECHECK_CLEARING


def _undo_payment(
    session: Session,
    act: Act,
    row: PaymentRow,
    state: str,
    reason: str,
    bank_fee_cents: int | None,
    cause: str,
    stands: Gl | None = None,
) -> None:
    """Reverse the ledger entry, undo exactly its applications, then apply other credit anew."""
    original = fetch_value(session, "SELECT entry_id FROM credit WHERE id = ?", row.id)
    stands = stands or where_the_money_stands(session, row)
    entry_id = reverse(
        session,
        act,
        original,
        f"payment-{state}"[:24],
        [Transfer(Gl.RECEIVABLE, stands, row.cents, row.account_id)],
    )
    insert_row(
        session,
        "payment_reversal",
        payment_id=row.id,
        state=state,
        business_date=act.on,
        reason=reason,
        bank_fee_cents=bank_fee_cents,
        entry_id=entry_id,
        action_id=act.id,
    )
    allocation.undo(session, act, credit_id=row.id)
    execute(session, "UPDATE credit SET remaining_cents = 0 WHERE id = ?", row.id)
    standing.after_money(session, act, row.account_id, cause)


def _refuse_undone(row: PaymentRow, on: date) -> None:
    if on < row.on:
        raise UserError(f"The payment is dated {row.on}; it cannot come back on {on}, before that.", field="on")
    if row.state != "posted":
        raise UserError(f"That payment of {row.on} is already {row.state}; it cannot be undone again.", field="payment")


def return_payment(
    session: Session,
    desk: Desk,
    payment_id: int,
    bank_fee_cents: int = 0,
    reason: str = "",
    token: str | None = None,
    waive: frozenset[str] = frozenset(),
) -> None:
    """ADV-10, ARR-7: a check, E-Check or draft came back unpaid: it is reversed and the fees are charged.

    To a member it is a failed attempt of the invoices that it had paid; the bank's fee is not passed on (BOTH-9).

    `waive`: kinds of fee that a supervisor waives before they are charged (BOTH-4), with `reason`. Raises
    UserError for a card payment, one already undone, or a negative bank fee.
    """
    row = payment(session, payment_id)
    if row.kind == "card":
        raise UserError("A card payment is not returned but charged back; use chargeback.", field="payment")
    _refuse_undone(row, desk.on)
    if bank_fee_cents < 0:
        raise UserError("The bank's fee cannot be negative.", field="bank_fee")
    refuse_large(bank_fee_cents, "bank_fee")
    if waive:
        require_role(desk, "supervisor", "Waiving a fee")
        reason = require_reason(reason, "Waiving a fee")
    act = begin(session, desk, "return-payment", reason=reason, token=token)
    had_paid = dishonored.paid_by(session, row.id)
    _undo_payment(session, act, row, "returned", reason, bank_fee_cents, "other")
    if bank_fee_cents:
        took = where_the_money_stands(session, row)
        source = took if took != Gl.UNDEPOSITED_FUNDS else Gl.BANK
        post(session, act, "bank-fee", [Transfer(Gl.BANK_AND_PROCESSOR_FEES, source, bank_fee_cents)])
    policy = policy_of(session, row.account_id, desk.on)
    what = KIND_NAMES[row.kind] + (f" {row.check_number}" if row.check_number else "")
    if isinstance(policy, ArrearsPolicy):
        failed = dishonored.Failed(row.account_id, f"payment:{row.id}", f"{what} returned", "returned", tuple(had_paid))
        waived = dishonored.charge_failed(session, act, policy, failed, waive)
    else:
        waived = _charge_returned(session, act, policy, row, bank_fee_cents, what, waive)
    require_waivable(session, desk, row.account_id, waived)
    other = methodonfile.is_another_than_paid(session, row.account_id, row.id)
    if arr_10_withdraws(card(session, row.account_id).autopay, row.kind, reason, other_account=other):
        withdraw_authorization(session, act, row.account_id, f"{what} returned: {reason}")
    standing.after_money(session, act, row.account_id, "other")


def _charge_returned(
    session: Session, act: Act, policy: AdvancePolicy, row: PaymentRow, bank_fee_cents: int, what: str, waive: frozenset[str]
) -> int:
    found = adv_10_returned_charges(policy, row.id, bank_fee_cents, what)
    charges = tuple(charge for charge in found if charge.kind not in waive)
    if charges:
        due_on = adv_3_due_on(act.on, sum(charge.cents for charge in charges), policy.net_days)
        write_invoices(session, act, [InvoiceDraft(row.account_id, act.on, due_on, "returned-payment", charges)])
    return sum(charge.cents for charge in found if charge.kind in waive)


def charge_back(
    session: Session,
    desk: Desk,
    payment_id: int,
    reason: str = "",
    *,
    fraudulent: bool = False,
    costs: Sequence[Cost] = (),
    waive: frozenset[str] = frozenset(),
) -> None:
    """ADV-10, ARR-9: the card holder took the money back: a reversal; of a member also a fee when fraudulent.

    A supervisor says that it is `fraudulent`; `costs` are then charged too. An account billed in advance, and a
    chargeback that is not fraudulent, are charged nothing. `waive`: fees, by `names_to_waive`, that a supervisor waives
    before they are charged (BOTH-4), with `reason`. Raises UserError for a cost that is not above zero.
    """
    row = payment(session, payment_id)
    if row.kind != "card":
        raise UserError("Only a card payment is charged back; use return for checks and E-Checks.", field="payment")
    _refuse_undone(row, desk.on)
    if fraudulent:
        if any(cost.cents <= 0 or not cost.what.strip() for cost in costs):
            raise UserError("Each cost of a chargeback needs a name and an amount above zero.", field="costs")
        require_role(desk, "supervisor", "Calling a chargeback fraudulent")
    if waive:
        require_role(desk, "supervisor", "Waiving a fee")
        reason = require_reason(reason, "Waiving a fee")
    act = begin(session, desk, "chargeback", reason=reason)
    _undo_payment(session, act, row, "charged-back", reason, None, "other")
    policy = policy_of(session, row.account_id, desk.on)
    if fraudulent and isinstance(policy, ArrearsPolicy):
        waived = dishonored.charge_fraud(session, act, policy, row.account_id, row.id, costs, waive)
        require_waivable(session, desk, row.account_id, waived)
        standing.after_money(session, act, row.account_id, "other")


def reverse_payment(session: Session, desk: Desk, payment_id: int, reason: str) -> None:
    """BOTH-11: the office's own mistake: reversed without any fee; the same check can be posted right."""
    row = payment(session, payment_id)
    _refuse_undone(row, desk.on)
    reason = require_reason(reason, "Reversing a payment")
    act = begin(session, desk, "reverse-payment", reason=reason)
    check = None
    if row.mail_check_id is not None:
        check = fetch_one(session, "SELECT batch_id, deposit_id FROM mail_check WHERE id = ?", row.mail_check_id)
    deposited = check is not None and check.deposit_id is not None
    # The money of a deposited check stays in the bank; it is unidentified until it is posted right.
    stands = Gl.UNIDENTIFIED_RECEIPTS if deposited else None
    _undo_payment(session, act, row, "reversed", reason, None, "other", stands)
    if check is None:
        return
    others = fetch_value(
        session,
        "SELECT count(*) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.mail_check_id = ? AND r.payment_id IS NULL",
        row.mail_check_id,
    )
    if deposited and not others:
        state = "held"
    elif check.batch_id is not None:
        state = "logged"  # its sheet is still in the batch: to be posted right, held or sent back
    else:
        state = "posted" if others else "reversed"
    execute(session, "UPDATE mail_check SET state = ? WHERE id = ?", state, row.mail_check_id)


def settle_clearing(session: Session, desk: Desk, payment_ids: Sequence[int], *, shown_cents: int | None = None) -> int:
    """Card or E-Check payments arrived in the bank: clearing to bank (section 6); returns the cents.

    `shown_cents`: their total that the person compared with the bank's. Raises UserError when it is another by now,
    for a check, a payment that was undone, one settled before, or one dated after the desk's day.
    """
    rows = [payment(session, payment_id) for payment_id in payment_ids]
    for row in rows:
        if row.kind == "check" or row.state != "posted" or row.settled_on is not None:
            raise UserError(f"The payment of {row.on} is not waiting to be settled.", field="payment")
        if row.on > desk.on:
            raise UserError(
                f"A payment of {row.on} cannot have arrived on {desk.on}, before that; choose a later business date.",
                field="on",
            )
    if shown_cents is not None and shown_cents != (found := sum(row.cents for row in rows)):
        raise UserError(
            f"What is on its way has changed meanwhile: it is {format_cents(found)} now, not {format_cents(shown_cents)}. "
            "Look at it again.",
            field="payment",
        )
    act = begin(session, desk, "settle")
    by_clearing: dict[Gl, int] = {}
    for row in rows:
        clearing = where_the_money_stands(session, row)
        by_clearing[clearing] = by_clearing.get(clearing, 0) + row.cents
        execute(session, "UPDATE payment SET settled_on = ? WHERE id = ?", desk.on, row.id)
    post(session, act, "settlement", [Transfer(Gl.BANK, gl, cents) for gl, cents in by_clearing.items()])
    return sum(by_clearing.values())
