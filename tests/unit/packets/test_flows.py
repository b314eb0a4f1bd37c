"""The table of flows: ends, states, ports used again, bounds, and exactness under collisions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from auditor.packets import _grouping
from auditor.packets._ends import all_ends
from auditor.packets._slow_columns import columns_of
from auditor.packets.dissected import Dissected, Placed
from auditor.packets.flows import FlowTable
from auditor.packets.listening import FlowEnds, FlowNote, Heard, Payloads
from tests.packet_bytes import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    ethernet,
    flows,
    ipv4,
    ipv6,
    pcap,
    read,
    tcp,
    udp,
)

CLIENT, SERVER = "192.0.2.9", "10.0.0.1"  # the server's address is the lower one, on purpose


def _out(flags: int, data: bytes = b"", *, seq: int = 1000, sport: int = 40000) -> bytes:
    return ethernet(ipv4(CLIENT, SERVER, tcp(sport, 443, flags, data, seq=seq)))


def _back(flags: int, data: bytes = b"", *, seq: int = 9000, dport: int = 40000) -> bytes:
    return ethernet(ipv4(SERVER, CLIENT, tcp(443, dport, flags, data, seq=seq)))


def test_a_reset_of_another_flow_or_a_later_batch_is_told_apart(tmp_path: Path) -> None:
    ended = (*OPEN, _out(FIN | ACK), _back(FIN | ACK))
    other = (_out(SYN, sport=40001), _back(SYN | ACK, dport=40001), _out(RST, sport=40001))
    for size in (4096, 4 << 20):
        filler = [ethernet(ipv4(CLIENT, SERVER, udp(9, 9, bytes(900)), 17))] * 12
        found = _read(tmp_path, *ended, *filler, *other, _out(RST), size=size)
        states = {one.src_port: one.tcp_state for one in found if one.protocol == 6}
        assert states == {40000: "closed", 40001: "reset"}, size


def _read(tmp_path: Path, *packets: bytes, size: int = 4 << 20) -> list[FlowEnds]:
    return flows(read(tmp_path / "a.pcap", pcap(packets), size=size)[0])


OPEN = (_out(SYN), _back(SYN | ACK), _out(ACK, seq=1001))


@pytest.mark.parametrize(
    ("packets", "state", "known"),
    [
        ((_out(SYN),), "attempt", True),
        ((_out(SYN), _out(SYN)), "attempt", True),
        ((_out(SYN), _back(RST | ACK)), "refused", True),
        (OPEN, "established", True),
        ((*OPEN, _out(FIN | ACK)), "established", True),
        ((*OPEN, _out(FIN | ACK), _back(FIN | ACK)), "closed", True),
        ((*OPEN, _back(RST)), "reset", True),
        ((*OPEN, _out(FIN | ACK), _back(FIN | ACK), _out(RST)), "closed", True),
        ((*OPEN, _out(FIN | ACK), _back(FIN | ACK), _back(RST)), "closed", True),
        ((*OPEN, _out(FIN | ACK), _out(RST), _back(FIN | ACK)), "reset", True),
        ((*OPEN, _back(RST), _out(FIN | ACK), _back(FIN | ACK)), "reset", True),
        ((*OPEN, _out(FIN | ACK), _back(RST)), "reset", True),
        ((_back(SYN | ACK), _out(ACK)), "established", True),
        ((_out(ACK, b"x"), _back(ACK, b"y")), "partial", False),
        ((_back(ACK, b"y"), _out(ACK, b"x")), "partial", False),
        ((_back(ACK, b"y"),), "partial", False),
        ((_back(SYN | ACK), _out(SYN)), "established", True),
    ],
)
def test_states_and_initiators(
    tmp_path: Path, packets: tuple[bytes, ...], state: str, known: bool
) -> None:
    (flow,) = _read(tmp_path, *packets)
    assert (flow.src, flow.src_port, flow.dst, flow.dst_port) == (CLIENT, 40000, SERVER, 443)
    assert (flow.tcp_state, flow.initiator_known) == (state, known)


@pytest.mark.parametrize("size", [200, 4 << 20], ids=["many batches", "one batch"])
def test_ports_that_are_used_again_begin_another_flow(tmp_path: Path, size: int) -> None:
    found = _read(
        tmp_path,
        *OPEN, _out(FIN | ACK, seq=1001), _back(FIN | ACK),
        _out(SYN, seq=77_000), _back(SYN | ACK, seq=5), _out(ACK, b"abc", seq=77_001),
        size=size,
    )  # fmt: skip
    assert [(f.packets_out, f.packets_in, f.tcp_state) for f in found] == [
        (3, 2, "closed"), (2, 1, "established"),
    ]  # fmt: skip
    assert found[0].last < found[1].first


@pytest.mark.parametrize("size", [200, 4 << 20], ids=["many batches", "one batch"])
def test_a_syn_sent_again_is_the_same_flow(tmp_path: Path, size: int) -> None:
    found = _read(tmp_path, _out(SYN), _out(SYN), *OPEN, _out(SYN), size=size)
    assert [(f.packets_out, f.packets_in) for f in found] == [(5, 1)]


@pytest.mark.parametrize("size", [200, 4 << 20], ids=["many batches", "one batch"])
def test_a_syn_seen_late_is_the_same_flow(tmp_path: Path, size: int) -> None:
    found = _read(tmp_path, _out(ACK, b"x", seq=1001), _out(SYN), _back(SYN | ACK), size=size)
    assert [(f.packets_out, f.packets_in) for f in found] == [(2, 1)]


@pytest.mark.parametrize("size", [200, 4 << 20], ids=["many batches", "one batch"])
def test_a_syn_in_the_middle_of_what_began_before_is_another_flow(
    tmp_path: Path, size: int
) -> None:
    found = _read(tmp_path, _out(ACK, b"x", seq=50), _out(SYN, seq=1000), size=size)
    assert [f.tcp_state for f in found] == ["partial", "attempt"]


def test_many_attempts_on_the_same_ports(tmp_path: Path) -> None:
    found = _read(tmp_path, *(_out(SYN, seq=n) for n in range(500)))
    assert len(found) == 500


def test_a_sequence_number_that_wraps(tmp_path: Path) -> None:
    found = _read(tmp_path, _out(ACK, b"x", seq=0), _out(SYN, seq=0xFFFFFFFF))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("packets", "src", "known"),
    [
        ([("10.0.0.9", "10.0.0.1", 5000, 53)], "10.0.0.9", True),
        ([("10.0.0.1", "10.0.0.9", 53, 5000)], "10.0.0.9", False),
        ([("10.0.0.1", "10.0.0.9", 53, 53)], "10.0.0.1", True),
        ([("10.0.0.1", "10.0.0.9", 47808, 47808)], "10.0.0.1", True),
        ([("10.0.0.1", "224.0.0.251", 5353, 9999)], "10.0.0.1", True),
        ([("10.0.0.1", "10.0.0.255", 137, 9999)], "10.0.0.1", True),
        (
            [("10.0.0.1", "10.0.0.9", 9000, 5000), ("10.0.0.9", "10.0.0.1", 5000, 9000)],
            "10.0.0.1",
            True,
        ),
    ],
)
def test_who_initiates_without_a_handshake(
    tmp_path: Path, packets: list[tuple[str, str, int, int]], src: str, known: bool
) -> None:
    made = [ethernet(ipv4(a, b, udp(p, q), 17)) for a, b, p, q in packets]
    (flow,) = _read(tmp_path, *made)
    assert (flow.src, flow.initiator_known) == (src, known)


def test_a_known_port_of_a_server_is_its_own_even_where_it_is_the_higher(tmp_path: Path) -> None:
    packet = ethernet(ipv4("10.0.0.1", "10.0.0.9", tcp(44818, 33000, ACK, b"x")))
    (flow,) = _read(tmp_path, packet)
    assert (flow.src, flow.dst_port, flow.initiator_known) == ("10.0.0.9", 44818, False)


def test_times_out_of_order(tmp_path: Path) -> None:
    packet = ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(5, 6), 17))
    content = pcap([packet] * 3, times=[(5, 0), (2, 0), (9, 0)])
    (flow,) = flows(read(tmp_path / "a", content)[0])
    assert (flow.first, flow.last) == (2 * 10**9, 9 * 10**9)


def test_the_same_words_in_version_4_and_6_are_two_flows(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        ethernet(ipv4("0.0.0.1", "0.0.0.2", udp(5, 6), 17)),
        ethernet(ipv6("::1", "::2", udp(5, 6), 17), 0x86DD),
    )
    assert {f.src for f in found} == {"0.0.0.1", "::1"}


def test_an_end_that_talks_to_itself(tmp_path: Path) -> None:
    found = _read(tmp_path, ethernet(ipv4("127.0.0.1", "127.0.0.1", udp(5, 5), 17)))
    assert [(f.packets_out, f.packets_in) for f in found] == [(1, 0)]


def _random_packets(count: int) -> list[Placed]:
    random = Random(7)
    addresses = [bytes([10, 0, 0, n]) for n in range(4)] + [
        bytes(15) + bytes([n]) for n in range(4)
    ]
    made = []
    for order in range(count):
        version = random.choice((4, 6))
        src, dst = (random.choice(addresses[:4] if version == 4 else addresses[4:]) for _ in "ab")
        packet = Dissected(
            version, src, dst, random.choice((6, 17)), random.randrange(3), random.randrange(3),
            random.randrange(20, 1500), b"x" * random.randrange(3), 3,
            vlans=random.choice(((), (5,))), tunnels=random.choice(((), ("gre",))),
        )  # fmt: skip
        made.append(Placed(packet, order, order))
    return made


def _plain(placed: list[Placed]) -> Counter[tuple[object, ...]]:
    """Count packets and bytes a flow with a dictionary: no direction, no trick."""
    packets: Counter[tuple[object, ...]] = Counter()
    for p, _, _ in placed:
        ends = frozenset({(p.src, p.sport), (p.dst, p.dport)})
        packets[(p.version, ends, p.protocol, p.vlans, p.tunnels)] += p.ip_bytes
    return packets


@pytest.mark.parametrize("colliding", [False, True])
def test_flows_are_exact_whatever_the_hash(
    monkeypatch: pytest.MonkeyPatch, colliding: bool
) -> None:
    if colliding:
        monkeypatch.setattr(_grouping, "_K1", np.uint64(0))
        monkeypatch.setattr(_grouping, "_K3", np.uint64(0))
    placed = _random_packets(4000)
    table = FlowTable()
    for start in range(0, 4000, 1500):
        table.add(columns_of(placed[start : start + 1500], table.paths))
    expected = _plain(placed)
    total = table.column("bytes").reshape(-1, 2).sum(axis=1)
    assert len(table) == len(expected)
    assert sorted(total.tolist()) == sorted(expected.values())


def test_more_flows_than_are_kept_are_counted() -> None:
    table = FlowTable(most=3)
    placed = [
        Placed(Dissected(4, bytes([10, 0, 0, n]), bytes(4), 17, 1, 2, 30, b"x", 1), n, n)
        for n in range(10)
    ]
    first = table.add(columns_of(placed, table.paths))
    table.add(columns_of(placed, table.paths))
    assert (len(table), table.beyond) == (3, 14)
    assert int((first.flow < 0).sum()) == 7


def test_the_table_grows() -> None:
    table = FlowTable()
    for start in range(0, 20_000, 5_000):
        table.add(
            columns_of(
                [
                    Placed(Dissected(4, n.to_bytes(4, "big"), bytes(4), 17, 1, 2, 30, b"", 0), n, n)
                    for n in range(start + 1, start + 5_001)
                ],
                table.paths,
            )
        )
    assert len(table) == 20_000
    assert table.column("packets").sum() == 20_000


def test_a_tunnels_ends_are_turned_with_the_flow(tmp_path: Path) -> None:
    a, b, near, far = (bytes([10, 0, 0, n]) for n in (9, 1, 50, 60))
    there = Dissected(4, a, b, 17, 5, 6, 30, b"", 0, tunnels=("gre",), carriers=((near, far),))
    back = Dissected(4, b, a, 17, 6, 5, 40, b"", 0, tunnels=("gre",), carriers=((far, near),))
    table = FlowTable()
    table.add(columns_of([Placed(there, 0, 0), Placed(back, 1, 1)], table.paths))
    assert len(table) == 1
    ((_number, flow),) = all_ends(table)
    assert (flow.src, flow.packets_out, flow.packets_in) == ("10.0.0.9", 1, 1)
    assert flow.carriers == (("10.0.0.50", "10.0.0.60"),)


class _Hearer:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int, int, int, bytes, int]] = []

    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        for row in range(len(payloads)):
            self.heard.append(
                (
                    int(payloads.flow[row]), int(payloads.direction[row]), int(payloads.nth[row]),
                    int(payloads.seq[row]), bytes(payloads.payload(row)), int(payloads.head[row]),
                )
            )  # fmt: skip

    def finish(self, flows: FlowTable) -> Heard:
        return Heard(notes={0: FlowNote(application="tls")})


@pytest.mark.parametrize("size", [300, 4 << 20], ids=["many batches", "one batch"])
def test_listeners_hear_payloads_in_order(tmp_path: Path, size: int) -> None:
    hearer = _Hearer()
    packets = (
        _out(SYN, b"early", seq=10), _back(SYN | ACK), _out(ACK, b"abcdefghij", seq=16),
        _back(PSH | ACK, b"xyz", seq=9001), _out(ACK, b"", seq=26), _out(ACK, b"k", seq=26),
    )  # fmt: skip
    read(tmp_path / "a.pcap", pcap(packets), size=size, listeners=[hearer])
    by_side = {direction: [h for h in hearer.heard if h[1] == direction] for direction in (0, 1)}
    out = next(part for part in by_side.values() if len(part) == 3)
    assert [(h[2], h[3], h[4]) for h in out] == [
        (0, 11, b"early"), (1, 16, b"abcdefghij"), (2, 26, b"k"),
    ]  # fmt: skip
    assert [h[5] for h in out] == [
        int.from_bytes(b"early\0\0\0", "big"), int.from_bytes(b"abcdefgh", "big"), 0x6B << 56,
    ]  # fmt: skip


class _Failing(_Hearer):
    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        raise KeyError("nobody expects it")


def test_a_listener_that_fails_is_a_gap_and_nothing_else_is_lost(tmp_path: Path) -> None:
    good = _Hearer()
    analysis, _ = read(tmp_path / "a", pcap([_out(ACK, b"x")] * 2), listeners=[_Failing(), good])
    assert [(c.reason, "KeyError" in c.detail) for c in analysis.crashes] == [("crashed", True)]
    assert len(good.heard) == 2


def test_a_slow_path_that_fails_is_counted(tmp_path: Path) -> None:
    def broken(link_type: int, data: bytes, *, wire: int, fcs: int = 0) -> Dissected:
        raise IndexError

    analysis, _ = read(tmp_path / "a", pcap([bytes(60)]), slow=broken)
    assert analysis.skipped == {"crashed": 1}
