"""The command `restore`: an office from a backup, and who may put it in the present one's place."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from datetime import date
from functools import partial
from getpass import getpass
from pathlib import Path

from rich.console import Console

from app.clioffices import Bar
from app.clisignin import confirm_replacing, desk_for
from app.errors import OfficeFileError
from app.models.bulk import no_progress


def restore_office(arguments: argparse.Namespace, today: date, bar: Bar) -> int:
    """Make an office of a backup, in a file or on a server; returns the exit code. Raises UserError."""
    from app.keystore import open_key_store
    from app.models import database
    from app.models.database import is_address
    from app.services.backupfiles import read_backup
    from app.services.backupplan import FOLDER_NAME, known_key
    from app.services.desk import Desk
    from app.services.restoring import restore

    file: Path = arguments.file
    found = read_backup(file)
    beside = file.parent.parent if file.parent.name == FOLDER_NAME else file.parent
    target = Path(arguments.to or beside / f"restored-{found.on}-no-{found.number:06d}.db")
    passphrase = None
    if found.is_sealed and known_key(open_key_store(), found.mark) is None:
        passphrase = os.environ.get("COUNTERFOIL_PASSPHRASE") or getpass("Passphrase of the backup: ")
    desk = Desk(arguments.actor, "manager", "command line", today, today)
    if is_address(arguments.to or ""):
        from app.services.serverrestoring import restore_on_server  # psycopg takes long to import

        with bar(Console(stderr=True), f"Restoring {file.name}") as progress:
            remarks: list[str] = []
            place = restore_on_server(file, arguments.to, desk, passphrase, progress=progress, remark=remarks.append)
        print(f"{place}: {found.office} as it was on {found.on}; every figure agrees with the ledger.")
        print("Each PC joins it with: python -m app open ADDRESS")
        print(*remarks, sep="\n", end="\n" if remarks else "")
        return 0
    vouch = None
    if target.exists() and arguments.replace:
        try:
            with database.open_existing(target) as books:
                desk = desk_for(books, arguments, today, today)
        except OfficeFileError as error:
            # Nobody can sign in to an office that cannot be opened: the backup's own people vouch for its return.
            print(error.message, file=sys.stderr)
            confirm_replacing(arguments, found.office, target)
            vouch = partial(desk_for, arguments=arguments, on=today, today=today)
    # A bar would write over the question for the password.
    with bar(Console(stderr=True), f"Restoring {file.name}") if vouch is None else nullcontext(no_progress) as progress:
        done = restore(file, target, desk, passphrase, replace=arguments.replace, vouch=vouch, progress=progress)
    print(f"{done.path}: {found.office} as it was on {found.on}; every figure agrees with the ledger.")
    if done.remark:
        print(done.remark)
    if done.replaced is not None:
        print(f"The office that stood there before is {done.replaced}.")
    return 0
