"""pcapng: sections of blocks, each section in its own byte order with its own interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct as Layout

import numpy as np

from auditor.packets import _ticks
from auditor.packets._pcapng_section import BrokenError, Section, what_is_wrong
from auditor.packets._rows import Rows
from auditor.packets._stream import LONGEST_BLOCK, Fault, Stream
from auditor.packets._window import Window
from auditor.packets.batch import HEAD, I64, MOST_PACKETS, U64, Batch

# Block types (draft-ietf-opsawg-pcapng, section 4).
_SECTION = 0x0A0D0D0A
_INTERFACE, _OBSOLETE, _SIMPLE, _STATISTICS, _ENHANCED = 1, 2, 3, 5, 6
_MAGIC = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_SHORTEST = 12
_PACKET_HEADER = 28
_SIMPLE_HEADER = 12
# The length at a block's end and a count of lost packets; a loss that an old block does not know.
_OPTIONS_LEAST, _NOT_KNOWN = 4 + 8, 0xFFFF
_SECTION_HEADER = 28
# Names of interfaces that are told; a file with more is no machine's.
_MOST_NAMES = 4096


def recognises(head: bytes) -> bool:
    """Say whether the first four bytes are those of a section header block."""
    return head[:4] == _SECTION.to_bytes(4, "big")


def batches(window: Window, stream: Stream) -> Iterator[Batch]:
    """Yield a pcapng file's packets. What is wrong with it becomes a fault of `stream`."""
    stream.file_format = "pcapng"
    reader = _Reader(window, stream)
    wrong: BrokenError | None = None
    try:
        yield from reader.read()
    except BrokenError as problem:
        wrong = problem
        try:
            yield from reader.flush()
        except BrokenError as before:  # among the packets that were found already
            wrong = before
    if wrong is not None:
        stream.truncated = True
        detail = f"{wrong}: the rest was not read"
        stream.faults.append(Fault(reason="malformed", detail=detail, at=window.position))
    reader.close()
    if window.at < window.end and not stream.truncated:
        stream.truncated = True
        stream.faults.append(
            Fault(reason="malformed", detail="ends within a block", at=window.position)
        )


class _Reader:
    """Goes from block to block; packets are kept by their place until a batch is full."""

    def __init__(self, window: Window, stream: Stream) -> None:
        self._window = window
        self._stream = stream
        self._section: Section | None = None
        self._order = ">"
        self._pair = Layout(">II").unpack_from
        # Places of packet blocks in the window, and which kind each is.
        self._found: list[int] = []
        self._ordinal = 0

    def read(self) -> Iterator[Batch]:
        """Yield batches until there is no whole block any more."""
        window = self._window
        while True:
            yield from self._walk()
            yield from self.flush()
            if not window.fill():
                return

    def _walk(self) -> Iterator[Batch]:
        """Go through the whole blocks of the window."""
        window, found = self._window, self._found
        data, end = window.data, window.end
        append = found.append
        while window.at + _SHORTEST <= end:
            position = window.at
            pair = self._pair
            # The loop for packets alone: nothing but from one length to the next.
            while position + _SHORTEST <= end:
                kind, length = pair(data, position)
                if kind != _ENHANCED or length < _PACKET_HEADER + 4 or length & 3:
                    break
                if position + length > end or len(found) >= MOST_PACKETS:
                    break
                append(position)
                position += length
            window.at = position
            if len(found) >= MOST_PACKETS:
                yield from self.flush()
                continue
            if position + _SHORTEST > end:
                return
            length = self._length(position)
            if position + length > end:
                return
            yield from self._block(position, length)
            window.at = position + length

    def _length(self, position: int) -> int:
        """Return the length of the block at a position. Raises where it cannot be."""
        data = self._window.data
        kind, length = self._pair(data, position)
        if kind == _SECTION:
            order = _MAGIC.get(bytes(data[position + 8 : position + 12]))
            if order is None:
                raise BrokenError("a section has no byte order")
            (length,) = Layout(f"{order}I").unpack_from(data, position + 4)
        elif self._section is None:
            raise BrokenError("does not begin with a section")
        if length < _SHORTEST or length & 3:
            raise BrokenError(f"a block is {length} bytes long, which cannot be")
        if length > LONGEST_BLOCK:
            raise BrokenError(f"a block is {length} bytes long, more than {LONGEST_BLOCK}")
        return int(length)

    def _block(self, position: int, length: int) -> Iterator[Batch]:
        """Take a whole block that is no ordinary packet."""
        data = self._window.data
        kind, _ = self._pair(data, position)
        if kind == _SECTION:
            yield from self.flush()
            self._begin(position, length)
            return
        (again,) = Layout(f"{self._order}I").unpack_from(data, position + length - 4)
        if again != length:
            raise BrokenError(
                f"a block is {length} bytes long at its beginning, {again} at its end"
            )
        if kind in {_ENHANCED, _OBSOLETE, _SIMPLE}:
            least = _SIMPLE_HEADER if kind == _SIMPLE else _PACKET_HEADER
            if length < least + 4:
                raise BrokenError(f"a packet's block is {length} bytes long, which cannot be")
            if kind == _ENHANCED:
                self._found.append(position)
            else:
                yield from self.flush()
                yield from self._alone(kind, position, length)
        elif kind == _INTERFACE:
            self._here().describe(self._window.data, position, length)
            self._tell_name()
        elif kind == _STATISTICS:
            self._here().count_lost(self._window.data, position, length)
        # Names, secrets, journals, comments and blocks that are not known hold no packets.

    def _begin(self, position: int, length: int) -> None:
        """Begin a section: interfaces are numbered anew."""
        data = self._window.data
        order = _MAGIC[bytes(data[position + 8 : position + 12])]
        (again,) = Layout(f"{order}I").unpack_from(data, position + length - 4)
        (major,) = Layout(f"{order}H").unpack_from(data, position + 12)
        if length < _SECTION_HEADER or again != length:
            raise BrokenError("a section's header contradicts itself")
        if major != 1:
            raise BrokenError(f"a section is of version {major}, which is not known")
        self.close()
        self._order = order
        self._pair = Layout(f"{order}II").unpack_from
        self._section = Section(order)

    def close(self) -> None:
        """Add what the section's interfaces lost to the stream's."""
        lost = self._section.take_lost() if self._section else None
        if lost is not None:
            self._stream.dropped = (self._stream.dropped or 0) + lost

    def _tell_name(self) -> None:
        """Tell the name of the interface that was described last."""
        name = self._here().interfaces[-1].name
        if name and len(self._stream.interfaces) < _MOST_NAMES:
            self._stream.interfaces[name] = None

    def flush(self) -> Iterator[Batch]:
        """Yield the packets found so far, those of one link type together."""
        if not self._found:
            return
        positions: I64 = np.array(self._found, np.int64)
        self._found.clear()
        section = self._here()
        rows = Rows(self._window.array, positions, _PACKET_HEADER + HEAD)
        field = rows.long if self._order == ">" else rows.little
        length, captured = field(4).astype(np.int64), field(20).astype(np.int64)
        tail = Rows(self._window.array, positions + length - 4, 4)
        again = tail.long(0) if self._order == ">" else tail.little(0)
        interface = field(8).astype(np.int64)
        good = (
            (captured + _PACKET_HEADER + 4 <= length)
            & (again == length)
            & (interface < len(section.interfaces))
        )
        count = len(positions) if good.all() else int(np.argmin(good))
        ticks = field(12).astype(np.uint64) << np.uint64(32) | field(16)
        after = _PACKET_HEADER + captured + (-captured & 3)
        more = np.flatnonzero((length - after > _OPTIONS_LEAST)[:count])
        starts, ends = (positions + after)[more], (positions + length)[more] - 4
        section.count_before(self._window.data, zip(starts.tolist(), ends.tolist(), strict=True))
        yield from self._sorted(
            rows.without(_PACKET_HEADER).some(slice(count)),
            positions[:count] + _PACKET_HEADER,
            captured[:count],
            field(24).astype(np.int64)[:count],
            ticks[:count],
            interface[:count],
        )
        if count < len(positions):
            self._window.at = int(positions[count])
            raise BrokenError(
                what_is_wrong(int(interface[count]), section, int(again[count]), int(length[count]))
            )

    def _sorted(  # noqa: PLR0913, PLR0917
        self, heads: Rows, offsets: I64, captured: I64, wire: I64, ticks: U64, interface: I64
    ) -> Iterator[Batch]:
        """Yield packets of one section by link type, with the times of their interfaces."""
        order = np.arange(self._ordinal, self._ordinal + len(offsets))
        self._ordinal += len(offsets)
        known = self._here().interfaces
        used = np.flatnonzero(np.bincount(interface)).tolist()
        times = np.empty(len(offsets), np.int64)
        links: dict[tuple[int, int], list[int]] = {}
        for number in used:
            here = known[number]
            mine = interface == number if len(used) > 1 else slice(None)
            times[mine] = _ticks.nanoseconds(ticks[mine], here.resolution, here.offset)
            links.setdefault((here.link_type, here.fcs), []).append(number)
        for (link_type, fcs), numbers in links.items():
            mine = np.isin(interface, numbers) if len(links) > 1 else slice(None)
            yield Batch(
                buffer=self._window.array,
                heads=heads.some(mine),
                offsets=offsets[mine],
                captured=captured[mine],
                wire=np.maximum(wire, captured)[mine],
                times=times[mine],
                order=order[mine],
                link_type=link_type,
                interface=known[numbers[0]].name if len(numbers) == 1 else "",
                fcs=fcs,
                spare=self._window.spare,
            )

    def _alone(self, kind: int, position: int, length: int) -> Iterator[Batch]:
        """Yield the packet of a block of a rare type: obsolete, or simple (without a time)."""
        data, section = self._window.data, self._here()
        if kind == _OBSOLETE:
            number, before, high, low, captured, wire = Layout(f"{self._order}HHIIII").unpack_from(
                data, position + 8
            )
            begins, ticks = position + _PACKET_HEADER, high << 32 | low
            section.lost_before += before if before != _NOT_KNOWN else 0
        else:
            (wire,) = Layout(f"{self._order}I").unpack_from(data, position + 8)
            number, begins, ticks = 0, position + _SIMPLE_HEADER, 0
            snap = section.interfaces[0].snap if section.interfaces else 0
            captured = min(wire, snap or wire, length - _SIMPLE_HEADER - 4)
        if number >= len(section.interfaces) or begins + captured + 4 > position + length:
            raise BrokenError(what_is_wrong(number, section, length, length))
        here = section.interfaces[number]
        time = _ticks.nanoseconds(np.array([ticks], np.uint64), here.resolution, here.offset)
        if kind == _SIMPLE:
            self._stream.timeless += 1
            time = np.zeros(1, np.int64)
        offsets, order = np.array([begins], np.int64), np.array([self._ordinal], np.int64)
        self._ordinal += 1
        yield Batch(
            buffer=self._window.array,
            heads=Rows(self._window.array, offsets, HEAD),
            offsets=offsets,
            captured=np.array([captured], np.int64),
            wire=np.array([max(wire, captured)], np.int64),
            times=time,
            order=order,
            link_type=here.link_type,
            interface=here.name,
            fcs=here.fcs,
            spare=self._window.spare,
        )

    def _here(self) -> Section:
        if self._section is None:
            raise BrokenError("does not begin with a section")
        return self._section
