"""Taking over a customer list (CSV): read, look at what cannot be used, then import all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import customerfile, customerfile_export, importing, importmembers
from app.services.customerfile import CustomerFile, RowProblem
from app.services.importing import ImportResult
from app.views import style
from app.views.dialog import FormDialog
from app.views.fields import button, format_day, label, named, set_role
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.views.tasks import Progress


class ImportDialog(FormDialog):
    """The last question before an import, and its progress. `saved(ImportResult)`."""

    def __init__(self, workplace: Workplace, found: CustomerFile, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "import", "Import customers", "I&mport", parent)
        self.found = found
        accounts = found.accounts
        owed = sum(item.cents for account in accounts for item in account.open_items)
        credit = sum(account.credit_cents for account in accounts)
        members = sum(account.member is not None for account in accounts)
        total = label(f"{len(accounts):,} accounts{f', {members:,} of them members' if members else ''}", "figure")
        named(total, "import.total", "What is imported")
        self.body.addWidget(total)
        said = (
            f"They owe {format_cents(owed)} and have credits of {format_cents(credit)}. Opening balances are dated "
            f"{format_day(workplace.on)}. The list is imported whole or not at all; it cannot be taken back afterwards."
        )
        self.body.addWidget(label(said, wrap=True))
        self.progress = QProgressBar()
        named(self.progress, "import.progress", "Import")
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.action.setFocus()

    def submit(self) -> None:
        """Import every account in one transaction."""
        desk, accounts = self.workplace.desk(self.token), self.found.accounts

        def work(books: Books, progress: Progress, _cancelled: Callable[[], bool]) -> ImportResult:
            with books.write() as session:
                return importing.import_accounts(session, desk, accounts, progress=progress)

        self.cancel.setEnabled(False)
        self.action.setEnabled(False)
        self.progress.show()
        run = self.tasks.run("Importing customers", work, self._done, owner=self, otherwise=self.refuse)
        run.progressed.connect(self._show_progress)
        run.finished.connect(self.progress.hide)

    def _show_progress(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _done(self, result: ImportResult) -> None:
        self.workplace.say(
            f"{len(result.account_ids):,} accounts imported: {result.open_items:,} open items of "
            f"{format_cents(result.receivable_cents)}, credits of {format_cents(result.credit_cents)}, "
            f"{format_cents(result.unearned_cents)} billed but not earned yet."
        )
        self.saved.emit(result)
        self.accept()


class ImportPart(QWidget):
    """A file is chosen and read; its problems are listed by line."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.path = QLineEdit()
        named(self.path, "office.import-file", "Customer list (CSV)")
        self.path.setPlaceholderText("Path of the customer list, a CSV file")
        self.path.returnPressed.connect(self.read_file)
        self.path.textEdited.connect(lambda _text: self._forget())
        browse = button("&Browse…", "office.import-browse")
        browse.clicked.connect(self._browse)
        self.read = button("&Read the list", "office.import-read", primary=True)
        self.read.clicked.connect(self.read_file)
        top = QHBoxLayout()
        top.setSpacing(style.SMALL)
        top.addWidget(label("C&ustomer list", buddy=self.path))
        top.addWidget(self.path, 1)
        top.addWidget(browse)
        top.addWidget(self.read)
        said = "A list of the old program's customers, one row an account; nothing is imported by reading it."
        self.words = label(said, wrap=True)
        named(self.words, "office.import-words", "What the list holds")
        self.table: Table[RowProblem] = Table(
            "office.import-problems",
            "Rows that cannot be imported",
            (
                Column("Line", lambda row: row.line, number=True, width=8),
                Column("Column", lambda row: row.column or "row", width=18),
                Column("Value", lambda row: row.value, width=24),
                Column("Problem", lambda row: row.reason, width=0),
            ),
            workplace.settings,
        )
        self.good = button("Save the &good rows…", "office.import-good")
        self.good.clicked.connect(lambda: self._save_rows("good rows", customerfile.write_good_rows))
        self.bad = button("Save the bad ro&ws…", "office.import-bad", tip="Each with its problem, to be put right")
        self.bad.clicked.connect(lambda: self._save_rows("bad rows", customerfile.write_problem_report))
        self.export = button(
            "Save all &customers as a list…",
            "office.export-list",
            tip="Every account as it stands, in the same form (manager)",
        )
        self.export.clicked.connect(self.save_all)
        self.start = button("I&mport…", "office.import-start", primary=True)
        self.start.clicked.connect(self.ask)
        bottom = QHBoxLayout()
        bottom.setSpacing(style.SMALL)
        bottom.addWidget(self.good)
        bottom.addWidget(self.bad)
        bottom.addWidget(self.export)
        bottom.addStretch(1)
        bottom.addWidget(self.start)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addLayout(top)
        box.addWidget(self.words)
        box.addWidget(self.table, 1)
        box.addLayout(bottom)
        self._found: tuple[Path, CustomerFile] | None = None
        self._forget()

    def refresh(self) -> None:
        """Nothing here comes from the books."""

    def _forget(self) -> None:
        self._found = None
        self.table.show_rows(())
        for control in (self.good, self.bad, self.start):
            control.setEnabled(False)

    def _browse(self) -> None:
        kinds = "Lists (*.csv *.txt);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Customer list", self.path.text(), kinds)
        if chosen:
            self.path.setText(chosen)
            self.read_file()

    def read_file(self) -> None:
        """Read the list as of the business date."""
        typed = self.path.text().strip()
        if not typed:
            self.workplace.refuse(UserError("Which file? Type its path or choose it with Browse."))
            self.path.setFocus()
            return
        path, on = Path(typed), self.workplace.on
        self._forget()
        self.words.setText(f"Reading {path.name} …")
        self.workplace.tasks.read(
            lambda session: customerfile.read_customer_file(path, on, importmembers.offered(session, on)),
            lambda found: self._show(path, found),
            owner=self,
            name="read",
            otherwise=self._refuse,
        )

    def _refuse(self, error: UserError) -> None:
        self.words.setText("Nothing was read.")
        self.workplace.refuse(error)
        self.path.setFocus()

    def _show(self, path: Path, found: CustomerFile) -> None:
        self._found = (path, found)
        lines = len({problem.line for problem in found.problems})
        said = [f"{path.name}: {len(found.accounts):,} rows can be imported."]
        if lines:
            said.append(
                f"{lines:,} cannot; nothing is imported until they are put right. Mend them in the list and read it again, "
                "or save the good rows as a list of their own and import that."
            )
        self.words.setText(" ".join([*said, *found.notes]))
        set_role(self.words, "warning" if lines else "")
        self.table.show_rows(found.problems)
        self.good.setEnabled(bool(lines and found.accounts))
        self.bad.setEnabled(bool(lines))
        self.start.setEnabled(bool(found.accounts) and not lines)
        (self.table if lines else self.start).setFocus()

    def _save_rows(self, what: str, write: Callable[[Path, Path, CustomerFile], None]) -> None:
        if self._found is None:
            return
        path, found = self._found
        proposed = path.with_name(f"{path.stem} - {what}.csv")
        chosen, _ = QFileDialog.getSaveFileName(self, f"Save the {what}", str(proposed), "Lists (*.csv)")
        if chosen:
            target = Path(chosen)
            self.workplace.tasks.compute(
                lambda: write(path, target, found),
                lambda _none: self.workplace.say(f"The {what} are in {target}."),
                owner=self,
            )

    def save_all(self) -> None:
        """Write every account of this office into a list that can be imported elsewhere."""
        proposed = self.workplace.folder / f"customers {self.workplace.on.isoformat()}.csv"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save all customers", str(proposed), "Lists (*.csv)")
        if chosen:
            path, desk = Path(chosen), self.workplace.desk()
            self.workplace.tasks.write(
                lambda session: customerfile_export.export_customers(session, desk, path),
                lambda count: self.workplace.say(f"{count:,} accounts are in {path}. Card and bank numbers are not in it."),
                owner=self,
                accounts=(),
                otherwise=self.workplace.refuse,
            )

    def ask(self) -> None:
        """Ask once more, then import."""
        if self._found is not None:
            dialog = ImportDialog(self.workplace, self._found[1], self)
            dialog.saved.connect(lambda _result: self._forget())
            dialog.open()
