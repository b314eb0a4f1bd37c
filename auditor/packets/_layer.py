"""Where the slow path stands in a packet, and what it takes the rest to be."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from auditor.packets.skips import Skip

# What a rest may be beside an EtherType (16 bits): each needs a reader of its own.
IP = 0x1_0000  # its first four bits say which version
FRAME = 0x1_0001  # an Ethernet frame
PPP = 0x1_0002
LLC = 0x1_0003
WLAN = 0x1_0004
IPV4, IPV6, MPLS, PPPOE = 0x0800, 0x86DD, 0x8847, 0x8864
# Smaller numbers in an EtherType's place are lengths (IEEE 802.3), or nothing.
FIRST_ETHERTYPE = 0x0600
V4, V6 = 4, 6


class Layer(Struct, frozen=True, gc=False):
    """The rest of a packet: captured is `data[at:end]`; on the wire it went on to `last`.

    `macs` are the destination and the source of the innermost Ethernet header. `exact`: a port
    alone says that this is in a tunnel, so an IP packet must be all in it.
    """

    data: bytes
    at: int
    end: int
    last: int
    macs: bytes = bytes(12)
    vlans: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    carriers: tuple[tuple[bytes, bytes], ...] = ()
    exact: bool = False

    @property
    def here(self) -> int:
        """Return how many bytes were captured."""
        return self.end - self.at

    @property
    def size(self) -> int:
        """Return how many bytes there were on the wire."""
        return self.last - self.at

    def holds(self, size: int) -> bool:
        """Whether so many bytes were captured."""
        return self.end - self.at >= size

    def byte(self, offset: int) -> int:
        """Return a byte that was captured."""
        return self.data[self.at + offset]

    def word(self, offset: int) -> int:
        """Return two bytes that were captured, the greater first."""
        at = self.at + offset
        return self.data[at] << 8 | self.data[at + 1]

    def number(self, offset: int, size: int) -> int:
        """Return some bytes as a number, the greatest first; fewer where they were not captured."""
        at = self.at + offset
        return int.from_bytes(self.data[at : min(at + size, self.end)], "big")

    def cut(self, offset: int, size: int) -> bytes:
        """Return some bytes, as many as were captured."""
        at = self.at + offset
        return self.data[at : min(at + size, self.end)]

    def lacks(self, size: int) -> Skip | None:
        """Return why a link header of this size is not all there; `None` where it is."""
        if self.end - self.at >= size:
            return None
        return Skip.BAD_LINK if self.last - self.at < size else Skip.CUT_LINK

    def after(self, size: int) -> Layer:
        """Return what follows so many bytes."""
        return Layer(
            self.data, self.at + size, self.end, self.last, self.macs, self.vlans, self.tunnels,
            self.carriers, self.exact,
        )  # fmt: skip

    def first(self, size: int) -> Layer:
        """Return no more than so many bytes."""
        last = self.at + size
        return self if self.last <= last else replace(self, end=min(self.end, last), last=last)

    def between(self, macs: bytes) -> Layer:
        """Return this rest as being between two stations."""
        return replace(self, macs=macs)

    def through(self, tunnel: str) -> Layer:
        """Return this rest as being in a tunnel that has no IP addresses of its own."""
        return replace(self, tunnels=(*self.tunnels, tunnel))


class Next(Struct, frozen=True, gc=False):
    """What comes after a header: `kind` is an EtherType or one of those above."""

    kind: int
    layer: Layer
