"""Roles on PostgreSQL: one owns the office's tables and guards, others are what the program signs in as on the PCs.

Triggers refuse what nobody may do, but an owner can switch them off. A program's role owns nothing: it is granted
what the program itself does, column by column from the lists of `triggers`, so that somebody who signs in with it by
an SQL client of their own can rewrite nothing that is posted, and can touch no trigger and no function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection

from app.errors import OfficeFileError, UserError
from app.models import serverschema, triggers

# What owners alone write: the version, and the search, which its triggers keep for whoever changes a row.
READ_ONLY = ("alembic_version", "search_account", "search_name", "search_payer")
# Rows of working tables go when they are of no use any more: a repetition of a run that billed nothing, a lock.
WORKING = ("run", "sign_in_guard")
# The payers' names to choose from; a customer's is taken away with the rest of their personal values.
REMOVED_ONLY = ("check_payer",)
# The audit trail: the columns that sealing and the removal of personal values set. Its journal is written by triggers.
TRAIL = {
    "audit": ("salts",),
    "audit_head": ("n", "hash"),
    "audit_change": ("n", "action_id", "before", "after", "salt", "digest"),
}
# Triggers that write, as the owner, where a program's role may not.
_AS_OWNER = "^(counterfoil_journal|search_.*_(keep|drop)|check_payer_keep)$"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class Grant(NamedTuple):
    """What a program's role may do with a table besides reading it; `updates` are columns."""

    inserts: bool = False
    deletes: bool = False
    updates: tuple[str, ...] = ()


def grant_of(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> Grant:
    """What the program does with a table of these columns and this primary key; a table in no list is only read."""
    granted = _grant_of(table, tuple(name for name in columns if name not in key))
    # An office of an older schema lacks some of the columns.
    return granted._replace(updates=tuple(name for name in granted.updates if name in columns))


def _grant_of(table: str, all_but_key: tuple[str, ...]) -> Grant:
    if table in triggers.APPEND_ONLY:
        return Grant(inserts=True, updates=triggers.BLANKABLE.get(table, ()))
    if table in triggers.CHANGEABLE:
        return Grant(inserts=True, updates=(*triggers.CHANGEABLE[table], *triggers.BLANKABLE.get(table, ())))
    if table in triggers.NEVER_DELETED:
        return Grant(inserts=True, updates=all_but_key)
    if table in WORKING:
        return Grant(inserts=True, deletes=True, updates=all_but_key)
    if table in REMOVED_ONLY:
        return Grant(deletes=True)
    return Grant(inserts=table == "audit", updates=TRAIL.get(table, ()))


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement.replace("%", "%%"))


def _schema(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SELECT current_schema()").scalar())


def protect_functions(connection: Connection) -> None:
    """Trigger functions look for tables in the office's schema alone and are nobody's else to use.

    Without that a temporary table `office` of somebody's own would tell them that no day is closed. To be called
    after triggers were installed, which makes their functions anew.
    """
    schema = _schema(connection)
    path = f"{_quoted(connection, schema)}, pg_temp"
    names = connection.exec_driver_sql(
        "SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype AND pronamespace = %s::regnamespace "
        "AND pg_has_role(current_user, proowner, 'USAGE')",
        (_quoted(connection, schema),),
    )
    for name in names.scalars().all():
        function = f"FUNCTION {_quoted(connection, schema)}.{_quoted(connection, name)}()"
        security = "DEFINER" if re.match(_AS_OWNER, name) else "INVOKER"
        _run(connection, f"ALTER {function} SECURITY {security} SET search_path = {path}")
        _run(connection, f"REVOKE EXECUTE ON {function} FROM PUBLIC")


def exists(connection: Connection, role: str) -> bool:
    """Whether the server has a role of that name."""
    return connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).first() is not None


def prepare_role(connection: Connection, role: str) -> bool:
    """Make the role, without a password, unless it exists; says whether it was made.

    Raises UserError for a name that does not do, when the connected user may not make roles, and when the role is
    one that no grants hold back (an administrator, the owner, a member of other roles).
    """
    if _NAME.fullmatch(role) is None or role.startswith("pg_"):
        raise UserError(f"{role} is no name for the program's role; take one such as counterfoil_office.", field="role")
    found = connection.exec_driver_sql(
        "SELECT oid, rolname = current_user AS owner, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication "
        "OR rolbypassrls AS strong, rolcanlogin FROM pg_roles WHERE rolname = %s",
        (role,),
    ).first()
    if found is None:
        may = connection.exec_driver_sql("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if not may.scalar():
            raise UserError(
                f"This user may not make roles. Let the server's administrator run `CREATE ROLE {role} LOGIN`, "
                "then do this again.",
                field="role",
            )
        _run(connection, f"CREATE ROLE {_quoted(connection, role)} LOGIN")
        return True
    is_member = connection.exec_driver_sql("SELECT 1 FROM pg_auth_members WHERE member = %s", (found.oid,)).first()
    if found.owner or found.strong or is_member:
        raise UserError(
            f"{role} may do more on the server than the program needs (it owns the office, is an administrator or a "
            "member of another role); choose a role of its own for the program.",
            field="role",
        )
    if not found.rolcanlogin:
        raise UserError(f"Nobody can sign in as {role}; run `ALTER ROLE {role} LOGIN` on the server.", field="role")
    return False


def give_password(connection: Connection, role: str, password: str) -> None:
    """Set a role's password; the server and its log see only the verifier that is made of it here."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    _run(connection, f"ALTER ROLE {_quoted(connection, role)} PASSWORD '{verifier}'")


def grant(connection: Connection, role: str) -> None:
    """Give a role what the program needs on the tables as they are now, and take from it and from all else.

    By the owner. Raises UserError, with the statement that helps, when the role could still do more.
    """
    owner = owner_of(connection)
    if owner:
        raise UserError(f"Only {owner}, the owner of the office's tables, can give rights to a role; sign in as {owner}.")
    protect_functions(connection)
    name, schema = _quoted(connection, role), _quoted(connection, _schema(connection))
    database = _quoted(connection, str(connection.exec_driver_sql("SELECT current_database()").scalar()))
    for whom in ("PUBLIC", name):
        _run(connection, f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM {whom}")
        _run(connection, f"REVOKE CREATE ON SCHEMA {schema} FROM {whom}")
        _run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {whom}")
        _run(connection, f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {whom}")
    _run(connection, f"GRANT CONNECT ON DATABASE {database} TO {name}")
    _run(connection, f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    _run(connection, f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}")
    _run(connection, f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
    for table, granted in _grants(connection):
        rights = ["INSERT"] * granted.inserts + ["DELETE"] * granted.deletes
        if granted.updates:
            rights.append(f"UPDATE ({', '.join(_quoted(connection, column) for column in granted.updates)})")
        if rights:
            _run(connection, f"GRANT {', '.join(rights)} ON {schema}.{_quoted(connection, table)} TO {name}")
    found = excess(connection, role)
    if found:
        raise UserError(f"{role} could still do more than the program needs: {found[0]}. Nothing was changed.")


def _grants(connection: Connection) -> Iterator[tuple[str, Grant]]:
    for table, found in serverschema.read_tables(connection).items():
        yield table, grant_of(table, found.columns, found.key)


def program_roles(connection: Connection) -> list[str]:
    """The roles that may write into the ledger and do not own it."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT r.rolname FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee "
        "WHERE c.oid = to_regclass('entry') AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner ORDER BY 1"
    )
    return [str(name) for name in rows.scalars()]


def grant_again(connection: Connection) -> None:
    """After the tables or the triggers have changed: protect the functions, and give every program's role its rights."""
    protect_functions(connection)
    for role in program_roles(connection):
        grant(connection, role)


_EXCESS = """
SELECT 'CREATE on schema ' || current_schema() WHERE has_schema_privilege(%(role)s, current_schema(), 'CREATE')
UNION ALL SELECT 'TEMPORARY or CREATE on database ' || current_database()
  WHERE has_database_privilege(%(role)s, current_database(), 'TEMPORARY, CREATE')
UNION ALL SELECT 'UPDATE, TRUNCATE, TRIGGER or REFERENCES on table ' || relname FROM pg_class
  WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
  AND has_table_privilege(%(role)s, oid, 'UPDATE, TRUNCATE, TRIGGER, REFERENCES')
UNION ALL SELECT 'DELETE on table ' || relname FROM pg_class
  WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND NOT relname = ANY(%(deleted)s)
  AND has_table_privilege(%(role)s, oid, 'DELETE')
"""
_EXCESS_INSERT = "SELECT has_table_privilege(%s, to_regclass(%s), 'INSERT')"
_EXCESS_UPDATE = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
    "AND NOT attname = ANY(%s) AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')"
)


def excess(connection: Connection, role: str) -> list[str]:
    """What a role may do beyond its grants, by whatever way it came to it; each as `RIGHT on what`."""
    deleted = [*WORKING, *REMOVED_ONLY]
    found = [str(row[0]) for row in connection.exec_driver_sql(_EXCESS, {"role": role, "deleted": deleted})]
    for table, granted in _grants(connection):
        if not granted.inserts and connection.exec_driver_sql(_EXCESS_INSERT, (role, table)).scalar():
            found.append(f"INSERT on table {table}")
        columns = connection.exec_driver_sql(_EXCESS_UPDATE, (table, list(granted.updates), role)).scalars()
        found += [f"UPDATE of {table}.{column}" for column in columns]
    return found


def faults(connection: Connection) -> list[str]:
    """What program's roles may do that they were not given by `grant`, each in a sentence."""
    return [f"guard: role {role} has {right}" for role in program_roles(connection) for right in excess(connection, role)]


def owner_of(connection: Connection) -> str:
    """The owner of the office's tables; empty when the connected user is the owner or acts as one."""
    row = connection.exec_driver_sql(
        "SELECT pg_get_userbyid(relowner) AS owner, pg_has_role(current_user, relowner, 'USAGE') AS may "
        "FROM pg_class WHERE oid = to_regclass('alembic_version')"
    ).first()
    return "" if row is None or row.may else str(row.owner)


def refuse_upgrade_by_others(connection: Connection, place: object) -> None:
    """Raises OfficeFileError, with the owner's name, unless the connected user may change the office's tables."""
    owner = owner_of(connection)
    if owner:
        url = connection.engine.url
        address = url.set(drivername="postgresql", username=owner)._replace(password=None)
        raise OfficeFileError(
            f"{place} is of an older version, and only {owner}, its owner on the server, may bring it to this program's: "
            f"let whoever looks after the server run `python -m app grant {address.render_as_string(hide_password=False)} "
            f"--program-role {url.username}` with this program. Nothing was changed."
        )
