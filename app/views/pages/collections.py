"""Collections."""

from __future__ import annotations

from app.views.page import Page


class CollectionsPage(Page):
    """Collections."""

    key = "collections"
    title = "Collections"
