"""The jobs that are killed: each a real office before it, and work that can be begun again at any time."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, create_engine

from app.keystore import FileKeyStore
from app.models import copying, database, migrations
from app.models.bulk import fetch, fetch_value
from app.models.database import Database
from app.models.tables import Base
from app.services import (
    backup,
    backupplan,
    billing,
    checkdesk,
    checks,
    dayclose,
    deposits,
    importing,
    office,
    payments,
    refundpaper,
    refunds,
    sample,
    statementprints,
    statements,
)
from app.services.accounts import AccountForm, open_account
from app.services.books import make_office
from app.services.demomail import post_the_mail
from app.services.depositpaper import print_deposit_ticket
from app.services.desk import Desk
from app.services.duetoday import do_everything_due, is_closed
from app.services.gateways.autopay import FolderGateway
from app.services.gateways.mail import FolderMail
from app.services.members import record_work_performed
from app.services.restoring import restore
from app.services.statementletters import send_letters, unsent_letters

CUSTOMERS = 30
MAIL_SEED = 7
CUTOVER = date(2026, 10, 31)
FIRST = date(2026, 11, 1)
REFUNDS = date(2026, 11, 2)
TODAY = date(2026, 11, 21)
# Processing fees, then two monthly fees.
MEMBERS_DAYS = (date(2026, 11, 6), date(2026, 12, 6), date(2027, 1, 6))
OFFICE_FILE = "office.db"
BACKUP = "backup.db"
# Beside the office's own `backups`: the second place, and the key of encrypted ones.
SECOND, KEYS = "second", "keys"
SPOKEN = "seven brown bisons"
# Small enough that a run of forty accounts is many transactions.
CHUNK = 4


def desk(on: date) -> Desk:
    """The billing manager at work on a day."""
    return Desk("pat", "manager", "PC 1", on, TODAY)


def mail(folder: Path, on: date) -> FolderMail:
    """Letters as files in the office's folder."""
    return FolderMail(folder / "mail", sample.OFFICE.name, sample.OFFICE.email, on)


class Job(NamedTuple):
    """`prepare` makes the office that the job is about; `do` does the job, or what is left of it."""

    prepare: Callable[[Path], None]
    do: Callable[[Path], None]


def _open(folder: Path) -> Database:
    return database.open_existing(folder / OFFICE_FILE)


def new_office(folder: Path) -> None:
    """Customers taken over on the cut-over day; nothing done yet."""
    empty_office(folder)
    with _open(folder) as books, books.write() as session:
        importing.import_accounts(session, desk(CUTOVER), sample.read_sample(CUSTOMERS, CUTOVER).accounts)


def empty_office(folder: Path) -> None:
    """An office that is set up and has no customers."""
    shop = sample.OFFICE
    form = office.OfficeForm(shop.name, shop.address, shop.phone, shop.email)
    with database.create(folder / OFFICE_FILE) as books, books.write() as session:
        office.set_up(session, form, CUTOVER)


def nothing(_folder: Path) -> None:
    """An empty folder."""


def make(folder: Path) -> None:
    """A new office, as the first window makes it."""
    if not (folder / OFFICE_FILE).exists():
        shop = sample.OFFICE
        make_office(folder / OFFICE_FILE, office.OfficeForm(shop.name, shop.address), CUTOVER).close()


def take_over(folder: Path) -> None:
    """Import the customer list; a list that is in already is refused by its numbers."""
    with _open(folder) as books:
        with books.read() as session:
            if fetch_value(session, "SELECT count(*) FROM account"):
                return
        with books.write() as session:
            importing.import_accounts(session, desk(CUTOVER), sample.read_sample(CUSTOMERS, CUTOVER).accounts)


def post(folder: Path) -> None:
    """The morning's mail: logged, posted, split, held and sent back; then counter checks, a mistake and a return."""
    listed = sample.read_sample(CUSTOMERS, CUTOVER).accounts
    morning = desk(CUTOVER)
    with _open(folder) as books:
        with books.read() as session:
            ids = [row[0] for row in fetch(session, "SELECT id FROM account ORDER BY id")]
        lines = {account.line: i for account, i in zip(listed, ids, strict=True)}
        post_the_mail(books, morning, sample.sample_mail(listed, CUTOVER, MAIL_SEED), lines, lambda _done, _of: None)
        for n, account_id in enumerate(ids[:8]):
            with books.write() as session:
                if not checkdesk.was_posted(session, f"counter-{n}"):
                    form = checks.CheckForm(account_id, 2_000 + n, str(90_000 + n), token=f"counter-{n}")
                    parts = [(account_id, 1_500 + n), (ids[-1], 500)] if n % 2 else [(account_id, 2_000 + n)]
                    checks.post_split_check(session, morning, form, parts)
        for n, undo in enumerate((payments.reverse_payment, payments.return_payment)):
            with books.write() as session:
                if not checkdesk.was_posted(session, f"undo-{n}"):
                    paid = payments.latest_payment_by_check(session, ids[2 * n], str(90_000 + 2 * n))
                    mistaken = replace(morning, token=f"undo-{n}")
                    undo(session, mistaken, paid.id, "keyed wrongly" if n == 0 else 1_200)  # type: ignore[operator]


def posted(folder: Path) -> None:
    """The office with its morning's mail posted."""
    new_office(folder)
    post(folder)


def close(folder: Path) -> None:
    """The deposit and its ticket, then the close of day with its receipts and the month's revenue."""
    evening = desk(CUTOVER)
    with _open(folder) as books:
        with books.write() as session:
            if deposits.undeposited(session):
                deposits.make_deposit(session, evening)
        with books.read() as session:
            print_deposit_ticket(session, fetch_value(session, "SELECT max(id) FROM deposit"), folder)
        if not is_closed(books, evening):
            with books.write() as session:
                dayclose.close_day(session, evening, mail(folder, CUTOVER))


def closed(folder: Path) -> None:
    """The office with its cut-over day closed."""
    posted(folder)
    close(folder)


def bill(folder: Path) -> None:
    """The billing run of the 1st."""
    with _open(folder) as books:
        billing.run_billing(books, desk(FIRST))


def whole_day(folder: Path) -> None:
    """Everything that is due on the 1st: billing, auto-pay, receipts, the close."""
    with _open(folder) as books:
        if not is_closed(books, desk(FIRST)):
            gateway = FolderGateway(folder / "autopay", FIRST)
            do_everything_due(books, desk(FIRST), gateway, mail(folder, FIRST))


def billed(folder: Path) -> None:
    """The office with the 1st done."""
    closed(folder)
    bill(folder)
    whole_day(folder)


def refund(folder: Path) -> None:
    """The refund run, its checks drawn, its numbers confirmed as printed."""
    with _open(folder) as books:
        with books.write() as session:
            if refunds.refunds_due(session, REFUNDS):
                refunds.run_refunds(session, desk(REFUNDS))
        with books.read() as session:
            ids = [row[0] for row in fetch(session, "SELECT id FROM refund ORDER BY id")]
            refundpaper.print_refund_checks(session, ids, folder / "refund-checks.pdf")


def print_month(folder: Path) -> None:
    """The month's statements: on paper, marked as sent, and by e-mail."""
    with _open(folder) as books:
        with books.read() as session:
            run = statements.statement_run(session, statements.latest_billing_run(session))
            accounts = statements.statement_accounts(session, run)
            on_paper = statements.paper_office(session)
            marked = fetch_value(session, "SELECT count(*) FROM statement_print")
        path = folder / OFFICE_FILE
        made = statementprints.make_statements(books, path, folder / "print", run.run_id, "paper")
        if not marked:
            with books.write() as session:
                statementprints.mark_sent(
                    session, desk(REFUNDS), run.run_id, "paper", made.first_place, made.last_place, "printed"
                )
        letters = mail(folder, FIRST)
        waiting = unsent_letters([account for account in accounts if account.delivery == "email"], run, letters)
        send_letters(path, on_paper, run, waiting, letters)


def members_signed_up(folder: Path) -> None:
    """Members of three plans who signed up and for whom work was performed; every second one pays by card."""
    empty_office(folder)
    with _open(folder) as books:
        for number in range(12):
            with books.write() as session:
                form = AccountForm(
                    f"Member {number}",
                    "membership-arrears",
                    email=f"member{number}@example.com",
                    address=(f"{number} Elm St", "Custer SD 57730"),
                    autopay="card" if number % 2 else "none",
                    method_label="Visa 4242, 12/30" if number % 2 else "",
                    plan=("Premiere", "Limited", "Optimize")[number % 3],
                )
                account = open_account(session, _later(FIRST), form)
                record_work_performed(session, _later(FIRST), account)


def _later(on: date) -> Desk:
    return replace(desk(on), today=MEMBERS_DAYS[-1])


def members_due(folder: Path) -> None:
    """Their processing fees, monthly fees, day by day: charged, asked for, receipted, closed."""
    with _open(folder) as books:
        for on in MEMBERS_DAYS:
            if not is_closed(books, _later(on)):
                gateway = FolderGateway(folder / "autopay", on)
                do_everything_due(books, _later(on), gateway, mail(folder, on))


def old_office(folder: Path) -> None:
    """An office of the program's first schema, with the customers and papers of `billed`."""
    now = folder / "now"
    now.mkdir()
    billed(now)
    with closing(sqlite3.connect(folder / OFFICE_FILE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    engine = create_engine(URL.create("sqlite", database=str(folder / OFFICE_FILE)))
    migrations.upgrade(engine, migrations.KNOWN_REVISIONS[0])
    engine.dispose()
    with closing(sqlite3.connect(folder / OFFICE_FILE, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS now", (str(now / OFFICE_FILE),))
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in tables if name in Base.metadata.tables and name != "office"]
        connection.execute("BEGIN")
        # The office comes last: with its closed days known, nothing could be put into them.
        for table in (*tables, "office"):
            known = {row[1] for row in connection.execute(f"PRAGMA now.table_info({table})")}
            columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})") if row[1] in known]
            names = ", ".join(columns)
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM now.{table}")
        connection.execute("COMMIT")
        connection.execute("DETACH now")
    for paper in now.iterdir():
        if not paper.name.startswith(OFFICE_FILE):
            paper.rename(folder / paper.name)
    shutil.rmtree(now)


def upgrade(folder: Path) -> None:
    """Opening brings an older office to this program's schema."""
    _open(folder).close()


def to_restore(folder: Path) -> None:
    """An office that has worked on since a backup was made."""
    closed(folder)
    copying.copy_while_open(folder / OFFICE_FILE, folder / BACKUP)
    bill(folder)
    whole_day(folder)


def go_back(folder: Path) -> None:
    """Restore the backup in the office's place."""
    with _open(folder) as books, books.read() as session:
        if fetch_value(session, "SELECT count(*) FROM action WHERE what = 'restore'"):
            return
    restore(folder / BACKUP, folder / OFFICE_FILE, desk(REFUNDS), replace=True)


def to_back_up(folder: Path) -> None:
    """An office at work that has its mark, and no backup yet."""
    closed(folder)
    with _open(folder) as books, books.write() as session:
        backupplan.office_mark(session)


def to_back_up_sealed(folder: Path) -> None:
    """The same, whose backups are to be encrypted."""
    closed(folder)
    with _open(folder) as books, books.write() as session:
        keys = FileKeyStore(folder / KEYS)
        backupplan.set_passphrase(session, desk(FIRST), keys, SPOKEN, SPOKEN, "they go to another house")


def make_backup(folder: Path) -> None:
    """A backup in its place and in a second one: copied, checked, perhaps encrypted, kept."""
    (folder / SECOND).mkdir(exist_ok=True)
    with _open(folder) as books:
        with books.read() as session:
            if fetch_value(session, "SELECT count(*) FROM backup_log WHERE state = 'verified'"):
                return
            plan = backupplan.plan_of(session)
        if plan.second_folder != str(folder / SECOND):
            with books.write() as session:
                plan = replace(plan, second_folder=str(folder / SECOND))
                backupplan.change_plan(session, desk(FIRST), plan, "a second disk")
        backup.back_up(books, desk(FIRST), "by-hand", key_store=lambda: FileKeyStore(folder / KEYS))


JOBS = {
    "new-office": Job(nothing, make),
    "import": Job(empty_office, take_over),
    "posting": Job(new_office, post),
    "day-close": Job(posted, close),
    "billing": Job(closed, bill),
    "due": Job(closed, whole_day),
    "members": Job(members_signed_up, members_due),
    "refunds": Job(billed, refund),
    "statements": Job(billed, print_month),
    "backup": Job(to_back_up, make_backup),
    "sealed-backup": Job(to_back_up_sealed, make_backup),
    "restore": Job(to_restore, go_back),
    "migration": Job(old_office, upgrade),
}


def copy_office(image: Path, folder: Path) -> Path:
    """A copy of a prepared office, its papers included."""
    shutil.copytree(image, folder)
    return folder
