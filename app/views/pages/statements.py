"""Statements."""

from __future__ import annotations

from app.views.page import Page


class StatementsPage(Page):
    """Statements."""

    key = "statements"
    title = "Statements"
