"""Makes records of what was read of a capture: itself, its flows, its questions for names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

from auditor.evidence import Origin, Record
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
from auditor.packets import _spelled, kinds
from auditor.packets._stream import Stream
from auditor.packets.analyse import Analysis
from auditor.packets.listening import FlowEnds, FlowNote, Heard
from auditor.packets.source import Source

_DID = "operations"  # what the industrial readers' fact is called


def capture_of(
    shown: str, origin: Origin, source: Source, stream: Stream, analysis: Analysis
) -> Capture:
    """Return the capture itself, with how much of it was read."""
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


def flows_of(
    shown: str, origin: Origin, analysis: Analysis, heard: list[Heard]
) -> Iterator[Record]:
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


def queries_of(shown: str, origin: Origin, heard: list[Heard]) -> Iterator[Record]:
    """Yield the questions for names, in order."""
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
