"""A recorded return or chargeback taken back: the bank reversed it, or the wrong payment was picked (BOTH-3).

Nothing posted is edited. The opposite of all that the return posted is posted on the business date, and the payment
stands again as another one, which can be returned in its turn. What else the return had caused follows it.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_one, fetch_tuples, fetch_value, insert_row, parse_day
from app.services import allocation, membercorrections, standing
from app.services.accounts import record_change
from app.services.allocation import Applied
from app.services.chargesback import rate_later_failures, settle_memos, take_back_charges
from app.services.collections import past_due_cents
from app.services.desk import Act, Desk, begin, require_reason, require_role
from app.services.ledger import Gl, Transfer, post
from app.services.loading import AccountCard, card
from app.services.payments import PaymentRow, bring_back_write_offs, insert_payment, payment, written_off_cents
from app.services.waived import IS_WAIVED

COMES_BACK = ("returned", "charged-back")


class Return(NamedTuple):
    """A return as recorded: the payment, the return's day, action and entry."""

    payment: PaymentRow
    on: date
    action_id: int
    entry_id: int


class _Undone(NamedTuple):
    """What the payment had paid until its return: an invoice or a refund, and how much of it."""

    invoice_id: int | None
    refund_id: int | None
    cents: int
    since: str


def recorded_return(session: Session, payment_id: int) -> Return:
    """The return of a payment that can be taken back. Raises UserError when there is none, or it was taken back."""
    row = payment(session, payment_id)
    if row.state not in COMES_BACK:
        raise UserError("That payment did not come back; there is no return to take back.", field="payment")
    back = fetch_one(session, "SELECT business_date FROM return_taken_back WHERE payment_id = ?", payment_id)
    if back is not None:
        raise UserError(
            f"The return of that payment was taken back already, on {parse_day(back[0]):%m/%d/%Y}.", field="payment"
        )
    found = fetch_one(
        session, "SELECT business_date, action_id, entry_id FROM payment_reversal WHERE payment_id = ?", payment_id
    )
    assert found is not None, "its state says so"
    return Return(row, parse_day(found[0]), found[1], found[2])


def take_back_return(session: Session, desk: Desk, payment_id: int, reason: str, token: str | None = None) -> int:
    """Take a recorded return or chargeback back; returns the id of the payment that stands for it from now on.

    It pays again what it had paid, then what is open, oldest first. A supervisor's, with a reason. Raises UserError
    for a payment that did not come back, a day before the return, and where something built on the return would be
    untrue without it.
    """
    back = recorded_return(session, payment_id)
    row = back.payment
    if desk.on < back.on:
        raise UserError(f"The return is dated {back.on}; it cannot be taken back on {desk.on}, before that.", field="on")
    require_role(desk, "supervisor", "Taking back a return")
    reason = require_reason(reason, "Taking back a return")
    account = card(session, row.account_id)
    undone = _undone(session, back)
    _refuse_untrue(session, back, account, undone)
    act = begin(session, desk, "take-back-return", reason=reason, token=token)
    memos = take_back_charges(session, act, row.account_id, back.action_id)
    entry_id = _post_opposites(session, act, back)
    by_id = insert_payment(session, act, row, entry_id, "BOTH-3", why=reason, receipt_due=False, said=", return taken back")
    first = fetch_value(session, "SELECT first_payment_id FROM return_taken_back WHERE by_payment_id = ?", row.id)
    insert_row(
        session,
        "return_taken_back",
        payment_id=row.id,
        by_payment_id=by_id,
        first_payment_id=first or row.id,
        account_id=row.account_id,
        business_date=act.on,
        reason=reason,
        return_action_id=back.action_id,
        entry_id=entry_id,
        action_id=act.id,
    )
    _pay_again(session, act, row.account_id, by_id, undone)
    processing = fetch_value(session, "SELECT processing_invoice_id FROM membership WHERE account_id = ?", row.account_id)
    if processing is not None and processing in {item.invoice_id for item in undone}:
        membercorrections.move_again(session, row.account_id)
    settle_memos(session, act, row.account_id, memos)
    settle_memos(session, act, row.account_id, rate_later_failures(session, act, row.account_id, back.action_id))
    _bring_back(session, act, back, account, by_id)
    _authorize_again(session, act, back, account, reason)
    standing.after_money(session, act, row.account_id, "other")
    _unsuspend(session, act, back)
    return by_id


def _undone(session: Session, back: Return) -> list[_Undone]:
    """What the return took away from, in the order in which the payment had paid it."""
    rows = fetch_tuples(
        session,
        "SELECT invoice_id, refund_id, -sum(cents), max(business_date) FROM allocation WHERE credit_id = ? "
        "AND action_id = ? GROUP BY invoice_id, refund_id HAVING sum(cents) < 0 ORDER BY min(id)",
        back.payment.id,
        back.action_id,
    )
    return [_Undone(*row) for row in rows]


def _refuse_untrue(session: Session, back: Return, account: AccountCard, undone: list[_Undone]) -> None:
    """Raises UserError where something done since the return cannot stand without it."""
    row = back.payment
    if row.mail_check_id is not None and _debits(session, back.entry_id) == [int(Gl.UNDEPOSITED_FUNDS)]:
        deposit = fetch_value(session, "SELECT deposit_id FROM mail_check WHERE id = ?", row.mail_check_id)
        if deposit is not None:
            raise UserError(
                f"The rest of check {row.check_number} was deposited since, without this part. Take the check out of "
                f"deposit {deposit} first; then take the return back.",
                field="payment",
            )
    unpaid_fee = fetch_value(
        session,
        "SELECT processing_invoice_id FROM membership WHERE account_id = ? AND processing_paid_on IS NULL "
        "AND monthly_fee_charged = 0",
        account.id,
    )
    if account.status == "closed" and unpaid_fee is not None and unpaid_fee in {item.invoice_id for item in undone}:
        raise UserError(
            f"Membership {account.number} was ended on {account.closed_on:%m/%d/%Y} while its processing fee counted as "
            "unpaid because of this return, so no final fee was billed. An ended membership is not billed anew: leave the "
            "return as it is, and give a courtesy credit for what the payment was worth.",
            field="payment",
        )


def _debits(session: Session, entry_id: int) -> list[int]:
    """Where the return took the money from: the credited accounts of its entry."""
    return [row[0] for row in fetch_tuples(session, "SELECT credit FROM posting WHERE entry_id = ?", entry_id)]


def _post_opposites(session: Session, act: Act, back: Return) -> int:
    """The opposite of the return's entry, and of the bank's fee; returns the id of the first."""
    first = 0
    for entry_id, what in fetch_tuples(
        session,
        "SELECT id, what FROM entry WHERE action_id = ? AND (id = ? OR what = 'bank-fee') ORDER BY id",
        back.action_id,
        back.entry_id,
    ):
        transfers = [
            Transfer(credit, debit, cents, account_id)
            for debit, credit, cents, account_id in fetch_tuples(
                session, "SELECT debit, credit, cents, account_id FROM posting WHERE entry_id = ? ORDER BY n", entry_id
            )
        ]
        said = "bank-fee-back" if what == "bank-fee" else "return-taken-back"
        made = post(session, act, said, transfers, reverses=entry_id)
        first = first or made
    return first


def _pay_again(session: Session, act: Act, account_id: int, payment_id: int, undone: list[_Undone]) -> None:
    """The payment pays again what it had paid; what other credit has paid of it since the return is freed for that.

    An invoice that was taken back since is nobody's to pay. The caller settles what is left.
    """
    for item in undone:
        column, target = ("invoice_id", item.invoice_id) if item.refund_id is None else ("refund_id", item.refund_id)
        if item.invoice_id is not None and fetch_value(
            session, "SELECT 1 FROM invoice_reversal WHERE invoice_id = ?", item.invoice_id
        ):
            continue
        table = "invoice" if item.refund_id is None else "refund"
        open_cents = fetch_value(session, f"SELECT open_cents FROM {table} WHERE id = ?", target)
        freed = []
        for credit_id, cents, since in fetch_tuples(
            session,
            f"SELECT credit_id, sum(cents), max(business_date) FROM allocation WHERE {column} = ? "
            "GROUP BY credit_id HAVING sum(cents) > 0 ORDER BY max(id) DESC",
            target,
        ):
            take = min(cents, max(item.cents - open_cents, 0))
            if take:
                freed.append(Applied(account_id, credit_id, item.invoice_id, item.refund_id, -take, since))
                open_cents += take
        allocation.write(session, act, freed)
        paid = min(item.cents, open_cents)
        allocation.write(session, act, [Applied(account_id, payment_id, item.invoice_id, item.refund_id, paid, item.since)])


def _bring_back(session: Session, act: Act, back: Return, account: AccountCard, by_id: int) -> None:
    """BOTH-8: what was written off since the return, and of a closed account all, is no loss any more."""
    balance = card(session, account.id).balance_cents
    since = 0 if account.status == "closed" else back.action_id
    bring_back_write_offs(session, act, account.id, by_id, -balance, written_off_cents(session, account.id, since))


def authorization_before(session: Session, back: Return, account: AccountCard) -> date | None:
    """ARR-10: the date of the signed form that this return made unusable, it alone or with others taken back before.

    None where it did not, where another return still does, and where something else was recorded since.
    """
    if account.authorized_on is not None or account.autopay != back.payment.kind:
        return None
    gone = {back.action_id}
    gone.update(
        row[0]
        for row in fetch_tuples(session, "SELECT return_action_id FROM return_taken_back WHERE account_id = ?", account.id)
    )
    was, withdrawn_by = "", 0
    for before, action_id in fetch_tuples(
        session,
        "SELECT before, action_id FROM account_change WHERE account_id = ? AND what IN ('authorization', 'autopay') "
        "ORDER BY id DESC",
        account.id,
    ):
        if action_id not in gone:
            break
        if before:  # else no form was on file when that one came back
            was, withdrawn_by = before, action_id
            break
    if not was:
        return None
    try:
        return date.fromisoformat(was)
    except ValueError:  # recorded before the program kept the date: the day of what set it
        found = fetch_value(
            session,
            "SELECT max(business_date) FROM account_change WHERE account_id = ? AND what IN ('authorization', 'autopay') "
            "AND action_id < ?",
            account.id,
            withdrawn_by,
        )
        return account.opened_on if found is None else parse_day(found)


def _authorize_again(session: Session, act: Act, back: Return, account: AccountCard, reason: str) -> None:
    before = authorization_before(session, back, account)
    if before is not None:
        execute(session, "UPDATE account SET authorized_on = ? WHERE id = ?", before, account.id)
        record_change(session, act, account.id, "authorization", f"return taken back: {reason}", str(before))


def _unsuspend(session: Session, act: Act, back: Return) -> None:
    """ADV-15, ADV-17: a suspension that came from the return alone ends, and counts for no re-activation fee."""
    account_id = back.payment.account_id
    for suspension_id, action_id, on, restored_on, proposal in fetch_tuples(
        session,
        "SELECT id, action_id, business_date, restored_on, reactivation FROM suspension WHERE account_id = ? "
        "AND action_id > ? ORDER BY id",
        account_id,
        back.action_id,
    ):
        if not _came_from_it_alone(session, back, action_id, on):
            continue
        suspended = card(session, account_id).status == "suspended"  # a closed account stays closed
        if suspended and restored_on is None and not past_due_cents(session, account_id, act.on):
            standing.restore(session, act, account_id, "other")
        if proposal != "approved":
            void = standing.WAIVED_VOID if proposal in ("waived", standing.WAIVED_VOID) else standing.VOID
            execute(session, "UPDATE suspension SET reactivation = ? WHERE id = ?", void, suspension_id)


def _came_from_it_alone(session: Session, back: Return, suspended_by: int, on: str) -> bool:
    """Whether nothing would have been past due at a suspension, had the payment not come back.

    Its money and its fees come off what was past due then; what it had paid that was not past due yet it had spent.
    """
    undone = _undone(session, back)
    late = fees = 0
    spent = sum(item.cents for item in undone if item.refund_id is not None)
    for invoice_id, due_on, action_id, open_cents in fetch_tuples(
        session,
        "SELECT i.id, i.due_on, i.action_id, max(i.total_cents, 0) - coalesce((SELECT sum(a.cents) FROM allocation a "
        "WHERE a.invoice_id = i.id AND a.action_id < ?1), 0) FROM invoice i WHERE i.account_id = ?2 AND i.action_id < ?1",
        suspended_by,
        back.payment.account_id,
    ):
        if due_on < on:
            late += open_cents
            fees += open_cents if action_id == back.action_id else 0
        else:
            spent += sum(item.cents for item in undone if item.invoice_id == invoice_id)
    return bool(late - fees - (back.payment.cents - spent) <= 0)


def later_charges(session: Session, back: Return) -> list[tuple[str, int, date, int]]:
    """Fees charged after the return that may be due to it: (what, cents, day, invoice); neither waived nor taken back."""
    rows = fetch(
        session,
        "SELECT l.description, l.cents, i.issued_on, i.id FROM line l JOIN invoice i ON i.id = l.invoice_id "
        "WHERE l.account_id = ? AND i.action_id > ? AND l.cents > 0 AND l.kind IN ('late-fee', 'late-charge', "
        f"'dishonored-fee', 'reactivation-fee') AND NOT {IS_WAIVED} AND NOT EXISTS "
        "(SELECT 1 FROM line o WHERE o.account_id = l.account_id AND o.key = 'reversed:' || l.key) "
        "ORDER BY i.id, l.n",
        back.payment.account_id,
        back.action_id,
    )
    return [(row[0], row[1], parse_day(row[2]), row[3]) for row in rows]
