"""Refunds."""

from __future__ import annotations

from app.views.page import Page


class RefundsPage(Page):
    """Refunds."""

    key = "refunds"
    title = "Refunds"
