"""The pane that says why a line is there: its clause, the arithmetic, and what belongs to it."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QTextEdit, QWidget

from app.services.explaining import Explanation, clause_name
from app.views.fields import named, told_dates


class ExplainPane(QTextEdit):
    """Follows the cursor of the list beside it; can be read and copied, not changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "account.explain", "Why this line is there")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 27)

    def explain(self, explanation: Explanation | None) -> None:
        """Show an explanation, or nothing."""
        if explanation is None:
            self.clear()
            self.setAccessibleDescription("There is no line to explain.")
            return
        blocks = [f"<p><b>{escape(told_dates(explanation.title))}</b></p>"]
        if explanation.clause:
            blocks.append(f"<p><b>{escape(clause_name(explanation.clause))}</b>&nbsp; {escape(explanation.says)}</p>")
        if explanation.why:
            blocks.append(f"<p>Worked out:<br>{escape(told_dates(explanation.why))}</p>")
        blocks += [f"<p>{escape(told_dates(part))}</p>" for part in explanation.parts]
        self.setHtml("".join(blocks))
        self.setAccessibleDescription(told_dates(explanation.text))
