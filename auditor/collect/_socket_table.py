"""Reads the kernel's socket tables, `/proc/<pid>/net/{tcp,tcp6,udp,udp6}` (proc(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from msgspec import Struct

from auditor.collect._byte_order import ByteOrder

Protocol = Literal["tcp", "udp"]

# include/net/tcp_states.h; a datagram socket that is not connected is in state 7.
STATES = {
    1: "ESTABLISHED",
    2: "SYN_SENT",
    3: "SYN_RECV",
    4: "FIN_WAIT1",
    5: "FIN_WAIT2",
    6: "TIME_WAIT",
    7: "CLOSE",
    8: "CLOSE_WAIT",
    9: "LAST_ACK",
    10: "LISTEN",
    11: "CLOSING",
    12: "NEW_SYN_RECV",
    13: "BOUND_INACTIVE",
}
_END = r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})"
_LINE = re.compile(
    rf"^\s*\d+: {_END} {_END} ([0-9A-F]{{2}}) \S+ \S+ \S+ +(?P<uid>\d+) +\d+ (?P<inode>\d+)(?: |$)"
)


class Socket(Struct, frozen=True, kw_only=True):
    """A socket: `inode` 0 is one that no process holds any more (TIME_WAIT)."""

    protocol: Protocol
    local: str
    local_port: int
    remote: str
    remote_port: int
    state: str
    inode: int

    @property
    def listens(self) -> bool:
        """Whether anybody may send to it: a listening one, or a datagram socket without peer."""
        if self.protocol == "tcp":
            return self.state == "LISTEN"
        return self.remote_port == 0 and self.local_port != 0

    @property
    def family(self) -> Literal["ipv4", "ipv6"]:
        """The family of the local address."""
        return "ipv6" if ":" in self.local else "ipv4"


class Malformed(Struct, frozen=True):
    """A line (counted from 1) that is none of the table's."""

    line: int


def parse(text: str, protocol: Protocol, order: ByteOrder) -> Iterator[Socket | Malformed]:
    """Yield the sockets of one table; the first line is its heading.

    The kernel ends every line, so that a last one without its end was cut off: whatever stood
    behind it is not known.
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        whole = line.endswith("\n")
        if whole and (number == 1 or not line.strip()):
            continue
        match = _LINE.match(line) if whole else None
        if match is None:
            yield Malformed(number)
            continue
        state = int(match[5], 16)
        yield Socket(
            protocol=protocol,
            local=address(match[1], order),
            local_port=int(match[2], 16),
            remote=address(match[3], order),
            remote_port=int(match[4], 16),
            state=STATES.get(state, f"STATE_{state}"),
            inode=int(match["inode"]),
        )


def address(digits: str, order: ByteOrder) -> str:
    """Return an address that the kernel printed as words of its own byte order.

    An IPv4-mapped IPv6 address is shown as the IPv4 address that it is on the wire.
    """
    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    raw = b"".join(word.to_bytes(4, order) for word in words)
    if len(words) == 1:
        return str(IPv4Address(raw))
    six = IPv6Address(raw)
    return str(six.ipv4_mapped or six)
