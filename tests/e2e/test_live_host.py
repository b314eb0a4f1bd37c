"""The collectors on this very machine: against psutil, recorded and replayed, and among hostiles."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

import msgspec
import psutil
import pytest

from auditor.collect import Options, load, names, run
from auditor.evidence import Gap, Record, kind_of
from auditor.host import Unreadable
from auditor.host.live import LiveHost
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost


def listening(host):
    facts = load("sockets").collect(host, Options())
    return {
        (fact.protocol, fact.address, fact.port)
        for fact in facts
        if isinstance(fact, Record) and kind_of(fact) == "listening_port"
    }


def as_psutil_sees():
    found = set()
    for one in psutil.net_connections(kind="inet"):
        stream = one.type == socket.SOCK_STREAM
        if one.status == psutil.CONN_LISTEN if stream else not one.raddr and one.laddr.port:
            address = one.laddr.ip.removeprefix("::ffff:")
            found.add(("tcp" if stream else "udp", address, one.laddr.port))
    return found


@pytest.fixture
def open_ports():
    """Keep a port of each kind open."""
    kinds = [
        (socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"),
        (socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"),
        (socket.AF_INET6, socket.SOCK_STREAM, "::1"),
        (socket.AF_INET6, socket.SOCK_DGRAM, "::1"),
    ]
    with contextlib.ExitStack() as stack:
        ports = set()
        for family, kind, address in kinds:
            one = stack.enter_context(socket.socket(family, kind))
            try:
                one.bind((address, 0))
            except OSError:
                continue
            if kind == socket.SOCK_STREAM:
                one.listen()
            protocol = "tcp" if kind == socket.SOCK_STREAM else "udp"
            ports.add((protocol, address, one.getsockname()[1]))
        yield ports


def test_ports_are_those_that_psutil_sees(open_ports):
    for attempt in (1, 2, 3):
        ours, theirs = listening(LiveHost()), as_psutil_sees()
        if ours == theirs or attempt == 3:
            break
    assert ours == theirs
    assert open_ports <= ours


def test_the_owner_of_an_own_port_is_this_process(open_ports):
    facts = list(load("sockets").collect(LiveHost(), Options()))
    owners = {
        (fact.protocol, fact.address, fact.port): fact.pid
        for fact in facts
        if isinstance(fact, Record) and kind_of(fact) == "listening_port"
    }
    assert {owners[port] for port in open_ports} == {os.getpid()}


def test_a_recording_of_this_machine_gives_equal_facts(tmp_path):
    host = RecordingHost(LiveHost())
    live = run(host, Options())
    host.save(tmp_path / "recorded", at="2026-01-01T00:00:00Z")
    replayed = run(TreeHost(tmp_path / "recorded"), Options())
    for name in names():
        assert facts_of(replayed, name) == facts_of(live, name), name
    assert replayed.runs == live.runs


def facts_of(collected, name):
    return [fact for fact in (*collected.records, *collected.gaps) if fact.origin.collector == name]


class Refused:
    """A machine that refuses everything."""

    name, live, uid, privileged = "refused", True, 1000, False

    def read(self, path, **_):
        raise Unreadable(path, "denied", "permission denied")

    list = stat = readlink = mapper_table = encryption_policy = inspect_model = read
    luks_header = key_form = loop_backing = read

    def clock_synchronized(self):
        raise Unreadable("adjtimex(2)", "denied", "permission denied")


def test_a_machine_that_refuses_everything_yields_gaps_for_every_kind():
    collected = run(Refused(), Options())
    kinds = {kind for one in collected.runs for kind in one.kinds}
    assert {gap.kind for gap in collected.gaps} >= kinds - {
        "search_domain",
        "tls_endpoint",
    }  # asked only with --probe-loopback
    claims = {
        (kind_of(record), name): value
        for record in collected.records
        for name, value in msgspec.structs.asdict(record).items()
        if name != "origin" and value not in (None, ())
    }
    assert claims == {}, "a refusal is no fact"


@pytest.fixture
def odd_processes():
    """Keep processes with hostile command lines, names and environments running."""
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    commands = [
        [sys.executable, "-c", code, "x" * 100_000],
        [sys.executable, "-c", code, *["y"] * 3000],
        [sys.executable, "-c", code, b"\xff\xfe\x1b[31m<script>", "\u202etxt"],
    ]
    environment = {**os.environb, b"BAD\xff": b"\xfe", b"HF_TOKEN": b"hf_abcdefghijklmnopqrstuv"}
    with contextlib.ExitStack() as stack:
        started = []
        for command in commands:
            one = stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
                )
            )
            stack.callback(one.stdin.close)
            assert one.stdout.readline() == b"up\n"
            started.append(one.pid)
        yield started


def test_hostile_processes_are_told_and_their_secrets_not(odd_processes):
    facts = list(load("processes").collect(LiveHost(), Options()))
    seen = {f.pid: f for f in facts if isinstance(f, Record) and kind_of(f) == "process"}
    assert set(odd_processes) <= set(seen)
    assert "hf_abcdefghij" not in repr(facts)
    assert any(isinstance(f, Gap) and f.reason == "limit" for f in facts)
