"""Builds the wheel twice from two copies of the tree and compares the bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CARRIED = ("auditor", "policies", "templates", "docs", "pyproject.toml", "README.md", "LICENSE",
           "CHANGELOG.md")  # fmt: skip


def build(root: Path, scratch: Path) -> tuple[str, str]:
    """Return the wheel's name and SHA-256, built from a fresh copy with a fixed clock."""
    copy = scratch / "tree"
    copy.mkdir(parents=True)
    for name in CARRIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    when = subprocess.run(
        ["git", "-C", str(root), "log", "-1", "--format=%ct"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir",
         str(scratch / "dist"), str(copy)],
        check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": when},
    )  # fmt: skip
    wheel = next((scratch / "dist").glob("*.whl"))
    return wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()


def main() -> int:
    """Print both digests; return 1 where they differ."""
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as scratch:
        first = build(root, Path(scratch) / "first")
        second = build(root, Path(scratch) / "second")
    print(f"{first[0]} {first[1]}\n{second[0]} {second[1]}")
    return 0 if first == second else 1


if __name__ == "__main__":
    sys.exit(main())
