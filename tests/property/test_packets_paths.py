"""The fast and the slow path say the same of a packet, whatever is in it; neither ever raises."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import numpy as np
import pytest

from auditor.packets import columns
from auditor.packets._links import LINKS
from auditor.packets._rows import Rows
from auditor.packets.batch import HEAD, PADDING, Batch
from auditor.packets.columns import Columns
from auditor.packets.dissect import dissect
from auditor.packets.dissected import Dissected
from auditor.packets.fragments import Fragments
from auditor.packets.paths import Paths
from auditor.packets.skips import Skip
from tests.captures import odd_packets, odd_scenes
from tests.captures.stage import Stage

# What a byte of a header is often, so that a change leads somewhere else.
_TELLING = (0, 1, 4, 5, 6, 8, 17, 41, 43, 44, 47, 51, 59, 60, 0x45, 0x46, 0x60, 0x81, 0x86, 255)


@cache
def seeds() -> tuple[bytes, ...]:
    found = [odd.data for odd in odd_packets.ALL.values() if odd.link_type == 1]
    for scene in odd_scenes.ALL:
        stage = Stage(1)
        scene(stage)
        found += [packet.data for packet in stage.packets]
    return tuple(found)


def changed(random: Random) -> tuple[bytes, int]:
    """Return a packet with some bytes changed, cut or longer than it says, and its length."""
    data = bytearray(random.choice(seeds()))
    for _each in range(random.choice((0, 0, 1, 2, 4))):
        data[random.randrange(min(len(data), 90))] = random.choice(_TELLING)
    size = max(len(data) + random.choice((0, 0, 0, 0, 4, 300)), 1)
    if random.random() < 0.3:
        del data[random.randrange(1, len(data)) :]
    return bytes(data), size


def batch(packets: list[tuple[bytes, int]], link_type: int, fcs: int) -> Batch:
    captured = np.array([len(data) for data, _size in packets], np.int64)
    count = np.arange(len(packets), dtype=np.int64)
    text = b"".join(data for data, _size in packets) + bytes(PADDING)
    buffer, offsets = np.frombuffer(text, np.uint8), np.cumsum(captured) - captured
    return Batch(
        buffer=buffer,
        heads=Rows(buffer, offsets, HEAD),
        offsets=offsets,
        captured=captured,
        wire=np.array([size for _data, size in packets], np.int64),
        times=count,
        order=count,
        link_type=link_type,
        fcs=fcs,
    )


def row(found: Columns, at: int, paths: Paths) -> Dissected:
    version = int(found.version[at])
    width = {4: 4, 6: 16, 0: 6}[version]
    start, length = int(found.at[at]), int(found.length[at])
    path = paths[int(found.path[at])]

    def address(high: int, low: int) -> bytes:
        return (high << 64 | low).to_bytes(16, "big")[-width:]

    return Dissected(
        version=version,
        src=address(int(found.src_hi[at]), int(found.src_lo[at])),
        dst=address(int(found.dst_hi[at]), int(found.dst_lo[at])),
        protocol=int(found.protocol[at]),
        sport=int(found.sport[at]),
        dport=int(found.dport[at]),
        ip_bytes=int(found.ip_bytes[at]),
        payload=found.buffer[start : start + length].tobytes() if length else b"",
        payload_size=int(found.size[at]),
        tcp_flags=int(found.flags[at]),
        seq=int(found.seq[at]),
        vlans=path.vlans,
        tunnels=path.tunnels,
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("link_type", [1, 101, 0, 113, 276])
def test_what_the_fast_path_reads_the_slow_path_reads_alike(link_type: int, seed: int) -> None:
    random = Random(seed)
    fcs = random.choice((0, 0, 4))
    packets = []
    for _each in range(1500):
        data, size = changed(random)
        if link_type == 113:
            data, size = bytes(14) + data[12:], size + 2
        elif link_type == 276:
            data, size = data[12:14] + bytes(18) + data[14:], size + 6
        elif link_type == 0:
            kind = data[12:14]
            data, size = (
                (b"\2" if kind == b"\x08\x00" else b"\x1e") + bytes(3) + data[14:],
                size - 10,
            )
        elif link_type == 101:
            data, size = data[14:], size - 14
        packets.append((data, max(size, 1)))
    packets = [(data, max(size, len(data))) for data, size in packets if data]
    paths = Paths()
    split = columns.read(batch(packets, link_type, fcs), paths)
    found = split.columns
    slow = [dissect(link_type, data, wire=size, fcs=fcs) for data, size in packets]
    for at, order in enumerate(found.order.tolist()):
        assert row(found, at, paths) == slow[order], packets[order]
    assert len(found) > len(packets) // 6
    read = set(found.order.tolist()) | set(split.odd.tolist())
    skips = [item for order, item in enumerate(slow) if order not in read]
    assert Counter(skips) == split.skipped


@pytest.mark.parametrize("link_type", sorted(LINKS))
def test_the_slow_path_never_raises_and_stays_within_the_packet(link_type: int) -> None:
    random = Random(link_type)
    waiting = Fragments()
    given = placed = 0
    for number in range(1500):
        data, size = changed(random)
        if link_type != 1:
            data = random.randbytes(random.randrange(24)) + data[14:]
        found = dissect(link_type, data, wire=size, fcs=0)
        if isinstance(found, Skip):
            continue
        assert len(found.payload) <= found.payload_size
        assert 0 <= found.ip_bytes <= size
        assert found.payload in data
        if found.fragment:
            given += 1
            placed += len(waiting.add(found, time=number * 10**7, order=number))
    assert given == placed + len(waiting.finish())
