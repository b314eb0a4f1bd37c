"""auditor.cli_run: whatever ends a command has its exit code and says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import typer
from auditor.cli_run import Commands, run
from auditor.errors import AuditError, UsageError
app = typer.Typer(cls=Commands)
@app.command()
def work() -> None:
    raise {error}
@app.command()
def other() -> None: ...
run(app)
"""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ("UsageError('no', where='x')", 2, "no"),
        ("MemoryError", 4, "does not suffice"),
        ("ZeroDivisionError('by hand')", 4, "a defect of the toolkit: ZeroDivisionError: by hand"),
        ("PermissionError(13, 'denied', '/x')", 4, "/x: denied"),
        ("KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_every_end_has_its_code_and_its_words(error: str, code: int, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error), "work"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
