"""Classic pcap: 24 bytes of header, then records; in microseconds or nanoseconds, either order."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct as Layout
from struct import unpack_from

import numpy as np

from auditor.packets._rows import Rows
from auditor.packets._stream import LONGEST_BLOCK, LONGEST_PACKET, Fault, Stream
from auditor.packets._window import Window
from auditor.packets.batch import I64, MOST_PACKETS, Batch

_HEADER = 24
_RECORD = 16
# The first four bytes as a big-endian number: (byte order, nanoseconds in a tick, length of a
# record's header, name). draft-ietf-opsawg-pcap; the modified one is Alexey Kuznetsov's.
_KINDS = {
    0xA1B2C3D4: (">", 1000, 16, "pcap"),
    0xD4C3B2A1: ("<", 1000, 16, "pcap"),
    0xA1B23C4D: (">", 1, 16, "pcap (nanoseconds)"),
    0x4D3CB2A1: ("<", 1, 16, "pcap (nanoseconds)"),
    0xA1B2CD34: (">", 1000, 24, "pcap (modified)"),
    0x34CDB2A1: ("<", 1000, 24, "pcap (modified)"),
}
_FCS_KNOWN = 0x04000000
_LINK_TYPE_BITS = 0xFFFF


def recognises(head: bytes) -> bool:
    """Say whether the first four bytes are those of a pcap file."""
    return int.from_bytes(head[:4], "big") in _KINDS


def batches(window: Window, stream: Stream) -> Iterator[Batch]:
    """Yield a pcap file's packets. What is wrong with it becomes a fault of `stream`."""
    if not window.holds(_HEADER):
        stream.truncated = True
        stream.faults.append(Fault(reason="malformed", detail="ends within its header", at=0))
        return
    magic = int.from_bytes(window.view[:4], "big")
    order, tick, record, stream.file_format = _KINDS[magic]
    _, _, _, _, snap, link = unpack_from(f"{order}HHIIII", window.data, 4)
    window.at = _HEADER
    fcs = (link >> 28) * 2 if link & _FCS_KNOWN else 0
    link_type = link & _LINK_TYPE_BITS
    longest = min(max(LONGEST_PACKET, snap), LONGEST_BLOCK - record)
    ordinal = 0
    while True:
        offsets, bad = _walk(window, order, record, longest)
        if len(offsets):
            yield _batch(window, offsets, order, tick, record, ordinal, link_type, fcs)
            ordinal += len(offsets)
        if bad:
            stream.truncated = True
            stream.faults.append(
                Fault(
                    reason="malformed",
                    detail=f"a packet's length is {bad} bytes: the rest was not read",
                    at=window.position,
                )
            )
            return
        if len(offsets) < MOST_PACKETS and not window.fill():
            break
    if window.at < window.end:
        stream.truncated = True
        stream.faults.append(
            Fault(reason="malformed", detail="ends within a packet", at=window.position)
        )


def _walk(window: Window, order: str, record: int, longest: int) -> tuple[list[int], int]:
    """Return where the whole records of the window begin, and a length that cannot be.

    A plain loop: its only work is to go from one length to the next.
    """
    length_at = Layout(f"{order}I").unpack_from
    data, end, position = window.data, window.end, window.at
    last = end - record
    found: list[int] = []
    append = found.append
    bad = 0
    while position <= last and len(found) < MOST_PACKETS:
        (length,) = length_at(data, position + 8)
        following = position + record + length
        if following > end or length > longest:
            bad = length if length > longest else 0
            break
        append(position)
        position = following
    window.at = position
    return found, bad


def _batch(
    window: Window,
    found: list[int],
    order: str,
    tick: int,
    record: int,
    ordinal: int,
    link_type: int,
    fcs: int,
) -> Batch:
    starts: I64 = np.array(found, np.int64)
    rows = Rows(window.array, starts, _RECORD)
    field = rows.long if order == ">" else rows.little
    captured = field(8).astype(np.int64)
    return Batch(
        buffer=window.array,
        offsets=starts + record,
        captured=captured,
        wire=np.maximum(field(12).astype(np.int64), captured),
        times=field(0).astype(np.int64) * 1_000_000_000 + field(4).astype(np.int64) * tick,
        order=np.arange(ordinal, ordinal + len(found)),
        link_type=link_type,
        fcs=fcs,
    )
