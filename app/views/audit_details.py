"""What one action of the audit trail did: fields before and after, rows written, the accounts that it touched."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from app.services.audittrail import FieldChange, TrailDetails, WrittenRow
from app.views import style
from app.views.audit_table import local
from app.views.fields import button, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

_CHANGES: tuple[Column[FieldChange], ...] = (
    Column("Of", lambda row: row.row, width=24),
    Column("Field", lambda row: row.field, width=20),
    Column("Before", lambda row: row.before, width=26),
    Column("After", lambda row: row.after, width=0),
)
_WRITTEN: tuple[Column[WrittenRow], ...] = (
    Column("New", lambda row: row.what, width=24),
    Column("What it says", lambda row: row.says, width=0),
)


class DetailsPart(QWidget):
    """Below the list. `seal` is shown by the page, at its foot."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.heading = label("", "heading", wrap=True)
        named(self.heading, "audit.heading", "The action")
        self.why = label("", wrap=True)
        named(self.why, "audit.why", "Who did it, and why")
        self.changes: Table[FieldChange] = Table(
            "audit.changes", "What it changed", _CHANGES, workplace.settings, sortable=False
        )
        self.written: Table[WrittenRow] = Table(
            "audit.written", "What it wrote", _WRITTEN, workplace.settings, sortable=False
        )
        self.tabs = QTabWidget()
        named(self.tabs, "audit.tabs", "What it did")
        self.tabs.addTab(self.changes, "Changed")
        self.tabs.addTab(self.written, "Written")
        self.accounts = QComboBox()
        named(self.accounts, "audit.accounts", "Accounts that it was about")
        self.accounts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.open = button("O&pen account", "audit.open", tip="Go to the account chosen beside")
        self.open.clicked.connect(self.open_account)
        self.seal = label("", "quiet", wrap=True)
        named(self.seal, "audit.seal", "Its place in the trail")
        top = QHBoxLayout()
        top.setSpacing(style.SMALL)
        top.addWidget(self.heading, 1)
        top.addWidget(self.accounts)
        top.addWidget(self.open)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, style.SMALL, 0, 0)
        box.setSpacing(style.SMALL)
        box.addLayout(top)
        box.addWidget(self.why)
        box.addWidget(self.tabs, 1)
        self.show_details(None)

    def show_details(self, found: TrailDetails | None) -> None:
        """Show an action, or nothing."""
        self.setVisible(found is not None)
        self.seal.setText("" if found is None else found.seal)
        if found is None:
            return
        entry = found.entry
        self.heading.setText(f"{entry.what}, {local(entry.recorded_at)}")
        approved = f", approved by {entry.approved_by}" if entry.approved_by else ""
        why = f". Why: {entry.reason}" if entry.reason else ""
        role = f" ({entry.role})" if entry.role else ""
        at = f" at {entry.pc or 'a PC without a name'}" if entry.id > 0 or entry.pc else ""
        self.why.setText(f"{entry.actor}{role}{at}{approved}{why}")
        self.changes.show_rows(found.changes)
        self.written.show_rows(found.written)
        more = f" and {found.more:,} more" if found.more else ""
        self.tabs.setTabText(0, f"Changed ({len(found.changes):,})")
        self.tabs.setTabText(1, f"Written ({len(found.written):,}{more})")
        self.tabs.setCurrentIndex(0 if found.changes else 1)
        self.tabs.setVisible(bool(found.changes or found.written))
        self.accounts.clear()
        for account_id, number, name in found.accounts:
            self.accounts.addItem(f"{number}  {name}", account_id)
        self.accounts.setVisible(len(found.accounts) > 0)
        self.open.setVisible(len(found.accounts) > 0)

    def open_account(self) -> None:
        """Go to the account that is chosen."""
        account_id = self.accounts.currentData()
        if account_id is not None:
            self.workplace.open_account(account_id)
