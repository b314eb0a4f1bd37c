"""What the capturing program writes is a capture; what cannot be asked is refused before it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auditor import packets
from auditor.capture import _pcapng, ask
from auditor.capture.words import MOST_BYTES, Request, Told, encode
from auditor.errors import AuditError, ExitCode, UsageError
from auditor.evidence.traffic import Capture, Flow
from tests.captures.messages import industrial

ROOT = Path(__file__).parents[3]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    frame = bytes.fromhex("ffffffffffff02000000000188a4") + industrial.ethercat().ljust(46, b"\0")
    path = tmp_path / "a.pcapng"
    path.write_bytes(
        _pcapng.beginning("eth7", 1)
        + _pcapng.packet(frame, 1_795_000_000_123_456)
        + _pcapng.statistics(1_795_000_001_000_000, 6, 5)
    )
    read = packets.read((path,))
    capture = next(one for one in read.records if isinstance(one, Capture))
    flow = next(one for one in read.records if isinstance(one, Flow))
    assert (capture.packets, capture.dropped, capture.truncated) == (1, 5, False)
    assert capture.interfaces == ("eth7",)
    assert (flow.application, flow.first) == ("ethercat", 1_795_000_000_123_456_000)


@pytest.mark.parametrize(
    "asked",
    [
        Request(interface="", seconds=1), Request(interface="a" * 16, seconds=1),
        Request(interface="lo", seconds=0), Request(interface="lo", seconds=float("nan")),
        Request(interface="lo", seconds=float("inf")),
        Request(interface="lo", seconds=1, most_bytes=MOST_BYTES + 1),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(asked: Request, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        ask.listen(asked, tmp_path / "a.pcapng")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["nothere0", "../../etc", ".", "a/b"])
def test_an_interface_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="there is no such interface") as caught:
        ask.listen(Request(interface=name, seconds=1), tmp_path / "a.pcapng")
    assert caught.value.exit_code == ExitCode.ERROR
    assert not list(tmp_path.iterdir())


def test_the_last_word_counts_and_noise_does_not() -> None:
    said = encode(Told(ready=True)) + b"WARNING: noise\n" + encode(Told(ended="time", packets=3))
    assert ask._last(said) == Told(ended="time", packets=3)
    assert ask._last(b"Traceback") == Told()


def test_neither_the_audit_nor_the_command_imports_scapy() -> None:
    line = "import sys; import auditor.cli, auditor.commands.traffic, auditor.capture.ask; "
    line += "print([m for m in ('scapy', 'socket') if m in sys.modules and m == 'scapy'])"
    done = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
