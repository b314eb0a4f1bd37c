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
    note_of = _notes(heard).get
    for number, ends in analysis.ends():
        yield _flow(shown, origin, ends, kinds.judge(ends, note_of(number), answers))


def _notes(heard: list[Heard]) -> dict[int, FlowNote]:
    """Return what is known of flows by number."""
    notes: dict[int, FlowNote] = {}
    for one in heard:
        both = notes.keys() & one.notes.keys()
        together = {number: _together(notes[number], one.notes[number]) for number in both}
        notes |= one.notes
        notes |= together
    return notes


def _together(first: FlowNote, second: FlowNote) -> FlowNote:
    """Return what two listeners know of one flow: the first that names an application has it."""
    kind = first if first.application or not second.application else second
    return FlowNote(
        names=first.names + second.names,
        application=kind.application,
        encrypted=kind.encrypted,
        encrypted_why=kind.encrypted_why,
        hidden_name=first.hidden_name or second.hidden_name,
        facts=first.facts + second.facts,
    )


def _flow(shown: str, origin: Origin, ends: FlowEnds, note: FlowNote) -> Flow:
    operations, facts = _told(note.facts)
    # By place: with names it takes five times as long.
    return Flow(
        origin,
        shown,
        ends.src,
        ends.dst,
        ends.src_port,
        ends.dst_port,
        _spelled.protocol(ends.protocol),
        ends.packets_out,
        ends.packets_in,
        ends.bytes_out,
        ends.bytes_in,
        ends.first,
        ends.last,
        note.names,
        note.application,
        note.encrypted,
        note.encrypted_why,
        ends.tcp_state,
        ends.initiator_known,
        ends.tunnel,
        ends.vlan,
        note.hidden_name,
        _carriers(ends.carriers) if ends.carriers else (),
        operations,
        facts,
    )


def _carriers(ends: tuple[tuple[str, str], ...]) -> tuple[Carrier, ...]:
    return tuple(Carrier(src=src, dst=dst) for src, dst in ends)


# Many flows were told the same: they share what is made of it.
@lru_cache(maxsize=1 << 10)
def _told(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[Operation, ...], tuple[Fact, ...]]:
    """Return what industrial messages did, in the order of the words, and other facts by name.

    In which order they were read depends on where windows end.
    """
    said = {word for name, value in pairs if name == _DID for word in value.split(", ")}
    return (
        tuple(word for word in get_args(Operation) if word in said),
        tuple(Fact(name=name, value=value) for name, value in sorted(pairs) if name != _DID),
    )


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
