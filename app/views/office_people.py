"""The people of the office: who may sign in, in which role, and what each role may do."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.services import people
from app.services.people import PersonRow
from app.services.permissions import RANKED, RIGHTS, ROLE_NAMES
from app.views import style
from app.views.dialogs.people import AddPersonDialog, BlockDialog, ChangePersonDialog, ResetPasswordDialog
from app.views.fields import button, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

_STATES = {"active": "may sign in", "blocked": "blocked", "locked": "locked: wrong passwords"}


def _when(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant.astimezone():%m/%d/%Y %H:%M}"


def what_roles_may(role: str) -> str:
    """What a role may do beyond the one before it, in a sentence."""
    said = sorted({right.words for right in RIGHTS.values() if right.role == role})
    return "; ".join(words[0].lower() + words[1:] for words in said)


class PeoplePart(QWidget):
    """The list, what can be done with whom is marked, and what the roles mean."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.table: Table[PersonRow] = Table(
            "office.people",
            "People who sign in",
            (
                Column("Name", lambda row: row.name, width=0),
                Column("Signs in as", lambda row: row.login, width=16),
                Column("Role", lambda row: ROLE_NAMES[row.role], width=18),
                Column("State", _state, width=26, signal=lambda row: "" if row.state == "active" else "warning"),
                Column("Last signed in", lambda row: _when(row.last_in), width=18),
            ),
            workplace.settings,
            sortable=False,
        )
        self.table.setMinimumHeight(self.table.fontMetrics().height() * 9)
        self.empty = label("", "quiet", wrap=True)
        named(self.empty, "office.people-empty", "Nobody signs in here")
        self.add = button("&Add a person…", "office.person-add")
        self.change = button("&Change…", "office.person-change")
        self.block = button("&Block…", "office.person-block")
        self.password = button("Another &password…", "office.person-password")
        self.add.clicked.connect(lambda: AddPersonDialog(workplace, self).open())
        self.change.clicked.connect(lambda: self._open(ChangePersonDialog))
        self.block.clicked.connect(lambda: self._open(BlockDialog))
        self.password.clicked.connect(lambda: self._open(ResetPasswordDialog))
        self.table.enter_does = "&Change"
        self.table.chosen.connect(lambda _row: self._open(ChangePersonDialog))
        self.table.current.connect(self._offer)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        for made in (self.add, self.change, self.block, self.password):
            buttons.addWidget(made)
        buttons.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addWidget(self.empty)
        box.addWidget(self.table)
        box.addLayout(buttons)
        box.addWidget(label("What each role may do", "heading"))
        for role in RANKED:
            more = "" if role == RANKED[0] else f"all that a {ROLE_NAMES[RANKED[RANKED.index(role) - 1]].lower()} may, and "
            box.addWidget(label(f"{ROLE_NAMES[role]}: {more}{what_roles_may(role)}.", wrap=True))
        box.addWidget(label("Auditor: reads everything and prints reports; changes nothing.", wrap=True))
        box.addStretch(1)

    def refresh(self) -> None:
        """Read who there is."""
        now = self.workplace.moment()
        self.workplace.tasks.read(lambda session: people.people(session, now), self._show, owner=self, name="people")

    def _show(self, rows: list[PersonRow]) -> None:
        self.empty.setText(
            "Nobody signs in here: this is a sample office, in which anybody may try anything."
            if not rows
            else "Only an administrator adds and changes people."
        )
        is_mine = self.workplace.person is not None and self.workplace.person.role == "administrator"
        self.empty.setVisible(not (rows and is_mine))
        self.table.setVisible(bool(rows))
        self.add.setEnabled(bool(rows))
        self.table.show_rows(rows)
        self._offer(self.table.current_row())

    def _offer(self, row: PersonRow | None) -> None:
        for made in (self.change, self.block, self.password):
            made.setEnabled(row is not None)
        self.block.setText("&Block…" if row is None or row.state == "active" else "&Let in again…")

    def _open(self, dialog: type[ChangePersonDialog] | type[BlockDialog] | type[ResetPasswordDialog]) -> None:
        row = self.table.current_row()
        if row is not None:
            made = dialog(self.workplace, row, self)
            made.saved.connect(lambda _done: self.refresh())
            made.open()


def _state(row: PersonRow) -> str:
    if row.state == "locked" and row.locked_until is not None:
        return f"locked until {row.locked_until.astimezone():%H:%M}"
    return "first password given" if row.state == "active" and row.must_change else _STATES[row.state]
