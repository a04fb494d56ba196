"""The one place where work leaves the window's thread: reading, writing, and long runs that can be stopped.

A window hands over a function and says what to do with its result. The function runs in a worker and the
result comes back in the window's thread; a window that is gone by then gets nothing.

Qt objects may only be destroyed in the window's thread. So a worker never holds the last reference to a
window (jobs stay in a table of that thread), and Python's collector of cycles runs only there.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.errors import Cancelled, UserError

if TYPE_CHECKING:
    from app.services.books import Books, Session

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
LongWork = Callable[["Books", Progress, Callable[[], bool]], Result]
WORKERS = 3
COLLECT_MS = 200
COLLECT_AFTER_MS = 5_000  # what is made while starting stays: no garbage is looked for before the first page is there
LOOK_MS = 1_000  # how often it is asked what other PCs changed
COLLECT_FROM = 50_000  # new objects


@dataclass(eq=False)
class _Job:
    """Work under way; `result` or `error` is set in the worker, the callables belong to the window."""

    owner: QObject
    then: Callable[[Any], None]
    otherwise: Callable[[UserError], None] | None
    name: str = ""
    number: int = 0
    changed: frozenset[int] | None = frozenset()
    announces: bool = False
    work: Callable[[], Any] | None = None
    handle: Run | None = None
    result: Any = None
    error: BaseException | None = None


class Run(QObject):
    """A long run: `progressed(done, of)` and `finished()` in the window's thread; `cancel` asks it to stop."""

    progressed = Signal(int, int)
    finished = Signal()

    def __init__(self, title: str, parent: QObject) -> None:
        super().__init__(parent)
        self.title = title
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask the run to stop at the next safe point; what it committed stays."""
        self._stop.set()

    def is_cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()


@dataclass
class _State:
    jobs: dict[int, _Job] = field(default_factory=dict)
    newest: dict[tuple[int, str], int] = field(default_factory=dict)
    runs: set[Run] = field(default_factory=set)
    number: int = 0


class Tasks(QObject):
    """The task runner of the program. `books` is None until an office is open.

    `books_changed(ids)`: accounts changed by a write here; None means that anything may have.
    `failed(UserError)`: something refused that no window took care of. `crashed(exception)`: a bug.
    """

    books_changed = Signal(object)
    failed = Signal(object)
    crashed = Signal(object)
    _ended = Signal(int)
    _progressed = Signal(object, int, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.books: Books | None = None
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="work")
        # Writes wait for their turn here, in the order in which they were pressed, and hold up no read: while a month
        # is billed, what is posted meanwhile waits, and everything can still be looked at.
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._writing = threading.Lock()
        self._state = _State()
        self._is_closed = False
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._progressed.connect(self._report, Qt.ConnectionType.QueuedConnection)
        self._is_looking = False
        self._looker = QTimer(self)
        self._looker.timeout.connect(self._look_at_others)
        self._looker.start(LOOK_MS)
        self._collects = gc.isenabled()
        gc.disable()
        self._collector = QTimer(self)
        self._collector.timeout.connect(self._collect_cycles)
        self._collector.start(COLLECT_AFTER_MS)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._state.jobs

    def read(
        self,
        work: Callable[[Session], Result],
        then: Callable[[Result], None],
        *,
        owner: QObject,
        name: str = "",
        otherwise: Callable[[UserError], None] | None = None,
    ) -> None:
        """Read in a worker, then call `then(result)`. Of reads with one owner and name only the newest counts."""

        def run() -> Result:
            with self._open_books().read() as session:
                return work(session)

        self._submit(run, self._job(owner, then, otherwise, name))

    def write(
        self,
        work: Callable[[Session], Result],
        then: Callable[[Result], None],
        *,
        owner: QObject,
        accounts: Iterable[int] | None = None,
        otherwise: Callable[[UserError], None] | None = None,
    ) -> None:
        """Change the books in one transaction, then call `then(result)` and announce the accounts changed.

        `accounts`: their ids; None when they are not known beforehand.
        """

        def run() -> Result:
            with self._writing, self._open_books().write(changed) as session:
                return work(session)

        changed = None if accounts is None else frozenset(accounts)
        job = self._job(owner, then, otherwise)
        job.announces, job.changed = True, changed
        self._submit(run, job)

    def run(
        self,
        title: str,
        work: LongWork[Result],
        then: Callable[[Result], None],
        *,
        owner: QObject,
        writes: bool = True,
        otherwise: Callable[[UserError], None] | None = None,
    ) -> Run:
        """Long work with progress, such as a billing run; it opens its own transactions.

        A run that was stopped does not call `then`; its `finished` is emitted all the same.
        """
        handle = Run(title, self)

        def progress(done: int, of: int) -> None:
            self._progressed.emit(handle, done, of)

        def run() -> Result:
            books = self._open_books()
            if not writes:
                return work(books, progress, handle.is_cancelled)
            with self._writing:
                return work(books, progress, handle.is_cancelled)

        def ended(result: Result) -> None:
            handle.finished.emit()
            then(result)

        job = self._job(owner, ended, otherwise)
        job.announces, job.changed = writes, None
        self._state.runs.add(handle)
        self._submit(run, job, handle)
        return handle

    def compute(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], None],
        *,
        owner: QObject,
        name: str = "",
        otherwise: Callable[[UserError], None] | None = None,
    ) -> None:
        """Work that needs no open office: opening one, drawing a page, reading a file."""
        self._submit(work, self._job(owner, then, otherwise, name))

    def _look_at_others(self) -> None:
        """What other PCs changed is announced as what is changed here; nothing waits for it."""
        books = self.books
        if books is None or not books.is_shared or self._is_looking or self._is_closed:
            return
        self._is_looking = True

        def told(changed: frozenset[int] | None) -> None:
            self._is_looking = False
            if changed is None or changed:
                self.books_changed.emit(changed)

        def refused(_error: UserError) -> None:
            self._is_looking = False

        self.compute(books.changes_by_others, told, owner=self, otherwise=refused)

    def close(self) -> None:
        """Stop long runs at their next safe point, let writes finish, and close the office."""
        self._is_closed = True
        for handle in self._state.runs:
            handle.cancel()
        # Reads that wait their turn end at once (`_work`); a write that was pressed is still done.
        self._writers.shutdown(wait=True)
        self._pool.shutdown(wait=True)
        if self.books is not None:
            self.books.close()
            self.books = None
        self._collector.stop()
        self._looker.stop()
        if self._collects:
            gc.enable()

    def _collect_cycles(self) -> None:
        """What Python's collector would do by itself, in the window's thread, and always whole.

        A collection of the young alone takes an open dialog for garbage that only its parent, which is older, still
        holds: some reference that Qt's binding reports to the collector is not counted (seen with PySide 6.11).
        """
        self._collector.setInterval(COLLECT_MS)
        if gc.get_count()[0] > COLLECT_FROM:
            gc.collect()

    def _open_books(self) -> Books:
        if self.books is None:
            raise UserError("No office is open; open one first.")
        return self.books

    def _job(
        self,
        owner: QObject,
        then: Callable[[Any], None],
        otherwise: Callable[[UserError], None] | None,
        name: str = "",
    ) -> _Job:
        state = self._state
        state.number += 1
        job = _Job(owner, then, otherwise, name, state.number)
        if name:
            state.newest[id(owner), name] = job.number
        state.jobs[job.number] = job
        return job

    def _submit(self, work: Callable[[], Any], job: _Job, handle: Run | None = None) -> None:
        job.work, job.handle = work, handle
        if self._is_closed:  # the program is ending; a timer of a page may still ask for something
            del self._state.jobs[job.number]
            return
        (self._writers if job.announces else self._pool).submit(self._work, job.number)

    def _work(self, number: int) -> None:
        job = self._state.jobs[number]
        assert job.work is not None
        try:
            if self._is_closed and (not job.announces or job.handle is not None):
                raise Cancelled
            job.result = job.work()
        except BaseException as error:
            job.error = error
        del job
        self._ended.emit(number)

    def _report(self, handle: Run, done: int, of: int) -> None:
        handle.progressed.emit(done, of)

    def _deliver(self, number: int) -> None:
        state = self._state
        job = state.jobs.pop(number)
        handle = job.handle
        if handle is not None:
            state.runs.discard(handle)
            if job.error is not None:
                handle.finished.emit()
        wanted = shiboken6.isValid(job.owner)
        if job.name:
            newest = state.newest.get((id(job.owner), job.name)) == job.number
            if newest:
                del state.newest[id(job.owner), job.name]
            wanted = wanted and newest
        try:
            if job.error is not None:
                self._deliver_error(job, job.error, wanted=wanted)
            elif wanted:
                job.then(job.result)
        except Exception:
            sys.excepthook(*sys.exc_info())
        # A run that was stopped or failed has committed some of its chunks.
        if job.announces and (job.error is None or job.changed is None):
            self.books_changed.emit(job.changed)

    def _deliver_error(self, job: _Job, error: BaseException, *, wanted: bool) -> None:
        if isinstance(error, Cancelled):
            return
        if not isinstance(error, UserError):
            log.error("work in the background failed", exc_info=error)
            self.crashed.emit(error)
            # A form that waits for its answer must not wait for ever.
            if wanted and job.otherwise is not None:
                job.otherwise(UserError("Something went wrong in the program; nothing was saved. The report is shown."))
        elif wanted and job.otherwise is not None:
            job.otherwise(error)
        elif wanted:
            self.failed.emit(error)
