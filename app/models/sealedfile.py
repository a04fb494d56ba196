"""Files encrypted with a passphrase: a readable header, then chunks that are each authenticated (AES-256-GCM).

The key is scrypt of the passphrase with the office's salt; each file has a key of its own derived from it, so that
an automatic backup needs only that key, kept in the PC's key store, and a restore elsewhere only the passphrase.
A chunk's nonce holds its place and whether it is the last: chunks cannot be exchanged, left out or cut off.
"""

from __future__ import annotations

import json
import os
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.errors import Cancelled, UserError
from app.models.bulk import Progress, no_progress
from app.models.copying import UNFINISHED, digest_of, never

MAGIC = b"COUNTERFOIL SEALED BACKUP 1\n"
CHUNK = 1 << 20
TAG = 16
LONGEST_HEADER = 65_536
SHORTEST_PASSPHRASE = 10
# scrypt's cost (RFC 7914): 64 MB and about a quarter of a second a try.
_COST, _BLOCK, _LANES = 1 << 16, 8, 1


def new_salt() -> bytes:
    """A salt for an office's passphrase."""
    return secrets.token_bytes(16)


def passphrase_key(passphrase: str, salt: bytes) -> bytes:
    """The 32-byte key of a passphrase. Raises UserError for one that is too short."""
    if len(passphrase.strip()) < SHORTEST_PASSPHRASE:
        raise UserError(
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters; four or five words are good.", field="passphrase"
        )
    return _key_of(passphrase, salt)


def _key_of(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=_LANES).derive(passphrase.encode("utf-8", "surrogatepass"))


def fitting_key(passphrase: str, salt: bytes, mark: str) -> bytes | None:
    """The key of a passphrase by its mark; None for another passphrase.

    A letter with an accent is one sign on one system and two on another: it is tried in each way.
    """
    ways = (passphrase, unicodedata.normalize("NFC", passphrase), unicodedata.normalize("NFD", passphrase))
    if len(passphrase) < SHORTEST_PASSPHRASE:
        return None
    for way in dict.fromkeys(ways):
        key = _key_of(way, salt)
        if key_mark(key) == mark:
            return key
    return None


def key_mark(key: bytes) -> str:
    """A mark (hex) that tells whether a key is the right one and nothing about it."""
    return _derived(key, b"", b"counterfoil key mark")[:8].hex()


def _derived(key: bytes, salt: bytes, what: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=what).derive(key)


def _nonce(place: int, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes((is_last,))


def seal(
    source: Path,
    target: Path,
    key: bytes,
    salt: bytes,
    about: dict[str, Any],
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> None:
    """Encrypt `source` into the new file `target`, synced. `about` stands in the header, authenticated but readable.

    Raises Cancelled or OSError; a target that was begun is removed then.
    """
    own = secrets.token_bytes(16)
    header = {"about": about, "salt": salt.hex(), "file": own.hex(), "key": key_mark(key), "cost": [_COST, _BLOCK, _LANES]}
    text = json.dumps(header, sort_keys=True).encode("ascii")
    cipher, bound = AESGCM(_derived(key, own, b"counterfoil backup")), sha256(text).digest()
    of = source.stat().st_size
    try:
        with source.open("rb") as read, target.open("xb") as write:
            write.write(MAGIC + len(text).to_bytes(4, "big") + text)
            place, block = 0, read.read(CHUNK)
            while True:
                if cancelled():
                    raise Cancelled
                following = read.read(CHUNK)
                write.write(cipher.encrypt(_nonce(place, not following), block, bound))
                progress(min((place + 1) * CHUNK, of), of)
                if not following:
                    break
                place, block = place + 1, following
            write.flush()
            os.fsync(write.fileno())
    except FileExistsError:
        raise
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise


def seal_and_compare(
    source: Path,
    target: Path,
    key: bytes,
    salt: bytes,
    about: dict[str, Any],
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> None:
    """As `seal`, then decrypt it again beside `source` and compare: the proof that it can be restored.

    Raises UserError too, when it is not what went into it.
    """
    seal(source, target, key, salt, about, progress, cancelled)
    again = source.with_name(f"{source.name}{UNFINISHED}")
    again.unlink(missing_ok=True)
    try:
        if unseal(target, again, None, key, cancelled=cancelled) != digest_of(source):
            raise UserError("The encrypted backup did not decrypt to what went into it; check the disk and try again.")
    finally:
        again.unlink(missing_ok=True)


def is_sealed(path: Path) -> bool:
    """Whether a file is one of these."""
    with path.open("rb") as read:
        return read.read(len(MAGIC)) == MAGIC


def read_about(path: Path) -> dict[str, Any]:
    """What the header says, readable without the passphrase. Raises UserError when it cannot be read."""
    with path.open("rb") as read:
        about = _header(path, read)[0]["about"]
    return dict(about)


def _header(path: Path, read: BinaryIO) -> tuple[dict[str, Any], bytes]:
    damaged = UserError(f"{path.name} is damaged at its beginning and cannot be opened; take another backup.", field="file")
    if read.read(len(MAGIC)) != MAGIC:
        raise UserError(f"{path.name} is no encrypted backup of Counterfoil.", field="file")
    length = int.from_bytes(read.read(4), "big")
    if not 0 < length <= LONGEST_HEADER:
        raise damaged
    text = read.read(length)
    try:
        header = json.loads(text)
        known = isinstance(header["about"], dict) and all(isinstance(header[name], str) for name in ("salt", "file", "key"))
        bytes.fromhex(header["salt"] + header["file"])
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if not known or header.get("cost") != [_COST, _BLOCK, _LANES]:
        raise damaged
    return header, sha256(text).digest()


def unseal(
    source: Path,
    target: Path,
    passphrase: str | None,
    key: bytes | None = None,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> str:
    """Decrypt into the new file `target`, synced; returns its SHA-256 (hex). With `key` no passphrase is needed.

    Raises UserError for a wrong passphrase or a damaged file, Cancelled or OSError; nothing is left behind then.
    """
    digest, of, done = sha256(), source.stat().st_size, 0
    try:
        with source.open("rb") as read, target.open("xb") as write:
            header, bound = _header(source, read)
            if key is None or key_mark(key) != header["key"]:
                if not passphrase:
                    raise UserError(f"{source.name} is encrypted; type its passphrase.", field="passphrase")
                key = fitting_key(passphrase, bytes.fromhex(header["salt"]), header["key"])
                if key is None:
                    raise _wrong_passphrase(source)
            cipher = AESGCM(_derived(key, bytes.fromhex(header["file"]), b"counterfoil backup"))
            place, block = 0, read.read(CHUNK + TAG)
            while True:
                if cancelled():
                    raise Cancelled
                following = read.read(CHUNK + TAG)
                plain = cipher.decrypt(_nonce(place, not following), block, bound)
                write.write(plain)
                digest.update(plain)
                done += len(block)
                progress(done, of)
                if not following:
                    break
                place, block = place + 1, following
            write.flush()
            os.fsync(write.fileno())
    except FileExistsError:
        raise
    except BaseException as error:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        if isinstance(error, InvalidTag):
            raise UserError(
                f"{source.name} is damaged or was changed; it cannot be trusted. Take another backup.", field="file"
            ) from None
        raise
    return digest.hexdigest()


def _wrong_passphrase(source: Path) -> UserError:
    return UserError(
        f"That is not the passphrase of {source.name}; mind capitals and spaces. Nothing was changed.", field="passphrase"
    )
