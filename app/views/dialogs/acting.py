"""What the dialogs of an account share: the account's figures on top, and what is about to happen below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import meanwhile, outlook
from app.services.choices import Choices, choices
from app.services.meanwhile import ChangedMeanwhile, Meanwhile
from app.services.outlook import Deed, Outlook, OutlookLine
from app.views import style
from app.views.dialogs.acting_inputs import NO_REASON_YET, ActionForm
from app.views.dialogs.outcome import Fields, OutcomeCard
from app.views.fields import DayEdit, format_day, label, mark_wrong, named, spoken_day, told_dates
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

Result = TypeVar("Result")
CHARACTERS_WIDE = 90


class ActionDialog(ActionForm):
    """Base of the dialogs that change an account.

    A dialog makes its inputs in `__init__`, fills them in `fill`, and says in `deed` what its inputs ask of the
    services. The same deed is tried and taken back to show what will happen, and done when the action is pressed.
    """

    hint = "What will happen is shown here before it is done."
    # Whether it may write over what somebody else changed after it was opened; a note, say, stands beside everything.
    writes_over = True

    def __init__(
        self,
        workplace: Workplace,
        account_id: int | None,
        key: str,
        title: str,
        action: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(workplace, key, title, action, parent)
        self.account_id = account_id
        self.choices: Choices | None = None
        self._is_filling = False
        self._is_out = False
        self._is_stale = False
        self._was_typed = False
        self._was_fitted = False
        self._seen = 0  # the last action about the account that the person has seen
        self.others = label("", "warning", wrap=True)
        named(self.others, f"{key}.others", "What somebody else changed meanwhile")
        self.others.hide()
        self.tasks.books_changed.connect(self._books_changed)
        self.heading = label(title, "heading")
        self.subject = label(f"Dated {spoken_day(workplace.on)}.", "quiet", wrap=True)
        named(self.subject, f"{key}.subject", "Account")
        self.outcome = OutcomeCard(f"{key}.outcome")
        self.outcome.show_text(self.hint)
        self._put_form_into_scroll_area()
        self.set_width(CHARACTERS_WIDE)
        submit = QShortcut(QKeySequence("Ctrl+Return"), self)
        submit.activated.connect(self.press)

    def set_width(self, characters: int) -> None:
        """Make it as wide as so many characters of its font, as far as the screen goes."""
        self._wide = min(characters * self.fontMetrics().averageCharWidth(), self.room().width())

    def _put_form_into_scroll_area(self) -> None:
        self.body.removeItem(self.form)
        inside = QWidget()
        self.inside = QVBoxLayout(inside)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(style.MEDIUM)
        self.inside.addLayout(self.form)
        self.fields = Fields(inside)
        for widget in (self.heading, self.subject):
            self.body.addWidget(widget)
        self.body.addWidget(self.fields, 1)
        self.body.addWidget(self.others)
        self.body.addWidget(self.outcome)

    # What a dialog says about itself

    def fill(self, known: Choices) -> None:
        """Put what is on file into the inputs; called once, when it was read."""

    def look_again(self, known: Choices) -> None:
        """Somebody else changed the account: show what is on file now where nothing was typed. What was typed stays."""

    def deed(self) -> Deed:
        """What the inputs ask for. Raises UserError for an input that cannot be used."""
        raise NotImplementedError

    def said(self, result: Any) -> str:
        """What the person is told when it was done."""
        return f"{self.windowTitle()}: done."

    def counts_from(self) -> DayEdit | None:
        """The input for the day from which it counts, where that may be a later one (BOTH-10)."""
        return None

    def outlook_day(self) -> date:
        """The business date on which the deed is tried: a later day if that is when it will be carried out."""
        edit = self.counts_from()
        day = None if edit is None else edit.day()
        return self.workplace.on if day is None else max(day, self.workplace.on)

    def describe(self, seen: Outlook) -> None:
        """Show what the deed would do; called with what it did before it was taken back."""
        lines = [(line_in_words(line), line.cents) for line in seen.lines]
        said = outlook.sentences(seen)
        day = self.outlook_day()
        if day > self.workplace.on:
            wait = (
                f"It waits until {day:%m/%d/%Y} and can be taken back until then. As things stand, this happens on that day:"
            )
            said.insert(0, wait)
        self.outcome.show_lines(lines, " ".join(said))

    # From opening to done

    def start(self) -> QDialog:
        """Open without waiting, read what is on file, and give the dialog back."""
        self.open()
        if self.account_id is None:
            self.look_ahead()
        else:
            account_id, on = self.account_id, self.workplace.on
            self.tasks.read(lambda session: choices(session, account_id, on), self._fill, owner=self, otherwise=self.refuse)
        return self

    def _fill(self, known: Choices) -> None:
        self._know(known)
        self._is_filling = True
        self.fill(known)
        self._is_filling = False
        self.look_ahead()

    def _know(self, known: Choices) -> None:
        self.choices, self._seen = known, known.last_action
        account = known.card
        self.subject.setText(
            f"{account.name} · account {account.number} · balance {format_cents(account.balance_cents)} · "
            f"dated {format_day(self.workplace.on)}"
        )

    # Somebody else at work on the same account

    def _books_changed(self, accounts: frozenset[int] | None) -> None:
        """Say in a quiet line that the account was changed; nothing that is typed is touched."""
        account_id, seen = self.account_id, self._seen
        if account_id is None or self.choices is None or not self.writes_over or not self.isVisible():
            return
        if accounts is None or account_id in accounts:
            self.tasks.read(
                lambda session: meanwhile.since(session, account_id, seen),
                self._tell_of_others,
                owner=self,
                name="others",
                otherwise=lambda _error: None,
            )

    def _tell_of_others(self, found: Meanwhile | None) -> None:
        self.others.setText("" if found is None else found.short)
        self.others.setVisible(found is not None)
        self.fit()

    def _look_again(self, error: ChangedMeanwhile) -> None:
        """What the person looks at from now on is what is on file now; saving waits until that has been read."""
        account_id, on = self.account_id, self.workplace.on
        assert account_id is not None
        self.action.setEnabled(False)

        def came(known: Choices) -> None:
            self._know(known)
            # Only what was told of has been seen.
            self._seen = error.found.upto
            self._is_filling = True
            self.look_again(known)
            self._is_filling = False
            self.action.setEnabled(True)
            self.others.hide()
            self.look_ahead()

        self.tasks.read(lambda session: choices(session, account_id, on), came, owner=self, otherwise=super().refuse)

    def save(
        self,
        work: Callable[[Session], Result],
        said: Callable[[Result], str] | str,
        accounts: Iterable[int] | None = None,
    ) -> None:
        """As every form, unless somebody else changed the account since it was opened: nothing is written over unseen."""
        account_id, seen = self.account_id, self._seen

        def unless_changed(session: Session) -> Result:
            if account_id is not None and self.choices is not None and self.writes_over:
                meanwhile.refuse_unseen(session, account_id, seen)
            return work(session)

        super().save(unless_changed, said, accounts)

    def look_ahead(self) -> None:
        """Try what stands in the inputs, take it back, and show what it would do."""
        if self._is_filling or (self.account_id is not None and self.choices is None):
            return
        if self._is_out:
            self._is_stale = True  # one trial at a time: fast typing must not keep every worker busy
            return
        marked = [(edit, bool(edit.property("wrong"))) for edit in self.findChildren(QLineEdit)]
        self._is_trying = True
        try:
            deed = self.deed()
            self.outlook_day()
        except UserError as missing:
            self.outcome.show_text(self.hint_for(missing))
            self.fit()
            return
        finally:
            self._is_trying = False
            for edit, wrong in marked:
                mark_wrong(edit, wrong=wrong)
        books, desk, day = self.tasks.books, self.workplace.desk(), self.outlook_day()
        if books is None:
            return
        if day > desk.on:
            desk = replace(desk, on=day, today=max(day, desk.today))
        account_id = self.account_id
        self._is_out = True
        self.tasks.compute(
            lambda: outlook.look_ahead(books, desk, account_id, deed),
            lambda seen: self._came_back(lambda: self.describe(seen)),
            owner=self,
            otherwise=lambda error: self._came_back(lambda: self._would_be_refused(error)),
        )

    def _came_back(self, show: Callable[[], None]) -> None:
        self._is_out = False
        if self._is_stale:
            self._is_stale = False
            self.look_ahead()
            return
        show()
        self.fit()

    def _would_be_refused(self, error: UserError) -> None:
        words = told_dates(error.message)
        if self.refusal.isVisible() and self.refusal.text() == words:
            self.outcome.show_text(self.hint)
            return
        self.outcome.show_text(words, "warning")

    def hint_for(self, missing: UserError) -> str:
        """What the card says while an input is missing."""
        return self.hint

    def submit(self) -> None:
        deed, desk = self.deed(), self.workplace.desk(self.token)
        accounts = None if self.account_id is None else [self.account_id]
        self.save(lambda session: deed(session, desk), self.said, accounts)

    def refuse(self, error: UserError) -> None:
        super().refuse(error)
        if isinstance(error, ChangedMeanwhile):
            self._look_again(error)
        elif self.outcome.said.text() == self.refusal.text():
            # Looking ahead found the same: it is said once, where the action was refused.
            self.outcome.show_text(self.hint)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._was_typed and self.action.isEnabled():
            # Escape never loses work: the first one asks.
            self._was_typed = False
            super().refuse(UserError("What you typed is not saved. Press Escape once more to leave it."))
            self.fit()
            return
        super().keyPressEvent(event)

    def _typed(self) -> None:
        if not self._is_filling:
            self._was_typed = True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # It may have been put aside while somebody else worked at this PC.
        self._books_changed(None)
        self.fit()

    def fit(self) -> None:
        """Make the dialog as tall as what it shows, once that has been laid out; tell the action what it would do."""
        self.action.setAccessibleDescription(self.outcome.accessibleDescription())
        QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        for form in self.findChildren(Fields):
            form.updateGeometry()
        layout.activate()
        least = layout.minimumSize()
        width = max(self._wide, least.width()) if not self._was_fitted else max(self.width(), least.width())
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self.resize(width, min(max(wanted, least.height()), self.room().height()))
        self._was_fitted = True


def line_in_words(line: OutlookLine) -> str:
    """What a line is for, with its arithmetic."""
    why = line.why.replace(NO_REASON_YET, "").strip(" :")
    return told_dates(f"{line.description} · {why}" if why else line.description)


def clear_and_add(box: QComboBox, items: Sequence[tuple[str, Any]], pick: Callable[[Any], bool] | None = None) -> None:
    """Other choices in a list; the first one that `pick` likes is chosen."""
    box.clear()
    for words, value in items:
        box.addItem(words, value)
    if pick is not None:
        for index, (_words, value) in enumerate(items):
            if pick(value):
                box.setCurrentIndex(index)
                break
