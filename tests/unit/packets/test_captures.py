"""Files become records and gaps: what is whole, what is not, and what cannot be told."""

from __future__ import annotations

import gzip
from functools import partial
from hashlib import sha256
from pathlib import Path
from struct import pack

import pytest

from auditor import packets
from auditor.errors import UsageError
from auditor.evidence import Record
from auditor.evidence.traffic import Capture, Flow, NameQuery, Skipped
from auditor.packets import _captures, names
from auditor.packets._window import Window
from auditor.packets.flows import FlowTable
from auditor.packets.listening import Heard, Payloads, Unheard
from tests.captures.__main__ import write
from tests.packet_bytes import SYN, ethernet, ipv4, pcap, tcp, udp

QUESTION = bytes.fromhex("12340100000100000000000007") + b"example\3com\0\0\1\0\1"
DNS = ethernet(ipv4("10.0.0.1", "192.0.2.53", udp(5000, 53, QUESTION), 17))
ATTEMPT = ethernet(ipv4("10.0.0.1", "192.0.2.7", tcp(40000, 443, SYN)))
ARP = ethernet(bytes(46), 0x0806)


def _of(kind: type[Record], captured: packets.Captured) -> list[Record]:
    return [record for record in captured.records if isinstance(record, kind)]


def test_a_capture_its_flows_and_its_questions(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([DNS, ATTEMPT, ARP], times=[(10, 0), (11, 0), (12, 0)]))
    captured = packets.read((path,))
    (capture,) = _of(Capture, captured)
    assert isinstance(capture, Capture)
    assert (capture.packets, capture.parsed, capture.skipped) == (
        3,
        2,
        (Skipped(reason="arp", packets=1),),
    )
    assert capture.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (capture.first, capture.last) == (10 * 10**9, 12 * 10**9)
    assert capture.link_types == ("ethernet",)
    assert {(f.dst, f.protocol, f.tcp_state) for f in _of(Flow, captured)} == {
        ("192.0.2.53", "udp", ""), ("192.0.2.7", "tcp", "attempt"),
    }  # fmt: skip
    assert [q.name for q in _of(NameQuery, captured)] == ["example.com"]
    assert captured.gaps == ()
    assert [i.status for i in captured.inputs] == ["judged"]
    assert captured.runs[0].kinds == ("capture", "flow", "name_query")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"PK\3\4 a zip", "neither pcap nor pcapng"),
        (gzip.compress(b"PK\3\4", mtime=0), "neither pcap nor pcapng"),
        (gzip.compress(pcap([DNS]), mtime=0)[:8], "ends before its end"),
    ],
)
def test_what_is_no_capture_is_a_gap(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    captured = packets.read((path,))
    assert captured.records == ()
    assert [g.kind for g in captured.gaps] == ["capture"]
    assert words in captured.gaps[0].detail
    assert captured.inputs[0].status == "gap"
    assert captured.runs[0].gaps == 1


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        packets.read((tmp_path / "none",))


def test_a_folder_is_a_gap(tmp_path: Path) -> None:
    assert packets.read((tmp_path,)).gaps[0].kind == "capture"


def test_a_cut_file_gives_what_was_whole_and_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pcap([DNS, ATTEMPT])[:-1])
    captured = packets.read((path,))
    (capture,) = _of(Capture, captured)
    assert isinstance(capture, Capture)
    assert (capture.packets, capture.truncated) == (1, True)
    assert [(g.kind, g.reason) for g in captured.gaps] == [("flow", "malformed")]
    assert captured.inputs[0].status == "gap"


def test_a_cut_compressed_file_is_a_gap_even_between_two_packets(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    content = pcap([DNS])
    path.write_bytes(gzip.compress(content, mtime=0)[:-8])  # all of the data, no checksum
    captured = packets.read((path,))
    assert _of(Capture, captured)[0].truncated  # type: ignore[attr-defined]
    assert len(captured.gaps) == 1


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (ethernet(bytes(46), 0x88E5), "unsupported"),
        (ethernet(bytes(46), 0x1234), "unsupported"),
        (DNS[:20], "absent"),
        (ethernet(b"\x44" + bytes(45)), "malformed"),
    ],
    ids=["encrypted on the link", "not known", "cut", "contradicts itself"],
)
def test_what_may_hide_a_flow_is_a_gap(tmp_path: Path, packet: bytes, reason: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(pcap([packet, packet, ARP], wire=[71, 71, 60]))
    (gap,) = packets.read((path,)).gaps
    assert (gap.kind, gap.reason, gap.count) == ("flow", reason, 2)


def test_what_the_capturing_machine_lost_is_a_gap(tmp_path: Path) -> None:
    head = pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    face = pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    lost = pack("<IIIII", 5, 36, 0, 0, 0) + pack("<HHQ", 5, 8, 7) + pack("<I", 36)
    path = tmp_path / "a"
    path.write_bytes(head + face + lost)
    captured = packets.read((path,))
    (gap,) = captured.gaps
    assert (gap.kind, gap.reason, gap.count) == ("flow", "absent", 7)
    assert _of(Capture, captured)[0].dropped == 7  # type: ignore[attr-defined]


class _Failing:
    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        raise KeyError

    def finish(self, flows: FlowTable) -> Heard:
        return Heard(notes={})


class _GaveUp(_Failing):
    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        pass

    def finish(self, flows: FlowTable) -> Heard:
        return Heard(notes={}, gaps=(Unheard(reason="limit", detail="too many", count=3),))


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        (_Failing(), {("flow", "crashed", 1), ("name_query", "crashed", 1)}),
        (_GaveUp(), {("name_query", "limit", 3)}),
    ],
)
def test_what_a_listener_lost_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: _Failing, expected: set[object]
) -> None:
    monkeypatch.setattr(names, "listener", lambda: listener)
    path = tmp_path / "a"
    path.write_bytes(pcap([DNS]))
    captured = packets.read((path,))
    assert {(g.kind, g.reason, g.count) for g in captured.gaps} == expected
    assert len(_of(Flow, captured)) == 1


def test_a_reader_that_fails_is_a_gap_and_keeps_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    path = tmp_path / "a"
    path.write_bytes(pcap([DNS]))
    monkeypatch.setattr("auditor.packets.columns._transport", broken)
    captured = packets.read((path,))
    assert {(g.kind, g.reason) for g in captured.gaps} == {("flow", "crashed")}
    assert _of(Capture, captured)[0].skipped == (Skipped(reason="crashed", packets=1),)  # type: ignore[attr-defined]
    assert captured.inputs[0].status == "gap"


@pytest.mark.parametrize("size", [64, 1400])
def test_what_the_slow_path_reads_is_heard_whether_a_window_has_room_for_it_or_not(
    tmp_path: Path, size: int
) -> None:
    """GRE tunnels of questions: 300 of them fit behind the window, or are 420 kB."""
    inner = ipv4("10.0.0.1", "192.0.2.53", udp(5000, 53, QUESTION.ljust(size, b"\0")), 17)
    tunnelled = ethernet(ipv4("192.0.2.1", "192.0.2.2", b"\0\0\x08\0" + inner, 47))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([DNS, *[tunnelled] * 300, DNS]))
    captured = packets.read((path,))
    flows = {(f.tunnel, f.packets_out, f.bytes_out) for f in _of(Flow, captured)}
    assert flows == {((), 2, 2 * (28 + len(QUESTION))), (("gre",), 300, 300 * (28 + size))}
    assert [(q.name, q.count) for q in _of(NameQuery, captured)] == [("example.com", 302)]


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pcap([DNS]))
    told: list[str] = []
    packets.read((path,), progress=told.append)
    assert told
    assert "read" in told[0]


@pytest.mark.parametrize("size", [8 << 10, 100 << 10])
def test_where_windows_end_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "a.pcap"
    write(path, 1_500)
    whole = packets.read((path,))
    monkeypatch.setattr(_captures, "Window", partial(Window, size=size))
    assert packets.read((path,)) == whole
