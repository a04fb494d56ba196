"""A policy file's values one by one, as a person reads and types them, and the file with some of them changed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.errors import UserError
from app.money import parse_cents, plain_cents
from app.services.policies.policyfile import Policy, PolicyError, laid_over, parse_policy
from app.services.policymeanings import MEANING

# What a policy file may leave out, with what then holds.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "advance": {"late_run_days_left": 20, "reactivation_months": 12},
    "arrears": {"plans": {}},
}
_AMOUNT = re.compile(r"[0-9]+\.[0-9]{2}")
_PARTS = {"monthly": "monthly fee", "processing": "processing fee"}


class PolicyKey(NamedTuple):
    """One value: where it stands in the file (`("plans", "Premiere", "monthly")`), what it is about, its text.

    `text` is as one types it: `10.00`, `30`, `yes`, `1, 15`, `prorated`.
    """

    key: tuple[str, ...]
    meaning: str
    clause: str
    text: str


def policy_keys(body: str) -> list[PolicyKey]:
    """Every value of a policy file, those left out as what then holds; plans one by one."""
    values = tomllib.loads(body)
    kind = values.pop("policy", "advance")
    found = []
    for name, value in {**values, **{k: v for k, v in _DEFAULTS[kind].items() if k not in values}}.items():
        for key, single in _flat((name,), value):
            found.append(PolicyKey(key, _about(key), MEANING.get(name, ("", ""))[1], shown(single)))
    return found


def _about(key: tuple[str, ...]) -> str:
    """What a value is about, as the list on screen says it."""
    meaning, _clause = MEANING.get(key[0], (key[0].replace("_", " ").capitalize(), ""))
    return " · ".join((meaning, *(_PARTS.get(part, part) for part in key[1:])))


def _flat(key: tuple[str, ...], value: Any) -> list[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, dict):
        return [(key, value)]
    return [pair for part, inner in value.items() for pair in _flat((*key, part), inner)]


def shown(value: Any) -> str:
    """A file's value as one types it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def typed_value(body: str, key: tuple[str, ...], text: str) -> Any:
    """What was typed, as the file writes it: of the kind of the value that stands there.

    An amount is read as everywhere in the program: `12`, `12.5` and `$12.50` are amounts. Raises UserError for a
    word where a number is wanted, and for what is no amount where one stands; whether the value is allowed, the
    policy itself says.
    """
    text = text.strip()
    kind, before = tomllib.loads(body).get("policy", "advance"), _at(body, key)
    if before is None and len(key) == 1:
        before = _DEFAULTS[kind].get(key[0])
    if isinstance(before, bool):
        words = {"yes": True, "true": True, "no": False, "false": False}
        if text.casefold() not in words:
            raise UserError("Type yes or no.", field="value")
        return words[text.casefold()]
    if isinstance(before, int):
        return _number(text)
    if isinstance(before, list):
        return [_number(part) for part in text.replace(" and ", ",").split(",") if part.strip()]
    if isinstance(before, str) and _AMOUNT.fullmatch(before):
        try:
            return plain_cents(parse_cents(text))
        except ValueError as error:
            raise UserError(f"{error}.", field="value") from None
    return text.lstrip("$")


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise UserError(f"“{text}” is no whole number.", field="value")
    return int(text)


def _at(body: str, key: tuple[str, ...]) -> Any:
    value: Any = tomllib.loads(body)
    for part in key:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def as_override(body: str, changes: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    """Typed changes as a table to lay over the policy.

    Raises UserError for what cannot be read and for what is not allowed, in the words of the list on screen.
    """
    found: dict[str, Any] = {}
    for key, text in changes.items():
        table = found
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value = typed_value(body, key, text)
        for part in reversed(key):
            value = {part: value}
        try:
            changed_body("", body, value)
        except PolicyError as error:
            said = f"{_about(key)}: {text.strip()} is not allowed; it takes {error.takes}."
            raise UserError(said, field="value") from None
    return found


def changed_body(name: str, body: str, override: Mapping[str, Any]) -> tuple[str, Policy]:
    """The policy file with values laid over it, and the policy that it is. Raises PolicyError, which names the key."""
    made = overlaid(body, override)
    return made, parse_policy(made, name=name, label=f"Policy {name}")


def overlaid(body: str, override: Mapping[str, Any]) -> str:
    """The text of a policy file with values laid over it; remarks are left out."""
    values = laid_over(tomllib.loads(body), override)
    return "\n".join(f"{key} = {_toml_value(value)}" for key, value in values.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        items = (f"{json.dumps(key, ensure_ascii=False)} = {_toml_value(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    # A JSON string is a TOML basic string.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
