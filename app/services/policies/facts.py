"""Plain frozen facts about accounts: all that a policy may know. No database objects."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from app.services.policies.clause import Charge


class ServiceFacts(NamedTuple):
    """A service; `billed_through` is the last settled day, None when nothing was billed yet."""

    id: int
    account_id: int
    name: str
    monthly_cents: int
    first_day: date
    last_day: date | None
    billed_through: date | None


class OpenInvoice(NamedTuple):
    """An invoice with an open amount."""

    account_id: int
    due_on: date
    id: int
    open_cents: int


class PendingFacts(NamedTuple):
    """A charge that waits for the next cycle invoice."""

    id: int
    account_id: int
    charge: Charge


class ScheduledFacts(NamedTuple):
    """A change that names a later day (BOTH-10); `service_id` is None for a cancellation."""

    id: int
    account_id: int
    service_id: int | None
    what: str
    effective: date
    monthly_cents: int | None


class PriceFacts(NamedTuple):
    """A price from a day on, in the order in which prices were recorded."""

    from_day: date
    monthly_cents: int


class SuspensionFacts(NamedTuple):
    """Suspended from `on` through the day before `restored_on` (None: still)."""

    on: date
    restored_on: date | None


class InstalmentFacts(NamedTuple):
    """A dated amount of an arrangement."""

    due_on: date
    cents: int


class ArrangementFacts(NamedTuple):
    """The latest arrangement of an account."""

    made_on: date
    instalments: tuple[InstalmentFacts, ...]


class PaymentFacts(NamedTuple):
    """A payment; `undone_on` is the day it came back or was reversed.

    `counts_from`: it stands for one whose return was taken back that day; `on` is when the money first came.
    """

    on: date
    cents: int
    undone_on: date | None
    counts_from: date | None = None

    def stands(self, on: date) -> bool:
        """Whether it counts on a day: it had not come back by then, and no return of it was still to be taken back."""
        return (self.undone_on is None or self.undone_on > on) and (self.counts_from is None or self.counts_from <= on)


class AccountFacts(NamedTuple):
    """What the cycle needs to know of an account. `cycle_done`: first day of the last month done.

    `waived` are the keys of fees that a supervisor waived before they were charged.
    """

    id: int
    number: str
    status: str
    delivery: str
    balance_cents: int
    cycle_done: date | None
    services: tuple[ServiceFacts, ...] = ()
    open_invoices: tuple[OpenInvoice, ...] = ()
    pending: tuple[PendingFacts, ...] = ()
    scheduled: tuple[ScheduledFacts, ...] = ()
    suspensions: tuple[SuspensionFacts, ...] = ()
    arrangement: ArrangementFacts | None = None
    payments: tuple[PaymentFacts, ...] = ()
    waived: frozenset[str] = frozenset()


class TermFacts(NamedTuple):
    """A plan agreed for the fee periods that begin on `from_day` or later; cents a month."""

    from_day: date
    plan: str
    monthly_cents: int


class MemberFacts(NamedTuple):
    """A member billed in arrears. Fees from `period_from` on are not billed; the next is due on `next_fee_on`.

    `processing_charged_on` is the day of the processing fee's invoice, None while it has none. Amounts in cents;
    `ends_on` is the day of a cancellation that waits (BOTH-10). `plan` and `monthly_cents` are those of the sign-up;
    `terms` are the plans agreed since, in the order of their days.
    """

    account_id: int
    plan: str
    monthly_cents: int
    processing_cents: int
    individuals: int
    signed_up_on: date
    work_performed_on: date | None
    instructed_on: date | None
    processing_charged_on: date | None
    period_from: date | None
    next_fee_on: date | None
    fee_day: int | None
    suspensions: tuple[SuspensionFacts, ...] = ()
    ends_on: date | None = None
    terms: tuple[TermFacts, ...] = ()
