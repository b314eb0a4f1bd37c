"""Stores on this very kernel: fscrypt, loop devices, btrfs and a FUSE program, as root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor import collect, derive
from auditor.collect import Options
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Gap, Site, Subject, Tool, kind_of
from auditor.evidence.derived import StoreEncryption
from auditor.host.live import LiveHost

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root"),
]
_ADD_KEY = 0xC0506617  # FS_IOC_ADD_ENCRYPTION_KEY
_SET_POLICY = 0x800C6613  # FS_IOC_SET_ENCRYPTION_POLICY
_SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


def run(*words: str | Path) -> str:
    """Run a command of the distribution; what the kernel or the machine lacks is a skip."""
    if shutil.which(str(words[0]), path=_SBIN) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, env={"PATH": _SBIN}
    )
    if done.returncode:
        pytest.skip(f"{words[0]} is not possible here: {done.stderr.strip()[-200:]}")
    return done.stdout.strip()


@pytest.fixture
def undo() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def loop(undo: contextlib.ExitStack, file: Path, size: int = 160 << 20) -> str:
    with file.open("wb") as handle:
        handle.truncate(size)
    device = run("losetup", "--find", "--show", file)
    undo.callback(subprocess.run, ["losetup", "--detach", device], check=False, env={"PATH": _SBIN})
    return device


def mount(undo: contextlib.ExitStack, device: str, folder: Path, *options: str) -> None:
    folder.mkdir()
    run("mount", *options, device, folder)
    undo.callback(
        subprocess.run, ["umount", "--lazy", str(folder)], check=False, env={"PATH": _SBIN}
    )


def verdicts(*paths: Path) -> dict[str, StoreEncryption]:
    host = LiveHost()
    records, gaps, runs = [], [], []
    for name in ("storage", "stores"):
        collector = collect.load(name)
        kinds = tuple(sorted(kind_of(one) for one in collector.yields))
        runs.append(CollectorRun(collector=name, title="", kinds=kinds, records=0, gaps=0))
        for fact in collector.collect(host, Options(stores=tuple(map(str, paths)))):
            (gaps if isinstance(fact, Gap) else records).append(fact)
    host.close()
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="audit", version="0"), mode="host",
        subject=Subject(name="here"), taken_at="2026-01-15T08:00:00Z", site=Site(), gaps=tuple(gaps),
        runs=tuple(runs), records=tuple(r for r in records if isinstance(r, collect.Record)),
    )  # fmt: skip
    found = {
        record.path: record
        for record in derive.load("stores").derive(evidence)
        if isinstance(record, StoreEncryption)
    }
    return {str(path): found[str(path.resolve())] for path in paths}


def lock(folder: Path, filesystem: Path) -> None:
    """Give a folder an fscrypt policy of version 2 with a key of this test's own."""
    handle = os.open(filesystem, os.O_RDONLY)
    try:
        raw = os.urandom(64)
        # struct fscrypt_add_key_arg: specifier (type 2: identifier), raw_size, key_id, reserved, raw
        argument = bytearray(struct.pack("=II32sII32s", 2, 0, b"", len(raw), 0, b"") + raw)
        try:
            fcntl.ioctl(handle, _ADD_KEY, argument, True)
        except OSError as error:
            pytest.skip(f"the kernel takes no fscrypt key: {error}")
        identifier = bytes(argument[8:24])
    finally:
        os.close(handle)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, _SET_POLICY, struct.pack("=BBBB4s16s", 2, 1, 4, 3, b"", identifier))
    finally:
        os.close(handle)


def test_fscrypt_and_its_plain_sibling(tmp_path: Path, undo: contextlib.ExitStack) -> None:
    device = loop(undo, tmp_path / "image")
    run("mkfs.ext4", "-q", "-O", "encrypt", device)
    mount(undo, device, tmp_path / "fs")
    locked, plain = tmp_path / "fs/locked", tmp_path / "fs/plain"
    locked.mkdir()
    plain.mkdir()
    lock(locked, tmp_path / "fs")
    (locked / "model.bin").write_bytes(b"x")
    (plain / "model.bin").write_bytes(b"x")
    found = verdicts(locked, plain)
    assert found[str(locked)].encryption == "verified"
    assert "AES-256-XTS" in found[str(locked)].cipher
    assert found[str(plain)].encryption not in ("verified", "claimed", "memory-only", "declared")


def test_a_loop_file_lies_where_its_file_lies(tmp_path: Path, undo: contextlib.ExitStack) -> None:
    device = loop(undo, tmp_path / "image")
    run("mkfs.ext4", "-q", device)
    mount(undo, device, tmp_path / "fs")
    (tmp_path / "fs/models").mkdir()
    beside = tmp_path / "beside"
    beside.mkdir()
    found = verdicts(tmp_path / "fs/models", beside)
    inside, outside = found.values()
    assert inside.encryption == outside.encryption
    assert any(layer.startswith("loop ") for layer in inside.chain)


def test_a_header_and_the_file_behind_a_loop_device_are_told_by_the_kernel(
    tmp_path: Path, undo: contextlib.ExitStack
) -> None:
    device = loop(undo, tmp_path / "image", 40 << 20)
    (tmp_path / "key").write_bytes(os.urandom(64))
    run(
        "cryptsetup", "luksFormat", "--batch-mode", "--key-file", tmp_path / "key",
        "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", device,
    )  # fmt: skip
    host = LiveHost()
    name = Path(device).name
    found = host.luks_header(name)
    assert [(slot.kdf, slot.iterations) for slot in found.keyslots] == [("pbkdf2", 1000)]
    status = (tmp_path / "image").stat()
    number = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    assert host.loop_backing(name) == (number, status.st_ino)


def test_btrfs_shows_all_its_devices(tmp_path: Path, undo: contextlib.ExitStack) -> None:
    devices = [loop(undo, tmp_path / name) for name in ("one", "two")]
    run("mkfs.btrfs", "-q", "-f", "-m", "single", "-d", "single", *devices)
    mount(undo, devices[0], tmp_path / "fs", "-o", f"device={devices[1]}")
    (tmp_path / "fs/models").mkdir()
    found = verdicts(tmp_path / "fs/models")[str(tmp_path / "fs/models")]
    assert found.encryption not in ("verified", "claimed", "memory-only", "declared")
    assert sum(layer.startswith("loop ") for layer in found.chain) == 2


def test_a_fuse_program_is_believed_no_further_than_its_word(
    tmp_path: Path, undo: contextlib.ExitStack
) -> None:
    cipher, plain = tmp_path / "cipher", tmp_path / "plain"
    cipher.mkdir()
    plain.mkdir()
    (tmp_path / "password").write_text("laboratory\n")
    run("gocryptfs", "-q", "-init", "-scryptn", "10", "-passfile", tmp_path / "password", cipher)
    run("gocryptfs", "-q", "-passfile", tmp_path / "password", cipher, plain)
    undo.callback(
        subprocess.run, ["umount", "--lazy", str(plain)], check=False, env={"PATH": _SBIN}
    )
    (plain / "models").mkdir()
    found = verdicts(plain / "models", cipher)
    assert found[str(plain / "models")].encryption == "claimed"
    assert found[str(cipher)].encryption not in ("verified", "claimed", "memory-only", "declared")
