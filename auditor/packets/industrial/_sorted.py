"""Sorts signatures, so that most payloads are nobody's by a few columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.packets.batch import I64, U32
from auditor.packets.candidates import UDP, Rows
from auditor.packets.industrial._signature import Signature
from auditor.packets.listening import Payloads

_BYTES, _PORTS = 1 << 8, 1 << 16


class Sorted:
    """Signatures (a bit each) by first byte and by port: over TCP, then over UDP."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """Sort signatures; those of `anything` list no first byte."""
        self.anything: tuple[int, ...] = tuple(
            number
            for number, signature in enumerate(signatures)
            if (signature.on_tcp or signature.on_udp) and not signature.firsts
        )
        self._by_first: U32 = np.zeros(2 * _BYTES, np.uint32)
        self._by_port: U32 = np.zeros(2 * _PORTS, np.uint32)
        self._spoken: U32 = np.zeros(2, np.uint32)
        for number, signature in enumerate(signatures):
            bit = np.uint32(1 << number)
            if signature.on_tcp:
                self._spoken[0] |= bit
                self._by_first[list(signature.firsts)] |= bit
                self._by_port[list(signature.tcp)] |= bit
            if signature.on_udp:
                self._spoken[1] |= bit
                self._by_first[[_BYTES + first for first in signature.firsts]] |= bit
                self._by_port[[_PORTS + port for port in signature.udp]] |= bit

    def by_port(self, payloads: Payloads, at: I64) -> U32:
        """Return the signatures that have a port of either end of some rows."""
        table = (payloads.protocol[at] == UDP) * _PORTS
        found: U32 = self._by_port[payloads.sport[at] + table]
        found |= self._by_port[payloads.dport[at] + table]
        return found

    def by_first(self, rows: Rows) -> U32:
        """Return the signatures that list the first byte of some rows."""
        listed: U32 = self._by_first[rows.first + (rows.protocol == UDP) * _BYTES]
        return listed

    def spoken(self, rows: Rows) -> U32:
        """Return the signatures that are spoken over the transport of some rows."""
        spoken: U32 = self._spoken[(rows.protocol == UDP).astype(np.intp)]
        return spoken
