"""Writes a capture of mixed traffic: `python -m tests.captures FILE [PACKETS [SEED]]`.

FILE ends in .pcap or .pcapng.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.captures.files import pcap, pcapng
from tests.captures.mix import mixed
from tests.captures.stage import Packet, Stage
from tests.captures.truth import Truth


def write(path: Path, count: int, seed: int = 1) -> Truth:
    """Write a capture of about so many packets; return what it holds."""
    stage = Stage(seed, world=True)
    truth = stage.truth

    def counted() -> Iterator[Packet]:
        for packets in mixed(count, stage=stage):
            truth.packets += len(packets)
            truth.bytes += sum(len(packet.data) + packet.lost for packet in packets)
            yield from packets

    with path.open("wb") as file:
        file.writelines((pcapng if path.suffix == ".pcapng" else pcap)(counted()))
    return truth


if __name__ == "__main__":
    made = write(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000,
        int(sys.argv[3]) if len(sys.argv) > 3 else 1,
    )
    print(f"{made.packets} packets, {made.bytes} bytes, {len(made.flows)} flows")
