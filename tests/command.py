"""Runs the command as a user does: a process of its own, in a folder, with little around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def audit(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `audit` with these words in a folder that is also its home."""
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, words)],
        cwd=cwd, check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
             "HOME": str(cwd)},
    )  # fmt: skip
