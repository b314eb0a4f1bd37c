"""Reads capture files: a capture, its flows, its questions, and what is missing of them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from msgspec import Struct

from auditor.errors import UsageError
from auditor.evidence import Coverage, Gap, GapReason, Input, Origin, Record, run_of
from auditor.evidence.paths import recordable
from auditor.pace import Pace
from auditor.packets import (
    ON_REQUEST,
    YIELDS,
    Captured,
    _missing,
    _pcap,
    _pcapng,
    _talks,
    dissect,
    fragments,
    industrial,
    names,
)
from auditor.packets._records import capture_of, flows_of, queries_of
from auditor.packets._stream import Fault, Stream, strange
from auditor.packets._window import Window
from auditor.packets.analyse import Analysis
from auditor.packets.batch import Batch
from auditor.packets.deep import Crosses, DeepListener
from auditor.packets.listening import Listener
from auditor.packets.source import CaptureError, Source

_COLLECTOR = "captures"
_PROGRESS_EVERY = 0.2  # seconds
_BETWEEN_COLLECTIONS = 1_000_000


class _File(Struct, frozen=True, kw_only=True):
    """What one file gave."""

    records: list[Record]
    gaps: list[Gap]
    input: Input
    packets: int = 0
    parsed: int = 0


def read(
    paths: tuple[Path, ...], progress: Callable[[str], None], crosses: Crosses | None
) -> Captured:
    """Read the files in the order of their names; see `packets.read`."""
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError("there is no such file", where=recordable(str(path)))
    with _rare_collection():
        files = [_file(path, progress, crosses) for path in sorted(set(paths))]
    records = [record for file in files for record in file.records]
    gaps = [gap for file in files for gap in file.gaps]
    parsed = Coverage(
        what="packets parsed",
        seen=sum(file.parsed for file in files),
        total=sum(file.packets for file in files),
    )
    yields = YIELDS if crosses is None else (*YIELDS, *ON_REQUEST)
    run = run_of(_COLLECTOR, "Captures", yields, [*records, *gaps, parsed])
    return Captured(
        records=tuple(records),
        gaps=tuple(gaps),
        runs=(run,),
        inputs=tuple(file.input for file in files),
    )


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Look for cycles of objects more rarely: a tenth of the time, and there are hardly any."""
    before = gc.get_threshold()
    gc.set_threshold(_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _file(path: Path, progress: Callable[[str], None], crosses: Crosses | None) -> _File:
    """Return one file's records; a file that is no capture is a gap."""
    shown = recordable(str(path))
    try:
        with Source(path) as source:
            return _capture(shown, source, progress, crosses)
    except CaptureError as error:
        return _nothing(shown, "denied", error.what)
    except OSError as error:
        return _nothing(shown, "denied", f"cannot be read: {error.strerror}")


def _nothing(shown: str, reason: GapReason, why: str) -> _File:
    gap = Gap(kind="capture", reason=reason, detail=why, origin=Origin(_COLLECTOR, shown))
    return _File(
        records=[], gaps=[gap], input=Input(path=shown, status="gap", reason=f"{reason}: {why}")
    )


def _capture(
    shown: str, source: Source, progress: Callable[[str], None], crosses: Crosses | None
) -> _File:
    """Return what an open file holds."""
    window, stream = Window(source), Stream()
    window.holds(4)
    head = bytes(window.view[: min(4, window.end)])
    reader = next((room for room in (_pcap, _pcapng) if room.recognises(head)), None)
    if reader is None:
        return _nothing(shown, "malformed", source.fault or strange(head))
    pieces = fragments.Fragments()
    # Of two that know a flow's application, the first has it.
    of_industry = industrial.listener()
    listeners: tuple[Listener, ...] = (of_industry, names.listener())
    deep = None if crosses is None else DeepListener(of_industry, crosses)
    heard_by = listeners if deep is None else (*listeners, deep)
    analysis = Analysis(heard_by, dissect.dissect, pieces)
    pace = Pace(progress, what=f"of {shown} read")
    try:
        _take(reader.batches(window, stream), analysis, source, pace)
    except OSError as error:
        _end(stream, window, "denied", f"cannot be read any further: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - a crash is a gap, never silence
        _end(stream, window, "crashed", f"the reader failed: {type(error).__name__}")
    heard = analysis.finish()
    if source.fault:
        _end(stream, window, "malformed", source.fault)
    # Records take the place of what they are made from.
    window.close()
    origin = Origin(_COLLECTOR, shown)
    records: list[Record] = [capture_of(shown, origin, source, stream, analysis)]
    records += flows_of(shown, origin, analysis, heard)
    records += queries_of(shown, origin, heard)
    told = _talks.Told()
    if deep is not None:
        told = _talks.told(shown, origin, deep, analysis.flows, progress)
    records += told.records
    gaps = [*_missing.gaps(origin, stream, analysis, heard, pieces.gaps), *told.gaps]
    whole = not stream.truncated
    return _File(
        records=records,
        gaps=gaps,
        input=Input(
            path=shown,
            status="judged" if whole else "gap",
            documents=1,
            reason="" if whole else f"{stream.faults[0].reason}: {stream.faults[0].detail}",
        ),
        packets=analysis.packets,
        parsed=analysis.parsed,
    )


def _take(batches: Iterator[Batch], analysis: Analysis, source: Source, pace: Pace) -> None:
    """Read batch by batch, and tell now and then how far it is."""
    next_word = 0.0
    for batch in batches:
        analysis.take(batch)
        if (now := monotonic()) >= next_word:
            pace(source.consumed, source.size)
            next_word = now + _PROGRESS_EVERY


def _end(stream: Stream, window: Window, reason: GapReason, why: str) -> None:
    """Say that the file was not read to its end."""
    stream.truncated = True
    stream.faults.append(Fault(reason=reason, detail=why, at=window.position))
