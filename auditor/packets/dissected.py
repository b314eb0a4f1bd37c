"""One packet that the slow path understood, as the flow table takes it."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

# Protocol numbers of layer-2 frames begin here: `LAYER_2 | EtherType`.
LAYER_2 = 0x10000


class Fragment(Struct, frozen=True, gc=False):
    """A packet is part of a datagram: `offset` bytes into it, and whether more follow."""

    identity: int
    offset: int
    more: bool


class Dissected(Struct, frozen=True, gc=False):
    """The innermost IP packet (`version` 4 or 6), or a layer-2 industrial frame (`version` 0).

    Addresses are 4, 16 or (layer 2) 6 bytes. `protocol` is that after extension headers;
    `LAYER_2 | EtherType` for a frame. `ip_bytes` counts the IP header, of a frame what follows
    the EtherType. `payload` is what was captured, `payload_size` its length on the wire.
    `vlans` and `tunnels` are outer to inner; VLAN 0 (a priority tag) is left out. `carriers` are
    the (source, destination) of this packet in each tunnel that has IP addresses, outer to inner.
    """

    version: int
    src: bytes
    dst: bytes
    protocol: int
    sport: int
    dport: int
    ip_bytes: int
    payload: bytes
    payload_size: int
    tcp_flags: int = 0
    seq: int = 0
    vlans: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    fragment: Fragment | None = None
    carriers: tuple[tuple[bytes, bytes], ...] = ()


class Placed(NamedTuple):
    """A packet that is a flow's: `time` in nanoseconds since 1970, `order` from 0 in the file."""

    packet: Dissected
    time: int
    order: int
