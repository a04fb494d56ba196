"""Passwords: what makes one good enough, and their Argon2 hashes (argon2-cffi, its own parameters)."""

from __future__ import annotations

import os
import unicodedata
from hashlib import sha256

from argon2 import PasswordHasher, Type
from argon2.low_level import hash_secret_raw

from app.errors import UserError
from app.services.desk import Proof

_Costs = tuple[int, int, int]  # memory (KiB), passes, lanes

SHORTEST = 10
LONGEST = 200
FEWEST_CHARACTERS = 4
_TOO_COMMON = ("password", "counterfoil", "qwertyuiop", "letmein", "welcome", "1234567890", "0123456789", "iloveyou")

KIND = "argon2id-sha256"
# Argon2's own choice of parameters.
hasher = PasswordHasher()
# Somebody who is not known is checked against this, so that the answer takes as long.
_NOBODY = "nobody's own password"
_nobodys_hash: dict[_Costs, str] = {}


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
    """The text to keep: Argon2id's parameters and salt, then the SHA-256 of its digest.

    Whoever reads it can compare but not act: the digest itself, which only the password gives, is the `Proof`.
    """
    costs, salt = _costs(), os.urandom(hasher.salt_len)
    check = sha256(_digest(password, costs, salt)).hexdigest()
    return "$".join(("", KIND, "v=19", ",".join(map("=".join, zip("mtp", map(str, costs), strict=True))), salt.hex(), check))


def proof_of(kept: str | None, password: str) -> Proof | None:
    """What proves that the password is the one of the hash kept; None when it is not.

    Nobody (None) takes as long as somebody, and is never right.
    """
    costs, salt = _parts(kept or _hash_for_nobody())
    proof = Proof(_digest(password, costs, salt).hex())
    return proof if kept is not None and proof.fits(kept) else None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's, or by a program that kept the digest itself."""
    return not kept.startswith(f"${KIND}$") or _parts(kept)[0] != _costs()


def _costs() -> _Costs:
    return hasher.memory_cost, hasher.time_cost, hasher.parallelism


def _parts(kept: str) -> tuple[_Costs, bytes]:
    _, _, _, named, salt, _ = kept.split("$")
    memory, time, lanes = (int(cost.partition("=")[2]) for cost in named.split(","))
    return (memory, time, lanes), bytes.fromhex(salt)


def _digest(password: str, costs: _Costs, salt: bytes) -> bytes:
    memory, time, lanes = costs
    secret = _plain(password).encode("utf-8", "surrogatepass")
    return hash_secret_raw(secret, salt, time, memory, lanes, hash_len=32, type=Type.ID, version=19)


def _hash_for_nobody() -> str:
    if _costs() not in _nobodys_hash:
        _nobodys_hash[_costs()] = hash_of(_NOBODY)
    return _nobodys_hash[_costs()]
