"""ISO transport over TCP: TPKT (RFC 1006) and the data of COTP (RFC 905, ISO 8073 class 0)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import big

TPKT_FIRST = 3
_VERSION = 0x0300  # and a byte that is reserved
_HEAD = 4
# Kinds of COTP: connection request, confirmation, disconnect request, data.
CONNECT = frozenset({0xE0, 0xD0})
_DATA = 0xF0
_MOST = 64


def chooses(rows: Rows) -> Bools:
    """Return which payloads may begin with a message."""
    chosen: Bools = rows.bits(63, 48) == _VERSION
    return chosen


def messages(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield the COTP kind of each message, what it carries and how long that is on the wire.

    Of a connection it is the parameters. The last may be cut. Ends where the framing does not hold.
    """
    at = 0
    for _each in range(_MOST):
        if data[at : at + 2] != b"\x03\0" or len(data) < at + _HEAD + 2:
            return
        size, head = big(data, at + 2), data[at + _HEAD]
        if size < _HEAD + 1 + head or head < 2:  # noqa: PLR2004 - the shortest header
            return
        kind = data[at + _HEAD + 1] & 0xF0
        if kind == _DATA:
            start = at + _HEAD + 1 + head
            yield kind, data[start : at + size], size - _HEAD - 1 - head
        else:
            yield kind, data[at + _HEAD + 2 : at + _HEAD + 1 + head], head - 1
        at += size
