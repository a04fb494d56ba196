"""What the Statements page has done for it in the background: PDFs, letters, marks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from app.services import statements
from app.services.books import Books
from app.services.desk import Desk
from app.services.gateways.mail import FolderMail
from app.services.statementletters import send_letters, unsent_letters
from app.services.statementprints import EMAIL, MadeStatements, make_statements, mark_sent
from app.views.tasks import LongWork, Progress
from app.views.workplace import Workplace


class Wanted(NamedTuple):
    """Which statements: a run, a way of delivery and a range of places; no `last` means to the end."""

    run_id: int
    delivery: str
    first: int = 1
    last: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is every statement of that delivery."""
        return self.first == 1 and self.last is None


class Mailed(NamedTuple):
    """What became of statements by e-mail: letters written, and customers without an address."""

    letters: int
    without_address: int


def making(workplace: Workplace, wanted: Wanted) -> LongWork[MadeStatements]:
    """The work that draws the PDFs into the office's folder."""
    folder = workplace.folder
    office_path = workplace.office_path
    assert office_path is not None, "the folder is known"

    def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> MadeStatements:
        return make_statements(
            books,
            office_path,
            folder / "statements",
            wanted.run_id,
            wanted.delivery,
            wanted.first,
            wanted.last,
            progress,
            cancelled,
        )

    return work


def mailing(workplace: Workplace, wanted: Wanted) -> LongWork[Mailed]:
    """The work that writes the letters and marks them; a whole run sends only what has not been sent."""
    folder: Path = workplace.folder
    office_path = workplace.office_path
    desk: Desk = workplace.desk()
    assert office_path is not None, "the folder is known"

    def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Mailed:
        with books.read() as session:
            run = statements.statement_run(session, wanted.run_id)
            office = statements.paper_office(session)
            accounts = list(enumerate(statements.statement_accounts(session, run), start=1))
        last = len(accounts) if wanted.last is None else wanted.last
        chosen = [a for place, a in accounts if wanted.first <= place <= last and a.delivery == EMAIL]
        mail = FolderMail(folder / "mail", office.name, office.email, run.on)
        sending = [account for account in chosen if account.email]
        if wanted.is_whole:
            sending = unsent_letters(chosen, run, mail)
        send_letters(office_path, office, run, sending, mail, progress, cancelled)
        if any(account.email for account in chosen):
            with books.write() as session:
                mark_sent(session, desk, wanted.run_id, EMAIL, wanted.first, last, "e-mail")
        return Mailed(len(sending), sum(not account.email for account in chosen))

    return work
