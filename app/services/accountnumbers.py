"""Account numbers with a check digit, so that a mis-keyed one is refused, not posted elsewhere (BOTH-7).

The digit is Damm's: it finds every single wrong digit and every swap of neighbours.
"""

from __future__ import annotations

_FIRST = 10_000


def account_number(account_id: int) -> str:
    """The number of an account: its id counted from 10 000, and the check digit."""
    from stdnum import damm  # it brings half of pydoc along, which the first page can do without

    base = str(_FIRST + account_id)
    return base + damm.calc_check_digit(base)


def is_account_number(text: str) -> bool:
    """Whether the check digit is right."""
    if not (text.isascii() and text.isdigit() and len(text) >= 6):
        return False
    from stdnum import damm

    return bool(damm.is_valid(text))
