"""Asks the sandboxed child what CPython's C unpickler does with a stream."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.unpickling_child import ESCAPED

_CHILD = Path(__file__).with_name("unpickling_child.py")


class Asked(NamedTuple):
    """A global that the stream asked for, and how far the file had been read by then."""

    module: str
    name: str
    offset: int


class Reading(NamedTuple):
    """One way of loading a stream: `loaded` is `None` where the child died of it."""

    mode: str
    asked: list[Asked]
    references: int
    loaded: bool | None
    error: str
    called: bool = False


class Unpickler:
    """The child; a new one is started when a stream has killed it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self.deaths = 0

    def close(self) -> None:
        if self._child is not None:
            self._child.stdin.close()
            self._child.stdout.close()
            self._child.wait(timeout=10)
            self._child = None

    def read(self, data: bytes) -> list[Reading]:
        """Return how each mode took the stream; those after a death are missing."""
        child = self._started()
        child.stdin.write(len(data).to_bytes(4, "big") + data)
        child.stdin.flush()
        answers: list[dict] = []
        for line in child.stdout:
            answer = json.loads(line)
            if "done" in answer:
                return _readings(answers)
            answers.append(answer)
        return self._buried(answers)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            command = [sys.executable, "-I", "-S", "-B", "-W", "ignore", str(_CHILD)]
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={}, cwd="/",
            )  # fmt: skip
        return self._child

    def _buried(self, answers: list[dict]) -> list[Reading]:
        status = self._child.wait(timeout=10)
        self._child.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child = None
        self.deaths += 1
        if status == ESCAPED:
            raise AssertionError(f"the stream made the child do more than ask: {answers[-1]}")
        return _readings(answers)


def _readings(answers: list[dict]) -> list[Reading]:
    found: list[Reading] = []
    asked: list[Asked] = []
    for answer in answers:
        if "asked" in answer:
            asked.append(Asked(*answer["asked"]))
            found[-1] = found[-1]._replace(asked=asked)
        elif "called" in answer:
            found[-1] = found[-1]._replace(called=True)
        elif "mode" in answer:
            asked = []
            found.append(Reading(answer["mode"], asked, 0, None, ""))
        elif "reference" in answer:
            found[-1] = found[-1]._replace(references=found[-1].references + 1)
        else:
            loaded, error = "loaded" in answer, answer.get("error", "")
            found[-1] = found[-1]._replace(loaded=loaded, error=error)
    return found
