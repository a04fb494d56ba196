"""Reports."""

from __future__ import annotations

from app.views.page import Page


class ReportsPage(Page):
    """Reports."""

    key = "reports"
    title = "Reports"
