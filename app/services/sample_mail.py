"""A morning's mail for the sample office: checks as a clerk would find them in the envelopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.services.customerfile_types import ImportAccount
from app.services.sample_dice import Dice

USUAL_CHECKS = 44
UNKNOWN_PAYER = "M. Quillfeather"
_BANK_DAYS = 6


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """One check, or one account's part of a check for two accounts (same number and payer, two entries).

    `account_line` is the `line` of the account it pays, None when nobody knows whose it is. `dated` is what
    the check itself says; it counts on the day it arrives. `note` tells a reader of the demo what is special.
    """

    account_line: int | None
    amount_cents: int
    check_number: str
    dated: date
    via_bank: bool
    payer: str
    note: str


def sample_mail(accounts: Iterable[ImportAccount], on: date, seed: int) -> list[SampleCheck]:
    """The checks that arrive on `on`: some fifty when the accounts can pay that many, else fewer.

    Most pay exactly what is open; some are short or over. With enough accounts there is always one bank
    check dated six days earlier, one check for two accounts, one that comes twice and one nobody knows.
    """
    dice = Dice(f"mail of {on} by {seed}")
    senders = dice.shuffled([account for account in accounts if _sends_checks(account)])
    pair = _two_of_one_payer(senders)
    others = [account for account in senders if account not in pair][: USUAL_CHECKS + dice.between(0, 6)]
    checks = [_check(account, place, on, dice) for place, account in enumerate(others)]
    checks[len(checks) // 2 : len(checks) // 2] = _one_for_both(pair, on, dice)
    if checks:
        checks.append(_unknown(on, dice))
        checks.append(replace(checks[len(checks) // 4], note="the same check a second time"))
    return checks


def _sends_checks(account: ImportAccount) -> bool:
    return account.autopay == "none" and account.status != "closed" and bool(account.open_items)


def _owed(account: ImportAccount) -> int:
    return sum(item.cents for item in account.open_items)


def _check(account: ImportAccount, place: int, on: date, dice: Dice) -> SampleCheck:
    # The first three show what every demo should: a bank's late check, one too small, one too large.
    way = ("exact", "short", "over")[place] if place < 3 else dice.weighted(_WAYS)
    owed = _owed(account)
    amount, note = owed, ""
    if way == "short":
        amount, note = owed - min(owed // 2, 100 * dice.between(1, 20)), "less than is open"
    elif way == "over":
        amount, note = -(-(owed + 1) // 1000) * 1000, "more than is open"
    elif way == "oldest" and len(account.open_items) > 1:
        amount, note = account.open_items[0].cents, "only the oldest item"
    via_bank = place == 0 or dice.chance(20)
    if via_bank:
        dated = on - timedelta(days=_BANK_DAYS if place == 0 else dice.between(3, _BANK_DAYS))
        number, note = str(dice.between(20_000_000, 89_999_999)), note or "sent by the customer's bank"
    else:
        dated, number = on - timedelta(days=dice.between(0, 5)), str(dice.between(101, 9899))
    return SampleCheck(account.line, amount, number, dated, via_bank, account.payer or account.name, note)


_WAYS = (("exact", 82.0), ("short", 6.0), ("over", 6.0), ("oldest", 6.0))


def _two_of_one_payer(senders: Sequence[ImportAccount]) -> tuple[ImportAccount, ...]:
    by_payer: dict[str, ImportAccount] = {}
    for account in senders:
        if account.payer:
            earlier = by_payer.setdefault(account.payer, account)
            if earlier is not account:
                return earlier, account
    return tuple(senders[-2:]) if len(senders) > 3 else ()


def _one_for_both(pair: Sequence[ImportAccount], on: date, dice: Dice) -> list[SampleCheck]:
    number, dated = str(dice.between(1001, 9899)), on - timedelta(days=dice.between(1, 4))
    note = "one check for two accounts"
    return [
        SampleCheck(account.line, _owed(account), number, dated, False, pair[0].payer or pair[0].name, note)
        for account in pair
    ]


def _unknown(on: date, dice: Dice) -> SampleCheck:
    number, dated = str(dice.between(101, 999)), on - timedelta(days=3)
    return SampleCheck(None, 6495, number, dated, False, UNKNOWN_PAYER, "nobody knows whose this is")
