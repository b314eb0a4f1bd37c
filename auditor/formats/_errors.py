"""The one error that a reader of a model format raises."""

from __future__ import annotations

from auditor.evidence.base import GapReason


class FormatError(Exception):
    """A file is not what its first bytes promise; `reason` as in `Gap`.

    `malformed` gives that verdict, every other reason `not-inspectable`. `rule` names the check,
    `offset` the byte within the file or member that was read, -1 for none.
    """

    def __init__(
        self, detail: str, reason: GapReason = "malformed", *, rule: str = "", offset: int = -1
    ) -> None:
        """Keep the sentence, the reason, the check and the place."""
        super().__init__(detail)
        self.detail = detail
        self.reason: GapReason = reason
        self.rule = rule
        self.offset = offset
