"""Shows the members of a zip archive as views, and checks that they are what is said of them."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, Part, View
from auditor.formats._inflated import (
    MAX_DICTIONARY,
    Decoder,
    Inflated,
    Opener,
    bzip2,
    deflate,
    xz,
)
from auditor.formats._names import shown
from auditor.formats._zip import Member
from auditor.formats._zip_checks import malformed

# Content that is checked whole: of a member that is stored or packed, and of all in an archive.
CHECKED_STORED = 256 << 10
CHECKED_PACKED = 16 << 20
CHECKED_ALL = 128 << 20
# A member that grows to more than this, and by more than this, is not opened.
_BOMB_SIZE = 128 << 20
_BOMB_RATIO = 400
# Members may take the archive's bytes so many times over before they are no longer read.
_REPEATED = 4
_REPEATED_SMALL = 64 << 10
_STORED, _DEFLATED, _BZIP2, _LZMA, _XZ = 0, 8, 12, 14, 95
_PLAIN: dict[int, Opener] = {_DEFLATED: deflate, _BZIP2: bzip2, _XZ: xz}
_METHODS = {
    1: "shrink", 6: "implode", 9: "deflate64", 10: "TERSE", 18: "TERSE", 20: "Zstandard",
    93: "Zstandard", 94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES",
}  # fmt: skip
_LZMA_HEADER = 9


class Shown:
    """The members' views of one archive: what they cost together is bounded."""

    def __init__(self, view: View, context: Context) -> None:
        """Show members of the archive `view`."""
        self._view = view
        self._context = context
        self._allowed = CHECKED_ALL
        self._repeated = _REPEATED * view.size + _REPEATED_SMALL
        self.reasons: list[VerdictReason] = []

    def of(self, member: Member) -> View | None:
        """Return a member's content, `None` where it cannot be had; `reasons` grows by why.

        The checksum and the size are checked of small members only: the content is judged
        whether they hold or not, and what is larger is claimed by nobody to be checked.
        """
        entry = member.entry
        packed = Part(self._view, member.begin, entry.packed)
        if not self._is_new(packed):
            return None
        if packed.size < entry.packed:
            self._malformed(member, "zip-truncated", "is longer than the file")
        if entry.method == _STORED:
            self._check_stored(member, packed)
            return packed
        opener = _opener(entry.method, packed)
        if opener is None:
            what = _METHODS.get(entry.method, f"method {entry.method}")
            detail = f"{shown(member.name)} is packed in a way that is not read: {what}"
            self._tell(self._context.reason("zip-method", "not-inspectable", detail))
            # A reader that does not look at the method takes the bytes as they are.
            return packed
        if entry.size > _BOMB_SIZE and entry.size > _BOMB_RATIO * max(1, entry.packed):
            detail = f"{shown(member.name)} grows from {entry.packed} bytes to {entry.size}"
            self._tell(self._context.reason("zip-bomb", "not-inspectable", detail))
            return None
        begin = _LZMA_HEADER if entry.method == _LZMA else 0
        stream = Inflated(packed, opener, self._context.budget, begin=begin, claimed=entry.size)
        self._check_packed(member, stream)
        return stream

    def _is_new(self, packed: View) -> bool:
        """Return whether a member is still read: those that overlap are not read for ever."""
        before = self._repeated
        self._repeated -= packed.size
        if before >= 0 > self._repeated:
            detail = "members overlap so often that not all of them were read"
            self._tell(malformed(self._context, "zip-overlap", detail))
        return self._repeated >= 0

    def _check_stored(self, member: Member, content: Part) -> None:
        if content.size > CHECKED_STORED or not self._may(content.size):
            return
        if member.entry.crc >= 0 and zlib.crc32(content.at(0, content.size)) != member.entry.crc:
            self._malformed(member, "zip-checksum", "has another checksum than is said")

    def _check_packed(self, member: Member, stream: Inflated) -> None:
        entry = member.entry
        if entry.size > CHECKED_PACKED or not self._may(entry.size):
            return
        # A byte more than is claimed is asked for: what is claimed is what is to be shown wrong.
        reached = stream.run_through(entry.size)
        stream.size = reached
        if stream.trouble and entry.method == _LZMA and reached >= entry.size:
            # Its end may be unmarked: then the size says where it is.
            stream.size = entry.size
        elif stream.trouble:
            verdict: Verdict = (
                "malformed" if stream.trouble_kind == "malformed" else "not-inspectable"
            )
            if not entry.is_encrypted:
                detail = f"{shown(member.name)}: {stream.trouble}"
                self._tell(self._context.reason("zip-stream", verdict, detail))
        elif reached != entry.size:
            self._malformed(member, "zip-size", "grows to another size than is said")
        elif 0 <= stream.end < entry.packed:
            self._malformed(member, "zip-stream", "has bytes behind its packed content")
        elif entry.crc >= 0 and stream.crc != entry.crc:
            self._malformed(member, "zip-checksum", "has another checksum than is said")

    def _may(self, size: int) -> bool:
        self._allowed -= size
        return self._allowed >= 0

    def _malformed(self, member: Member, rule: str, what: str) -> None:
        detail = f"{shown(member.name)} {what}"
        self._tell(malformed(self._context, rule, detail, member.entry.offset))

    def _tell(self, reason: VerdictReason) -> None:
        self.reasons.append(reason)


def _opener(method: int, packed: View) -> Callable[[], Decoder] | None:
    return _lzma(packed) if method == _LZMA else _PLAIN.get(method)


def _lzma(packed: View) -> Opener | None:
    """Return what opens an LZMA member: its properties stand in front (APPNOTE.TXT 5.8.8)."""
    head = packed.at(0, _LZMA_HEADER)
    if len(head) < _LZMA_HEADER or head[2:4] != b"\5\0" or head[4] >= 9 * 5 * 5:
        return None
    rest, context_bits = divmod(head[4], 9)
    position, literal = divmod(rest, 5)
    dictionary = int.from_bytes(head[5:9], "little")
    if dictionary > MAX_DICTIONARY or context_bits + literal > 4:  # noqa: PLR2004 - liblzma's own
        return None
    chain = [
        {
            "id": lzma.FILTER_LZMA1, "dict_size": max(4096, dictionary), "lc": context_bits,
            "lp": literal, "pb": position,
        }
    ]  # fmt: skip
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
