"""Test pages for a printer, drawn into a folder when they are wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from app.models.bulk import fetch_value
from app.services.documents.stock import shipped_stock

RULER: Final = "ruler"
STATEMENT: Final = "statement"
CHECK: Final = "check"


def stock_layout(session: Session) -> str:
    """The drawing of the check stock in use, or the usual one while no box is entered."""
    found = fetch_value(session, "SELECT layout FROM check_stock ORDER BY next_number <= last_number DESC, id LIMIT 1")
    return found or "voucher-top"


def write_test_page(session: Session, which: str, folder: Path) -> Path:
    """The ruler page, or the overlay test of the statements or of the checks, as a PDF in `folder`."""
    from app.services.documents import ruler  # reportlab takes long to import

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"printer-test-{which}.pdf"
    if which == RULER:
        ruler.write_ruler_page(path)
    elif which == STATEMENT:
        ruler.write_statement_overlay(path)
    else:
        ruler.write_check_overlay(path, shipped_stock(stock_layout(session)))
    return path
