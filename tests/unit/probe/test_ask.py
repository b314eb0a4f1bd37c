"""The probe as a process of its own: it answers over pipes, and only about loopback."""

from __future__ import annotations

import subprocess
import sys
import time

from auditor.probe.ask import answers
from auditor.probe.words import Request, Target, encode, is_loopback


def test_answers_come_in_the_order_of_the_targets(listener, tls_server):
    clear = listener(lambda connection: connection.sendall(b"-ERR\r\n"))
    secure = tls_server("TLSv1_2", "TLSv1_3")
    closed = Target("127.0.0.1", 1)
    found = answers((secure, closed, clear))
    assert [answer.target for answer in found] == [secure, closed, clear]
    assert [answer.speaks for answer in found] == ["tls", None, "clear"]


def test_the_time_for_all_ends_the_probe(listener):
    target = listener(lambda connection: time.sleep(30))
    begun = time.monotonic()
    (answer,) = answers((target,), seconds=1)
    assert time.monotonic() - begun < 5
    assert answer.speaks is None or answer.speaks == "silent"


def test_no_target_starts_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert answers(()) == ()


def test_a_target_elsewhere_ends_the_probe_before_anything_is_sent():
    request = encode(Request(targets=(Target("192.0.2.1", 443),), seconds=1))
    done = subprocess.run(
        [sys.executable, "-m", "auditor.probe"],
        input=request, capture_output=True, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"own listeners" in done.stderr


def test_what_counts_as_loopback():
    assert [is_loopback(a) for a in ("127.0.0.1", "127.255.255.254", "::1")] == [True] * 3
    assert not any(is_loopback(a) for a in ("10.0.0.1", "::2", "fe80::1", "", "::ffff:127.0.0.1"))
