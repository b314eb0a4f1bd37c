"""The fast path: headers of a whole batch at once, as columns; what is unusual is left as odd."""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec import Struct

from auditor.packets import _link_columns
from auditor.packets._rows import EIGHT, Rows
from auditor.packets.batch import HEAD, I32, I64, U8, U16, U32, U64, Batch, Bools, marked
from auditor.packets.dissected import LAYER_2
from auditor.packets.odd import ODD_PROTOCOLS, ODD_UDP_PORTS
from auditor.packets.paths import Paths

_TCP, _UDP, _DCCP, _SCTP, _UDP_LITE = 6, 17, 33, 132, 136

# What a transport header needs before the ports are known for certain, and its own length.
_NEEDS = np.zeros(256, np.int64)
_HEADER = np.zeros(256, np.int64)
for _number, _length in ((_TCP, 20), (_UDP, 8), (_UDP_LITE, 8), (_SCTP, 12), (_DCCP, 12)):
    _NEEDS[_number] = _HEADER[_number] = _length
_HAS_PORTS = _NEEDS > 0
_ODD_PROTOCOL = marked(256, ODD_PROTOCOLS)
_ODD_PORT = marked(65536, ODD_UDP_PORTS)

_IPV4, _IPV6 = 4, 6
_IPV4_LEAST, _IPV4_MOST = 20, 60
# Loose and strict source routes (RFC 791): the address in the header is then but the next one.
_ROUTES = marked(256, [131, 137])
_IPV6_HEADER = 40


class Columns(Struct, frozen=True, kw_only=True):
    """Packets that are understood, one a row; rows of one flow are in file order.

    `version` is 4, 6, or 0 for a layer-2 frame (addresses are then MACs). An IPv4 address is in
    the low word. `path` numbers the chain of VLANs and tunnels (see `Paths`). The payload is
    `buffer[at:at + length]` as captured and `size` bytes long on the wire; `head` is its first
    eight bytes, big-endian, zero after its end. `protocol` is the IP protocol, or
    `LAYER_2 | EtherType`.
    """

    buffer: U8
    version: U8
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    protocol: I32
    sport: U16
    dport: U16
    ip_bytes: I64
    flags: U8
    seq: U32
    at: I64
    length: I64
    size: I64
    head: U64
    path: I64
    time: I64
    order: I64

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.version)


class Split(Struct, frozen=True, kw_only=True):
    """A batch in three: rows understood, indices for the slow path, packets skipped by reason."""

    columns: Columns
    odd: I64
    skipped: Counter[str]


class _Network(Struct, frozen=True, kw_only=True):
    """IP headers of one version: `index` in the batch, `l4` where the transport header begins.

    `l4` counts from the packet's own beginning. A header that is not `good` says nothing.
    """

    index: I64
    src: tuple[U64, U64]
    dst: tuple[U64, U64]
    protocol: I64
    ip_bytes: I64
    l4: I64
    good: Bools


def read(batch: Batch, paths: Paths) -> Split:
    """Return the columns of a batch; a packet is a row, or odd, or skipped."""
    link = _link_columns.read(batch, paths)
    room = batch.captured - link.l3
    lasting = batch.wire - link.l3 - batch.fcs
    four = _ipv4(batch, link.ipv4, link.l3, room, lasting)
    six = _ipv6(batch, link.ipv6, link.l3, room, lasting)
    columns, odd = _transport(batch, link, four, six)
    return Split(
        columns=columns,
        odd=np.sort(np.concatenate((link.odd, odd))),
        skipped=link.skipped,
    )


def _ipv4(batch: Batch, index: I64, l3: I64, room: I64, lasting: I64) -> _Network:
    """Return IPv4 headers (RFC 791); fragments, contradictions and cut headers are odd."""
    rows = batch.heads.part(index, l3[index], _IPV4_LEAST)
    first = rows.byte(0)
    header = (first & 15).astype(np.int64) * 4
    total = rows.word(2).astype(np.int64)
    wire = lasting[index]
    total = np.where(total == 0, wire, np.minimum(total, wire))
    protocol = rows.byte(9).astype(np.int64)
    good: Bools = (
        ((first >> 4) == _IPV4)
        & (header >= _IPV4_LEAST)
        & (total >= header)
        & (room[index] >= header)
        & ((rows.word(6) & 0x3FFF) == 0)
        & ~_ODD_PROTOCOL[protocol]
    )
    some = np.flatnonzero(good & (header > _IPV4_LEAST))
    if len(some):
        good[some] = ~_may_be_routed(batch, index[some], l3[index[some]], header[some])
    zero = np.zeros(len(index), np.uint64)
    return _Network(
        index=index,
        src=(zero, rows.long(12).astype(np.uint64)),
        dst=(zero, rows.long(16).astype(np.uint64)),
        protocol=protocol,
        ip_bytes=total,
        l4=l3[index] + header,
        good=good,
    )


def _may_be_routed(batch: Batch, index: I64, l3: I64, header: I64) -> Bools:
    """Say which headers may have an option that names where a packet goes in the end."""
    found: Bools = np.zeros(len(index), np.bool_)
    rows = batch.heads.part(index, l3, _IPV4_MOST)
    for offset in range(_IPV4_LEAST, _IPV4_MOST):
        found |= _ROUTES[rows.byte(offset)] & (offset < header)
    return found


def _ipv6(batch: Batch, index: I64, l3: I64, room: I64, lasting: I64) -> _Network:
    """Return IPv6 headers (RFC 8200) without extension headers; the others are odd."""
    rows = batch.heads.part(index, l3[index], _IPV6_HEADER)
    length = rows.word(4).astype(np.int64)
    wire = lasting[index]
    total = np.where(length == 0, wire, np.minimum(length + _IPV6_HEADER, wire))
    protocol = rows.byte(6).astype(np.int64)
    good: Bools = (
        ((rows.byte(0) >> 4) == _IPV6)
        & (total >= _IPV6_HEADER)
        & (room[index] >= _IPV6_HEADER)
        & ~_ODD_PROTOCOL[protocol]
    )
    return _Network(
        index=index,
        src=(rows.double(8), rows.double(16)),
        dst=(rows.double(24), rows.double(32)),
        protocol=protocol,
        ip_bytes=total,
        l4=l3[index] + _IPV6_HEADER,
        good=good,
    )


def _transport(
    batch: Batch, link: _link_columns.Link, four: _Network, six: _Network
) -> tuple[Columns, I64]:
    """Return the columns with ports and payload, and the indices of cut or odd packets."""
    index = np.concatenate((four.index, six.index))
    protocol = np.concatenate((four.protocol, six.protocol))
    ip_bytes = np.concatenate((four.ip_bytes, six.ip_bytes))
    l4 = np.concatenate((four.l4, six.l4))
    rows = batch.heads.part(index, l4, 20)
    ported = _HAS_PORTS[protocol]
    sport, dport = rows.word(0) * ported, rows.word(2) * ported
    here = batch.captured[index] - l4
    size = ip_bytes - (l4 - link.l3[index])
    tcp = protocol == _TCP
    udp = protocol == _UDP
    header = np.where(tcp, (rows.byte(12) >> 4).astype(np.int64) * 4, _HEADER[protocol])
    need = _NEEDS[protocol]
    good = np.concatenate((four.good, six.good)) & (here >= need) & (size >= need)
    good &= ~(udp & (_ODD_PORT[sport] | _ODD_PORT[dport]))
    # A TCP header that is shorter or longer than can be has a flow, but no payload.
    header = np.where(tcp & (header < need), size, header)
    declared = rows.word(4).astype(np.int64)
    size = np.where(udp & (declared >= _HEADER[_UDP]), np.minimum(size, declared), size)
    size = np.maximum(size - header, 0)
    l5 = l4 + header
    length = np.minimum(np.maximum(here - header, 0), size)
    columns = Columns(
        buffer=batch.buffer,
        version=np.repeat(np.array([_IPV4, _IPV6], np.uint8), [len(four.index), len(six.index)]),
        src_hi=np.concatenate((four.src[0], six.src[0])),
        src_lo=np.concatenate((four.src[1], six.src[1])),
        dst_hi=np.concatenate((four.dst[0], six.dst[0])),
        dst_lo=np.concatenate((four.dst[1], six.dst[1])),
        protocol=protocol.astype(np.int32),
        sport=sport,
        dport=dport,
        ip_bytes=ip_bytes,
        flags=rows.byte(13) * tcp,
        seq=rows.long(4) * tcp,
        at=batch.offsets[index] + l5,
        length=length,
        size=size,
        head=_heads(batch, index, l5, length),
        path=link.path[index],
        time=batch.times[index],
        order=batch.order[index],
    )
    odd = index[~good]
    if len(odd):
        columns = chosen(columns, good)
    if len(link.frames):
        columns = joined((columns, _frames(batch, link)))
    return columns, odd


def _heads(batch: Batch, index: I64, at: I64, length: I64) -> U64:
    """Return the first eight bytes of payloads that begin at `at` of some packets."""
    at = np.where(length > 0, at, 0)  # where there is none, it may begin anywhere
    if len(at) and at.max() > HEAD - EIGHT:
        rows = Rows(batch.buffer, batch.offsets[index] + at, EIGHT)
    else:
        rows = batch.heads.part(index, at, EIGHT)
    return rows.heads(length)


def chosen(columns: Columns, rows: Bools) -> Columns:
    """Return some rows."""
    return Columns(
        buffer=columns.buffer,
        **{
            name: getattr(columns, name)[rows]
            for name in Columns.__struct_fields__
            if name != "buffer"
        },
    )


def joined(parts: tuple[Columns, ...]) -> Columns:
    """Return parts of one buffer as one."""
    return Columns(
        buffer=parts[0].buffer,
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in Columns.__struct_fields__
            if name != "buffer"
        },
    )


def _frames(batch: Batch, link: _link_columns.Link) -> Columns:
    """Return layer-2 industrial frames as rows: between MAC addresses."""
    index = link.frames
    start = batch.offsets[index]
    rows = batch.heads.some(index)
    l3 = link.l3[index]
    size = np.maximum(batch.wire[index] - l3 - batch.fcs, 0)
    length = np.clip(batch.captured[index] - l3, 0, size)
    high: U64 = np.zeros(len(index), np.uint64)
    none: U16 = np.zeros(len(index), np.uint16)
    flags: U8 = np.zeros(len(index), np.uint8)
    return Columns(
        buffer=batch.buffer,
        version=flags,
        src_hi=high,
        src_lo=rows.double(6) >> np.uint64(16),
        dst_hi=high,
        dst_lo=rows.double(0) >> np.uint64(16),
        protocol=LAYER_2 | link.ethertype[index].astype(np.int32),
        sport=none,
        dport=none,
        ip_bytes=size,
        flags=flags,
        seq=none.astype(np.uint32),
        at=start + l3,
        length=length,
        size=size,
        head=_heads(batch, index, l3, length),
        path=link.path[index],
        time=batch.times[index],
        order=batch.order[index],
    )
