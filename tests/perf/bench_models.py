"""Measures what model files cost to judge and to hash, with peers where they are installed.

The benign corpus is written by the real libraries (`make corpus`, or `BENIGN=FOLDER`); peers are
found in the virtual environment `PEERS`, model_signing too. What is not there is named.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import PYTHON, ROOT, Measured, begin

PEERS = Path(os.environ.get("PEERS", "/nowhere"))
BENIGN = Path(os.environ.get("BENIGN", ROOT / "build/benign"))
# What every peer reads: the others' columns would be files that they pass over.
COMMON = ("pickle", "pytorch", "pytorch_legacy")
NUMBERS = (1_000, 10_000, 100_000)
HASHED = 1 << 30
PIECE = 1 << 24

# Peers are asked file by file in one process of their own, so that none pays for its start.
PICKLESCAN = """
import sys, pathlib
from picklescan.scanner import scan_file_path
for path in pathlib.Path(sys.argv[1]).iterdir():
    try:
        found = scan_file_path(str(path))
        worst = max((str(one.safety.value) for one in found.globals),
                    key=["innocuous", "suspicious", "dangerous"].index, default="innocuous")
        print("error" if found.scan_err else worst)
    except Exception:
        print("error")
"""
FICKLING = """
import sys, pathlib, fickling
for path in pathlib.Path(sys.argv[1]).iterdir():
    try:
        found = fickling.scan_file(str(path))
        print("error" if found.errors else found.severity.name)
    except Exception:
        print("error")
"""
OURS = """
import sys, pathlib
from auditor.host.live import LiveHost
host = LiveHost()
for path in pathlib.Path(sys.argv[1]).iterdir():
    found = host.inspect_model(str(path))
    print(found.verdict.replace("-", "_") if found else "nothing")
"""


def tell(out: Path, base: float) -> None:
    """Print the part of the table about model files."""
    judging(out, base)
    growth(out, base)
    hashing(out, base)


def judging(out: Path, base: float) -> None:
    """Print what judging the benign corpus costs us and the peers, and what each says of it."""
    manifest = BENIGN / "manifest.json"
    if not manifest.exists():
        print(f"{BENIGN}: no benign corpus (make corpus), not measured")
        return
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    audit = [PYTHON, "-m", "auditor", "models", "--no-digest"]
    whole = Measured(f"audit models, {len(files):,} files", [*audit, str(BENIGN)])
    print(whole.row(base), flush=True)
    for title, formats in (("pickles and checkpoints", COMMON), ("files of joblib", ("joblib",))):
        chosen = [path for path, wanted in files.items() if wanted["format"] in formats]
        folder = out / title.replace(" ", "-")
        folder.mkdir()
        for number, path in enumerate(chosen):
            shutil.copyfile(BENIGN / path, folder / f"{number:04d}-{Path(path).name}")
        print(f"{len(chosen):,} {title} of it:")
        race(folder, len(chosen), out, base)


def race(folder: Path, number: int, out: Path, base: float) -> None:
    """Print what judging a folder's files costs each tool, and what each says of them."""
    audit = [PYTHON, "-m", "auditor", "models", "--no-digest"]
    commands = [
        ("audit models --no-digest", [*audit, str(folder)]),
        ("auditor, file by file", [PYTHON, "-c", OURS, str(folder)]),
    ]
    commands += list(_peers(folder))
    for name, command in commands:
        found = Measured(name, command)
        rate = number / min(found.cpu)
        print(f"{found.row(base)}  {rate:,.0f} files/CPU-s", flush=True)
    for name, command in commands:
        if "-c" in command:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            said = Counter(line for line in done.stdout.split("\n") if line.isidentifier())
            print(f"{name}: {', '.join(f'{word} {count}' for word, count in said.most_common())}")
    _modelscan(folder, out)


def _peers(folder: Path) -> Iterator[tuple[str, list[str]]]:
    python = str(PEERS / "bin/python")
    for name, command in (
        ("picklescan", ["picklescan", "-p", str(folder)]),
        ("picklescan, file by file", ["python", "-c", PICKLESCAN, str(folder)]),
        ("modelscan", ["modelscan", "-p", str(folder)]),
        ("fickling, file by file", ["python", "-c", FICKLING, str(folder)]),
    ):
        tool = name.partition(",")[0]
        if not (PEERS / "bin" / tool).exists():
            print(f"{name}: not installed (PEERS=VENV), not measured")
        elif command[0] == "python":
            yield name, [python, *command[1:]]
        else:
            yield name, [str(PEERS / "bin" / tool), *command[1:]]


def _modelscan(folder: Path, out: Path) -> None:
    tool = PEERS / "bin/modelscan"
    if not tool.exists():
        return
    report = out / "modelscan.json"
    words = [str(tool), "-p", str(folder), "-r", "json", "-o", str(report)]
    subprocess.run(words, capture_output=True, check=False)
    found = json.loads(report.read_text())
    read = found["summary"]["scanned"]["total_scanned"]
    print(f"modelscan: read {read}, errors {len(found['errors'])}, issues {len(found['issues'])}")


def growth(out: Path, base: float) -> None:
    """Print what many small model files cost, and one more of them."""
    measured = []
    for number in NUMBERS:
        folder = out / f"small-{number}"
        _small(folder, number)
        words = [PYTHON, "-m", "auditor", "models", "--no-digest", "-q", str(folder)]
        found = Measured(f"audit models, {number:,} small files", words, repeat=1)
        print(found.row(base), flush=True)
        measured.append(min(found.cpu))
    words = [PYTHON, "-m", "auditor", "models", "lock", str(folder), "-o", str(out / "l.json")]
    print(Measured(f"audit models lock, {NUMBERS[-1]:,} files", words, repeat=1).row(base))
    each = [
        (after - before) / (NUMBERS[place + 1] - NUMBERS[place]) * 1e6
        for place, (before, after) in enumerate(itertools.pairwise(measured))
    ]
    print("one small file more: " + ", then ".join(f"{cost:.0f} us of CPU" for cost in each))


def _small(folder: Path, number: int) -> None:
    """Write small safetensors files, a hundred a folder, no two of them alike."""
    for place in range(number):
        if not place % 100:
            inner = folder / f"{place // 100:04d}"
            inner.mkdir(parents=True)
        head = json.dumps({f"w{place}": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
        data = struct.pack("<Q", len(head)) + head.encode() + struct.pack("<Q", place)
        (inner / f"{place:06d}.safetensors").write_bytes(data)


def hashing(out: Path, base: float) -> None:
    """Print what a gigabyte costs to hash, for us and for what is installed beside us."""
    memory = Path("/dev/shm")
    folder = (memory if os.access(memory, os.W_OK) else out) / f"auditor-bench-{os.getpid()}"
    folder.mkdir()
    try:
        model = folder / "store/model.safetensors"
        _large(model)
        for name, command in _hashers(model, folder):
            # A lock is never written over: it is made once.
            found = Measured(name, command, repeat=1 if "lock" in command else 3)
            cost = min(found.cpu)
            print(f"{found.row(base)}  {HASHED / 1e9 / cost:.2f} GB/CPU-s", flush=True)
    finally:
        shutil.rmtree(folder)


def _hashers(model: Path, folder: Path) -> Iterator[tuple[str, list[str]]]:
    lock = [PYTHON, "-m", "auditor", "models", "lock", str(model.parent)]
    yield "audit models lock, 1 GiB", [*lock, "-o", str(folder / "lock.json")]
    words = "import sys; from auditor.host.live import LiveHost; print(LiveHost().digest(sys.argv[1], ('sha256',)))"  # fmt: skip
    yield "auditor, Host.digest sha256", [PYTHON, "-c", words, str(model)]
    for tool, command in (
        ("openssl", ["openssl", "dgst", "-sha256", str(model)]),
        ("sha256sum", ["sha256sum", str(model)]),
    ):
        if shutil.which(tool):
            yield " ".join(command[:-1]), command
        else:
            print(f"{tool}: not installed, not measured")
    signer = PEERS / "bin/model_signing"
    if not signer.exists() or not shutil.which("openssl"):
        print("model_signing: not installed (PEERS=VENV), not measured")
        return
    key = folder / "key.pem"
    words = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    signed = ["--private_key", str(key), "--signature", str(folder / "model.sig")]
    yield "model_signing sign key", [str(signer), "sign", "key", str(model.parent), *signed]


def _large(path: Path) -> None:
    """Write a model of a gibibyte whose bytes are not all alike."""
    path.parent.mkdir(parents=True)
    header = {"w": {"dtype": "U8", "shape": [HASHED], "data_offsets": [0, HASHED]}}
    head = json.dumps(header).encode()
    piece = hashlib.shake_128(b"bench").digest(PIECE)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for _ in range(HASHED // PIECE):
            file.write(piece)


def main() -> None:
    """Print this part alone."""
    import tempfile

    out = Path(tempfile.mkdtemp(prefix="auditor-bench-"))
    tell(out, begin())
    shutil.rmtree(out)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
