"""Requests from other PCs: somebody asks for what they may not do alone; whoever may approves or refuses it here."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import UserError
from app.services import approvals
from app.services.approvals import WaitingRequest
from app.services.permissions import ROLE_NAMES
from app.services.requestpreview import preview_of
from app.views.dialog import WIDER, FormDialog
from app.views.fields import button, label, mark_wrong, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace


class RequestsDialog(FormDialog):
    """The requests that the person at work may answer; the one that is marked is approved or refused."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "requests", "Requests to answer", "&Approve", parent)
        self.widen(WIDER)
        said = (
            "What is approved is done at the other PC at once, once, and only exactly as it stands here. Your name goes "
            "into its record. A request that nobody answers ends with the day."
        )
        self.table: Table[WaitingRequest] = Table(
            "requests.list",
            "Requests that wait for an answer",
            (
                Column("Asked at", lambda row: f"{row.at.astimezone():%H:%M}", width=10),
                Column("By", lambda row: row.asked_by, width=18),
                Column("What", lambda row: row.words, width=0, tip=lambda row: row.words),
                Column("Needs", lambda row: ROLE_NAMES[row.role], width=16),
            ),
            workplace.settings,
        )
        self.what = label("", "heading", wrap=True)
        named(self.what, "requests.what", "The request that is marked")
        self.preview = label("", wrap=True)
        named(self.preview, "requests.preview", "What it would do, by the books as they are now")
        self._shown: int | None = None
        self.why = QLineEdit()
        named(self.why, "requests.reason", "Why it is refused")
        self.why.setMaxLength(200)
        self.why.setPlaceholderText("needed for a refusal; the other person reads it")
        self.why.textEdited.connect(lambda: mark_wrong(self.why, wrong=False))
        self.refuse_button = button("&Refuse", "requests.refuse")
        self.refuse_button.clicked.connect(self.refuse_it)
        for place, part in enumerate((label(said, "quiet", wrap=True), self.table, self.what, self.preview)):
            self.body.insertWidget(place, part)
        self.add_row("&Why not", self.why)
        self.form.addRow("", self.refuse_button)
        self.table.row_key = lambda row: row.id
        self.table.first_gives_way = False
        self.table.selectionModel().selectionChanged.connect(lambda _new, _old: self._marked())
        self.tasks.books_changed.connect(self._books_changed)
        self.read()

    def _books_changed(self, _accounts: frozenset[int] | None) -> None:
        self.read()

    def read(self) -> None:
        """Read the requests."""
        desk = self.workplace.desk()
        self.tasks.read(lambda session: approvals.waiting_requests(session, desk), self._show, owner=self, name="requests")

    def _show(self, rows: list[WaitingRequest]) -> None:
        marked = self.table.current_row()
        self.table.show_rows(rows)
        if rows and marked is not None and not self.table.holds(marked):
            # The next key was meant for the request that stood here, and approves no other.
            self.table.unmark()
        self._marked()
        self.fit()

    def _marked(self) -> None:
        row = self.table.current_row()
        gone = "The request that was marked has been answered or taken back. Mark the next one."
        nothing = gone if self.table.rows_model.rows else "No request waits."
        self.what.setText(nothing if row is None else f"{row.asked_by} asks: {row.words}")
        for part in (self.action, self.refuse_button):
            part.setEnabled(row is not None)
        self._look_at(row)

    def _look_at(self, row: WaitingRequest | None) -> None:
        """Show what the marked request would do, as soon as it is known."""
        books, desk = self.tasks.books, self.workplace.desk()
        if row is None or books is None:
            self._shown = None
            self.preview.setText("")
            return
        if row.id == self._shown:
            return
        self._shown = row.id
        self.preview.setText("Looking what it would do …")

        def show(lines: list[str]) -> None:
            self.preview.setText("\n".join(lines))
            self.fit()

        def refused(error: UserError) -> None:
            self.preview.setText(f"It cannot be done as things are: {error.message}")
            self.fit()

        self.tasks.compute(lambda: preview_of(books, desk, row), show, owner=self, name="request-preview", otherwise=refused)

    def submit(self) -> None:
        """Approve the request that is marked."""
        self._answer(approves=True)

    def refuse_it(self) -> None:
        """Refuse it, with a reason."""
        self.refusal.hide()
        try:
            if not self.why.text().strip():
                raise UserError("Say in a few words why; the other person reads it.", field="reason")
            self._answer(approves=False)
        except UserError as error:
            self.refuse(error)

    def _answer(self, *, approves: bool) -> None:
        row = self.table.current_row()
        if row is None:
            raise UserError("Mark the request first.", field="list")
        desk, request_id, why = self.workplace.desk(self.token), row.id, self.why.text()
        said = f"{'Approved' if approves else 'Refused'}: {row.words}, asked by {row.asked_by}."
        self.save(lambda session: approvals.answer(session, desk, request_id, approves=approves, why=why), said, ())
