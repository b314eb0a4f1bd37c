"""Makes records of capture files: one capture, its flows, its questions, and what is missing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import get_args

from msgspec import Struct

from auditor.errors import UsageError
from auditor.evidence import Coverage, Gap, GapReason, Input, Origin, Record, run_of
from auditor.evidence.paths import recordable
from auditor.evidence.traffic import (
    Capture,
    Carrier,
    Fact,
    Flow,
    NameQuery,
    NameSeen,
    Operation,
    Skipped,
)
from auditor.pace import Pace
from auditor.packets import (
    ON_REQUEST,
    YIELDS,
    Captured,
    _missing,
    _pcap,
    _pcapng,
    _spelled,
    _talks,
    dissect,
    fragments,
    industrial,
    kinds,
    names,
)
from auditor.packets._stream import Fault, Stream, strange
from auditor.packets._window import Window
from auditor.packets.analyse import Analysis
from auditor.packets.deep import Crosses, DeepListener
from auditor.packets.listening import FlowEnds, FlowNote, Heard, Listener
from auditor.packets.source import CaptureError, Source

_COLLECTOR = "captures"
_PROGRESS_EVERY = 0.2  # seconds
_BETWEEN_COLLECTIONS = 1_000_000
_DID = "operations"  # what the industrial readers' fact is called


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
    pace, next_word = Pace(progress, what=f"of {shown} read"), 0.0
    try:
        for batch in reader.batches(window, stream):
            analysis.take(batch)
            if (now := monotonic()) >= next_word:
                pace(source.consumed, source.size)
                next_word = now + _PROGRESS_EVERY
    except OSError as error:
        _end(stream, window, "denied", f"cannot be read any further: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - a crash is a gap, never silence
        _end(stream, window, "crashed", f"the reader failed: {type(error).__name__}")
    heard = analysis.finish()
    if source.fault:
        _end(stream, window, "malformed", source.fault)
    origin = Origin(_COLLECTOR, shown)
    records: list[Record] = [_record(shown, origin, source, stream, analysis)]
    records += _flows(shown, origin, analysis, heard)
    records += _queries(shown, origin, heard)
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


def _end(stream: Stream, window: Window, reason: GapReason, why: str) -> None:
    """Say that the file was not read to its end."""
    stream.truncated = True
    stream.faults.append(Fault(reason=reason, detail=why, at=window.position))


def _record(
    shown: str, origin: Origin, source: Source, stream: Stream, analysis: Analysis
) -> Capture:
    compression = f" in {source.compression}" if source.compression else ""
    return Capture(
        origin=origin,
        path=shown,
        sha256=source.digest(),
        file_format=stream.file_format + compression,
        packets=analysis.packets,
        parsed=analysis.parsed,
        skipped=tuple(
            Skipped(reason=reason, packets=packets)
            for reason, packets in sorted(analysis.skipped.items())
        ),
        bytes=analysis.wire_bytes,
        captured_bytes=analysis.captured_bytes,
        first=analysis.first or 0,
        last=analysis.last or 0,
        link_types=tuple(sorted({_spelled.link_type(number) for number in analysis.link_types})),
        interfaces=tuple(stream.interfaces),
        snap_cut=analysis.snap_cut,
        dropped=stream.dropped,
        truncated=stream.truncated,
    )


def _flows(shown: str, origin: Origin, analysis: Analysis, heard: list[Heard]) -> Iterator[Record]:
    """Yield the flows in the order of their first packets, with what the listeners know."""
    answers: dict[str, tuple[NameSeen, ...]] = {}
    for one in heard:
        answers.update(one.answers)
    for number, ends in analysis.ends():
        said = [note for one in heard if (note := one.notes.get(number)) is not None]
        yield _flow(shown, origin, ends, kinds.judge(ends, _together(said), answers))


def _together(notes: list[FlowNote]) -> FlowNote | None:
    """Return what listeners know of one flow: the first that names an application has it."""
    if len(notes) <= 1:
        return notes[0] if notes else None
    kind = next((note for note in notes if note.application), notes[0])
    return FlowNote(
        names=tuple(name for note in notes for name in note.names),
        application=kind.application,
        encrypted=kind.encrypted,
        encrypted_why=kind.encrypted_why,
        hidden_name=any(note.hidden_name for note in notes),
        facts=tuple(fact for note in notes for fact in note.facts),
    )


def _flow(shown: str, origin: Origin, ends: FlowEnds, note: FlowNote) -> Flow:
    return Flow(
        origin=origin,
        capture=shown,
        src=ends.src,
        dst=ends.dst,
        src_port=ends.src_port,
        dst_port=ends.dst_port,
        protocol=_spelled.protocol(ends.protocol),
        packets_out=ends.packets_out,
        packets_in=ends.packets_in,
        bytes_out=ends.bytes_out,
        bytes_in=ends.bytes_in,
        first=ends.first,
        last=ends.last,
        names=note.names,
        application=note.application,
        encrypted=note.encrypted,
        encrypted_why=note.encrypted_why,
        tcp_state=ends.tcp_state,
        initiator_known=ends.initiator_known,
        tunnel=ends.tunnel,
        vlan=ends.vlan,
        hidden_name=note.hidden_name,
        carriers=_carriers(ends.carriers) if ends.carriers else (),
        operations=_operations(note.facts),
        facts=_facts(note.facts),
    )


def _carriers(ends: tuple[tuple[str, str], ...]) -> tuple[Carrier, ...]:
    return tuple(Carrier(src=src, dst=dst) for src, dst in ends)


# Many flows were told the same: they share what is made of it.
@lru_cache(maxsize=1 << 10)
def _facts(told: tuple[tuple[str, str], ...]) -> tuple[Fact, ...]:
    """Return facts by name: in which order they were read depends on where windows end."""
    return tuple(Fact(name=name, value=value) for name, value in sorted(told) if name != _DID)


@lru_cache(maxsize=1 << 10)
def _operations(told: tuple[tuple[str, str], ...]) -> tuple[Operation, ...]:
    """Return what industrial messages did, in the order in which their reader says it."""
    said = {word for name, value in told if name == _DID for word in value.split(", ")}
    return tuple(word for word in get_args(Operation) if word in said)


def _queries(shown: str, origin: Origin, heard: list[Heard]) -> Iterator[Record]:
    for query in sorted(query for one in heard for query in one.queries):
        yield NameQuery(
            origin=origin,
            capture=shown,
            name=query.name,
            query_type=query.query_type,
            client=query.client,
            server=query.server,
            transport=query.transport,
            count=query.count,
            first=query.first,
            last=query.last,
            response=query.response,
            answers=query.answers,
        )
