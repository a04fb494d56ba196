"""TOML from people: what Python's reader does not refuse in its own words is refused in the same way."""

from __future__ import annotations

import tomllib
from typing import Any

LONGEST = 1_000_000
SHOWN = 60


def parse_toml(text: str) -> dict[str, Any]:
    """The tables and keys of a TOML text. Raises tomllib.TOMLDecodeError, whose message says what is wrong."""
    if len(text) > LONGEST:
        raise tomllib.TOMLDecodeError("the file is too large to be one of these")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("its brackets lie in each other too deep") from None
    except ValueError:
        raise tomllib.TOMLDecodeError("a number or a day in it cannot be") from None


def shown(value: object) -> str:
    """A value as it is quoted in a refusal: not the whole of an endless one."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
