"""Refunds: what is due and why, the run, the sheets, and the checks that are out (ADV-9, BOTH-6)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtWidgets import QTabWidget

from app.errors import UserError
from app.services import outstanding, refundpaper, refunds
from app.services.outstanding import IssuedRow, SheetsDone
from app.services.refundpaper import CheckBox
from app.services.refunds import RefundDates, RefundDue
from app.views.dialog import FormDialog
from app.views.dialogs.refund_bank import BankDialog
from app.views.dialogs.refund_check import ClearDialog, DeedDialog, SpoiledDialog
from app.views.dialogs.refund_run import BoxDialog, RunDialog
from app.views.fields import named
from app.views.page import Page
from app.views.refunds_due import DueTab
from app.views.refunds_out import ChecksTab
from app.views.refunds_sheets import SheetsTab
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from datetime import date

    from app.services.books import Session


class _Seen(NamedTuple):
    """All that the page shows, as of one moment."""

    due: list[RefundDue]
    dates: RefundDates
    sheets: list[IssuedRow]
    issued: list[IssuedRow]
    box: CheckBox | None


def _look(session: Session, on: date) -> _Seen:
    return _Seen(
        refunds.refunds_due(session, on),
        refunds.refund_dates(session, on),
        outstanding.sheets_to_confirm(session, on),
        outstanding.issued_checks(session, on),
        refundpaper.box_in_use(session),
    )


class RefundsPage(Page):
    """Three tabs in the order of the work: what is due, the sheets in the printer, the checks that are out.

    Goes to `tab` ("due", "sheets" or "checks") or to a check's `number` when told.
    """

    key = "refunds"
    title = "Refunds"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.seen: _Seen | None = None
        self._wanted_number: int | None = None
        self._has_arrived = True
        self.due = DueTab(workplace)
        self.sheets = SheetsTab(workplace)
        self.checks = ChecksTab(workplace)
        self.tabs = QTabWidget()
        named(self.tabs, "refunds.tabs", "Refunds")
        self.tabs.setDocumentMode(True)
        for tab in (self.due, self.sheets, self.checks):
            self.tabs.addTab(tab, "")
        self._name_tabs(0, 0, 0)
        self.tabs.currentChanged.connect(self._turned)
        self.body.addWidget(self.tabs, 1)
        self.due.run_wanted.connect(self._run)
        self.sheets.print_wanted.connect(self._print)
        self.sheets.done_wanted.connect(self._confirm)
        self.sheets.box_wanted.connect(self._change_box)
        self.checks.wanted.connect(self._do)

    def refresh(self) -> None:
        """Read everything that the three tabs show."""
        on = self.workplace.on
        self.tasks.read(lambda session: _look(session, on), self._show, owner=self, name="refresh")

    def arrive(self, **where: Any) -> None:
        """`tab`: due, sheets or checks; `number`: a check to point at."""
        self._has_arrived = True
        tab = {"due": self.due, "sheets": self.sheets, "checks": self.checks}.get(str(where.get("tab", "")))
        if "number" in where:
            tab, self._wanted_number = self.checks, int(where["number"])
            if self.seen is not None:
                self._point()
        if tab is not None:
            self.tabs.setCurrentWidget(tab)

    def _turned(self, place: int) -> None:
        """The keys go to the list of the tab that is shown."""
        table = (self.due.table, self.sheets.table, self.checks.table)[place]
        if self.isVisible() and not table.isHidden():
            table.setFocus()

    def _name_tabs(self, due: int, sheets: int, out: int, old: int = 0) -> None:
        self.tabs.setTabText(0, f"Du&e ({due})")
        self.tabs.setTabText(1, f"&Sheets to print ({sheets})")
        self.tabs.setTabText(2, f"&Checks out ({out}, {old} old)" if old else f"&Checks out ({out})")

    def _show(self, seen: _Seen) -> None:
        self.seen = seen
        self.due.show_due(seen.due, seen.dates)
        self.sheets.show_sheets(seen.sheets, seen.box)
        self.checks.show_checks(seen.issued)
        out = [row for row in seen.issued if row.days_out is not None]
        self._name_tabs(len(seen.due), len(seen.sheets), len(out), sum(row.standing == "old" for row in out))
        self._point()
        if self._has_arrived and self.tabs.tabBar().hasFocus():
            # Qt puts the cursor on the tabs of a page that was just shown.
            self._turned(self.tabs.currentIndex())
        self._has_arrived = False

    def _point(self) -> None:
        # A check made since the page last read is there once it has read again.
        if self._wanted_number is not None and self.checks.point_at(self._wanted_number):
            self._wanted_number = None
            self.checks.table.setFocus()

    def _open(self, dialog: FormDialog) -> None:
        dialog.open()

    def _run(self) -> None:
        if self.seen is None:
            return
        if self.seen.sheets:
            # Sheets of two runs in one printer would be confirmed, and numbered, as one.
            self.tabs.setCurrentWidget(self.sheets)
            count = len(self.seen.sheets)
            waits = "1 sheet still waits" if count == 1 else f"{count} sheets still wait"
            self.refuse(UserError(f"{waits}. Print and confirm what was refunded before, then refund the next."))
            return
        dialog = RunDialog(self.workplace, self.due.ticked, self.due.left_out, is_date=self.seen.dates.is_today, parent=self)
        dialog.saved.connect(lambda _result: self._print())
        self._open(dialog)

    def _change_box(self) -> None:
        if self.seen is not None and self.seen.box is not None:
            self._open(BoxDialog(self.workplace, self.seen.box, self))

    def _print(self) -> None:
        """Draw the sheets that wait, and show them; nothing is booked by it."""
        self.tabs.setCurrentWidget(self.sheets)
        self.sheets.print.setEnabled(False)
        folder, on = self.workplace.folder / "refunds", self.workplace.on

        def shown(paths: list[Path]) -> None:
            self.sheets.print.setEnabled(True)
            self._preview(paths)

        def refused(error: UserError) -> None:
            self.sheets.print.setEnabled(True)
            self.refuse(error)

        self.tasks.read(
            lambda session: refundpaper.print_waiting_checks(session, folder, on),
            shown,
            owner=self,
            name="print",
            otherwise=refused,
        )

    def _preview(self, paths: list[Path]) -> None:
        from app.views.pdf_preview import PdfPreview  # QtPdf is loaded when it is first needed

        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            self.workplace.say(f"The checks are in {len(paths)} files, one for each stock: {names}.", "warning")
        self.sheets.table.setFocus()
        for path in paths:
            preview = PdfPreview(self.workplace, self)
            self.attempt(partial(preview.show_file, path, "Refund checks"))

    def _confirm(self) -> None:
        good, spoiled = self.sheets.model.ticked(), self.sheets.model.unticked()
        if spoiled:
            dialog = SpoiledDialog(self.workplace, good, spoiled, self)
            dialog.saved.connect(lambda _result: self._print())
            self._open(dialog)
            return
        if not good:
            return
        desk, numbers = self.workplace.desk(), [row.number for row in good]
        self.sheets.done.setEnabled(False)

        def done(result: SheetsDone) -> None:
            self.sheets.done.setEnabled(True)
            sheets = f"{result.good} sheets are" if result.good != 1 else "1 sheet is"
            self.workplace.say(f"{sheets} good. Sign and mail the checks.")

        def refused(error: UserError) -> None:
            self.sheets.done.setEnabled(True)
            self.refuse(error, self._confirm)

        self.tasks.write(
            lambda session: outstanding.confirm_sheets(session, desk, numbers, ()),
            done,
            owner=self,
            accounts={row.account_id for row in good},
            otherwise=refused,
        )

    def _do(self, what: str, rows: list[IssuedRow]) -> None:
        if what == "bank":
            self._open(BankDialog(self.workplace, self))
        elif what == "clear":
            self._open(ClearDialog(self.workplace, rows, self))
        else:
            dialog = DeedDialog(self.workplace, what, rows[0], self)
            if what in ("reprint", "stop", "pay"):
                dialog.saved.connect(lambda _result: self.tabs.setCurrentWidget(self.sheets))
            self._open(dialog)
