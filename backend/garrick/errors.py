"""Every failure that a user can cause or mend, in a few kinds.

A `GarrickError` carries one plain sentence for the user and, where there is one, the fix that a panel or a terminal can
offer. Anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations


class GarrickError(Exception):
    """A failure with a sentence for the user.

    user_message: what was wrong, in one line.
    fix:          what to do about it, in one line (a command where there is one), or None.
    exit_code:    what the command line exits with (0 done, 1 failed, 2 usage, 130 cancelled).
    """

    exit_code = 1

    def __init__(self, user_message: str, fix: str | None = None) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.fix = fix

    def __str__(self) -> str:
        return self.user_message if self.fix is None else f"{self.user_message} {self.fix}"


class InputError(GarrickError):
    """The image, sound, text or number that was handed in cannot be used."""

    exit_code = 2


class MissingError(GarrickError):
    """Weights, a package or a program that the job needs are not on this machine."""


class OutputError(GarrickError):
    """A result could not be written (no permission, full disk, a folder of another job)."""


class Cancelled(GarrickError):
    """The user asked to stop; what is finished stays on disk and a new run resumes."""

    exit_code = 130

    def __init__(
        self, user_message: str = "Cancelled.", fix: str | None = "Run the same command again to resume."
    ) -> None:
        super().__init__(user_message, fix)
