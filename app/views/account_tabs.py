"""The lists of an account's page: what each shows, in which columns, and how a line of it is explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.services import explaining
from app.services.explaining import Explanation
from app.services.history import PaymentLine
from app.services.policies.clause import Charge
from app.services.status import ServiceLine
from app.views import style
from app.views.account_lines import (
    DECLINED,
    InvoiceLine,
    LedgerLine,
    MemberLine,
    PlainLine,
    Shown,
    attempt_of,
    bill_lines,
    change_lines,
    collection_lines,
    invoice_kind,
    invoice_lines,
    ledger_lines,
    member_lines,
    note_lines,
    paid_words,
    payment_lines,
    refund_lines,
    service_rows,
    work_lines,
)
from app.views.rest_of_row import RestOfRow
from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column


@dataclass(frozen=True)
class TabSpec:
    """A list of the page. `rows` newest first; `identity` names a row so that the cursor finds it again.

    `empty` stands in for an empty list, `empty_closed` for one of a closed account, where nothing more can come.
    """

    key: str
    title: str
    columns: Sequence[Column[Any]]
    rows: Callable[[Shown], Sequence[Any]]
    explain: Callable[[Shown, Any], Explanation]
    identity: Callable[[Any], object]
    empty: str
    empty_closed: str = ""


_BAD = (
    "past due",
    "missed",
    "returned",
    "charged-back",
    "declined",
    "suspended",
    "needs decision",
    "work overdue",
    "not paid",
)


def _state_signal(state: str) -> str:
    if state in (
        "past due",
        "declined",
        "work overdue",
        "not paid",
        "missed",
        "returned",
        "charged-back",
        "suspended",
        "needs decision",
    ):
        return "bad"
    return "quiet" if state in ("paid", "void", "reversed", "replaced", "") else ""


def _plain(first: str, what: str, state: str, *, money: bool = True) -> tuple[Column[PlainLine], ...]:
    amount: tuple[Column[PlainLine], ...] = (Column("Amount", lambda row: row.cents, money=True, width=12),)
    return (
        Column(first, lambda row: row.on, width=13),
        Column(what, lambda row: row.what, width=0),
        *(amount if money else ()),
        Column(state, lambda row: row.state, width=22, signal=lambda row: _state_signal(row.state)),
    )


def _says(_shown: Shown, row: PlainLine) -> Explanation:
    return row.explanation


def _of_history(shown: Shown, line: LedgerLine) -> Explanation:
    applied = shown.page.applications if shown.then is None else None
    return explaining.of_history(line.row, applied, shown.page.recorded)


def _of_invoice(shown: Shown, line: InvoiceLine) -> Explanation:
    applied = shown.page.applications if shown.then is None else ()
    return explaining.of_invoice(line.row._replace(open_cents=line.open_cents), shown.page.history, applied)


def _of_payment(shown: Shown, row: PaymentLine) -> Explanation:
    if row.state == DECLINED:
        return explaining.of_declined(attempt_of(shown, row), is_member=shown.page.member is not None)
    applied = shown.page.applications if shown.then is None else None
    return explaining.of_payment(row, applied, is_member=shown.page.member is not None)


_LEDGER: tuple[Column[LedgerLine], ...] = (
    Column("Date", lambda line: line.row.on, width=13),
    Column("What", lambda line: line.row.description, width=0),
    Column("Kind", lambda line: explaining.line_kind(line.row), width=17),
    Column("Clause", lambda line: explaining.clause_name(line.row.clause), width=18),
    Column("Amount", lambda line: line.row.cents, money=True, width=11),
    Column("Balance", lambda line: line.balance_cents, money=True, width=11),
)
_INVOICES: tuple[Column[InvoiceLine], ...] = (
    Column("Invoice", lambda line: str(line.row.id), width=10),
    Column("For", lambda line: invoice_kind(line.row.what), width=0),
    Column("Dated", lambda line: line.row.issued_on, width=13, rank=4),
    Column("Due", lambda line: line.row.due_on, width=13),
    Column("Total", lambda line: line.row.total_cents, money=True, width=11, rank=3),
    Column("Open", lambda line: line.open_cents or None, money=True, width=11),
    Column("State", lambda line: line.state, width=10, rank=1, signal=lambda line: _state_signal(line.state)),
)
_BILL: tuple[Column[Charge], ...] = (
    Column("What", lambda row: row.description, width=0),
    Column("Kind", lambda row: explaining.kind_says(row.kind), width=17),
    Column("Clause", lambda row: explaining.clause_name(row.clause), width=18),
    Column("Amount", lambda row: row.cents, money=True, width=11),
)
_SERVICES: tuple[Column[tuple[ServiceLine, str]], ...] = (
    Column("Service", lambda row: row[0].name, width=0),
    Column("Monthly", lambda row: row[0].monthly_cents, money=True, width=11),
    Column("From", lambda row: row[0].first_day, width=13),
    Column("Through", lambda row: row[0].last_day, width=13),
    Column("Billed through", lambda row: row[0].billed_through, width=15),
    Column("To come", lambda row: row[1], width=24),
)


def _payment_columns(shown: Callable[[], Shown | None]) -> tuple[Column[PaymentLine], ...]:
    def paid(row: PaymentLine) -> str:
        now = shown()
        return "" if now is None or now.then is not None else paid_words(now, row)

    return (
        Column("Date", lambda row: row.on, width=13),
        Column("By", lambda row: f"{explaining.payment_kind(row.kind)} {row.check_number}".strip(), width=16),
        Column("Amount", lambda row: row.cents, money=True, width=11),
        Column("Paid", paid, width=0),
        Column("State", lambda row: row.state, width=13, signal=lambda row: _state_signal(row.state)),
    )


def _of_row(row: Any) -> object:
    return row.id


def _small(
    key: str, title: str, columns: Sequence[Column[Any]], rows: Callable[[Shown], Sequence[PlainLine]], empty: str
) -> TabSpec:
    return TabSpec(key, title, columns, rows, _says, lambda line: line[:2], empty)


def make_specs(shown: Callable[[], Shown | None]) -> tuple[TabSpec, ...]:
    """The lists, in the order of their number keys; `shown` gives what is on screen."""
    collections = _plain("Date", "What", "State")
    work = _plain("Date", "Work", "Billed?", money=False)
    refunds = _plain("Date", "Refund", "State")
    notes = _plain("Date", "Note", "Reminder", money=False)
    changes = _plain("Date", "What", "Now", money=False)
    no_bill = "Nothing to bill, or an earlier day is shown."
    no_collections = "No arrangement was made, and services were never suspended."
    no_changes = "Address, delivery and payment have not been changed here."
    return (
        TabSpec("ledger", "Ledger", _LEDGER, ledger_lines, _of_history, _of_ledger, "Nothing has been charged or paid yet."),
        TabSpec("invoices", "Invoices", _INVOICES, invoice_lines, _of_invoice, lambda line: line.row.id, "No invoice yet."),
        TabSpec(
            "payments",
            "Payments",
            _payment_columns(shown),
            payment_lines,
            _of_payment,
            _of_row,
            "No payment yet. Checks are posted with F3.",
        ),
        TabSpec(
            "bill", "Next bill", _BILL, bill_lines, lambda _, row: explaining.of_charge(row), lambda row: row.key, no_bill
        ),
        TabSpec(
            "services",
            "Services",
            _SERVICES,
            service_rows,
            lambda _, row: explaining.of_service(row[0]),
            lambda row: row[0].id,
            "No service yet. Add one with Actions.",
            "No service. The account is closed.",
        ),
        _small("collections", "Collections", collections, collection_lines, no_collections),
        _small("work", "Work", work, work_lines, "No work was logged."),
        _small("refunds", "Refunds", refunds, refund_lines, "Nothing was refunded."),
        TabSpec("notes", "Notes", notes, note_lines, _says, _of_row, "No note yet. Write one with Actions."),
        _small("changes", "Changes", changes, change_lines, no_changes),
    )


_MEMBER: tuple[Column[MemberLine], ...] = (
    Column("What", lambda row: row.what, width=0),
    Column("Amount", lambda row: row.cents, money=True, width=11),
    Column("From", lambda row: row.first, width=13),
    Column("Through", lambda row: row.last, width=13),
    Column("State", lambda row: row.state, width=20, signal=lambda row: _state_signal(row.state)),
)


def member_spec() -> TabSpec:
    """The list that a member's page has where others list their services."""
    return TabSpec(
        "membership",
        "Membership",
        _MEMBER,
        member_lines,
        lambda _, row: row.explanation,
        lambda row: (row.what, row.first),
        "An earlier day is shown; the membership is told as it stands today.",
    )


def _of_ledger(line: LedgerLine) -> object:
    """A line of the ledger without its amount: what it is stays, whatever it says."""
    return line.row.action_id, line.row.document, line.row.description


class _Instead(QLabel):
    """The sentence for an empty list; it has the list's room, so the height of the page does not follow its lines."""

    def hasHeightForWidth(self) -> bool:
        return False


class AccountTab(QWidget):
    """One of the lists, or the sentence that stands in for an empty one."""

    def __init__(self, spec: TabSpec, settings: Settings) -> None:
        super().__init__()
        self.spec = spec
        self.table: Table[Any] = Table(f"account.{spec.key}", spec.title, spec.columns, settings)
        self.rest = RestOfRow(self.table)
        self.empty = _Instead(spec.empty)
        self.empty.setProperty("role", "quiet")
        self.empty.setWordWrap(True)
        self.empty.setObjectName(f"account.{spec.key}-empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(0, style.SMALL, 0, 0)
        self.layers = QStackedLayout()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(style.TIGHT)
        outer.addLayout(self.layers, 1)
        outer.addWidget(self.rest)
        # Only now: what is put into a layout without a widget would be shown as a window of its own.
        self.layers.addWidget(self.table)
        self.layers.addWidget(self.empty)
        self.setFocusProxy(self.table)

    @property
    def has_rows(self) -> bool:
        """Whether the list is shown, and not the sentence for an empty one."""
        return self.layers.currentWidget() is self.table

    def show_rows(self, shown: Shown) -> None:
        """Show the rows; the cursor stays on its line, the list where it was scrolled to."""
        identity = self.spec.identity
        was = self.table.current_row()
        wanted = None if was is None else identity(was)
        scrolled = self.table.verticalScrollBar().value()
        rows = self.spec.rows(shown)
        is_closed = bool(self.spec.empty_closed) and shown.page.card.status == "closed"
        self.empty.setText(self.spec.empty_closed if is_closed else self.spec.empty)
        self.table.show_rows(rows)
        self.layers.setCurrentWidget(self.table if rows else self.empty)
        self.put_cursor(wanted)
        self.table.verticalScrollBar().setValue(scrolled)

    def put_cursor(self, wanted: object) -> bool:
        """Put the cursor on the line of that identity; returns whether there is one."""
        for place, row in enumerate(self.table.rows_model.rows):
            if wanted is not None and self.spec.identity(row) == wanted:
                self.table.selectRow(place)
                return True
        return False

    def to_top(self) -> None:
        """The cursor on the first line: another account is shown."""
        if self.table.rows_model.rows:
            self.table.selectRow(0)
            self.table.scrollToTop()
