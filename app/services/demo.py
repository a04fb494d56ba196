"""The sample office's main job, through the same services as the windows: from a customer list to paper.

The morning of the cut-over day: customers taken over, the mail logged and posted, the day closed. The 1st:
the month billed and auto-pay asked. The refund date: refund checks. Then statements and the month-end report.
Every step looks first whether it was done, so that a second call changes nothing and a cut-off one goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.businessdays import next_business_day
from app.errors import UserError
from app.models import database
from app.models.bulk import Progress, fetch, fetch_value
from app.models.database import Database
from app.periods import ONE_DAY, add_months, month_end, month_start
from app.services import dayclose, deposits, importing, office, reports, sample, statements
from app.services.books import make_whole
from app.services.customerfile_types import ImportAccount
from app.services.demomail import post_the_mail
from app.services.desk import Desk
from app.services.duetoday import do_everything_due, is_closed
from app.services.gateways.autopay import FolderGateway
from app.services.gateways.mail import FolderMail
from app.services.refundpaper import print_refund_checks

MAIL_SEED = 7
Step = Callable[[str], AbstractContextManager[Progress]]


class DemoDays(NamedTuple):
    """The three business dates of the demo."""

    morning: date
    first: date
    refunds: date


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo under way: where it lies, its days, and how it shows a step's progress."""

    folder: Path
    books: Database
    days: DemoDays
    today: date
    step: Step

    def desk(self, on: date) -> Desk:
        """The billing manager at work on a day."""
        return Desk("demo", "manager", "demo", on, self.today)

    def mail(self, on: date) -> FolderMail:
        """Receipts and statements as `.eml` files."""
        return FolderMail(self.folder / "mail", sample.OFFICE.name, sample.OFFICE.email, on)


def demo_days(today: date) -> DemoDays:
    """The latest month whose refund date has come: its 1st, the cut-over day before, the refund date."""
    first = month_start(today)
    if next_business_day(first) > today:
        first = add_months(first, -1)
    return DemoDays(sample.sample_cutover(first - ONE_DAY), first, next_business_day(first))


def run_demo(folder: Path, customers: int | None, today: date, step: Step) -> Database:
    """Make the sample office in `folder` and do its main job; returns the open office.

    Raises UserError when the folder cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be used as a folder: {error.strerror}.", field="folder") from error
    days = demo_days(today)
    path = folder / "office.db"
    if path.exists():
        books = database.open_existing(path)
        days = _days_of(books, days)
    else:
        books = _new_office(path, customers, days, step)
    demo = Demo(folder, books, days, max(today, days.refunds), step)
    _morning(demo, customers)
    _first_of_month(demo)
    _papers(demo)
    return books


def _days_of(books: Database, days: DemoDays) -> DemoDays:
    """A demo goes on with the days on which it was begun."""
    with books.read() as session:
        opened = date.fromisoformat(fetch_value(session, "SELECT opened_on FROM office"))
    first = month_end(opened) + ONE_DAY
    return days if opened == days.morning else DemoDays(opened, first, next_business_day(first))


def _new_office(path: Path, customers: int | None, days: DemoDays, step: Step) -> Database:
    with step("Reading the customer list"):
        listed = sample.read_sample(customers, days.first - ONE_DAY)

    def fill(session: Session) -> None:
        shop = sample.OFFICE
        form = office.OfficeForm(
            shop.name,
            shop.address,
            shop.phone,
            shop.email,
            shop.website,
            shop.time_zone,
            shop.bank,
            statement_message="Thank you for your business. Questions about this statement? Call or write to us.",
        )
        office.set_up(session, form, days.morning, is_sample=True)
        with step("Importing customers") as progress:
            desk = Desk("demo", "manager", "demo", days.morning, days.morning)
            importing.import_accounts(session, desk, listed.accounts, progress=progress)

    return make_whole(path, fill)


def _morning(demo: Demo, customers: int | None) -> None:
    desk = demo.desk(demo.days.morning)
    if not is_closed(demo.books, desk):
        accounts = sample.read_sample(customers, demo.days.first - ONE_DAY).accounts
        mail = sample.sample_mail(accounts, demo.days.morning, MAIL_SEED)
        with demo.step("Posting the mail") as progress:
            post_the_mail(demo.books, desk, mail, _ids_by_line(demo.books, accounts), progress)
        with demo.books.write() as session:
            if deposits.undeposited(session):
                deposits.make_deposit(session, desk)
        with demo.step("Closing the day"), demo.books.write() as session:
            dayclose.close_day(session, desk, demo.mail(desk.on))
    ticket = demo.folder / "deposit-ticket.pdf"
    if not ticket.exists():
        _print_deposit(demo, ticket)


def _ids_by_line(books: Database, accounts: tuple[ImportAccount, ...]) -> dict[int, int]:
    with books.read() as session:
        ids = [row[0] for row in fetch(session, "SELECT id FROM account ORDER BY id")]
    return {account.line: i for account, i in zip(accounts, ids, strict=False)}


def _print_deposit(demo: Demo, path: Path) -> None:
    from app.services.documents.deposit_ticket import write_deposit_ticket

    with demo.books.read() as session:
        deposit = fetch_value(session, "SELECT min(id) FROM deposit")
        if deposit is not None:
            write_deposit_ticket(path, statements.paper_office(session), reports.deposit_ticket(session, deposit))


def _first_of_month(demo: Demo) -> None:
    for on in sorted({demo.days.first, demo.days.refunds}):
        desk = demo.desk(on)
        if is_closed(demo.books, desk):
            continue
        with demo.step(f"Everything due on {on}") as progress:
            do_everything_due(demo.books, desk, FolderGateway(demo.folder / "autopay", on), demo.mail(on), progress)


def _papers(demo: Demo) -> None:
    from app.services.printing import UNFINISHED, print_statements, statement_paths

    for stale in demo.folder.glob(f"{UNFINISHED}*"):  # of a call that was cut off
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()

    with demo.books.read() as session:
        run = statements.statement_run(session, statements.latest_billing_run(session))
        accounts = statements.statement_accounts(session, run)
        refund_ids = [row[0] for row in fetch(session, "SELECT id FROM refund ORDER BY id")]
        office_on_paper = statements.paper_office(session)
    path = demo.folder / "office.db"
    paper = [account.account_id for account in accounts if account.delivery == "paper"]
    target = demo.folder / "statements.pdf"
    if paper and not all(file.exists() for file in statement_paths(target, len(paper))):
        with demo.step("Printing statements") as progress:
            print_statements(path, run, paper, target, progress)
    _statement_letters(demo, run, [account for account in accounts if account.delivery == "email"])
    if refund_ids and not (demo.folder / "refund-checks.pdf").exists():
        with demo.step("Printing refund checks"), demo.books.read() as session:
            print_refund_checks(session, refund_ids, demo.folder / "refund-checks.pdf")
    if not (demo.folder / "month-end.pdf").exists():
        from app.services.documents.report import write_report

        with demo.step("Month-end report"), demo.books.read() as session:
            content = reports.month_end_report(session, month_end(demo.days.morning), demo.days.refunds)
            write_report(demo.folder / "month-end.pdf", office_on_paper, content)


def _statement_letters(demo: Demo, run: statements.StatementRun, accounts: list[statements.StatementAccount]) -> None:
    """One `.eml` an e-mail account with its statement; those without an address are on the exceptions list."""
    from app.services.statementletters import send_letters, unsent_letters

    mail = demo.mail(run.on)
    waiting = unsent_letters(accounts, run, mail)
    if not waiting:
        return
    with demo.books.read() as session:
        office_on_paper = statements.paper_office(session)
    with demo.step("E-mailing statements") as progress:
        send_letters(demo.folder / "office.db", office_on_paper, run, waiting, mail, progress)


def demo_summary(session: Session) -> list[tuple[str, int, int | None]]:
    """What the demo's last screen says: (what, how many, cents or None), read from the books."""
    rows: list[tuple[str, int, int | None]] = []
    for what, query in _SUMMARY:
        found = fetch(session, query)[0]
        rows.append((what, found[0], found[1] if len(found) > 1 else None))
    return rows


_SUMMARY = (
    ("Accounts in the office", "SELECT count(*), sum(balance_cents) FROM account"),
    (
        "Checks received and posted",
        "SELECT count(*), coalesce(sum(cents), 0) FROM payment WHERE kind = 'check'",
    ),
    (
        "Checks held as unidentified",
        "SELECT count(*), coalesce(sum(cents), 0) FROM mail_check WHERE state = 'held'",
    ),
    (
        "Checks sent back",
        "SELECT count(*), coalesce(sum(cents), 0) FROM mail_check WHERE state = 'returned-to-sender'",
    ),
    ("Checks taken to the bank", "SELECT coalesce(sum(count), 0), coalesce(sum(cents), 0) FROM deposit"),
    (
        "Invoices of the month's cycle",
        "SELECT count(*), coalesce(sum(total_cents), 0) FROM invoice WHERE what = 'cycle'",
    ),
    (
        "Auto-pay payments",
        "SELECT count(*), coalesce(sum(cents), 0) FROM payment_attempt WHERE outcome = 'approved'",
    ),
    (
        "Auto-pay declined",
        "SELECT count(*), coalesce(sum(cents), 0) FROM payment_attempt WHERE outcome = 'declined'",
    ),
    (
        "Receipts sent",
        "SELECT count(*), coalesce(sum(p.cents), 0) FROM receipt JOIN payment p ON p.id = payment_id",
    ),
    ("Refund checks", "SELECT count(*), coalesce(sum(cents), 0) FROM refund"),
    ("Months recognised", "SELECT count(*), coalesce(sum(cents), 0) FROM recognition"),
)
