"""How a waived line of an invoice is known: by the words with which its credit begins (BOTH-4)."""

from __future__ import annotations

# Of a query that names the lines of invoices `l`.
IS_WAIVED = (
    "EXISTS (SELECT 1 FROM credit c WHERE c.account_id = l.account_id "
    "AND c.why LIKE 'waives line ' || l.n || ' of invoice ' || l.invoice_id || ':%')"
)


def waives(line_n: int | None, invoice_id: int | None) -> str:
    """The beginning of the `why` of the credit that waives a line; a colon and the reason follow."""
    return f"waives line {line_n} of invoice {invoice_id}:"
