"""Every table; importing this module makes the metadata complete."""

from app.models.account import (
    Account,
    AccountChange,
    Arrangement,
    Instalment,
    ListedException,
    Note,
    ScheduledChange,
    Service,
    ServicePrice,
    Suspension,
    Work,
)
from app.models.base import Base
from app.models.invoice import Allocation, Credit, FeeWaiver, Invoice, InvoiceReversal, Line, PendingCharge
from app.models.ledger import DeferralRelease, Entry, GlAccount, OpeningDeferral, Posting, Recognition
from app.models.membership import FailedAttempt, Membership, UnbilledRevenue
from app.models.office import Action, Office, PolicyVersion, Run
from app.models.paper import CheckStock, IssuedCheck, Refund, RefundVoid, StatementPrint
from app.models.payment import (
    Deposit,
    DepositRemoval,
    MailBatch,
    MailCheck,
    Payment,
    PaymentAttempt,
    PaymentReversal,
    Receipt,
)
from app.models.person import Approval, OfficeControl, Person, SignIn, SignInGuard
from app.models.safekeeping import BackupLog, BankNumber, Safekeeping

__all__ = [
    "Account",
    "AccountChange",
    "Action",
    "Allocation",
    "Approval",
    "Arrangement",
    "BackupLog",
    "BankNumber",
    "Base",
    "CheckStock",
    "Credit",
    "DeferralRelease",
    "Deposit",
    "DepositRemoval",
    "Entry",
    "FailedAttempt",
    "FeeWaiver",
    "GlAccount",
    "Instalment",
    "Invoice",
    "InvoiceReversal",
    "IssuedCheck",
    "Line",
    "ListedException",
    "MailBatch",
    "MailCheck",
    "Membership",
    "Note",
    "Office",
    "OfficeControl",
    "OpeningDeferral",
    "Payment",
    "PaymentAttempt",
    "PaymentReversal",
    "PendingCharge",
    "Person",
    "PolicyVersion",
    "Posting",
    "Receipt",
    "Recognition",
    "Refund",
    "RefundVoid",
    "Run",
    "Safekeeping",
    "ScheduledChange",
    "Service",
    "ServicePrice",
    "SignIn",
    "SignInGuard",
    "StatementPrint",
    "Suspension",
    "UnbilledRevenue",
    "Work",
]
