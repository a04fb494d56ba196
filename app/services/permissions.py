"""What each role may do: one table, asked by `desk.begin` for every action, and shown on the People page.

Clerk, supervisor, billing manager and administrator each may do all that the one before may. An auditor stands
beside them: reads everything, changes nothing but the own password. Where the rulebook names a role (BOTH-4,
ADV-17, ARR-7, ARR-9) the table follows it; the rest is this office's choice: what moves money towards customers
takes a supervisor, what belongs to month-end or to the office itself the billing manager, who may sign in the
administrator.
"""

from __future__ import annotations

from typing import NamedTuple

RANKED = ("clerk", "supervisor", "manager", "administrator")
AUDITOR = "auditor"
ROLES = (*RANKED, AUDITOR)
ROLE_NAMES = {
    "clerk": "Clerk",
    "supervisor": "Supervisor",
    "manager": "Billing manager",
    "administrator": "Administrator",
    "auditor": "Auditor",
}
ANYBODY = "anybody"


class Right(NamedTuple):
    """What a kind of action is called, and the least role that may do it; `anybody`: auditors too."""

    words: str
    role: str


def _rights(role: str, words: dict[str, str]) -> dict[str, Right]:
    return {what: Right(said, role) for what, said in words.items()}


RIGHTS: dict[str, Right] = {
    **_rights(
        "clerk",
        {
            "open-account": "Opening an account",
            "change-address": "Changing an address",
            "change-delivery": "Changing the delivery of statements",
            "change-email": "Changing an e-mail address",
            "change-name": "Changing a name",
            "change-phone": "Changing a telephone number",
            "change-payment-method": "Changing a payment method",
            "record-authorization": "Recording a signed authorization",
            "add-service": "Adding a service",
            "change-service": "Changing a price",
            "end-service": "Ending a service",
            "cancel-account": "Cancelling an account",
            "undo-scheduled": "Undoing a change that waits for its day",
            "record-work-performed": "Recording work performed",
            "instruct-early": "Recording a customer's instruction",
            "change-fee-day": "Moving a member's fee date",
            "change-plan": "Changing a member's plan",
            "change-individuals": "Changing the individuals on a plan",
            "undo-plan-change": "Taking back a change of plan",
            "undo-work-performed": "Taking back work performed",
            "undo-instruction": "Taking back a customer's instruction",
            "undo-fee-day": "Taking back a moved fee date",
            "record-attempt": "Recording the answer to a payment attempt",
            "log-mail": "Logging the mail",
            "log-check": "Logging a check",
            "correct-batch": "Correcting a batch",
            "correct-check": "Correcting a check",
            "strike-check": "Striking a check out",
            "post-check": "Posting a check",
            "hold-check": "Holding a check",
            "return-to-sender": "Returning a check to its sender",
            "deposit": "Making a deposit",
            "correct-deposit": "Correcting a deposit",
            "settle": "Recording that payments arrived",
            "return-payment": "Recording a returned payment",
            "chargeback": "Recording a chargeback",
            "reverse-payment": "Reversing a payment keyed wrongly",
            "clear-checks": "Recording checks that the bank paid",
            "log-work": "Logging work",
            "arrange": "Making an arrangement",
            "add-note": "Writing a note",
            "note-done": "Marking a note as done",
            "print-statements": "Printing statements",
            "send-receipts": "Sending receipts",
            "hand-over-receipts": "Handing over receipts on paper",
            "close-day": "Closing the day",
            "backup": "Making a backup",
            "bank-number": "Recording a bank account",
            "ask-approval": "Asking for an approval",
        },
    ),
    **_rights(
        "supervisor",
        {
            "courtesy-credit": "A courtesy credit",
            "write-off": "A write-off",
            "waive-fee": "Waiving a fee",
            "waive-charge": "Waiving a fee",
            "take-back-return": "Taking back a recorded return",
            "take-back-attempt": "Taking back a failed attempt",
            "fraud": "Calling a chargeback fraudulent",
            "approve-reactivation": "Approving a re-activation fee",
            "waive-reactivation": "Waiving a re-activation fee",
            "decide-work": "Deciding on work",
            "suspend-past-due": "The suspension run",
            "leave-out-of-suspension": "Leaving an account out of the suspension run",
            "run-refunds": "The refund run",
            "refund": "A refund outside the run",
            "confirm-sheets": "Confirming printed refund checks",
            "void-refund": "Voiding a refund check",
            "reprint-refund": "Reprinting a refund check",
            "stop-refund": "Stopping a refund check",
            "unclaimed-refund": "Moving a refund to unclaimed refunds",
            "pay-unclaimed": "Paying an unclaimed refund",
            "unclaimed-paid": "Taking back an unclaimed refund",
            "unclear-check": "Taking back a cleared check",
            "change-box": "Changing the box of checks",
            "reveal-number": "Looking at a bank account number",
            "export-customer": "Giving out a customer's data",
            "answer-approval": "Answering a request",
        },
    ),
    **_rights(
        "manager",
        {
            "run-billing": "The billing run",
            "park-account": "The billing run",
            "reverse-billing-run": "Reversing a billing run",
            "autopay": "The auto-pay run",
            "change-office": "Changing the office's data",
            "change-policy": "Changing a policy",
            "withdraw-policy": "Withdrawing a policy change",
            "add-check-box": "Adding a box of checks",
            "import-customers": "Importing a customer list",
            "export-customers": "Giving out the customer list",
            "change-backups": "Changing how the office backs up",
            "encrypt-backups": "Encrypting the backups",
            "plain-backups": "Ending the encryption of backups",
            "restore": "Restoring a backup",
            "move-office": "Moving the office to a server",
            "make-key": "Making the office's key",
            "print-key": "Printing the recovery sheet",
            "blank-customer": "Blanking a customer's data",
        },
    ),
    **_rights(
        "administrator",
        {
            "add-person": "Adding a person",
            "change-person": "Changing a person",
            "block-person": "Blocking a person",
            "unblock-person": "Letting a person sign in again",
            "reset-password": "Resetting a password",
            "change-controls": "Changing the office's limits",
        },
    ),
    # Whoever asks, or changes the own password, changes nothing of the books.
    **_rights(
        ANYBODY,
        {
            "first-administrator": "Making the first administrator",
            "change-password": "Changing one's own password",
            "what-if": "Trying out what would happen",
        },
    ),
}


def rank(role: str) -> int:
    """How much a role may do, 0 for a clerk; an auditor is below all."""
    return RANKED.index(role) if role in RANKED else -1


def right_of(what: str) -> Right:
    """What a kind of action needs; one that the table does not list is closed to all below the billing manager."""
    return RIGHTS.get(what) or Right(what.replace("-", " ").capitalize(), "manager")


def may(role: str, what: str) -> bool:
    """Whether a role may do an action of that kind (`action.what`)."""
    right = right_of(what)
    return right.role == ANYBODY or rank(role) >= rank(right.role)


def a_role(role: str) -> str:
    """A role as a sentence names it: `a supervisor`, `an administrator`."""
    return f"{'an' if role[0] == 'a' else 'a'} {role}"
