"""Where this PC keeps the office's keys: the system's key store, else a file that only its user can read."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from app.errors import UserError

SERVICE = "Counterfoil"
FOLDER_VARIABLE = "COUNTERFOIL_KEYS"


class KeyStore(Protocol):
    """Secrets by name. `place` says in words where they lie; raises UserError when the store refuses."""

    place: str
    is_system: bool

    def get(self, name: str) -> bytes | None:
        """The secret of that name, if this PC has it."""
        ...

    def put(self, name: str, secret: bytes | None) -> None:
        """Keep a secret; None forgets it."""
        ...


class SystemKeyStore:
    """The system's own: Windows Credential Manager, the macOS keychain, the desktop's secret service."""

    is_system = True

    def __init__(self, name: str) -> None:
        self.place = f"this PC's key store ({name})"

    def get(self, name: str) -> bytes | None:
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password(SERVICE, name)
        except KeyringError as error:
            raise UserError(f"{self.place} cannot be read: {error}. Unlock it and try again.") from error
        with suppress(NotBase64, ValueError):
            return None if found is None else b64decode(found, validate=True)
        return None

    def put(self, name: str, secret: bytes | None) -> None:
        import keyring
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            if secret is None:
                with suppress(PasswordDeleteError):
                    keyring.delete_password(SERVICE, name)
            else:
                keyring.set_password(SERVICE, name, b64encode(secret).decode("ascii"))
        except KeyringError as error:
            raise UserError(f"{self.place} cannot be written: {error}. Unlock it and try again.") from error


class FileKeyStore:
    """One small file a secret, readable by its user alone; on Windows the user's own folder sees to that."""

    is_system = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"key files in {folder}, as this PC has no key store"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def get(self, name: str) -> bytes | None:
        try:
            return b64decode(self._file(name).read_text(encoding="ascii").strip(), validate=True)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(f"The key file {self._file(name)} cannot be read: {error}.") from error

    def put(self, name: str, secret: bytes | None) -> None:
        file = self._file(name)
        unfinished = file.with_suffix(".part")
        try:
            if secret is None:
                file.unlink(missing_ok=True)
                return
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.unlink(missing_ok=True)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as opened:
                opened.write(b64encode(secret))
                opened.flush()
                os.fsync(opened.fileno())
            unfinished.replace(file)
        except OSError as error:
            raise UserError(f"The key file {file} cannot be written: {error.strerror}.") from error


def settings_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """This user's folder for what the program keeps on this PC, where the key files lie when they must."""
    given = environment.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    base = environment.get("APPDATA") if os.name == "nt" else environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "Counterfoil" / "keys"


def open_key_store() -> KeyStore:
    """The system's key store when it can be used, else key files. Asked when a key is needed: it takes a moment."""
    if os.environ.get(FOLDER_VARIABLE):
        return FileKeyStore(settings_folder())
    import keyring
    from keyring.backends import chainer

    backend = keyring.get_keyring()
    # 0 and below: backends that only refuse. The chain of several is as good as its best.
    usable = bool(backend.backends) if isinstance(backend, chainer.ChainerBackend) else backend.priority >= 1
    return SystemKeyStore(str(backend.name)) if usable else FileKeyStore(settings_folder())
