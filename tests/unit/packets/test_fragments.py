"""Fragments: put together in any order, each its flow's once, within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from struct import pack

import pytest
from msgspec.structs import replace

from auditor.packets import fragments
from auditor.packets._datagram import MOST_BYTES
from auditor.packets.dissect import dissect
from auditor.packets.dissected import Dissected, Placed
from auditor.packets.fragments import PATIENCE, Fragments
from tests.captures import wire
from tests.captures.odd_packets import DST4, DST6, FAR4, INNER4, IPV4, MACS, NEAR4, SRC4, SRC6

TEXT = bytes(range(256)) * 12


def datagram(text: bytes = TEXT, *, six: bool = False, sport: int = 5353) -> bytes:
    src, dst = (SRC6, DST6) if six else (SRC4, DST4)
    return wire.ip(src, dst, 17, wire.udp(src, dst, sport, 53, text), ident=77)


def pieces(packet: bytes, size: int = 1024) -> list[bytes]:
    if packet[0] >> 4 == 6:
        return wire.fragments6(packet, size, 77)
    return wire.fragments4(packet, size)


def dissected(data: bytes, wire_size: int = 0) -> Dissected:
    found = dissect(101, data, wire=wire_size or len(data))
    assert isinstance(found, Dissected)
    return found


def put(waiting: Fragments, packets: Iterable[bytes], begin: int = 0) -> list[Placed]:
    placed: list[Placed] = []
    for order, data in enumerate(packets, begin):
        placed += waiting.add(dissected(data), time=order * 1000, order=order)
    return placed


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_one_that_completes_has_the_payload_and_all_have_the_ports(
    order: tuple[int, ...], six: bool
) -> None:
    parts = pieces(datagram(six=six))
    waiting = Fragments()
    placed = put(waiting, [parts[number] for number in order])
    assert [item.order for item in placed] == [0, 1, 2, 3]
    assert [item.time for item in placed] == [0, 1000, 2000, 3000]
    assert all(item.packet.fragment is None for item in placed)
    assert {(item.packet.sport, item.packet.dport) for item in placed} == {(5353, 53)}
    assert [item.packet.payload for item in placed] == [b"", b"", b"", TEXT]
    assert placed[3].packet.payload_size == len(TEXT)
    assert sum(item.packet.ip_bytes for item in placed) == sum(map(len, parts))
    assert not waiting.finish()
    assert not waiting.gaps


def test_a_packet_that_is_whole_is_placed_at_once() -> None:
    whole = dissected(datagram())
    assert Fragments().add(whole, time=5, order=6) == [Placed(whole, 5, 6)]


@pytest.mark.parametrize("seed", range(40))
def test_any_order_with_copies_and_overlaps_gives_the_text(seed: int) -> None:
    random = Random(seed)
    packet = datagram()
    data = packet[20:]
    parts = []
    for start in range(0, len(data), 128):
        begin = max(start - 8 * random.randrange(6), 0)
        end = min(start + 128, len(data))
        more = 0x2000 if end < len(data) else 0
        parts.append(wire.ip4(SRC4, DST4, 17, data[begin:end], ident=7, fragment=more | begin // 8))
    parts += random.choices(parts, k=5)
    random.shuffle(parts)
    waiting = Fragments()
    placed = put(waiting, parts)
    late = waiting.finish()
    assert sorted(item.order for item in (*placed, *late)) == list(range(len(parts)))
    assert [item.packet.payload for item in placed if item.packet.payload][:1] == [TEXT]
    assert "fragments-contradict" not in waiting.gaps


def test_what_came_first_is_kept_and_a_contradiction_is_told() -> None:
    parts = pieces(datagram(b"a" * 48), 32)
    other = pieces(datagram(b"b" * 48), 32)
    waiting = Fragments()
    placed = put(waiting, [parts[0], other[0], parts[1]])
    assert placed[-1].packet.payload == b"a" * 48
    assert waiting.gaps == {"fragments-contradict": 1}


def test_a_fragment_that_comes_again_is_still_its_flows() -> None:
    parts = pieces(datagram())
    waiting = Fragments()
    put(waiting, parts)
    (again,) = waiting.add(dissected(parts[2]), time=9, order=9)
    assert (again.packet.sport, again.packet.payload) == (5353, b"")


def test_the_same_number_again_is_another_datagram() -> None:
    waiting = Fragments()
    put(waiting, pieces(datagram()))
    placed = put(waiting, pieces(datagram(TEXT[::-1], sport=9)), 4)
    assert {item.packet.sport for item in placed} == {9}
    assert placed[-1].packet.payload == TEXT[::-1]


def test_of_an_incomplete_one_the_beginning_is_what_is_known() -> None:
    parts = pieces(datagram())
    waiting = Fragments()
    assert not put(waiting, [parts[1], parts[0], parts[3]])
    placed = waiting.finish()
    assert [item.order for item in placed] == [0, 1, 2]
    assert [item.packet.sport for item in placed] == [5353] * 3
    assert placed[1].packet.payload == TEXT[: 2048 - 8]
    assert placed[1].packet.payload_size == len(TEXT)
    assert waiting.gaps == {"fragments-missing": 1}


def test_without_the_first_the_ports_stay_unknown() -> None:
    waiting = Fragments()
    put(waiting, pieces(datagram())[1:])
    placed = waiting.finish()
    assert {(item.packet.protocol, item.packet.sport) for item in placed} == {(17, 0)}
    assert not any(item.packet.payload for item in placed)


def test_what_is_missing_is_not_waited_for_longer_than_a_minute() -> None:
    waiting = Fragments()
    put(waiting, pieces(datagram())[:2])
    whole = dissected(datagram())
    assert len(waiting.add(whole, time=PATIENCE - 1, order=8)) == 1
    placed = waiting.add(whole, time=PATIENCE, order=9)
    assert [item.order for item in placed] == [0, 1, 9]


def test_a_fragment_that_the_capture_cut_ends_what_is_known() -> None:
    parts = pieces(datagram())
    waiting = Fragments()
    waiting.add(dissected(parts[0]), time=0, order=0)
    waiting.add(dissected(parts[1][:120], len(parts[1])), time=0, order=1)
    waiting.add(dissected(parts[2]), time=0, order=2)
    placed = waiting.add(dissected(parts[3]), time=0, order=3)
    assert placed[-1].packet.payload == TEXT[: 1024 - 8 + 100]
    assert placed[-1].packet.payload_size == len(TEXT)
    assert not waiting.gaps


def test_no_more_of_a_datagram_is_kept_than_names_need() -> None:
    text = bytes(60000)
    waiting = Fragments()
    placed = put(waiting, pieces(datagram(text), 1480))
    assert len(placed[-1].packet.payload) == MOST_BYTES - 8
    assert placed[-1].packet.payload_size == 60000


def test_a_tunnel_in_fragments_is_the_inner_flows_packet_once() -> None:
    inner = MACS + pack(">H", IPV4) + INNER4
    vxlan = wire.udp(NEAR4, FAR4, 50000, 4789, pack(">II", 1 << 27, 256) + inner)
    first, second = wire.fragments4(wire.ip(NEAR4, FAR4, 17, vxlan, ident=3), 64)
    placed = put(Fragments(), [first, second])
    outer, carried = (item.packet for item in placed)
    assert (outer.src, outer.sport, outer.dport, outer.tunnels) == (NEAR4, 50000, 4789, ())
    assert (carried.src, carried.tunnels, carried.ip_bytes) == (SRC4, ("vxlan",), len(INNER4))
    assert carried.carriers == ((NEAR4, FAR4),)


def test_fragments_in_a_tunnel_that_is_in_fragments() -> None:
    parts = [
        outer
        for inner in wire.fragments4(INNER4, 32)
        for outer in wire.fragments4(wire.ip(NEAR4, FAR4, 4, inner, ident=inner[7]), 24)
    ]
    waiting = Fragments()
    placed = [*put(waiting, parts), *waiting.finish()]
    assert sorted(item.order for item in placed) == list(range(len(parts)))
    inside = [item.packet for item in placed if item.packet.tunnels]
    assert [packet.payload for packet in inside] == [b"", b"what the datagram carries"]
    assert not waiting.gaps


def test_extension_headers_behind_the_fragment_header_are_read_when_whole() -> None:
    body = pack(">BBBB4s", 17, 0, 1, 4, b"") + wire.udp(SRC6, DST6, 5353, 53, TEXT)
    parts = pieces(wire.ip(SRC6, DST6, 60, body))
    placed = put(Fragments(), parts)
    assert {(item.packet.protocol, item.packet.sport) for item in placed} == {(17, 5353)}
    assert placed[-1].packet.payload == TEXT


def test_datagrams_in_another_vlan_are_others() -> None:
    first, second = pieces(datagram(TEXT[:1500]))
    waiting = Fragments()
    assert not waiting.add(replace(dissected(first), vlans=(1,)), time=0, order=0)
    assert not waiting.add(replace(dissected(second), vlans=(2,)), time=0, order=1)


def test_what_waits_is_bounded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MOST_WAITING", 10)
    waiting = Fragments()
    placed = []
    for number in range(100):
        part = wire.ip4(SRC4, DST4, 17, bytes(8), ident=number, fragment=0x2000)
        placed += waiting.add(dissected(part), time=0, order=number)
    assert len(placed) == 90
    assert waiting.gaps == {"fragments-over-limit": 90}
    assert len(waiting.finish()) == 10


def test_bytes_held_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MOST_HELD", 4 * MOST_BYTES)
    waiting = Fragments()
    for number in range(100):
        part = wire.ip4(SRC4, DST4, 17, bytes(8), ident=number, fragment=0x2000 | 2047)
        waiting.add(dissected(part), time=0, order=number)
    assert waiting.gaps["fragments-over-limit"] == 96


def test_a_last_fragment_twice_with_another_end_is_a_contradiction() -> None:
    waiting = Fragments()
    end = wire.ip4(SRC4, DST4, 17, bytes(8), ident=1, fragment=4)
    other = wire.ip4(SRC4, DST4, 17, bytes(16), ident=1, fragment=4)
    put(waiting, [end, other])
    waiting.finish()
    assert waiting.gaps["fragments-contradict"] == 1
