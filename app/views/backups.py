"""Starting a backup from a window: beside other work, silent when it is good, loud when it is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.errors import UserError
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.backup import BackupResult
    from app.services.books import Books
    from app.views.tasks import Progress, Run


def start_backup(
    workplace: Workplace,
    kind: str,
    *,
    owner: QObject | None = None,
    then: Callable[[BackupResult | None], None] | None = None,
) -> Run:
    """Back the office up while people go on working; `then` gets the result, None when there is none.

    A backup that fails does not stop what it belongs to; it is said loudly, and Today goes on saying it.
    """
    desk, tasks = workplace.desk(), workplace.tasks

    def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> BackupResult:
        from app.services.backup import back_up

        return back_up(books, desk, kind, progress=progress, cancelled=cancelled)

    def done(result: BackupResult) -> None:
        if result.has_second_problem:
            workplace.say(f"Backed up, but there is no second copy. {result.second}", "warning")
        tasks.books_changed.emit(frozenset())
        if then is not None:
            then(result)

    return tasks.run(
        "Backing up", work, done, owner=owner or workplace, writes=False, otherwise=partial(_failed, workplace, then)
    )


def _failed(workplace: Workplace, then: Callable[[BackupResult | None], None] | None, error: UserError) -> None:
    workplace.refuse(UserError(f"There is no new backup. {error.message}"))
    workplace.tasks.books_changed.emit(frozenset())
    if then is not None:
        then(None)


def size_in_words(count: int) -> str:
    """A file's size: `3.4 MB`."""
    return f"{count / 1_000_000:,.1f} MB" if count >= 100_000 else f"{max(count // 1000, 1):,} KB"
