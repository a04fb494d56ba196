"""Reading a story: TOML in, events out; a mistake names its line and the reason (story-format)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.errors import UserError
from app.tomltext import SHOWN, parse_toml


class StoryError(UserError):
    """A story that cannot be played: the message names the file, the line and the reason."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number from 1, the line it starts on, its date, what it does, and its other keys."""

    number: int
    line: int
    on: date
    do: str
    refused: bool
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """A story; `policy` is a shipped name or a path, `override` is laid over it."""

    path: Path
    title: str
    policy: str
    override: Mapping[str, Any]
    events: tuple[Event, ...]


_EVENT_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*event[ \t]*\]\]", re.MULTILINE)


def _mistake(path: Path, line: int, reason: str) -> StoryError:
    return StoryError(f"{path.name}, line {line}: {reason}", field="story")


def read_story(path: Path) -> Story:
    """Read and check one story. Raises StoryError."""
    if path.is_dir():
        raise StoryError(f"There is no story under {path}: a story is a file whose name ends in .toml.", field="story")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StoryError(f"There is no story {path}.", field="story") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StoryError(f"{path} cannot be read: {error}.", field="story") from None
    try:
        content = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise StoryError(f"{path.name}: {error}.", field="story") from None
    for key in content:
        if key not in ("title", "policy", "override", "event"):
            raise _mistake(path, _line_of(text, key), f"the key “{key[:SHOWN]}” is unknown here")
    for key in ("title", "policy"):
        if not isinstance(content.get(key), str):
            raise _mistake(path, 1, f"a story needs a {key}, in quotes")
    override, events = content.get("override", {}), content.get("event", [])
    if not isinstance(override, dict) or not isinstance(events, list):
        raise _mistake(path, 1, "[override] is a table and every event starts with [[event]]")
    lines = [text.count("\n", 0, match.start()) + 1 for match in _EVENT_HEADER.finditer(text)]
    if len(lines) != len(events):
        lines = [1] * len(events)
    return Story(path, content["title"], content["policy"], override, _events(path, events, lines))


def stories_under(folder: Path) -> list[Path]:
    """Every .toml file under a folder, sorted, but for those that a story among them names as its policy."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".toml" and path.is_file())
    policies: set[Path] = set()
    for path in found:
        try:
            policy = read_story(path).policy
        except StoryError:
            continue  # played with the others, which says what is wrong with it
        policies |= {(path.parent / policy).resolve(), Path(policy).resolve()}
    return [path for path in found if path.resolve() not in policies]


def _line_of(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith((key, f'"{key}"', f"[{key}", f"[[{key}")):
            return number
    return 1


def _events(path: Path, events: list[Any], lines: list[int]) -> tuple[Event, ...]:
    found: list[Event] = []
    for number, (keys, line) in enumerate(zip(events, lines, strict=True), start=1):
        on, do, refused = keys.get("on"), keys.get("do"), keys.get("refused", False)
        if not isinstance(on, date) or isinstance(on, datetime):
            raise _mistake(path, line, f"event {number} needs on = a date, such as 2026-01-15")
        if not isinstance(do, str):
            raise _mistake(path, line, f'event {number} needs do = "..."')
        if not isinstance(refused, bool):
            raise _mistake(path, line, f"event {number}: refused is true or false")
        if found and on < found[-1].on:
            raise _mistake(path, line, f"event {number} is dated {on}, before the one above it ({found[-1].on})")
        rest = {key: value for key, value in keys.items() if key not in ("on", "do", "refused")}
        found.append(Event(number, line, on, do, refused, rest))
    return tuple(found)
