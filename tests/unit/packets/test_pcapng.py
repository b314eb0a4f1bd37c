"""pcapng: sections, interfaces, every block that holds a packet, and blocks that lie."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import numpy as np
import pytest

from auditor.packets import _ticks
from tests.packet_bytes import ethernet, flows, ipv4, read, udp

IP = ipv4("10.0.0.1", "192.0.2.7", udp(5000, 53, b"hi"), 17)
PACKET = ethernet(IP)


def block(kind: int, body: bytes, order: str = "<", *, again: int | None = None) -> bytes:
    body += bytes(-len(body) % 4)
    size = 12 + len(body)
    return (
        pack(f"{order}II", kind, size) + body + pack(f"{order}I", size if again is None else again)
    )


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", major: int = 1) -> bytes:
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, major, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", order: str = "<", snap: int = 0) -> bytes:
    return block(1, pack(f"{order}HHI", link, 0, snap) + options, order)


def enhanced(
    data: bytes = PACKET, ticks: int = 0, number: int = 0, order: str = "<", *,
    captured: int | None = None, options: bytes = b"", again: int | None = None,
) -> bytes:  # fmt: skip
    size = len(data) if captured is None else captured
    head = pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, size, len(data))
    return block(6, head + data + bytes(-len(data) % 4) + options, order, again=again)


HEAD = section() + interface()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.pcapng"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("size", [64, 4096, 4 << 20])
def test_both_orders(file: Path, order: str, size: int) -> None:
    content = section(order) + interface(order=order)
    content += b"".join(enhanced(ticks=n * 10**6, order=order) for n in range(50))
    analysis, stream = read(file, content, size=size)
    assert (analysis.parsed, analysis.last, stream.faults) == (50, 49 * 10**9, [])


def test_each_section_has_its_order_and_its_interfaces(file: Path) -> None:
    content = HEAD + enhanced() + section(">") + interface(101, order=">")
    content += enhanced(IP, order=">") + section() + interface(228) + enhanced(IP)
    analysis, stream = read(file, content)
    assert (analysis.parsed, stream.faults) == (3, [])
    assert analysis.link_types == {1: 1, 101: 1, 228: 1}
    assert len(flows(analysis)) == 1


def test_interfaces_of_several_link_types_and_clocks(file: Path) -> None:
    content = section() + interface(1, option(2, b"eth0"))
    content += interface(101, option(2, b"tun0") + option(9, b"\x09"))
    content += interface(1, option(9, b"\x83") + option(14, pack("<q", 100)))
    for n in range(3):
        content += enhanced(PACKET, 7 * 10**6 + n, 0)
        content += enhanced(IP, 8 * 10**9 + n, 1)
        content += enhanced(PACKET, 9 * 8 + 4, 2)
    analysis, stream = read(file, content)
    (flow,) = flows(analysis)
    assert (flow.packets_out, stream.interfaces) == (9, {"eth0": None, "tun0": None})
    assert (flow.first, flow.last) == (7 * 10**9, 109_500_000_000)


@pytest.mark.parametrize(
    ("resolution", "ticks", "offset", "expected"),
    [
        (6, 1_700_000_000_123_456, 0, 1_700_000_000_123_456_000),
        (9, 1_700_000_000_123_456_789, 0, 1_700_000_000_123_456_789),
        (0, 1_700_000_000, 0, 1_700_000_000 * 10**9),
        (3, 1_700_000_000_999, 0, 1_700_000_000_999 * 10**6),
        (12, 1_700_000_000_123_456_789, 0, 1_700_000_000_123_456),
        (0x80 | 20, (5 << 20) + (1 << 19), 0, 5_500_000_000),
        (0x80 | 32, (5 << 32) + (1 << 31), 0, 5_500_000_000),
        (0x80 | 40, (5 << 40) + (1 << 39), 0, 5_500_000_000),
        (0x80, 5, 0, 5_000_000_000),
        (0xFF, 5, 0, 0),
        (100, 5, 3, 3_000_000_000),
        (6, 5_000_000, 100, 105_000_000_000),
        (6, 5_000_000, -100, 0),
        (0, 2**64 - 1, 0, 9_223_372_035 * 10**9),
        (0, 2**64 - 1, 2**63 - 1, 9_223_372_035 * 10**9),
    ],
)  # fmt: skip
def test_ticks(resolution: int, ticks: int, offset: int, expected: int) -> None:
    (time,) = _ticks.nanoseconds(np.array([ticks], np.uint64), resolution, offset).tolist()
    assert time == expected


def test_an_obsolete_packet_block(file: Path) -> None:
    body = pack("<HHIIII", 0, 3, 0, 5, len(PACKET), len(PACKET)) + PACKET
    analysis, stream = read(file, HEAD + block(2, body) + enhanced())
    assert (analysis.parsed, analysis.last, stream.faults) == (2, 5000, [])


def test_simple_packets_have_no_time_and_are_told(file: Path) -> None:
    content = section() + interface(snap=20) + block(3, pack("<I", len(PACKET)) + PACKET[:20])
    analysis, stream = read(file, content)
    assert (analysis.packets, analysis.captured_bytes, analysis.wire_bytes) == (1, 20, len(PACKET))
    assert stream.timeless == 1


def test_other_blocks_hold_no_packets(file: Path) -> None:
    others = b"".join(
        block(kind, bytes(20)) for kind in (4, 7, 8, 9, 10, 0xBAD, 0x40000BAD, 0x80000001, 0x204)
    )
    analysis, stream = read(
        file, HEAD + others + enhanced(options=option(1, b"a comment")) + others
    )
    assert (analysis.parsed, stream.faults) == (1, [])


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("size", [64, 4 << 20])
def test_packets_lost_before_one_are_counted(file: Path, order: str, size: int) -> None:
    lost = option(1, b"a comment", order) + option(4, pack(f"{order}Q", 3), order) + bytes(4)
    flags = option(2, pack(f"{order}I", 1), order) + bytes(4)
    content = section(order) + interface(order=order)
    content += enhanced(order=order, options=lost) + enhanced(order=order, options=flags)
    content += enhanced(order=order) + enhanced(order=order, options=lost)
    assert read(file, content, size=size)[1].dropped == 6
    said = block(5, pack(f"{order}III", 0, 0, 0) + option(5, pack(f"{order}Q", 9), order), order)
    assert read(file, content + said, size=size)[1].dropped == 9


def test_counts_of_lost_packets_that_cannot_be_stay_within_what_records_hold(file: Path) -> None:
    most = pack("<Q", 2**64 - 1)
    said = block(5, pack("<III", 0, 0, 0) + option(4, most) + option(5, most) + option(7, most))
    content = HEAD + b"".join(enhanced(options=option(4, most) + bytes(4)) for _ in range(9)) + said
    assert read(file, content * 5)[1].dropped == 5 << 48


def test_packets_lost_before_an_obsolete_block_are_counted(file: Path) -> None:
    for lost, dropped in ((7, 7), (0, None), (0xFFFF, None)):
        old = block(2, pack("<HHIIII", 0, lost, 0, 0, len(PACKET), len(PACKET)) + PACKET)
        assert read(file, HEAD + old)[1].dropped == dropped


def test_what_was_lost_is_the_last_word_of_each_interface(file: Path) -> None:
    def statistics(number: int, lost: int) -> bytes:
        return block(5, pack("<III", number, 0, 0) + option(5, pack("<Q", lost)))

    content = section() + interface() * 2 + statistics(0, 3) + statistics(1, 4) + statistics(0, 5)
    _, stream = read(file, content + section() + interface() + statistics(0, 1))
    assert stream.dropped == 10


def test_statistics_of_no_interface_are_not_kept(file: Path) -> None:
    lost = block(5, pack("<III", 7, 0, 0) + option(5, pack("<Q", 9)))
    assert read(file, HEAD + lost)[1].dropped is None


def test_no_statistics_say_nothing(file: Path) -> None:
    _, stream = read(file, HEAD + block(5, pack("<III", 0, 0, 0)))
    assert stream.dropped is None


@pytest.mark.parametrize("said", [b"\x04", b"\x20"], ids=["bytes", "bits"])
def test_a_frame_check_sequence(file: Path, said: bytes) -> None:
    packet = ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(5, 6), 17, total=0)) + b"\xff" * 4
    content = section() + interface(options=option(13, said)) + enhanced(packet)
    analysis, _ = read(file, content)
    assert flows(analysis)[0].bytes_out == 28


def test_a_file_cut_at_any_byte_gives_what_was_whole(file: Path) -> None:
    content = HEAD + enhanced() * 3
    each = len(enhanced())
    for end in range(28, len(content) + 1):
        analysis, stream = read(file, content[:end])
        packets, rest = divmod(max(end - len(HEAD), 0), each)
        assert analysis.packets == packets
        assert stream.truncated == bool(rest if end > len(HEAD) else end not in (28, len(HEAD)))


BAD = {
    "lengths that differ": enhanced(again=400),
    "another block's lengths that differ": block(4, bytes(8), again=400),
    "no multiple of four": pack("<II", 6, 63) + bytes(60),
    "shorter than a block": pack("<II", 6, 8) + bytes(60),
    "a packet's block that is too short": block(6, bytes(12)),
    "longer than blocks are": pack("<II", 4, 1 << 30) + bytes(60),
    "a packet longer than its block": enhanced(captured=500),
    "an interface that is not described": enhanced(number=3),
    "an obsolete packet of no interface": block(2, pack("<HHIIII", 9, 0, 0, 0, 4, 4) + bytes(4)),
    "an obsolete packet longer than its block": block(
        2, pack("<HHIIII", 0, 0, 0, 0, 90, 4) + bytes(4)
    ),
    "a short interface": block(1, bytes(4)),
    "short statistics": block(5, bytes(4)),
    "a section without an order": block(0x0A0D0D0A, bytes(16)),
    "a section of another version": section(major=2),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_block_that_lies_ends_the_reading_at_its_byte(file: Path, bad: bytes) -> None:
    good = HEAD + enhanced() * 2
    analysis, stream = read(file, good + bad + enhanced())
    assert analysis.packets == 2
    assert stream.truncated
    (fault,) = stream.faults
    assert (fault.reason, fault.at) == ("malformed", len(good))


def test_packets_before_any_interface(file: Path) -> None:
    analysis, stream = read(file, section() + enhanced())
    assert (analysis.packets, len(stream.faults)) == (0, 1)


@pytest.mark.parametrize("later", [bytes(4096), pack("<II", 4, 1 << 30) + bytes(60)])
def test_of_two_faults_the_first_in_the_file_ends_the_reading(file: Path, later: bytes) -> None:
    good = HEAD + enhanced() * 2
    analysis, stream = read(file, good + enhanced(number=3) + enhanced() + later)
    assert (analysis.packets, [fault.at for fault in stream.faults]) == (2, [len(good)])
