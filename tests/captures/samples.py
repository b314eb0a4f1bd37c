"""Writes `samples/captures/`: small captures of our own, the same bytes every time.

`python -m tests.captures.samples`
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.captures import hard_scenes, odd_scenes, scenes
from tests.captures.files import Interface, pcap, pcapng
from tests.captures.library import played

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "captures"

# What a mirror port of a small plant might show in a minute.
PLANT = (
    odd_scenes.resolved, odd_scenes.every_industrial, scenes.time_asked, odd_scenes.http_names,
    odd_scenes.quic_names, odd_scenes.local_names, scenes.unanswered, scenes.refused, scenes.ping,
    odd_scenes.dns_over_tcp, odd_scenes.on_the_link,
)  # fmt: skip


def samples() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every sample."""
    plant, _truth = played(*PLANT, seed=2026)
    faces = (Interface(name="mirror0"),)
    yield (
        "plant.pcapng",
        b"".join(pcapng(plant, interfaces=faces, comment="a made-up plant", dropped=0)),
    )
    tunnels, _truth = played(odd_scenes.tunnels, seed=2026)
    yield "tunnels.pcap", b"".join(pcap(tunnels))
    pieces, _truth = played(
        odd_scenes.hello_in_pieces, odd_scenes.dns_in_fragments, odd_scenes.question_in_fragments,
        hard_scenes.quic_retried, seed=2026,
    )  # fmt: skip
    yield "names-in-pieces.pcap", b"".join(pcap(pieces, order=">"))
    yield "cut.pcap", b"".join(pcap(plant[:60], nano=False))[:-17]


def write() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in samples():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    write()
