"""Says which payloads of a batch may begin a message, by columns: the others cost nothing more."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import I64, U8, U16, U64, Bools
from auditor.packets.listening import Payloads

TCP, UDP = 6, 17


class Rows:
    """The payloads of one transport, as columns: `at` are their rows in the batch."""

    def __init__(self, payloads: Payloads, at: I64) -> None:
        """Take the rows `at` of a batch."""
        self.at = at
        self.head: U64 = payloads.head[at]
        self.first: U8 = (self.head >> np.uint64(56)).astype(np.uint8)
        self.nth: I64 = payloads.nth[at]
        self.length: I64 = payloads.length[at]
        self.sport: U16 = payloads.sport[at]
        self.dport: U16 = payloads.dport[at]

    def chosen(self, wanted: Bools | I64) -> I64:
        """Return the batch's rows where `wanted` is true, or that it numbers."""
        rows: I64 = self.at[wanted]
        return rows

    def on_port(self, *ports: int) -> Bools:
        """Return where either end has one of the ports."""
        wanted = np.zeros(len(self.at), np.bool_)
        for port in ports:
            wanted |= self.sport == port
            wanted |= self.dport == port
        return wanted

    def bits(self, high: int, low: int) -> U64:
        """Return bits `high` to `low` of the heads (63 is the first byte's first bit)."""
        mask = np.uint64((1 << (high - low + 1)) - 1)
        return (self.head >> np.uint64(low)) & mask


class Candidates:
    """A batch's payloads by transport. Packets of no flow (the table was full) are left out."""

    def __init__(self, payloads: Payloads) -> None:
        """Split a batch."""
        placed = payloads.flow >= 0
        self.payloads = payloads
        self.tcp = Rows(payloads, np.flatnonzero(placed & (payloads.protocol == TCP)))
        self.udp = Rows(payloads, np.flatnonzero(placed & (payloads.protocol == UDP)))
