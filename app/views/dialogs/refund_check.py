"""What is done with a refund check that was issued: cleared, void, printed anew, stopped, unclaimed (BOTH-4, BOTH-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtWidgets import QLineEdit, QWidget

from app.money import format_cents
from app.services import outstanding, refunds
from app.services.outstanding import Clearing, IssuedRow, SheetsDone
from app.views.dialog import WIDER, FormDialog
from app.views.fields import DayEdit, label, named
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session
    from app.services.desk import Desk


class Deed(NamedTuple):
    """Something done to one check with a reason: its title, button, what it means, the service, and what is said then."""

    title: str
    action: str
    meaning: str
    do: Callable[[Session, Desk, IssuedRow, str], Any]
    said: Callable[[IssuedRow, Any], str]


DEEDS: Mapping[str, Deed] = {
    "void": Deed(
        "Void a refund check",
        "&Void the check",
        "The credit goes back on the account and is due again; the number is never used again. "
        "If the check is out of the house, have the bank stop it.",
        lambda session, desk, row, reason: refunds.void_refund(session, desk, row.refund_id, reason),
        lambda row, _: f"Check {row.number} is void; ${format_cents(row.cents)} is back on account {row.account_number}.",
    ),
    "reprint": Deed(
        "Reprint a refund check",
        "&Give it a new number",
        "The same refund goes on the next check; this number is void. Use it when the sheet is lost or damaged in the "
        "house. If it is out of the house, use Stop and reissue.",
        lambda session, desk, row, reason: refunds.reprint_refund(session, desk, row.refund_id, reason),
        lambda row, number: f"Check {row.number} is void; its refund goes on check {number}. Now print the sheet.",
    ),
    "stop": Deed(
        "Stop and reissue a refund check",
        "&Stop and reissue",
        "Tell the bank first to stop the check. The refund then goes on a new one, to the address as it stands today.",
        lambda session, desk, row, reason: refunds.stop_and_reissue(session, desk, row.refund_id, reason),
        lambda row, number: f"Check {row.number} is stopped; its refund goes on check {number}. Now print the sheet.",
    ),
    "unclaim": Deed(
        "Move to unclaimed refunds",
        "&Move to unclaimed refunds",
        "Nobody cashed the check. Its money goes from the bank to unclaimed refunds, where it waits for the customer; "
        "the check is not to be paid any more.",
        lambda session, desk, row, reason: refunds.move_to_unclaimed(session, desk, row.refund_id, reason),
        lambda row, _: f"${format_cents(row.cents)} of check {row.number} lies in unclaimed refunds now.",
    ),
    "unclear": Deed(
        "Not cleared after all",
        "&Take it back",
        "The check was marked as cleared by mistake. It is outstanding again.",
        lambda session, desk, row, reason: outstanding.unclear_check(session, desk, row.number, reason),
        lambda row, _: f"Check {row.number} is outstanding again.",
    ),
    "pay": Deed(
        "Pay an unclaimed refund",
        "&Pay it",
        "The customer asked for the money. It goes from unclaimed refunds on a new check, to the address of the old one.",
        lambda session, desk, row, reason: outstanding.reissue_unclaimed(session, desk, row.refund_id, reason),
        lambda row, number: f"The refund of check {row.number} goes on check {number}. Now print the sheet.",
    ),
}


def _about(row: IssuedRow) -> str:
    check = f"Check {row.number} of {row.issued_on:%m/%d/%Y}, ${format_cents(row.cents)}"
    return f"{check}\n{row.payee}, account {row.account_number}"


def _reason_edit(key: str) -> QLineEdit:
    edit = QLineEdit()
    named(edit, f"{key}.reason", "Reason")
    edit.setMaxLength(200)
    return edit


class DeedDialog(FormDialog):
    """One of `DEEDS`, done to a check, with the reason that the books ask for."""

    def __init__(self, workplace: Workplace, what: str, row: IssuedRow, parent: QWidget | None = None) -> None:
        self.deed = DEEDS[what]
        super().__init__(workplace, "refundcheck", self.deed.title, self.deed.action, parent)
        self.widen(WIDER)
        self.row = row
        self.body.insertWidget(0, label(_about(row), "heading", wrap=True))
        self.body.insertWidget(1, label(self.deed.meaning, wrap=True))
        self.reason = _reason_edit(self.key)
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        desk, row, reason, deed = self.workplace.desk(self.token), self.row, self.reason.text(), self.deed
        self.save(
            lambda session: deed.do(session, desk, row, reason),
            lambda result: deed.said(row, result),
            accounts=(row.account_id,),
        )


class ClearDialog(FormDialog):
    """Mark checks as paid by the bank, by hand."""

    def __init__(self, workplace: Workplace, rows: Sequence[IssuedRow], parent: QWidget | None = None) -> None:
        super().__init__(workplace, "refundclear", "Mark as cleared", "&Mark cleared", parent)
        self.widen(WIDER)
        self.rows = tuple(rows)
        if len(rows) == 1:
            text = _about(rows[0])
        else:
            numbers = ", ".join(str(row.number) for row in rows[:8]) + (" …" if len(rows) > 8 else "")
            text = f"{len(rows)} checks, ${format_cents(sum(row.cents for row in rows))}\n{numbers}"
        self.body.insertWidget(0, label(text, "heading", wrap=True))
        self.day = DayEdit("refundclear.on", "Day on which the bank paid", workplace.on)
        self.day.set_day(workplace.on)
        self.day.selectAll()
        self.add_row("&Paid by the bank on", self.day)
        self.reason: QLineEdit | None = None
        if rows[0].standing == "unclaimed":
            meaning = (
                "Its money was moved to unclaimed refunds; it comes back from there, because the bank has paid the check."
            )
            self.body.insertWidget(1, label(meaning, wrap=True))
            self.reason = _reason_edit(self.key)
            self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        on, desk, rows = self.day.required_day("The day on which the bank paid"), self.workplace.desk(self.token), self.rows
        said = f"Check {rows[0].number} is cleared." if len(rows) == 1 else f"{len(rows)} checks are cleared."
        accounts = {row.account_id for row in rows}
        if self.reason is not None:
            reason, number = self.reason.text(), rows[0].number
            self.save(lambda s: outstanding.paid_after_all(s, desk, number, on, reason), said, accounts)
            return
        clearings = [Clearing(row.number, row.cents, on) for row in rows]
        self.save(lambda session: outstanding.clear_checks(session, desk, clearings), said, accounts)


class SpoiledDialog(FormDialog):
    """Some sheets came out badly: they get new numbers, and the good ones are done."""

    def __init__(
        self, workplace: Workplace, good: Sequence[IssuedRow], spoiled: Sequence[IssuedRow], parent: QWidget | None = None
    ) -> None:
        super().__init__(workplace, "refundspoiled", "Spoiled sheets", "&Give them new numbers", parent)
        self.widen(WIDER)
        self.good, self.spoiled = tuple(good), tuple(spoiled)
        numbers = ", ".join(str(row.number) for row in spoiled)
        self.body.insertWidget(0, label(f"Spoiled: check {numbers}", "heading", wrap=True))
        text = "Each spoiled number is void for ever; its refund goes on the next check of the box. Tear the sheets up."
        self.body.insertWidget(1, label(text, wrap=True))
        self.reason = _reason_edit(self.key)
        self.reason.setText("Sheet spoiled in the printer")
        self.reason.selectAll()
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        good, spoiled = [row.number for row in self.good], [row.number for row in self.spoiled]
        desk, reason = self.workplace.desk(self.token), self.reason.text()

        def said(done: SheetsDone) -> str:
            new = ", ".join(f"{old} becomes {number}" for old, number in done.new_numbers.items())
            return f"{done.good} good. {new}. Print the new sheets now."

        self.save(
            lambda session: outstanding.confirm_sheets(session, desk, good, spoiled, reason),
            said,
            accounts={row.account_id for row in (*self.good, *self.spoiled)},
        )
