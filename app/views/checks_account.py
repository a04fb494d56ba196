"""Beside the check: how the account stands, its open invoices, and what exactly the check will pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.money import format_cents
from app.services import checkdesk
from app.services.checkdesk import DeskAccount, Preview
from app.services.policies.facts import OpenInvoice
from app.views import style
from app.views.checks_draft import Part
from app.views.fields import format_day, label, named, set_role, told_dates
from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column

NOTHING = "Type an account's number, name, phone, street or invoice number: how it stands shows here before you post."


class InvoiceLine(NamedTuple):
    """An open invoice with what this check pays of it; `place` of the ticked ones counts from 1, else 0."""

    invoice: OpenInvoice
    place: int
    pays_cents: int
    is_late: bool


class InvoiceTable(Table[InvoiceLine]):
    """Open invoices; Space (or Enter, or a double click) ticks one."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current_row()
        if event.key() == Qt.Key.Key_Space and row is not None:
            self.chosen.emit(row)
        else:
            super().keyPressEvent(event)


_COLUMNS: Sequence[Column[InvoiceLine]] = (
    Column("Tick", lambda line: f"✓ {line.place}" if line.place else "", width=5),
    Column("Invoice", lambda line: line.invoice.id, width=9),
    Column(
        "Due",
        lambda line: f"{format_day(line.invoice.due_on)}{'  late' if line.is_late else ''}",
        width=16,
        signal=lambda line: "warning" if line.is_late else "",
        tip=lambda line: "Past due" if line.is_late else "Not due yet",
    ),
    Column("Open", lambda line: line.invoice.open_cents, money=True, width=10),
    Column("Check pays", lambda line: line.pays_cents or None, money=True, width=0),
)


class AccountPanel(QFrame):
    """`ticked(invoice numbers)` when the clerk picks what is paid first."""

    ticked = Signal(tuple)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.account: DeskAccount | None = None
        self._cents = 0
        self._picked: tuple[int, ...] = ()
        self.name = label("", "heading", wrap=True)
        named(self.name, "checks.account-name", "Account")
        self.where = label("", "quiet", wrap=True)
        named(self.where, "checks.account-where", "Number, address and phone")
        self.balance = label("", "heading")
        named(self.balance, "checks.balance", "Balance")
        self.standing = label(NOTHING, "quiet", wrap=True)
        named(self.standing, "checks.standing", "How the account stands")
        self.look_alike = label("", "warning", wrap=True)
        named(self.look_alike, "checks.look-alike", "Look-alike")
        self.look_alike.hide()
        self.invoices = InvoiceTable("checks.invoices", "Open invoices", _COLUMNS, settings, sortable=False)
        self.invoices.setToolTip("Space ticks what this check pays first")
        self.invoices.enter_does = "&Tick, or take the tick away"
        self.invoices.chosen.connect(self._tick)
        self.words = label("", wrap=True)
        named(self.words, "checks.pays", "What this check pays")
        top = QHBoxLayout()
        top.setSpacing(style.MEDIUM)
        top.addWidget(self.name, 1)
        top.addWidget(self.balance, 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.MEDIUM, style.LARGE, style.MEDIUM)
        box.setSpacing(style.SMALL)
        box.addLayout(top)
        box.addWidget(self.where)
        box.addWidget(self.standing)
        box.addWidget(self.look_alike)
        self.caption = label("Open &invoices (Space ticks what is paid first)", "quiet", buddy=self.invoices)
        box.addWidget(self.caption)
        box.addWidget(self.invoices, 1)
        box.addWidget(self.words)
        # What stands in for the list when there is none keeps the text at the top.
        box.addStretch(0)
        self.show_account(None)

    def show_account(self, account: DeskAccount | None) -> None:
        """Show an account, or none."""
        self.account = account
        for part in (self.name, self.where, self.balance, self.words):
            part.setVisible(account is not None)
        self._show_list(account is not None and bool(account.invoices))
        self.warn("")
        if account is None:
            self.standing.setText(NOTHING)
            set_role(self.standing, "quiet")
            self.invoices.show_rows([])
            return
        card, standing = account.card, account.standing
        self.name.setText(card.name)
        self.where.setText(
            "  ·  ".join(part for part in (card.number, card.address.replace("\n", ", "), card.phone) if part)
        )
        self.balance.setText(f"Balance {format_cents(card.balance_cents)}")
        late = standing.past_due_cents > 0 or card.status != "active"
        self.standing.setText(standing.sentence)
        set_role(self.standing, "warning" if late else "good")
        self._show_rows()

    def show_parts(self, parts: Sequence[Part], left_cents: int) -> None:
        """Show how a check is split instead of one account, and what of it is on no account yet."""
        self.show_account(None)
        self.standing.setText(
            "Split over several accounts, each part paying the oldest invoice first:\n"
            + "\n".join(f"{format_cents(part.cents)}  {part.name}" for part in parts)
            + (f"\n{format_cents(left_cents)} still to be split (Ctrl+T)" if left_cents else "")
        )
        set_role(self.standing, "")

    def show_payment(self, cents: int | None, picked: tuple[int, ...]) -> None:
        """What a check of that amount (None: not known yet) pays, with these invoices first."""
        self._cents, self._picked = max(cents or 0, 0), picked
        self._show_rows()

    def warn(self, text: str) -> None:
        """A look-alike found before the check is posted; empty: none."""
        self.look_alike.setText(told_dates(text))
        self.look_alike.setVisible(bool(text))

    def _show_list(self, shown: bool) -> None:
        self.invoices.setVisible(shown)
        self.caption.setVisible(shown)

    def _show_rows(self) -> None:
        account = self.account
        if account is None:
            return
        found = checkdesk.preview(account, self._cents, self._picked)
        self.invoices.show_rows(
            [
                InvoiceLine(
                    invoice,
                    self._picked.index(invoice.id) + 1 if invoice.id in self._picked else 0,
                    found.pays.get(invoice.id, 0),
                    invoice.due_on < account.on,
                )
                for invoice in account.invoices
            ]
        )
        self.words.setText(payment_words(account, self._cents, found))

    def _tick(self, line: InvoiceLine) -> None:
        invoice = line.invoice.id
        picked = tuple(i for i in self._picked if i != invoice) if line.place else (*self._picked, invoice)
        self.ticked.emit(picked)


def payment_words(account: DeskAccount, cents: int, found: Preview) -> str:
    """What a check would do, as a person says it."""
    if not cents:
        if account.invoices:
            return "Type the amount to see what the check pays."
        return "Nothing is open; a check would stay as credit."
    open_cents = {invoice.id: invoice.open_cents for invoice in account.invoices}
    said = [
        f"invoice {i} in full" if part == open_cents[i] else f"{format_cents(part)} of invoice {i}"
        for i, part in found.pays.items()
    ]
    if len(said) > 4:
        said = [*said[:3], f"{len(said) - 3} more invoices, {format_cents(sum(list(found.pays.values())[3:]))}"]
    if found.refunds_cents:
        said.append(f"{format_cents(found.refunds_cents)} of a refund that was paid with a check that came back")
    if found.written_back_cents:
        said.append(f"{format_cents(found.written_back_cents)} that was written off")
    words = f"This check pays {', '.join(said)}." if said else "This check pays nothing that is open."
    if found.credit_cents:
        words += f" {format_cents(found.credit_cents)} stays as credit."
    words += f" Balance after it: {format_cents(found.balance_cents)}."
    if found.is_restored:
        words += " Services are restored today."
    return words


def look_alike_words(earlier: str) -> str:
    """An earlier check that looks the same, as a warning before posting."""
    return f"Look-alike: {earlier}."
