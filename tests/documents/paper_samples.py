"""Invented offices, statements and checks for the tests of the paper; no real people."""

from __future__ import annotations

import random
from datetime import date, timedelta

from app.services.documents.content import (
    ActivityLine,
    Aging,
    ChargeLine,
    Chart,
    Column,
    DepositedCheck,
    DepositTicketContent,
    KeyFigure,
    Office,
    RefundCheckContent,
    ReportContent,
    Section,
    StatementContent,
    WorkedOutLine,
)

OFFICE = Office(
    name="Black Hills Internet",
    address_lines=("412 Mount Rushmore Road", "Custer, SD 57730"),
    phone="605-555-0142",
    email="billing@blackhills.example",
    website="blackhills.example",
    bank_name="First Bank of the Hills",
    bank_routing="091400046",
    bank_account_last4="4471",
)

_FIRST = ("Margaret", "José", "Wanda", "Ng", "Zoë", "Harold", "Anna-Lena", "Bartholomew", "Ida", "Chidi")
_LAST = ("Two Bulls", "Ñúñez", "Oyelaran", "Schmidt", "O'Brien", "Łukasiewicz", "Red Cloud", "Van der Berg")
_STREETS = ("Sheridan Lake Road", "Elk Vale Road", "5th Street", "Needles Highway", "Pine Glen Drive")
_TOWNS = ("Rapid City, SD 57702", "Hill City, SD 57745", "Custer, SD 57730", "Hot Springs, SD 57747")
_PLANS = (("Ridge 100 internet", 5495), ("Summit 300 internet", 7995), ("Valley 25 internet", 3995))
_EXTRAS = (("Router rental", 600), ("Static IP address", 1000), ("Voice line 605-555-0199", 2450))

MESSAGE = (
    "Our office is closed on Thursday and Friday for Thanksgiving. Payments that arrive by mail on these "
    "days are posted on Monday with the date of their arrival. Thank you for being our customer."
)


def statement(index: int = 0, **changes: object) -> StatementContent:
    """A believable statement; the same for the same index."""
    rng = random.Random(index)
    plan, price = rng.choice(_PLANS)
    start = date(2026, 12, 1)
    end = date(2026, 12, 31)
    charges = [ChargeLine(start, end, plan, price)]
    charges += [ChargeLine(start, end, name, cents) for name, cents in rng.sample(_EXTRAS, 2)]
    total = sum(line.cents for line in charges)
    previous = rng.choice((0, total, total, 2 * total))
    activity: list[ActivityLine] = []
    if previous:
        paid = rng.choice((previous, total))
        arrived = date(2026, 11, 3) + timedelta(days=rng.randrange(15))
        activity.append(ActivityLine(arrived, f"Payment, check {1000 + index % 9000}, thank you", -paid))
        if paid < previous:
            activity.append(ActivityLine(date(2026, 11, 20), "Late fee, invoice of Oct 20", 500))
    past_due = previous + sum(line.cents for line in activity)
    street = f"{rng.randrange(10, 9999)} {rng.choice(_STREETS)}"
    values: dict[str, object] = {
        "account_number": str(10_000_000 + index * 7),
        "customer_name": f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        "address_lines": (street, rng.choice(_TOWNS)),
        "statement_number": 200_000 + index,
        "statement_date": date(2026, 11, 21),
        "due_on": date(2026, 12, 1),
        "period": "Dec 2026",
        "previous_balance": previous,
        "activity": tuple(activity),
        "charges": tuple(charges),
        "total_new_charges": total,
        "balance": past_due + total,
        "past_due": past_due,
        "aging": Aging(total, past_due, 0, 0, 0),
        "message": MESSAGE,
        "autopay": "Your Visa ending 4242 will be charged $79.95 on Dec 1, 2026." if index % 7 == 3 else None,
    }
    values.update(changes)
    return StatementContent(**values)  # type: ignore[arg-type]


def refund_check(index: int = 0, **changes: object) -> RefundCheckContent:
    """A believable refund check; the same for the same index."""
    rng = random.Random(index)
    days = rng.randrange(3, 28)
    credit = 7995 * days // 31
    values: dict[str, object] = {
        "check_number": 50_000 + index,
        "dated": date(2026, 11, 21),
        "payee": f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        "address_lines": (f"{rng.randrange(10, 9999)} {rng.choice(_STREETS)}", rng.choice(_TOWNS)),
        "amount": credit + 1000,
        "memo": f"Refund, account {10_000_000 + index * 7}",
        "account_number": str(10_000_000 + index * 7),
        "worked_out": (
            WorkedOutLine("Summit 300 internet, unused days", f"79.95 × {days} of 31 days", credit),
            WorkedOutLine("Credit balance on the account", "deposit returned", 1000),
        ),
    }
    values.update(changes)
    return RefundCheckContent(**values)  # type: ignore[arg-type]


def deposit(count: int) -> DepositTicketContent:
    """A day's deposit of so many checks."""
    rng = random.Random(count)
    checks = tuple(
        DepositedCheck(
            str(rng.randrange(100, 9999)),
            f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
            str(10_000_000 + at * 7),
            f"Bank of {rng.choice(_TOWNS).split(',')[0]}, 1234",
            rng.randrange(2000, 20000),
        )
        for at in range(count)
    )
    return DepositTicketContent("D-2026-1121-1", date(2026, 11, 21), checks, sum(check.cents for check in checks), count)


def month_end(accounts: int) -> ReportContent:
    """A month-end report with two charts and an open-accounts table of so many rows."""
    rng = random.Random(accounts)
    owed = tuple(rng.randrange(1000, 40000) for _ in range(accounts))
    days = tuple(str(day) for day in range(1, 31))
    receipts = tuple(0 if at % 7 in (5, 6) else rng.randrange(50_000, 900_000) for at in range(30))
    aging = (4_215_050, 812_300, 240_155, 96_000, 51_240)
    return ReportContent(
        title="Month-end",
        subtitle="November 2026",
        printed_on=date(2026, 11, 30),
        key_figures=(
            KeyFigure("Billed this month", 4_815_050, remark="612 invoices"),
            KeyFigure("Received", sum(receipts), remark="584 payments"),
            KeyFigure("Owed in all", sum(aging), remark="on Nov 30, 2026"),
            KeyFigure("Accounts past due", 41, money=False, remark="of 638"),
            KeyFigure("Refunded", -48_211, remark="7 checks"),
        ),
        charts=(
            Chart("Owed, by days past due", ("Current", "1–30", "31–60", "61–90", "Over 90"), aging),
            Chart("Received, by day", days, receipts, "days"),
        ),
        sections=(
            Section(
                "Revenue",
                (Column("Service", share=3), Column("Accounts", "count"), Column("Billed", "money")),
                (("Internet", 601, 4_300_050), ("Voice & more <beta>", 88, 515_000)),
                ("All services", 612, 4_815_050),
            ),
            Section(
                "Open accounts",
                (
                    Column("Account", share=1),
                    Column("Customer", share=3),
                    Column("Due since", "date", 1.2),
                    Column("Owed", "money", 1.2),
                ),
                tuple(
                    (
                        str(10_000_000 + at * 7),
                        f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
                        date(2026, 11, 1),
                        cents,
                    )
                    for at, cents in enumerate(owed)
                ),
                ("", f"{accounts} accounts", None, sum(owed)),
                note="Only accounts that owe something.",
            ),
            Section("Returned checks", (Column("Account"), Column("Amount", "money")), ()),
        ),
    )
