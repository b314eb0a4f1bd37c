"""The digest that a real kernel holds a file to is the one that its documentation describes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_real_stores import loop, mount, run

from auditor.api_models import check_lock, lock
from auditor.host.live import LiveHost

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root"),
]
_ENABLE = 0x40806685  # FS_IOC_ENABLE_VERITY
_BLOCK = 4096


@pytest.fixture
def undo() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def enable(path: Path) -> None:
    """Switch fs-verity on: version 1, SHA-256, blocks of 4096 bytes, no salt, no signature."""
    argument = struct.pack("<4I", 1, 1, _BLOCK, 0).ljust(128, b"\0")
    with path.open("rb") as file:
        try:
            fcntl.ioctl(file.fileno(), _ENABLE, argument)
        except OSError as error:
            pytest.skip(f"this kernel has no fs-verity: {error.strerror}")


def expected(body: bytes) -> str:
    """Return the digest of a file of one block (fsverity.rst, "fs-verity descriptor")."""
    root = hashlib.sha256(body.ljust(_BLOCK, b"\0")).digest()
    head = struct.pack("<BBBBIQ", 1, 1, 12, 0, 0, len(body))
    return "sha256:" + hashlib.sha256((head + root.ljust(64, b"\0")).ljust(256, b"\0")).hexdigest()


def test_the_kernels_digest(undo: contextlib.ExitStack, tmp_path: Path) -> None:
    device = loop(undo, tmp_path / "disk", 64 << 20)
    run("mkfs.ext4", "-q", "-O", "verity", "-b", str(_BLOCK), device)
    folder = tmp_path / "there"
    mount(undo, device, folder)
    (folder / "sealed").write_bytes(b"weights")
    (folder / "plain").write_bytes(b"weights")
    enable(folder / "sealed")
    host = LiveHost()
    undo.callback(host.close)
    assert host.verity_digest(f"{folder}/sealed") == expected(b"weights")
    assert host.verity_digest(f"{folder}/plain") == ""
    document = lock([str(folder)], host=host, at="2026-11-26T08:00:00Z")
    assert expected(b"weights").encode() in document
    assert check_lock([], document, host=host) == ()
