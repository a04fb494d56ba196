"""What is asked before a check is taken back, held, sent back or struck out of its batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.money import format_cents
from app.services import checkentry
from app.services.checkdesk import BatchCheck
from app.services.checks import BatchState, CheckForm
from app.views.dialogs.check_outcome import HOLD, POST_RIGHT, REVERSE, SEND_BACK, STRIKE, Choice, OutcomeDialog
from app.views.page import Page

if TYPE_CHECKING:
    from app.services.books import Session

_SERVICE: dict[str, checkentry.Then] = {"post": "post", "hold": "hold", "return": "return", "strike": "strike"}


_THIS_PART = "To post it right takes back this part alone. Everything else takes back the check's other parts too."
_OTHER_PARTS = "The other parts of the check are posted: whatever is chosen here takes them back too."


def set_aside(page: Page, form: CheckForm, batch: BatchState | None, done: Callable[[], None]) -> None:
    """Ask whether a typed check is held or sent back, and why; `done()` once it is."""
    desk, batch_id = page.workplace.desk(), batch.id if batch else None

    def work(session: Session, what: str, reason: str) -> int:
        return checkentry.set_aside(session, desk, form, "hold" if what == "hold" else "return", reason, batch_id=batch_id)

    OutcomeDialog(
        page.workplace,
        "Hold or send back",
        f"Check {form.number} for {format_cents(form.cents)}, not posted to any account",
        (HOLD, SEND_BACK),
        work,
        lambda _what, _check: done(),
        page,
    ).open()


def take_back(page: Page, line: BatchCheck, *, in_batch: bool, post_right: Callable[[int, str], None]) -> None:
    """Ask what becomes of a check of the list, and why. `post_right(check, reason)`: it is to be posted again."""
    desk, check = page.workplace.desk(), line.mail_check_id
    only = line.payment_id if line.cents != line.sheet_cents else None

    def work(session: Session, then: str, reason: str) -> str:
        checkentry.take_back(session, desk, check, reason, _SERVICE[then], only=only if then == "post" else None)
        return reason

    def done(then: str, reason: str) -> None:
        if then == "post" and in_batch:
            post_right(check, reason)

    title = "A check that is not posted" if line.payment_id is None else "Take back a check"
    about = f"Check {line.number} for {format_cents(line.cents)}, {line.name or 'nobody yet'}"
    note = ""
    if line.cents != line.sheet_cents:
        parts = f"{format_cents(line.cents)} of {format_cents(line.sheet_cents)}"
        about = f"Part of check {line.number}: {parts}, {line.name or 'nobody yet'}"
        note = _OTHER_PARTS if line.payment_id is None else _THIS_PART if in_batch and not line.deposited else ""
    OutcomeDialog(page.workplace, title, about, choices(line, in_batch=in_batch), work, done, page, note=note).open()


def choices(line: BatchCheck, *, in_batch: bool) -> tuple[Choice, ...]:
    """What can become of a check as it stands."""
    if line.payment_id is None:
        return (SEND_BACK,) if line.state == "held" else (HOLD, SEND_BACK, STRIKE)
    if not in_batch:
        return (REVERSE,)
    if line.deposited:
        return (POST_RIGHT,)
    return (POST_RIGHT, HOLD, SEND_BACK, STRIKE)
