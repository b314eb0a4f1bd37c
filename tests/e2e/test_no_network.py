"""A scan connects nowhere, starts nothing and writes nothing: shown by two witnesses."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

# Audit events (docs.python.org, audit events table) that a scan must never raise. `os.fork` is
# not among them: mounts that may hang are read by a forked copy of this very process.
CHILD = """
import os, sys
FORBIDDEN = {
    'socket.connect', 'socket.bind', 'socket.sendto', 'socket.sendmsg', 'socket.getaddrinfo',
    'socket.gethostbyname', 'socket.gethostbyaddr', 'socket.__new__', 'subprocess.Popen',
    'os.system', 'os.exec', 'os.posix_spawn', 'os.spawn', 'os.remove', 'os.rename', 'os.rmdir',
    'os.mkdir', 'os.symlink', 'os.link', 'os.truncate', 'os.chmod', 'os.chown', 'os.utime',
    'os.kill', 'pickle.find_class', 'shutil.copyfile', 'webbrowser.open', 'urllib.Request',
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
seen = []
def witness(event, arguments):
    if event in FORBIDDEN:
        seen.append((event, repr(arguments)[:200]))
    elif event == 'open' and isinstance(arguments[2], int) and arguments[2] & WRITING:
        seen.append((event, repr(arguments)[:200]))
sys.dont_write_bytecode = True
from auditor.collect import Options, load, names, run
from auditor.host.live import LiveHost
[load(name) for name in names()]
import encodings.idna
sys.addaudithook(witness)
collected = run(LiveHost(), Options())
hit = list(seen)
assert collected.records, 'nothing was collected: this would prove nothing'
PROVOKE = sys.argv[1:]
if PROVOKE:
    import socket
    try:
        socket.socket(socket.AF_UNIX).connect('/nonexistent')
    except OSError:
        pass
    try:
        open('/nonexistent/file', 'w')
    except OSError:
        pass
    hit = list(seen)
print(hit)
"""
SCAN = """
from auditor.collect import Options, run
from auditor.host.live import LiveHost
assert run(LiveHost(), Options()).records
"""


def child(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_interpreter_saw_no_connection_no_child_and_no_write():
    assert child() == "[]"


def test_the_witness_is_awake():
    shown = child("provoke")
    assert "socket.connect" in shown
    assert "'open'" in shown


@pytest.fixture
def strace(tmp_path):
    """Return `trace(code) -> text`: the network calls that the kernel saw."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "trace"

    def trace(code):
        command = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
        done = subprocess.run(
            [*command, sys.executable, "-c", code],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if "ptrace" in done.stderr.lower() and "not permitted" in done.stderr.lower():
            pytest.skip("this machine does not let a process be traced")
        assert done.returncode == 0, done.stderr
        return log.read_text()

    return trace


def test_the_kernel_saw_no_connection(strace):
    assert "AF_INET" not in strace(SCAN)


def test_the_kernel_would_have_seen_one(strace):
    code = (
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"
    )
    assert "AF_INET" in strace(code)
