"""Reads captures into flows, names and gaps: streaming, exact, every packet counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from auditor.evidence import CollectorRun, Gap, Input, Record
from auditor.evidence.traffic import Capture, ControllerTalk, Flow, NameQuery

# The record kinds that captures yield.
YIELDS: tuple[type[Record], ...] = (Capture, Flow, NameQuery)
# Those that they yield on request.
ON_REQUEST: tuple[type[Record], ...] = (ControllerTalk,)


class Captured(Struct, frozen=True, kw_only=True):
    """What was read. `inputs` lists every file: a `gap` is one that was not read to its end."""

    records: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    runs: tuple[CollectorRun, ...]
    inputs: tuple[Input, ...]


def read(
    paths: tuple[Path, ...],
    *,
    deep: Callable[[str, str], bool] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Captured:
    """Read capture files, each by itself; nothing is resolved, sent or executed.

    With `deep` industrial flows are dissected by a process of its own (ADR 8): it says whether
    two addresses lie in two zones, whose flows come first and have more room.

    Raises `UsageError` (exit 2) for a named path that does not exist. Whatever else cannot be
    read, or not in full, is a gap. `progress` is told how far it is, in a line of words.
    """
    # Its linear algebra is not used: without this it starts threads that wait in a loop, which
    # costs as much as NumPy's import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from auditor.packets import _captures  # NumPy: only for who reads a capture

    return _captures.read(paths, progress, deep)


__all__ = ["ON_REQUEST", "YIELDS", "Captured", "read"]
