"""`--probe-loopback` connects to this host alone, and without it nothing connects at all."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCAN = [sys.executable, "-m", "auditor", "scan", "-q"]


@pytest.fixture
def listener():
    """Return the port of a listener that says something unasked."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"-ERR who are you\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def scan(tmp_path, *words):
    out = tmp_path / "out"
    done = subprocess.run(
        [*words, *SCAN, "-o", str(out), *(["--probe-loopback"] if "probe" in str(out) else [])],
        cwd=ROOT, capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode in (0, 1, 3), done.stderr
    return json.loads((out / "evidence.json").read_bytes())


def test_the_answer_is_in_the_evidence_and_the_asking_too(tmp_path, listener):
    evidence = scan(tmp_path / "probe")
    ends = [r for r in evidence["records"] if r["kind"] == "tls_endpoint" and r["port"] == listener]
    assert [(r["speaks"], r["banner"]) for r in ends] == [("clear", "-ERR who are you")]
    (run,) = [r for r in evidence["runs"] if r["collector"] == "endpoints"]
    assert run["coverage"][0]["what"] == "listeners asked over loopback"


def test_without_the_flag_there_is_neither(tmp_path, listener):
    evidence = scan(tmp_path / "quiet")
    assert not [r for r in evidence["records"] if r["kind"] == "tls_endpoint"]
    (run,) = [r for r in evidence["runs"] if r["collector"] == "endpoints"]
    assert (run["records"], run["gaps"], run["coverage"]) == (0, 0, [])


def traced(tmp_path, name):
    """Return the addresses of the internet families that a scan's processes named to the kernel."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "trace"
    prefix = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    try:
        scan(tmp_path / name, *prefix)
    except AssertionError as error:
        if "ptrace" in str(error).lower():
            pytest.skip("this machine does not let a process be traced")
        raise
    text = log.read_text()
    calls = [
        line for line in text.splitlines() if re.search(r"\b(connect|sendto|bind|sendmsg)\(", line)
    ]
    return text, [line for line in calls if "AF_INET" in line]


def test_the_kernel_saw_loopback_and_nothing_else(tmp_path, listener):
    _, calls = traced(tmp_path, "probe")
    assert any(f"htons({listener})" in call for call in calls)
    strange = [c for c in calls if 'inet_addr("127.' not in c and '"::1"' not in c]
    assert strange == []
    assert not [c for c in calls if "bind(" in c]


def test_the_kernel_saw_no_socket_without_the_flag(tmp_path, listener):
    text, calls = traced(tmp_path, "quiet")
    assert calls == []
    assert "AF_INET" not in text
