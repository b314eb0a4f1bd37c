"""Puts a flow's ends in order: who initiated, what became of it, addresses as text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, NamedTuple

from auditor.evidence.traffic import TcpState
from auditor.packets.listening import FlowEnds

if TYPE_CHECKING:
    from auditor.packets.flows import FlowTable

_TCP = 6
_PORTED = frozenset({6, 17, 33, 132, 136})
_FIN, _SYN, _RST, _SYN_ACK = 1, 2, 4, 8

# Ports from 1024 up that a server listens on: what comes from one of them, to a port that is
# none, is an answer. The registered ports of what this package reads names or signatures of.
SERVER_PORTS = frozenset(
    {
        1433, 1521, 1812, 1813, 1883, 2152, 2222, 2375, 2404, 3306, 3389, 3478, 4784, 4840, 4843,
        5007, 5094, 5353, 5355, 5432, 5671, 5672, 5683, 5684, 5900, 6379, 8080, 8443, 8883, 9092,
        9200, 9600, 11211, 20000, 27017, 34962, 34963, 34964, 34980, 44818, 47808, 51820,
    }
)  # fmt: skip
_RESERVED = 1024
_IPV4, _IPV6 = 4, 6
_CLASS_D, _ALL_ONES = 0xE, 0xFF


class _Side(NamedTuple):
    """One end of a flow: its address, port, and what it sent."""

    high: int
    low: int
    port: int
    packets: int
    bytes: int
    data: int
    seen: int
    first: int
    last: int
    order: int


_COLUMNS = ("packets", "bytes", "data", "seen", "first", "last", "order")


def speaker(table: FlowTable, flow: int, side: int) -> tuple[str, int]:
    """Return the address and port of one end of a flow's key."""
    words = table.key_words()[flow].tolist()
    port = words[4] >> (32 if side else 48) & 0xFFFF
    return _address(words[5] & 0xFF, words[side * 2], words[side * 2 + 1]), port


def ends(table: FlowTable, flow: int) -> FlowEnds:
    """Return one flow with its initiator first, as known by now."""
    return _flow(
        table,
        table.key_words()[flow].tolist(),
        *(tuple(int(table.column(name)[flow * 2 + side]) for name in _COLUMNS) for side in (0, 1)),
    )


def all_ends(table: FlowTable) -> Iterator[tuple[int, FlowEnds]]:
    """Yield every flow with its number, in the order of their first packets in the file."""
    columns = [table.column(name).tolist() for name in _COLUMNS]
    rows = list(zip(*columns, strict=True))
    first = table.column("order").reshape(-1, 2).min(axis=1)
    words = table.key_words()
    for flow in first.argsort(kind="stable").tolist():
        yield flow, _flow(table, words[flow].tolist(), rows[flow * 2], rows[flow * 2 + 1])


def _flow(
    table: FlowTable, words: list[int], first: tuple[int, ...], second: tuple[int, ...]
) -> FlowEnds:
    """Return a flow of its key and of what both of its ends sent."""
    protocol = words[4] & 0xFFFFFFFF
    version = words[5] & 0xFF
    a = _Side(words[0], words[1], words[4] >> 48, *first)
    b = _Side(words[2], words[3], words[4] >> 32 & 0xFFFF, *second)
    swapped, known = _initiator_is_second(a, b, protocol, version)
    if swapped:
        a, b = b, a
    path = table.paths[words[5] >> 8]
    return FlowEnds(
        src=_address(version, a.high, a.low),
        dst=_address(version, b.high, b.low),
        src_port=a.port,
        dst_port=b.port,
        protocol=protocol,
        packets_out=a.packets,
        packets_in=b.packets,
        bytes_out=a.bytes,
        bytes_in=b.bytes,
        data_out=a.data,
        data_in=b.data,
        first=min(a.first, b.first),
        last=max(a.last, b.last),
        tcp_state=_state(a, b) if protocol == _TCP else "",
        initiator_known=known,
        tunnel=path.tunnels,
        vlan=path.vlans,
        carriers=tuple(
            (_text(there), _text(here)) if swapped else (_text(here), _text(there))
            for here, there in path.carriers
        ),
    )


def _initiator_is_second(a: _Side, b: _Side, protocol: int, version: int) -> tuple[bool, bool]:
    """Say whether the second end initiated, and whether that is known or only likely."""
    b_first = b.order < a.order
    if protocol == _TCP:
        return _tcp_initiator_is_second(a, b)
    speaker_, hearer = (b, a) if b_first else (a, b)
    if (
        protocol in _PORTED
        and _serves(speaker_.port)
        and not _serves(hearer.port)
        and not _is_many(version, hearer)
    ):
        return not b_first, False
    return b_first, True


def _tcp_initiator_is_second(a: _Side, b: _Side) -> tuple[bool, bool]:
    """Go by the handshake; without one by the ports: a server's are known, or lower."""
    a_syn, b_syn = bool(a.seen & _SYN), bool(b.seen & _SYN)
    if a_syn != b_syn:
        return b_syn, True
    if a_syn:  # both: opened from both ends at once (RFC 9293, 3.5)
        return b.order < a.order, True
    a_answered, b_answered = bool(a.seen & _SYN_ACK), bool(b.seen & _SYN_ACK)
    if a_answered != b_answered:
        return a_answered, True
    a_serves, b_serves = _serves(a.port), _serves(b.port)
    if a_serves != b_serves:
        return a_serves, False
    if a.port != b.port:
        return b.port > a.port, False
    return b.order < a.order, False


def _serves(port: int) -> bool:
    return port < _RESERVED or port in SERVER_PORTS


def _is_many(version: int, end: _Side) -> bool:
    """Say whether an address is a group's or everybody's: such an end never initiates."""
    if version == _IPV4:
        return end.low >> 28 == _CLASS_D or end.low & 0xFF == _ALL_ONES
    return version == _IPV6 and end.high >> 56 == _ALL_ONES


def _state(out: _Side, back: _Side) -> TcpState:
    """Return what became of a TCP connection; `out` is what the initiator sent."""
    opened = out.seen & _SYN
    if back.seen & _SYN_ACK or back.seen & _SYN:
        if (out.seen | back.seen) & _RST:
            return "reset"
        if out.seen & back.seen & _FIN:
            return "closed"
        # An answer to a SYN that was not captured, or a connection that is still open.
        return "established" if opened or out.packets else "partial"
    if not opened:
        return "partial"
    if back.seen & _RST:
        return "refused"
    return "partial" if back.packets else "attempt"


def _address(version: int, high: int, low: int) -> str:
    """Return an address as text: RFC 5952 for IPv6, colons for a MAC address."""
    if version == _IPV4:
        return f"{low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    if version == _IPV6:
        return _ipv6(high, low)
    return low.to_bytes(6, "big").hex(":")


def _text(address: bytes) -> str:
    number = int.from_bytes(address, "big")
    return _address({4: 4, 16: 6}.get(len(address), 0), number >> 64, number & (1 << 64) - 1)


@lru_cache(maxsize=1 << 14)
def _ipv6(high: int, low: int) -> str:
    return str(IPv6Address(high << 64 | low))
