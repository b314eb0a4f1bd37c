"""What a signature is: bytes by which a protocol is known, and what its messages do."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from msgspec import Struct

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows


class Likeness(IntEnum):
    """How much a payload is like a protocol's.

    `SURE`: its magic and its structure hold, whatever the port. `MAYBE`: its structure holds, but
    has too little magic: the port must be the protocol's, or both ends must speak so.
    """

    NO = 0
    MAYBE = 1
    SURE = 2


class Packet(NamedTuple):
    """A payload as captured, `size` bytes long on the wire. A frame on the link has no ports."""

    data: bytes
    size: int
    sport: int = 0
    dport: int = 0
    tcp: bool = False
    ether_type: int = 0

    @property
    def whole(self) -> bool:
        """Whether the capture holds all of it."""
        return len(self.data) == self.size


class Detail(NamedTuple):
    """What messages do (`operations`: words of `OPERATIONS`), and what they say of secrecy."""

    operations: frozenset[str] = frozenset()
    encrypted: bool | None = None
    why: str = ""


# What a message does to a plant. A word says that it was asked for or told, not that it was done.
OPERATIONS = {
    "read": "asks for values or receives them",
    "write": "sets values",
    "control": "starts, stops, restarts or commands a device",
    "program": "changes a device's program or files",
    "upload": "copies a device's program or files from it",
    "configure": "changes settings, clocks or addresses",
    "discover": "looks for devices, or tells of itself",
    "report": "tells values unasked",
}
NOTHING = Detail()


class Signature(Struct, frozen=True, kw_only=True):
    """A protocol. `application` is a word of the contract, `specification` where its bytes are.

    `firsts` are the first bytes that a message may have (empty: any), `chooses` tells by the
    first eight bytes of many payloads which may be one. `matches` judges one payload: any bytes.
    `detail` reads what a payload of a flow that is known to be this protocol does. Payloads of
    one length that agree at the offsets `told_by` do the same.
    """

    title: str
    application: str
    specification: str
    matches: Callable[[Packet], Likeness]
    detail: Callable[[Packet], Detail]
    told_by: tuple[int, ...]
    tcp: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()
    on_tcp: bool = False
    on_udp: bool = False
    ether_types: tuple[int, ...] = ()
    firsts: tuple[int, ...] = ()
    chooses: Callable[[Rows], Bools] | None = None


def big(data: bytes, at: int, size: int = 2) -> int:
    """Return the number at an offset, most significant byte first."""
    return int.from_bytes(data[at : at + size], "big")


def little(data: bytes, at: int, size: int = 2) -> int:
    """Return the number at an offset, least significant byte first."""
    return int.from_bytes(data[at : at + size], "little")


def byte(data: bytes, at: int) -> int:
    """Return the byte at an offset, -1 after the end."""
    return data[at] if at < len(data) else -1


def does(*operations: str) -> Detail:
    """Return the detail of a message that does these things."""
    return Detail(frozenset(operations))
