"""What a clerk does with a check at the posting window, each as one action: post, hold, send back, take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_value, parse_day
from app.money import format_cents
from app.services import checks
from app.services.checks import CheckForm, LoggedCheck
from app.services.desk import Desk, begin, require_reason
from app.services.payments import reverse_payment

SetAside = Literal["hold", "return"]
Then = Literal["post", "hold", "return", "strike"]


class LoggedDiffers(UserError):
    """A logged check is posted with another amount or number: that is a correction and needs a reason."""


def post_entry(
    session: Session,
    desk: Desk,
    form: CheckForm,
    *,
    batch_id: int | None = None,
    parts: Sequence[tuple[int, int]] = (),
    why_changed: str = "",
) -> list[int]:
    """Post a check as it was typed, logging it in its batch when it is not logged yet; returns the payments' ids.

    `parts`: (account, cents) of a check for several accounts, else all of it goes to the form's account. The
    token belongs into the form. `why_changed`: the reason when a logged check's amount or number is another.
    Raises DuplicateCheck (BOTH-5), LoggedDiffers, or UserError for the input at fault.
    """
    if form.mail_check_id is None:
        form = replace(form, mail_check_id=_log(session, desk, batch_id, form))
    else:
        _correct(session, desk, form, why_changed)
    return checks.post_split_check(session, desk, form, parts or ((form.account_id, form.cents),))


def _log(session: Session, desk: Desk, batch_id: int | None, form: CheckForm) -> int:
    if batch_id is None:
        raise UserError("Log the mail first: how many checks came, and their total.", field="batch")
    received = fetch_value(session, "SELECT received_on FROM mail_batch WHERE id = ?", batch_id)
    day = desk.on if received is None else parse_day(received)
    return checks.log_check(
        session,
        replace(desk, on=day, token=None),
        batch_id,
        form.cents,
        form.number,
        dated=form.dated,
        via=form.via,
        payer=form.payer,
        bank_hash=form.bank_hash,
    )


def _correct(session: Session, desk: Desk, form: CheckForm, why: str) -> None:
    """Bring a logged check to what was typed now. A part of one, or one at the bank, is left to posting to refuse."""
    logged = checks.logged_check(session, form.mail_check_id or 0)
    same_number = logged.number == form.number.strip()
    left = checks.unposted_cents(session, logged)
    if left == form.cents and same_number:
        return
    if not why.strip():
        was = f"check {logged.number} for {format_cents(left)}"
        now = f"check {form.number.strip()} for {format_cents(form.cents)}"
        raise LoggedDiffers(f"It was logged as {was}, now it is {now}. Say why it is changed.", field="reason")
    checks.correct_logged_check(session, replace(desk, token=None), logged.id, form.cents, form.number, why)


def set_aside(
    session: Session, desk: Desk, form: CheckForm, what: SetAside, reason: str, *, batch_id: int | None = None
) -> int:
    """A check that cannot be posted: held in unidentified receipts or sent back (ADV-6); returns its id.

    It is logged in its batch first when it is not yet. The form's account is not looked at.
    """
    mail_check_id = form.mail_check_id
    if mail_check_id is None:
        mail_check_id = _log(session, desk, batch_id, form)
    desk = replace(desk, token=form.token)
    (checks.hold_check if what == "hold" else checks.return_to_sender)(session, desk, mail_check_id, reason)
    return mail_check_id


def take_back(
    session: Session, desk: Desk, mail_check_id: int, reason: str, then: Then, *, only: int | None = None
) -> LoggedCheck:
    """The office's own mistake (BOTH-11): reverse what a check was posted to, and say what becomes of the sheet.

    `then`: `post` leaves it to be posted right, `hold` and `return` as in `set_aside`, `strike` takes it out of
    its batch because there is no such sheet. `only`: the one payment to reverse, the check's other parts stay.
    Returns the check as it then is. Raises UserError for a part that came back unpaid, or without a reason.
    """
    reason = require_reason(reason, "Taking a check back")
    posted = fetch(
        session,
        "SELECT p.id FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.mail_check_id = ? AND (r.state IS NULL OR r.state <> 'reversed') "
        "AND p.id NOT IN (SELECT payment_id FROM return_taken_back) ORDER BY p.id",
        mail_check_id,
    )
    for (payment_id,) in posted:
        if only is None or payment_id == only:
            reverse_payment(session, desk, payment_id, reason)
    logged = checks.logged_check(session, mail_check_id)
    if then == "hold" and logged.state != "held":
        checks.hold_check(session, desk, mail_check_id, reason)
    elif then == "return":
        checks.return_to_sender(session, desk, mail_check_id, reason)
    elif then == "strike":
        strike(session, desk, mail_check_id, reason)
    return checks.logged_check(session, mail_check_id)


def strike(session: Session, desk: Desk, mail_check_id: int, reason: str) -> None:
    """There is no such sheet (a check entered twice): take it out of its batch, with the reason.

    Raises UserError for a check that is posted in part, held, sent back, or at the bank.
    """
    logged = checks.logged_check(session, mail_check_id)
    if logged.deposit_id is not None:
        raise UserError(f"Check {logged.number} has been taken to the bank; there is such a sheet.", field="check")
    if logged.state != "logged" or checks.unposted_cents(session, logged) != logged.cents:
        raise UserError(f"Check {logged.number} is {logged.state}; take it back first.", field="check")
    begin(session, desk, "strike-check", reason=require_reason(reason, "Striking a check out"))
    execute(
        session, "UPDATE mail_check SET state = 'reversed', batch_id = NULL, reason = ? WHERE id = ?", reason, mail_check_id
    )
