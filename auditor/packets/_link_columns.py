"""Link headers of a batch: where IP begins, in which VLANs, and what is no IP packet."""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec import Struct

from auditor.packets.batch import I64, U16, Batch, Bools, marked
from auditor.packets.paths import Paths
from auditor.packets.skips import BY_ETHERTYPE

# Link types (the tcpdump group's list of LINKTYPE_ values).
NULL, ETHERNET, RAW, LOOP, LINUX_SLL, LINUX_SLL2 = 0, 1, 101, 108, 113, 276
_RAW_TYPES = {RAW, 12, 14}  # 12 and 14: DLT_RAW of some systems, written into files by mistake
_IPV4_TYPE, _IPV6_TYPE = 228, 229

_IPV4, _IPV6 = 0x0800, 0x86DD
_FOUR, _SIX = 4, 6  # the first four bits of an IP header
_TAGS = marked(65536, [0x8100, 0x88A8, 0x9100])
_FRAMES = marked(65536, [0x8892, 0x88A4, 0x88B8, 0x88BA])
_SKIPS = marked(65536, BY_ETHERTYPE)

# Address families of BSD's null and loop headers: IPv6 has a number of its own on each system.
_AF_INET = 2
_AF_INET6 = (10, 24, 28, 30)
# ARP hardware types in Linux' cooked header whose protocol field is no EtherType: netlink 824,
# GRE 778, FRAD 770, 802.11 with radiotap 803, and 802.11 alone 801, 802.
_COOKED_OTHERWISE = (770, 778, 801, 802, 803, 824)

_ETHERNET_HEADER = 14
_TAG = 4
_VLANS = 4096


class Link(Struct, frozen=True, kw_only=True):
    """`l3` is where a packet's IP header begins, from its own start; `path` its VLANs' number.

    `ipv4`, `ipv6`, `frames` (layer-2 industrial) and `odd` are indices of the batch.
    """

    l3: I64
    path: I64
    ethertype: U16
    ipv4: I64
    ipv6: I64
    frames: I64
    odd: I64
    skipped: Counter[str]


def read(batch: Batch, paths: Paths) -> Link:
    """Return what the link headers say; a link type that is not known here is odd as a whole."""
    if batch.link_type == ETHERNET:
        return _ethernet(batch, paths)
    if batch.link_type in _RAW_TYPES or batch.link_type in {_IPV4_TYPE, _IPV6_TYPE}:
        return _raw(batch)
    if batch.link_type in {NULL, LOOP}:
        return _loop(batch)
    if batch.link_type in {LINUX_SLL, LINUX_SLL2}:
        return _cooked(batch)
    everything = np.arange(len(batch))
    return _link(batch, everything[:0], np.zeros(len(batch), np.uint16), odd=everything >= 0)


def _ethernet(batch: Batch, paths: Paths) -> Link:
    """Return Ethernet II headers with up to two tags (IEEE 802.1Q, 802.1ad, 0x9100)."""
    ethertype = batch.heads.word(12)
    l3 = np.full(len(batch), _ETHERNET_HEADER, np.int64)
    path = np.zeros(len(batch), np.int64)
    odd: Bools = np.zeros(len(batch), np.bool_)
    tagged = np.flatnonzero(_TAGS[ethertype])
    if len(tagged):
        tags = batch.heads.part(tagged, _ETHERNET_HEADER, 8)
        second, third = tags.word(2), tags.word(6)
        twice = _TAGS[second]
        odd[tagged] = twice & _TAGS[third]
        ethertype[tagged] = np.where(twice, third, second)
        l3[tagged] += _TAG * (1 + twice)
        outer, inner = tags.word(0) & 0xFFF, np.where(twice, tags.word(4) & 0xFFF, 0)
        path[tagged] = _path_numbers(outer.astype(np.int64), inner.astype(np.int64), paths)
    return _link(batch, l3, ethertype, odd=odd, path=path)


def _path_numbers(outer: I64, inner: I64, paths: Paths) -> I64:
    """Return the chain's number of tags; VLAN 0 is a priority, not a VLAN.

    A table finds the numbers of one tag, which is faster than sorting; two are rare.
    """
    table = np.zeros(_VLANS, np.int64)
    for vlan in np.flatnonzero(np.bincount(outer)).tolist():
        table[vlan] = paths.number((vlan,)) if vlan else 0
    numbered = table[outer]
    double = np.flatnonzero(inner)
    if len(double):
        found, which = np.unique(outer[double] << 12 | inner[double], return_inverse=True)
        chains = [
            tuple(vlan for vlan in (tag >> 12, tag & 0xFFF) if vlan) for tag in found.tolist()
        ]
        numbered[double] = np.array([paths.number(chain) for chain in chains], np.int64)[which]
    return numbered


def _raw(batch: Batch) -> Link:
    """Return packets that begin with their IP header, whose version is its first four bits."""
    version = batch.heads.byte(0) >> 4
    ethertype = np.select([version == _FOUR, version == _SIX], [_IPV4, _IPV6], 0).astype(np.uint16)
    if batch.link_type == _IPV4_TYPE:
        ethertype[version != _FOUR] = 0
    if batch.link_type == _IPV6_TYPE:
        ethertype[version != _SIX] = 0
    return _link(batch, np.zeros(len(batch), np.int64), ethertype)


def _loop(batch: Batch) -> Link:
    """Return BSD loopback: an address family in the order of the machine that captured."""
    rows = batch.heads
    big, little = rows.long(0), rows.little(0)
    four = (big == _AF_INET) | (little == _AF_INET)
    six = np.isin(big, _AF_INET6) | np.isin(little, _AF_INET6)
    ethertype = np.select([four, six], [_IPV4, _IPV6], 0).astype(np.uint16)
    return _link(batch, np.full(len(batch), 4, np.int64), ethertype)


def _cooked(batch: Batch) -> Link:
    """Return Linux' cooked headers, version 1 (16 bytes) and 2 (20 bytes)."""
    rows = batch.heads
    first = batch.link_type == LINUX_SLL
    ethertype = rows.word(14 if first else 0)
    hardware = rows.word(2 if first else 8)
    l3 = np.full(len(batch), 16 if first else 20, np.int64)
    # A tag or an industrial frame here has no MAC pair: the slow path says what it is.
    odd = np.isin(hardware, _COOKED_OTHERWISE) | _FRAMES[ethertype]
    return _link(batch, l3, ethertype, odd=odd)


def _link(
    batch: Batch, l3: I64, ethertype: U16, *, odd: Bools | None = None, path: I64 | None = None
) -> Link:
    """Return packets sorted by EtherType; what is cut within the header or not known is odd."""
    count = len(batch)
    if not len(l3):
        l3 = np.zeros(count, np.int64)
    usable = batch.captured >= np.maximum(l3, 1)
    if odd is not None:
        usable &= ~odd
    ipv4 = usable & (ethertype == _IPV4)
    ipv6 = usable & (ethertype == _IPV6)
    rest = ~(ipv4 | ipv6)
    nothing = np.zeros(0, np.int64)
    frames, skipped, odd_index = nothing, Counter[str](), nothing
    if rest.any():
        framed = rest & usable & _FRAMES[ethertype]
        known = rest & usable & _SKIPS[ethertype]
        frames = np.flatnonzero(framed)
        types, counts = np.unique(ethertype[known], return_counts=True)
        for number, packets in zip(types.tolist(), counts.tolist(), strict=True):
            skipped[BY_ETHERTYPE[number].value] += packets
        odd_index = np.flatnonzero(rest & ~framed & ~known)
    return Link(
        l3=l3,
        path=np.zeros(count, np.int64) if path is None else path,
        ethertype=ethertype,
        ipv4=np.flatnonzero(ipv4),
        ipv6=np.flatnonzero(ipv6),
        frames=frames,
        odd=odd_index,
        skipped=skipped,
    )
