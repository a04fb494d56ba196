"""${message}"""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
