"""Texts in files that spreadsheets open: none of them becomes a formula."""

from __future__ import annotations

# A cell that begins so would be taken for a formula (or for what follows one) when the file is opened.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before the sign that would make it one."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
