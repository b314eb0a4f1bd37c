"""Packets of the slow path as columns: from here on they are counted as all others are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.packets._rows import EIGHT, Rows
from auditor.packets.batch import PADDING, SPARE, Batch
from auditor.packets.columns import Columns
from auditor.packets.dissected import Dissected, Placed
from auditor.packets.paths import Paths


def columns_of(placed: Sequence[Placed], paths: Paths, batch: Batch | None = None) -> Columns:
    """Return packets of the slow path as columns.

    Their payloads are put into the room that a batch's buffer has, or where they do not fit, or
    there is no batch, into a buffer of their own.
    """
    packets = [item.packet for item in placed]
    lengths = np.array([len(packet.payload) for packet in packets], np.int64)
    at = np.cumsum(lengths) - lengths
    payloads = b"".join([packet.payload for packet in packets])
    if batch is not None and batch.spare and len(payloads) <= SPARE:
        buffer = batch.buffer
        buffer[batch.spare : batch.spare + len(payloads)] = np.frombuffer(payloads, np.uint8)
        at += batch.spare
    else:
        buffer = np.frombuffer(payloads + bytes(PADDING), np.uint8)
    src = [_words(packet.src) for packet in packets]
    dst = [_words(packet.dst) for packet in packets]
    return Columns(
        buffer=buffer,
        version=np.array([packet.version for packet in packets], np.uint8),
        src_hi=np.array([high for high, _ in src], np.uint64),
        src_lo=np.array([low for _, low in src], np.uint64),
        dst_hi=np.array([high for high, _ in dst], np.uint64),
        dst_lo=np.array([low for _, low in dst], np.uint64),
        protocol=np.array([packet.protocol for packet in packets], np.int32),
        sport=np.array([packet.sport for packet in packets], np.uint16),
        dport=np.array([packet.dport for packet in packets], np.uint16),
        ip_bytes=np.array([packet.ip_bytes for packet in packets], np.int64),
        flags=np.array([packet.tcp_flags for packet in packets], np.uint8),
        seq=np.array([packet.seq for packet in packets], np.uint32),
        at=at,
        length=lengths,
        size=np.array([packet.payload_size for packet in packets], np.int64),
        head=Rows(buffer, at, EIGHT).heads(lengths),
        path=np.array([_path(packet, paths) for packet in packets], np.int64),
        time=np.array([item.time for item in placed], np.int64),
        order=np.array([item.order for item in placed], np.int64),
    )


def _path(packet: Dissected, paths: Paths) -> int:
    """Return the number of what is around a packet, the same for both directions."""
    carriers = packet.carriers
    if carriers and (packet.src, packet.sport) > (packet.dst, packet.dport):
        carriers = tuple((there, here) for here, there in carriers)
    return paths.number(packet.vlans, packet.tunnels, carriers)


def _words(address: bytes) -> tuple[int, int]:
    """Return an address as its high and low 64 bits."""
    number = int.from_bytes(address, "big")
    return number >> 64, number & 0xFFFFFFFFFFFFFFFF
