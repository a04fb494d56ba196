"""Check the books: every stored figure against the ledger, and the file itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.errors import UserError
from app.services.verification import verify_office
from app.views import style
from app.views.fields import button, label, named, set_role
from app.views.stoppable import StopBar, until_stopped
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.views.tasks import Progress


class VerifyPart(QWidget):
    """The check is read only and goes on beside other work."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        said = (
            "Adds up every balance, invoice, deposit and stock number again and compares it with the ledger. "
            "Nothing is changed; other work can go on meanwhile."
        )
        self.words = label(said, wrap=True)
        named(self.words, "office.verify-words", "Result of the check")
        self.check = button("&Check the books", "office.verify", primary=True)
        self.check.clicked.connect(self.verify)
        self.working = StopBar("office.verify", "The books are being checked", "&Stop")
        self.table: Table[str] = Table(
            "office.verify-problems",
            "What does not agree",
            (Column("What does not agree", lambda row: row, width=0),),
            workplace.settings,
            several=True,
        )
        self.table.hide()
        top = QHBoxLayout()
        top.setSpacing(style.SMALL)
        top.addWidget(self.check)
        top.addWidget(self.working, 1)
        top.addStretch(0)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addLayout(top)
        box.addWidget(self.words)
        box.addWidget(self.table, 1)
        box.addStretch(0)

    def refresh(self) -> None:
        """An earlier result stays: it says what was checked then."""

    def verify(self) -> None:
        """Check the file and the books."""

        def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> list[str]:
            return verify_office(books, until_stopped(progress, cancelled))

        self.check.setEnabled(False)
        self.words.setText("Checking …")
        set_role(self.words, "")
        tasks = self.workplace.tasks
        run = tasks.run("Check the books", work, self._show, owner=self, writes=False, otherwise=self._refuse)
        self.working.follow(run, self._stopped)
        run.finished.connect(lambda: self.check.setEnabled(True))

    def _stopped(self) -> None:
        self.words.setText("Stopped: the books were not checked to the end. Nothing was changed.")

    def _show(self, problems: list[str]) -> None:
        if problems:
            found = "1 figure does" if len(problems) == 1 else f"{len(problems):,} figures do"
            self.words.setText(f"{found} not agree. Copy the lines with Ctrl+C and send them to the program's makers.")
        else:
            self.words.setText("Every figure agrees with the ledger, and the file is sound.")
        set_role(self.words, "bad" if problems else "good")
        self.table.setVisible(bool(problems))
        self.table.show_rows(problems)

    def _refuse(self, error: UserError) -> None:
        self.words.setText("The check was not finished.")
        self.workplace.refuse(error)
