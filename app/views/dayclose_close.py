"""The close of the business date: what it will do, what blocks it, and closing (ADV-6, ADV-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import dayclose, daypreview
from app.services.dayclose import Blocker, DayCloseResult
from app.services.daypreview import ClosePreview
from app.services.gateways.mail import FolderMail
from app.services.office import office_form
from app.views import style
from app.views.backups import start_backup
from app.views.dayclose_deposit import card, give_lines
from app.views.dialog import FormDialog
from app.views.dialogs.deposit import counted
from app.views.fields import button, format_day, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

CHANGES_SHOWN = 6
NO_ADDRESS = "office@counterfoil.invalid"
_CHANGE_WORDS = {"price": "price of {service}", "end": "end of {service}", "cancel": "cancellation"}


def what_will_happen(preview: ClosePreview) -> list[str]:
    """What closing (or sending receipts of a closed day) will do, a sentence each."""
    said = []
    if preview.is_closed:
        said.append(f"Closed through {format_day(preview.closed_through)}; nothing more can be dated then.")
    elif len(preview.days) > 1 or (preview.days and preview.days[0] != preview.on):
        days = ", ".join(format_day(day) for day in preview.days[:6]) + (" …" if len(preview.days) > 6 else "")
        said.append(f"Closes {days}: nothing more can be dated on these days or before them.")
    else:
        said.append(f"Nothing more can be dated {format_day(preview.on)} or before it.")
    if preview.changes:
        said.append(f"{counted(len(preview.changes), 'planned change is', 'planned changes are')} carried out:")
        for change in preview.changes[:CHANGES_SHOWN]:
            what = _CHANGE_WORDS[change.what].format(service=change.service)
            to = "" if change.monthly_cents is None else f" to {format_cents(change.monthly_cents)}"
            said.append(f"    {change.number} {change.name}: {what}{to}, from {format_day(change.effective)}")
        if len(preview.changes) > CHANGES_SHOWN:
            said.append(f"    and {len(preview.changes) - CHANGES_SHOWN} more")
    if preview.receipts:
        said.append(f"{counted(preview.receipts, 'receipt goes', 'receipts go')} out by e-mail.")
    else:
        said.append("No receipt waits to go out.")
    if preview.without_address:
        who = counted(preview.without_address, "payment has", "payments have")
        said.append(f"{who} no e-mail address to send a receipt to; they are on the exceptions list.")
    for last_day, cents in preview.months:
        about = "about " if preview.changes else ""
        said.append(f"The revenue of {last_day:%B} {last_day.year} is recognised: {about}{format_cents(cents)}.")
    return said


def what_happened(result: DayCloseResult, on_words: str) -> str:
    """The result of a close as a person says it."""
    said = [f"{on_words} is closed." if not result.already_closed else f"{on_words} was closed already."]
    said.append(f"{counted(result.receipts.sent, 'receipt', 'receipts')} sent.")
    if result.receipts.without_address:
        said.append(f"{result.receipts.without_address:,} without an e-mail address.")
    if result.changes_carried_out:
        said.append(f"{counted(result.changes_carried_out, 'planned change', 'planned changes')} carried out.")
    said += [f"Revenue of {day:%B} {day.year}: {format_cents(cents)}." for day, cents in result.recognised]
    return " ".join(said)


class CloseDialog(FormDialog):
    """The last question before a day is closed; `saved(DayCloseResult)`."""

    def __init__(self, workplace: Workplace, preview: ClosePreview, parent: QWidget | None = None) -> None:
        on = format_day(preview.on)
        title, action = (f"Close {on}", "&Close the day") if not preview.is_closed else ("Send receipts", "&Send receipts")
        super().__init__(workplace, "close", title, action, parent)
        self.on_words = on
        for sentence in what_will_happen(preview):
            self.body.addWidget(label(sentence, wrap=True))
        if preview.drawer.how_many and not preview.is_closed:
            drawer = preview.drawer
            said = (
                f"Note: the drawer still holds {counted(drawer.how_many)}, {format_cents(drawer.cents)}. "
                "They can go to the bank with a later deposit."
            )
            self.body.addWidget(label(said, "warning", wrap=True))
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        named(self.progress, "close.progress", "The day is being closed")
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.action.setFocus()

    def submit(self) -> None:
        """Close the day and send its receipts into the office's mail folder."""
        desk, folder = self.workplace.desk(self.token), self.workplace.folder / "mail"

        def work(session: Session) -> DayCloseResult:
            form = office_form(session)
            mail = FolderMail(folder, form.name, form.email or NO_ADDRESS, desk.on)
            return dayclose.close_day(session, desk, mail)

        self.progress.show()
        self.save(work, lambda result: what_happened(result, self.on_words))

    def refuse(self, error: UserError) -> None:
        self.progress.hide()
        super().refuse(error)


class ClosePart(QWidget):
    """What the close will do, what blocks it, and the button."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.preview: ClosePreview | None = None
        self.heading = label("", "heading")
        named(self.heading, "dayclose.day", "The business date")
        self.words = label("", wrap=True)
        named(self.words, "dayclose.will", "What the close will do")
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.blocked = label("", "bad", wrap=True)
        named(self.blocked, "dayclose.blocked", "What blocks the close")
        self.blockers: Table[Blocker] = Table(
            "dayclose.blockers",
            "What keeps the day from being closed; Enter opens it in Post checks",
            (
                Column("Batch", lambda row: row.batch_id, number=True, width=6),
                Column("Received", lambda row: row.received_on, width=10),
                Column("What is wrong", lambda row: row.problem, width=0),
            ),
            workplace.settings,
            sortable=False,
            wrap=True,
        )
        give_lines(self.blockers, 4)
        self.blockers.chosen.connect(lambda row: workplace.go("checks", batch_id=row.batch_id))
        self.close_button = button("&Close the day…", "dayclose.close", primary=True)
        self.close_button.setEnabled(False)
        self.close_button.clicked.connect(self.close_day)
        frame, inside = card(self.heading, self.words, self.blocked, self.blockers)
        inside.setStretch(3, 1)
        inside.addStretch(0)
        inside.addWidget(self.close_button, alignment=Qt.AlignmentFlag.AlignRight)
        inside.setSpacing(style.SMALL)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(frame)
        self.blocked.hide()
        self.blockers.hide()

    def refresh(self) -> None:
        """Read what the close would do."""
        desk = self.workplace.desk()
        self.workplace.tasks.read(
            lambda session: daypreview.close_preview(session, desk), self._show, owner=self, name="preview"
        )

    def _show(self, preview: ClosePreview) -> None:
        self.preview = preview
        on = format_day(preview.on)
        self.heading.setText(f"{on} is closed" if preview.is_closed else f"Close {on}")
        self.words.setText("\n".join(what_will_happen(preview)))
        count = len(preview.blockers)
        self.blocked.setText(
            f"Not yet: {counted(count, 'thing keeps', 'things keep')} the day open. Enter on a line opens it in Post checks."
        )
        self.blocked.setVisible(bool(count))
        self.blockers.setVisible(bool(count))
        self.blockers.show_rows(preview.blockers)
        self.close_button.setText("&Send receipts…" if preview.is_closed else "&Close the day…")
        self.close_button.setAccessibleName(self.close_button.text().replace("&", ""))
        self.close_button.setEnabled(not count and not (preview.is_closed and not preview.receipts))

    def close_day(self) -> None:
        """Ask once more, then close."""
        if self.preview is not None and self.close_button.isEnabled():
            dialog = CloseDialog(self.workplace, self.preview, self)
            dialog.saved.connect(self._closed)
            dialog.open()

    def _closed(self, result: DayCloseResult) -> None:
        if not result.already_closed:
            start_backup(self.workplace, "day-close")
