"""The morning's mail: checks logged, posted, held, sent back, and taken to the bank (ADV-6, ADV-8, BOTH-5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import DuplicateCheck, UserError
from app.models.bulk import (
    day_or_none,
    execute,
    fetch,
    fetch_one,
    fetch_value,
    insert_with_id,
    parse_day,
)
from app.money import format_cents
from app.services.desk import Act, Desk, begin, require_reason
from app.services.inputs import one_line, refuse_large
from app.services.ledger import Gl, Transfer, post, reverse
from app.services.loading import card
from app.services.payments import record_payment

LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class CheckForm:
    """A check for one account. `cents` > 0; `apply_to`: invoice numbers picked, in order.

    `dated` is what is written on it and `via` says whose envelope it came in (`customer` or `bank`): both for
    information only (ADV-8). `force`: the reason for posting a look-alike (BOTH-5). `mail_check_id`: the check
    as logged with the mail; its number, date and payer then come from there.
    """

    account_id: int
    cents: int
    number: str
    dated: date | None = None
    via: str = "customer"
    payer: str = ""
    bank_hash: str | None = None
    apply_to: Sequence[int] = ()
    force: str = ""
    mail_check_id: int | None = None
    token: str | None = None


class LoggedCheck(NamedTuple):
    """A check of the mail log."""

    id: int
    batch_id: int | None
    received_on: date
    number: str
    cents: int
    dated: date | None
    via: str
    payer: str
    bank_hash: str | None
    state: str
    deposit_id: int | None


_LOGGED = "SELECT id, batch_id, received_on, number, cents, dated, via, payer, bank_hash, state, deposit_id FROM mail_check "


def logged_check(session: Session, mail_check_id: int) -> LoggedCheck:
    """One check of the mail log. Raises UserError for an unknown one."""
    row = fetch_one(session, _LOGGED + "WHERE id = ?", mail_check_id)
    if row is None:
        raise UserError("There is no such check in the mail log.", field="check")
    return LoggedCheck(*row)._replace(received_on=parse_day(row[2]), dated=day_or_none(row[5]))


def log_mail(session: Session, desk: Desk, count: int, total_cents: int, token: str | None = None) -> int:
    """Open a batch with the mail count and the adding-machine total; returns its id."""
    if count <= 0:
        raise UserError("A batch needs at least one check.", field="count")
    if total_cents <= 0:
        raise UserError("The total of the checks must be more than zero.", field="total")
    refuse_large(total_cents, "total")
    act = begin(session, desk, "log-mail", token=token)
    return insert_with_id(session, "mail_batch", received_on=desk.on, count=count, total_cents=total_cents, action_id=act.id)


def _refuse_check(cents: int, number: str, via: str) -> None:
    if cents <= 0:
        raise UserError("The amount of a check must be more than zero.", field="amount")
    refuse_large(cents, "amount")
    if not number.strip():
        raise UserError("A check needs its number; it is printed at the top right.", field="number")
    if via not in ("customer", "bank"):
        raise UserError(f"“{via}” is not a way a check comes in; choose customer or bank.", field="via")


def _cleaned(form: CheckForm) -> CheckForm:
    """The form without signs that nobody sees. Raises UserError for endless texts."""
    number = one_line(form.number, "A check's number", "number", LONGEST_NUMBER)
    payer = one_line(form.payer, "A payer's name", "payer")
    same = number == form.number and payer == form.payer
    return form if same else replace(form, number=number, payer=payer)


def _insert_check(session: Session, act: Act, form: CheckForm, state: str, batch_id: int | None = None) -> int:
    return insert_with_id(
        session,
        "mail_check",
        batch_id=batch_id,
        received_on=act.on,
        number=form.number.strip(),
        cents=form.cents,
        dated=form.dated,
        via=form.via,
        payer=form.payer,
        bank_hash=form.bank_hash,
        state=state,
        held_entry_id=None,
        deposit_id=None,
        deposited_cents=None,
        reason=form.force,
        action_id=act.id,
    )


def _refuse_batch(session: Session, desk: Desk, batch_id: int) -> None:
    received_on = fetch_value(session, "SELECT received_on FROM mail_batch WHERE id = ?", batch_id)
    if received_on is None:
        raise UserError("There is no such batch of mail.", field="batch")
    if received_on != desk.on.isoformat():
        raise UserError(f"Batch {batch_id} is the mail of {received_on}, not of {desk.on}.", field="batch")


def correct_batch(session: Session, desk: Desk, batch_id: int, count: int, total_cents: int, reason: str) -> None:
    """The mail was counted or added up wrongly: new control figures, with the reason, while the day is open."""
    if count <= 0 or total_cents <= 0:
        raise UserError("Count and total of a batch must be more than zero.", field="total")
    refuse_large(total_cents, "total")
    _refuse_batch(session, desk, batch_id)
    begin(session, desk, "correct-batch", reason=require_reason(reason, "Correcting a batch"))
    execute(session, "UPDATE mail_batch SET count = ?, total_cents = ? WHERE id = ?", count, total_cents, batch_id)


def correct_logged_check(session: Session, desk: Desk, mail_check_id: int, cents: int, number: str, reason: str) -> None:
    """A logged check was keyed wrongly: its amount and number, with the reason, before it is posted."""
    logged = logged_check(session, mail_check_id)
    number = one_line(number, "A check's number", "number", LONGEST_NUMBER)
    _refuse_check(cents, number, logged.via)
    if logged.state != "logged" or logged.deposit_id is not None or unposted_cents(session, logged) != logged.cents:
        raise UserError(f"Check {logged.number} is {logged.state}; only a logged check is corrected.", field="check")
    begin(session, desk, "correct-check", reason=require_reason(reason, "Correcting a check"))
    execute(
        session,
        "UPDATE mail_check SET cents = ?, number = ? WHERE id = ?",
        cents,
        number.strip(),
        mail_check_id,
    )


def unposted_cents(session: Session, logged: LoggedCheck) -> int:
    """What of a check is on no account: all of it, or a part that was keyed wrongly and reversed."""
    posted = fetch_value(
        session,
        "SELECT coalesce(sum(p.cents), 0) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.mail_check_id = ? AND (r.state IS NULL OR r.state <> 'reversed') "
        "AND p.id NOT IN (SELECT payment_id FROM return_taken_back)",
        logged.id,
    )
    return logged.cents - int(posted)


def log_check(
    session: Session,
    desk: Desk,
    batch_id: int,
    cents: int,
    number: str,
    *,
    dated: date | None = None,
    via: str = "customer",
    payer: str = "",
    bank_hash: str | None = None,
) -> int:
    """Add a check of a batch to the mail log, not posted yet; returns its id."""
    _refuse_check(cents, number, via)
    _refuse_batch(session, desk, batch_id)
    act = begin(session, desk, "log-check")
    form = _cleaned(CheckForm(0, cents, number, dated, via, payer, bank_hash))
    return _insert_check(session, act, form, "logged", batch_id)


def find_duplicate(session: Session, form: CheckForm, part_cents: int | None = None) -> str | None:
    """BOTH-5: an earlier check that looks the same, in words; None when there is none.

    Same account, number and amount; or same bank, bank account and number. One keyed wrongly and reversed
    does not count (BOTH-11). `part_cents`: the part of a split check that is for this account.
    """
    row = fetch_one(
        session,
        "SELECT p.business_date, coalesce(m.cents, p.cents), a.number, a.name FROM payment p "
        "JOIN account a ON a.id = p.account_id LEFT JOIN mail_check m ON m.id = p.mail_check_id "
        "LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.account_id = ? AND p.kind = 'check' "
        "AND ltrim(p.check_number, '0') = ltrim(?, '0') AND (p.cents = ? OR m.cents = ?) "
        "AND (r.state IS NULL OR r.state <> 'reversed') AND p.id NOT IN (SELECT payment_id FROM return_taken_back) "
        "ORDER BY p.id DESC",
        form.account_id,
        form.number.strip(),
        part_cents if part_cents is not None else form.cents,
        form.cents,
    )
    if row is None and form.bank_hash is not None:
        row = fetch_one(
            session,
            "SELECT m.received_on, m.cents, coalesce(a.number, ''), coalesce(a.name, m.payer) FROM mail_check m "
            "LEFT JOIN payment p ON p.mail_check_id = m.id LEFT JOIN account a ON a.id = p.account_id "
            "WHERE m.bank_hash = ? AND m.number = ? AND m.state IN ('posted', 'held') AND m.id <> ? "
            "ORDER BY m.id DESC",
            form.bank_hash,
            form.number.strip(),
            form.mail_check_id or 0,
        )
    if row is None:
        return None
    return f"check {form.number.strip()} for {format_cents(row[1])} of {row[3]} ({row[2]}), received on {row[0]}"


def post_check(session: Session, desk: Desk, form: CheckForm) -> int:
    """Post a check on the day it was received, the desk's business date; returns the payment's id.

    Raises DuplicateCheck for a look-alike without `force`, UserError for a wrong amount, number or account.
    """
    return post_split_check(session, desk, form, ((form.account_id, form.cents),))[0]


def post_split_check(session: Session, desk: Desk, form: CheckForm, parts: Sequence[tuple[int, int]]) -> list[int]:
    """Post one check to several accounts: (account, cents) parts that add up to it; returns the payments' ids.

    A check of the mail log is posted with the number and bank that were logged, dated the day it was
    received; one that was held, dated the desk's day. Of a check with a part that was reversed as a mistake,
    the parts add up to what is left.
    """
    logged = None if form.mail_check_id is None else logged_check(session, form.mail_check_id)
    form = _cleaned(form)
    left = form.cents
    if logged is not None:
        form, left = _as_logged(session, logged, form)
        if logged.state == "logged" and logged.deposit_id is None:
            desk = desk.dated(logged.received_on)
    _refuse_check(form.cents, form.number, form.via)
    if any(cents <= 0 for _, cents in parts) or sum(cents for _, cents in parts) != left:
        raise UserError(
            f"The parts add up to {format_cents(sum(cents for _, cents in parts))}, "
            f"but the check is for {format_cents(left)}.",
            field="amount",
        )
    for account_id, _ in parts:
        card(session, account_id)
    for account_id, cents in parts:
        _stop_duplicate(session, form, account_id, cents)
    act = begin(session, desk, "post-check", reason=form.force, token=form.token)
    if logged is None:
        mail_check_id = _insert_check(session, act, form, "posted")
    else:
        mail_check_id = logged.id
        execute(session, "UPDATE mail_check SET state = 'posted' WHERE id = ?", logged.id)
    from_held = logged is not None and (logged.state == "held" or logged.deposit_id is not None)
    debit = Gl.UNIDENTIFIED_RECEIPTS if from_held else None
    return [
        record_payment(
            session,
            act,
            account_id,
            "check",
            cents,
            check_number=form.number.strip(),
            mail_check_id=mail_check_id,
            forced=form.force,
            apply_to=form.apply_to,
            debit=debit,
        )
        for account_id, cents in parts
    ]


def refuse_finished(logged: LoggedCheck, left_cents: int) -> None:
    """Raises UserError for a check of which nothing is left to be posted, or that was sent back or reversed."""
    if logged.state not in ("logged", "held", "posted") or left_cents <= 0:
        raise UserError(f"Check {logged.number} of {logged.received_on} is already {logged.state}.", field="check")


def _as_logged(session: Session, logged: LoggedCheck, form: CheckForm) -> tuple[CheckForm, int]:
    """The form with what the mail log knows, and what of the check is still to be posted."""
    left = unposted_cents(session, logged)
    refuse_finished(logged, left)
    if form.cents != left:
        raise UserError(
            f"The check was logged for {format_cents(left)}, not {format_cents(form.cents)}; correct one of them.",
            field="amount",
        )
    known = replace(
        form,
        cents=logged.cents,
        number=logged.number,
        dated=logged.dated,
        via=logged.via,
        payer=logged.payer or form.payer,
        bank_hash=logged.bank_hash,
    )
    return known, left


def _stop_duplicate(session: Session, form: CheckForm, account_id: int, cents: int) -> None:
    if form.force.strip():
        return
    earlier = find_duplicate(session, replace(form, account_id=account_id), cents)
    if earlier is not None:
        raise DuplicateCheck(f"This looks like {earlier}; if it is another check, say why and post it.", earlier)


def hold_check(session: Session, desk: Desk, mail_check_id: int, reason: str) -> None:
    """Hold a check whose account is not known in unidentified receipts (ADV-6)."""
    logged = logged_check(session, mail_check_id)
    if logged.state != "logged" or unposted_cents(session, logged) != logged.cents:
        raise UserError(f"Check {logged.number} is already {logged.state}.", field="check")
    reason = require_reason(reason, "Holding a check")
    act = begin(session, desk, "hold-check", reason=reason)
    entry_id = post(session, act, "hold-check", [Transfer(Gl.UNDEPOSITED_FUNDS, Gl.UNIDENTIFIED_RECEIPTS, logged.cents)])
    execute(
        session,
        "UPDATE mail_check SET state = 'held', reason = ?, held_entry_id = ? WHERE id = ?",
        reason,
        entry_id,
        mail_check_id,
    )


def return_to_sender(session: Session, desk: Desk, mail_check_id: int, reason: str) -> None:
    """Send a check back that cannot be posted, with the reason (ADV-6); a held one before it is deposited."""
    logged = logged_check(session, mail_check_id)
    if logged.state not in ("logged", "held") or unposted_cents(session, logged) != logged.cents:
        raise UserError(f"Check {logged.number} is already {logged.state}.", field="check")
    if logged.deposit_id is not None:
        raise UserError(f"Check {logged.number} has been taken to the bank; it cannot be sent back.", field="check")
    reason = require_reason(reason, "Sending a check back")
    act = begin(session, desk, "return-to-sender", reason=reason)
    if logged.state == "held":
        held = fetch_value(session, "SELECT held_entry_id FROM mail_check WHERE id = ?", mail_check_id)
        reverse(
            session,
            act,
            held,
            "return-to-sender",
            [Transfer(Gl.UNIDENTIFIED_RECEIPTS, Gl.UNDEPOSITED_FUNDS, logged.cents)],
        )
    execute(
        session,
        "UPDATE mail_check SET state = 'returned-to-sender', reason = ? WHERE id = ?",
        reason,
        mail_check_id,
    )


class BatchState(NamedTuple):
    """A batch against its control figures, in cents."""

    id: int
    received_on: date
    expected_count: int
    total_cents: int
    entered_count: int
    entered_cents: int
    unposted: int

    @property
    def is_balanced(self) -> bool:
        """Whether count and total agree with the mail count and the adding machine."""
        return self.expected_count == self.entered_count and self.total_cents == self.entered_cents


def batches(session: Session, through: date, after: date = date.min) -> list[BatchState]:
    """Batches received after one day and through another, as they stand."""
    rows = fetch(
        session,
        "SELECT b.id, b.received_on, b.count, b.total_cents, count(m.id), coalesce(sum(m.cents), 0), "
        "coalesce(sum(m.state = 'logged'), 0) FROM mail_batch b LEFT JOIN mail_check m ON m.batch_id = b.id "
        "WHERE b.received_on <= ? AND b.received_on > ? GROUP BY b.id ORDER BY b.id",
        through,
        after,
    )
    return [BatchState(*row)._replace(received_on=parse_day(row[1])) for row in rows]
