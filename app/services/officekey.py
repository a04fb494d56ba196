"""The office's key: made once, kept by each PC, written out on a recovery sheet and read back in from it.

The key has 256 bits. On the sheet it stands as 13 groups of five characters, the last of each a check character:
31 characters are used, a prime number, so that any one wrong character, two exchanged ones or two exchanged groups
are found, and the group at fault is named.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, fetch_value
from app.services.backupplan import office_mark
from app.services.desk import Desk, begin_on_any_day, require_reason, require_role

if TYPE_CHECKING:
    from app.keystore import KeyStore

# Neither 0, 1, I, L nor O, which are taken for one another.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS, IN_A_GROUP = 13, 5
KEY_BYTES = 32


def has_key(session: Session) -> bool:
    """Whether the office has a key at all."""
    row = fetch_one(session, "SELECT key_check FROM safekeeping WHERE id = 1")
    return row is not None and bool(row.key_check)


def key_or_none(session: Session, keys: KeyStore) -> bytes | None:
    """The office's key, if this PC has the right one."""
    from app.models.sealedfile import key_mark  # cryptography takes long to import and is seldom needed

    row = fetch_one(session, "SELECT office_mark, key_check FROM safekeeping WHERE id = 1")
    if row is None or not row.key_check:
        return None
    found = keys.get(_name(row.office_mark))
    return found if found is not None and key_mark(found) == row.key_check else None


def office_key(session: Session, keys: KeyStore) -> bytes:
    """The office's key. Raises UserError when the office has none yet, or this PC does not know it."""
    found = key_or_none(session, keys)
    if found is None:
        raise UserError(
            "This PC does not have the office's key; type it from the recovery sheet on the Office page under Keys."
            if has_key(session)
            else "The office has no key yet; a manager makes it on the Office page under Keys."
        )
    return found


def make_key(session: Session, desk: Desk, keys: KeyStore) -> bytes:
    """Make the office's key and keep it on this PC (a manager's). Raises UserError when there is one already."""
    from app.models.sealedfile import key_mark

    require_role(desk, "manager", "Making the office's key")
    if has_key(session):
        raise UserError("The office has its key already; type it on this PC from the recovery sheet.")
    begin_on_any_day(session, desk, "make-key")
    mark, key = office_mark(session), secrets.token_bytes(KEY_BYTES)
    execute(session, "UPDATE safekeeping SET key_check = ? WHERE id = 1", key_mark(key))
    keys.put(_name(mark), key)
    return key


def enter_key(session: Session, keys: KeyStore, typed: str) -> None:
    """Teach this PC the office's key from the recovery sheet. Raises UserError that names the group at fault."""
    from app.models.sealedfile import key_mark

    key = key_of(typed)
    row = fetch_one(session, "SELECT office_mark, key_check FROM safekeeping WHERE id = 1")
    if row is None or not row.key_check:
        raise UserError("The office has no key yet; a manager makes it on the Office page under Keys.")
    if key_mark(key) != row.key_check:
        raise UserError("That is a key without a mistake, but another office's; look for this office's sheet.", field="key")
    keys.put(_name(row.office_mark), key)


def sheet_key(session: Session, desk: Desk, keys: KeyStore, reason: str) -> list[str]:
    """The key's groups for the recovery sheet; that it was shown is recorded (a manager's, with a reason)."""
    require_role(desk, "manager", "Printing the recovery sheet")
    reason = require_reason(reason, "Printing the recovery sheet")
    key = office_key(session, keys)
    begin_on_any_day(session, desk, "print-key", reason=reason)
    return groups_of(key)


def _name(mark: str) -> str:
    return f"office-{mark}"


# Writing a key out and reading it in


def groups_of(key: bytes) -> list[str]:
    """A key as it stands on the sheet: groups of four characters and a check character."""
    number, places = int.from_bytes(key, "big"), []
    for _ in range(GROUPS * (IN_A_GROUP - 1)):
        number, place = divmod(number, len(ALPHABET))
        places.append(place)
    assert number == 0, "31 to the power of 52 is more than 2 to the power of 256"
    places.reverse()
    step = IN_A_GROUP - 1
    groups = [places[start : start + step] for start in range(0, len(places), step)]
    return ["".join(ALPHABET[place] for place in (*group, _check(n, group))) for n, group in enumerate(groups)]


def _check(group: int, places: list[int]) -> int:
    return (group + 1 + sum((weight + 2) * place for weight, place in enumerate(places))) % len(ALPHABET)


def key_of(typed: str) -> bytes:
    """The key that groups stand for; blanks, dashes and small letters do not matter.

    Raises UserError that says which group is mistyped, how many are missing, or which character is never used.
    """
    plain = "".join(letter for letter in typed.upper() if not letter.isspace() and letter not in "-–—.,")
    for place, letter in enumerate(plain):
        if letter not in ALPHABET:
            group = place // IN_A_GROUP + 1
            raise UserError(f"“{letter}” in group {group} stands in no key: 0, 1, I, L and O are not used.", field="key")
    wanted = GROUPS * IN_A_GROUP
    if len(plain) != wanted:
        said = "missing" if len(plain) < wanted else "too many"
        raise UserError(
            f"The key has {GROUPS} groups of {IN_A_GROUP} characters; {abs(wanted - len(plain))} of them are {said}"
            f"{_short_group(typed)}.",
            field="key",
        )
    number = 0
    for n in range(GROUPS):
        places = [ALPHABET.index(letter) for letter in plain[n * IN_A_GROUP : (n + 1) * IN_A_GROUP]]
        if _check(n, places[:-1]) != places[-1]:
            shown = plain[n * IN_A_GROUP : (n + 1) * IN_A_GROUP]
            raise UserError(f"Group {n + 1} ({shown}) is mistyped; compare it with the sheet.", field="key")
        for place in places[:-1]:
            number = number * len(ALPHABET) + place
    if number >> 8 * KEY_BYTES:
        raise UserError("That is no key of Counterfoil; compare every group with the sheet.", field="key")
    return number.to_bytes(KEY_BYTES, "big")


def _short_group(typed: str) -> str:
    for n, group in enumerate(typed.replace("-", " ").split(), start=1):
        if len(group) != IN_A_GROUP:
            return f"; group {n} has {len(group)}"
    return ""


# What the windows show and print


class KeyState(NamedTuple):
    """Whether the office has a key and this PC knows it; `place` says where this PC keeps keys."""

    is_made: bool
    is_here: bool
    place: str
    is_system: bool


def key_state(session: Session, keys: KeyStore) -> KeyState:
    """How it stands with the office's key on this PC."""
    return KeyState(has_key(session), key_or_none(session, keys) is not None, keys.place, keys.is_system)


def write_sheet(session: Session, desk: Desk, keys: KeyStore, path: Path, reason: str) -> Path:
    """Draw the recovery sheet into `path`, which is to be removed once it is printed (a manager's, with a reason)."""
    from app.services.documents.recovery_sheet import write_recovery_sheet

    groups = sheet_key(session, desk, keys, reason)
    office = str(fetch_value(session, "SELECT name FROM office WHERE id = 1"))
    write_recovery_sheet(path, office, groups, office_mark(session)[:8], desk.today)
    return path
