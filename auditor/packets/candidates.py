"""Says which payloads of a batch may begin a message, by columns: the others cost nothing more."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from auditor.packets.batch import I32, I64, U8, U16, U64, Bools
from auditor.packets.listening import Payloads

TCP, UDP = 6, 17
_HIGHEST = 63


class Rows:
    """Some payloads, as columns: `at` are their rows in the batch."""

    def __init__(self, payloads: Payloads, at: I64) -> None:
        """Take the rows `at` of a batch."""
        self.at = at
        self._payloads = payloads

    @cached_property
    def head(self) -> U64:
        """Return the first eight bytes, as numbers."""
        head: U64 = self._payloads.head[self.at]
        return head

    @cached_property
    def first(self) -> U8:
        """Return the first bytes."""
        first: U8 = (self.head >> np.uint64(56)).astype(np.uint8)
        return first

    @cached_property
    def protocol(self) -> I32:
        """Return the transports."""
        protocol: I32 = self._payloads.protocol[self.at]
        return protocol

    @cached_property
    def nth(self) -> I64:
        """Return how many payloads each direction had before."""
        nth: I64 = self._payloads.nth[self.at]
        return nth

    @cached_property
    def length(self) -> I64:
        """Return the lengths as captured."""
        length: I64 = self._payloads.length[self.at]
        return length

    @cached_property
    def sport(self) -> U16:
        """Return the ports of who speaks."""
        sport: U16 = self._payloads.sport[self.at]
        return sport

    @cached_property
    def dport(self) -> U16:
        """Return the ports of the other end."""
        dport: U16 = self._payloads.dport[self.at]
        return dport

    def some(self, places: I64) -> Rows:
        """Return those at some places."""
        return Rows(self._payloads, self.at[places])

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
        below: U64 = self.head >> np.uint64(low)
        return below if high == _HIGHEST else below & np.uint64((1 << (high - low + 1)) - 1)


class Candidates:
    """A batch's payloads by transport."""

    def __init__(self, payloads: Payloads) -> None:
        """Split a batch."""
        self.payloads = payloads
        self.tcp = Rows(payloads, np.flatnonzero(payloads.protocol == TCP))
        self.udp = Rows(payloads, np.flatnonzero(payloads.protocol == UDP))
