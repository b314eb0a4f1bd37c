"""Reads a pickle's bytes forward, frame by frame, as every reader of CPython's would.

Where readers differ it refuses: an opcode that lies over a frame's end is read differently from
a file, from memory and by the reader in Python (cpython#154848).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from auditor.evidence.models import VERDICTS, Verdict, VerdictReason
from auditor.formats import Context, View

# So much is read ahead at first, and four times as much each time up to the most.
_AHEAD, _MOST_AHEAD = 1024, 32 * 1024
LINE = 64 * 1024
MOST_REASONS = 200
_SHORT_LINE = 256
# A newline is searched in pieces of so many bytes; a step pays for 16 KiB of them.
_PIECE = 1 << 20
_PER_STEP = 14


class Broken(Exception):  # noqa: N818 - what the stream is, not what went wrong here
    """The stream cannot be read on from here; every reader stops or reads something else."""

    def __init__(self, rule: str, detail: str) -> None:
        """Keep the check and the sentence."""
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


class Reader:
    """A place in the bytes, the frame around it, and what was found on the way."""

    def __init__(self, view: View, context: Context, start: int) -> None:
        """Stand at byte `start` of the view."""
        self.view = view
        self.context = context
        self.position = self.opcode_at = self.base = self.limit = start
        self.window = b""
        self._ahead = _AHEAD
        self.size = view.size
        self.frame_end = -1
        self.protocol = 0
        self.verdict: Verdict = "data"
        self.reasons: dict[tuple[str, str, str], VerdictReason] = {}

    def note(self, rule: str, verdict: Verdict, detail: str, *, global_name: str = "") -> None:
        """Keep a reason, once for each check, global and sentence, at the opcode that is read."""
        if VERDICTS.index(verdict) > VERDICTS.index(self.verdict):
            self.verdict = verdict
        key = (rule, global_name, detail)
        if key not in self.reasons and len(self.reasons) < MOST_REASONS:
            self.reasons[key] = self.context.reason(
                rule, verdict, detail, offset=self.opcode_at, global_name=global_name
            )

    def take_over(self, verdict: Verdict, reasons: Iterable[VerdictReason]) -> None:
        """Keep what was found in something that lies within."""
        if VERDICTS.index(verdict) > VERDICTS.index(self.verdict):
            self.verdict = verdict
        for reason in reasons:
            key = (reason.rule, reason.global_name, f"{reason.member} {reason.detail}")
            if len(self.reasons) < MOST_REASONS:
                self.reasons.setdefault(key, reason)

    def broken(self, rule: str, detail: str) -> NoReturn:
        """Stop here; raises `Broken`."""
        raise Broken(rule, detail)

    def charge(self, steps: int) -> None:
        """Spend steps of the file's budget on work that one opcode makes."""
        budget = self.context.budget
        budget.steps -= steps
        if budget.steps < 0:
            budget.step(0)  # which tells

    def take(self, count: int) -> bytes:
        """Return the next bytes; raises `Broken` where they are not there."""
        start = self.position
        end = start + count
        if end > self.limit:
            self._make_room(count)
        self.position = end
        return self.window[start - self.base : end - self.base]

    def skip(self, count: int) -> int:
        """Go over bytes without reading them; returns where they begin."""
        start = self.position
        self._stay_in_frame(start + count)
        if start + count > self.size:
            raise Broken("pickle-truncated", f"{count} bytes are promised beyond the end")
        self.position = start + count
        return start

    def line(self) -> bytes:
        """Return the bytes up to the next newline, without it."""
        start = self.position
        end = self.window.find(b"\n", start - self.base, self.limit - self.base)
        if end >= 0 and start >= self.base:
            self.position = self.base + end + 1
            return self.window[start - self.base : end]
        count = self.line_length()
        if count <= LINE:
            return self.take(count + 1)[:-1]
        # A float of so many digits is read; no pickler writes one, nor a name of that length.
        self.note("pickle-literal", "malformed", f"a line is longer than {LINE} bytes")
        return self.view.at(self.skip(count + 1), LINE)

    def line_length(self) -> int:
        """Return how many bytes lie before the next newline, however far that is."""
        start = at = self.position
        found = self.window.find(b"\n", start - self.base) if start >= self.base else -1
        if found >= 0:
            return self.base + found - start
        length = _SHORT_LINE
        while at < self.size:
            data = self.view.at(at, length)
            found = data.find(b"\n")
            if found >= 0:
                return at + found - start
            if not data:
                break
            at += len(data)
            length = min(length * 8, _PIECE)
            self.charge(len(data) >> _PER_STEP)
        raise Broken("pickle-truncated", "a line has no end")

    def enter_frame(self, length: int) -> None:
        """Begin a frame at this place; it may not begin within another, nor pass the end."""
        if self.position < self.frame_end:
            self.note("pickle-frame", "malformed", "a frame begins within another frame")
        if self.protocol < 4:  # noqa: PLR2004 - frames came with protocol 4
            self.note("pickle-frame", "malformed", "a frame in a protocol that has none")
        if self.position + length > self.size:
            self.note("pickle-frame", "malformed", "a frame is longer than the file")
            self.frame_end = -1
        else:
            self.frame_end = self.position + length
        self.limit = min(self.limit, max(self.frame_end, self.position))

    def leave_frame(self, what: str) -> None:
        """Say that the stream leaves the frame here; bytes that are left in it are malformed."""
        if self.position < self.frame_end:
            self.note("pickle-frame", "malformed", f"a frame goes on after {what}")
        self.frame_end = -1

    def jump(self, position: int) -> None:
        """Go on at another place, outside any frame."""
        self.position = position
        self.frame_end = -1
        self.limit = self.base = position
        self.window = b""
        self._ahead = _AHEAD

    def _make_room(self, count: int) -> None:
        start = self.position
        end = start + count
        self._stay_in_frame(end)
        if end > self.size:
            raise Broken("pickle-truncated", "the stream ends without STOP")
        if end > self.base + len(self.window) or start < self.base:
            self.window = self.view.at(start, max(count, self._ahead))
            self._ahead = min(self._ahead * 4, _MOST_AHEAD)
            self.base = start
            if len(self.window) < count:
                raise Broken("pickle-truncated", "the file is shorter than it said")
        self.limit = self.base + len(self.window)
        if self.frame_end >= 0:
            self.limit = min(self.limit, self.frame_end)

    def _stay_in_frame(self, end: int) -> None:
        """Leave a frame that ends here; an opcode that lies over its end is malformed."""
        if self.frame_end < 0 or end <= self.frame_end:
            return
        if self.opcode_at < self.frame_end:
            self.note("pickle-frame", "malformed", "an opcode lies over the end of a frame")
        self.frame_end = -1
