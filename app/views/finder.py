"""Ctrl+K: find anything as you type, and go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from app.views import style
from app.views.fields import label, named
from app.views.hit_list import HitList
from app.views.placing import hand_keys_back
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.search import Hit

EMPTY = "Type a name, number, phone, street, e-mail, payer, invoice, check or refund check, amount (77.34) or a command."


# Left out of what is looked for in commands, as nobody means them: close the day, back up the office.
_SMALL_WORDS = frozenset(("a", "an", "the", "of", "to", "for", "my", "our", "and"))
MOST_COMMANDS = 4
FIRST_ACCOUNTS = 3


class Command(NamedTuple):
    """Something that can be done from anywhere; `keys`: its shortcut, or where it is; `words`: what else people call it."""

    title: str
    keys: str
    act: Callable[[], object]
    words: str = ""


class Finder(QDialog):
    """The input, and what it finds. Enter goes to the marked one; Escape closes and changes nothing."""

    def __init__(self, workplace: Workplace, commands: Sequence[Command], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.workplace = workplace
        self._commands = commands
        named(self, "find.dialog", "Find anything")
        self.setWindowTitle("Find anything")
        self.input = QLineEdit()
        named(self.input, "find.input", "Find anything")
        self.input.setPlaceholderText("Find anything")
        self.hits = HitList("find.hits", "Found")
        self.hint = label(EMPTY, "quiet", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        box.setSpacing(style.SMALL)
        box.addWidget(self.input)
        box.addWidget(self.hint)
        box.addWidget(self.hits, 1)
        self.input.textChanged.connect(self._typed)
        self.hits.clicked.connect(lambda _index: self._go())
        self._answered = ""
        self._go_when_answered = False
        hand_keys_back(self)

    def offer(self, commands: Sequence[Command]) -> None:
        """Offer these commands instead."""
        self._commands = commands

    def open_over(self, window: QWidget) -> None:
        """Show it at the top of the window, ready to type."""
        width = min(680, window.width() - 80)
        self.resize(width, min(520, window.height() - 120))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 60)
        self.input.clear()
        self._typed("")
        self.show()
        self.activateWindow()
        self.input.setFocus()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hide()  # a click beside it; it would lie over the page that was clicked
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if event.key() in steps:
            self.hits.step(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._answered == self.input.text():
                self._go()
            else:
                self._go_when_answered = True
        else:
            super().keyPressEvent(event)

    def _typed(self, text: str) -> None:
        self._go_when_answered = False
        if not text.strip():
            self._answer((text, []))
            return
        commands = self._commands_for(text)[0]
        from app.services import search

        def work(session: object) -> tuple[str, list[Hit]]:
            return text, search.find(session, text, 50)  # type: ignore[arg-type]

        if self.workplace.tasks.books is None:
            self._answer((text, []))
            return
        if commands and not self.hits.hit_model.hits:
            self.hits.show_hits(commands)
        self.workplace.tasks.read(work, self._answer, owner=self, name="find")

    def _commands_for(self, text: str) -> tuple[list[Hit], list[Hit]]:
        """The commands with words that begin so: by their titles, and by what else they are called.

        All of them when nothing is typed.
        """
        typed = text.casefold().replace("-", " ").split()
        words = [word for word in typed if word not in _SMALL_WORDS] or typed
        by_title: list[Hit] = []
        by_words: list[Hit] = []
        for number, command in enumerate(self._commands):
            title, others = (f" {said.casefold()}".replace("-", " ") for said in (command.title, command.words))
            if all(f" {word}" in title for word in words):
                by_title.append(self._command_hit(number))
            elif all(f" {word}" in title + others for word in words):
                by_words.append(self._command_hit(number))
        if typed:
            by_title = by_title[:MOST_COMMANDS]
        return by_title, by_words[: MOST_COMMANDS - len(by_title)]

    def _command_hit(self, number: int) -> Hit:
        from app.services.search import Hit

        return Hit("command", number, None, self._commands[number].title, self._commands[number].keys)

    def _answer(self, answer: tuple[str, list[Hit]]) -> None:
        text, found = answer
        if text != self.input.text():
            return
        self._answered = text
        by_title, by_words = self._commands_for(text)
        # Somebody may be called Banks or Price: who was found so is not pushed out of sight by a command's further words.
        first = FIRST_ACCOUNTS if found and found[0].kind == "account" else 0
        hits = [*by_title, *found[:first], *by_words, *found[first:]]
        self.hits.show_hits(hits)
        self.hint.setText(EMPTY if not text.strip() else "" if hits else f"Nothing is found by “{text.strip()}”.")
        self.hint.setVisible(bool(self.hint.text()))
        if self._go_when_answered:
            self._go_when_answered = False
            self._go()

    def _go(self) -> None:
        hit = self.hits.current_hit()
        if hit is None:
            return
        self.accept()
        if hit.kind == "command":
            self._commands[hit.id].act()
        elif hit.kind == "refund check":
            self.workplace.go("refunds", number=hit.id)
        elif hit.account_id is not None:
            self.workplace.go("account", account_id=hit.account_id, kind=hit.kind, document=hit.id)
        else:  # a check of the mail that is on no account yet
            self.workplace.go("checks", mail_check_id=hit.id)
