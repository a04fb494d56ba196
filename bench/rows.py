"""The finished rows of a run: what it inserted and changed, so that a floor can write exactly the same."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path
from typing import Any

# In an order that satisfies the foreign keys.
TABLES = (
    "action",
    "entry",
    "posting",
    "run",
    "invoice",
    "line",
    "credit",
    "mail_check",
    "payment",
    "refund",
    "issued_check",
    "allocation",
    "audit",
)
_KEY = {"posting": "entry_id", "line": "invoice_id", "issued_check": "number", "audit": "n"}
# Stored figures that a run moves on rows that were there before.
CHANGED = {
    "account": ("balance_cents", "cycle_done"),
    "service": ("billed_through",),
    "invoice": ("open_cents",),
    "credit": ("remaining_cents",),
    "audit_head": ("n", "hash"),
}


def differences(before: Path, after: Path) -> dict[str, Any]:
    """Inserted rows by table, and changed figures by table, between two copies of an office."""
    connection = sqlite3.connect(after)
    connection.execute("ATTACH DATABASE ? AS old", (str(before),))
    inserted = {}
    for table in TABLES:
        key = _KEY.get(table, "id")
        query = f"SELECT * FROM main.{table} WHERE {key} > (SELECT coalesce(max({key}), 0) FROM old.{table}) ORDER BY 1, 2"
        rows = connection.execute(query).fetchall()
        if rows:
            inserted[table] = rows
    changed = {}
    for table, columns in CHANGED.items():
        new = ", ".join(f"n.{column}" for column in columns)
        differs = " OR ".join(f"n.{column} IS NOT o.{column}" for column in columns)
        query = f"SELECT {new}, n.id FROM main.{table} n JOIN old.{table} o ON o.id = n.id WHERE {differs} ORDER BY n.id"
        rows = connection.execute(query).fetchall()
        if rows:
            changed[table] = rows
    connection.close()
    return {"inserted": inserted, "changed": changed}


def save(rows: dict[str, Any], path: Path) -> None:
    """Keep the rows for the floor's processes."""
    with path.open("wb") as file:
        pickle.dump(rows, file, protocol=pickle.HIGHEST_PROTOCOL)


def load(path: Path) -> dict[str, Any]:
    """The rows that `save` kept."""
    with path.open("rb") as file:
        found: dict[str, Any] = pickle.load(file)  # noqa: S301
    return found


def floor_connection(path: Path) -> sqlite3.Connection:
    """A raw connection with the pragmas of the product."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "cache_size = -32000", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def write(connection: sqlite3.Connection, rows: dict[str, Any]) -> None:
    """The floor: executemany of exactly the finished rows, one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for table, values in rows["inserted"].items():
        marks = ", ".join("?" * len(values[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    for table, values in rows["changed"].items():
        sets = ", ".join(f"{column} = ?" for column in CHANGED[table])
        connection.executemany(f"UPDATE {table} SET {sets} WHERE id = ?", values)
    connection.execute("COMMIT")
