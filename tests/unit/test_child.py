"""A program of ours is handed its request whole, and stopped when it says too much or too long."""

from __future__ import annotations

import time

import pytest

from auditor import child


@pytest.fixture(autouse=True)
def _any_module(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Let programs of this test stand for ours."""
    programs = {
        "echo": "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())",
        "flood": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
        "sleep": "import time; print('so far', flush=True); time.sleep(60)",
        "dies": "import os; os.write(1, b'half'); os.kill(os.getpid(), 9)",
        "deaf": "import os; os.close(0); print('done')",
        "around": "import os, sys; print(sorted(os.environ), os.getcwd(), sys.path[0])",
    }
    for name, text in programs.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(child, "_PACKAGE", tmp_path)


def _exchange(module: str, request: bytes = b"", *, seconds: float = 20, most: int = 1 << 24):
    return child.exchange(module, request=request, seconds=seconds, most=most)


def test_a_long_request_goes_there_and_back() -> None:
    request = bytes(range(256)) * 8192
    assert _exchange("echo", request) == child.Said(output=request)


def test_who_says_too_much_is_stopped() -> None:
    said = _exchange("flood", most=1000)
    assert (len(said.output), said.stopped) == (1000, "limit")


def test_who_takes_too_long_is_stopped_and_what_was_said_kept() -> None:
    began = time.monotonic()
    said = _exchange("sleep", seconds=2)
    assert said == child.Said(output=b"so far\n", stopped="timeout")
    assert time.monotonic() - began < 20


def test_who_dies_has_said_what_was_said() -> None:
    assert _exchange("dies").output == b"half"


def test_who_does_not_listen_hinders_nobody() -> None:
    assert _exchange("deaf", bytes(1 << 22)).output == b"done\n"


def test_next_to_nothing_of_our_surroundings_is_handed_on(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    said = _exchange("around").output.decode()
    assert "AWS" not in said
    assert "'PYTHONPATH'" in said
    assert said.endswith(f"/ {tmp_path}\n")
