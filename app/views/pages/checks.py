"""Post checks: the morning's mail logged, then a check a row, until the batch agrees with the tape."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import DuplicateCheck, UserError
from app.money import format_cents
from app.services import checkdesk, checks
from app.services.checkdesk import BatchCheck, DeskAccount, PickedUp, PostingDesk
from app.services.checkentry import LoggedDiffers
from app.services.checks import CheckForm
from app.views import checks_corrections as corrections
from app.views import style
from app.views.checks_account import AccountPanel, look_alike_words
from app.views.checks_batch import BatchStrip, BatchTable
from app.views.checks_draft import Entry
from app.views.checks_entry import EntryForm
from app.views.checks_posting import Posting, form_of
from app.views.checks_reason import ReasonPanel
from app.views.dialogs.check_mail import MailDialog
from app.views.dialogs.check_split import SplitDialog
from app.views.fields import button, format_day, label, named
from app.views.page import Page, point_at
from app.views.workplace import Workplace

LOOSE = -1
NO_BATCH = "No mail is logged for this day yet. Count the checks, add them up, and log them: Alt+L."


class ChecksPage(Page):
    """Post checks."""

    key = "checks"
    title = "Post checks"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self._wanted_batch: int | None = None
        self._desk: PostingDesk | None = None
        self._stopped_by: type[UserError] | None = None
        self._was_balanced: set[int] = set()
        self.batch = QComboBox()
        named(self.batch, "checks.batch", "Batch")
        self.batch.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.log_mail = button("&Log mail…", "checks.log-mail", tip="Count and total of the mail (Ctrl+L)")
        self.strip = BatchStrip()
        self.empty = label(NO_BATCH, "heading", wrap=True)
        named(self.empty, "checks.empty", "No batch")
        self.entry = EntryForm(workplace)
        self.stop = ReasonPanel()
        self.account = AccountPanel(workplace.settings)
        self.list = BatchTable(workplace.settings)
        self.take_back = button("Ta&ke back…", "checks.take-back", tip="Correct a check by reversal (Ctrl+R or Delete)")
        self.returned = button("Returne&d…", "checks.returned", tip="A payment that came back from the bank (Ctrl+B)")
        self.pick = button("Post &it", "checks.pick", tip="Put a check that is to be posted into the form (Enter)")
        self.posting = Posting(workplace, self.entry)
        self._lay_out()
        self._connect()
        self._restored = False
        self._show_desk(PostingDesk((), None, (), 0))

    def _lay_out(self) -> None:
        # What was posted last stands beside the title, where there is room at every width.
        self.title_row.insertWidget(1, self.entry.said, 100)
        self.title_row.addWidget(label("Ba&tch", buddy=self.batch))
        self.title_row.addWidget(self.batch)
        self.title_row.addWidget(self.log_mail)
        below = QHBoxLayout()
        below.setSpacing(style.MEDIUM)
        right = QVBoxLayout()
        right.setSpacing(style.SMALL)
        under = QHBoxLayout()
        under.setSpacing(style.SMALL)
        under.addWidget(label("&Checks of the batch, the latest first", "quiet", buddy=self.list), 1)
        under.addWidget(self.pick)
        under.addWidget(self.take_back)
        under.addWidget(self.returned)
        right.addLayout(under)
        right.addWidget(self.list, 1)
        below.addWidget(self.account, 1)
        below.addLayout(right, 1)
        for part in (self.strip, self.empty, self.entry, self.stop):
            self.body.addWidget(part)
        self.body.addLayout(below, 1)
        order: list[QWidget] = [self.entry.post, self.stop.reason, self.stop.go, self.stop.back, self.entry.split]
        order += [self.entry.aside, self.entry.clear, self.entry.quick, self.account.invoices, self.pick, self.take_back]
        order.append(self.returned)
        order += [self.list, self.batch, self.log_mail, self.strip.figures]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.batch.activated.connect(self._choose_batch)
        self.log_mail.clicked.connect(self.open_log)
        self.strip.figures.clicked.connect(self.open_figures)
        form = self.entry
        form.wanted.connect(self.post)
        form.account_changed.connect(self._read_account)
        form.changed.connect(self._show_payment)
        form.number_left.connect(self._look_for_alike)
        form.split.clicked.connect(self.open_split)
        form.aside.clicked.connect(self.open_aside)
        form.clear.clicked.connect(self._clear)
        self.account.ticked.connect(lambda picked: form.keep(picked=picked))
        self.list.chosen.connect(self._open_line)
        self.list.unwanted.connect(self.open_take_back)
        self.list.current.connect(lambda _line: self._enable())
        self.pick.clicked.connect(lambda: self._open_line(self.list.current_row()))
        self.take_back.clicked.connect(lambda: self.open_take_back(self.list.current_row()))
        self.returned.clicked.connect(self.open_returned)
        self.stop.given.connect(self._post_anyway)
        self.stop.left.connect(self._back_to_check)
        self.posting.posted.connect(self._posted)
        self.posting.refused.connect(self._refused)
        self.posting.restored.connect(self._say_restored)
        self.workplace.date_changed.connect(lambda _on: self._choose_latest())
        self.shortcut("Ctrl+Return", self.post)
        self.shortcut("Ctrl+Enter", self.post)
        self.shortcut("Ctrl+L", self.open_log)
        self.shortcut("Ctrl+T", self.open_split)
        self.shortcut("Ctrl+H", self.open_aside)
        self.shortcut("Ctrl+B", self.open_returned)
        self.shortcut("Ctrl+R", lambda: self.open_take_back(self.list.current_row()))

    # What is shown

    def refresh(self) -> None:
        on, batch = self.workplace.on, self._wanted_batch
        self.entry.dated.today = on
        self.tasks.read(
            lambda session: checkdesk.posting_desk(session, on, batch, loose=batch == LOOSE),
            self._show_desk,
            owner=self,
            name="desk",
        )
        self._read_account()
        if not self._restored:
            self._restored = True
            self.posting.restore()

    def arrive(self, **where: Any) -> None:
        """`mail_check_id`: a logged or held check to be posted; `batch_id`: the batch to show."""
        if "batch_id" in where:
            self._wanted_batch = where["batch_id"]
            self.on_books_changed(None)
        if "mail_check_id" in where:
            self._pick_up(where["mail_check_id"])
        self.entry.begin()

    def has_work_in_hand(self) -> bool:
        self.posting.keep_now()
        return bool(self.posting.in_hand)

    def _show_desk(self, desk: PostingDesk) -> None:
        self._desk = desk
        with QSignalBlocker(self.batch):
            self.batch.clear()
            for batch in desk.batches:
                day = f"{batch.received_on:%b} {batch.received_on.day}"
                self.batch.addItem(f"{batch.id}  ·  {day}  ·  {batch.entered_count} of {batch.expected_count}", batch.id)
            if desk.loose:
                self.batch.addItem(f"In no batch ({desk.loose})", LOOSE)
            shown = desk.batch.id if desk.batch else LOOSE
            self.batch.setCurrentIndex(self.batch.findData(shown))
        self.batch.setEnabled(self.batch.count() > 0)
        self.strip.setVisible(desk.batch is not None)
        self.empty.setVisible(desk.batch is None and not desk.checks)
        self.list.show_checks(desk.checks)
        self._enable()
        if desk.batch is None:
            return
        is_other_day = desk.batch.received_on != self.workplace.on
        found = self.strip.show_batch(desk.batch, desk.checks, is_other_day=is_other_day)
        look_at = next((doubt.mail_check_id for doubt in found if doubt.mail_check_id is not None), None)
        if look_at is not None and not self.list.hasFocus():
            self.list.select_row(next(line for line in desk.checks if line.mail_check_id == look_at))
        self._say_balanced()

    def _say_balanced(self) -> None:
        batch = self._desk.batch if self._desk else None
        if batch is None or not batch.is_balanced or batch.unposted:
            if batch is not None:
                self._was_balanced.discard(batch.id)
        elif batch.id not in self._was_balanced:
            self._was_balanced.add(batch.id)
            checks = "check" if batch.entered_count == 1 else "checks"
            figures = f"{batch.entered_count} {checks}, {format_cents(batch.entered_cents)}"
            self.workplace.say(f"Batch {batch.id} is in balance: {figures}. F4 takes it to the bank.")

    def _enable(self) -> None:
        line = self.list.current_row()
        self.take_back.setEnabled(line is not None and line.state in ("posted", "logged", "held"))
        self.pick.setEnabled(line is not None and line.payment_id is None and line.state in ("logged", "held", "posted"))

    def _choose_batch(self, place: int) -> None:
        self._wanted_batch = self.batch.itemData(place)
        self.refresh()

    def _choose_latest(self) -> None:
        self._wanted_batch = None
        if self.isVisible():
            self.refresh()

    def _read_account(self) -> None:
        account, on = self.entry.account.account_id, self.workplace.on
        parts = self.entry.entry().parts
        if parts:
            self.account.show_parts(parts, (self.entry.cents() or 0) - sum(part.cents for part in parts))
        elif account is None:
            self.account.show_account(None)
        else:
            self.tasks.read(
                lambda session: checkdesk.desk_account(session, account, on), self._show_account, owner=self, name="account"
            )

    def _show_account(self, account: DeskAccount) -> None:
        if account.card.id == self.entry.account.account_id and not self.entry.entry().parts:
            self.account.show_account(account)
            self._show_payment()
            self._look_for_alike()

    def _show_payment(self) -> None:
        self.account.show_payment(self.entry.cents(), self.entry.entry().picked)

    def _look_for_alike(self) -> None:
        entry, cents = self.entry.entry(), self.entry.cents()
        if entry.account_id is None or not cents or not entry.number.strip() or entry.parts:
            self.account.warn("")
            return
        form = CheckForm(entry.account_id, cents, entry.number)
        self.tasks.read(
            lambda session: checks.find_duplicate(session, form),
            lambda earlier: self.account.warn(look_alike_words(earlier) if earlier and self.stop.isHidden() else ""),
            owner=self.account,
            name="alike",
        )

    # Posting

    def post(self) -> None:
        """Post the check in the form."""
        batch = self._desk.batch if self._desk else None
        if batch is None and self.entry.entry().mail_check_id is None:
            self.workplace.say("Log the mail first: how many checks came, and their total (Ctrl+L).", "warning")
            return
        self.stop.hide()
        self.attempt(lambda: self.posting.post(batch.id if batch else None))

    def _posted(self, entry: Entry) -> None:
        name = ", ".join(part.name for part in entry.parts) or entry.account
        self.entry.tell(f"✓ Posted: check {entry.number}, {entry.amount}, {name}", "good")
        QAccessible.updateAccessibility(QAccessibleEvent(self.entry.said, QAccessible.Event.Alert))

    def _refused(self, error: UserError) -> None:
        self._stopped_by = type(error)
        self.account.warn("")
        if isinstance(error, DuplicateCheck):
            example = "For example: their second check this month, both are here"
            self.stop.ask("Is this check posted already?", error.message, example)
        elif isinstance(error, LoggedDiffers):
            self.stop.ask("This is not what was logged", error.message, "For example: 94 was read as 49")
        elif error.field == "token":
            # The answer to an earlier try was lost, not the check.
            self.posting.clear()
            self.workplace.say("This check was posted already; it was not posted a second time.", "warning")
        else:
            self.workplace.refuse(error)
            point_at(self, self.key, error)

    def _post_anyway(self, reason: str) -> None:
        if self._stopped_by is LoggedDiffers:
            self.entry.keep(why_changed=reason)
        else:
            self.entry.keep(force=reason)
        self.post()

    def _back_to_check(self) -> None:
        self.stop.hide()
        self.entry.number.setFocus(Qt.FocusReason.TabFocusReason)

    def _clear(self) -> None:
        self.stop.hide()
        self.posting.clear()

    def _say_restored(self, count: int) -> None:
        what = "A check was" if count == 1 else f"{count} checks were"
        self.workplace.say(f"{what} typed here and not posted; it is as you left it.", "warning")

    # Picking up, splitting, correcting

    def _open_line(self, line: BatchCheck | None) -> None:
        if line is None:
            return
        if line.payment_id is None and line.state in ("logged", "held", "posted"):
            self._pick_up(line.mail_check_id)
        elif line.account_id is not None:
            self.workplace.open_account(line.account_id)

    def _pick_up(self, mail_check_id: int, why: str = "") -> None:
        self.tasks.read(
            lambda session: checkdesk.pick_up(session, mail_check_id),
            lambda found: self._put(found, why),
            owner=self,
            name="pick",
            otherwise=self.refuse,
        )

    def _put(self, found: PickedUp, why: str) -> None:
        self.posting.put(
            Entry(
                mail_check_id=found.mail_check_id,
                account_id=found.account_id,
                account=found.account_name or found.payer,
                amount=format_cents(found.cents),
                number=found.number,
                dated=format_day(found.dated),
                via_bank=found.via == "bank",
                payer=found.payer,
                why_changed=why,
                can_change=found.can_change,
            )
        )
        self.entry.tell(f"Check {found.number} of the mail log, to be posted")
        if found.batch_id is not None and self._wanted_batch != found.batch_id:
            self._wanted_batch = found.batch_id
            self.refresh()

    def open_log(self) -> None:
        """Log the mail: a new batch."""
        dialog = MailDialog(self.workplace, self)
        dialog.saved.connect(self._logged)
        dialog.open()

    def _logged(self, batch_id: int) -> None:
        self._wanted_batch = batch_id
        self.refresh()
        self.entry.begin()

    def open_figures(self) -> None:
        """Correct the control figures of the batch in hand."""
        if self._desk is not None and self._desk.batch is not None:
            MailDialog(self.workplace, self, self._desk.batch).open()

    def open_split(self) -> None:
        """Split the check in the form over several accounts."""

        def split() -> None:
            cents = self.entry.amount.required_cents("The check's whole amount")
            entry = self.entry.entry()
            dialog = SplitDialog(self.workplace, cents, entry.parts, self)
            dialog.parting.connect(self.entry.set_parts)
            dialog.finished.connect(lambda _code: self.entry.number.setFocus(Qt.FocusReason.TabFocusReason))
            dialog.open()

        self.attempt(split)

    def open_aside(self) -> None:
        """Hold the check in the form, or send it back to its sender."""
        entry, batch = self.entry, self._desk.batch if self._desk else None
        self.attempt(
            lambda: corrections.set_aside(
                self, form_of(entry.entry(), entry.written_on(), entry.amount.required_cents()), batch, self._clear
            )
        )

    def open_returned(self) -> None:
        """A payment came back from the bank: the one under the list's cursor, else one to be found."""
        from app.views.dialogs.returned_item import open_returned_item

        line = self.list.current_row() if self.list.hasFocus() else None
        open_returned_item(self.workplace, self, payment_id=None if line is None else line.payment_id)

    def open_take_back(self, line: BatchCheck | None) -> None:
        """Correct a check of the list by reversal, or say what becomes of one that is not posted."""
        if line is not None and self.take_back.isEnabled():
            in_batch = self._desk is not None and self._desk.batch is not None
            corrections.take_back(self, line, in_batch=in_batch, post_right=self._pick_up)
