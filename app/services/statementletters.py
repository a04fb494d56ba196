"""Statements by e-mail: one letter an account, its statement attached (ADV-4)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from app.models.bulk import Progress, no_progress
from app.services.documents.content import Office
from app.services.gateways.mail import FolderMail, Letter, MailGateway
from app.services.printing import UNFINISHED, write_statement_files
from app.services.statements import StatementAccount, StatementRun
from app.wholefiles import clear_refusals

_SCRATCH = f"{UNFINISHED}letters-"


def letter_key(account: StatementAccount, run: StatementRun) -> str:
    """The letter's name for ever: sent again it replaces itself, but never one of another run of the same day."""
    return f"statement-{run.on.isoformat()}-run-{run.run_id}-{account.number}"


def unsent_letters(accounts: Sequence[StatementAccount], run: StatementRun, mail: FolderMail) -> list[StatementAccount]:
    """Accounts with an address whose letter is not in the folder yet."""
    return [
        account for account in accounts if account.email and not (mail.folder / f"{letter_key(account, run)}.eml").exists()
    ]


def send_letters(
    office_path: Path,
    office: Office,
    run: StatementRun,
    accounts: Sequence[StatementAccount],
    mail: MailGateway,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Send these accounts (ascending ids, each with an address) their statements; returns how many went.

    Raises Cancelled before the first letter left, and OfficeFileError when the disk refuses.
    """
    sent = 0
    folder = office_path.parent
    with clear_refusals(folder):
        for stale in folder.glob(f"{_SCRATCH}*"):  # of a call that was cut off: it holds customers' statements
            shutil.rmtree(stale)
    if not accounts:
        return 0
    with clear_refusals(folder), TemporaryDirectory(dir=folder, prefix=_SCRATCH) as scratch:
        ids = [account.account_id for account in accounts]
        write_statement_files(office_path, run, ids, Path(scratch), progress, cancelled)
        made = {path.name.split("-")[1]: path for path in Path(scratch).glob("statement-*.pdf")}
        for account in accounts:
            if account.number in made:
                mail.send(_letter(account, run, office, made[account.number]))
                sent += 1
        mail.settle()
    return sent


def _letter(account: StatementAccount, run: StatementRun, office: Office, pdf: Path) -> Letter:
    body = (
        f"Dear {account.name},\n\nyour statement of {run.on:%B} {run.on.day}, {run.on.year} for account "
        f"{account.number} is attached.\n\n{office.name}\n{office.phone}\n"
    )
    return Letter(
        letter_key(account, run),
        account.name,
        account.email,
        f"Your statement, account {account.number}",
        body,
        pdf.name,
        pdf.read_bytes(),
    )
