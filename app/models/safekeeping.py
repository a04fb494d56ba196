"""Keeping the office safe: its backups, and bank account numbers under the office's key."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import ActionRef, Base, Code, Day, GivenId, Id, Instant, Name, Words


class Safekeeping(Base):
    """The one row, made when it is first needed: the office's mark, where backups go and how many are kept.

    An empty `folder` means `backups` beside the office's file. `passphrase_salt` and `passphrase_check` (hex) are set
    while backups are encrypted; `key_check` (hex) tells whether a key is the office's. No secret stands here.
    """

    __tablename__ = "safekeeping"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[Id]
    office_mark: Mapped[str] = mapped_column(String(32))
    folder: Mapped[Words]
    second_folder: Mapped[Words]
    passphrase_salt: Mapped[str] = mapped_column(String(64))
    passphrase_check: Mapped[str] = mapped_column(String(64))
    keep_daily: Mapped[int]
    keep_weekly: Mapped[int]
    keep_monthly: Mapped[int]
    warn_after_days: Mapped[int]
    key_check: Mapped[str] = mapped_column(String(64))


class BackupLog(Base):
    """A backup that was begun; `state` is begun, verified or failed. Numbers only grow, whatever the clock says.

    `second` says what became of the copy in the second place: empty (none wanted), `copied`, or what went wrong.
    """

    __tablename__ = "backup_log"
    __table_args__ = (CheckConstraint("state IN ('begun', 'verified', 'failed')", name="state"),)

    number: Mapped[GivenId]
    kind: Mapped[Code]
    on: Mapped[Day] = mapped_column("business_date")
    begun_at: Mapped[Instant]
    pc: Mapped[Name]
    file: Mapped[Words]
    state: Mapped[Code]
    problem: Mapped[Words]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    second: Mapped[Words]
    action_id: Mapped[ActionRef]


class BankNumber(Base):
    """A bank account: the office's own (`account_id` none) or a customer's. Only `last4` can be read without the key.

    `sealed` holds routing and account number encrypted with the office's key; empty once it was replaced or blanked.
    """

    __tablename__ = "bank_number"

    id: Mapped[Id]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("account.id"), index=True)
    account_type: Mapped[Code]
    last4: Mapped[Code]
    sealed: Mapped[Words]
    action_id: Mapped[ActionRef]
