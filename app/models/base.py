"""What all tables share: naming, money and date columns, the same on SQLite and PostgreSQL.

A partial index says only `sqlite_where` here: naming PostgreSQL's would load its whole dialect at each start of the
program. On PostgreSQL the tables are made by the migrations, which name both.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcInstant(TypeDecorator[datetime]):
    """A UTC instant: aware going in and out, stored without a zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The one metadata of the office's database."""

    metadata = MetaData(naming_convention=NAMING)


# SQLite gives an alias of its row id only to INTEGER, never to BIGINT.
_IDENTITY = BigInteger().with_variant(Integer(), "sqlite")

Id = Annotated[int, mapped_column(_IDENTITY, primary_key=True)]
GivenId = Annotated[int, mapped_column(_IDENTITY, primary_key=True, autoincrement=False)]
Cents = Annotated[int, mapped_column(BigInteger)]
OptionalCents = Annotated[int | None, mapped_column(BigInteger)]
Day = Annotated[date, mapped_column(Date)]
OptionalDay = Annotated[date | None, mapped_column(Date)]
Instant = Annotated[datetime, mapped_column(UtcInstant)]
Code = Annotated[str, mapped_column(String(24))]
Name = Annotated[str, mapped_column(String(200))]
Words = Annotated[str, mapped_column(Text, default="")]

ActionRef = Annotated[int, mapped_column(BigInteger, ForeignKey("action.id"))]
AccountRef = Annotated[int, mapped_column(BigInteger, ForeignKey("account.id"))]
EntryRef = Annotated[int, mapped_column(BigInteger, ForeignKey("entry.id"))]
