"""Post checks."""

from __future__ import annotations

from app.views.page import Page


class ChecksPage(Page):
    """Post checks."""

    key = "checks"
    title = "Post checks"
