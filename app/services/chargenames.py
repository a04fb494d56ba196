"""What the kinds of charges are called in lists and reports that add them up."""

from __future__ import annotations

CHARGE_NAMES = {
    "recurring": "Services",
    "paper-statement": "Paper statements",
    "late-fee": "Late fees",
    "returned-bank-fee": "Returned payments, bank's fees",
    "returned-admin-fee": "Returned payments, administrative fees",
    "reactivation-fee": "Re-activation fees",
    "work": "Work",
    "processing-fee": "Processing fees",
    "monthly-fee": "Monthly fees",
    "final-fee": "Final fees",
    "late-charge": "Late charges",
    "dishonored-fee": "Dishonored payment fees",
    "date-change-fee": "Fee dates moved",
    "chargeback-fee": "Chargeback fees",
    "chargeback-cost": "Chargeback costs",
    "credit-unused": "Unused services credited",
    "courtesy-credit": "Courtesy credits",
    "write-off": "Write-offs",
    "other": "Opening items",
}
