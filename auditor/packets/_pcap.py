"""Classic pcap: 24 bytes of header, then records; in microseconds or nanoseconds, either order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat
from struct import Struct as Layout
from struct import pack, unpack_from
from sys import byteorder
from typing import NamedTuple

import numpy as np

from auditor.packets._rows import Rows
from auditor.packets._stream import LONGEST_BLOCK, LONGEST_PACKET, Fault, Stream
from auditor.packets._window import Window
from auditor.packets.batch import HEAD, I64, MOST_PACKETS, Batch

_HEADER = 24
_LENGTH_AT = 8
_FCS_KNOWN = 0x04000000
_LINK_TYPE_BITS = 0xFFFF


class _Kind(NamedTuple):
    """How a file writes numbers and times, and what its header says of the packets."""

    order: str
    tick: int
    record: int
    name: str
    link_type: int = 0
    fcs: int = 0
    longest: int = LONGEST_PACKET


# The first four bytes as a big-endian number: (byte order, nanoseconds in a tick, length of a
# record's header, name). draft-ietf-opsawg-pcap; the modified one is Alexey Kuznetsov's.
_KINDS = {
    0xA1B2C3D4: _Kind(">", 1000, 16, "pcap"),
    0xD4C3B2A1: _Kind("<", 1000, 16, "pcap"),
    0xA1B23C4D: _Kind(">", 1, 16, "pcap (nanoseconds)"),
    0x4D3CB2A1: _Kind("<", 1, 16, "pcap (nanoseconds)"),
    0xA1B2CD34: _Kind(">", 1000, 24, "pcap (modified)"),
    0x34CDB2A1: _Kind("<", 1000, 24, "pcap (modified)"),
}


def recognises(head: bytes) -> bool:
    """Say whether the first four bytes are those of a pcap file."""
    return int.from_bytes(head[:4], "big") in _KINDS


def batches(window: Window, stream: Stream) -> Iterator[Batch]:
    """Yield a pcap file's packets. What is wrong with it becomes a fault of `stream`."""
    if not window.holds(_HEADER):
        stream.truncated = True
        stream.faults.append(Fault(reason="malformed", detail="ends within its header", at=0))
        return
    kind = _kind(window)
    stream.file_format = kind.name
    ordinal = 0
    while True:
        found: list[int] = []
        _walk(window, kind, found)
        while len(found) < MOST_PACKETS and window.more():
            _walk(window, kind, found)
        batch = _batch(window, found, kind, ordinal)
        bad = np.flatnonzero(batch.captured > kind.longest)
        if len(bad):
            window.at = found[int(bad[0])]
            batch = _batch(window, found[: int(bad[0])], kind, ordinal)
        ordinal += len(batch)
        if len(batch):
            yield batch
        length = _next_length(window, kind)
        if length > kind.longest:
            stream.truncated = True
            stream.faults.append(
                Fault(
                    reason="malformed",
                    detail=f"a packet is said to be {length} bytes long: the rest was not read",
                    at=window.position,
                )
            )
            return
        if len(found) < MOST_PACKETS and not window.advance():
            break
    if window.at < window.end:
        stream.truncated = True
        stream.faults.append(
            Fault(reason="malformed", detail="ends within a packet", at=window.position)
        )


def _kind(window: Window) -> _Kind:
    """Take the file's header."""
    kind = _KINDS[int.from_bytes(window.view[:4], "big")]
    _, _, _, _, snap, link = unpack_from(f"{kind.order}HHIIII", window.data, 4)
    window.at = _HEADER
    return kind._replace(
        link_type=link & _LINK_TYPE_BITS,
        fcs=(link >> 28) * 2 if link & _FCS_KNOWN else 0,
        longest=min(max(LONGEST_PACKET, snap), LONGEST_BLOCK),
    )


def _next_length(window: Window, kind: _Kind) -> int:
    """Return the length that the next record declares; 0 where it is not there."""
    if window.at + kind.record > window.end:
        return 0
    return int(unpack_from(f"{kind.order}I", window.data, window.at + _LENGTH_AT)[0])


def _walk(window: Window, kind: _Kind, found: list[int]) -> None:
    """Keep where the window's whole records begin, and go beyond them.

    A plain loop whose only work is to go from one length to the next. A number at any place is
    read from one of four views, shifted against each other: that is faster than to unpack it.
    Of the four, none reaches beyond the end: a record is not whole whose length is not there, or
    that goes on beyond.
    """
    view, end, position = window.view, window.end, window.at
    foreign = (kind.order == "<") != (byteorder == "little")
    record = kind.record
    append, room = found.append, MOST_PACKETS - len(found)
    if foreign:
        length_at = Layout(f"{kind.order}I").unpack_from
        for _ in repeat(None, room):
            following = position + record + length_at(view, position + _LENGTH_AT)[0]
            if following > end:
                break
            append(position)
            position = following
    else:
        lengths = [_aligned(view[_LENGTH_AT:end], shift) for shift in range(4)]
        with suppress(IndexError):  # of a length beyond the end
            for _ in repeat(None, room):
                step = record + lengths[position & 3][position >> 2]
                append(position)
                position += step
        if position > end:
            position = found.pop()
    window.at = position


def _aligned(view: memoryview, shift: int) -> memoryview:
    """Return four-byte numbers in the machine's own order, from a place on."""
    return view[shift : shift + (len(view) - shift) // 4 * 4].cast("I")


def _batch(window: Window, found: list[int], kind: _Kind, ordinal: int) -> Batch:
    # To pack them takes half as long as to make an array of a list.
    starts: I64 = np.frombuffer(pack(f"{len(found)}q", *found), np.int64)
    rows = Rows(window.array, starts, kind.record + HEAD)
    field = rows.long if kind.order == ">" else rows.little
    captured = field(8).astype(np.int64)
    return Batch(
        buffer=window.array,
        heads=rows.without(kind.record),
        offsets=starts + kind.record,
        captured=captured,
        wire=np.maximum(field(12).astype(np.int64), captured),
        times=field(0).astype(np.int64) * 1_000_000_000 + field(4).astype(np.int64) * kind.tick,
        order=np.arange(ordinal, ordinal + len(found)),
        link_type=kind.link_type,
        fcs=kind.fcs,
        spare=window.spare,
    )
