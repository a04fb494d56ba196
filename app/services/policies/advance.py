"""`isp-advance`: the monthly cycle. One pure function for each clause of the rulebook's section 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from app.periods import (
    ONE_DAY,
    add_months,
    days_in_month,
    month_end,
    month_key,
    month_start,
    months_between,
    next_month_start,
    prorate,
)
from app.services.policies.arrangements import arrangement_kept
from app.services.policies.clause import Charge, InvoiceDraft, arithmetic, days_label
from app.services.policies.facts import AccountFacts, ScheduledFacts, ServiceFacts, SuspensionFacts
from app.services.policies.policyfile import AdvancePolicy

PAPER_DESCRIPTION = "Paper statement"


@lru_cache(maxsize=64)
def adv_1_cycle_bills_through(on: date) -> date:
    """ADV-1: the cycle of month M bills through the last day of month M+1."""
    return month_end(next_month_start(on))


def adv_1_cycle_is_due(account: AccountFacts, on: date) -> bool:
    """ADV-1: a month's cycle is done once for each account that is not closed."""
    return account.status != "closed" and (account.cycle_done is None or account.cycle_done < month_start(on))


@lru_cache(maxsize=4096)
def adv_3_cycle_due_on(on: date, days_left_needed: int) -> date:
    """ADV-3: the last day of the run's month; of the next month when too few days are left."""
    last = month_end(on)
    return last if (last - on).days >= days_left_needed else month_end(last + ONE_DAY)


def adv_3_due_on(on: date, total_cents: int, net_days: int) -> date:
    """ADV-3: any other invoice is due `net_days` after its date; a credit memo on its date (section 0)."""
    return on if total_cents < 0 else on + timedelta(days=net_days)


def bills_until(service: ServiceFacts, scheduled: Iterable[ScheduledFacts], through: date) -> date:
    """BOTH-10: the last day that may be billed while a later change waits to be carried out."""
    if service.last_day is not None:
        through = min(through, service.last_day)
    for change in scheduled:
        if change.what == "cancel" or (change.what == "end" and change.service_id == service.id):
            through = min(through, change.effective)
        elif change.what == "price" and change.service_id == service.id:
            through = min(through, change.effective - ONE_DAY)
    return through


def suspended_days(first: date, last: date, suspensions: Iterable[SuspensionFacts]) -> int:
    """How many days from `first` through `last` lie in a suspension (ADV-15)."""
    days: set[date] = set()
    for suspension in suspensions:
        day = max(first, suspension.on)
        end = last if suspension.restored_on is None else min(last, suspension.restored_on - ONE_DAY)
        while day <= end:
            days.add(day)
            day += ONE_DAY
    return len(days)


def adv_1_recurring(
    service: ServiceFacts, through: date, suspensions: Sequence[SuspensionFacts] = (), key: str = ""
) -> list[Charge]:
    """ADV-1, ADV-2: every unbilled day of a service through `through`, one line for each month.

    Whole months at the monthly price, part months prorated once per line. Days within `suspensions` are
    left out (given only when the policy does not bill while suspended, ADV-15).
    """
    first = service.first_day if service.billed_through is None else service.billed_through + ONE_DAY
    charges = []
    for piece_first, piece_last in months_between(first, through):
        days = (piece_last - piece_first).days + 1
        if suspensions:
            days -= suspended_days(piece_first, piece_last, suspensions)
            if days == 0:
                continue
        charges.append(_recurring_line(service, piece_first, piece_last, days, key))
    return charges


def _recurring_line(service: ServiceFacts, first: date, last: date, days: int, key: str) -> Charge:
    price = service.monthly_cents
    when = month_key(first) if first.day == 1 else first.isoformat()
    return Charge(
        "recurring",
        f"{key or 'recurring'}:{service.id}:{when}",
        prorate(price, days, days_in_month(first)),
        "ADV-1",
        f"{service.name}, {days_label(first, last)}",
        arithmetic(price, days, first),
        service.id,
        first,
        last,
        True,
    )


def adv_4_paper_statement(account: AccountFacts, policy: AdvancePolicy, on: date) -> Charge:
    """ADV-4: the fee of a cycle invoice that bills a service to an account on paper."""
    fee = policy.paper_statement_fee
    return Charge(
        "paper-statement",
        f"paper-statement:{month_key(on)}",
        fee,
        "ADV-4",
        PAPER_DESCRIPTION,
        "delivery on paper and services billed",
    )


def adv_14_in_arrears(due_on: date, on: date, months: int) -> bool:
    """ADV-14: whether an invoice due on `due_on` is in arrears for `months` months on `on`."""
    return add_months(due_on, months) <= on


_in_arrears = lru_cache(maxsize=8192)(adv_14_in_arrears)


def adv_14_late_fee(account: AccountFacts, policy: AdvancePolicy, on: date) -> Charge | None:
    """ADV-14: one late fee for an account in arrears, unless an arrangement is being kept."""
    oldest = min(account.open_invoices, key=lambda invoice: invoice.due_on, default=None)
    if oldest is None or not _in_arrears(oldest.due_on, on, policy.late_after_months):
        return None
    if arrangement_kept(account.arrangement, account.payments, on):
        return None
    return Charge(
        "late-fee",
        f"late-fee:{month_key(on)}",
        policy.late_fee,
        "ADV-14",
        "Late fee",
        f"invoice {oldest.id} due {oldest.due_on} was open {policy.late_after_months} month(s) later, on {on}",
    )


def cycle_invoice(account: AccountFacts, policy: AdvancePolicy, on: date) -> InvoiceDraft | None:
    """The cycle of one account on a run's date: late fee, waiting lines, services, paper statement.

    None when the cycle has nothing to bill (it is done all the same, ADV-1). Order: rulebook section 5.
    """
    charges: list[Charge] = []
    if account.open_invoices:
        late_fee = adv_14_late_fee(account, policy, on)
        if late_fee is not None:
            charges.append(late_fee)
    for waiting in account.pending:
        charges.append(waiting.charge)
    through = adv_1_cycle_bills_through(on)
    suspensions = () if policy.bill_while_suspended else account.suspensions
    settled = []
    services_billed = False
    for service in account.services:
        until = bills_until(service, account.scheduled, through) if account.scheduled else through
        if service.last_day is not None and service.last_day < until:
            until = service.last_day
        lines = adv_1_recurring(service, until, suspensions)
        if lines:
            charges += lines
            services_billed = True
            settled.append((service.id, lines[-1][8]))
    if services_billed and account.delivery == "paper":
        charges.append(adv_4_paper_statement(account, policy, on))
    if not charges:
        return None
    total = sum(charge[2] for charge in charges)
    due_on = on if total < 0 else adv_3_cycle_due_on(on, policy.late_run_days_left)
    pending_ids = tuple(waiting.id for waiting in account.pending)
    return InvoiceDraft(account.id, on, due_on, "cycle", tuple(charges), pending_ids, tuple(settled))  # type: ignore[arg-type]


def adv_2_activation(
    service: ServiceFacts,
    policy: AdvancePolicy,
    on: date,
    scheduled: Sequence[ScheduledFacts] = (),
    suspensions: Sequence[SuspensionFacts] = (),
) -> InvoiceDraft | None:
    """ADV-2: the invoice that starting a service issues: through the end of the month after.

    None when the policy leaves it to the next cycle, or when there is nothing to bill.
    """
    if policy.first_invoice == "with-next-cycle":
        return None
    through = bills_until(service, scheduled, adv_1_cycle_bills_through(service.first_day))
    charges = tuple(
        charge._replace(clause="ADV-2")
        for charge in adv_1_recurring(service, through, () if policy.bill_while_suspended else suspensions)
    )
    if not charges:
        return None
    due_on = adv_3_due_on(on, sum(charge.cents for charge in charges), policy.net_days)
    settled = ((service.id, charges[-1].period_to or through),)
    return InvoiceDraft(service.account_id, on, due_on, "activation", charges, (), settled)
