"""A story as a diary: what happened each day, what it charged by which clause, and how each account then stood."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import Cancelled
from app.models.bulk import Progress, day_or_none, fetch_value, no_progress
from app.services import loading, status
from app.services.collections import past_due_cents
from app.services.expectations import Failure
from app.services.history import account_history
from app.services.loading import card
from app.services.nextbill import next_bill
from app.services.policies.facts import OpenInvoice
from app.services.policyvalues import PolicyKey, as_override, policy_keys
from app.services.rehearsal import changed, play, policy_body
from app.services.storyfile import Event, Story
from app.services.storystage import Stage
from app.services.storywords import event_says, expectation_says


class DiaryLine(NamedTuple):
    """A line of the diary: an event in words, or (with a clause) what it charged or credited an account, in cents.

    `tone`: `bad` for what did not hold, `good` for an expectation that did, else empty.
    """

    on: date
    account: str
    words: str
    why: str = ""
    clause: str = ""
    cents: int | None = None
    tone: str = ""


class AccountState(NamedTuple):
    """An account at the end of a day; cents. `next_on` and `next_cents`: its next bill if nothing else happens."""

    account: str
    status: str
    balance_cents: int
    past_due_cents: int
    open_invoices: tuple[OpenInvoice, ...]
    next_on: date | None
    next_cents: int
    sentence: str


class DiaryDay(NamedTuple):
    """A day on which something happened, and how every account stood at its end."""

    on: date
    lines: tuple[DiaryLine, ...]
    states: tuple[AccountState, ...]


class Diary(NamedTuple):
    """A story played: its days, the policy's values it was played with, and what did not hold."""

    title: str
    policy: str
    values: tuple[PolicyKey, ...]
    days: tuple[DiaryDay, ...]
    failures: tuple[Failure, ...]
    expected: int

    @property
    def lines(self) -> list[DiaryLine]:
        """All lines, day by day."""
        return [line for day in self.days for line in day.lines]


def play_diary(
    story: Story,
    changes: Mapping[tuple[str, ...], str] | None = None,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> Diary:
    """Play a story, with typed policy values changed if any are given, and keep its diary.

    Raises UserError for a value that cannot be read, PolicyError for one that is not allowed, Cancelled when asked
    to stop.
    """
    if changes:
        story = changed(story, as_override(policy_body(story)[1], changes))
    name, body = policy_body(story)
    keeper = _Keeper(story, progress, cancelled)
    result = play(story, keeper.see)
    keeper.end_day(None)
    expected = sum(1 for event in story.events if event.do == "expect")
    return Diary(story.title, name, tuple(policy_keys(body)), tuple(keeper.days), tuple(result.failures), expected)


class _Keeper:
    """Writes the diary while the story plays."""

    def __init__(self, story: Story, progress: Progress, cancelled: Callable[[], bool]) -> None:
        self._count = len(story.events)
        self._progress, self._cancelled = progress, cancelled
        self._events = list(story.events)
        self._known: Counter[str] = Counter()
        self._lines: list[DiaryLine] = []
        self.days: list[DiaryDay] = []

    def see(self, stage: Stage, event: Event, failures: list[Failure]) -> None:
        """After each event."""
        if self._cancelled():
            raise Cancelled
        account = str(event.keys.get("account", ""))
        if event.do == "expect":
            tone, said = ("bad", "did not hold") if failures else ("good", "held")
            self._lines.append(DiaryLine(event.on, account, f"{expectation_says(event)}: {said}", tone=tone))
        else:
            self._lines.append(DiaryLine(event.on, account, event_says(event), tone="bad" if failures else ""))
        self._lines += [DiaryLine(event.on, account, _failed(event, failure), tone="bad") for failure in failures]
        if event.do != "expect":
            with stage.books.read() as session:
                self._lines += self._charged(session, stage)
        self._progress(event.number, self._count)
        following = self._events[event.number] if event.number < self._count else None
        if following is None or following.on != event.on:
            self.end_day(stage)

    def _charged(self, session: Session, stage: Stage) -> list[DiaryLine]:
        """What moved the balances since the event before."""
        found = []
        for name, account_id in stage.accounts.items():
            rows = account_history(session, account_id)
            for row in rows[self._known[name] :]:
                found.append(DiaryLine(row.on, name, f"{name}: {row.description}", row.why, row.clause, row.cents))
            self._known[name] = len(rows)
        return found

    def end_day(self, stage: Stage | None) -> None:
        """The last event of a day was played: see how everybody stands."""
        if stage is None or not self._lines:
            return
        on = self._lines[-1].on
        with stage.books.read() as session:
            states = tuple(_state(session, name, account_id, on) for name, account_id in stage.accounts.items())
        self.days.append(DiaryDay(on, tuple(self._lines), states))
        self._lines = []


def _failed(event: Event, failure: Failure) -> str:
    """Why an event could not be done; of what was expected, what came instead."""
    if event.do != "expect" and isinstance(failure.got, str) and failure.got.startswith("refused: "):
        return failure.got
    return f"{failure.key}: expected {in_words(failure.expected)}; got {in_words(failure.got)}"


def _state(session: Session, name: str, account_id: int, on: date) -> AccountState:
    account = card(session, account_id)
    invoices = loading.open_invoices(session, account_id, account_id).get(account_id, [])
    cycle_done = day_or_none(fetch_value(session, "SELECT cycle_done FROM account WHERE id = ?", account_id))
    bill = next_bill(session, account, cycle_done, on)
    return AccountState(
        name,
        account.status,
        account.balance_cents,
        past_due_cents(session, account_id, on),
        tuple(invoices),
        None if bill is None else bill.on,
        0 if bill is None else bill.cents,
        status.standing(session, account, on, invoices).sentence,
    )


def in_words(value: Any) -> str:
    """An expected or found value of a story, short."""
    if isinstance(value, list):
        return "; ".join(in_words(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value != "" else "none"


# What differs between two plays


class Differs(NamedTuple):
    """A line of an account in one play or both; cents, None where it is not there. `what`: new, gone or changed."""

    on: date
    account: str
    words: str
    clause: str
    what: str
    before_cents: int | None
    now_cents: int | None


class BalanceDiffers(NamedTuple):
    """An account's balance at the end of a day in both plays, cents."""

    on: date
    account: str
    before_cents: int
    now_cents: int


def differences(before: Diary, now: Diary) -> list[Differs]:
    """Charges, credits and payments that are gone, new or of another amount, by day."""
    first, second = _by_line(before), _by_line(now)
    found = []
    for key in sorted({*first, *second}, key=lambda key: (key[0], key[1], key[2])):
        on, account, words, clause = key
        olds, news = _without_common(first.get(key, ()), second.get(key, ()))
        for old, new in zip(olds, news, strict=False):
            found.append(Differs(on, account, words, clause, "changed", old, new))
        found += [Differs(on, account, words, clause, "gone", old, None) for old in olds[len(news) :]]
        found += [Differs(on, account, words, clause, "new", None, new) for new in news[len(olds) :]]
    return found


def _by_line(diary: Diary) -> dict[tuple[date, str, str, str], list[int]]:
    found: defaultdict[tuple[date, str, str, str], list[int]] = defaultdict(list)
    for line in diary.lines:
        if line.cents is not None:
            found[line.on, line.account, line.words, line.clause].append(line.cents)
    return found


def _without_common(olds: Sequence[int], news: Sequence[int]) -> tuple[list[int], list[int]]:
    common = Counter(olds) & Counter(news)
    return list((Counter(olds) - common).elements()), list((Counter(news) - common).elements())


def balance_differences(before: Diary, now: Diary) -> list[BalanceDiffers]:
    """The ends of days on which an account's balance differs."""
    first = {(day.on, state.account): state.balance_cents for day in before.days for state in day.states}
    return [
        BalanceDiffers(day.on, state.account, first[day.on, state.account], state.balance_cents)
        for day in now.days
        for state in day.states
        if first.get((day.on, state.account), state.balance_cents) != state.balance_cents
    ]


def changed_in_words(before: Diary, now: Diary) -> str:
    """What was changed of the policy, in a sentence; empty when nothing was."""
    old = {value.key: value.text for value in before.values}
    parts = [
        f"{value.meaning}: {old.get(value.key, 'none')} → {value.text}"
        for value in now.values
        if old.get(value.key) != value.text
    ]
    return "; ".join(parts)


def summary(diary: Diary) -> str:
    """How the story went, in a sentence."""
    days = f"{len(diary.days):,} {'day' if len(diary.days) == 1 else 'days'}"
    held = sum(1 for line in diary.lines if line.tone == "good")
    wrong = len({failure.event for failure in diary.failures}) - (diary.expected - held)
    said = f"{diary.title}: {days}"
    said += f"; {held} of {diary.expected} expectations held" if diary.expected else "; the story expects nothing"
    if wrong:
        said += f"; {wrong} {'event' if wrong == 1 else 'events'} did not go as the story says"
    return f"{said}."


__all__ = [
    "AccountState",
    "BalanceDiffers",
    "Diary",
    "DiaryDay",
    "DiaryLine",
    "Differs",
    "balance_differences",
    "changed_in_words",
    "differences",
    "in_words",
    "play_diary",
    "summary",
]
