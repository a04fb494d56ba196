"""The suspension run on the Collections page: who is suspended, who is left out and why, and the run itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.pastdue import Candidate
from app.views import style
from app.views.collections_forms import LeaveOutForm, SuspendForm
from app.views.collections_lists import many
from app.views.fields import ElidingLabel, button, label, named
from app.views.kept import Kept
from app.views.rest_of_row import RestOfRow
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

NOBODY = "Nobody is to be suspended: no active account is past due."


class RunLine(NamedTuple):
    """A candidate as listed: `why` is the clerk's reason for leaving it out, or what protects it."""

    candidate: Candidate
    left_out: str

    @property
    def decision(self) -> str:
        """Suspend, left out or protected."""
        return "Protected" if self.candidate.protected else "Left out" if self.left_out else "Suspend"

    @property
    def why(self) -> str:
        """Why it is not suspended; for one that is, why it was left out before."""
        before = self.candidate.left_out_before
        return self.candidate.protected or self.left_out or (f"Left out on {before}" if before else "")


COLUMNS: tuple[Column[RunLine], ...] = (
    Column(
        "This run",
        lambda line: line.decision,
        width=10,
        signal=lambda line: {"Suspend": "bad", "Left out": "warning", "Protected": "good"}[line.decision],
    ),
    Column("Account", lambda line: line.candidate.number, width=9),
    Column("Name", lambda line: line.candidate.name, width=26),
    Column("Phone", lambda line: line.candidate.phone, width=13),
    Column("Since", lambda line: line.candidate.oldest_due_on, width=10),
    Column("Past due", lambda line: line.candidate.past_due_cents, money=True, width=10, rank=0),
    Column("Balance", lambda line: line.candidate.balance_cents, money=True, width=10, rank=3),
    Column("Why not, or remark", lambda line: line.why, width=0),
)


class SuspensionTab(QWidget):
    """The list of a suspension run. Reasons for leaving accounts out are kept until the run is made.

    They are kept on this PC too: who closes the program in between finds them again.
    """

    title = "Suspension &run"
    changed = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        named(self, "collections.run-tab", "Suspension run")
        self.workplace = workplace
        self.candidates: Sequence[Candidate] = ()
        self._kept = Kept(workplace, "suspension-left-out")
        self._decided = {int(account): reason for account, reason in self._kept.load().items() if account.isdecimal()}
        self.summary = label("", wrap=True)
        named(self.summary, "collections.run-summary", "What the suspension run would do")
        self.table: Table[RunLine] = Table("collections.run", "Suspension run", COLUMNS, workplace.settings)
        self.table.chosen.connect(lambda line: workplace.open_account(line.candidate.account_id))
        self.table.current.connect(self._show_actions)
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), self.table, context=Qt.ShortcutContext.WidgetShortcut)
        space.activated.connect(self.turn_over)
        self.empty = label(NOBODY, "quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        named(self.empty, "collections.run-empty", "Suspension run: nothing to show")
        self.toggle = button("&Leave out…", "collections.leave-out")
        self.toggle.clicked.connect(self.turn_over)
        self.open_account = button("&Open account", "collections.run-open")
        self.open_account.clicked.connect(self._open)
        self.suspend = button("&Suspend…", "collections.suspend-run", primary=True)
        self.suspend.clicked.connect(self._confirm)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addWidget(self.toggle)
        buttons.addWidget(self.open_account)
        hint = ElidingLabel("Space leaves out or takes back in, Enter opens the account")
        hint.setProperty("role", "quiet")
        buttons.addWidget(hint, 1)
        buttons.addWidget(self.suspend)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        outer.setSpacing(style.MEDIUM)
        outer.addWidget(self.summary)
        outer.addWidget(self._stack, 1)
        outer.addWidget(RestOfRow(self.table))
        outer.addLayout(buttons)

    @property
    def left_out(self) -> dict[int, str]:
        """Who of those listed is left out, and why. Who is not listed just now stays decided."""
        listed = {row.account_id for row in self.candidates if not row.protected}
        return {account: reason for account, reason in self._decided.items() if account in listed}

    @property
    def confirmed(self) -> list[Candidate]:
        """Who would be suspended now."""
        return [row for row in self.candidates if not row.protected and row.account_id not in self._decided]

    def count(self) -> int:
        """How many stand in the tab's title: who would be suspended."""
        return len(self.confirmed)

    def show_rows(self, candidates: Sequence[Candidate]) -> None:
        """Show who is past due now."""
        self.candidates = candidates
        self._show()

    def turn_over(self) -> None:
        """Leave the account under the cursor out, with a reason; or take it back in."""
        line = self.table.current_row()
        if line is None or line.candidate.protected:
            return
        if line.left_out:
            del self._decided[line.candidate.account_id]
            self._keep()
            return
        form = LeaveOutForm(self.workplace, line.candidate, self)
        form.decided.connect(self._leave_out)
        form.open()

    def _leave_out(self, account_id: int, reason: str) -> None:
        self._decided[account_id] = reason
        self._keep()

    def _keep(self) -> None:
        self._kept.save({str(account): reason for account, reason in self._decided.items()})
        self._show()

    def _open(self) -> None:
        line = self.table.current_row()
        if line is not None:
            self.workplace.open_account(line.candidate.account_id)

    def _confirm(self) -> None:
        form = SuspendForm(self.workplace, self.confirmed, self.left_out, self)
        form.saved.connect(lambda _ids: self._done())
        form.open()

    def _done(self) -> None:
        self._decided.clear()
        self._keep()

    def _show(self) -> None:
        before = self.table.current_row()
        lines = [RunLine(row, self._decided.get(row.account_id, "")) for row in self.candidates]
        self.table.show_rows(lines)
        self._stack.setCurrentIndex(0 if lines else 1)
        if before is not None:
            same = [line for line in lines if line.candidate.account_id == before.candidate.account_id]
            if same:
                self.table.select_row(same[0])
        confirmed = self.confirmed
        protected = sum(1 for row in self.candidates if row.protected)
        self.summary.setText(
            f"A run on {self.workplace.on:%m/%d/%Y} suspends {many(len(confirmed), 'account')} with "
            f"${format_cents(sum(row.past_due_cents for row in confirmed))} past due. "
            f"{len(self.left_out)} left out by you, {protected} protected by an arrangement that is being kept."
        )
        self.summary.setVisible(bool(lines))
        self.suspend.setText(f"&Suspend {many(len(confirmed), 'account')}…" if confirmed else "&Suspend…")
        self.suspend.setAccessibleName(self.suspend.text().replace("&", ""))
        self.suspend.setEnabled(bool(confirmed))
        self._show_actions(self.table.current_row())
        self.changed.emit()

    def _show_actions(self, line: RunLine | None) -> None:
        self.toggle.setEnabled(line is not None and not line.candidate.protected)
        self.toggle.setText("&Take back in" if line is not None and line.left_out else "&Leave out…")
        self.toggle.setAccessibleName(self.toggle.text().replace("&", ""))
        self.open_account.setEnabled(line is not None)
