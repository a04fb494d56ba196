"""What a customer list (docs/customer-csv.md) holds once it has been read.

Amounts are integer cents, days are `date`, and nothing here touches a file, a database or a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ImportService:
    """One running service.

    `monthly_cents` is the price of a whole calendar month. `billed_through` is the last day already billed by
    the old program; None means that the service was never billed.
    """

    name: str
    monthly_cents: int
    since: date
    billed_through: date | None


@dataclass(frozen=True, slots=True)
class ImportOpenItem:
    """Something the customer still owes; `cents` is what is left open, always more than zero."""

    description: str
    on: date
    due_on: date
    cents: int


@dataclass(frozen=True, slots=True)
class ImportMember:
    """A member's plan and where its fees stand; what is None the plan offers, or has not happened yet.

    `processing_open_cents` is what is still owed of a processing fee that was charged and not paid. The next fee,
    due on `next_fee_on`, covers from `fee_from` on; `fee_day` is the day of the month on which later ones fall.
    """

    plan: str
    monthly_cents: int | None
    processing_cents: int | None
    individuals: int
    work_performed_on: date | None
    instructed_on: date | None
    processing_charged_on: date | None
    processing_paid_on: date | None
    processing_open_cents: int
    fee_from: date | None
    next_fee_on: date | None
    fee_day: int | None


@dataclass(frozen=True, slots=True)
class ImportAccount:
    """One account, from one row without problems.

    `line` is the physical line on which the row starts. `address` holds the lines of the envelope, the last
    one being "City ST ZIP", or nothing at all. `hourly_rate_cents` is None where the office's own rate holds.
    `credit_cents` is the credit on the account (0 for none) and `credit_on` its day. `policy`
    is empty where the office's one for the kind of account holds; `member` is None for accounts billed in advance.
    `suspended_on` None: a suspended account counts as suspended since the cut-over.
    """

    line: int
    old_number: str
    name: str
    kind: str
    managed: bool
    email: str
    phone: str
    address: tuple[str, ...]
    delivery: str
    autopay: str
    method_label: str
    authorized_on: date | None
    hourly_rate_cents: int | None
    status: str
    opened_on: date
    closed_on: date | None
    payer: str
    notes: str
    services: tuple[ImportService, ...]
    open_items: tuple[ImportOpenItem, ...]
    credit_cents: int
    credit_on: date | None
    policy: str = ""
    suspended_on: date | None = None
    member: ImportMember | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One reason why a row was refused.

    `line` is the physical line on which the row starts and `column` the name in the header ("" when the whole
    row is at fault). `value` is the cell's text, shortened, with card and bank numbers masked.
    """

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A customer list as read: the good rows, every problem of the bad ones, remarks on the whole file."""

    accounts: tuple[ImportAccount, ...]
    problems: tuple[RowProblem, ...]
    notes: tuple[str, ...]
