"""A section of a pcapng file: its byte order, its interfaces, and what they lost."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct as Layout
from typing import Literal

from msgspec import Struct

# More interfaces than a machine has; a file with more is damaged or hostile.
_MOST_INTERFACES = 1 << 16

_NAME, _RESOLUTION, _FCS_LENGTH, _OFFSET = 2, 9, 13, 14
_INTERFACE_LEAST = 20
_STATISTICS_LEAST = 24
_OFFSET_LENGTH = 8

_IF_DROPPED, _OS_DROPPED = 5, 7
_DROPPED_BEFORE = 4
# A damaged count is no reason to count further than records can.
_MOST_LOST = 1 << 48


class Interface(Struct, frozen=True, kw_only=True):
    """What an interface description block says; `resolution` is the option's byte."""

    link_type: int
    snap: int
    name: str
    resolution: int
    offset: int
    fcs: int


class BrokenError(Exception):
    """The file is malformed from here on; what is wrong is its text."""


class Section:
    """What the blocks of a section say; `lost` is the last word of each interface's statistics."""

    def __init__(self, order: str) -> None:
        """Begin a section in a byte order, with no interface."""
        self.order = order
        self.interfaces: list[Interface] = []
        self.lost: dict[int, int] = {}
        # Packets that are said to have been lost between those that were kept.
        self.lost_before = 0

    def describe(self, data: bytearray, position: int, length: int) -> None:
        """Take an interface description block."""
        if length < _INTERFACE_LEAST:
            raise BrokenError("an interface's description is too short")
        link_type, _, snap = Layout(f"{self.order}HHI").unpack_from(data, position + 8)
        options = self._options(data, position + 16, position + length - 4)
        if len(self.interfaces) >= _MOST_INTERFACES:
            raise BrokenError(f"describes more than {_MOST_INTERFACES} interfaces")
        name = options.get(_NAME, b"").rstrip(b"\0").decode("utf-8", "replace")[:256]
        offset = options.get(_OFFSET, b"")
        self.interfaces.append(
            Interface(
                link_type=link_type,
                snap=snap,
                name=name,
                resolution=options.get(_RESOLUTION, b"\6")[0] if options.get(_RESOLUTION) else 6,
                offset=int.from_bytes(offset, self._endian, signed=True)
                if len(offset) == _OFFSET_LENGTH
                else 0,
                fcs=_fcs(options.get(_FCS_LENGTH, b"")),
            )
        )

    def count_lost(self, data: bytearray, position: int, length: int) -> None:
        """Take an interface statistics block: the last of each interface counts."""
        if length < _STATISTICS_LEAST:
            raise BrokenError("an interface's statistics are too short")
        (interface,) = Layout(f"{self.order}I").unpack_from(data, position + 8)
        options = self._options(data, position + 20, position + length - 4)
        said = [options[code] for code in (_IF_DROPPED, _OS_DROPPED) if code in options]
        if said and interface < len(self.interfaces):
            lost = sum(int.from_bytes(value[:8], self._endian) for value in said)
            self.lost[interface] = lost

    def count_before(self, data: bytearray, options: Iterable[tuple[int, int]]) -> None:
        """Take packets' options (begin, end): one may say how many were lost before it."""
        for position, end in options:
            lost = self._options(data, position, end).get(_DROPPED_BEFORE, b"")
            self.lost_before += int.from_bytes(lost[:8], self._endian)

    def take_lost(self) -> int | None:
        """Return how many were lost, once; `None` where nothing says so.

        Told of packets and of interfaces, the same losses are told twice.
        """
        if not self.lost and not self.lost_before:
            return None
        lost = min(max(sum(self.lost.values()), self.lost_before), _MOST_LOST)
        self.lost.clear()
        self.lost_before = 0
        return lost

    def _options(self, data: bytearray, position: int, end: int) -> dict[int, bytes]:
        """Return a block's options, the first of each code. Bounded by the block."""
        options: dict[int, bytes] = {}
        code_and_length = Layout(f"{self.order}HH").unpack_from
        while position + 4 <= end:
            code, length = code_and_length(data, position)
            position += 4
            if code == 0 or position + length > end:
                break
            options.setdefault(code, bytes(data[position : position + length]))
            position += length + (-length & 3)
        return options

    @property
    def _endian(self) -> Literal["big", "little"]:
        return "big" if self.order == ">" else "little"


def _fcs(said: bytes) -> int:
    """Return the bytes of a frame check sequence: the option is in bits, in many files in bytes."""
    length = said[0] if said else 0
    return length // 8 if length >= 8 else length  # noqa: PLR2004 - the bits of a byte


def what_is_wrong(interface: int, section: Section, again: int, length: int) -> str:
    """Return what is wrong with a packet's block."""
    if again != length:
        return f"a block is {length} bytes long at its beginning, {again} at its end"
    if interface >= len(section.interfaces):
        return f"a packet is of interface {interface}, which is not described"
    return "a packet is longer than its block"
