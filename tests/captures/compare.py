"""What was read of a capture, as rows that are compared with the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from auditor.evidence.traffic import Capture, Flow, NameQuery
from tests.captures.library import Made
from tests.captures.truth import FlowTruth, Truth

Row = tuple[object, ...]


def read(path: Path):
    """Return what `packets.read` says of one file."""
    from auditor import packets

    return packets.read((path,))


def crashes(captured) -> list[str]:
    """Return what the gaps say of faults of our own, which no input may cause."""
    return [gap.detail for gap in captured.gaps if gap.reason == "crashed"]


def flow_row(flow: Flow | FlowTruth, unit: int = 1, *, times: bool = True) -> Row:
    """Return a flow's key and counts."""
    carriers = (
        flow.carriers
        if isinstance(flow, FlowTruth)
        else [(each.src, each.dst) for each in flow.carriers]
    )
    first, last = (flow.first // unit * unit, flow.last // unit * unit) if times else (0, 0)
    return (
        flow.src, flow.src_port, flow.dst, flow.dst_port, flow.protocol, tuple(flow.vlan),
        tuple(flow.tunnel), tuple(carriers), flow.packets_out, flow.packets_in, flow.bytes_out, flow.bytes_in,
        first, last,
    )  # fmt: skip


def kind_row(flow: Flow | FlowTruth) -> Row:
    """Return what a flow is taken for, beside its key."""
    names = flow.names
    pairs = sorted(each if isinstance(each, tuple) else (each.name, each.source) for each in names)
    state = flow.end if isinstance(flow, FlowTruth) else flow.tcp_state
    return (
        flow.src, flow.src_port, flow.dst, flow.dst_port, flow.protocol, tuple(flow.tunnel),
        tuple(pairs), flow.application, flow.encrypted, state, flow.initiator_known, flow.hidden_name,
    )  # fmt: skip


def difference(found: Iterable[Row], wanted: Iterable[Row]) -> list[str]:
    """Return what is there and should not be (`+`), and what is missing (`-`)."""
    have, want = Counter(found), Counter(wanted)
    extra = [f"+ {row} × {count}" for row, count in (have - want).items()]
    missing = [f"- {row} × {count}" for row, count in (want - have).items()]
    return sorted(extra + missing, key=lambda line: line[2:])


def flows_differ(records: Iterable[object], truth: Truth, made: Made | None = None) -> list[str]:
    """Return the differences in flows: ends, chain, packets, bytes and times."""
    unit, times = (made.unit, made.times) if made else (1, True)
    found = [flow_row(each, times=times) for each in records if isinstance(each, Flow)]
    return difference(found, [flow_row(each, unit, times=times) for each in truth.flows])


def kinds_differ(records: Iterable[object], truth: Truth) -> list[str]:
    """Return the differences in names, applications, encryption and states."""
    found = [kind_row(each) for each in records if isinstance(each, Flow)]
    return difference(found, [kind_row(each) for each in truth.flows])


def queries_differ(records: Iterable[object], truth: Truth) -> list[str]:
    """Return the differences in questions."""
    found: Counter[Row] = Counter()
    for each in records:
        if isinstance(each, NameQuery):
            found[each.name, each.query_type, each.client, each.server, each.transport] += (
                each.count
            )
    return difference(found.elements(), truth.queries.elements())


def counts_differ(records: Iterable[object], truth: Truth) -> list[str]:
    """Return the differences in what was counted: packets, parsed, skipped by reason, bytes."""
    (capture,) = (each for each in records if isinstance(each, Capture))
    found = {
        "packets": capture.packets, "parsed": capture.parsed, "bytes": capture.bytes,
        **{each.reason: each.packets for each in capture.skipped},
    }  # fmt: skip
    wanted = {
        "packets": truth.packets, "parsed": truth.parsed, "bytes": truth.bytes, **truth.skipped,
    }  # fmt: skip
    return difference(found.items(), wanted.items())
