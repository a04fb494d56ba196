"""The audit trail: a chain of sealed transactions, and what each changed of rows that may change."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Code, GivenId, Id, Words


class Audit(Base):
    """One transaction, sealed: `sealed` digests every row that it wrote and every change that it made.

    `hash` covers the hash of the row before, so that nothing in between can be taken out, put in or moved. It holds
    no customer's data: personal values go into the digests with the `salts` that lie beside (models/sealing).
    """

    __tablename__ = "audit"

    n: Mapped[GivenId]
    first_action_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    last_action_id: Mapped[int | None] = mapped_column(BigInteger)
    sealed: Mapped[Words]
    salts: Mapped[Words]
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The newest row of the chain, and the one that says how rows are digested (`layout_n`): locked last."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_head"),)

    id: Mapped[GivenId]
    n: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    layout_n: Mapped[int] = mapped_column(BigInteger)


class AuditChange(Base):
    """A row that was changed or taken away: its changed columns before and after, as JSON; written by triggers.

    `n` is the transaction that sealed it. `salt` goes into its digest; a change whose personal values were removed
    keeps the `digest` that it had instead.
    """

    __tablename__ = "audit_change"
    __table_args__ = (
        Index("ix_audit_change_row", "table_name", "row_key"),
        Index("ix_audit_change_unsealed", "id", sqlite_where=text("n IS NULL")),
        CheckConstraint("what IN ('update', 'delete')", name="what"),
    )

    id: Mapped[Id]
    n: Mapped[int | None] = mapped_column(BigInteger, index=True)
    action_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    account_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_key: Mapped[str] = mapped_column(String(80))
    what: Mapped[Code]
    before: Mapped[Words]
    after: Mapped[Words]
    salt: Mapped[str | None] = mapped_column(String(32))
    digest: Mapped[str | None] = mapped_column(String(64))
