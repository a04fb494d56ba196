"""What lies between a typed check and the books: one at a time, posted once, kept through a crash."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QObject, QTimer, Signal

from app.errors import UserError
from app.services import checkdesk, checkentry
from app.services.checks import CheckForm
from app.views.checks_draft import Draft, Entry
from app.views.checks_entry import EntryForm
from app.views.workplace import Workplace

KEEP_AFTER_MS = 150


class Posting(QObject):
    """Hands the form's check to the books and clears the form at once, so that the next can be typed.

    `posted(Entry)`: it is in the books. `refused(UserError)`: it is back in the form; what had been typed in
    the meantime waits and comes back after it. `restored(count)`: so many came back after the program ended.
    """

    posted = Signal(object)
    refused = Signal(object)
    restored = Signal(int)

    def __init__(self, workplace: Workplace, form: EntryForm) -> None:
        super().__init__(form)
        self.workplace = workplace
        self.form = form
        self._under_way: Entry | None = None
        self._waiting: list[Entry] = []
        self._again = False
        self._target: int | None = None
        self._draft: Draft | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KEEP_AFTER_MS)
        self._timer.timeout.connect(self.keep_now)
        form.changed.connect(self._keep_soon)
        form.account_changed.connect(self._go_on)
        form.account.missed.connect(self._forget_again)

    @property
    def in_hand(self) -> list[Entry]:
        """The checks typed and not known to be posted, in the order in which they are to be finished."""
        typed = [*([] if self._under_way is None else [self._under_way]), self.form.entry(), *self._waiting]
        return [entry for entry in typed if not entry.is_empty]

    def post(self, batch_id: int | None) -> None:
        """Post what the form holds; waits for the answer before, or for the account to be found.

        Raises UserError for an input that is not fit to be posted.
        """
        if self._under_way is not None or self.form.account.is_waiting:
            if not self.form.entry().is_empty:
                self.form.checked()
                self._again = True
                self._target = batch_id
            return
        if self.form.entry().is_empty:
            raise UserError("Type an account to begin with: its number, name, phone or street.", field="checks.account")
        entry = self.form.checked()
        form = form_of(entry, self.form.written_on(), self.form.amount.required_cents())
        parts = [(part.account_id, part.cents) for part in entry.parts]
        accounts = [account for account, _ in parts] or [form.account_id]
        desk = self.workplace.desk()
        self._target = batch_id
        self._under_way = entry
        self.form.show_entry(Entry())
        self.form.begin()
        self.workplace.tasks.write(
            lambda session: checkentry.post_entry(
                session, desk, form, batch_id=batch_id, parts=parts, why_changed=entry.why_changed
            ),
            lambda _ids: self._done(entry),
            owner=self,
            accounts=accounts,
            otherwise=self._refuse,
        )

    def _forget_again(self) -> None:
        self._again = False

    def clear(self) -> None:
        """Take away what the form holds; a check that waited comes back into it."""
        self._again = False
        self.form.show_entry(self._waiting.pop(0) if self._waiting else Entry())
        self.form.begin()
        self.keep_now()

    def put(self, entry: Entry) -> None:
        """Put a check into the form; another one that is being typed there waits."""
        typed = self.form.entry()
        if not typed.is_empty and typed.mail_check_id != entry.mail_check_id:
            self._waiting.insert(0, typed)
        self.form.show_entry(entry)
        self.form.begin()

    def _done(self, entry: Entry) -> None:
        self._under_way = None
        if self._waiting and self.form.entry().is_empty:
            self.form.show_entry(self._waiting.pop(0))
        self.keep_now()
        self.posted.emit(entry)
        self._go_on()

    def _refuse(self, error: UserError) -> None:
        entry, self._under_way, self._again = self._under_way, None, False
        assert entry is not None
        typed = self.form.entry()
        if not typed.is_empty:
            self._waiting.insert(0, typed)
        self.form.show_entry(entry)
        self.refused.emit(error)

    def _go_on(self) -> None:
        """Post what was asked for while something else was under way."""
        if not self._again or self._under_way is not None or self.form.account.is_waiting:
            return
        self._again = False
        try:
            self.post(self._target)
        except UserError as error:
            self.refused.emit(error)

    # What is kept through a crash

    def restore(self) -> None:
        """Bring back what was typed and not posted when the program ended."""
        if self.workplace.office_path is None:
            return
        person = self.workplace.person
        self._draft = Draft(
            self.workplace.settings.folder, self.workplace.office_path, None if person is None else person.id
        )
        entries = self._draft.load()
        if entries:
            self.workplace.tasks.read(
                lambda session: [entry for entry in entries if not checkdesk.was_posted(session, entry.token)],
                self._bring_back,
                owner=self,
            )

    def _bring_back(self, entries: list[Entry]) -> None:
        if entries:
            self.put(entries[0])
            self._waiting += entries[1:]
            self.restored.emit(len(entries))
        self.keep_now()

    def _keep_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def keep_now(self) -> None:
        """Write the file of what is in hand."""
        self._timer.stop()
        if self._draft is not None:
            self._draft.save(self.in_hand)


def form_of(entry: Entry, written_on: date | None, cents: int) -> CheckForm:
    """A typed check as the services take it; a name typed without an account is the payer's."""
    parts = entry.parts
    return CheckForm(
        account_id=parts[0].account_id if parts else entry.account_id or 0,
        cents=cents,
        number=entry.number.strip(),
        dated=written_on,
        via="bank" if entry.via_bank else "customer",
        payer=entry.payer or (entry.account.strip() if entry.account_id is None else ""),
        apply_to=entry.picked,
        force=entry.force,
        mail_check_id=entry.mail_check_id,
        token=entry.token,
    )
