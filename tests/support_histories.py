"""Random histories of a few accounts, played through the services: steps to draw, and how each is done."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from support_office import NEW_YEAR, Diary

from app.errors import UserError
from app.models.bulk import parse_day
from app.periods import month_end, next_month_start
from app.services import (
    accounts,
    autopay,
    collections,
    credits,
    dayclose,
    deposits,
    payments,
    receipts,
    refunds,
    returnreversal,
    scheduled,
    subscriptions,
    work,
)
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.policies.facts import InstalmentFacts

CODES = ("net", "tv", "mail")
PRICES = (1000, 2995, 4999, 10_000)
WORK_KINDS = ("out-of-scope", "unscheduled-change", "repair")
METHODS = ("card", "echeck", "none")


@dataclass(frozen=True)
class Step:
    """Something that is tried some days later; `who`, `n` and `cents` say to whom, which and how much."""

    wait: int
    do: str
    who: int
    n: int
    cents: int


@dataclass
class History:
    """A diary, its accounts, and what became of the steps tried so far."""

    diary: Diary
    accounts: list[int] = field(default_factory=list)
    numbers: int = 0
    refused: int = 0

    def start(self, autopay_too: bool = True) -> None:
        """Three homes with a service each: by e-mail, on paper, by card."""
        for n, (delivery, method) in enumerate((("email", "none"), ("paper", "none"), ("email", "card"))):
            form = {"delivery": delivery, "autopay": method if autopay_too else "none"}
            self.accounts.append(self.diary.open(f"Home {n}", PRICES[n], **form))

    def account(self, step: Step) -> int:
        return self.accounts[step.who % len(self.accounts)]

    def nth(self, query: str, step: Step) -> int:
        """One of the ids that a query gives, the account's or anybody's; refused when there is none."""
        found = self.diary.sql(query, *([self.account(step)] * query.count("?")))
        if not found:
            raise UserError("There is nothing of the kind.")
        return int(found[step.n % len(found)][0])

    def when(self, step: Step) -> date:
        """Today, a day just past, or one to come."""
        return self.diary.day + timedelta(days=(0, 0, 0, -3, 9, 40)[step.n])

    def try_step(self, step: Step) -> bool:
        """Do a step; False when the office refused it."""
        try:
            _ACTIONS[step.do](self, step)
        except UserError:
            self.refused += 1
            return False
        return True

    def cycles_until(self, day: date, bill: Callable[[], object]) -> None:
        """Turn to a day, with the billing run of every 1st in between."""
        while (first := next_month_start(self.diary.day)) <= day:
            self.diary.day = first
            bill()
        self.diary.day = day


_PAYMENT = "SELECT id FROM payment WHERE kind <> 'card' ORDER BY id DESC"
_CARD_PAYMENT = "SELECT id FROM payment WHERE kind = 'card' ORDER BY id DESC"
_CAME_BACK = "SELECT payment_id FROM payment_reversal WHERE state <> 'reversed' ORDER BY payment_id DESC"
_DRAWER = "SELECT id FROM mail_check WHERE deposit_id IS NULL AND state = 'posted' ORDER BY id DESC"
_FEE = "SELECT invoice_id * 100 + n FROM line WHERE cents > 0 AND kind NOT IN ('recurring', 'write-off') ORDER BY 1 DESC"
_WAITING = "SELECT id FROM scheduled_change WHERE state = 'waiting'"
_REFUND = "SELECT id FROM refund ORDER BY id DESC"
_PROPOSED = "SELECT account_id FROM suspension WHERE reactivation = 'proposed'"
_INVOICE = "SELECT id FROM invoice WHERE account_id = ? ORDER BY id"


def _check(h: History, s: Step) -> None:
    h.numbers += 1
    number = str(h.numbers) if s.n else "7"
    picked = (h.nth(_INVOICE, s),) if s.n == 2 else ()
    h.diary.check(h.account(s), s.cents, number, apply_to=picked)


def _pay(h: History, s: Step) -> None:
    h.numbers += 1
    more = (0, 0, 0, 1, 9000, 20_000)[s.n]
    h.diary.check(h.account(s), h.diary.balance(h.account(s)) + more, f"b{h.numbers}")


def _leave(h: History, s: Step) -> None:
    """Close an account in credit, so that there is something to refund; another one takes its place."""
    account = h.account(s)
    h.diary.do(subscriptions.cancel_account, account)
    h.numbers += 1
    h.diary.check(account, max(h.diary.balance(account), 0) + s.cents, f"l{h.numbers}")
    h.accounts.append(h.diary.open("Newcomer", PRICES[s.n % len(PRICES)]))


def _work(h: History, s: Step) -> None:
    start = datetime.combine(h.diary.day, datetime.min.time()) + timedelta(hours=9)
    kind = WORK_KINDS[s.n % len(WORK_KINDS)]
    h.diary.do(work.log_work, h.account(s), kind, start, start + timedelta(minutes=40 * (s.n + 1)))


def _arrange(h: History, s: Step) -> None:
    dates = (h.diary.day + timedelta(days=10 * n) for n in range(1, s.n % 3 + 2))
    h.diary.do(collections.arrange, h.account(s), [InstalmentFacts(day, s.cents) for day in dates])


def _autopay(h: History, s: Step) -> None:
    numbers = [row[0] for row in h.diary.sql("SELECT number FROM account")]
    autopay.run_autopay(h.diary.books, h.diary.desk, DeclineListGateway(numbers[: s.n % 2 * 3]))


def _address(h: History, s: Step) -> None:
    lines = ("8 Fir St", "Custer SD 57730") if s.n else ()
    h.diary.do(accounts.change_address, h.account(s), lines)


def _waive(h: History, s: Step) -> None:
    invoice, line = divmod(h.nth(_FEE, s), 100)
    h.diary.do(credits.waive_charge, invoice, line, "first time")


def _take_out(h: History, s: Step) -> None:
    check = h.nth("SELECT id FROM mail_check WHERE deposit_id IS NOT NULL ORDER BY id DESC", s)
    ((deposit,),) = h.diary.sql("SELECT deposit_id FROM mail_check WHERE id = ?", check)
    h.diary.do(deposits.take_out, deposit, [check], "left on the desk")


def _change(service: Callable[..., object], *more: object) -> Callable[[History, Step], None]:
    def act(h: History, s: Step) -> None:
        h.diary.do(service, h.account(s), *more, effective=h.when(s))

    return act


_ACTIONS: dict[str, Callable[[History, Step], object]] = {
    "add": lambda h, s: h.diary.do(
        subscriptions.add_service, h.account(s), CODES[(s.n + 1) % 3], PRICES[s.cents % len(PRICES)]
    ),
    "price": lambda h, s: h.diary.do(
        subscriptions.change_price, h.account(s), CODES[0], PRICES[s.cents % len(PRICES)], h.when(s)
    ),
    "end": lambda h, s: h.diary.do(subscriptions.end_service, h.account(s), CODES[s.cents % 2], h.when(s)),
    "cancel": _change(subscriptions.cancel_account),
    "leave": _leave,
    "undo": lambda h, s: h.diary.do(scheduled.undo_scheduled, h.nth(_WAITING, s)),
    "check": _check,
    "pay": _pay,
    "return": lambda h, s: h.diary.do(payments.return_payment, h.nth(_PAYMENT, s), 100 * s.n),
    "chargeback": lambda h, s: h.diary.do(payments.charge_back, h.nth(_CARD_PAYMENT, s)),
    "return-back": lambda h, s: h.diary.do(returnreversal.take_back_return, h.nth(_CAME_BACK, s), "the bank was wrong"),
    "reverse": lambda h, s: h.diary.do(payments.reverse_payment, h.nth(_PAYMENT, s), "keyed wrongly"),
    "courtesy": lambda h, s: h.diary.do(credits.courtesy_credit, h.account(s), s.cents, "outage"),
    "write-off": lambda h, s: h.diary.do(credits.write_off, h.account(s), s.cents, "gone"),
    "waive": _waive,
    "arrange": _arrange,
    "suspend": lambda h, s: h.diary.do(collections.suspend),
    "approve": lambda h, s: h.diary.do(collections.approve_reactivation, h.nth(_PROPOSED, s)),
    "work": _work,
    "autopay": _autopay,
    "method": lambda h, s: h.diary.do(accounts.change_payment_method, h.account(s), METHODS[s.n % 3], form_signed=s.n < 3),
    "refunds": lambda h, s: h.diary.do(refunds.run_refunds, force=True, reason="asked"),
    "void": lambda h, s: h.diary.do(refunds.void_refund, h.nth(_REFUND, s), "lost"),
    "reprint": lambda h, s: h.diary.do(refunds.reprint_refund, h.nth(_REFUND, s), "jammed"),
    "deposit": lambda h, s: h.diary.do(deposits.make_deposit),
    "leave-out": lambda h, s: h.diary.do(deposits.make_deposit, leave_out=[h.nth(_DRAWER, s)]),
    "take-out": _take_out,
    "close": lambda h, s: h.diary.do(dayclose.close_day, NoMail()),
    "receipts": lambda h, s: h.diary.do(receipts.send_receipts, NoMail()),
    "address": _address,
    "delivery": lambda h, s: h.diary.do(accounts.change_delivery, h.account(s), ("email", "paper")[s.n % 2]),
    "bill": lambda h, s: h.diary.bill(),
}
KINDS = tuple(_ACTIONS)
# Doing one of these again on the same day changes nothing.
RUNS = ("autopay", "suspend", "refunds", "close", "receipts", "bill")
MONEY = (
    "check",
    "pay",
    "pay",
    "pay",
    "pay",
    "return",
    "return",
    "return-back",
    "reverse",
    "refunds",
    "refunds",
    "void",
    "leave",
    "leave",
    "leave",
)


def steps(kinds: Sequence[str] = KINDS, least: int = 35, most: int = 60) -> st.SearchStrategy[list[Step]]:
    """Lists of steps of these kinds; money coming and going is the commonest, as in an office.

    Drawn from a seed, since choices made one by one repeat themselves too often to get far.
    """
    common = [*kinds, *(kind for kind in MONEY if kind in kinds)]

    def drawn(seed: int, length: int) -> list[Step]:
        dice = random.Random(f"{seed}, {length}")
        return [
            Step(
                dice.choice((0, 0, 0, 1, 2, 3, 5, 8, 13, 21)),
                dice.choice(common),
                dice.randrange(60),
                dice.randrange(6),
                dice.choice((1, 999, 2500, 6000, 20_000, dice.randrange(1, 15_000))),
            )
            for _ in range(length)
        ]

    return st.builds(drawn, st.integers(0, 2**32), st.integers(least, most))


def played(history: Sequence[Step], after_each: Callable[[History], None] = lambda _: None) -> History:
    """A history played to its end, with the billing run of every 1st."""
    found = History(Diary(NEW_YEAR))
    found.start()
    for step in history:
        found.cycles_until(found.diary.day + timedelta(days=step.wait), found.diary.bill)
        found.try_step(step)
        after_each(found)
    return found


def ends_of_days(history: Sequence[Step], look: Callable[[History], None]) -> History:
    """A history played to its end; `look` sees the office at the end of every day with work, and days between."""
    found = History(Diary(NEW_YEAR))
    found.start()

    def bill() -> None:
        found.diary.bill()
        look(found)

    for step in history:
        if step.wait:
            look(found)
            found.cycles_until(found.diary.day + timedelta(days=step.wait // 2), bill)
            look(found)
            found.cycles_until(found.diary.day + timedelta(days=step.wait - step.wait // 2), bill)
        found.try_step(step)
    look(found)
    return found


def service_days(diary: Diary) -> dict[int, dict[date, int]]:
    """How often each day of each service is billed, credits taken off, waiting lines included."""
    found: dict[int, dict[date, int]] = {}
    for service, kind, first, last in diary.sql(
        "SELECT service_id, kind, period_from, period_to FROM line WHERE service_id IS NOT NULL UNION ALL "
        "SELECT service_id, kind, period_from, period_to FROM pending_charge "
        "WHERE service_id IS NOT NULL AND invoice_id IS NULL"
    ):
        days, day = found.setdefault(service, {}), parse_day(first)
        while day <= parse_day(last):
            days[day] = days.get(day, 0) + (1 if kind == "recurring" else -1)
            day += timedelta(days=1)
    return found


def net_by_month(diary: Diary) -> dict[tuple[int, date], int]:
    """Cents billed for each service and month (by its last day), credits taken off."""
    found: dict[tuple[int, date], int] = {}
    for service, first, cents in diary.sql(
        "SELECT service_id, period_from, cents FROM line WHERE service_id IS NOT NULL UNION ALL "
        "SELECT service_id, period_from, cents FROM pending_charge "
        "WHERE service_id IS NOT NULL AND invoice_id IS NULL"
    ):
        key = service, month_end(parse_day(first))
        found[key] = found.get(key, 0) + cents
    return found
