"""What each value of a policy file is about, in a clerk's words."""

from __future__ import annotations

from typing import Final

# What each value of a policy file is about, with its clause.
MEANING: Final = {
    "first_invoice": ("A new service is first billed", "ADV-2"),
    "net_days": ("Days until an invoice outside the cycle is due", "ADV-3"),
    "late_run_days_left": ("A late cycle with fewer days left in its month is due a month later", "ADV-3"),
    "paper_statement_fee": ("Fee for a statement on paper", "ADV-4"),
    "refund_days": ("Refund checks go out on these days of the month", "ADV-9"),
    "returned_admin_fee": ("Fee for a payment that came back", "ADV-10"),
    "hourly_rate": ("Work by the hour, for accounts without a rate of their own", "ADV-13"),
    "late_fee": ("Late fee", "ADV-14"),
    "late_after_months": ("Months past due until the late fee", "ADV-14"),
    "bill_while_suspended": ("Services are billed while suspended", "ADV-15"),
    "reactivation_fee": ("Re-activation fee", "ADV-17"),
    "reactivation_after": ("It is proposed from this suspension on", "ADV-17"),
    "reactivation_months": ("Months over which suspensions are counted", "ADV-17"),
    "processing_after_days": ("Days from sign-up until the processing fee may be charged", "ARR-1"),
    "processing_before_days": ("Days from sign-up after which a processing fee is overdue", "ARR-1"),
    "first_fee_after_days": ("Days from the processing fee's payment to the first monthly fee", "ARR-2"),
    "final_fee": ("The fee of the last days is", "ARR-4"),
    "late_charge": ("Late charge of a payment not honored the first time, by plan", "ARR-6"),
    "late_charge_again": ("Late charge of each later failed attempt", "ARR-7"),
    "dishonored_fee": ("Dishonored payment fee of each failed attempt", "ARR-7"),
    "date_change_fee": ("Fee for moving the monthly fee date", "ARR-8"),
    "chargeback_fee": ("Fraudulent chargeback, for each individual on the plan", "ARR-9"),
    "plans": ("Monthly and processing fee offered to new members, by plan", "ARR-3"),
}
