"""An input that asks for an account and finds it as you type: number, name, phone, street or invoice number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.views.fields import mark_wrong, named
from app.views.hit_list import HitList
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.search import Hit

SHOWN = 8
SHORT_HINT = "Account or name"


class AccountEdit(QLineEdit):
    """Typing shows what fits; Enter or Tab takes the one marked, the arrows mark another.

    Digits that several accounts hold and that are nobody's whole number name no account: they stay a list, from
    which an arrow or the mouse chooses (BOTH-7).

    `picked(account_id)` when one is taken, `cleared()` when what was picked is typed over. While an answer is
    on its way Enter waits for it, so that fast hands never take what an earlier letter found: `waiting()` says
    so, for a form that lets them type on; then comes `picked`, or `missed()` when nothing was found.
    """

    picked = Signal(int)
    cleared = Signal()
    waiting = Signal()
    missed = Signal()

    def __init__(self, workplace: Workplace, object_name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        self.workplace = workplace
        self._hint = ""
        self.hint("Account, name, phone, street or invoice")
        self.account_id: int | None = None
        self._asked = ""
        self._answered = ""
        self._take_when_answered = False
        self._is_pointed_at = False
        self._refused = ""
        self._popup = QFrame(self, Qt.WindowType.ToolTip)
        self._popup.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._popup.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.hits = HitList(f"{object_name}-found", f"{accessible}: found", self._popup)
        box = QVBoxLayout(self._popup)
        box.setContentsMargins(1, 1, 1, 1)
        box.addWidget(self.hits)
        self.hits.clicked.connect(lambda _index: self._take_clicked())
        self.textEdited.connect(self._typed)

    def hint(self, words: str) -> None:
        """What stands in the empty input; where there is no room for it, two words."""
        self._hint = words
        room = self.width() - self.fontMetrics().height()
        fits = not self.isVisible() or self.fontMetrics().horizontalAdvance(words) < room
        self.setPlaceholderText(words if fits else SHORT_HINT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.hint(self._hint)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.hint(self._hint)

    def set_account(self, account_id: int | None, shown: str = "") -> None:
        """Show an account that is known already, or nothing."""
        self.account_id = account_id
        self._take_when_answered = False
        # A text without its account has not been asked about: Enter must not take what an earlier text found.
        self._asked = self._answered = "" if account_id is None else shown
        self.setText(shown)
        mark_wrong(self, wrong=False)
        self._popup.hide()

    def required_account(self) -> int:
        """The account's id. Raises UserError when none has been picked."""
        if self.account_id is None:
            mark_wrong(self, wrong=True)
            raise UserError("Which account is it for? Type its number, name, phone or street.", field=self.objectName())
        return self.account_id

    @property
    def is_waiting(self) -> bool:
        """Whether Enter was pressed and the answer is still on its way."""
        return self._take_when_answered

    @property
    def is_open(self) -> bool:
        """Whether the list of what was found is shown."""
        return self._popup.isVisible()

    def event(self, event: QEvent) -> bool:
        # Tab takes the marked account before Qt moves on to the next input.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Tab and self.account_id is None and self.text().strip():
                self._take()
                return True
            if event.key() == Qt.Key.Key_Escape and self.is_open:
                self._popup.hide()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: SHOWN, Qt.Key.Key_PageUp: -SHOWN}
        if event.key() in steps and self.is_open:
            self.hits.step(steps[Qt.Key(event.key())])
            self._is_pointed_at = True
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.account_id is None and self.text().strip():
            self._take()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._popup.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Hide, QEvent.Type.WindowDeactivate):
            self._popup.hide()
        return super().eventFilter(watched, event)

    def _typed(self, text: str) -> None:
        mark_wrong(self, wrong=False)
        if self.account_id is not None:
            self.account_id = None
            self.cleared.emit()
        self._take_when_answered = self._is_pointed_at = False
        self._ask(text)

    def _ask(self, text: str) -> None:
        self._asked = text
        if not text.strip():
            self._answered = text
            self._popup.hide()
            return
        from app.services import search

        self.workplace.tasks.read(
            lambda session: (text, search.find_accounts(session, text, 30)), self._answer, owner=self, name="find"
        )

    def _answer(self, answer: tuple[str, list[Hit]]) -> None:
        text, hits = answer
        if text != self._asked:
            return
        self._answered = text
        self.hits.show_hits(hits)
        if self._take_when_answered:
            self._take_when_answered = False
            self._take_marked()
        elif hits and self.hasFocus():
            self._show_popup(len(hits))
        else:
            self._popup.hide()

    def _show_popup(self, count: int) -> None:
        self.window().installEventFilter(self)
        height = self.hits.sizeHintForRow(0) * min(count, SHOWN) + 4
        self._popup.setFixedSize(max(self.width(), 420), height)
        self._popup.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self._popup.show()

    def _take(self) -> None:
        if self._answered == self._asked == self.text():
            self._take_marked()
            return
        self._take_when_answered = True
        if self._asked != self.text():
            self._ask(self.text())
        self.waiting.emit()

    def _take_clicked(self) -> None:
        self._is_pointed_at = True
        self._take_marked()

    def _is_doubtful(self, hit: Hit) -> bool:
        """Whether digits alone were found in several accounts and are no whole number of an account or invoice."""
        is_one = len(self.hits.hit_model.hits) == 1 or hit.by == f"invoice {self.text().strip()}"
        return bool(hit.by) and not is_one and not self._is_pointed_at

    def _take_marked(self) -> None:
        hit = self.hits.current_hit()
        if hit is None or not self.hits.hit_model.hits:
            mark_wrong(self, wrong=True)
            self._refuse(
                UserError(
                    f"No account is found by “{self.text().strip()}”; try a part of the name, the phone or the street."
                )
            )
            self.missed.emit()
            return
        if self._is_doubtful(hit):
            mark_wrong(self, wrong=True)
            self._refuse(
                UserError(
                    f"“{self.text().strip()}” is no whole account number and is found in several accounts; "
                    "choose one with the arrows, or type on."
                )
            )
            self.missed.emit()
            self._show_popup(len(self.hits.hit_model.hits))
            return
        self._popup.hide()
        self.set_account(hit.id, hit.title)
        # Only what was said of this input: another one may have been refused while the account was looked for.
        self.workplace.unsay(self._refused)
        self.picked.emit(hit.id)

    def _refuse(self, error: UserError) -> None:
        self._refused = error.message
        self.workplace.refuse(error)
