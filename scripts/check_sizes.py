"""Refuses files that have grown past what one subject needs."""

from __future__ import annotations

import sys
from pathlib import Path

MAX_LINES = 300
# The command is parse, call, exit code; nothing else fits in it.
MAX_LINES_OF = {"auditor/cli.py": 300}


def oversized(root: Path) -> list[str]:
    """Return `path: lines` of every Python file of the package that is too long."""
    found = []
    for path in sorted((root / "auditor").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES_OF.get(name, MAX_LINES):
            found.append(f"{name}: {lines} lines; split it by subject")
    return found


if __name__ == "__main__":
    problems = oversized(Path(__file__).resolve().parent.parent)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)
