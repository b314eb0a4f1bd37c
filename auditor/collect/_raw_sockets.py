"""Reads the sockets that bypass TCP and UDP: `/proc/net/{packet,raw,raw6,icmp,icmp6}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.collect._byte_order import ByteOrder
from auditor.collect._network_namespaces import has_ended
from auditor.collect._reading import Reading
from auditor.collect._socket_table import Malformed, Socket, parse
from auditor.host import MIB, Absent, Unreadable

_LIMIT = 8 * MIB
# net/packet/af_packet.c: sk, RefCnt, Type, Proto, Iface, R, Rmem, User, Inode.
_PACKET = re.compile(
    r"[0-9a-fA-F]+ +\d+ +\d+ +([0-9a-fA-F]{1,8}) +(\d{1,10}) +\d+ +\d+ +\d+ +(\d{1,20})"
)
_TABLES: tuple[tuple[str, Literal["raw", "icmp"]], ...] = (
    ("raw", "raw"),
    ("raw6", "raw"),
    ("icmp", "icmp"),
    ("icmp6", "icmp"),
)
READS = ("/proc/*/net/packet", "/proc/*/net/protocols",
         *(f"/proc/*/net/{name}" for name, _ in _TABLES))  # fmt: skip


class Bypass(Struct, frozen=True, kw_only=True):
    """A socket that bypasses TCP and UDP, and the file that it stands in."""

    socket_type: Literal["packet", "raw", "icmp"]
    family: Literal["packet", "ipv4", "ipv6"]
    protocol: int
    interface: int
    inode: int
    source: str


def raw_sockets(reading: Reading, folder: str, order: ByteOrder) -> Iterator[Bypass]:
    """Yield those of the namespace that `folder` shows."""
    yield from _packets(reading, folder)
    for name, socket_type in _TABLES:
        path = f"{folder}/{name}"
        for socket in parse(_table(reading, path, folder), "udp", order):
            if isinstance(socket, Malformed):
                reading.malformed(path, socket.line, "not a line of a socket table")
            else:
                yield _raw(socket, socket_type, path)


def _raw(socket: Socket, socket_type: Literal["raw", "icmp"], path: str) -> Bypass:
    return Bypass(
        socket_type=socket_type,
        family=socket.family,
        # Of a raw socket the local port is the protocol, of a ping socket its identifier.
        protocol=socket.local_port if socket_type == "raw" else 1,
        interface=0,
        inode=socket.inode,
        source=path,
    )


def _packets(reading: Reading, folder: str) -> Iterator[Bypass]:
    path = f"{folder}/packet"
    lines = _table(reading, path, folder).splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if number == 1 and line.startswith("sk "):
            continue
        match = _PACKET.fullmatch(line.strip()) if line.endswith("\n") else None
        if match is None:
            reading.malformed(path, number, "not a line of the packet socket table")
            continue
        yield Bypass(
            socket_type="packet",
            family="packet",
            protocol=int(match[1], 16),
            interface=int(match[2]),
            inode=int(match[3]),
            source=path,
        )


def _table(reading: Reading, path: str, folder: str) -> str:
    """Return a table; one that the kernel must have and that is not there is a gap."""
    try:
        return reading.host.read(path, limit=_LIMIT).decode("ascii", "replace")
    except Absent as error:
        if not has_ended(reading.host, folder) and _must_be(reading, path, folder):
            reading.miss(path, error.reason, error.detail)
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
    return ""


def _must_be(reading: Reading, path: str, folder: str) -> bool:
    """Return whether the kernel has the protocol: packet sockets and IPv6 may be left out of it."""
    if path.endswith("6"):
        return not reading.absent(f"{folder}/if_inet6")
    if not path.endswith("/packet"):
        return True
    try:
        text = reading.host.read(f"{folder}/protocols", limit=65536).decode("ascii", "replace")
    except Unreadable:
        return True
    return re.search(r"^PACKET\s", text, re.MULTILINE) is not None
