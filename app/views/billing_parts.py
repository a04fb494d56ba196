"""The parts of the billing page: the month's card, and the tabs with totals, difference, exceptions and runs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services.billingcompare import CHANGED, GONE, NEW, BillingPreview, Difference, ParkedAccount
from app.services.billingoutlook import BillingOutlook, RunLine
from app.views import style
from app.views.billing_tables import KindsTable, differences_table, parked_table, runs_table
from app.views.fields import MoneyEdit, button, format_day, label, named, spoken_day
from app.views.settings import Settings

THRESHOLD = "billing/threshold"
DEFAULT_THRESHOLD = 500
_ORDER = (NEW, GONE, CHANGED)


def counted(count: int, what: str) -> str:
    """`1 account`, `457 accounts`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


class MonthCard(QFrame):
    """Which month a run of the business date bills, and the figures of its preview or result."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        named(self, "billing.month", "The month to bill")
        self.month = label("", "heading")
        self.month.setObjectName("billing.month-name")
        self.sentence = label("", wrap=True)
        self.sentence.setObjectName("billing.sentence")
        self.warnings = label("", "warning", wrap=True)
        self.warnings.setObjectName("billing.warnings")
        row = QHBoxLayout()
        row.setSpacing(style.WIDE)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.MEDIUM, style.LARGE, style.MEDIUM)
        box.setSpacing(style.TIGHT)
        box.addWidget(self.month)
        box.addWidget(self.sentence)
        box.addWidget(self.warnings)
        box.addLayout(row)
        self.figures = {}
        for name, caption in (("accounts", "accounts"), ("invoices", "invoices"), ("cents", "to bill")):
            figure, beside = label("", "figure"), label(caption, "quiet")
            figure.setObjectName(f"billing.{name}")
            pair = QHBoxLayout()
            pair.setSpacing(style.TIGHT)
            for part in (figure, beside):
                pair.addWidget(part, 0, Qt.AlignmentFlag.AlignBottom)
            row.addLayout(pair)
            self.figures[name] = figure, beside
        row.addStretch(1)

    def show_outlook(self, outlook: BillingOutlook) -> None:
        """Say which month it is, what it bills, and what speaks against billing it."""
        self.month.setText(f"Cycle of {outlook.month:%B %Y}")
        left, done = outlook.accounts_left, outlook.accounts_done
        count = f"{counted(left, 'account')} to bill." if left else "Nothing is left to bill."
        count += f" {done:,} {'is' if done == 1 else 'are'} done." if done and left else ""
        self.sentence.setText(
            f"Bills services through {spoken_day(outlook.through)}. Invoices are dated {format_day(outlook.on)} and due "
            f"{format_day(outlook.due_on)}. {count}"
        )
        said = [outlook.refusal] if outlook.refusal else list(outlook.warnings)
        self.warnings.setText("\n".join(f"Note: {text}" for text in said))
        self.warnings.setVisible(bool(said))

    def show_figures(self, accounts: int, invoices: int, cents: int, caption: str) -> None:
        """The figures of a preview or of a run; `caption` says which."""
        for name, text in (
            ("accounts", f"{accounts:,}"),
            ("invoices", f"{invoices:,}"),
            ("cents", f"${format_cents(cents)}"),
        ):
            self.figures[name][0].setText(text)
            self._show(name, shown=True)
        for name, count in (("accounts", accounts), ("invoices", invoices)):
            self.figures[name][1].setText(name if count != 1 else name[:-1])
        self.figures["cents"][1].setText(caption)
        self.figures["cents"][0].setAccessibleDescription(caption)

    def clear_figures(self) -> None:
        """Nothing was computed yet for this day."""
        for name in self.figures:
            self._show(name, shown=False)

    def _show(self, name: str, *, shown: bool) -> None:
        for part in self.figures[name]:
            part.setVisible(shown)


class TotalsTab(QWidget):
    """Totals by kind of charge, of the preview or of the run made."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.said = label("", "quiet", wrap=True)
        self.said.setObjectName("billing.totals-said")
        self.table = KindsTable(settings)
        _stack(self, self.said, self.table)


class DifferenceTab(QWidget):
    """Accounts billed otherwise than in the month before; `opened(account_id)` when one is chosen."""

    opened = Signal(int)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._preview: BillingPreview | None = None
        self.threshold = MoneyEdit(
            "billing.threshold", "Show accounts changed by more than", implied_cents=settings.implied_cents
        )
        self.threshold.set_cents(settings.number(THRESHOLD, DEFAULT_THRESHOLD))
        self.threshold.setMaximumWidth(self.threshold.fontMetrics().averageCharWidth() * 14 + style.WIDE)
        self.threshold.changed.connect(self._take_threshold)
        self.said = label("", wrap=True)
        self.said.setObjectName("billing.difference-said")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("Show accounts changed by &more than $", buddy=self.threshold))
        row.addWidget(self.threshold)
        row.addStretch(1)
        self.table = differences_table(settings)
        self.table.chosen.connect(lambda row: self.opened.emit(row.account_id))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, style.MEDIUM, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(self.said)
        box.addLayout(row)
        box.addWidget(self.table, 1)
        self.show_preview(None)

    def show_preview(self, preview: BillingPreview | None) -> None:
        """Show the difference of a preview; None: none was made."""
        self._preview = preview
        if preview is None:
            self.said.setText("Press Preview to see which accounts are billed otherwise than in the month before.")
            self.table.show_rows(())
            return
        if preview.compared_with is None:
            self.said.setText("No month was billed before this one, so there is nothing to compare with.")
            self.table.show_rows(())
            return
        shown = self.shown_rows(preview)
        counts = {what: sum(row.what == what for row in preview.differences) for what in (NEW, GONE, CHANGED)}
        changed = sum(row.what == CHANGED for row in shown)
        small = counts[CHANGED] - changed
        change = preview.cycle_cents - preview.before_cents
        self.said.setText(
            f"Against {preview.compared_with:%B %Y}: {counts[NEW]:,} new, {counts[GONE]:,} gone, {changed:,} changed"
            f"{f' ({small:,} by less)' if small else ''}, {preview.same:,} the same. "
            f"In all {'+' if change > 0 else ''}{format_cents(change)}."
        )
        self.table.show_rows(shown)

    def shown_rows(self, preview: BillingPreview) -> list[Difference]:
        """New and gone accounts, then those changed by more than the threshold, the largest change first."""
        least = self._settings.number(THRESHOLD, DEFAULT_THRESHOLD)
        rows = [row for row in preview.differences if row.what != CHANGED or abs(row.change_cents) > least]
        return sorted(rows, key=lambda row: (_ORDER.index(row.what), -abs(row.change_cents)))

    def _take_threshold(self) -> None:
        try:
            cents = self.threshold.cents()
        except UserError:
            return  # it is marked; the list stays as it was
        self._settings.put(THRESHOLD, abs(cents or 0))
        self.threshold.set_cents(abs(cents or 0))
        self.show_preview(self._preview)


class ExceptionsTab(QWidget):
    """Accounts that cannot be billed, or a change of theirs not be carried out; `opened(account_id)`."""

    opened = Signal(int)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.said = label("", "quiet", wrap=True)
        self.said.setObjectName("billing.exceptions-said")
        self.table = parked_table(settings)
        self.table.chosen.connect(lambda row: self.opened.emit(row.account_id))
        _stack(self, self.said, self.table)

    def show_rows(self, outlook: BillingOutlook, parked: tuple[ParkedAccount, ...], *, was_computed: bool) -> int:
        """What is listed already, and what the preview or the run found; returns how many accounts."""
        rows = {item.account_id: item for item in parked}
        for item in outlook.exceptions:
            rows.setdefault(item.account_id, ParkedAccount(item.account_id, item.number, item.name, item.detail))
        self.table.show_rows(list(rows.values()))
        if rows:
            self.said.setText(
                "These accounts are left out and the others are billed. Enter opens the account; once it is right, "
                "make the run again and it bills them."
            )
        else:
            self.said.setText(
                "Every account can be billed." if was_computed else "No account is listed. Preview checks them all."
            )
        return len(rows)


class RunsTab(QWidget):
    """The runs made so far; `statements_wanted(RunLine)`, `reversal_wanted(RunLine)`."""

    statements_wanted = Signal(object)
    reversal_wanted = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.said = label("No month has been billed yet.", "quiet", wrap=True)
        self.said.setObjectName("billing.runs-said")
        self.table = runs_table(settings)
        self.statements = button("Statements &of this run", "billing.statements")
        self.reverse = button("Re&verse this run…", "billing.reverse")
        self.table.current.connect(self._offer)
        self.table.chosen.connect(self._open)
        self.statements.clicked.connect(lambda: self._open(self.table.current_row()))
        self.reverse.clicked.connect(lambda: self.reversal_wanted.emit(self.table.current_row()))
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addWidget(self.statements)
        buttons.addWidget(self.reverse)
        buttons.addStretch(1)
        box = _stack(self, self.said, self.table)
        box.addLayout(buttons)
        self._offer(None)

    def show_runs(self, runs: tuple[RunLine, ...]) -> None:
        """Show the runs, the latest first."""
        self.said.setVisible(not runs)
        self.table.show_rows(runs)
        self._offer(self.table.current_row())

    def _offer(self, run: RunLine | None) -> None:
        is_done = run is not None and run.state == "done" and run.invoices > 0
        self.statements.setEnabled(is_done)
        self.reverse.setEnabled(is_done)

    def _open(self, run: RunLine | None) -> None:
        if run is not None and self.statements.isEnabled():
            self.statements_wanted.emit(run)


def _stack(tab: QWidget, said: QWidget, table: QWidget) -> QVBoxLayout:
    box = QVBoxLayout(tab)
    box.setContentsMargins(0, style.MEDIUM, 0, 0)
    box.setSpacing(style.SMALL)
    box.addWidget(said)
    box.addWidget(table, 1)
    return box
