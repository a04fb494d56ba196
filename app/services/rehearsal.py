"""Playing a story in a fresh in-memory office through the same services that the windows call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from app.errors import UserError
from app.models import database
from app.models.bulk import fetch_value
from app.models.database import Database
from app.money import plain_cents
from app.services import office, verification
from app.services.desk import Desk
from app.services.expectations import Failure, compare
from app.services.history import account_history
from app.services.loading import card
from app.services.policies.policyfile import PolicyError, laid_over, load_policy, shipped_policy_path
from app.services.policyvalues import overlaid
from app.services.storyevents import EVENTS
from app.services.storyfile import Event, Story, StoryError, read_story
from app.services.storystage import Stage, read_keys


@dataclass(slots=True)
class StoryResult:
    """How a story went; `failures` is empty when all of it held. `accounts` as in `--json`."""

    title: str
    failures: list[Failure] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every event went through and every expectation held."""
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "title": self.title,
            "ok": self.ok,
            "failures": [failure._asdict() for failure in self.failures],
            "accounts": self.accounts,
        }


def rehearse(path: Path, new_office: Callable[[], Database] = database.in_memory) -> StoryResult:
    """Play one story file in a new, empty office; a story that cannot be read fails with the line and the reason."""
    try:
        return play(read_story(path), new_office=new_office)
    except (StoryError, PolicyError) as error:
        return StoryResult(str(path), [Failure(0, "story", "a story that can be played", error.message)])


def policy_body(story: Story) -> tuple[str, str]:
    """Name and TOML text of the story's policy with its overrides. Raises PolicyError."""
    is_file = story.policy.endswith(".toml")
    source: str | Path = story.policy
    if is_file:  # beside the story, else as the path stands
        beside = story.path.parent / story.policy
        source = beside if beside.exists() else Path(story.policy)
    policy = load_policy(source, story.override)
    path = Path(source) if is_file else shipped_policy_path(story.policy)
    return policy.name, overlaid(path.read_text(encoding="utf-8"), story.override)


def changed(story: Story, override: Mapping[str, Any]) -> Story:
    """The same story with other policy values laid over its own."""
    return replace(story, override=laid_over(story.override, override))


# Sees each event once it was played: the stage, the event, what did not hold.
Watch = Callable[[Stage, Event, list[Failure]], None]


def _nobody_watches(_stage: Stage, _event: Event, _failures: list[Failure]) -> None:
    """For callers that want the end alone."""


def play(
    story: Story, watch: Watch = _nobody_watches, new_office: Callable[[], Database] = database.in_memory
) -> StoryResult:
    """Play a story that was read; raises PolicyError when its policy is not one, and what `watch` raises."""
    name, body = policy_body(story)
    result = StoryResult(story.title)
    with new_office() as books:
        first_day = story.events[0].on if story.events else date(2000, 1, 1)
        with books.write() as session:
            office.set_up(session, office.OfficeForm("Rehearsal", ()), first_day, {name: body})
        stage = Stage(books, name)
        for event in story.events:
            failures = _play_event(stage, event)
            result.failures += failures
            watch(stage, event, failures)
        result.accounts = _accounts(books, stage)
    return result


def _play_event(stage: Stage, event: Event) -> list[Failure]:
    stage.desk = Desk("rehearsal", "manager", "rehearsal", event.on, event.on)
    if event.do == "expect":
        if event.refused:
            return [Failure(event.number, "refused", "an event that can be refused", "expect changes nothing")]
        return compare(stage, event)
    before = _last_action(stage.books)
    try:
        if event.do not in EVENTS:
            raise UserError(f"line {event.line}: “{event.do}” is no event; known are {', '.join(EVENTS)}, expect.")
        spec = EVENTS[event.do]
        spec.play(stage, **read_keys(spec, event))
    except UserError as error:
        if not event.refused:
            return [Failure(event.number, event.do, "accepted", f"refused: {error.message}")]
        if _last_action(stage.books) != before:
            return [Failure(event.number, event.do, "refused and nothing changed", "refused, but something changed")]
        return []
    if event.refused:
        return [Failure(event.number, event.do, "refused", "accepted")]
    return []


def _last_action(books: Database) -> Any:
    with books.read() as session:
        return fetch_value(session, "SELECT max(id) FROM action")


def _accounts(books: Database, stage: Stage) -> dict[str, dict[str, Any]]:
    found = {}
    with books.read() as session:
        for name, account_id in stage.accounts.items():
            account = card(session, account_id)
            found[name] = {
                "balance": plain_cents(account.balance_cents),
                "status": account.status,
                "lines": [
                    {
                        "date": row.on.isoformat(),
                        "kind": row.kind,
                        "amount": plain_cents(row.cents),
                        "clause": row.clause,
                        "description": row.description,
                        "why": row.why,
                    }
                    for row in account_history(session, account_id)
                ],
            }
    return found


def books_are_right(books: Database) -> bool:
    """What `ledger_balanced = true` asks: every stored figure agrees with the ledger."""
    with books.read() as session:
        return not verification.verify_books(session)
