"""Today."""

from __future__ import annotations

from app.views.page import Page


class TodayPage(Page):
    """Today."""

    key = "today"
    title = "Today"
