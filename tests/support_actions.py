"""What can be done in an office, as calls to try: on closed days, on days to come, in every role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from support_office import Diary

from app.services import (
    accounts,
    autopay,
    billing,
    checks,
    collections,
    credits,
    deposits,
    payments,
    refunds,
    subscriptions,
    work,
)
from app.services.gateways.autopay import DeclineListGateway
from app.services.policies.facts import InstalmentFacts

NET = 3100
KINDS_OF_WORK = 23
SUPERVISED = 6


def in_credit(office: Diary, cents: int = 1000, **form: Any) -> int:
    """A closed account with so much credit, on January 5."""
    office.on(1, 5)
    account = office.open("Cleo Closed", **form)
    office.check(account, cents, f"c{account}")
    office.do(subscriptions.cancel_account, account)
    return account


def everything_else(office: Diary, account: int, payment: int) -> list[Callable[[], object]]:
    """One call of each kind of service that dates something."""
    hours = datetime.fromisoformat("2026-01-08T09:00"), datetime.fromisoformat("2026-01-08T10:00")
    return [
        lambda: office.open("Late Comer"),
        lambda: office.do(subscriptions.add_service, account, "tv", 500),
        lambda: office.do(subscriptions.change_price, account, "net", 500),
        lambda: office.do(subscriptions.end_service, account, "net"),
        lambda: office.do(subscriptions.cancel_account, account),
        lambda: office.do(accounts.change_address, account, ("1 New St", "Custer SD 57730")),
        lambda: office.do(accounts.change_delivery, account, "paper"),
        lambda: office.do(accounts.change_email, account, "ann@example.net"),
        lambda: office.do(accounts.change_payment_method, account, "card"),
        lambda: office.do(checks.log_mail, 1, 1000),
        lambda: office.check(account, 500, "2"),
        lambda: office.do(deposits.make_deposit),
        lambda: office.do(payments.return_payment, payment),
        lambda: office.do(payments.reverse_payment, payment, "wrong"),
        lambda: office.do(credits.courtesy_credit, account, 100, "outage"),
        lambda: office.do(credits.write_off, account, 100, "gone"),
        lambda: office.do(collections.suspend),
        lambda: office.do(collections.arrange, account, [InstalmentFacts(date(2026, 2, 1), 100)]),
        lambda: office.do(work.log_work, account, "out-of-scope", *hours),
        lambda: office.do(refunds.run_refunds, force=True, reason="asked"),
        office.bill,
        lambda: billing.preview(office.books, office.desk),
        lambda: autopay.run_autopay(office.books, office.desk, DeclineListGateway()),
    ]


def supervised(office: Diary) -> list[Callable[[str], object]]:
    """One call of each kind of service that needs a supervisor and takes a reason (BOTH-4)."""
    account = office.open(service_cents=NET)
    payment = office.check(account, 1000, "1")
    office.do(payments.return_payment, payment)
    fee = int(office.sql("SELECT max(invoice_id) FROM line WHERE kind = 'returned-admin-fee'")[0][0])
    in_credit(office)
    refunded = in_credit(office)
    office.on(1, 15).do(refunds.run_refunds)
    in_credit(office)
    refund = office.see(refunds.latest_refund, refunded)
    return [
        lambda reason: office.do(credits.courtesy_credit, account, 100, reason),
        lambda reason: office.do(credits.write_off, account, 100, reason),
        lambda reason: office.do(credits.waive_charge, fee, 1, reason),
        lambda reason: office.do(refunds.reprint_refund, refund, reason),
        lambda reason: office.do(refunds.void_refund, refund, reason),
        lambda reason: office.do(refunds.run_refunds, force=True, reason=reason),
    ]
