"""An office for tests, kept as a diary: a day is chosen, things are done through the services."""

from __future__ import annotations

import hashlib
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

import support_databases
from sqlalchemy import URL
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from support_databases import KeptOffice, made_once

from app.models import auditcheck, database
from app.models.bulk import fetch
from app.models.database import Database
from app.models.tables import Base
from app.services import accounts, billing, checks, importing, office, subscriptions, verification
from app.services.billing import BillingTotals
from app.services.customerfile_types import ImportAccount
from app.services.desk import Desk
from app.services.ledger import Gl
from app.services.policies.policyfile import shipped_policy_path

Given = ParamSpec("Given")
Result = TypeVar("Result")
Row = tuple[Any, ...]

FORM = office.OfficeForm("Test Office", ("1 Main St", "Custer SD 57730"), phone="605-555-0100")
NEW_YEAR = date(2026, 1, 1)


Changed = tuple[tuple[str, str], ...]


def _policy(changed: Changed) -> str:
    body = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
    kept = [line for line in body.splitlines() if line.split("=")[0].strip() not in dict(changed)]
    return "\n".join([*kept, *(f"{key} = {value}" for key, value in changed)])


@made_once
def _empty_office(first_day: date, changed: Changed) -> bytes:
    with support_databases.empty_office() as books:
        _set_up(books, first_day, changed)
        return image_of(books)


def image_of(books: Database) -> bytes:
    """The whole of an office in memory or on the tests' server: the same bytes, the same office."""
    return books.image() if isinstance(books, KeptOffice) else _driver(books).serialize()


def opened(image: bytes, driver: type[sqlite3.Connection] = sqlite3.Connection) -> Database:
    """An office as it was in an image, on the database in force; in memory through a `driver` of its own if one is given."""
    if support_databases.on_server():
        return support_databases.office_of(image)
    given = {"check_same_thread": False, "factory": driver}
    engine = database._engine(URL.create("sqlite"), poolclass=StaticPool, connect_args=given)
    books = Database(engine, None)
    _driver(books).deserialize(image)
    return books


def _set_up(books: Database, first_day: date, changed: Changed) -> None:
    with books.write() as session:
        office.set_up(session, FORM, first_day, {"isp-advance": _policy(changed)})


def _driver(books: Database) -> sqlite3.Connection:
    with books.engine.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


class Diary:
    """An office in memory, in `path` or on the tests' server, on a business date that the test moves with `on`."""

    def __init__(
        self,
        first_day: date = NEW_YEAR,
        path: Path | None = None,
        image: bytes = b"",
        driver: type[sqlite3.Connection] = sqlite3.Connection,
        **policy: str,
    ) -> None:
        changed = tuple(policy.items())
        if path is not None:
            with support_databases.in_files():
                image = image or _empty_office(first_day, changed)
            path.write_bytes(image)
            with sqlite3.connect(path) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            connection.close()
            self.books = database.open_existing(path)
        else:
            self.books = opened(image or _empty_office(first_day, changed), driver)
        self._watch_use()
        self.day = first_day
        self.today: date | None = None
        self.role = "manager"

    def _watch_use(self) -> None:
        # A test that forgets its office gives it back, too.
        self._end_of_use = weakref.finalize(self, support_databases.end_of_use(self.books))

    def __enter__(self) -> Diary:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """The office is not needed any more."""
        self.books.close()
        self._end_of_use()

    def on(self, month: int, day: int, year: int = 2026) -> Diary:
        """Turn to another business date."""
        self.day = date(year, month, day)
        return self

    @property
    def desk(self) -> Desk:
        """Someone at work on the diary's day, which is also today unless the test says otherwise."""
        return Desk("pat", self.role, "PC 1", self.day, self.today or self.day)

    def do(
        self,
        service: Callable[Concatenate[Session, Desk, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """One action in one transaction."""
        with self.books.write() as session:
            return service(session, self.desk, *args, **kwargs)

    def see(
        self,
        question: Callable[Concatenate[Session, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """What the books say."""
        with self.books.read() as session:
            return question(session, *args, **kwargs)

    def sql(self, query: str, *parameters: Any) -> list[Row]:
        """Rows of the database itself."""
        with self.books.read() as session:
            return [tuple(row) for row in fetch(session, query, *parameters)]

    def open(self, name: str = "Ann Ames", service_cents: int | None = None, **form: Any) -> int:
        """A new account, with a service "net" of that price if one is given."""
        form.setdefault("address", ("5 Elm St", "Hill City SD 57745"))
        account = self.do(accounts.open_account, accounts.AccountForm(name, **form))
        if service_cents is not None:
            self.do(subscriptions.add_service, account, "net", service_cents)
        return account

    def check(self, account: int, cents: int, number: str, **form: Any) -> int:
        """A check posted to one account; gives the payment's id."""
        return self.do(checks.post_check, checks.CheckForm(account, cents, number, **form))

    def bill(self) -> BillingTotals:
        """The billing run of the day."""
        return billing.run_billing(self.books, self.desk)

    def balance(self, account: int) -> int:
        """What the account owes, in cents."""
        return int(self.sql("SELECT balance_cents FROM account WHERE id = ?", account)[0][0])

    def postings(self, after: int = 0) -> list[tuple[Gl, Gl, int]]:
        """Debit, credit and cents of every posting after an entry, in the order written."""
        return [
            (Gl(debit), Gl(credit), cents)
            for debit, credit, cents in self.sql(
                "SELECT debit, credit, cents FROM posting WHERE entry_id > ? ORDER BY entry_id, n", after
            )
        ]

    def last_entry(self) -> int:
        """The id of the newest entry."""
        return int(self.sql("SELECT coalesce(max(id), 0) FROM entry")[0][0])

    def posted_by(self, action: Callable[[], object]) -> list[tuple[Gl, Gl, int]]:
        """What an action posts."""
        before = self.last_entry()
        action()
        return self.postings(before)

    def assert_books_right(self, *, trail: bool = True) -> None:
        """Every stored figure agrees with the ledger, and every row with the audit trail (which takes longer)."""
        assert self.see(verification.verify_books) == []
        if trail:
            assert self.see(auditcheck.verify_chain) == []

    def image(self) -> bytes:
        """The whole database of an office in memory or on the server: the same bytes, the same office."""
        return image_of(self.books)

    def digest(self) -> str:
        """A short name for `image`."""
        return hashlib.sha256(self.image()).hexdigest()

    def dump(self, leave_out: Iterable[str] = ("action",), columns: Iterable[str] = ()) -> dict[str, list[Row]]:
        """Every row of every table, but for some tables and for some columns (also `table.column`)."""
        unwanted, found = {*columns}, {}
        for table in Base.metadata.sorted_tables:
            if table.name in leave_out or table.name.startswith("audit"):  # salts are random
                continue
            names = [c.name for c in table.columns if not unwanted & {c.name, f"{table.name}.{c.name}"}]
            listed = ", ".join(f'"{name}"' for name in names)
            order = ", ".join(f'"{column.name}"' for column in table.primary_key)
            found[table.name] = self.sql(f"SELECT {listed} FROM {table.name} ORDER BY {order}")
        return found


def same_books(one: Diary, other: Diary, columns: Sequence[str]) -> bool:
    """Whether two offices hold the same, but for actions and the named columns."""
    return one.dump(columns=columns) == other.dump(columns=columns)


def listed(**known: Any) -> ImportAccount:
    """A row of a customer list: an ordinary home, but for what is given."""
    row: dict[str, Any] = {
        "line": 2,
        "old_number": "A-1",
        "name": "Ida Import",
        "kind": "residential",
        "managed": False,
        "email": "",
        "phone": "",
        "address": ("9 Oak St", "Custer SD 57730"),
        "delivery": "email",
        "autopay": "none",
        "method_label": "",
        "authorized_on": None,
        "hourly_rate_cents": None,
        "status": "active",
        "opened_on": date(2025, 1, 1),
        "closed_on": None,
        "payer": "",
        "notes": "",
        "services": (),
        "open_items": (),
        "credit_cents": 0,
        "credit_on": None,
    }
    return ImportAccount(**{**row, **known})


def imported(diary: Diary, **known: Any) -> int:
    """Take over one account of a customer list; its id."""
    return diary.do(importing.import_accounts, [listed(**known)]).account_ids[0]
