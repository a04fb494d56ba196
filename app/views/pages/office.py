"""Office."""

from __future__ import annotations

from app.views.page import Page


class OfficePage(Page):
    """Office."""

    key = "office"
    title = "Office"
