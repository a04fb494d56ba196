"""A second reader of the paper, not made by us: poppler's own programs, as printers' software uses them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import paper_samples as samples
import pytest

from app.services.documents.statement import write_statements


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    path = tmp_path / "statement.pdf"
    write_statements(samples.OFFICE, [samples.statement()], path)
    return path


@pytest.mark.needs_program("pdffonts")
def test_poppler_finds_every_font_embedded_and_subset(statement: Path) -> None:
    listed = subprocess.run(["pdffonts", statement], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert listed, "the statement has text"
    for line in listed:
        embedded, subset = line.split()[-5:-3]
        assert (embedded, subset) == ("yes", "yes"), line


@pytest.mark.needs_program("pdftotext")
def test_poppler_reads_the_same_account_number_and_name(statement: Path) -> None:
    text = subprocess.run(["pdftotext", "-layout", statement, "-"], capture_output=True, check=True).stdout.decode("utf-8")
    assert samples.statement().account_number in text
    assert samples.statement().customer_name in text
