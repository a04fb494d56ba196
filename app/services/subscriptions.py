"""Services: started, re-priced, ended; and the cancellation of an account (ADV-1, ADV-2, ADV-9, BOTH-10)."""

from __future__ import annotations

import logging
from datetime import date

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import REFUSED_ROW, execute, fetch, fetch_one, insert_with_id, set_ranges
from app.models.sealing import savepoint
from app.money import format_cents
from app.periods import ONE_DAY
from app.services import loading, memberbilling, standing
from app.services.accounts import refuse_closed
from app.services.desk import Act, Desk, begin
from app.services.inputs import one_line
from app.services.invoicing import write_invoices
from app.services.loading import AccountCard, card
from app.services.policies.advance import adv_2_activation, adv_3_due_on
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.ending import adv_9_end_of_service, price_change
from app.services.policies.facts import ScheduledFacts, ServiceFacts, SuspensionFacts
from app.services.policies.policyfile import ArrearsPolicy
from app.services.terms import advance_policy_of, policy_of

log = logging.getLogger(__name__)

MAX_MONTHLY_CENTS = 100_000_000


def add_service(
    session: Session,
    desk: Desk,
    account_id: int,
    code: str,
    monthly_cents: int,
    name: str = "",
    token: str | None = None,
) -> int:
    """Start a service on the desk's business date; issues its activation invoice (ADV-2). Returns its id.

    Raises UserError on a closed account, a negative price, or while a service of that code still runs.
    """
    code = one_line(code, "A service's name", "service")
    name = one_line(name, "A service's name", "service")
    if not code:
        raise UserError("A service needs a name.", field="service")
    _refuse_price(monthly_cents)
    act = begin(session, desk, "add-service", token=token)
    account = brought_up_to_date(session, act, account_id, "starting a service")
    policy = advance_policy_of(session, account_id, desk.on)
    if desk.on < account.opened_on:
        raise UserError(f"Account {account.number} was opened on {account.opened_on}, after {desk.on}.", field="on")
    for last_day in fetch(session, "SELECT last_day FROM service WHERE account_id = ? AND code = ?", account_id, code):
        if last_day[0] is None or last_day[0] >= desk.on.isoformat():
            raise UserError(
                f"Service {code} of account {account.number} still runs on {desk.on}; it can be added again from the "
                "day after its last day.",
                field="service",
            )
    service_id = insert_with_id(
        session,
        "service",
        account_id=account_id,
        name=name or code,
        code=code,
        monthly_cents=monthly_cents,
        first_day=desk.on,
        last_day=None,
        billed_through=None,
    )
    _record_price(session, act, service_id, desk.on, monthly_cents)
    draft = adv_2_activation(
        loading.service(session, service_id),
        policy,
        desk.on,
        loading.scheduled(session, account_id, account_id).get(account_id, ()),
        _suspensions(session, account_id),
    )
    if draft is not None:
        write_invoices(session, act, [draft])
        standing.after_money(session, act, account_id, "other")
    return service_id


def _suspensions(session: Session, account_id: int) -> tuple[SuspensionFacts, ...]:
    return tuple(loading.suspensions(session, account_id, account_id).get(account_id, ()))


def _unbilled_suspensions(session: Session, account_id: int, on: date) -> tuple[SuspensionFacts, ...]:
    if advance_policy_of(session, account_id, on).bill_while_suspended:
        return ()
    return _suspensions(session, account_id)


def _refuse_price(monthly_cents: int) -> None:
    if not 0 <= monthly_cents <= MAX_MONTHLY_CENTS:
        raise UserError(f"A monthly price is from 0.00 to {format_cents(MAX_MONTHLY_CENTS)}.", field="monthly")


def brought_up_to_date(session: Session, act: Act, account_id: int, what: str) -> AccountCard:
    """The account after what was scheduled for today or before; refused when that closed it (BOTH-8)."""
    carry_out_due(session, act, account_id, account_id)
    account = card(session, account_id)
    refuse_closed(account, what)
    return account


def _record_price(session: Session, act: Act, service_id: int, from_day: date, monthly_cents: int) -> int:
    return insert_with_id(
        session,
        "service_price",
        service_id=service_id,
        from_day=from_day,
        monthly_cents=monthly_cents,
        action_id=act.id,
    )


def running_service(session: Session, account: AccountCard, code: str) -> ServiceFacts:
    """The service of that code which has not been ended. Raises UserError when there is none."""
    row = fetch_one(
        session,
        "SELECT id FROM service WHERE account_id = ? AND code = ? AND last_day IS NULL",
        account.id,
        code,
    )
    if row is None:
        raise UserError(f"Account {account.number} has no running service {code}.", field="service")
    return loading.service(session, row[0])


def _refuse_before(service: ServiceFacts, effective: date) -> None:
    if effective < service.first_day:
        raise UserError(
            f"{service.name} began on {service.first_day}; a change cannot count from {effective}, before that.",
            field="effective",
        )


def _schedule(
    session: Session,
    act: Act,
    account_id: int,
    service_id: int | None,
    what: str,
    effective: date,
    cents: int | None,
) -> int:
    return insert_with_id(
        session,
        "scheduled_change",
        account_id=account_id,
        service_id=service_id,
        what=what,
        effective=effective,
        monthly_cents=cents,
        state="waiting",
        action_id=act.id,
    )


def change_price(
    session: Session,
    desk: Desk,
    account_id: int,
    code: str,
    monthly_cents: int,
    effective: date | None = None,
) -> None:
    """A new monthly price from `effective` (default: the business date); a later day is scheduled (BOTH-10).

    Raises UserError on a closed account, an unknown service, a negative price or a day before the service.
    """
    _refuse_price(monthly_cents)
    effective = effective or desk.on
    act = begin(session, desk, "change-service")
    account = brought_up_to_date(session, act, account_id, "changing a service")
    service = running_service(session, account, code.strip())
    _refuse_before(service, effective)
    if effective > desk.on:
        _schedule(session, act, account_id, service.id, "price", effective, monthly_cents)
    else:
        _apply_price(session, act, service, monthly_cents, effective)


def _apply_price(session: Session, act: Act, service: ServiceFacts, monthly_cents: int, effective: date) -> None:
    prices = loading.prices(session, service.id)
    suspensions = _unbilled_suspensions(session, service.account_id, act.on)
    price_id = _record_price(session, act, service.id, effective, monthly_cents)
    charges = price_change(
        service,
        prices,
        monthly_cents,
        effective,
        loading.billed_by_month(session, service.account_id, service.id),
        price_id,
        loading.days_never_billed(session, service, suspensions),
        suspensions,
    )
    for charge in charges:
        add_pending(session, act, service.account_id, charge)
    billed_through = service.billed_through
    settled = max(day for day in (billed_through, effective - ONE_DAY) if day is not None)
    if settled >= service.first_day:
        billed_through = settled
    execute(session, "UPDATE service SET monthly_cents = ? WHERE id = ?", monthly_cents, service.id)
    set_ranges(session, "service", "billed_through", [(billed_through, service.id, service.id)])


def add_pending(session: Session, act: Act, account_id: int, charge: Charge) -> int:
    """Let a charge wait for the account's next cycle invoice; returns its id."""
    return insert_with_id(
        session,
        "pending_charge",
        account_id=account_id,
        made_on=act.on,
        kind=charge.kind,
        key=charge.key,
        cents=charge.cents,
        clause=charge.clause,
        description=charge.description,
        why=charge.why,
        service_id=charge.service_id,
        period_from=charge.period_from,
        period_to=charge.period_to,
        deferred=int(charge.deferred),
        invoice_id=None,
        action_id=act.id,
    )


def end_service(session: Session, desk: Desk, account_id: int, code: str, effective: date | None = None) -> None:
    """End one service on `effective` (default: the business date), its last day; a later day is scheduled.

    Raises UserError on a closed account, an unknown service or a day before the service began.
    """
    effective = effective or desk.on
    act = begin(session, desk, "end-service")
    account = brought_up_to_date(session, act, account_id, "ending a service")
    service = running_service(session, account, code.strip())
    _refuse_before(service, effective)
    if effective > desk.on:
        for change in loading.scheduled(session, account_id, account_id).get(account_id, ()):
            if change.what == "end" and change.service_id == service.id:
                raise UserError(f"{service.name} is to end on {change.effective} already; undo that first.", "service")
        _schedule(session, act, account_id, service.id, "end", effective, None)
    else:
        _close_services(session, act, account_id, [loading.service(session, service.id)], effective, with_pending=False)


def cancel_account(session: Session, desk: Desk, account_id: int, effective: date | None = None) -> None:
    """ADV-9, ARR-4: end everything on `effective` (default: the business date) and close the account.

    A later day is scheduled. Raises UserError on a closed account or a day before a running service began.
    """
    effective = effective or desk.on
    act = begin(session, desk, "cancel-account")
    account = brought_up_to_date(session, act, account_id, "a second cancellation")
    if effective < account.opened_on:
        raise UserError(f"Account {account.number} was opened on {account.opened_on}, after {effective}.", "effective")
    for service in _running(session, account_id):
        _refuse_before(service, effective)
    if effective <= desk.on:
        _cancel(session, act, account_id, effective)
        return
    waiting = loading.scheduled(session, account_id, account_id).get(account_id, ())
    if any(change.what == "cancel" for change in waiting):
        raise UserError(f"Account {account.number} is to be cancelled already; undo that first.", field="account")
    _schedule(session, act, account_id, None, "cancel", effective, None)


def _running(session: Session, account_id: int) -> list[ServiceFacts]:
    rows = fetch(session, "SELECT id FROM service WHERE account_id = ? AND last_day IS NULL ORDER BY id", account_id)
    return [loading.service(session, row[0]) for row in rows]


def _cancel(session: Session, act: Act, account_id: int, last_day: date, run_id: int | None = None) -> list[InvoiceDraft]:
    if isinstance(policy_of(session, account_id, act.on), ArrearsPolicy):
        drafts = memberbilling.end_membership(session, act, account_id, last_day, run_id)
        _close(session, account_id, last_day)
        standing.after_money(session, act, account_id, "credit")
        return drafts
    _close(session, account_id, last_day)
    services = loading.unsettled_services(session, account_id, account_id).get(account_id, [])
    return _close_services(session, act, account_id, services, last_day, with_pending=True, run_id=run_id)


def _close(session: Session, account_id: int, last_day: date) -> None:
    execute(session, "UPDATE account SET status = 'closed', closed_on = ? WHERE id = ?", last_day, account_id)
    execute(
        session,
        "UPDATE scheduled_change SET state = 'dropped' WHERE account_id = ? AND state = 'waiting'",
        account_id,
    )


def _close_services(
    session: Session,
    act: Act,
    account_id: int,
    services: list[ServiceFacts],
    last_day: date,
    *,
    with_pending: bool,
    run_id: int | None = None,
) -> list[InvoiceDraft]:
    suspensions = _unbilled_suspensions(session, account_id, act.on)
    charges: list[Charge] = []
    settled = []
    for service in services:
        # A service that began after the day that a late cancellation names was never there.
        end = max(last_day, service.first_day - ONE_DAY)
        charges += adv_9_end_of_service(
            service,
            loading.prices(session, service.id),
            end,
            loading.billed_by_month(session, account_id, service.id),
            loading.days_never_billed(session, service, suspensions),
            suspensions,
        )
        settled.append((service.id, end))
        execute(session, "UPDATE service SET last_day = ? WHERE id = ?", end, service.id)
        execute(
            session,
            "UPDATE scheduled_change SET state = 'dropped' WHERE service_id = ? AND state = 'waiting'",
            service.id,
        )
    waiting = loading.pending(session, account_id, account_id).get(account_id, []) if with_pending else []
    charges += [item.charge for item in waiting]
    drafts = []
    if charges:
        total = sum(charge.cents for charge in charges)
        due_on = adv_3_due_on(act.on, total, advance_policy_of(session, account_id, act.on).net_days)
        pending_ids = tuple(item.id for item in waiting)
        drafts = [InvoiceDraft(account_id, act.on, due_on, "closing", tuple(charges), pending_ids, tuple(settled))]
        write_invoices(session, act, drafts, run_id)
    set_ranges(session, "service", "billed_through", [(end, service_id, service_id) for service_id, end in settled])
    standing.after_money(session, act, account_id, "credit")
    return drafts


# Of one day: a new price counts on the day itself, which an end or a cancellation still bills (BOTH-10).
_ORDER = {"price": 0, "end": 1, "cancel": 2}


def carry_out_due(
    session: Session, act: Act, first_account: int, last_account: int, run_id: int | None = None
) -> list[list[InvoiceDraft]]:
    """BOTH-10: carry out what was scheduled for the action's day or earlier; one item for each change.

    Entries are dated the action's day and count from the day that was named. An item is the invoices that
    the change made.
    """
    due = [
        change
        for changes in loading.scheduled(session, first_account, last_account).values()
        for change in changes
        if change.effective <= act.on
    ]
    due.sort(key=lambda change: (change.effective, _ORDER[change.what], change.id))
    made: list[list[InvoiceDraft]] = []
    for change in due:
        try:
            with savepoint(session):
                made.append(_carry_out(session, act, change, run_id))
        except REFUSED_ROW as error:
            # One account's broken change must not keep the others from being billed or the day from closing.
            log.exception("scheduled change %s could not be carried out", change.id)
            standing.list_exception(
                session, act, change.account_id, standing.CHANGE_FAILED, f"not carried out: {getattr(error, 'orig', error)}"
            )
    return made


def _carry_out(session: Session, act: Act, change: ScheduledFacts, run_id: int | None) -> list[InvoiceDraft]:
    still = fetch_one(session, "SELECT state FROM scheduled_change WHERE id = ?", change.id)
    if still is None or still[0] != "waiting":
        return []  # dropped by a cancellation that was carried out just before
    execute(session, "UPDATE scheduled_change SET state = 'done' WHERE id = ?", change.id)
    if change.what == "cancel":
        return _cancel(session, act, change.account_id, change.effective, run_id)
    assert change.service_id is not None
    service = loading.service(session, change.service_id)
    if change.what == "end":
        return _close_services(
            session, act, change.account_id, [service], change.effective, with_pending=False, run_id=run_id
        )
    assert change.monthly_cents is not None
    _apply_price(session, act, service, change.monthly_cents, change.effective)
    return []
