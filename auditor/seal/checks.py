"""What a verification found: each check by name, and whether the whole holds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.errors import AuditError, ExitCode, SignatureError
from auditor.seal.statement import Claims
from auditor.seal.trust import TrustedKey

State = Literal["holds", "fails", "not-checked"]


class NotCheckedError(AuditError):
    """A check cannot be made, because something is not at hand: says what."""


class Check(Struct, frozen=True, order=True, kw_only=True):
    """One thing that was looked at: `name` as `file: what`."""

    name: str
    state: State
    detail: str


class Verification(Struct, frozen=True, kw_only=True):
    """Everything that was checked, and what was not.

    `signers` are the trusted keys that signed, `claims` what they said. `uncovered` are files
    of the folder that no signature names: nothing is known of them.
    """

    checks: tuple[Check, ...]
    signers: tuple[TrustedKey, ...]
    claims: Claims | None
    uncovered: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether a signature was found to hold and nothing was found false."""
        states = [check.state for check in self.checks]
        return bool(self.signers) and "holds" in states and "fails" not in states

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 where it holds, else 5; what could not be checked is told, not counted."""
        return ExitCode.PASS if self.holds else ExitCode.SIGNATURE

    def demand(self) -> None:
        """Raise `SignatureError` with what is false, unless it holds."""
        if not self.holds:
            false = [f"{c.name}: {c.detail}" for c in self.checks if c.state == "fails"]
            raise SignatureError("; ".join(false) or "nothing is signed by a trusted key")
