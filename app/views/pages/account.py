"""Account."""

from __future__ import annotations

from app.views.page import Page


class AccountPage(Page):
    """Account."""

    key = "account"
    title = "Account"
