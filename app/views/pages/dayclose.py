"""Deposit and close."""

from __future__ import annotations

from app.views.page import Page


class DayClosePage(Page):
    """Deposit and close."""

    key = "dayclose"
    title = "Deposit and close"
