"""Rehearsal (Shift+F9): a story played day by day, and played again with other policy values. The books stay untouched."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QTabWidget

from app import resources
from app.errors import UserError
from app.services import rehearsaldiary
from app.services.rehearsaldiary import Diary
from app.services.storyfile import Story, read_story
from app.views import style
from app.views.fields import button, label, named, set_role
from app.views.page import Page
from app.views.policy_grid import PolicyGrid
from app.views.rehearsal_parts import DiaryPart, DiffersPart
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.views.tasks import Run

EMPTY = (
    "A story tells what happens to accounts, day by day, and what must then be true. It is played in an office of its own, "
    "by the rules that bill your customers; nothing of it touches your books. Choose an example, or open a story of yours."
)

SET_A_VALUE = "Set another value first; then what differs is shown."


class RehearsalPage(Page):
    """Choose a story, play it, look at its days; set other values and play it again."""

    key = "rehearsal"
    title = "Rehearsal"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.story: Story | None = None
        self.first: Diary | None = None
        self._run: Run | None = None
        self.stories = QComboBox()
        named(self.stories, "rehearsal.story", "Story")
        for path in sorted(resources.path("stories").glob("*.toml")):
            self._offer(path)
        self.stories.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.stories.setMinimumContentsLength(36)
        self.open_button = button("&Open a story…", "rehearsal.open", tip="A story of yours, a .toml file (Ctrl+O)")
        self.play_button = button("&Play", "rehearsal.play", primary=True, tip="With the values that it names (Ctrl+Enter)")
        self.again_button = button("Play a&gain", "rehearsal.again", tip="With other values, to see what differs (Ctrl+G)")
        self.stop_button = button("Stop", "rehearsal.stop")
        self.stop_button.hide()
        self.progress = QProgressBar()
        named(self.progress, "rehearsal.progress", "How far the story is")
        self.progress.hide()
        self.words = label(EMPTY, wrap=True)
        named(self.words, "rehearsal.words", "How the story went")
        self.diary = DiaryPart(workplace)
        self.values = PolicyGrid(workplace, "rehearsal")
        self.differs = DiffersPart(workplace)
        self.tabs = QTabWidget()
        named(self.tabs, "rehearsal.tabs", "Diary, values, what differs")
        self.tabs.setDocumentMode(True)
        for part, title in ((self.diary, "&Diary"), (self.values, "Policy val&ues"), (self.differs, "What di&ffers")):
            self.tabs.addTab(part, title)
        self._lay_out()
        self._connect()
        self._enable()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("Sto&ry", buddy=self.stories))
        row.addWidget(self.stories, 1)
        for part in (self.open_button, self.play_button, self.again_button, self.stop_button):
            row.addWidget(part)
        self.body.addLayout(row)
        self.body.addWidget(self.words)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.tabs, 1)
        self.setFocusProxy(self.stories)

    def _connect(self) -> None:
        self.open_button.clicked.connect(self.choose_file)
        self.play_button.clicked.connect(self.play)
        self.again_button.clicked.connect(self.play_again)
        self.stop_button.clicked.connect(self.stop)
        self.values.changed.connect(self._value_set)
        self.stories.activated.connect(lambda _place: self.play())
        self.shortcut("Ctrl+O", self.choose_file)
        self.shortcut("Ctrl+Return", self.play)
        self.shortcut("Ctrl+G", self.play_again)
        for place in range(self.tabs.count()):
            self.shortcut(f"Ctrl+{place + 1}", partial(self.tabs.setCurrentIndex, place))

    def arrive(self, *, story: str = "", **_where: Any) -> None:
        """Play the story in a file."""
        if story:
            self.open_story(Path(story))

    def on_books_changed(self, accounts: frozenset[int] | None) -> None:
        """The office's books have nothing to do with it."""

    # Which story

    def _offer(self, path: Path) -> None:
        if self.stories.findData(str(path)) < 0:
            self.stories.addItem(path.stem.replace("-", " ").capitalize(), str(path))

    def choose_file(self) -> None:
        """Ask for a story's file and play it."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a story", "", "Stories (*.toml)")
        if chosen:
            self.open_story(Path(chosen))

    def open_story(self, path: Path) -> None:
        """Play a story of a file, and remember it in the list while the program runs."""
        self._offer(path)
        self.stories.setCurrentIndex(self.stories.findData(str(path)))
        self.play()

    def _value_set(self) -> None:
        """What was asked for was done, or set right: its words would mislead from now on."""
        if self.values.typed():
            self.workplace.unsay(SET_A_VALUE)
        self._enable()

    # Playing

    def play(self) -> None:
        """Play the chosen story with the values that it names."""
        path = self.stories.currentData()
        if path is None or self._run is not None:
            return
        self.first = None
        self.differs.forget()
        self._start(Path(path), {})

    def play_again(self) -> None:
        """Play the story once more with the values set, and show what differs."""
        typed = self.values.typed()
        if self.story is None or self.first is None or self._run is not None:
            return
        if not typed:
            self.tabs.setCurrentIndex(1)
            self.refuse(UserError(SET_A_VALUE, field="value"))
            return
        self._start(self.story.path, typed)

    def _start(self, path: Path, typed: dict[tuple[str, ...], str]) -> None:
        def work(_books: object, progress: Any, cancelled: Any) -> tuple[Story, Diary]:
            story = read_story(path)
            return story, rehearsaldiary.play_diary(story, typed, progress, cancelled)

        self.stories.hidePopup()  # it would stand there without hearing a key while the story plays
        self._run = run = self.tasks.run(
            "Rehearsal", work, lambda made: self._show(*made), owner=self, writes=False, otherwise=self._refused
        )
        run.progressed.connect(self._progressed)
        run.finished.connect(self._ended)
        self.words.setText("The story is being played…")
        set_role(self.words, "")
        self._enable()

    def stop(self) -> None:
        """Ask the story that is being played to stop."""
        if self._run is not None:
            self._run.cancel()

    def _progressed(self, done: int, of: int) -> None:
        self.progress.setRange(0, max(of, 1))
        self.progress.setValue(done)

    def _ended(self) -> None:
        was_stopped = self._run is not None and self._run.is_cancelled()
        self._run = None
        if was_stopped:
            self.words.setText("Stopped. Press Play to play the story from its beginning.")
        self._enable()

    def _refused(self, error: UserError) -> None:
        """Said above the diary until the next play; another story's days do not stay below it."""
        self.words.setText(f"Not played: {error.message}")
        set_role(self.words, "bad")
        if self.first is None:
            self.story = None
            self.diary.forget()
            self.values.table.show_rows([])
            self.tabs.setCurrentIndex(0)
            self.stories.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.tabs.setCurrentIndex(1)
            self.values.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, story: Story, diary: Diary) -> None:
        self.story = story
        failed = bool(diary.failures)
        self.words.setText(rehearsaldiary.summary(diary))
        set_role(self.words, "bad" if failed else "good" if diary.expected else "")
        self.diary.show_diary(diary)
        if self.first is None:
            self.first = diary
            if not self._is_same_policy(diary):
                self.values.table.show_rows([])
            self.values.show_values(diary.values)
            self.tabs.setCurrentIndex(0)
            self.diary.lines.selectRow(0)
            self.diary.first_failure()
            self.diary.lines.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.differs.show_differences(
                rehearsaldiary.changed_in_words(self.first, diary),
                rehearsaldiary.differences(self.first, diary),
                rehearsaldiary.balance_differences(self.first, diary),
            )
            self.tabs.setCurrentIndex(2)
            self.differs.lines.setFocus(Qt.FocusReason.OtherFocusReason)
        self._enable()

    def _is_same_policy(self, diary: Diary) -> bool:
        return {row.value.key for row in self.values.table.rows_model.rows} == {value.key for value in diary.values}

    def _enable(self) -> None:
        plays = self._run is not None
        for part in (self.stories, self.open_button, self.play_button):
            part.setEnabled(not plays)
        self.again_button.setEnabled(not plays and self.first is not None)
        self.stop_button.setVisible(plays)
        self.progress.setVisible(plays)
