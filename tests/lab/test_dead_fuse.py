"""A FUSE file system whose program has stopped answering: the scan goes on and says so."""

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

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root"),
    pytest.mark.skipif(shutil.which("gocryptfs") is None, reason="gocryptfs is not installed"),
    pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="this kernel has no /dev/fuse"),
]


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on gocryptfs, whose program has been stopped: whoever looks there hangs."""
    cipher, plain, password = tmp_path / "cipher", tmp_path / "plain", tmp_path / "password"
    cipher.mkdir()
    plain.mkdir()
    password.write_text("one for the test alone\n")
    words = ["-q", "-passfile", password]
    subprocess.run(["gocryptfs", "-init", "-scryptn", "10", *words, cipher], check=True)
    program = subprocess.Popen(
        ["gocryptfs", "-fg", *words, cipher, plain], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(100):
            if os.path.ismount(plain):
                break
            time.sleep(0.05)
        else:
            pytest.skip("gocryptfs could not mount here")
        (plain / "models").mkdir()
        (plain / "models" / "m.gguf").write_bytes(b"GGUF")
        program.send_signal(signal.SIGSTOP)
        yield plain
    finally:
        program.send_signal(signal.SIGCONT)
        subprocess.run(["umount", "--lazy", str(plain)], check=False)
        program.kill()
        program.wait()


def test_a_store_on_a_dead_mount_is_undecided_within_seconds(dead: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "scan", "-q", "-o", tmp_path / "out",
         "--store", dead / "models", "--store", dead],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    used = time.monotonic() - started
    assert done.returncode in (1, 3), done.stderr
    assert used < 10  # one wait of 2 s, and the scan itself
    evidence = json.loads((tmp_path / "out" / "evidence.json").read_bytes())
    silent = [gap for gap in evidence["gaps"] if gap["reason"] == "timeout"]
    assert any(str(dead) in gap["detail"] for gap in silent)
    findings = json.loads((tmp_path / "out" / "findings.json").read_bytes())["findings"]
    about = [one for one in findings if str(dead) in one["subject"] and one["verdict"] == "pass"]
    assert about == []
