"""Sorts the signatures of a transport, so that most payloads are nobody's by a few columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.packets.batch import I64, U32
from auditor.packets.candidates import TCP
from auditor.packets.industrial._signature import Signature
from auditor.packets.listening import Payloads

_ANY_PORT = 1 << 16


class Transport:
    """The signatures of a transport: by first byte (a bit each), and by port (a bit each)."""

    def __init__(self, number: int, signatures: Sequence[Signature]) -> None:
        """Sort the signatures that are spoken over the transport of a number."""
        self.number, tcp = number, number == TCP
        self.by_first: U32 = np.zeros(256, np.uint32)
        self.by_port: U32 = np.zeros(_ANY_PORT, np.uint32)
        self.anything: list[int] = []
        for place, signature in enumerate(signatures):
            if not (signature.on_tcp if tcp else signature.on_udp):
                continue
            bit = np.uint32(1 << place)
            self.by_port[list(signature.tcp if tcp else signature.udp)] |= bit
            if signature.firsts:
                self.by_first[list(signature.firsts)] |= bit
            else:
                self.anything.append(place)

    def signatures(self, payloads: Payloads, at: I64) -> U32:
        """Return the signatures that have a port of some rows (a bit each)."""
        return self.by_port[payloads.sport[at]] | self.by_port[payloads.dport[at]]
