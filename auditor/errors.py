"""Everything that can go wrong with the user's input or the machine, each with its exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command; where several hold, `worst` decides."""

    PASS = 0
    FINDING = 1
    USAGE = 2
    UNDECIDED = 3
    ERROR = 4
    SIGNATURE = 5


# Order of precedence, strongest first: a signature that does not hold outranks everything.
_PRECEDENCE = (
    ExitCode.SIGNATURE,
    ExitCode.ERROR,
    ExitCode.USAGE,
    ExitCode.FINDING,
    ExitCode.UNDECIDED,
    ExitCode.PASS,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the code that outranks the others: 5 beats 4 beats 2 beats 1 beats 3 beats 0."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.PASS)


class AuditError(Exception):
    """An error that the user can act on: says what, where and what to do."""

    exit_code = ExitCode.ERROR

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        """Keep the sentence `what`, the place `where` (`file:line:column`) and the `hint`."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Return `where: what (hint)` in one line."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.hint}" if self.hint else text


class UsageError(AuditError):
    """The command was called with words or options that do not fit together."""

    exit_code = ExitCode.USAGE


class DocumentError(AuditError):
    """A YAML or JSON document cannot be read: `where` is `file:line:column`."""


class SiteError(DocumentError):
    """The site file is wrong."""


class PackError(DocumentError):
    """A policy pack, profile or waiver file is wrong."""


class EvidenceError(AuditError):
    """An evidence bundle is malformed, or written by a newer toolkit."""


class OutputError(AuditError):
    """The output folder cannot be written."""


class KeyFileError(AuditError):
    """A key file is missing, unreadable or of a kind that this toolkit does not use."""


class SignatureError(AuditError):
    """A signature, digest or container grammar does not hold."""

    exit_code = ExitCode.SIGNATURE
