"""Speaks to the terminal: progress on standard error, results on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.api import Progress
from auditor.report._text import visible

_LONGEST = 100_000  # characters of a line


@contextmanager
def progress(verb: str, *, quiet: bool) -> Iterator[Progress]:
    """Give a function that shows what is being done, on a terminal only; wipe it at the end."""
    shown = not quiet and sys.stderr.isatty()

    def show(step: str) -> None:
        if shown:
            clean = "".join(c if c.isprintable() else "?" for c in step)
            sys.stderr.write(f"\r\x1b[K{verb} {clean[:100]}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def say(text: str) -> None:
    """Print a line of result, in characters that no terminal obeys."""
    sys.stdout.write(f"{visible(text, limit=_LONGEST)}\n")


def show(document: bytes) -> None:
    """Print a document of the toolkit's own, as it is."""
    sys.stdout.write(document.decode())
