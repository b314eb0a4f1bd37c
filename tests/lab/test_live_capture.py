"""Live capture between two network namespaces: real traffic is heard, kept whole, and judged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor import packets
from auditor.evidence.traffic import Capture, Flow, NameQuery

_NEEDED = ("unshare", "nsenter", "ip")


def _namespaces() -> bool:
    tried = subprocess.run(
        ["unshare", "-n", "ip", "link", "add", "a0", "type", "veth", "peer", "name", "a1"],
        capture_output=True, check=False,
    )  # fmt: skip
    return tried.returncode == 0


pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in _NEEDED), reason="unshare, nsenter and ip"
    ),
]

HERE, THERE = "10.77.0.1", "10.77.0.2"
SERVERS = f"""
import http.server, socket, threading
quiet = type("Q", (http.server.SimpleHTTPRequestHandler,), {{"log_message": lambda *a: None}})
web = http.server.ThreadingHTTPServer(("{THERE}", 8080), quiet)
threading.Thread(target=web.serve_forever, daemon=True).start()
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); names.bind(("{THERE}", 53))
plc = socket.create_server(("{THERE}", 502))
def answer():
    while True:
        asked, who = names.recvfrom(512)
        names.sendto(asked[:2] + b"\\x81\\x83" + asked[4:], who)
threading.Thread(target=answer, daemon=True).start()
print("ready", flush=True)
while True:
    one, _ = plc.accept()
    one.sendall(one.recv(260))
    one.close()
"""
CLIENT = f"""
import socket, urllib.request
request = urllib.request.Request("http://{THERE}:8080/", headers={{"Host": "press.plant.example"}})
urllib.request.urlopen(request).read()
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); names.settimeout(5)
name = b"".join(bytes([len(p)]) + p for p in (b"telemetry", b"vendor", b"example")) + b"\\0"
names.sendto(b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + name + b"\\0\\1\\0\\1", ("{THERE}", 53))
names.recvfrom(512)
plc = socket.create_connection(("{THERE}", 502))
plc.sendall(bytes.fromhex("000700000006010600640001"))
plc.recv(260)
plc.close()
"""


def _inside(holder: subprocess.Popen[bytes], *words: object) -> list[str]:
    return ["nsenter", "-t", str(holder.pid), "-n", *map(str, words)]


@pytest.fixture
def here() -> Iterator[subprocess.Popen[bytes]]:
    """Return who holds a namespace with `v0`; servers are in another, at the far end of it."""
    if not _namespaces():
        pytest.skip("network namespaces or veth are not to be had")
    started = []
    try:
        for _each in range(2):
            started.append(subprocess.Popen(["unshare", "-n", "sleep", "300"]))
        near, far = started
        for one in started:
            _until(
                lambda one=one: (
                    Path(f"/proc/{one.pid}/ns/net").readlink()
                    != Path("/proc/self/ns/net").readlink()
                )
            )
        link = ["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", far.pid]
        subprocess.run(_inside(near, *link), check=True)
        for holder, name, address in ((near, "v0", HERE), (far, "v1", THERE)):
            subprocess.run(
                _inside(holder, "ip", "addr", "add", f"{address}/24", "dev", name), check=True
            )
            subprocess.run(_inside(holder, "ip", "link", "set", name, "up"), check=True)
        servers = subprocess.Popen(
            _inside(far, sys.executable, "-c", SERVERS), stdout=subprocess.PIPE, cwd="/usr/lib"
        )
        started.append(servers)
        assert servers.stdout is not None
        assert servers.stdout.readline() == b"ready\n"
        yield near
    finally:
        for one in reversed(started):
            one.kill()
            one.wait()
            if one.stdout:
                one.stdout.close()


def _until(holds, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _audit(here: subprocess.Popen[bytes], out: Path, *options: object) -> subprocess.Popen[bytes]:
    """Begin an audit in the namespace, and wait until it listens."""
    started = subprocess.Popen(
        _inside(
            here, sys.executable, "-m", "auditor", "traffic", "--live", "v0", "-o", out, *options
        ),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    _until(lambda: started.poll() is not None or any(p.stat().st_size for p in out.glob(".live*")))
    return started


def _talk(here: subprocess.Popen[bytes]) -> None:
    subprocess.run(_inside(here, sys.executable, "-c", CLIENT), check=True)


def test_what_is_said_is_heard_and_judged(here: subprocess.Popen[bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    audit = _audit(here, out, "--seconds", "6")
    _talk(here)
    _said, errors = audit.communicate(timeout=120)
    assert (out / "live.pcapng").exists(), errors
    assert (out / "live.pcapng").stat().st_mode & 0o777 == 0o600
    assert not list(out.glob(".live*"))
    evidence = json.loads((out / "evidence.json").read_text())
    assert any(one.get("path", "").endswith("live.pcapng") for one in evidence["inputs"])

    read = packets.read((out / "live.pcapng",))
    flows = [one for one in read.records if isinstance(one, Flow)]
    by_port = {(one.protocol, one.dst_port): one for one in flows if one.dst == THERE}
    web, plc = by_port["tcp", 8080], by_port["tcp", 502]
    assert web.src == HERE
    assert [name.name for name in web.names] == ["press.plant.example"]
    assert (plc.application, plc.encrypted, plc.operations) == ("modbus", False, ("write",))
    asked = [one for one in read.records if isinstance(one, NameQuery) and one.transport == "udp"]
    assert [(one.name, one.response) for one in asked] == [("telemetry.vendor.example", "NXDOMAIN")]
    capture = next(one for one in read.records if isinstance(one, Capture))
    assert (capture.interfaces, capture.dropped, capture.truncated) == (("v0",), 0, False)
    assert capture.packets == capture.parsed + sum(one.packets for one in capture.skipped)


def test_an_interrupt_leaves_a_whole_file(here: subprocess.Popen[bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    audit = _audit(here, out, "--seconds", "600")
    _talk(here)
    time.sleep(1)
    audit.send_signal(signal.SIGINT)
    audit.communicate(timeout=120)
    read = packets.read((out / "live.pcapng",))
    capture = next(one for one in read.records if isinstance(one, Capture))
    assert capture.packets > 10
    assert not capture.truncated
    assert (out / "findings.json").exists()


def test_who_listens_has_given_up_the_rest(here: subprocess.Popen[bytes], tmp_path: Path) -> None:
    audit = _audit(here, tmp_path / "out", "--seconds", "600")
    try:
        listed = Path(f"/proc/{audit.pid}/task/{audit.pid}/children").read_text().split()
        said = [Path(f"/proc/{child}/status").read_text() for child in listed]
        (status,) = [dict(line.split(":\t", 1) for line in text.splitlines()) for text in said]
        limits = Path(f"/proc/{listed[0]}/limits").read_text()
    finally:
        audit.send_signal(signal.SIGINT)
        audit.communicate(timeout=120)
    assert set(status["Uid"].split()) == {"65534"}
    assert (status["NoNewPrivs"], int(status["CapEff"], 16)) == ("1", 0)
    assert "Max open files            3 " in limits
    assert "Max processes             0 " in limits
    assert (tmp_path / "out" / "findings.json").exists()


def test_a_capture_ends_at_its_size(here: subprocess.Popen[bytes], tmp_path: Path) -> None:
    listening = (
        "import sys; from pathlib import Path; from auditor.capture.ask import listen;"
        "from auditor.capture.words import Request;"
        "print(listen(Request(interface='v0', seconds=60, most_bytes=2000), Path(sys.argv[1])).ended)"
    )
    into = tmp_path / "small.pcapng"
    started = subprocess.Popen(
        _inside(here, sys.executable, "-c", listening, into), stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    _until(lambda: any(p.stat().st_size for p in tmp_path.glob(".small*")))
    _talk(here)
    said, _ = started.communicate(timeout=90)
    assert said == b"size\n"
    assert into.stat().st_size < 2000 + 100
    capture = next(one for one in packets.read((into,)).records if isinstance(one, Capture))
    assert not capture.truncated


def test_without_the_right_to_hear_it_says_so(
    here: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    words = [sys.executable, "-m", "auditor", "traffic", "--live", "v0", "-o", tmp_path / "out"]
    done = subprocess.run(
        _inside(here, "setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", *words),
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2], timeout=120,
    )  # fmt: skip
    assert done.returncode == 4
    assert "needs root or CAP_NET_RAW" in done.stderr
    assert not (tmp_path / "out" / "live.pcapng").exists()
