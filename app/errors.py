"""What can go wrong, sorted by who can do something about it.

A `UserError` is for the person at the keyboard: one clear sentence that says what to do. Anything
else that is raised is a bug, is logged whole and shown with a report to copy.
"""

from __future__ import annotations


class UserError(Exception):
    """A request that the office's rules or the data refuse; nothing has been changed.

    `field` names the input at fault where there is one (for instance `amount`), so that a window can
    put the cursor there.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotPermitted(UserError):
    """The action needs another role (rulebook BOTH-4), or a second person.

    `role`: the least role whose sign-in at the same window would do; empty when nobody's would. `second`: it must
    be somebody else than the person who asks. `what`, `subject` and `words` name what is to be approved.
    """

    def __init__(
        self, message: str, role: str = "", *, second: bool = False, what: str = "", subject: str = "", words: str = ""
    ) -> None:
        super().__init__(message)
        self.role = role
        self.second = second
        self.what = what
        self.subject = subject
        self.words = words


class SignInAgain(UserError):
    """Whoever acts is not signed in, or may no longer do what they could when they signed in."""


class DuplicateCheck(UserError):
    """A check that looks like one already posted (rulebook BOTH-5); `earlier` describes that one."""

    def __init__(self, message: str, earlier: str) -> None:
        super().__init__(message, field="number")
        self.earlier = earlier


class OfficeFileError(UserError):
    """The office's database cannot be used as it is: newer, damaged, locked, read-only, disk full."""


class ServerPasswordRefused(OfficeFileError):
    """The office's server knows no such user and password; somebody at the window types it."""


class BackupsLocked(OfficeFileError):
    """An older office must be backed up, encrypted, before its upgrade, and this PC does not know the passphrase.

    `mark`: the office's; `salt` and `check` (hex) are what a passphrase is tried with.
    """

    def __init__(self, place: object, mark: str, salt: str, check: str) -> None:
        super().__init__(
            f"{place} is of an older version. Before it is brought to this one it is backed up, encrypted, and this PC does "
            f"not know the passphrase of the office's backups: run `python -m app upgrade {place}`, which asks for it. "
            "Nothing was changed."
        )
        self.mark, self.salt, self.check = mark, salt, check


class Cancelled(Exception):
    """The person stopped long work; what was committed stays, nothing is half-done."""
