"""An office of both books, and random histories in it: members beside homes billed in advance."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import support_databases
from hypothesis import strategies as st
from support_databases import made_once
from support_histories import _ACTIONS, KINDS, MONEY, PRICES, History, Step
from support_office import FORM, NEW_YEAR, Diary, image_of

from app.errors import UserError
from app.services import accounts, membercorrections, memberplans, members, office, payments
from app.services.policies.dishonored import Cost

MEMBERSHIP = "membership-arrears"
PLANS = ("Premiere", "Limited", "Optimize")
# What a member cannot have, and is refused: it must change nothing.
SELDOM = ("add", "price", "end", "work", "approve", "delivery", "deposit", "reprint")


@made_once
def office_of_both(first_day: date = NEW_YEAR) -> bytes:
    """A new office with both shipped policies."""
    with support_databases.empty_office() as books:
        with books.write() as session:
            office.set_up(session, FORM, first_day)
        return image_of(books)


def both_books(first_day: date = NEW_YEAR) -> Diary:
    """A diary of an office with both policies."""
    return Diary(first_day, image=office_of_both(first_day))


def sign_up(diary: Diary, name: str = "Mia Member", **form: Any) -> int:
    """A new member: of plan Premiere, 90.00 a month and 60.00 for processing, but for what is given."""
    known = {"plan": "Premiere", "monthly_cents": 9000, "processing_cents": 6000, "policy": MEMBERSHIP}
    return diary.open(name, **{**known, **form})


def _sign_up(h: History, s: Step) -> None:
    method = ("none", "card", "bank-draft")[s.n % 3]
    h.accounts.append(
        sign_up(h.diary, plan=PLANS[s.n % 3], monthly_cents=PRICES[s.n % 4], individuals=s.n + 1, autopay=method)
    )


def _fraud(h: History, s: Step) -> None:
    payment = h.nth("SELECT id FROM payment WHERE kind = 'card' ORDER BY id DESC", s)
    h.diary.do(payments.charge_back, payment, fraudulent=s.n % 2 == 0, costs=[Cost("court", s.cents)])


def _take_back(h: History, s: Step) -> None:
    with h.diary.books.read() as session:
        known = membercorrections.steps(session, h.account(s))
    key = known[s.n % len(known)].key if known else "work"
    h.diary.do(membercorrections.take_back, h.account(s), key, "keyed for another member")


def _pay_exactly(h: History, s: Step) -> None:
    h.numbers += 1
    h.diary.check(h.account(s), h.diary.balance(h.account(s)), f"x{h.numbers}")


OF_MEMBERS: dict[str, Callable[[History, Step], object]] = {
    "sign-up": _sign_up,
    "performed": lambda h, s: h.diary.do(members.record_work_performed, h.account(s)),
    "instruct": lambda h, s: h.diary.do(members.instruct_early, h.account(s), h.diary.day + timedelta(days=s.n - 2)),
    "fee-day": lambda h, s: h.diary.do(
        members.change_fee_day, h.account(s), s.cents % 31 + 1, waive=s.n == 0, reason="asked nicely"
    ),
    "fraud": _fraud,
    "plan": lambda h, s: h.diary.do(
        memberplans.change_plan, h.account(s), PLANS[s.cents % 3], PRICES[s.n % 4], h.diary.day + timedelta(days=s.n * 9)
    ),
    "take-back": _take_back,
    "draft": lambda h, s: h.diary.do(
        accounts.change_payment_method, h.account(s), ("card", "bank-draft")[s.n % 2], form_signed=s.n > 1
    ),
    "exact": _pay_exactly,
}
ALL = {**_ACTIONS, **OF_MEMBERS}
COMMON = (*OF_MEMBERS, "performed", "performed", "exact", "exact", "exact", "autopay", "autopay", "bill", "bill", "bill")


class BothBooks(History):
    """A history of one office with homes and members."""

    def start(self, autopay_too: bool = True) -> None:
        """Two homes, and three members of whom two pay by themselves."""
        self.accounts.append(self.diary.open("Home", PRICES[1]))
        self.accounts.append(self.diary.open("Home on paper", PRICES[2], delivery="paper", autopay="card"))
        for plan, method in zip(PLANS, ("card", "bank-draft", "none"), strict=True):
            form = {"autopay": method if autopay_too else "none"}
            self.accounts.append(sign_up(self.diary, f"Member of {plan}", plan=plan, **form))

    def try_step(self, step: Step) -> bool:
        """Do a step of either book; False when the office refused it."""
        try:
            ALL[step.do](self, step)
        except UserError:
            self.refused += 1
            return False
        return True


def steps_of_both(least: int = 35, most: int = 60) -> st.SearchStrategy[list[Step]]:
    """Lists of steps; what members do and money are the commonest."""
    common = [*(kind for kind in KINDS if kind not in SELDOM), *SELDOM, *MONEY, *COMMON, *COMMON]

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
