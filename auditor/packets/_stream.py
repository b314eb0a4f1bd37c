"""What a capture file's reader tells beside its packets, and the errors that end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from auditor.evidence import GapReason
from auditor.packets._window import Window
from auditor.packets.batch import Batch


class Fault(Struct, frozen=True, order=True, kw_only=True):
    """What is wrong with the file; `at` is the byte (of the decompressed stream)."""

    reason: GapReason
    detail: str
    at: int = -1


class Stream(Struct, kw_only=True):
    """A capture file: filled while `batches` is read.

    `dropped` is what the capturing machine says it lost, `None` where it does not say. The keys of
    `interfaces` are their names, `timeless` counts packets without a time.
    """

    file_format: str = ""
    truncated: bool = False
    dropped: int | None = None
    timeless: int = 0
    interfaces: dict[str, None] = {}
    faults: list[Fault] = []


Reader = Callable[[Window, Stream], Iterator[Batch]]

# A record longer than this is not a packet but a damaged length: the largest snapshot length of
# tools is 256 KiB (D-Bus and USB have more, and are no network).
LONGEST_PACKET = 1 << 18
# The longest record of a file whose header declares longer snapshots, and block of pcapng.
LONGEST_BLOCK = 16 << 20


def strange(head: bytes) -> str:
    """Return why a file is no capture, by its first bytes."""
    if not head:
        return "an empty file"
    return f"neither pcap nor pcapng (it begins with {head.hex(' ')})"
