"""Puts flows' ends in order: who initiated, what became of them, addresses as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditor.evidence.traffic import TcpState
from auditor.packets._spelled import address
from auditor.packets.batch import I64, U64, Bools, marked
from auditor.packets.listening import FlowEnds
from auditor.packets.paths import Path

if TYPE_CHECKING:
    from auditor.packets.flows import FlowTable

_TCP = 6
_PORTED = (6, 17, 33, 132, 136)
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
_SERVES = marked(65536, (*range(1024), *SERVER_PORTS))
_IPV4, _IPV6 = 4, 6
# How many bytes the addresses of an IP version have, and (0) those of a frame.
_SIZES = {_IPV4: 4, _IPV6: 16, 0: 6}
_CLASS_D, _ALL_ONES = 0xE, 0xFF
# Flows that are put in order at once: enough for columns, few enough to cost no memory.
_AT_ONCE = 1024


class _Side(NamedTuple):
    """One end of each of many flows: `at` is its direction in the table's columns."""

    at: I64
    high: U64
    low: U64
    port: I64
    seen: I64
    order: I64
    spoke: Bools


def speakers(table: FlowTable, flow: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return the address and port of both ends of a flow's key."""
    high, low, other_high, other_low, ports, around = table.key_words()[flow].tolist()
    version = around & 0xFF
    return (
        (_address(version, high, low), ports >> 48),
        (_address(version, other_high, other_low), ports >> 32 & 0xFFFF),
    )


def all_ends(table: FlowTable) -> Iterator[tuple[int, FlowEnds]]:
    """Yield every flow with its number, in the order of their first packets in the file."""
    first = table.column("order").reshape(-1, 2).min(axis=1)
    flows = first.argsort(kind="stable")
    for start in range(0, len(flows), _AT_ONCE):
        some = flows[start : start + _AT_ONCE]
        yield from zip(some.tolist(), ends(table, some), strict=True)


def ends(table: FlowTable, flows: I64) -> Iterator[FlowEnds]:
    """Yield flows with their initiators first, as known by now."""
    words = table.key_words()[flows]
    protocol = (words[:, 4] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    version = (words[:, 5] & np.uint64(0xFF)).astype(np.int64)
    first: I64 = np.zeros(len(flows), np.int64)
    a, b = _side(table, flows, words, first), _side(table, flows, words, first + 1)
    swapped, known = _second_initiated(a, b, protocol, version)
    side = swapped.astype(np.int64)
    out, back = _side(table, flows, words, side), _side(table, flows, words, 1 - side)
    around = [table.paths[path] for path in (words[:, 5] >> np.uint64(8)).tolist()]
    turns = zip(around, swapped.tolist(), strict=True)
    states = np.where(protocol == _TCP, _states(out, back), 0)

    def both(name: str) -> tuple[I64, I64]:
        return table.column(name)[out.at], table.column(name)[back.at]

    columns = (
        _addresses(version, out.high, out.low), _addresses(version, back.high, back.low),
        out.port.tolist(), back.port.tolist(), protocol.tolist(),
        *(column.tolist() for name in ("packets", "bytes", "data") for column in both(name)),
        np.minimum(*both("first")).tolist(), np.maximum(*both("last")).tolist(),
        [_STATES[state] for state in states.tolist()], known.tolist(),
        [path.tunnels for path in around], [path.vlans for path in around],
        [_carriers(path, turned=turned) for path, turned in turns],
    )  # fmt: skip
    return starmap(FlowEnds, zip(*columns, strict=True))


def _side(table: FlowTable, flows: I64, words: U64, side: I64) -> _Side:
    """Return one end of each flow: the first or the second of its key, as `side` says."""
    at = flows * 2 + side
    row = np.arange(len(flows))
    port = words[:, 4] >> np.where(side, 32, 48).astype(np.uint64) & np.uint64(0xFFFF)
    return _Side(
        at,
        words[row, side * 2],
        words[row, side * 2 + 1],
        port.astype(np.int64),
        table.column("seen")[at],
        table.column("order")[at],
        table.column("packets")[at] > 0,
    )


def _second_initiated(a: _Side, b: _Side, protocol: I64, version: I64) -> tuple[Bools, Bools]:
    """Say whether the second end initiated, and whether that is known or only likely.

    It is who spoke first, unless that was a server's port speaking to one that is none.
    """
    b_first = b.order < a.order
    a_serves, b_serves = _SERVES[a.port], _SERVES[b.port]
    from_server = np.where(b_first, b_serves & ~a_serves, a_serves & ~b_serves)
    to_many = np.where(b_first, _is_many(version, a), _is_many(version, b))
    answer = np.isin(protocol, _PORTED) & from_server & ~to_many
    tcp_swapped, tcp_known = _tcp_second_initiated(a, b)
    tcp = protocol == _TCP
    return np.where(tcp, tcp_swapped, b_first ^ answer), np.where(tcp, tcp_known, ~answer)


def _tcp_second_initiated(a: _Side, b: _Side) -> tuple[Bools, Bools]:
    """Go by the handshake; without one by the ports: a server's are known, or lower."""
    a_syn, b_syn = (a.seen & _SYN) != 0, (b.seen & _SYN) != 0
    a_answered, b_answered = (a.seen & _SYN_ACK) != 0, (b.seen & _SYN_ACK) != 0
    a_serves, b_serves = _SERVES[a.port], _SERVES[b.port]
    b_first = b.order < a.order
    swapped = np.select(
        [
            a_syn != b_syn,
            a_syn,  # both: opened from both ends at once (RFC 9293, 3.5)
            a_answered != b_answered,
            a_serves != b_serves,
            a.port != b.port,
        ],
        [b_syn, b_first, a_answered, a_serves, b.port > a.port],
        b_first,
    )
    return swapped, a_syn | b_syn | (a_answered != b_answered)


def _is_many(version: I64, end: _Side) -> Bools:
    """Say whether an address is a group's or everybody's: such an end never initiates."""
    low, high = end.low, end.high >> np.uint64(56)
    four = (low >> np.uint64(28) == _CLASS_D) | (low & np.uint64(0xFF) == _ALL_ONES)
    many: Bools = np.where(version == _IPV4, four, (version == _IPV6) & (high == _ALL_ONES))
    return many


_STATES: tuple[TcpState, ...] = (
    "", "partial", "attempt", "refused", "established", "closed", "reset"
)  # fmt: skip


def _states(out: _Side, back: _Side) -> I64:
    """Return what became of TCP connections, as places in `_STATES`; `out` initiated them."""
    opened = (out.seen & _SYN) != 0
    accepted = (back.seen & (_SYN_ACK | _SYN)) != 0
    reset = ((out.seen | back.seen) & _RST) != 0
    closed = (out.seen & back.seen & _FIN) != 0
    of = _STATES.index
    states: I64 = np.select(
        [
            accepted & reset,
            accepted & closed,
            # An answer to a SYN that was not captured, or a connection that is still open.
            accepted & (opened | out.spoke),
            accepted | ~opened,
            (back.seen & _RST) != 0,
            back.spoke,
        ],
        [of("reset"), of("closed"), of("established"), of("partial"), of("refused"), of("partial")],
        of("attempt"),
    )
    return states


def _carriers(around: Path, *, turned: bool) -> tuple[tuple[str, str], ...]:
    """Return the ends of tunnels, that on the initiator's side first."""
    if not around.carriers:
        return ()
    texts = ((address(here), address(there)) for here, there in around.carriers)
    return tuple((there, here) if turned else (here, there) for here, there in texts)


def _addresses(version: I64, high: U64, low: U64) -> list[str]:
    """Return addresses as text."""
    raw = np.stack((high, low), 1).astype(">u8").view(np.uint8)
    texts = np.empty(len(raw), np.object_)
    for number, size in _SIZES.items():
        rows = np.flatnonzero(version == number)
        if len(rows):
            some = np.ascontiguousarray(raw[rows, -size:]).view(f"V{size}").ravel()
            texts[rows] = [address(one) for one in some.tolist()]
    listed: list[str] = texts.tolist()
    return listed


def _address(version: int, high: int, low: int) -> str:
    return address((high << 64 | low).to_bytes(_SIZES[version], "big"))
