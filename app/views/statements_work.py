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
from app.services.statementprints import EMAIL, MadeStatements, emailed_places, make_statements, mark_emailed
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
    """The work that writes the letters and marks them; a whole run sends only what has not been sent.

    Sent is what the books say, and what lies in the folder of a call that was cut off before it was marked: the
    office may take letters out of the folder once they are on their way.
    """
    folder: Path = workplace.folder
    office_path = workplace.office_path
    desk: Desk = workplace.desk()
    assert office_path is not None, "the folder is known"

    def work(books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Mailed:
        with books.read() as session:
            run = statements.statement_run(session, wanted.run_id)
            office = statements.paper_office(session)
            accounts = list(enumerate(statements.statement_accounts(session, run), start=1))
            before = emailed_places(session, run.run_id) if wanted.is_whole else set()
        last = len(accounts) if wanted.last is None else wanted.last
        chosen = [(place, a) for place, a in accounts if wanted.first <= place <= last and a.delivery == EMAIL]
        mail = FolderMail(folder / "mail", office.name, office.email, run.on)
        unmarked = [account for place, account in chosen if account.email and place not in before]
        sending = unsent_letters(unmarked, run, mail) if wanted.is_whole else unmarked
        send_letters(office_path, office, run, sending, mail, progress, cancelled)
        if unmarked:
            with books.write() as session:
                mark_emailed(session, desk, run.run_id, [account.account_id for account in unmarked])
        return Mailed(len(sending), sum(not account.email for _, account in chosen))

    return work
