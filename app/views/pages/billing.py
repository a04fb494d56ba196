"""Billing run."""

from __future__ import annotations

from app.views.page import Page


class BillingPage(Page):
    """Billing run."""

    key = "billing"
    title = "Billing run"
