"""Audit (F12): who did what, when, at which PC and why; what it changed; and whether anybody did more than that."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from app.errors import UserError
from app.services import audittrail, backupends
from app.services.audittrail import TrailChoices, TrailDetails, TrailFilter
from app.services.books import Session
from app.services.reporting_files import save_report
from app.services.verification import verify_trail
from app.views import style
from app.views.account_edit import AccountEdit
from app.views.audit_details import DetailsPart
from app.views.audit_table import TrailTable
from app.views.fields import DayEdit, button, label, named, set_role
from app.views.page import Page
from app.views.rest_of_row import RestOfRow
from app.views.stoppable import StopBar, until_stopped
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.services.books import Books
    from app.views.tasks import Progress

# Long enough that a fast typist asks once for a word.
PAUSE_MS = 250
ANYBODY, ANYTHING = "Anybody", "Anything"


class AuditPage(Page):
    """Filters above, the actions newest first, and below what the one under the cursor changed and wrote."""

    key = "audit"
    title = "Audit"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._found: tuple[int, ...] = ()
        self.find_edit = QLineEdit()
        named(self.find_edit, "audit.find", "Find in the trail")
        self.find_edit.setPlaceholderText("Reason, name, PC, or a value before or after")
        self.find_edit.setClearButtonEnabled(True)
        self.actor = self._choice("audit.actor", "Who", ANYBODY)
        self.what = self._choice("audit.what", "What", ANYTHING)
        self.first = DayEdit("audit.first", "First business date", workplace.today)
        self.last = DayEdit("audit.last", "Last business date", workplace.today)
        self.account = AccountEdit(workplace, "audit.account", "Account")
        self.account.hint("Account, name, phone or street")
        self.clear = button("C&lear", "audit.clear", tip="Show everything again")
        self.count = label("", "quiet")
        named(self.count, "audit.count", "How many actions")
        self.table = TrailTable(workplace)
        self.details = DetailsPart(workplace)
        self.empty = label("Nothing was done that fits. Choose other days or clear the filters.", "quiet", wrap=True)
        named(self.empty, "audit.empty", "Nothing to list")
        self.empty.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._make_verify()
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.find_edit)

    def _choice(self, name: str, accessible: str, everything: str) -> QComboBox:
        made = QComboBox()
        named(made, name, accessible)
        made.addItem(everything, "")
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setMaximumWidth(made.fontMetrics().averageCharWidth() * 30)
        return made

    def _make_verify(self) -> None:
        self.verify_button = button("&Verify now", "audit.verify")
        self.verify_button.setToolTip("Compares every row of the office with what the trail sealed; other work can go on")
        self.working = StopBar("audit.verify", "The trail is being verified", "&Stop")
        self.working.bar.setFixedWidth(self.working.fontMetrics().averageCharWidth() * 20)
        self.result = label("", wrap=True)
        named(self.result, "audit.result", "Result of the verification")
        self.result.hide()
        columns: tuple[Column[str], ...] = (Column("What does not agree", lambda row: row, width=0),)
        self.problems: Table[str] = Table(
            "audit.problems", "What does not agree", columns, self.workplace.settings, several=True
        )
        self.problems.hide()

    def _lay_out(self) -> None:
        words = QHBoxLayout()
        words.setSpacing(style.SMALL)
        words.addWidget(label("F&ind", buddy=self.find_edit))
        words.addWidget(self.find_edit, 2)
        words.addWidget(label("&Account", buddy=self.account))
        words.addWidget(self.account, 1)
        rest = QHBoxLayout()
        rest.setSpacing(style.SMALL)
        for words_of, control in (("&Who", self.actor), ("Wha&t", self.what), ("Fro&m", self.first), ("T&o ", self.last)):
            rest.addWidget(label(words_of, buddy=control))
            rest.addWidget(control)
        for edit in (self.first, self.last):
            edit.setFixedWidth(edit.fontMetrics().averageCharWidth() * 16)
        rest.addWidget(self.clear)
        rest.addStretch(1)
        rest.addWidget(self.count)
        parts = self.parts = QSplitter(Qt.Orientation.Vertical)
        named(parts, "audit.parts", "The list and what is below it")
        upper = QWidget()
        above = QVBoxLayout(upper)
        above.setContentsMargins(0, 0, 0, 0)
        above.addWidget(self.table, 1)
        above.addWidget(RestOfRow(self.table))
        above.addWidget(self.empty)
        parts.addWidget(upper)
        parts.addWidget(self.details)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        parts.setChildrenCollapsible(False)
        self.save_excel = button("&Excel…", "audit.save-xlsx", tip="Save what is filtered, with every change, for Excel")
        self.save_csv = button("C&SV…", "audit.save-csv", tip="Save what is filtered, with every change, as CSV")
        below = QHBoxLayout()
        below.setSpacing(style.SMALL)
        below.addWidget(self.verify_button)
        below.addWidget(self.working)
        below.addWidget(self.details.seal, 1)
        below.addWidget(label("Save as", "quiet"))
        below.addWidget(self.save_excel)
        below.addWidget(self.save_csv)
        self.body.addWidget(self.result)
        self.body.addWidget(self.problems, 1)
        self.body.addLayout(words)
        self.body.addLayout(rest)
        self.body.addWidget(parts, 3)
        self.body.addLayout(below)
        # As the eye goes: what to find, the list, what it says, and the line below from the left.
        order: tuple[QWidget, ...] = (
            self.find_edit, self.account, self.actor, self.what, self.first, self.last, self.clear, self.table,
            self.details.tabs, self.details.changes, self.details.written, self.details.accounts, self.details.open,
            self.verify_button, self.save_excel, self.save_csv, self.problems,
        )  # fmt: skip
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

    def _typed_into_the_list(self, text: str) -> None:
        """Letters typed into the list begin what is to be found."""
        self.find_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.find_edit.setText(self.find_edit.text() + text)
        self._pause.start()

    def _connect(self) -> None:
        self.find_edit.textEdited.connect(lambda _text: self._pause.start())
        self.find_edit.returnPressed.connect(self._look_now)
        self.table.typed.connect(self._typed_into_the_list)
        for choice in (self.actor, self.what):
            choice.activated.connect(lambda _place: self.refresh())
        for edit in (self.first, self.last):
            edit.returnPressed.connect(self._look_now)
            edit.editingFinished.connect(self._pause.start)
        self.account.picked.connect(lambda _id: self.refresh())
        self.account.cleared.connect(self.refresh)
        self.clear.clicked.connect(self.show_all)
        self.table.looked_at.connect(self._look_at)
        self.verify_button.clicked.connect(self.verify)
        self.save_excel.clicked.connect(partial(self.save_as, ".xlsx"))
        self.save_csv.clicked.connect(partial(self.save_as, ".csv"))
        self.shortcut("Ctrl+F", lambda: self.find_edit.setFocus(Qt.FocusReason.ShortcutFocusReason))

    # The list

    def arrive(self, account: int | None = None, **_where: Any) -> None:
        """`account`: show what was done about it."""
        if account is None:
            return

        def chosen(shown: str) -> None:
            self.account.set_account(account, shown)
            self.refresh()

        self.tasks.read(partial(audittrail.account_shown, account_id=account), chosen, owner=self, name="account")

    def wanted(self) -> TrailFilter:
        """What the filters say. Raises UserError for a day that cannot be read."""
        return TrailFilter(
            self.actor.currentData() or "",
            self.what.currentData() or "",
            self.first.day(),
            self.last.day(),
            self.account.account_id,
            self.find_edit.text(),
        )

    def refresh(self) -> None:
        """Read which actions fit, and who and what there is to choose."""
        try:
            wanted = self.wanted()
        except UserError as error:
            self.refuse(error)
            return

        def look(session: Session) -> tuple[TrailChoices, tuple[int, ...]]:
            return audittrail.choices(session), audittrail.entry_ids(session, wanted)

        self.tasks.read(look, self._show, owner=self, name="list")

    def _look_now(self) -> None:
        self._pause.stop()
        self.refresh()

    def _show(self, found: tuple[TrailChoices, tuple[int, ...]]) -> None:
        there, ids = found
        for choice, values in ((self.actor, [(name, name) for name in there.actors]),
                               (self.what, [(words, code) for code, words in there.kinds])):  # fmt: skip
            if [choice.itemData(n) for n in range(1, choice.count())] != [value for _, value in values]:
                was = choice.currentData()
                while choice.count() > 1:
                    choice.removeItem(1)
                for text, value in values:
                    choice.addItem(text, value)
                choice.setCurrentIndex(max(choice.findData(was), 0))
        self.count.setText("1 action" if len(ids) == 1 else f"{len(ids):,} actions")
        self.empty.setVisible(not ids)
        self.table.setVisible(bool(ids))
        for saver in (self.save_excel, self.save_csv):
            saver.setEnabled(bool(ids))
        self.table.show_actions(ids)

    def show_all(self) -> None:
        """Without any filter."""
        self.find_edit.clear()
        self.actor.setCurrentIndex(0)
        self.what.setCurrentIndex(0)
        self.first.clear()
        self.last.clear()
        self.account.set_account(None)
        self.refresh()
        self.find_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _look_at(self, action_id: int | None) -> None:
        if action_id is None:
            self.details.show_details(None)
            return

        def show(found: TrailDetails | None) -> None:
            if self.table.current_id() == action_id:
                self.details.show_details(found)

        self.tasks.read(partial(audittrail.details, action_id=action_id), show, owner=self, name="details")

    # Files, and the verification

    def save_as(self, suffix: str) -> None:
        """Ask for a name and write what is filtered."""
        if not self.attempt(self.wanted):
            return
        wanted, on = self.wanted(), self.workplace.today
        name = str(Path(self.workplace.folder) / f"audit-{on:%Y-%m-%d}{suffix}")
        path, _ = QFileDialog.getSaveFileName(self, "Save the audit trail", name, f"*{suffix}")
        if not path:
            return

        def work(session: Session) -> Path:
            return save_report(session, audittrail.trail_report(session, wanted), Path(path).with_suffix(suffix), on)

        self.tasks.read(work, lambda made: self.workplace.say(f"Saved {made}."), owner=self, otherwise=self.refuse)

    def verify(self) -> None:
        """Compare every row with the trail."""

        def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> list[str]:
            with books.read() as session:
                found = verify_trail(session, until_stopped(progress, cancelled))
            return found + backupends.faults(books)

        self.verify_button.setEnabled(False)
        self._tell("Verifying …", "")
        run = self.tasks.run(
            "Verify the audit trail", work, self._verified, owner=self, writes=False, otherwise=self._failed
        )
        self.working.follow(run, lambda: self._tell("Stopped: the trail was not verified to the end.", "warning"))
        run.finished.connect(lambda: self.verify_button.setEnabled(True))

    def _verified(self, problems: list[str]) -> None:
        if problems:
            found = "1 thing is" if len(problems) == 1 else f"{len(problems):,} things are"
            self._tell(f"{found} not as the program left them: somebody changed the office past it.", "bad")
        else:
            self._tell("Every row is as the program wrote it, and the trail is whole.", "good")
        self.problems.setVisible(bool(problems))
        self.problems.show_rows(problems)

    def _failed(self, error: UserError) -> None:
        self._tell("The verification was not finished.", "")
        self.refuse(error)

    def _tell(self, words: str, role: str) -> None:
        self.result.setText(words)
        set_role(self.result, role)
        self.result.show()
