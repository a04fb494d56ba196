"""The refund run: what it will do, which sheets it takes, and the box that they come from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import refundpaper, refunds
from app.services.refundpaper import STOCKS, CheckBox
from app.services.refunds import RefundDue
from app.views.dialog import WIDER, FormDialog
from app.views.fields import button, label, mark_wrong, named, spoken_day
from app.views.workplace import Workplace


def numbers_told(ranges: Sequence[tuple[int, int]]) -> str:
    """Ranges of check numbers in words: `5015 to 5017, then 7001`."""
    return ", then ".join(str(first) if first == last else f"{first} to {last}" for first, last in ranges)


def typed_number(edit: QLineEdit, what: str) -> int:
    """The check number in an input. Raises UserError when it is none."""
    text = edit.text().strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > 12:
        mark_wrong(edit, wrong=True)
        raise UserError(f"{what} is a check number, digits only.", field=edit.objectName())
    return int(text)


class RunDialog(FormDialog):
    """Refund the ticked accounts. The first sheet's number is typed from the paper, so that both are the same."""

    def __init__(
        self,
        workplace: Workplace,
        chosen: Sequence[RefundDue],
        left_out: frozenset[int],
        *,
        is_date: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(workplace, "refundrun", "Refund and print", "&Refund and print", parent)
        self.widen(WIDER)
        self.cents = sum(due.cents for due in chosen)
        self.count = len(chosen)
        self.left_out = left_out
        self.is_date = is_date
        checks = "1 refund check" if self.count == 1 else f"{self.count} refund checks"
        said = label(
            f"{checks}, ${format_cents(self.cents)} in all, dated {spoken_day(workplace.on)}.", "heading", wrap=True
        )
        self.numbers = label("", wrap=True)
        named(self.numbers, "refundrun.numbers", "The numbers that the checks get")
        self.warning = label(self._warnings(chosen), "warning", wrap=True)
        named(self.warning, "refundrun.warning", "To look at")
        self.warning.setVisible(bool(self.warning.text()))
        for place, widget in enumerate((said, self.numbers, self.warning)):
            self.body.insertWidget(place, widget)
        self.first = QLineEdit()
        named(self.first, "refundrun.first", "Number on the first sheet in the printer")
        self.first.setMaxLength(12)
        self.first.textEdited.connect(lambda: mark_wrong(self.first, wrong=False))
        self.add_row("&Number on the first sheet in the printer", self.first)
        self.reason = QLineEdit()
        named(self.reason, "refundrun.reason", "Reason for refunding on another date")
        self.reason.setMaxLength(200)
        self.reason_label = self.add_row("Rea&son for another date", self.reason)
        self.reason.setVisible(not is_date)
        self.reason_label.setVisible(not is_date)
        self.change = button("Change the &box…", "refundrun.box")
        self.change.clicked.connect(self._change_box)
        self.form.addRow("", self.change)
        self.box: CheckBox | None = None
        self._read_box()

    def _warnings(self, chosen: Sequence[RefundDue]) -> str:
        found = []
        if not self.is_date:
            found.append(f"{spoken_day(self.workplace.on)} is no refund date: this needs a supervisor and a reason.")
        doubtful = [due for due in chosen if due.paid_by_check_on is not None]
        if doubtful:
            who = ", ".join(due.name for due in doubtful[:3]) + (" and others" if len(doubtful) > 3 else "")
            found.append(f"Paid by a check in the last days, which may still come back: {who}.")
        if self.left_out:
            count = len(self.left_out)
            found.append(
                f"{count} account{'s are' if count > 1 else ' is'} left out and {'stay' if count > 1 else 'stays'} due."
            )
        return "\n".join(found)

    def _read_box(self) -> None:
        self.tasks.read(
            lambda session: (refundpaper.box_in_use(session), refundpaper.numbers_ahead(session, self.count)),
            self._show_box,
            owner=self,
            name="box",
        )

    def _show_box(self, found: tuple[CheckBox | None, list[tuple[int, int]]]) -> None:
        self.box, ranges = found
        self.change.setEnabled(self.box is not None)
        if self.box is None:
            self.numbers.setText("No check numbers are left. Add the next box of checks on the Office page (F11).")
            return
        stock = STOCKS.get(self.box.layout, self.box.layout)
        self.numbers.setText(
            f"Check {numbers_told(ranges)} from “{self.box.name}” ({stock}). "
            "Look at the first sheet in the printer and type its number."
        )
        self.fit()

    def _change_box(self) -> None:
        if self.box is not None:
            dialog = BoxDialog(self.workplace, self.box, self)
            dialog.saved.connect(lambda _: self._read_box())
            dialog.open()

    def submit(self) -> None:
        first = typed_number(self.first, "What stands on the first sheet in the printer")
        desk, reason = self.workplace.desk(self.token), self.reason.text()
        count, cents, left_out, force = self.count, self.cents, self.left_out, not self.is_date
        self.save(
            lambda session: refunds.run_refunds(
                session, desk, force=force, reason=reason, leave_out=left_out, seen_cents=cents, first_number=first
            ),
            f"Refunded: {count} check{'s' if count != 1 else ''}, ${format_cents(cents)}. Now print the sheets.",
        )


class BoxDialog(FormDialog):
    """The paper in the printer begins with another number, or is another stock."""

    def __init__(self, workplace: Workplace, box: CheckBox, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "refundbox", f"Box of checks: {box.name}", "&Change", parent)
        self.widen(WIDER)
        self.box = box
        left = box.last_number - box.next_number + 1
        self.body.insertWidget(
            0,
            label(
                f"The next number is {box.next_number}; the box ends with {box.last_number} ({left:,} left). "
                "Numbers that you skip are never used.",
                wrap=True,
            ),
        )
        self.next = QLineEdit(str(box.next_number))
        named(self.next, "refundbox.next", "Next number")
        self.next.selectAll()
        self.add_row("&Next number", self.next)
        self.layouts = QComboBox()
        named(self.layouts, "refundbox.layout", "Check stock")
        for key, text in STOCKS.items():
            self.layouts.addItem(text, key)
        self.layouts.setCurrentIndex(max(self.layouts.findData(box.layout), 0))
        self.add_row("Check s&tock", self.layouts)
        self.reason = QLineEdit()
        named(self.reason, "refundbox.reason", "Reason")
        self.reason.setMaxLength(200)
        self.add_row("&Reason", self.reason)

    def submit(self) -> None:
        number, layout = typed_number(self.next, "The next number"), str(self.layouts.currentData())
        desk, box_id, reason = self.workplace.desk(self.token), self.box.id, self.reason.text()
        self.save(
            lambda session: refundpaper.change_box(session, desk, box_id, number, layout, reason),
            f"The next check is {number}.",
            accounts=(),
        )
