"""ESP: whether its cipher is NULL, so that what it carries can be read by anybody."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import I64
from auditor.packets.candidates import Candidates
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader

_ESP = 50
# Packets of a direction that are looked at.
_LOOKS = 4
_HEAD = 8  # the index and the sequence number
_LEAST = 40
# Before the packet: nothing, or the vector of AES-GMAC (RFC 4543). After it: check values.
_VECTORS = (0, 8)
_CHECKS = (12, 16, 0, 24, 32)
_MOST_PADDING = 64
_TCP, _UDP, _ICMP = 6, 17, 1
_IPV4_FIRST, _IPV6_VERSION, _IPV6_HEAD, _IPV4_HEAD = 0x45, 6, 40, 20
_TCP_WORDS = range(5, 16)
_NULL = "ESP with a NULL cipher: the packets in it can be read"
_SEALED = "ESP: no packet can be read in it, as it could with a NULL cipher (RFC 5879)"
_UNTOLD = "ESP of which too little was captured to tell a NULL cipher"


class _Hearer(Hearer):
    transports = (_ESP,)

    def choose(self, candidates: Candidates) -> I64:
        rows = np.flatnonzero(candidates.payloads.protocol == _ESP)
        return rows[candidates.payloads.nth[rows] < _LOOKS]

    def hear(self, message: Message, ledger: Ledger) -> int:
        note = ledger.application(message.flow, "esp")
        if any(_is_clear(message.data, vector, cut=message.cut) for vector in _VECTORS):
            note.expose(_NULL)
        elif message.cut or len(message.data) < _LEAST:
            note.why = note.why or _UNTOLD
        else:
            note.seal(_SEALED)
        return 0


def _is_clear(data: bytes, vector: int, *, cut: bool) -> bool:
    """Return whether a packet is to be read after a vector of this length."""
    inner = data[_HEAD + vector :]
    if len(inner) < _IPV4_HEAD:
        return False
    if inner[0] == _IPV4_FIRST:
        return _sum(inner[:_IPV4_HEAD]) == 0xFFFF  # noqa: PLR2004 - a checksum that holds
    if inner[0] >> 4 == _IPV6_VERSION and not cut:
        rest = len(inner) - _IPV6_HEAD - int.from_bytes(inner[4:6], "big")
        return 0 < rest <= _MOST_PADDING + 2 + max(_CHECKS) and inner[6] in {_TCP, _UDP, 58}
    return not cut and any(_is_transport(inner, check) for check in _CHECKS)


def _is_transport(inner: bytes, check: int) -> bool:
    """Return whether a trailer (RFC 4303, 2.4) stands before a check value, and fits."""
    at = len(inner) - check - 2
    padding = inner[at] if at > 0 else _MOST_PADDING
    size = at - padding
    if padding >= _MOST_PADDING or size < _HEAD:
        return False
    if inner[size:at] != bytes(range(1, padding + 1)):
        return False
    carried, following = inner[:size], inner[at + 1]
    if following == _UDP:
        return int.from_bytes(carried[4:6], "big") == size
    if following == _ICMP:
        return _sum(carried) == 0xFFFF  # noqa: PLR2004 - likewise
    # A TCP header without reserved bits and without urgent data.
    return (
        following == _TCP
        and size >= _IPV4_HEAD
        and carried[12] >> 4 in _TCP_WORDS
        and not carried[12] & 15
        and carried[18:20] == b"\0\0"
    )


def _sum(data: bytes) -> int:
    """Return the sum of a checksum (RFC 1071)."""
    total = sum(
        int.from_bytes(data[n : n + 2].ljust(2, b"\0"), "big") for n in range(0, len(data), 2)
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


READER = NameReader(title="ESP", specification="RFC 4303, RFC 2410, RFC 5879", begin=_Hearer)
