"""Classic pcap: its forms, and files that end or lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packet_bytes import ethernet, flows, ipv4, pcap, read, tcp, udp

PACKET = ethernet(ipv4("10.0.0.1", "192.0.2.7", tcp(40000, 443, 2)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.pcap"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "tick"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_every_form_gives_times_in_nanoseconds(
    file: Path, order: str, magic: int, tick: int
) -> None:
    content = pcap(
        [PACKET, PACKET], order=order, magic=magic, times=[(1_700_000_000, 5), (1_700_000_001, 999)]
    )
    analysis, stream = read(file, content)
    assert (analysis.packets, analysis.parsed, stream.faults) == (2, 2, [])
    assert analysis.first == 1_700_000_000 * 10**9 + 5 * tick
    assert analysis.last == 1_700_000_001 * 10**9 + 999 * tick


@pytest.mark.parametrize("order", "<>")
def test_the_modified_form_has_longer_records(file: Path, order: str) -> None:
    head = pcap([], order=order, magic=0xA1B2CD34)
    record = pcap([PACKET], order=order)[24:40]
    analysis, stream = read(file, head + (record + bytes(8) + PACKET) * 3)
    assert (analysis.packets, analysis.parsed) == (3, 3)
    assert stream.file_format == "pcap (modified)"


def test_times_beyond_2038_are_read(file: Path) -> None:
    analysis, _ = read(file, pcap([PACKET], times=[(4_000_000_000, 1)]))
    assert analysis.first == 4_000_000_000_000_001_000


@pytest.mark.parametrize("size", [64, 100, 500, 4096])
def test_the_window_may_be_of_any_size(file: Path, size: int) -> None:
    packets = [
        ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(1000 + n % 7, 53, bytes(n % 90)), 17))
        for n in range(200)
    ]
    analysis, stream = read(file, pcap(packets), size=size)
    assert analysis.parsed == 200
    assert not stream.faults
    assert len(flows(analysis)) == 7


def test_a_file_cut_at_any_byte_gives_what_was_whole(file: Path) -> None:
    content = pcap([PACKET] * 3)
    record = 16 + len(PACKET)
    for end in range(24, len(content) + 1):
        analysis, stream = read(file, content[:end])
        assert analysis.packets == (end - 24) // record
        assert stream.truncated == bool((end - 24) % record)
        if stream.truncated:
            assert stream.faults[0].at == 24 + analysis.packets * record


def test_a_file_cut_within_its_header_is_a_fault(file: Path) -> None:
    analysis, stream = read(file, pcap([])[:20])
    assert (analysis.packets, stream.truncated) == (0, True)


@pytest.mark.parametrize("order", "<>")
def test_a_length_that_cannot_be_ends_the_reading_at_its_byte(file: Path, order: str) -> None:
    good = pcap([PACKET] * 2, order=order)
    lie = (300_000_000).to_bytes(4, "big" if order == ">" else "little")
    analysis, stream = read(file, good + bytes(8) + lie + lie + bytes(100))
    assert analysis.packets == 2
    assert stream.faults[0].at == len(good)
    assert "300000000 bytes" in stream.faults[0].detail


def test_a_length_that_cannot_be_is_seen_even_where_the_window_holds_it(file: Path) -> None:
    lie = (300_000).to_bytes(4, "little")
    content = pcap([PACKET]) + bytes(8) + lie + lie + bytes(300_000) + pcap([PACKET])[24:]
    analysis, stream = read(file, content)
    assert analysis.packets == 1
    assert "300000 bytes" in stream.faults[0].detail


def test_a_larger_snap_length_allows_larger_packets(file: Path) -> None:
    large = ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(5, 6, bytes(60_000)), 17)) + bytes(400_000)
    analysis, stream = read(file, pcap([large, PACKET], snap=1 << 20), size=1 << 16)
    assert (analysis.parsed, stream.faults) == (2, [])


def test_what_the_capture_cut_is_counted_at_its_wire_length(file: Path) -> None:
    whole = ethernet(ipv4("10.0.0.1", "10.0.0.2", tcp(40005, 443, 16, bytes(1000))))
    analysis, _ = read(file, pcap([whole[:96], whole], wire=[len(whole)] * 2))
    assert analysis.snap_cut == 1
    assert analysis.wire_bytes == 2 * len(whole)
    assert analysis.captured_bytes == 96 + len(whole)
    assert flows(analysis)[0].bytes_out == 2 * 1040


def test_a_frame_check_sequence_is_no_payload(file: Path) -> None:
    # Bit 26 says that the length is given, the first four bits give it in words of two bytes.
    link = 1 | 0x04000000 | 2 << 28
    packet = ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(5, 6), 17, total=0)) + b"\xff" * 4
    analysis, _ = read(file, pcap([packet], link=link))
    assert flows(analysis)[0].bytes_out == 28
