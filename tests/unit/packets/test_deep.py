"""auditor.packets: with `deep`, industrial flows are dissected, and what was not is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from auditor import packets
from auditor.capture.talks import LAYERS
from auditor.evidence.traffic import ControllerTalk, Flow
from auditor.packets import deep
from tests.captures.files import pcap
from tests.captures.library import sealed
from tests.captures.messages import industrial
from tests.captures.odd_scenes import every_industrial
from tests.captures.stage import Connection, Packet, Stage

CLIENT, SERVER = "10.1.0.5", "10.7.0.1"


def crosses(one: str, other: str) -> bool:
    return one[:4] != other[:4]


def told(
    folder: Path, made: Iterable[Packet], *, snap: int = 262144
) -> tuple[list[ControllerTalk], packets.Captured]:
    path = folder / "a.pcap"
    path.write_bytes(b"".join(pcap(made, snap=snap)))
    read = packets.read((path,), deep=crosses)
    return [one for one in read.records if isinstance(one, ControllerTalk)], read


def polled(
    stage: Stage, exchanges: list[industrial.Exchange], *, server: str = SERVER, mss: int = 0
) -> None:
    """One connection of Modbus that says what is in `exchanges`."""
    talk = Connection(stage, CLIENT, server, 502, application="modbus", encrypted=False).open()
    for exchange in exchanges:
        for outward, data in exchange:
            talk.send(data, outward=outward, mss=mss)
    talk.close()


def one(folder: Path, play: Callable[[Stage], None], **changes: int) -> ControllerTalk:
    stage = Stage(5)
    play(stage)
    (found,), _ = told(folder, sealed(stage)[0], **changes)
    return found


READS = [industrial.modbus(n) for n in range(20)]
WRITE = [industrial.modbus(99, write=True)]


def test_a_write_among_reads_is_found(tmp_path: Path) -> None:
    found = one(tmp_path, lambda stage: polled(stage, [*READS, *WRITE]))
    assert (found.reads, found.writes, found.undissected, found.why) == (20, 1, 0, ())
    assert (found.packets, found.looked) == (42, 42)
    assert found.exchanges[0].objects == ("unit 1, register 100",)


def test_messages_in_pieces_are_put_together(tmp_path: Path) -> None:
    found = one(tmp_path, lambda stage: polled(stage, [*READS, *WRITE], mss=5))
    assert (found.reads, found.writes, found.undissected) == (20, 1, 0)


def test_every_industrial_flow_is_told_and_what_nobody_dissects_is_unknown(tmp_path: Path) -> None:
    stage = Stage(5)
    every_industrial(stage)
    found, read = told(tmp_path, sealed(stage)[0])
    applications = {r.application for r in read.records if isinstance(r, Flow)}
    assert {one.application for one in found} == applications
    for talk in found:
        if talk.application in LAYERS:
            assert not talk.why, talk
            assert talk.layer
        else:
            assert "no layer" in talk.why[0]
            assert talk.writes is None


def test_a_lost_packet_leaves_it_unknown(tmp_path: Path) -> None:
    stage = Stage(5)
    polled(stage, [*READS, *WRITE, *READS])
    made = [p for p in sealed(stage)[0] if b"\x06\0\x64\0\x01" not in p.data]
    (found,), _ = told(tmp_path, made)
    assert found.writes == 0
    assert found.undissected > 0
    assert found.why


def test_packets_cut_short_leave_it_unknown(tmp_path: Path) -> None:
    found = one(tmp_path, lambda stage: polled(stage, READS), snap=70)
    assert found.undissected > 0
    assert found.why


def test_answers_alone_are_unknown_but_a_write_in_them_is_told(tmp_path: Path) -> None:
    def play(stage: Stage) -> None:
        polled(stage, [*READS, *WRITE])
        source = bytes(map(int, CLIENT.split(".")))
        stage.packets = [p for p in stage.packets if p.data[26:30] != source]

    found = one(tmp_path, play)
    assert found.writes == 1
    assert "only answers were captured" in found.why


def test_long_flows_are_cut_and_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep, "PACKETS_OF_FLOW", 10)
    stage = Stage(5)
    polled(stage, [*READS, *WRITE])
    (found,), read = told(tmp_path, sealed(stage)[0])
    assert (found.looked, found.packets) == (10, 42)
    assert "not all packets were dissected" in found.why
    assert {gap.reason for gap in read.gaps if gap.kind == "controller_talk"} == {"limit"}


def test_flows_within_a_zone_leave_room_for_those_that_cross(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deep, "PACKETS_WITHIN", 4)
    stage = Stage(5)
    for number in range(3):
        polled(stage, READS, server=f"10.1.0.{number + 9}")
    polled(stage, [*READS, *WRITE])
    found, _ = told(tmp_path, sealed(stage)[0])
    crossing = next(talk for talk in found if talk.dst == SERVER)
    assert (crossing.writes, crossing.why) == (1, ())
    assert sum(talk.looked for talk in found if talk.dst != SERVER) == 4


def test_without_asking_nothing_is_dissected(tmp_path: Path) -> None:
    stage = Stage(5)
    polled(stage, READS)
    path = tmp_path / "a.pcap"
    path.write_bytes(b"".join(pcap(sealed(stage)[0])))
    read = packets.read((path,))
    assert not [one for one in read.records if isinstance(one, ControllerTalk)]
    assert "controller_talk" not in {kind for run in read.runs for kind in run.kinds}


def test_where_it_cannot_be_dissected_there_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent")
    stage = Stage(5)
    polled(stage, READS)
    (found,), read = told(tmp_path, sealed(stage)[0])
    assert found.reads is found.writes is found.controls is None
    assert found.why
    (gap,) = [gap for gap in read.gaps if gap.kind == "controller_talk"]
    assert "cannot be started" in gap.detail
