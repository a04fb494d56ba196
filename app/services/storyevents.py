"""The events of a story: each calls the service that a window would call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.errors import UserError
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
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.history import account_invoices
from app.services.loading import card
from app.services.policies.facts import InstalmentFacts
from app.services.storycorrections import CORRECTIONS
from app.services.storystage import (
    EventSpec,
    Stage,
    a_cost,
    a_day,
    instalment,
    list_of,
    moment,
    money,
    picked_payment,
    spec,
    text,
    whole,
    yes_no,
)


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


def _return_payment(
    stage: Stage, account: str, number: str = "", payment: int = 0, bank_fee: int = 0, reason: str = ""
) -> None:
    with stage.books.write() as session:
        payments.return_payment(
            session, stage.desk, picked_payment(session, stage, account, number, payment), bank_fee, reason
        )


def _reverse_payment(stage: Stage, account: str, payment: int, reason: str) -> None:
    with stage.books.write() as session:
        payments.reverse_payment(session, stage.desk, picked_payment(session, stage, account, "", payment), reason)


def _chargeback(stage: Stage, account: str, payment: int, fraudulent: bool, costs: Sequence[Any] = ()) -> None:
    with stage.books.write() as session:
        found = picked_payment(session, stage, account, "", payment)
        payments.charge_back(session, stage.desk, found, fraudulent=fraudulent, costs=costs)


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


EVENTS: Mapping[str, EventSpec] = {
    "open-account": spec(
        _open_account,
        account=text,
        name_=text,
        kind_=text,
        managed_=yes_no,
        email_=text,
        address_=list_of(text),
        delivery_=text,
        autopay_=text,
        hourly_rate_=money,
        plan_=text,
        monthly_=money,
        processing_=money,
        individuals_=whole,
    ),
    "add-service": spec(_add_service, account=text, service=text, monthly=money, name_=text),
    "change-service": spec(_change_service, account=text, service=text, monthly=money, effective_=a_day),
    "end-service": spec(_end_service, account=text, service=text, effective_=a_day),
    "cancel-account": spec(_cancel_account, account=text, effective_=a_day),
    "change-address": spec(_change_address, account=text, address=list_of(text)),
    "change-delivery": spec(_change_delivery, account=text, delivery=text),
    "run-billing": spec(_run_billing),
    "run-autopay": spec(_run_autopay, declines_=list_of(text)),
    "post-check": spec(
        _post_check,
        account=text,
        amount=money,
        number=text,
        dated_=a_day,
        via_=text,
        apply_to_=list_of(whole),
        force_=text,
    ),
    "return-payment": spec(_return_payment, account=text, number_=text, payment_=whole, bank_fee_=money, reason_=text),
    "reverse-payment": spec(_reverse_payment, account=text, payment=whole, reason=text),
    "suspend-past-due": spec(_suspend),
    "arrange": spec(_arrange, account=text, instalments=list_of(instalment)),
    "approve-reactivation": spec(_approve_reactivation, account=text, reason_=text),
    "waive-reactivation": spec(_waive_reactivation, account=text, reason_=text),
    "log-work": spec(_log_work, account=text, kind=text, start=moment, end=moment, description_=text),
    "run-refunds": spec(_run_refunds, force_=yes_no),
    "void-refund": spec(_void_refund, account=text, reason=text),
    "send-receipts": spec(_send_receipts),
    "close-day": spec(_close_day),
    "record-work-performed": spec(_record_work_performed, account=text),
    "instruct-early": spec(_instruct_early, account=text, charge_on=a_day),
    "change-fee-day": spec(_change_fee_day, account=text, day=whole, waive_=yes_no),
    "chargeback": spec(_chargeback, account=text, payment=whole, fraudulent=yes_no, costs_=list_of(a_cost)),
    "change-payment-method": spec(_change_payment_method, account=text, kind=text, form_=yes_no),
    "record-authorization": spec(_record_authorization, account=text),
    "courtesy-credit": spec(_courtesy_credit, account=text, amount=money, reason=text),
    "write-off": spec(_write_off, account=text, amount=money, reason=text),
    **CORRECTIONS,
}
