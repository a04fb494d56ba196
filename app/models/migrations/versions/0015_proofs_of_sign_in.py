"""Passwords are kept so that whoever reads the table cannot act with what stands there; a server asks who signed in."""

from base64 import b64decode
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, password_hash FROM person")).all()
    if connection.dialect.name == "postgresql":
        # Not journalled: what stood there before must not be written down once more.
        op.execute("ALTER TABLE person DISABLE TRIGGER USER")
    for number, kept in rows:
        statement = sa.text("UPDATE person SET password_hash = :kept WHERE id = :id")
        connection.execute(statement, {"id": number, "kept": _compared_only(kept)})
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE person ENABLE TRIGGER USER")
    triggers.install(connection)
    searchindex.install(connection)


def _compared_only(kept: str) -> str:
    """The digest gives way to its SHA-256; at the next sign-in the password is kept with a salt that nobody saw."""
    _, kind, version, costs, salt, digest = kept.split("$")
    return "$".join(("", f"{kind}-sha256-once", version, costs, _bytes(salt).hex(), sha256(_bytes(digest)).hexdigest()))


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))
