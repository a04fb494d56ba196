"""Accounts."""

from __future__ import annotations

from app.views.page import Page


class AccountsPage(Page):
    """Accounts."""

    key = "accounts"
    title = "Accounts"
