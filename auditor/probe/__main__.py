"""The probe itself: reads one request, asks each listener, writes an answer a line, ends."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from auditor.probe._port import PER_PORT, ask
from auditor.probe.words import (
    LONGEST_LINE,
    MOST_TARGETS,
    Answer,
    Target,
    decode_request,
    encode,
    is_loopback,
)

_AT_ONCE = 8


def main() -> None:
    """Answer the request on standard input; whatever is not on loopback ends it at once."""
    request = decode_request(sys.stdin.buffer.readline(LONGEST_LINE))
    strange = [one for one in request.targets if not is_loopback(one.address)]
    if strange or len(request.targets) > MOST_TARGETS:
        sys.exit("auditor.probe: only this host's own listeners are asked, and not too many")
    _answer(request.targets, time.monotonic() + request.seconds)
    sys.stdout.buffer.flush()
    # A thread that still waits for a listener must not keep the process.
    os._exit(0)


def _answer(targets: Iterable[Target], until: float) -> None:
    writing = threading.Lock()

    def one(target: Target) -> None:
        left = until - time.monotonic()
        if left <= 0:
            answer = Answer(target=target, speaks=None, reason="the time for all was over")
        else:
            answer = ask(target, min(PER_PORT, left))
        with writing:
            sys.stdout.buffer.write(encode(answer))

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(one, targets))


if __name__ == "__main__":
    main()
