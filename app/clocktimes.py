"""Times of day as office hands type them and as the windows show them."""

from __future__ import annotations

import re
from datetime import time

_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))? *(?:([ap])\.?(?:m\.?)?)?", re.ASCII)


def parse_typed_time(text: str) -> time:
    """A time of day: `8`, `8:30`, `830`, `2p`, `2:30 pm`, `14:30`. Raises ValueError with a short reason."""
    reason = f"“{text.strip()}” is not a time of day; type 8:30, 830, 2p or 14:30"
    found = _TIME.fullmatch(text.strip().casefold())
    if found is None:
        raise ValueError(reason)
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError(reason)
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(reason)
    return time(hour, minute)


def format_time(moment: time) -> str:
    """A time of day as people say it: `2:30 PM`."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'PM' if moment.hour >= 12 else 'AM'}"
