"""What an office's folder holds, in a form in which two of them can be compared, and what must be true of any."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from contextlib import closing
from email import message_from_bytes
from pathlib import Path
from typing import Any

from app.errors import UserError
from app.keystore import FileKeyStore
from app.models import copying, database, sealedfile
from app.models.bulk import fetch
from app.models.migrations import LATEST_REVISION
from app.services.backupfiles import read_backup
from app.services.backupplan import FOLDER_NAME, known_key
from app.services.verification import verify_books, verify_file, verify_trail
from crashes.jobs import KEYS, OFFICE_FILE, SECOND

# Tables and columns that name the instant or the action: a job done in two parts has other ones
# (the audit trail, which names both in each row, is checked by itself).
_TABLES_LEFT_OUT = {"action", "alembic_version", "audit", "audit_change", "audit_head", "backup_log"}
_COLUMNS_LEFT_OUT = {"started_at", "finished_at", "recorded_at", "second_folder"}
# Their files are checked one by one: each copy has its own number and instant, and encrypted ones never repeat.
_FOLDERS_LEFT_OUT = {FOLDER_NAME, SECOND, KEYS}
_PDF_INSTANT = re.compile(rb"\(D:\d{14}[^)]*\)|/ID\s*\[[^\]]*\]")
Books = dict[str, list[tuple[Any, ...]]]


def _counts(name: str) -> bool:
    return name not in _COLUMNS_LEFT_OUT and not name.endswith("action_id")


def last_action(folder: Path) -> int:
    """The number of the last action in the books; 0 before there is an office."""
    if not (folder / OFFICE_FILE).exists():
        return 0
    with closing(sqlite3.connect(folder / OFFICE_FILE)) as connection:
        return int(connection.execute("SELECT coalesce(max(id), 0) FROM action").fetchone()[0])


def rows_of(path: Path) -> Books:
    """Every row of every table, but for actions and instants."""
    found: Books = {}
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND name NOT LIKE 'account\\_search%' ESCAPE '\\' ORDER BY name"
            )
        ]
        for table in tables:
            if table in _TABLES_LEFT_OUT:
                continue
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            names = ", ".join(f'"{name}"' for name in columns if _counts(name))
            found[table] = sorted(connection.execute(f"SELECT {names} FROM {table}").fetchall(), key=repr)
    return found


def papers_of(folder: Path) -> dict[str, str]:
    """Every file but the database itself and copies of it, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(_content(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(OFFICE_FILE)
        and ".db" not in path.suffixes
        and path.relative_to(folder).parts[0] not in _FOLDERS_LEFT_OUT
    }


def _content(path: Path) -> bytes:
    """What a file says: without the instant at which a PDF was drawn."""
    content = path.read_bytes()
    if path.suffix == ".eml":
        letter = message_from_bytes(content)
        parts = [part for part in letter.walk() if not part.is_multipart()]
        said = [part.get_payload(decode=True) for part in parts]
        return repr([letter.items(), *(_PDF_INSTANT.sub(b"", part) for part in said if isinstance(part, bytes))]).encode()
    return _PDF_INSTANT.sub(b"", content) if path.suffix == ".pdf" else content


def faults(folder: Path) -> list[str]:
    """What is wrong with an office, wherever it was cut off: its books, its check numbers, its papers."""
    if not (folder / OFFICE_FILE).exists():
        return half_papers(folder)
    with database.open_existing(folder / OFFICE_FILE) as books, books.read() as session:
        found = verify_file(session) + verify_books(session) + verify_trail(session)
        numbers = [row[0] for row in fetch(session, "SELECT number FROM issued_check ORDER BY number")]
        receipts = [row[0] for row in fetch(session, "SELECT payment_id FROM receipt ORDER BY 1")]
        asked = [row[0] for row in fetch(session, "SELECT reference FROM payment_attempt")]
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        found.append(f"check numbers with a gap or a double: {numbers}")
    if len(receipts) != len(set(receipts)):
        found.append("a receipt twice")
    found += [f"receipt {n} is recorded, but was not written" for n in receipts if not _is_letter(folder, f"receipt-{n}")]
    told = "".join(path.read_text(encoding="utf-8") for path in folder.glob("autopay/*.csv"))
    found += [f"the charge {key} is recorded, but was not asked for" for key in asked if f"{key}," not in told]
    return found + half_papers(folder) + backup_faults(folder)


def backup_faults(folder: Path) -> list[str]:
    """Backups under their final names that are not whole, and recorded ones that are not there as recorded."""
    found = []
    for path in (*folder.glob(f"{FOLDER_NAME}/*.db"), *folder.glob(f"{FOLDER_NAME}/*.sealed"), *folder.glob(f"{SECOND}/*")):
        if path.suffix == copying.UNFINISHED:
            continue
        try:
            found += [f"{path.name}: {fault}" for fault in _in_backup(path, folder)]
        except (UserError, sqlite3.Error) as error:
            found.append(f"{path.name} is half a backup: {error}")
    with closing(sqlite3.connect(folder / OFFICE_FILE)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'backup_log'").fetchone()[0]
        query = "SELECT file, digest, second FROM backup_log WHERE state = 'verified'"
        kept = connection.execute(query).fetchall() if tables else []
    for name, digest, second in kept:
        copies = [
            folder / FOLDER_NAME / Path(name).name,
            *([folder / SECOND / Path(name).name] if second == "copied" else []),
        ]
        found += [
            f"{path.parent.name}/{path.name} is recorded as a backup, but is not there as it was checked"
            for path in copies
            if not path.is_file() or copying.digest_of(path) != digest
        ]
    return found


def _in_backup(path: Path, folder: Path) -> list[str]:
    """What is wrong with a backup's content, after decrypting it where it is encrypted."""
    told = read_backup(path)
    if not told.is_sealed:
        return _in_copy(path, told.revision)
    plain = folder / "unsealed"
    try:
        sealedfile.unseal(path, plain, None, known_key(FileKeyStore(folder / KEYS), told.mark))
        return _in_copy(plain, told.revision)
    finally:
        copying.remove_with_log(plain)


def _in_copy(path: Path, revision: str) -> list[str]:
    with database.open_read_only(path) as books, books.read() as session:
        if revision != LATEST_REVISION:  # made before an upgrade: only its own program can check its figures
            return verify_file(session)
        return verify_file(session) + verify_books(session) + verify_trail(session)


def half_papers(folder: Path) -> list[str]:
    """Papers under their final names that are not whole."""
    found = [f"{path.name} is half a letter" for path in folder.glob("mail/*.eml") if not _is_letter(folder, path.stem)]
    return found + [
        f"{path.name} is half a paper"
        for path in folder.rglob("*.pdf")
        if not path.relative_to(folder).parts[0].startswith("~")
        and not path.name.startswith("~")
        and not _is_pdf(path.read_bytes())
    ]


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF") and b"\0" * 512 not in content


def _is_letter(folder: Path, key: str) -> bool:
    path = folder / "mail" / f"{key}.eml"
    if not path.is_file():
        return False
    content = path.read_bytes()
    letter = message_from_bytes(content)
    ends = content.endswith(b"\n") and b"\0" not in content
    if letter.is_multipart():
        ends = ends and content.rstrip().endswith(f"--{letter.get_boundary()}--".encode())
    return ends and letter["Message-ID"] is not None and bool(letter.get_payload())


def differences(one: tuple[Books, dict[str, str]], other: tuple[Books, dict[str, str]]) -> list[str]:
    """Where two offices do not hold the same."""
    found = [
        f"{table}: {len(set(map(repr, one[0].get(table, ()))) ^ set(map(repr, other[0].get(table, ()))))} rows differ"
        for table in sorted(one[0].keys() | other[0].keys())
        if one[0].get(table) != other[0].get(table)
    ]
    return found + [
        f"{name} is {'missing' if name not in other[1] else 'new' if name not in one[1] else 'another'}"
        for name in sorted(one[1].keys() | other[1].keys())
        if one[1].get(name) != other[1].get(name)
    ]


def state_of(folder: Path) -> tuple[Books, dict[str, str]]:
    """Books and papers, to be compared."""
    return rows_of(folder / OFFICE_FILE), papers_of(folder)
