"""What one end sent is put in order and cut into messages; a piece that is none is told."""

from __future__ import annotations

import pytest

from auditor.capture._streams import datagrams, stream
from auditor.capture.talks import Segment


def size(data: bytes, at: int) -> int:
    """A message: `m`, a digit, so many bytes."""
    if data[at : at + 1] != b"m":
        return -1
    return 2 + int(data[at + 1 : at + 2]) if len(data) > at + 1 else 0


def sent(*parts: tuple[int, bytes]) -> list[Segment]:
    return [Segment(True, seq % (1 << 32), data) for seq, data in parts]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(10, b"m1am2bb")], [b"m1a", b"m2bb"]),
        ([(10, b"m3a"), (13, b"bcm0")], [b"m3abc", b"m0"]),
        ([(10, b"m3a"), (10, b"m3a"), (13, b"bc")], [b"m3abc"]),
        ([(10, b"m3a"), (13, b"bc"), (11, b"3abc")], [b"m3abc"]),
        ([(13, b"bc"), (10, b"m3a")], [b"m3abc"]),
        ([(10, b"m1a"), (10, b"m1b")], [None, b"m1a"]),
        ([(10, b"m3abc"), (12, b"ax")], [None, b"m3abc"]),
        ([(10, b"m1a"), (12, b"\0"), (13, b"m0")], [b"m1a", b"m0"]),
        ([(-3, b"m3a"), (0, b"bc")], [b"m3abc"]),
        ([(10, b"m3a"), (99, b"m0")], [None, None, b"m0"]),
        ([(10, b"m0"), (99, b"m0")], [b"m0", None, b"m0"]),
        ([(10, b"xx"), (12, b"m1a")], [None, b"m1a"]),
        ([(10, b"xm1a")], [None]),
        ([(10, b"m")], [None]),
        ([(10, b"")], []),
        ([], []),
    ],
)  # fmt: skip
def test_messages_of_a_stream(parts, found) -> None:
    assert list(stream(sent(*parts), size)) == found


def test_datagrams_hold_whole_messages() -> None:
    parts = sent((0, b"m1am0"), (0, b"m9"), (0, b"m0"))
    assert list(datagrams(parts, size)) == [b"m1a", b"m0", None, b"m0"]
