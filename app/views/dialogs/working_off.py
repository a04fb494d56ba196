"""Lists that are worked off where they open, from Today: checks held, and receipts that cannot go by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.errors import DuplicateCheck, UserError
from app.money import format_cents
from app.services import accounts, checkdesk, checks, heldchecks, paperreceipts
from app.services.checkdesk import DeskAccount
from app.services.checks import CheckForm
from app.services.heldchecks import HeldCheck
from app.services.paperreceipts import MissingReceipt
from app.views import style
from app.views.account_edit import AccountEdit
from app.views.checks_account import payment_words
from app.views.dialog import FormDialog
from app.views.dialogs.deposit import counted
from app.views.fields import button, format_day, label, named, told_dates
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from pathlib import Path

    from app.services.books import Session

Row = TypeVar("Row")
CHARACTERS_OF_A_LIST = 140


class WorkOffDialog(FormDialog, Generic[Row]):
    """A list from which goes what has been done; it stays open for the next, until it is empty or Escape.

    Override `read_rows`, and `act` with the work of the action.
    """

    def __init__(
        self, workplace: Workplace, key: str, title: str, action: str, intro: str, table: Table[Row], parent: QWidget | None
    ) -> None:
        super().__init__(workplace, key, title, action, parent)
        self.widen(CHARACTERS_OF_A_LIST)
        self.table = table
        self.told = label("", "good", wrap=True)
        named(self.told, f"{key}.told", "What was done")
        self.cancel.setText("Close")
        for place, part in enumerate((label(intro, "quiet", wrap=True), table, self.told)):
            self.body.insertWidget(place, part)
        self.body.setStretch(1, 1)
        self.told.hide()
        self._was_done = False
        table.first_gives_way = False
        table.selectionModel().selectionChanged.connect(lambda _new, _old: self.marked())
        self.tasks.books_changed.connect(self._books_changed)

    def read_rows(self, session: Session) -> list[Row]:
        """The list as it stands."""
        raise NotImplementedError

    def marked(self) -> None:
        """Other rows are marked."""

    def read(self) -> None:
        """Read the list anew."""
        self.tasks.read(self.read_rows, self._show, owner=self, name="list")

    def _books_changed(self, _accounts: frozenset[int] | None) -> None:
        self.read()

    def _show(self, rows: list[Row]) -> None:
        is_first = self.table.rows_model.rowCount() == 0
        before, was_own, self._was_done = self.table.current_row(), self._was_done, False
        self.table.show_rows(rows)
        if rows and before is not None and not was_own and not self.table.holds(before):
            # What is typed was meant for that one and for no other.
            self.table.unmark()
            self.told.setText("What was marked is done already, at another PC. Mark the next one.")
            self.told.show()
        self.action.setEnabled(bool(rows))
        self.marked()
        if not rows and not is_first:
            self.accept()
        elif not rows:
            self.told.setText("Nothing waits any more.")
            self.told.show()
        self.fit()

    def change(self, work: Callable[[Session], Any], said: str, account_ids: Iterable[int]) -> None:
        """Change the books in one transaction; say what was done and go on with the list."""

        def done(_result: Any) -> None:
            self._was_done = True
            self._hold_hands(held=False)
            self.cancel.setEnabled(True)
            self.token = self.workplace.new_token()
            self.told.setText(told_dates(said))
            self.told.show()
            self.workplace.say(said)
            self.saved.emit(None)
            self.after()

        self.cancel.setEnabled(False)
        self.action.setEnabled(False)
        self._hold_hands(held=True)
        # The list is read again, and the action switched on, by what tells every page that the books changed.
        self.tasks.write(work, done, owner=self, accounts=list(account_ids), otherwise=self.refuse)

    def after(self) -> None:
        """Something was done: make the inputs ready for the next."""
        self.table.setFocus()


class HeldDialog(WorkOffDialog[HeldCheck]):
    """Checks held: say whose the marked one is, and it is posted there today (ADV-6)."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        table: Table[HeldCheck] = Table(
            "held.list",
            "Checks held, the one held longest first",
            (
                Column("Received", lambda row: row.received_on, width=11),
                Column("Check", lambda row: row.number, width=10),
                Column("Amount", lambda row: row.cents, money=True, width=11),
                Column("Payer", lambda row: row.payer, width=22),
                Column("Held because", lambda row: row.why, width=0, tip=lambda row: row.why),
                Column("Where", lambda row: "at the bank" if row.is_at_bank else "in the drawer", width=12),
            ),
            workplace.settings,
        )
        intro = (
            "Nobody knew whose these are. Once you do, mark the check, say which account, and move it: it counts for the "
            "account from today, and the day on which it was received is kept. Whatever else is odd is done in Post checks."
        )
        super().__init__(workplace, "held", "Checks held", "&Move to this account", intro, table, parent)
        table.row_key = lambda row: (row.id, row.cents)
        self.account = AccountEdit(workplace, "held.account", "Account that the marked check belongs to")
        self.pays = label("", wrap=True)
        named(self.pays, "held.pays", "What the check pays")
        self.open_posting = button("&Open in Post checks", "held.open", tip="To split it, tick invoices, or send it back")
        self.open_posting.clicked.connect(self.open_in_posting)
        self.add_row("&Belongs to", self.account)
        self.form.addRow("", self.pays)
        self.form.addRow("", self.open_posting)
        self.known: DeskAccount | None = None
        self.account.picked.connect(self._read_account)
        self.account.cleared.connect(lambda: self._show_account(None))
        table.enter_does = "&Type its account"
        table.chosen.connect(lambda _row: self.account.setFocus())
        self.read()

    def read_rows(self, session: Session) -> list[HeldCheck]:
        return heldchecks.held_checks(session, self.workplace.on)

    def marked(self) -> None:
        self.open_posting.setEnabled(self.table.current_row() is not None)
        self._say_what_it_pays()

    def _read_account(self, account_id: int) -> None:
        on = self.workplace.on
        self.tasks.read(
            lambda session: checkdesk.desk_account(session, account_id, on),
            self._show_account,
            owner=self,
            name="account",
            otherwise=self.refuse,
        )
        self.action.setFocus()

    def _show_account(self, known: DeskAccount | None) -> None:
        self.known = known
        self._say_what_it_pays()

    def _say_what_it_pays(self) -> None:
        row, known = self.table.current_row(), self.known
        said = ""
        if row is not None and known is not None and known.card.id == self.account.account_id:
            found = checkdesk.preview(known, row.cents)
            said = f"{known.card.number} {known.card.name}: {payment_words(known, row.cents, found)}"
        self.pays.setText(said)
        self.fit()

    def submit(self) -> None:
        """Post the marked check to the account."""
        row = self.table.current_row()
        if row is None:
            raise UserError("Mark the check that is to be moved.", field="list")
        account_id = self.account.required_account()
        desk = self.workplace.desk()
        form = CheckForm(account_id, row.cents, row.number, mail_check_id=row.id, token=self.token)
        name = self.known.card.name if self.known is not None else self.account.text()
        said = f"Check {row.number} for {format_cents(row.cents)} is moved to {name}."
        self.change(lambda session: checks.post_check(session, desk, form), said, [account_id])

    def refuse(self, error: UserError) -> None:
        if isinstance(error, DuplicateCheck):
            error = UserError(f"{error.message} Open it in Post checks to give the reason.", field="open")
        super().refuse(error)

    def after(self) -> None:
        self.account.set_account(None)
        self._show_account(None)
        super().after()

    def open_in_posting(self) -> None:
        """The marked check in the posting form, with all that can be done there."""
        row = self.table.current_row()
        if row is not None:
            self.accept()
            self.workplace.go("checks", mail_check_id=row.id)


class ReceiptsDialog(WorkOffDialog[MissingReceipt]):
    """Receipts that wait for an e-mail address: record it, or print them and say that they were handed over (ADV-7)."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        table: Table[MissingReceipt] = Table(
            "receipts.list",
            "Payments without a receipt, the oldest first",
            (
                Column("Received", lambda row: row.on, width=11),
                Column("Account", lambda row: row.account_number, width=9),
                Column("Name", lambda row: row.name, width=0),
                Column("Phone", lambda row: row.phone, width=15),
                Column("Paid by", lambda row: row.how, width=16),
                Column("Amount", lambda row: row.cents, money=True, width=11),
            ),
            workplace.settings,
            several=True,
        )
        intro = (
            "No e-mail address is on file for these. Record one, and the receipts go out when the day closes. Or print the "
            "marked receipts, mail them or hand them over, and say so: each payment has one receipt. Ctrl+A marks all."
        )
        super().__init__(workplace, "receipts", "Receipts without an e-mail address", "&Handed over", intro, table, parent)
        table.row_key = lambda row: row.payment_id
        self.email = QLineEdit()
        named(self.email, "receipts.email", "E-mail address of the marked customer")
        self.email.setMaxLength(200)
        self.record = button("&Record the address", "receipts.record", tip="The receipts then go out when the day closes")
        self.record.clicked.connect(self.record_address)
        self.print = button("&Print the receipts…", "receipts.print", tip="Letters for the marked payments, one a customer")
        self.print.clicked.connect(self.print_marked)
        self.open_page = button("&Open account", "receipts.open")
        self.open_page.clicked.connect(self.open_account)
        self.add_row("E-&mail", self.email)
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        for part in (self.record, self.print, self.open_page):
            row.addWidget(part)
        row.addStretch(1)
        self.form.addRow("", row)
        table.enter_does = "&Type an address"
        table.chosen.connect(lambda _row: self.email.setFocus())
        self.read()

    def read_rows(self, session: Session) -> list[MissingReceipt]:
        return paperreceipts.missing_receipts(session, self.workplace.on)

    def marked(self) -> None:
        rows = self.table.marked_rows()
        alone = len({row.account_id for row in rows}) == 1
        for part in (self.email, self.record, self.open_page):
            part.setEnabled(alone)
        self.print.setEnabled(bool(rows))
        self.email.setPlaceholderText("" if alone else "mark one customer to record an address")

    def press(self) -> None:
        # Enter in the address records it; it is not the receipt that was handed over then.
        if self.email.hasFocus():
            self.record_address()
        else:
            super().press()

    def record_address(self) -> None:
        """Record the typed address of the marked customer."""
        rows = self.table.marked_rows()
        if not rows or not self.action.isEnabled():
            return
        self.refusal.hide()
        row, email, desk = rows[0], self.email.text().strip(), self.workplace.desk(self.token)
        if not email:
            self.refuse(UserError("Type the e-mail address that the customer gives.", field="email"))
            return
        said = f"{email} is recorded for {row.name}; the receipt goes out when the day closes."
        self.change(lambda session: accounts.change_email(session, desk, row.account_id, email), said, [row.account_id])

    def submit(self) -> None:
        """The marked receipts were handed over."""
        rows = self.table.marked_rows()
        if not rows:
            raise UserError("Mark the receipts that were handed over.", field="list")
        desk, ids = self.workplace.desk(self.token), [row.payment_id for row in rows]
        receipts = counted(len(rows), "receipt is", "receipts are")
        said = f"{receipts} recorded as handed over on {format_day(self.workplace.on)}."
        self.change(lambda session: paperreceipts.hand_over(session, desk, ids), said, {row.account_id for row in rows})

    def after(self) -> None:
        self.email.clear()
        super().after()

    def print_marked(self) -> None:
        """Draw the marked receipts and show them; nothing is recorded by it."""
        rows, folder, on = self.table.marked_rows(), self.workplace.folder, self.workplace.on
        self.print.setEnabled(False)
        self.tasks.read(
            lambda session: paperreceipts.print_receipts(session, rows, folder, on),
            self._preview,
            owner=self,
            name="print",
            otherwise=self._not_printed,
        )

    def _not_printed(self, error: UserError) -> None:
        self.marked()
        self.refuse(error)

    def _preview(self, path: Path) -> None:
        from app.views.pdf_preview import PdfPreview  # QtPdf is loaded when it is first needed

        self.marked()
        try:
            PdfPreview(self.workplace, self).show_file(path, "Receipts")
        except UserError as error:
            self.refuse(error)

    def open_account(self) -> None:
        """The marked customer's page, at the payment."""
        row = self.table.current_row()
        if row is not None:
            self.accept()
            self.workplace.go("account", account_id=row.account_id, kind="payment", document=row.payment_id)
