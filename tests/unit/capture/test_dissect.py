"""Conversations are dissected in a process of its own, whose answers are held against reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.capture.dissect import dissect
from auditor.capture.talks import (
    LAYERS,
    LONGEST_LINE,
    Action,
    Answer,
    Segment,
    Talk,
    encode_answer,
)
from auditor.child import Said
from tests.captures.messages import industrial

ROOT = Path(__file__).parents[3]
HEAD = b"\0\x01\0\0"


def talk(
    application: str, *said: tuple[bool, bytes], number: int = 0, carried: str = "stream"
) -> Talk:
    at = {True: 1000, False: 5000}
    segments = []
    for of_client, data in said:
        segments.append(Segment(of_client, at[of_client] if carried == "stream" else 0, data))
        at[of_client] += len(data)
    return Talk(number, application, carried, tuple(segments))


def modbus(pdu: str, *, of_client: bool = True, unit: int = 1) -> tuple[bool, bytes]:
    data = bytes([unit]) + bytes.fromhex(pdu)
    return of_client, HEAD + len(data).to_bytes(2, "big") + data


def cip(service: str, *, connected: bool = False, of_client: bool = True) -> tuple[bool, bytes]:
    data = (b"\x07\0" if connected else b"") + bytes.fromhex(service)
    kind = 0xB1 if connected else 0xB2
    items = bytes(4) + kind.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data
    body = bytes(6) + b"\x02\0" + items
    command = 0x70 if connected else 0x6F
    head = command.to_bytes(2, "little") + len(body).to_bytes(2, "little")
    return of_client, head + b"\x01\0\0\0" + bytes(16) + body


def command(kind: int, cause: int, value: str, *, of_client: bool = True) -> tuple[bool, bytes]:
    unit = bytes([0, 0, 0, 0, kind, 1, cause, 0, 5, 0, 0xA1, 0x0F, 0]) + bytes.fromhex(value)
    return of_client, bytes([0x68, len(unit)]) + unit


OBJECT = bytes.fromhex("0000a0de976cd111827100a02442df7d")


def call(operation: int, *, of: bytes = OBJECT) -> bytes:
    """A call of PROFINET in little-endian order, with one block of a write request."""
    block = bytes.fromhex("0008 003c 0100 0001") + bytes(16) + bytes.fromhex(
        "00000000 0001 0002 0000 8000 00000000") + bytes(24)  # fmt: skip
    size = len(block).to_bytes(4, "little")
    body = size + size + size + bytes(4) + size + block
    head = bytes.fromhex("04002000 100000 00") + of * 2 + bytes(16) + bytes(4)
    head += b"\x01\0\0\0" + bytes(4) + operation.to_bytes(2, "little") + b"\xff" * 4
    return head + len(body).to_bytes(2, "little") + bytes(4) + body


# One program answers for all of them, as it does in an audit.
CASES: dict[str, tuple[Talk, list[tuple[str, str, int, tuple[str, ...]]], int]] = {
    "modbus reads and writes": (
        talk("modbus", modbus("0300000a"), modbus("03 02 0001", of_client=False),
             modbus("10 0064 0002 04 00010002"), modbus("10 0064 0002", of_client=False),
             modbus("10 0064 0002 04 00010002"), modbus("05 0007 ff00", unit=9)),
        [("write", "Write Multiple Registers", 2, ("unit 1, registers 100-101",)),
         ("write", "Write Single Coil", 1, ("unit 9, coil 7",)),
         ("read", "Read Holding Registers", 1, ())],
        1,
    ),
    "modbus restarts": (
        talk("modbus", modbus("08 0001 0000")),
        [("control", "Diagnostics: Restart Communications", 1, ("unit 1",))], 0,
    ),
    "modbus by UMAS": (talk("modbus", modbus("5a 00 10 01")), [], 1),
    "modbus answers alone": (
        talk("modbus", modbus("06 0064 0001", of_client=False)),
        [("write", "Write Single Register", 1, ("unit 1, register 100",))], 0,
    ),
    "modbus refusals alone": (talk("modbus", modbus("86 02", of_client=False)), [], 1),
    "modbus hidden behind another in one segment": (
        talk("modbus", (True, modbus("03 0000 000a")[1] + modbus("06 0064 0001")[1])),
        [("write", "Write Single Register", 1, ("unit 1, register 100",)),
         ("read", "Read Holding Registers", 1, ("unit 1, registers 0-9",))], 0,
    ),
    "a tag is written": (
        talk("ethernet-ip", cip("4d 05 91 05 5370656564 00 28 03 c400 0100 00000000")),
        [("write", "Write Tag", 1, ("tag Speed[3]",))], 0,
    ),
    "a tag is written within others": (
        talk("ethernet-ip", cip("0a 02 20 02 24 01 0200 0600 0e00 4c 02 91 01 4100 0100"
                                "4d 02 91 01 4200 c100 0100 01", connected=True)),
        [("write", "Write Tag", 1, ("tag B",)), ("read", "Read Tag", 1, ("tag A",))], 0,
    ),
    "a tag is written through another": (
        talk("ethernet-ip", cip("52 02 2006 2401 0a f0 0a00 4d 02 91 02 4142 c100 0100 0100")),
        [("write", "Write Tag", 1, ("tag AB",))], 0,
    ),
    "a controller is stopped": (
        talk("ethernet-ip", cip("07 02 20 8e 24 01"), cip("87 00 00 00", of_client=False)),
        [("control", "Stop", 1, ("class 0x8e, instance 1",))], 0,
    ),
    "an answer that may be two": (
        talk("ethernet-ip", cip("d2 00 00 00", of_client=False)), [], 1,
    ),
    "a vendor's own service": (talk("ethernet-ip", cip("6f 02 20 ac 24 01")), [], 1),
    "a command": (
        talk("iec-104", command(45, 6, "01"), command(45, 7, "01", of_client=False),
             command(45, 10, "01", of_client=False)),
        [("control", "C_SC_NA_1 (single command)", 1, ("station 5, object 4001",))], 0,
    ),
    "a set point": (
        talk("iec-104", command(50, 6, "0000803f00")),
        [("write", "C_SE_NC_1 (set point)", 1, ("station 5, object 4001",))], 0,
    ),
    "a command by whoever is taken for the station": (
        talk("iec-104", command(46, 6, "01", of_client=False)),
        [("control", "C_DC_NA_1 (double command)", 1, ("station 5, object 4001",))], 0,
    ),
    "a command of a cause that is none": (talk("iec-104", command(45, 3, "01")), [], 1),
    "a record is written": (
        talk("profinet", (True, call(3)), carried="datagram"),
        [("write", "Write", 1, ("slot 1, subslot 2, index 0x8000",))], 0,
    ),
    "a record is written behind a length that lies": (
        talk("profinet", (True, call(3) + b"x"), carried="datagram"),
        [("write", "Write", 1, ("slot 1, subslot 2, index 0x8000",))], 0,
    ),
    "a call to somebody else": (
        talk("profinet", (True, call(3, of=bytes(16))), carried="datagram"), [], 1,
    ),
    "values are told": (
        talk("iec-104", command(1, 3, "01", of_client=False)),
        [("other", "M_SP_NA_1", 1, ("station 5",))], 0,
    ),
    "a file": (talk("iec-104", command(122, 13, "00000000")), [], 1),
    "publishes and asks": (
        talk("mqtt", *industrial.mqtt(),
             (True, b"\x82\x08\0\x01\0\x03a/b\x01"), (False, b"\x90\x03\0\x01\x01")),
        [("read", "subscribe", 1, ("topic a/b",)),
         ("other", "publish", 1, ("topic plant/press/7",))], 0,
    ),
    "a name is set": (
        talk("profinet", (True, bytes.fromhex("fefd 04 00 01020304 0000 0008 0202 0004 0001 6162")),
             carried="frame"),
        [("write", "DCP Set", 1, ("option Device properties",))], 0,
    ),
    "a frame writes": (
        talk("ethercat", (True, bytes.fromhex("1010 05 00 e903 2001 0400 0000 08000000 0000")
                          + bytes(20)), carried="frame"),
        [("write", "FPWR (configured address write)", 1, ("device 0x03e9, address 0x0120",))], 0,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    talks = tuple(
        Talk(number, one.application, one.carried, one.segments)
        for number, (one, _, _) in enumerate(CASES.values())
    )
    return dict(zip(CASES, dissect(talks), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_what_was_done(name: str, answers: dict[str, Answer]) -> None:
    _, expected, undissected = CASES[name]
    told = [(a.does, a.function, a.count) for a in answers[name].actions]
    assert told == [one[:3] for one in expected], answers[name]
    assert [a.objects for a in answers[name].actions] == [one[3] for one in expected]
    assert answers[name].undissected == undissected
    assert not answers[name].unfinished


def test_noise_is_undissected_and_hurts_nobody() -> None:
    noise = bytes((i * 167 + i // 7) % 256 for i in range(4000))
    pieces = [(True, noise[at : at + 97]) for at in range(0, len(noise), 97)]
    frames = {"profinet", "ethercat"}
    answers = dissect(
        tuple(
            talk(application, *pieces, carried="frame" if application in frames else "stream")
            for application in LAYERS
        )
    )
    told = dict(zip(LAYERS, answers, strict=True))
    assert {application for application, answer in told.items() if not answer.undissected} == set()
    assert {
        application: answer.unfinished for application, answer in told.items() if answer.unfinished
    } == {}


def test_the_program_can_open_start_and_write_nothing() -> None:
    tried = """
import os, socket, subprocess, json
from auditor.capture import _dissect as d
d.confine(memory=1 << 30, seconds=60)
def fails(what):
    try: what()
    except OSError: return True
    return False
print(json.dumps([fails(lambda: socket.socket()), fails(lambda: open('/etc/hostname')),
    fails(lambda: os.pipe()), fails(lambda: subprocess.run(['/bin/true'])), os.geteuid() != 0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", tried], capture_output=True, text=True, check=True, cwd=ROOT,
        close_fds=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [True] * 5


def why_of(answer: Answer) -> str:
    return answer.unfinished.why if answer.unfinished else ""


def _told(*lines: bytes) -> Said:
    return Said(output=b"".join(lines))


TALKS = (talk("modbus", modbus("0300000a"), number=3), talk("mqtt", (True, b"x"), number=7))
GOOD = encode_answer(Answer(number=3))
ACTION = Action(does="read", function="f", count=1)


@pytest.mark.parametrize(
    "line",
    [
        b"{}\n", b"[]\n", b"null\n", b'{"number":"3"}\n', b'{"number":3,"more":1}\n',
        b'{"number":-3}\n', b'{"number":3,"undissected":-1}\n', b"\xff\n",
        encode_answer(Answer(number=7)), encode_answer(Answer(number=4)),
        encode_answer(Answer(number=3, undissected=10**6)),
        encode_answer(Answer(number=3, actions=(Action(does="read", function="f", count=10**6),))),
        encode_answer(Answer(number=3, actions=(ACTION, ACTION))),
        encode_answer(Answer(number=3, actions=(Action(does="erase", function="f", count=1),))),
        encode_answer(Answer(number=3, actions=(Action(does="read", function="", count=1),))),
        encode_answer(Answer(number=3, actions=(Action(does="read", function="f" * 99, count=1),))),
        encode_answer(Answer(number=3, actions=(ACTION,) * 49)),
        encode_answer(
            Answer(number=3, actions=(
                Action(does="read", function="f", count=1, objects=("o",) * 17, objects_total=17),
            ))
        ),
        encode_answer(
            Answer(number=3, actions=(Action(does="read", function="f", count=1, objects=("o",)),))
        ),
        b'{"number":3,"unfinished":{"reason":"bored","why":"x"}}\n',
        b'{"number":3,"unfinished":{"reason":"limit","why":""}}\n',
        b'{"number":3,"unfinished":{"reason":"limit","why":"' + b"x" * LONGEST_LINE + b'"}}\n',
    ],
)  # fmt: skip
def test_what_cannot_be_believed_is_not(line: bytes) -> None:
    first, second = dissect(TALKS, ask=lambda _request, _most: _told(line, GOOD))
    assert first.actions == second.actions == ()
    assert "cannot be believed" in why_of(first)
    assert "cannot be believed" in why_of(second)


def test_characters_that_do_something_are_replaced() -> None:
    name = "\x1b[31mset\u202e\n"
    said = encode_answer(
        Answer(
            number=3,
            actions=(
                Action(does="read", function=name, count=1, objects=(name,), objects_total=1),
            ),
        )
    )
    first, _ = dissect(TALKS, ask=lambda _request, _most: _told(said))
    (action,) = first.actions
    assert action.function == action.objects[0] == "\ufffd[31mset\ufffd\ufffd"


def test_one_that_kills_the_program_is_unknown_and_the_others_are_not() -> None:
    asked: list[int] = []

    def ask(_request: bytes, _most: int) -> Said:
        asked.append(1)
        return Said(output=b"" if len(asked) == 1 else encode_answer(Answer(number=7)), stopped="")

    first, second = dissect(TALKS, ask=ask)
    assert "broke off" in why_of(first)
    assert not second.unfinished


def test_who_dies_again_and_again_is_started_no_more() -> None:
    asked: list[int] = []

    def ask(_request: bytes, _most: int) -> Said:
        asked.append(1)
        return Said(output=b'{"numb', stopped="timeout")

    many = tuple(talk("mqtt", (True, b"x"), number=n) for n in range(50))
    told = dissect(many, ask=ask)
    assert [one.number for one in told] == list(range(50))
    assert all("broke off" in why_of(one) for one in told)
    assert "it took too long" in why_of(told[0])
    assert len(asked) < 10


def test_without_scapy_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "scapy"
    blocked.mkdir()
    (blocked / "__init__.py").write_text("raise ImportError")
    for name in ("auditor",):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr("auditor.child._PACKAGE", tmp_path)
    told = dissect(TALKS)
    assert [why_of(one) for one in told] == ["scapy is not installed"] * 2
    assert {one.unfinished and one.unfinished.reason for one in told} == {"absent"}


def test_a_program_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    told = dissect(TALKS)
    assert all("cannot be started" in why_of(one) for one in told)
    assert {one.unfinished and one.unfinished.reason for one in told} == {"absent"}


def test_a_real_program_that_is_killed_leaves_all_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.capture.dissect._SECONDS", 0.01)
    told = dissect(TALKS)
    assert all("it took too long" in why_of(one) for one in told)
    assert {one.unfinished and one.unfinished.reason for one in told} == {"timeout"}
