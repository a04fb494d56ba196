"""Where backups go, how many are kept, whether they are encrypted; and the office's mark, which every backup carries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, insert_row
from app.models.upgradecopy import key_name
from app.services.desk import Desk, begin_on_any_day, require_reason, require_role

if TYPE_CHECKING:
    from app.keystore import KeyStore

FOLDER_NAME = "backups"
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """How the office backs up. `folder` empty: `backups` beside the office's file; `second_folder` empty: none.

    `keep_*`: of how many days, weeks and months the last backup is kept. `warn_after_days`: when Today becomes loud.
    """

    folder: str = ""
    second_folder: str = ""
    keep_daily: int = 14
    keep_weekly: int = 8
    keep_monthly: int = 24
    warn_after_days: int = 4
    is_encrypted: bool = False

    def place(self, office: Path) -> Path:
        """The folder of the first copies."""
        return Path(self.folder) if self.folder else office.parent / FOLDER_NAME


def plan_of(session: Session) -> BackupPlan:
    """The plan in force; the usual one before anybody changed it."""
    row = fetch_one(
        session,
        "SELECT folder, second_folder, keep_daily, keep_weekly, keep_monthly, warn_after_days, passphrase_salt "
        "FROM safekeeping WHERE id = 1",
    )
    if row is None:
        return BackupPlan()
    return BackupPlan(
        row.folder,
        row.second_folder,
        row.keep_daily,
        row.keep_weekly,
        row.keep_monthly,
        row.warn_after_days,
        bool(row.passphrase_salt),
    )


def office_mark(session: Session) -> str:
    """The mark that tells this office's backups and keys from another's; made when it is first needed (writes then)."""
    row = fetch_one(session, "SELECT office_mark FROM safekeeping WHERE id = 1")
    if row is not None:
        return str(row.office_mark)
    import secrets  # needed once in an office, and never to start

    mark, usual = secrets.token_hex(16), BackupPlan()
    insert_row(
        session,
        "safekeeping",
        id=1,
        office_mark=mark,
        folder=usual.folder,
        second_folder=usual.second_folder,
        passphrase_salt="",
        passphrase_check="",
        keep_daily=usual.keep_daily,
        keep_weekly=usual.keep_weekly,
        keep_monthly=usual.keep_monthly,
        warn_after_days=usual.warn_after_days,
        key_check="",
    )
    return mark


def change_plan(session: Session, desk: Desk, plan: BackupPlan, reason: str) -> None:
    """Change where backups go and how many are kept (a manager's, with a reason). `is_encrypted` is not looked at.

    Raises UserError for a folder that is not there, two that are the same, or a number that makes no sense.
    """
    require_role(desk, "manager", "Changing how the office backs up")
    for field, text in (("folder", plan.folder), ("second_folder", plan.second_folder)):
        if text and not _is_folder(text):
            raise UserError(f"There is no folder {text}; make it, or plug its disk in, and try again.", field=field)
    if plan.second_folder and plan.folder and Path(plan.folder).resolve() == Path(plan.second_folder).resolve():
        raise UserError("The second place is the first one; choose a folder on another disk.", field="second_folder")
    for field, number in (
        ("keep_daily", plan.keep_daily),
        ("keep_weekly", plan.keep_weekly),
        ("keep_monthly", plan.keep_monthly),
        ("warn_after_days", plan.warn_after_days),
    ):
        least = 1 if field in ("keep_daily", "warn_after_days") else 0
        if not least <= number <= MOST_KEPT:
            raise UserError(f"Choose a number from {least} to {MOST_KEPT:,}; {number} is none.", field=field)
    begin_on_any_day(session, desk, "change-backups", reason=require_reason(reason, "Changing how the office backs up"))
    office_mark(session)
    execute(
        session,
        "UPDATE safekeeping SET folder = ?, second_folder = ?, keep_daily = ?, keep_weekly = ?, keep_monthly = ?, "
        "warn_after_days = ? WHERE id = 1",
        plan.folder,
        plan.second_folder,
        plan.keep_daily,
        plan.keep_weekly,
        plan.keep_monthly,
        plan.warn_after_days,
    )


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # a drive that does not answer, a name that cannot be one
        return False


def set_passphrase(session: Session, desk: Desk, keys: KeyStore, passphrase: str, again: str, reason: str) -> None:
    """Encrypt backups from now on; the key goes into this PC's key store, the passphrase nowhere (a manager's).

    Raises UserError when the passphrase is too short or was typed differently the second time.
    """
    from app.models import sealedfile  # cryptography takes long to import and is seldom needed

    require_role(desk, "manager", "Encrypting the backups")
    if passphrase != again:
        raise UserError("The passphrase was typed differently the second time; type both again.", field="again")
    reason = require_reason(reason, "Encrypting the backups")
    salt = sealedfile.new_salt()
    key = sealedfile.passphrase_key(passphrase, salt)
    begin_on_any_day(session, desk, "encrypt-backups", reason=reason)
    mark = office_mark(session)
    sql = "UPDATE safekeeping SET passphrase_salt = ?, passphrase_check = ? WHERE id = 1"
    execute(session, sql, salt.hex(), sealedfile.key_mark(key))
    keys.put(key_name(mark), key)


def unlock_passphrase(session: Session, keys: KeyStore, passphrase: str) -> None:
    """Teach this PC the passphrase that backups of the office are encrypted with. Raises UserError for another one."""
    from app.models import sealedfile  # cryptography takes long to import and is seldom needed

    row = fetch_one(session, "SELECT office_mark, passphrase_salt, passphrase_check FROM safekeeping WHERE id = 1")
    if row is None or not row.passphrase_salt:
        raise UserError("The office's backups are not encrypted; there is no passphrase to type.")
    key = sealedfile.fitting_key(passphrase, bytes.fromhex(row.passphrase_salt), row.passphrase_check)
    if key is None:
        raise UserError("That is not the passphrase of the office's backups; mind capitals and spaces.", field="passphrase")
    keys.put(key_name(row.office_mark), key)


def end_encryption(session: Session, desk: Desk, reason: str) -> None:
    """Later backups are plain files; earlier ones stay encrypted. A manager's, with a reason."""
    require_role(desk, "manager", "Ending the encryption of backups")
    reason = require_reason(reason, "Ending the encryption of backups")
    begin_on_any_day(session, desk, "plain-backups", reason=reason)
    execute(session, "UPDATE safekeeping SET passphrase_salt = '', passphrase_check = '' WHERE id = 1")


def backup_key(session: Session, keys: KeyStore) -> tuple[bytes, bytes]:
    """Key and salt for an encrypted backup. Raises UserError when this PC does not have the key."""
    from app.models import sealedfile  # cryptography takes long to import and is seldom needed

    row = fetch_one(session, "SELECT office_mark, passphrase_salt, passphrase_check FROM safekeeping WHERE id = 1")
    assert row is not None and row.passphrase_salt, "asked only while backups are encrypted"
    key = keys.get(key_name(row.office_mark))
    if key is None or sealedfile.key_mark(key) != row.passphrase_check:
        raise UserError(
            "This PC does not know the passphrase of the backups; type it on the Office page under Backups.",
            field="passphrase",
        )
    return key, bytes.fromhex(row.passphrase_salt)


def known_key(keys: KeyStore, mark: str) -> bytes | None:
    """The key with which this PC opens an office's encrypted backups without asking."""
    return keys.get(key_name(mark))
