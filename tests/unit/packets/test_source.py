"""Files on the disk: compressed ones, cut ones, and what is no file."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest
import zstandard

from auditor.packets import source as sources
from auditor.packets.source import CaptureError, Source
from tests.packet_bytes import ethernet, ipv4, pcap, read, udp

CONTENT = os.urandom(3000) + bytes(500_000) + os.urandom(200_000)


def _all(path: Path, step: int = 70_001) -> tuple[bytes, Source]:
    with Source(path) as source:
        target, out = bytearray(step), b""
        while count := source.readinto(memoryview(target)):
            out += target[:count]
        assert source.digest() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert source.position == len(out)
        return out, source


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


SKIPPABLE = b"\x50\x2a\x4d\x18\x05\0\0\0hello"


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (CONTENT, ""),
        (gzip.compress(CONTENT), "gzip"),
        (gzip.compress(CONTENT[:9]) + gzip.compress(b"") + gzip.compress(CONTENT[9:]), "gzip"),
        (gzip.compress(CONTENT) + bytes(512), "gzip"),
        (_zstd(CONTENT), "zstd"),
        (_zstd(CONTENT[:9]) + SKIPPABLE + _zstd(b"") + _zstd(CONTENT[9:]), "zstd"),
        (SKIPPABLE + _zstd(CONTENT), "zstd"),
        (b"", ""),
    ],
    ids=["plain", "gzip", "members", "padded", "zstd", "frames", "skippable first", "empty"],
)
@pytest.mark.parametrize("step", [1000, 70_001, 1 << 20])
def test_what_was_stored_is_given(tmp_path: Path, stored: bytes, kind: str, step: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(stored)
    out, source = _all(path, step)
    assert out == (CONTENT if stored else b"")
    assert (source.compression, source.fault) == (kind, "")


@pytest.mark.parametrize("make", [gzip.compress, _zstd], ids=["gzip", "zstd"])
def test_a_stream_cut_at_any_byte_gives_what_was_there_and_a_fault(tmp_path: Path, make) -> None:
    data = os.urandom(300) + bytes(300)
    stored = make(data)
    path = tmp_path / "a"
    for end in range(5, len(stored)):
        path.write_bytes(stored[:end])
        out, source = _all(path)
        assert data.startswith(out)
        assert source.fault


@pytest.mark.parametrize("make", [gzip.compress, _zstd], ids=["gzip", "zstd"])
def test_a_damaged_stream_is_a_fault(tmp_path: Path, make) -> None:
    stored = bytearray(make(os.urandom(100_000)))
    stored[20:60] = bytes(40)
    stored += b"neither a member nor a frame"
    path = tmp_path / "a"
    path.write_bytes(stored)
    assert _all(path)[1].fault


@pytest.mark.parametrize("make", [gzip.compress, _zstd], ids=["gzip", "zstd"])
def test_a_bomb_ends_early(tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_FREE_INFLATED", 1 << 20)
    path = tmp_path / "a"
    path.write_bytes(make(bytes(64 << 20)))
    out, source = _all(path, 1 << 20)
    assert "times its size" in source.fault
    assert len(out) < 64 << 20


def test_no_file_and_no_permission_are_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file"):
        Source(tmp_path / "none")


def test_a_pipe_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CaptureError, match="a pipe or a device"):
        Source(tmp_path / "pipe")
    with pytest.raises(CaptureError, match="a folder"):
        Source(tmp_path)


@pytest.mark.parametrize("make", [gzip.compress, _zstd], ids=["gzip", "zstd"])
def test_a_compressed_capture_is_read_as_a_plain_one(tmp_path: Path, make) -> None:
    packets = [ethernet(ipv4("10.0.0.1", "10.0.0.2", udp(5, n + 1), 17)) for n in range(300)]
    analysis, stream = read(tmp_path / "a", make(pcap(packets)), size=4096)
    assert (analysis.parsed, len(analysis.flows), stream.faults) == (300, 300, [])
