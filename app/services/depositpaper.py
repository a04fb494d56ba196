"""A deposit's ticket as a PDF in the office's folder."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import Cancelled, UserError
from app.models.bulk import Progress, no_progress
from app.services import reports, statements
from app.wholefiles import put_in_place


def print_deposit_ticket(session: Session, deposit_id: int, folder: Path, progress: Progress = no_progress) -> Path:
    """Write the ticket of a deposit into `folder`, made when it is not there; returns the file.

    Raises UserError when it cannot be written, and what `progress` raises; nothing is left behind then.
    """
    from app.services.documents.deposit_ticket import write_deposit_ticket

    content = reports.deposit_ticket(session, deposit_id)
    # A corrected ticket does not take the place of the one that the bank has.
    corrected = f"-corrected-{content.corrected_on.isoformat()}" if content.corrected_on else ""
    path = folder / f"deposit-{content.deposited_on.isoformat()}-{deposit_id}{corrected}.pdf"
    unfinished = path.with_name(f"~{path.name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_deposit_ticket(unfinished, statements.paper_office(session), content, progress)
        put_in_place([(unfinished, path)])
    except Cancelled:
        unfinished.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; close it elsewhere and try again.") from error
    return path
