"""The drawer and the deposits: what goes to the bank, the ticket, and the deposits made before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import daypreview, deposits
from app.services.daypreview import DepositMade, DrawerCheck
from app.services.deposits import CorrectedDeposit
from app.views import style
from app.views.dialogs.deposit import CorrectDepositDialog, DepositDialog, counted
from app.views.fields import button, label, named
from app.views.stoppable import StopBar, until_stopped
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books, Session
    from app.views.tasks import Progress


CHARACTERS_FOR_TWO = 125


def card(title: QWidget, *parts: QWidget) -> tuple[QFrame, QVBoxLayout]:
    """A frame with a heading."""
    frame = QFrame()
    frame.setProperty("role", "card")
    box = QVBoxLayout(frame)
    box.setContentsMargins(style.LARGE, style.MEDIUM, style.LARGE, style.MEDIUM)
    box.setSpacing(style.SMALL)
    box.addWidget(title)
    for part in parts:
        box.addWidget(part)
    return frame, box


def give_lines(table: Table[Any], lines: int) -> None:
    """Let a list be as low as so many lines, and take what room there is."""
    table.setMinimumHeight(table.fontMetrics().height() * 2 * lines)
    table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)


def fill(words: QLabel) -> None:
    """Let what is said instead of a list take the list's room."""
    words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)


class DepositPart(QWidget):
    """The drawer above, the deposits made below."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.tasks = workplace.tasks
        self.total = label("", "heading", wrap=True)
        named(self.total, "dayclose.drawer-total", "What the drawer holds")
        self.drawer: Table[DrawerCheck] = Table(
            "dayclose.drawer",
            "Checks in the drawer; Enter opens the account",
            (
                Column("Check", lambda row: row.number, width=9),
                Column("From", lambda row: row.payer, width=0),
                Column("Account", lambda row: row.account, width=10, signal=_held),
                Column("Received", lambda row: row.received_on, width=11),
                Column("Amount", lambda row: row.cents, money=True, width=11),
            ),
            workplace.settings,
        )
        self.drawer.chosen.connect(self._open_check)
        said = "The drawer is empty: no check waits for the bank. Checks come here when they are posted."
        self.empty = label(said, wrap=True)
        named(self.empty, "dayclose.drawer-empty", "The drawer is empty")
        fill(self.empty)
        self.make = button("&Make the deposit…", "dayclose.deposit", primary=True)
        self.make.setEnabled(False)
        self.make.clicked.connect(self.make_deposit)
        self.made: Table[DepositMade] = Table(
            "dayclose.deposits",
            "Deposits made; Enter shows the ticket",
            (
                Column("Deposit", lambda row: row.id, number=True, width=9),
                Column("Date", lambda row: row.on, width=11),
                Column("Checks", lambda row: row.how_many, number=True, width=9),
                Column("Amount", lambda row: row.cents, money=True, width=12),
                Column("", _corrected, width=0, signal=lambda row: "warning" if row.taken_out else ""),
            ),
            workplace.settings,
        )
        self.made.current.connect(self._show_actions)
        self.made.enter_does = "Show the &ticket"
        self.made.chosen.connect(lambda row: self.show_ticket(row.id))
        self.ticket = button("Deposit &ticket", "dayclose.ticket", tip="Show the ticket of the deposit under the cursor")
        self.ticket.clicked.connect(self._show_current)
        self.correct = button("C&orrect…", "dayclose.correct", tip="Take checks out that did not go to the bank")
        self.correct.clicked.connect(self.correct_deposit)
        self.working = StopBar("dayclose.ticket", "The deposit ticket is being made")
        self.made.row_key = lambda row: row.id
        self._build()
        self._checks: list[DrawerCheck] = []
        self._just_made: int | None = None

    def _build(self) -> None:
        drawer_card, inside = card(self.total, self.drawer, self.empty)
        inside.setStretch(1, 1)
        inside.addWidget(self.make, alignment=Qt.AlignmentFlag.AlignRight)
        made_card, below = card(label("Deposits made", "heading"), self.made)
        below.setStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(self.working)
        buttons.addWidget(self.ticket)
        buttons.addWidget(self.correct)
        below.addLayout(buttons)
        give_lines(self.drawer, 5)
        give_lines(self.made, 3)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.MEDIUM)
        box.addWidget(drawer_card, 3)
        box.addWidget(made_card, 2)

    def refresh(self) -> None:
        """Read the drawer and the deposits."""

        def work(session: Session) -> tuple[list[DrawerCheck], list[DepositMade]]:
            return daypreview.drawer(session), daypreview.deposits_made(session)

        self.tasks.read(work, self._show, owner=self, name="drawer")

    def _show(self, found: tuple[list[DrawerCheck], list[DepositMade]]) -> None:
        self._checks, made = found
        held = sum(check.account == "held" for check in self._checks)
        total = format_cents(sum(check.cents for check in self._checks))
        also = f", {held} of them held" if held else ""
        what = f": {counted(len(self._checks))}, {total}{also}" if self._checks else ""
        self.total.setText(f"In the drawer{what}")
        self.drawer.show_rows(self._checks)
        self.drawer.setVisible(bool(self._checks))
        self.empty.setVisible(not self._checks)
        self.make.setEnabled(bool(self._checks))
        self.made.show_rows(made)
        new = next((row for row in made if row.id == self._just_made), None)
        if new is not None:
            self._just_made = None
            self.made.select_row(new)
        self._show_actions(self.made.current_row())

    def _show_actions(self, row: DepositMade | None) -> None:
        self.ticket.setEnabled(row is not None and row.how_many > 0)
        self.correct.setEnabled(row is not None and row.how_many > 0)

    def _open_check(self, row: DrawerCheck) -> None:
        if row.account_id is not None:
            self.workplace.open_account(row.account_id)
        else:
            self.workplace.go("checks", mail_check_id=row.mail_check_id)

    def make_deposit(self) -> None:
        """Ask, make the deposit, then show its ticket."""
        dialog = DepositDialog(self.workplace, self._checks, self)
        dialog.saved.connect(self._deposited)
        dialog.open()

    def _deposited(self, deposit_id: int) -> None:
        self._just_made = deposit_id
        self.show_ticket(deposit_id)

    def correct_deposit(self) -> None:
        """Ask which checks of the deposit under the cursor did not go to the bank."""
        row = self.made.current_row()
        if row is None:
            return

        def ask(made: CorrectedDeposit) -> None:
            CorrectDepositDialog(self.workplace, made, self).open()

        self.tasks.read(lambda session: deposits.deposit_as_it_stands(session, row.id), ask, owner=self, name="correct")

    def _show_current(self) -> None:
        row = self.made.current_row()
        if row is not None:
            self.show_ticket(row.id)

    def show_ticket(self, deposit_id: int) -> None:
        """Write the ticket into the office's folder and show it."""
        folder = self.workplace.folder / "deposits"

        def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Path:
            from app.services.depositpaper import print_deposit_ticket

            with books.read() as session:
                return print_deposit_ticket(session, deposit_id, folder, until_stopped(progress, cancelled))

        if self.working.is_busy:
            return  # two quick Enters show it once
        run = self.tasks.run(
            "Deposit ticket", work, lambda path: self._show_paper(path, deposit_id), owner=self, writes=False
        )
        self.working.follow(run, lambda: self.workplace.say("Stopped; no ticket was made.", "warning"))

    def _show_paper(self, path: Path, deposit_id: int) -> None:
        from app.views.pdf_preview import PdfPreview

        try:
            PdfPreview(self.workplace, self).show_file(path, f"Deposit ticket {deposit_id}")
        except UserError as error:
            self.workplace.refuse(error)


def _corrected(row: DepositMade) -> str:
    return f"corrected: {row.taken_out:,} out, {format_cents(row.taken_out_cents)}" if row.taken_out else ""


def _held(row: DrawerCheck) -> str:
    return "warning" if row.account == "held" else ""


class TwoColumns(QWidget):
    """Two parts beside each other, the left one wider; below each other where there is no room."""

    def __init__(self, left: QWidget, right: QWidget) -> None:
        super().__init__()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(style.LARGE)
        self._row.addWidget(left, 5)
        self._row.addWidget(right, 4)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return done

    def _fit(self) -> None:
        is_narrow = self.width() < self.fontMetrics().averageCharWidth() * CHARACTERS_FOR_TWO
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
