"""The events of a story: each calls the service that a window would call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.errors import UserError
from app.models.database import Database
from app.money import parse_cents
from app.services import (
    accounts,
    autopay,
    billing,
    checks,
    collections,
    credits,
    dayclose,
    members,
    payments,
    receipts,
    refunds,
    subscriptions,
    work,
)
from app.services.desk import Desk
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.history import account_invoices, account_payments
from app.services.loading import card
from app.services.policies.dishonored import Cost
from app.services.policies.facts import InstalmentFacts
from app.services.storyfile import Event


@dataclass(slots=True)
class Stage:
    """The office that a story plays in; `accounts` maps the story's names to ids."""

    books: Database
    policy: str
    accounts: dict[str, int] = field(default_factory=dict)
    desk: Desk = field(default_factory=lambda: Desk("rehearsal", "manager", "rehearsal", date.min, date.max))

    def account(self, name: str) -> int:
        """The id of a story's account. Raises UserError for an unknown one."""
        if name not in self.accounts:
            raise UserError(f"This story has no account {name}.", field="account")
        return self.accounts[name]


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event's function and its keys: name -> type; `needed` must be there."""

    play: Callable[..., None]
    keys: Mapping[str, Callable[[Any, str], Any]]
    needed: frozenset[str]


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{key} is text in quotes.", field=key)
    return value


def _whole(value: Any, key: str) -> int:
    if type(value) is not int:
        raise UserError(f"{key} is a whole number.", field=key)
    return value


def _yes_no(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{key} is true or false.", field=key)
    return value


def _day(value: Any, key: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise UserError(f"{key} is a date, such as 2026-01-15.", field=key)
    return value


def _moment(value: Any, key: str) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise UserError(f"{key} is a date and time, such as 2026-01-15T08:00:00.", field=key)
    return value


def money(value: Any, key: str) -> int:
    """Cents of an amount in quotes. Raises UserError that names the key."""
    try:
        return parse_cents(_text(value, key))
    except ValueError as error:
        raise UserError(f"{key}: {error}.", field=key) from None


def _list_of(read: Callable[[Any, str], Any]) -> Callable[[Any, str], list[Any]]:
    def read_list(value: Any, key: str) -> list[Any]:
        if not isinstance(value, list):
            raise UserError(f"{key} is a list.", field=key)
        return [read(item, key) for item in value]

    return read_list


def _instalment(value: Any, key: str) -> InstalmentFacts:
    if not isinstance(value, dict) or set(value) != {"on", "amount"}:
        raise UserError(f"{key} is a list of {{on, amount}}.", field=key)
    return InstalmentFacts(_day(value["on"], "on"), money(value["amount"], "amount"))


def read_keys(spec: EventSpec, event: Event) -> dict[str, Any]:
    """The event's keys, read and checked. Raises UserError that names the line and the key."""
    for key in event.keys:
        if key not in spec.keys:
            raise UserError(f"line {event.line}: {event.do} has no key “{key}”; it has {', '.join(spec.keys)}.", key)
    for key in sorted(spec.needed - set(event.keys)):
        raise UserError(f"line {event.line}: {event.do} needs the key “{key}”.", field=key)
    return {key: spec.keys[key](value, key) for key, value in event.keys.items()}


def _open_account(stage: Stage, account: str, name: str = "", address: Sequence[str] = (), **known: Any) -> None:
    if account in stage.accounts:
        raise UserError(f"This story has an account {account} already.", field="account")
    rate = known.pop("hourly_rate", None)
    fees = {f"{fee}_cents": known.pop(fee) for fee in ("monthly", "processing") if fee in known}
    known |= fees
    form = accounts.AccountForm(name or account, stage.policy, address=tuple(address), hourly_rate_cents=rate, **known)
    with stage.books.write() as session:
        account_id = accounts.open_account(session, stage.desk, form)
    stage.accounts[account] = account_id


def _add_service(stage: Stage, account: str, service: str, monthly: int, name: str = "") -> None:
    with stage.books.write() as session:
        subscriptions.add_service(session, stage.desk, stage.account(account), service, monthly, name)


def _change_service(stage: Stage, account: str, service: str, monthly: int, effective: date | None = None) -> None:
    with stage.books.write() as session:
        subscriptions.change_price(session, stage.desk, stage.account(account), service, monthly, effective)


def _end_service(stage: Stage, account: str, service: str, effective: date | None = None) -> None:
    with stage.books.write() as session:
        subscriptions.end_service(session, stage.desk, stage.account(account), service, effective)


def _cancel_account(stage: Stage, account: str, effective: date | None = None) -> None:
    with stage.books.write() as session:
        subscriptions.cancel_account(session, stage.desk, stage.account(account), effective)


def _change_address(stage: Stage, account: str, address: list[str]) -> None:
    with stage.books.write() as session:
        accounts.change_address(session, stage.desk, stage.account(account), tuple(address))


def _change_delivery(stage: Stage, account: str, delivery: str) -> None:
    with stage.books.write() as session:
        accounts.change_delivery(session, stage.desk, stage.account(account), delivery)


def _run_billing(stage: Stage) -> None:
    billing.run_billing(stage.books, stage.desk)


def _run_autopay(stage: Stage, declines: Sequence[str] = ()) -> None:
    with stage.books.read() as session:
        numbers = [card(session, stage.account(name)).number for name in declines]
    autopay.run_autopay(stage.books, stage.desk, DeclineListGateway(numbers))


def _post_check(
    stage: Stage,
    account: str,
    amount: int,
    number: str,
    dated: date | None = None,
    via: str = "customer",
    apply_to: Sequence[int] = (),
    force: str = "",
) -> None:
    account_id = stage.account(account)
    with stage.books.write() as session:
        known = [row.id for row in account_invoices(session, account_id)]
        for ordinal in apply_to:
            if not 1 <= ordinal <= len(known):
                raise UserError(f"The account has no invoice number {ordinal}.", field="apply_to")
        picked = tuple(known[ordinal - 1] for ordinal in apply_to)
        form = checks.CheckForm(account_id, amount, number, dated, via, apply_to=picked, force=force)
        checks.post_check(session, stage.desk, form)


def _payment_id(stage: Stage, account_id: int, ordinal: int) -> int:
    with stage.books.read() as session:
        known = account_payments(session, account_id)
    if not 1 <= ordinal <= len(known):
        raise UserError(f"The account has no payment number {ordinal}.", field="payment")
    return known[ordinal - 1].id


def _return_payment(
    stage: Stage, account: str, number: str = "", payment: int = 0, bank_fee: int = 0, reason: str = ""
) -> None:
    account_id = stage.account(account)
    payment_id = 0 if number else _payment_id(stage, account_id, payment)
    with stage.books.write() as session:
        if number:
            payment_id = payments.latest_payment_by_check(session, account_id, number).id
        payments.return_payment(session, stage.desk, payment_id, bank_fee, reason)


def _reverse_payment(stage: Stage, account: str, payment: int, reason: str) -> None:
    payment_id = _payment_id(stage, stage.account(account), payment)
    with stage.books.write() as session:
        payments.reverse_payment(session, stage.desk, payment_id, reason)


def _chargeback(stage: Stage, account: str, payment: int, fraudulent: bool, costs: Sequence[Any] = ()) -> None:
    payment_id = _payment_id(stage, stage.account(account), payment)
    with stage.books.write() as session:
        payments.charge_back(session, stage.desk, payment_id, fraudulent=fraudulent, costs=costs)


def _record_work_performed(stage: Stage, account: str) -> None:
    with stage.books.write() as session:
        members.record_work_performed(session, stage.desk, stage.account(account))


def _instruct_early(stage: Stage, account: str, charge_on: date) -> None:
    with stage.books.write() as session:
        members.instruct_early(session, stage.desk, stage.account(account), charge_on)


def _change_fee_day(stage: Stage, account: str, day: int, waive: bool = False) -> None:
    reason = "rehearsal" if waive else ""
    with stage.books.write() as session:
        members.change_fee_day(session, stage.desk, stage.account(account), day, waive=waive, reason=reason)


def _suspend(stage: Stage) -> None:
    with stage.books.write() as session:
        collections.suspend(session, stage.desk)


def _arrange(stage: Stage, account: str, instalments: list[InstalmentFacts]) -> None:
    with stage.books.write() as session:
        collections.arrange(session, stage.desk, stage.account(account), instalments)


def _approve_reactivation(stage: Stage, account: str, reason: str = "") -> None:
    with stage.books.write() as session:
        collections.approve_reactivation(session, stage.desk, stage.account(account), reason)


def _waive_reactivation(stage: Stage, account: str, reason: str = "") -> None:
    with stage.books.write() as session:
        collections.waive_reactivation(session, stage.desk, stage.account(account), reason or "decided in the story")


def _log_work(stage: Stage, account: str, kind: str, start: datetime, end: datetime, description: str = "") -> None:
    with stage.books.write() as session:
        work.log_work(session, stage.desk, stage.account(account), kind, start, end, description)


def _run_refunds(stage: Stage, force: bool = False) -> None:
    with stage.books.write() as session:
        refunds.run_refunds(session, stage.desk, force=force, reason="rehearsal" if force else "")


def _void_refund(stage: Stage, account: str, reason: str) -> None:
    account_id = stage.account(account)
    with stage.books.write() as session:
        refunds.void_refund(session, stage.desk, refunds.latest_refund(session, account_id), reason)


def _send_receipts(stage: Stage) -> None:
    with stage.books.write() as session:
        receipts.send_receipts(session, stage.desk, NoMail())


def _close_day(stage: Stage) -> None:
    with stage.books.write() as session:
        dayclose.close_day(session, stage.desk, NoMail())


def _change_payment_method(stage: Stage, account: str, kind: str, form: bool = False) -> None:
    with stage.books.write() as session:
        accounts.change_payment_method(session, stage.desk, stage.account(account), kind, form_signed=form)


def _record_authorization(stage: Stage, account: str) -> None:
    with stage.books.write() as session:
        accounts.record_authorization(session, stage.desk, stage.account(account))


def _courtesy_credit(stage: Stage, account: str, amount: int, reason: str) -> None:
    with stage.books.write() as session:
        credits.courtesy_credit(session, stage.desk, stage.account(account), amount, reason)


def _write_off(stage: Stage, account: str, amount: int, reason: str) -> None:
    with stage.books.write() as session:
        credits.write_off(session, stage.desk, stage.account(account), amount, reason)


def _cost(value: Any, key: str) -> Cost:
    if not isinstance(value, dict) or set(value) != {"what", "amount"}:
        raise UserError(f"{key} is a list of {{what, amount}}.", field=key)
    return Cost(_text(value["what"], "what"), money(value["amount"], "amount"))


def _spec(play: Callable[..., None], **keys: Callable[[Any, str], Any]) -> EventSpec:
    """Keys whose name ends in an underscore are optional."""
    names = {key.rstrip("_"): read for key, read in keys.items()}
    return EventSpec(play, names, frozenset(key for key in keys if not key.endswith("_")))


EVENTS: Mapping[str, EventSpec] = {
    "open-account": _spec(
        _open_account,
        account=_text,
        name_=_text,
        kind_=_text,
        managed_=_yes_no,
        email_=_text,
        address_=_list_of(_text),
        delivery_=_text,
        autopay_=_text,
        hourly_rate_=money,
        plan_=_text,
        monthly_=money,
        processing_=money,
        individuals_=_whole,
    ),
    "add-service": _spec(_add_service, account=_text, service=_text, monthly=money, name_=_text),
    "change-service": _spec(_change_service, account=_text, service=_text, monthly=money, effective_=_day),
    "end-service": _spec(_end_service, account=_text, service=_text, effective_=_day),
    "cancel-account": _spec(_cancel_account, account=_text, effective_=_day),
    "change-address": _spec(_change_address, account=_text, address=_list_of(_text)),
    "change-delivery": _spec(_change_delivery, account=_text, delivery=_text),
    "run-billing": _spec(_run_billing),
    "run-autopay": _spec(_run_autopay, declines_=_list_of(_text)),
    "post-check": _spec(
        _post_check,
        account=_text,
        amount=money,
        number=_text,
        dated_=_day,
        via_=_text,
        apply_to_=_list_of(_whole),
        force_=_text,
    ),
    "return-payment": _spec(_return_payment, account=_text, number_=_text, payment_=_whole, bank_fee_=money, reason_=_text),
    "reverse-payment": _spec(_reverse_payment, account=_text, payment=_whole, reason=_text),
    "suspend-past-due": _spec(_suspend),
    "arrange": _spec(_arrange, account=_text, instalments=_list_of(_instalment)),
    "approve-reactivation": _spec(_approve_reactivation, account=_text, reason_=_text),
    "waive-reactivation": _spec(_waive_reactivation, account=_text, reason_=_text),
    "log-work": _spec(_log_work, account=_text, kind=_text, start=_moment, end=_moment, description_=_text),
    "run-refunds": _spec(_run_refunds, force_=_yes_no),
    "void-refund": _spec(_void_refund, account=_text, reason=_text),
    "send-receipts": _spec(_send_receipts),
    "close-day": _spec(_close_day),
    "record-work-performed": _spec(_record_work_performed, account=_text),
    "instruct-early": _spec(_instruct_early, account=_text, charge_on=_day),
    "change-fee-day": _spec(_change_fee_day, account=_text, day=_whole, waive_=_yes_no),
    "chargeback": _spec(_chargeback, account=_text, payment=_whole, fraudulent=_yes_no, costs_=_list_of(_cost)),
    "change-payment-method": _spec(_change_payment_method, account=_text, kind=_text, form_=_yes_no),
    "record-authorization": _spec(_record_authorization, account=_text),
    "courtesy-credit": _spec(_courtesy_credit, account=_text, amount=money, reason=_text),
    "write-off": _spec(_write_off, account=_text, amount=money, reason=_text),
}
