"""Passwords: what makes one good enough, and their Argon2 hashes (argon2-cffi, its own parameters)."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.errors import UserError

SHORTEST = 10
LONGEST = 200
FEWEST_CHARACTERS = 4
_TOO_COMMON = ("password", "counterfoil", "qwertyuiop", "letmein", "welcome", "1234567890", "0123456789", "iloveyou")

hasher = PasswordHasher()
# Somebody who is not known is checked against this, so that the answer takes as long.
_NOBODY = "nobody's own password"
_nobodys_hash: dict[tuple[int, int, int], str] = {}


def _plain(password: str) -> str:
    """The same characters whichever keyboard typed them."""
    return unicodedata.normalize("NFKC", password)


def refuse_weak(password: str, name: str, login: str) -> None:
    """Raises UserError for a password that is too short, too long, too plain, or one's own name."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise UserError(
            f"The password needs at least {SHORTEST} characters; three or four words in a row are easy to keep.",
            field="password",
        )
    if len(plain) > LONGEST:
        raise UserError(f"The password has more than {LONGEST} characters; choose a shorter one.", field="password")
    folded = plain.casefold()
    # What is left when the names and the words that everybody tries first are taken out must still be something.
    left = folded
    for known in (login.casefold(), *name.casefold().split(), *_TOO_COMMON):
        if len(known) >= 3:
            left = left.replace(known, "")
    if len(set(folded)) < FEWEST_CHARACTERS or len(left.strip()) < 4:
        raise UserError("That password is too easy to guess: no names, no single repeated letters.", field="password")


def hash_of(password: str) -> str:
    """The text to keep: Argon2id with its salt and parameters."""
    return hasher.hash(_plain(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether the password is the one of the hash kept; None (nobody) takes as long and is never right."""
    try:
        hasher.verify(kept or _hash_for_nobody(), _plain(password))
    except VerifyMismatchError:
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(kept)


def _hash_for_nobody() -> str:
    costs = (hasher.time_cost, hasher.memory_cost, hasher.parallelism)
    if costs not in _nobodys_hash:
        _nobodys_hash[costs] = hasher.hash(_NOBODY)
    return _nobodys_hash[costs]
