"""Starts programs of this package as processes of their own, and talks to them over pipes."""

from __future__ import annotations

import errno
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Literal

from msgspec import Struct

Child = subprocess.Popen[bytes]

_PACKAGE = Path(__file__).resolve().parents[1]
# What the process gets of our surroundings; nothing else is handed on.
_KEPT = frozenset({"VIRTUAL_ENV", "LD_LIBRARY_PATH"})
_CHUNK = 1 << 16
_TICK = 0.5


class Said(Struct, frozen=True, kw_only=True):
    """What a program wrote, and which bound it was stopped at (none: it ended of itself)."""

    output: bytes
    stopped: Literal["", "timeout", "limit"] = ""


def start(module: str, *words: str, hears_errors: bool = False) -> Child:
    """Start a module of this package in its own session, with pipes and next to no surroundings.

    Neither the current folder nor the user's own packages are looked at. Its errors are dropped
    where they are not heard. Raises `OSError` where no process can be started.
    """
    environment = {"PYTHONPATH": str(_PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    environment |= {name: value for name, value in os.environ.items() if name in _KEPT}
    return subprocess.Popen(  # noqa: S603 - this program's own module, nothing from outside
        [sys.executable, "-P", "-s", "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if hears_errors else subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )


def exchange(module: str, *words: str, request: bytes, seconds: float, most: int) -> Said:
    """Hand a program its request, and return what it writes: at most `most` bytes, so long.

    The program is killed when it takes longer or writes more; what it wrote so far is kept.
    """
    with start(module, *words) as child:
        try:
            return _talk(child, request, time.monotonic() + seconds, most)
        finally:
            child.kill()


def _talk(child: Child, request: bytes, until: float, most: int) -> Said:
    output, left = bytearray(), memoryview(request)
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:  # pragma: no cover - pipes were asked for
        raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
    os.set_blocking(stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        selector.register(stdout, selectors.EVENT_READ)
        while True:
            if (wait := until - time.monotonic()) <= 0:
                return Said(output=bytes(output), stopped="timeout")
            for key, _events in selector.select(min(wait, _TICK)):
                if key.fileobj is stdin:
                    left = _sent(stdin, left)
                    if not left:
                        selector.unregister(stdin)
                        stdin.close()
                    continue
                data = os.read(stdout.fileno(), _CHUNK)
                if not data:
                    return Said(output=bytes(output))
                output += data
                if len(output) > most:
                    return Said(output=bytes(output[:most]), stopped="limit")


def _sent(stdin: IO[bytes], left: memoryview) -> memoryview:
    """Return what of the request has not been taken yet: nothing where nobody reads it."""
    try:
        return left[os.write(stdin.fileno(), left[:_CHUNK]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:
        return left[:0]
