"""The program itself: listens and writes pcapng, or (`dissect`) says what conversations did."""

from __future__ import annotations

import logging
import os
import sys
import warnings

from auditor.capture.talks import Failed, Unfinished, encode_answer
from auditor.capture.words import LONGEST_LINE, Told, decode_request, encode

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_MISSING = "scapy is not installed"


def main() -> None:
    """Do what the command's word says: listen where there is none."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["dissect"]:
        _dissect()
    else:
        _listen()


def _dissect() -> None:
    """Answer for the conversations on standard input."""
    try:
        from auditor.capture import _dissect as dissect
    except ImportError:
        os.write(
            _OUTPUT, encode_answer(Failed(unfinished=Unfinished(reason="absent", why=_MISSING)))
        )
        sys.exit(1)
    dissect.main()


def _listen() -> None:
    """Listen as the request on standard input says; its end stops the capture with a whole file."""
    request = decode_request(_line())
    try:
        from auditor.capture._listen import Listening, RefusedError
    except ImportError:
        _say(Told(ended="failed", error=_MISSING))
        sys.exit(1)
    try:
        listening = Listening(request)
        listening.confine()
        _say(Told(ready=True))
        _say(listening.run())
    except RefusedError as error:
        _say(Told(ended="failed", error=str(error)))
        sys.exit(1)
    except OSError as error:
        _say(Told(ended="failed", error=error.strerror or "the interface cannot be read"))
        sys.exit(1)


def _line() -> bytes:
    """Read the request byte by byte: what follows it must stay in the pipe."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_LINE:
        one = os.read(_INPUT, 1)
        if not one:
            break
        line += one
    return line


def _say(told: Told) -> None:
    os.write(_ERRORS, encode(told))


if __name__ == "__main__":
    main()
