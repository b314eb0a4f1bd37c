"""Capture files: pcap in its four forms and pcapng, as a list of chunks of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct, pack
from typing import NamedTuple

from tests.captures.stage import Packet


class Interface(NamedTuple):
    """One interface of a pcapng: link type, name, units a second (a power of ten), snap length."""

    link: int = 1
    name: str = ""
    digits: int = 9
    snap: int = 0
    offset: int = 0


def pcap(
    packets: Iterable[Packet], *, link: int = 1, nano: bool = True, order: str = "<",
    snap: int = 262144, zone: int = 0,
) -> Iterator[bytes]:  # fmt: skip
    """Yield a pcap file. Microseconds lose the rest of each time."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    yield pack(f"{order}IHHiIII", magic, 2, 4, zone, 0, snap, link)
    unit = 1 if nano else 1000
    head = Struct(f"{order}IIII").pack
    chunk: list[bytes] = []
    for time, data, _interface, lost in packets:
        seconds, rest = divmod(time, 1_000_000_000)
        size = len(data)
        if size > snap:
            chunk += (head(seconds, rest // unit, snap, size + lost), data[:snap])
        else:
            chunk += (head(seconds, rest // unit, size, size + lost), data)
        if len(chunk) >= 8192:
            yield b"".join(chunk)
            chunk = []
    yield b"".join(chunk)


def _option(order: str, code: int, value: bytes) -> bytes:
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(order: str, kind: int, body: bytes) -> bytes:
    """Return one block of a pcapng."""
    body += bytes(-len(body) % 4)
    size = 12 + len(body)
    return pack(f"{order}II", kind, size) + body + pack(f"{order}I", size)


def section(order: str = "<", comment: str = "") -> bytes:
    """Return a section header of unknown length."""
    options = _option(order, 1, comment.encode()) if comment else b""
    options += _option(order, 4, b"made by tests") + bytes(4)
    return block(order, 0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def interface(order: str, face: Interface) -> bytes:
    """Return the description of an interface."""
    options = _option(order, 2, face.name.encode()) if face.name else b""
    if face.digits != 6:
        options += _option(order, 9, bytes([face.digits]))
    if face.offset:
        options += _option(order, 14, pack(f"{order}q", face.offset))
    options += bytes(4) if options else b""
    return block(order, 1, pack(f"{order}HHI", face.link, 0, face.snap) + options)


def pcapng(
    packets: Iterable[Packet], *, interfaces: Sequence[Interface] = (Interface(),),
    order: str = "<", comment: str = "", dropped: int | None = None, simple: bool = False,
) -> Iterator[bytes]:  # fmt: skip
    """Yield a pcapng file; `simple` writes packets without times (simple packet blocks)."""
    yield section(order, comment)
    for face in interfaces:
        yield interface(order, face)
    last = 0
    for number, (time, data, which, lost) in enumerate(packets):
        face = interfaces[which]
        last = time
        taken = data[: face.snap] if face.snap else data
        if simple:
            yield block(order, 3, pack(f"{order}I", len(data) + lost) + taken)
            continue
        ticks = (time - face.offset * 1_000_000_000) // 10 ** (9 - face.digits)
        head = pack(
            f"{order}IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(taken), len(data) + lost
        )
        body = head + taken + bytes(-len(taken) % 4)
        if comment and number == 0:
            body += _option(order, 1, comment.encode()) + bytes(4)
        yield block(order, 6, body)
    if dropped is not None:
        ticks = last // 1000
        options = (
            _option(order, 4, pack(f"{order}Q", 1000))
            + _option(order, 5, pack(f"{order}Q", dropped))
            + bytes(4)
        )
        yield block(order, 5, pack(f"{order}III", 0, ticks >> 32, ticks & 0xFFFFFFFF) + options)
