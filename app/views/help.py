"""F1."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


class HelpWindow:
    """The help of a page."""

    @staticmethod
    def show_topic(parent: QWidget, topic: str) -> None:
        """Show a topic."""
