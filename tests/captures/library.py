"""Captures by name: each its bytes, as a file would hold them, and the truth about it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from operator import itemgetter
from struct import pack
from typing import NamedTuple

from tests.captures import hard_scenes, odd_scenes, scenes, ways
from tests.captures.files import Interface, block, pcap, pcapng
from tests.captures.stage import Packet, Stage
from tests.captures.truth import Truth
from tests.captures.ways import Way

NANO = 1


class Made(NamedTuple):
    """A capture. `unit` is what times are rounded down to, `names` whether payloads are whole."""

    name: str
    data: bytes
    truth: Truth
    unit: int = NANO
    names: bool = True
    times: bool = True


def played(*plays: odd_scenes.Scene, seed: int = 7) -> tuple[list[Packet], Truth]:
    """Return what the scenes put on the wire, in order of time."""
    stage = Stage(seed)
    for play in plays:
        play(stage)
        stage.now += 5_000_000_000
    return sealed(stage)


def sealed(stage: Stage) -> tuple[list[Packet], Truth]:
    """Return the packets in order of time and the finished truth."""
    packets = sorted(stage.packets, key=itemgetter(0))
    stage.truth.packets = len(packets)
    stage.truth.bytes = sum(len(packet.data) + packet.lost for packet in packets)
    return packets, stage.truth.finished()


def everyday(stage: Stage) -> None:
    """A little of each everyday scene."""
    for play in (
        scenes.tls_download, scenes.dns_lookup, scenes.http_download, scenes.quic_download,
        scenes.industrial_polling, scenes.ssh_session, scenes.ping, scenes.time_asked,
        scenes.fragmented,
    ):  # fmt: skip
        for _each in range(2):
            play(stage)
            stage.now += 1_000_000


def small(stage: Stage, way: Way) -> None:
    """A TLS connection, a question and, in IPv6, both again."""
    for version in (4, 6):
        odd_scenes.tls_talk(stage, f"v{version}.example.com", version=version, way=way)
        odd_scenes.asked(stage, f"v{version}.example.net", client=stage.client(version), way=way)


def of_scene(play: odd_scenes.Scene) -> Made:
    """Return one scene as a pcap of nanoseconds."""
    packets, truth = played(play)
    return Made(play.__name__.replace("_", "-"), b"".join(pcap(packets)), truth)


def of_link(name: str, link: int) -> Made:
    """Return a little traffic on a link of another type."""
    stage = Stage(11)
    small(stage, Way(link=link))
    packets, truth = sealed(stage)
    return Made(f"link-{name}", b"".join(pcap(packets, link=link)), truth)


LINKS = {
    "raw": ways.RAW, "raw-12": 12, "raw-14": 14, "null": ways.NULL, "loop": ways.LOOP,
    "sll": ways.SLL, "sll2": ways.SLL2, "ppp": ways.PPP, "ppp-hdlc": ways.PPP_HDLC,
    "nflog": ways.NFLOG, "wlan": ways.WLAN, "radiotap": ways.RADIOTAP,
}  # fmt: skip


def forms() -> list[Made]:
    """Return the same traffic in every form of file."""
    packets, truth = played(everyday)
    made = [
        Made("micro", b"".join(pcap(packets, nano=False)), truth, unit=1000),
        Made("nano-big-endian", b"".join(pcap(packets, order=">")), truth),
        Made("micro-big-endian", b"".join(pcap(packets, nano=False, order=">")), truth, unit=1000),
        Made("pcapng", b"".join(pcapng(packets, comment="one", dropped=0)), truth),
        Made("pcapng-micro", b"".join(pcapng(packets, interfaces=(Interface(digits=6),))), truth, 1000),
        Made("pcapng-big-endian", b"".join(pcapng(packets, order=">", comment="two")), truth),
        Made(
            "pcapng-offset",
            b"".join(pcapng(packets, interfaces=(Interface(name="eth0", offset=1_789_000_000),))),
            truth,
        ),
        Made("pcapng-simple", b"".join(pcapng(packets, simple=True)), truth, times=False),
        Made("gzip", gzip.compress(b"".join(pcap(packets)), mtime=0), truth),
        Made("gzip-members", _members(b"".join(pcap(packets))), truth),
        Made("pcap-snap-96", b"".join(pcap(packets, snap=96)), truth, names=False),
        Made("pcapng-snap-128", b"".join(pcapng(packets, interfaces=(Interface(snap=128),))), truth, names=False),
        Made("pcapng-strange-blocks", _strange(packets), truth),
    ]  # fmt: skip
    made.extend(_zstandard(b"".join(pcap(packets)), truth))
    return [*made, several_interfaces(), several_sections()]


def _members(data: bytes) -> bytes:
    middle = len(data) // 2 + 3
    return gzip.compress(data[:middle], mtime=0) + gzip.compress(data[middle:], mtime=0)


def _zstandard(data: bytes, truth: Truth) -> list[Made]:
    import zstandard

    packer = zstandard.ZstdCompressor()
    middle = len(data) // 3
    return [
        Made("zstd", packer.compress(data), truth),
        Made("zstd-frames", packer.compress(data[:middle]) + packer.compress(data[middle:]), truth),
    ]


def _strange(packets: Sequence[Packet]) -> bytes:
    """Put blocks that hold no packet, or are unknown, among the others."""
    chunks = list(pcapng(packets))
    strange = (
        block("<", 4, b"\x01\0\x09\0\x0a\0\0\x01host\0\0\0\0" + bytes(4)),  # names
        block("<", 0x0BAD, pack("<I", 12345) + b"custom"),
        block("<", 0x7FFF0001, bytes(40)),
        block("<", 0x0A, b"DSB0" + pack("<I", 4) + b"none"),
    )
    for number, each in enumerate(strange):
        chunks.insert(4 + number * 7, each)
    return b"".join(chunks)


def several_interfaces() -> Made:
    """Return traffic of three interfaces of different links and units in one file."""
    stage = Stage(23)
    links = (ways.ETHERNET, ways.RAW, ways.SLL)
    for number, link in enumerate(links):
        small(stage, Way(link=link, interface=number))
    packets, truth = sealed(stage)
    packets = [packet._replace(time=packet.time // 1000 * 1000) for packet in packets]
    faces = tuple(
        Interface(link, f"if{number}", digits)
        for number, (link, digits) in enumerate(zip(links, (9, 6, 9), strict=True))
    )
    return Made("pcapng-interfaces", b"".join(pcapng(packets, interfaces=faces)), truth, unit=1000)


def several_sections() -> Made:
    """Return two sections of opposite byte order in one file."""
    packets, truth = played(everyday, seed=29)
    half = len(packets) // 2
    data = b"".join(pcapng(packets[:half])) + b"".join(pcapng(packets[half:], order=">"))
    return Made("pcapng-sections", data, truth)


BUILDERS: dict[str, Callable[[], Made]] = {
    **{play.__name__: lambda play=play: of_scene(play) for play in (*odd_scenes.ALL, *hard_scenes.ALL)},
    **{f"link-{name}": lambda name=name, link=link: of_link(name, link) for name, link in LINKS.items()},
}  # fmt: skip


def everything() -> list[Made]:
    """Return every capture."""
    return [*(build() for build in BUILDERS.values()), *forms()]
