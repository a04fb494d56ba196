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
NO_DAYS: frozenset[date] = frozenset()


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


def suspended_days(first: date, last: date, suspensions: Iterable[SuspensionFacts]) -> frozenset[date]:
    """The days from `first` through `last` that lie in a suspension (ADV-15)."""
    days: set[date] = set()
    for suspension in suspensions:
        day = max(first, suspension.on)
        end = last if suspension.restored_on is None else min(last, suspension.restored_on - ONE_DAY)
        while day <= end:
            days.add(day)
            day += ONE_DAY
    return frozenset(days)


def adv_15_billable(
    service: ServiceFacts, through: date, suspensions: Sequence[SuspensionFacts]
) -> tuple[date, frozenset[date]]:
    """ADV-15 with `bill_while_suspended = false`: the last day that may be billed now, and the days left out.

    While a suspension goes on nothing from its day on is billed; whether those days are ever billed shows
    when it ends.
    """
    if not suspensions:
        return through, NO_DAYS
    for suspension in suspensions:
        if suspension.restored_on is None:
            through = min(through, suspension.on - ONE_DAY)
    first = service.first_day if service.billed_through is None else service.billed_through + ONE_DAY
    return through, suspended_days(first, through, suspensions)


def adv_1_recurring(
    service: ServiceFacts, through: date, left_out: frozenset[date] = NO_DAYS, key: str = "recurring"
) -> list[Charge]:
    """ADV-1, ADV-2: every unbilled day of a service through `through`, one line for each month.

    Whole months at the monthly price, part months prorated once per line, without the days `left_out`.
    """
    _, _, name, price, first_day, _, billed_through = service
    first = first_day if billed_through is None else billed_through + ONE_DAY
    charges = []
    for piece_first, piece_last in months_between(first, through):
        days = (piece_last - piece_first).days + 1
        if left_out:
            days -= sum(1 for day in left_out if piece_first <= day <= piece_last)
            if days == 0:
                continue
        when, cents, label, why = _month_line(price, days, piece_first, piece_last)
        charges.append(
            Charge(
                "recurring",
                f"{key}:{service.id}:{when}",
                cents,
                "ADV-1",
                f"{name}, {label}",
                why,
                service.id,
                piece_first,
                piece_last,
                True,
            )
        )
    return charges


@lru_cache(maxsize=8192)
def _month_line(price: int, days: int, first: date, last: date) -> tuple[str, int, str, str]:
    """What all services of a price share for a month: key part, cents, days in words, worked arithmetic."""
    when = month_key(first) if first.day == 1 else first.isoformat()
    return (
        when,
        prorate(price, days, days_in_month(first)),
        days_label(first, last),
        arithmetic(price, days, first),
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
        if late_fee is not None and late_fee.key not in account.waived:
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
        if service.first_day > on:
            continue  # started after the date of a run that is made late
        left_out = NO_DAYS
        if suspensions:
            until, left_out = adv_15_billable(service, until, suspensions)
        lines = adv_1_recurring(service, until, left_out)
        if lines:
            charges += lines
            services_billed = True
            settled.append((service.id, lines[-1][8]))
    if services_billed and account.delivery == "paper":
        paper = adv_4_paper_statement(account, policy, on)
        if paper.key not in account.waived:
            charges.append(paper)
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
    through, left_out = adv_15_billable(service, through, () if policy.bill_while_suspended else suspensions)
    charges = tuple(charge._replace(clause="ADV-2") for charge in adv_1_recurring(service, through, left_out))
    if not charges:
        return None
    due_on = adv_3_due_on(on, sum(charge.cents for charge in charges), policy.net_days)
    settled = ((service.id, charges[-1].period_to or through),)
    return InvoiceDraft(service.account_id, on, due_on, "activation", charges, (), settled)
