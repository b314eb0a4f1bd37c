"""Makes the JSON document about captured traffic: `auditor.traffic/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar, cast

import msgspec

from auditor.derive._asked import JudgedQuery, judge_queries
from auditor.derive._traffic import JudgedFlow, judged
from auditor.evidence import Gap, Record
from auditor.evidence.crossing import (
    AskedDomain,
    CaptureView,
    ControllerAccess,
    TrafficDestination,
    TrafficIndicator,
    ZoneTraffic,
)
from auditor.evidence.traffic import (
    APPLICATIONS,
    Application,
    Capture,
    QueryTransport,
    TunnelKind,
)
from auditor.policy.summary import summarize
from auditor.report import Judgement
from auditor.report._instants import instant
from auditor.report._traffic_document import (
    SCHEMA,
    CaptureDocument,
    CarrierDocument,
    FileDocument,
    FlowDocument,
    NameDocument,
    QueryDocument,
    TrafficDocument,
)

_T = TypeVar("_T", bound=Record)


def traffic_document(judgement: Judgement) -> TrafficDocument:
    """Return the judgement of captures as the typed document that is written out."""
    evidence, findings = judgement.evidence, judgement.findings
    judged_evidence = msgspec.structs.replace(evidence, taken_at=findings.judged_at)
    summary = summarize(evidence, findings)
    views = {r.path: r for r in judgement.derived if isinstance(r, CaptureView)}
    captures = [record for record in evidence.records if isinstance(record, Capture)]
    return TrafficDocument(
        schema=SCHEMA,
        tool=evidence.tool,
        subject=evidence.subject.name,
        site=evidence.site.name,
        taken_at=evidence.taken_at,
        judged_at=findings.judged_at,
        evidence_sha256=findings.evidence_sha256,
        fail_on=findings.fail_on,
        outcome=summary.outcome,
        exit_code=summary.exit_code,
        capture=_sum(captures, views, evidence.gaps),
        captures=tuple(_file(capture, views[capture.path]) for capture in captures),
        flows=tuple(sorted(map(_flow, judged(judged_evidence)), key=_flow_order)),
        queries=tuple(sorted(map(_query, judge_queries(judged_evidence)), key=_query_order)),
        destinations=tuple(
            sorted(
                _all(judgement, TrafficDestination),
                key=lambda d: (-d.bytes_out, d.direction, d.target, d.exception),
            )
        ),
        domains=_all(judgement, AskedDomain),
        zones=_all(judgement, ZoneTraffic),
        controllers=_all(judgement, ControllerAccess),
        indicators=_all(judgement, TrafficIndicator),
        gaps=evidence.gaps,
        findings=tuple(finding for finding in findings.findings if finding.verdict != "pass"),
    )


def _all(judgement: Judgement, kind: type[_T]) -> tuple[_T, ...]:
    return tuple(record for record in judgement.derived if isinstance(record, kind))


def _sum(
    captures: list[Capture], views: dict[str, CaptureView], gaps: Iterable[Gap]
) -> CaptureDocument:
    """Return all captures as one: complete where each of them is, and every file was opened."""
    skipped: Counter[str] = Counter()
    for capture in captures:
        skipped.update({item.reason: item.packets for item in capture.skipped})
    seen = [capture for capture in captures if capture.packets]
    told = [capture.dropped for capture in captures]
    missed = [gap for gap in gaps if gap.kind in ("flow", "capture")]
    why = [line for capture in captures for line in views[capture.path].why]
    return CaptureDocument(
        packets=sum(capture.packets for capture in captures),
        parsed=sum(capture.parsed for capture in captures),
        skipped=dict(sorted(skipped.items())),
        bytes=sum(capture.bytes for capture in captures),
        first=instant(min(capture.first for capture in seen)) if seen else None,
        last=instant(max(capture.last for capture in seen)) if seen else None,
        link_types=tuple(sorted({word for capture in captures for word in capture.link_types})),
        truncated=any(capture.truncated for capture in captures),
        snap_cut=sum(capture.snap_cut for capture in captures),
        dropped=None if None in told or not told else sum(n for n in told if n),
        complete=bool(captures) and not missed and all(views[c.path].complete for c in captures),
        why=tuple(
            dict.fromkeys([*why, *(gap.detail for gap in gaps)]),
        ),
    )


def _file(capture: Capture, view: CaptureView) -> FileDocument:
    return FileDocument(
        path=capture.path,
        sha256=capture.sha256 or None,
        file_format=capture.file_format,
        interfaces=capture.interfaces,
        packets=capture.packets,
        parsed=capture.parsed,
        skipped={item.reason: item.packets for item in capture.skipped},
        bytes=capture.bytes,
        first=instant(capture.first) if capture.packets else None,
        last=instant(capture.last) if capture.packets else None,
        link_types=capture.link_types,
        truncated=capture.truncated,
        snap_cut=capture.snap_cut,
        dropped=capture.dropped,
        complete=view.complete,
        why=view.why,
    )


def _flow(one: JudgedFlow) -> FlowDocument:
    flow = one.flow
    operator = one.operator.operator if one.operator else one.dst.operator
    return FlowDocument(
        capture=flow.capture,
        src=flow.src,
        dst=flow.dst,
        src_port=flow.src_port,
        dst_port=flow.dst_port,
        protocol=int(flow.protocol) if flow.protocol.isdecimal() else flow.protocol,
        packets_out=flow.packets_out,
        packets_in=flow.packets_in,
        bytes_out=flow.bytes_out,
        bytes_in=flow.bytes_in,
        first=instant(flow.first),
        last=instant(flow.last),
        names=tuple(
            NameDocument(
                name=name.name,
                source=name.source,
                first=instant(name.first) if name.first else None,
                last=instant(name.last) if name.last else None,
            )
            for name in flow.names
        ),
        application=cast("Application", flow.application)
        if flow.application in APPLICATIONS
        else None,
        encrypted=flow.encrypted,
        encrypted_why=flow.encrypted_why or None,
        hidden_name=flow.hidden_name,
        tcp_state=flow.tcp_state or None,
        initiator_known=flow.initiator_known,
        inside=one.inside,
        zone=one.dst.zone if one.dst.inside and one.dst.zone else None,
        country=one.dst.country or None,
        operator=operator or None,
        src_inside=one.src.inside,
        src_zone=one.src.zone if one.src.inside and one.src.zone else None,
        crosses=one.direction,
        approved=one.approved,
        tunnel=cast("tuple[TunnelKind, ...]", flow.tunnel),
        carriers=tuple(CarrierDocument(src=c.src, dst=c.dst) for c in flow.carriers),
        vlan=flow.vlan,
        operations=flow.operations,
        facts=flow.facts,
    )


def _query(one: JudgedQuery) -> QueryDocument:
    query = one.query
    return QueryDocument(
        capture=query.capture,
        name=query.name,
        type=query.query_type,
        client=query.client,
        server=query.server,
        count=query.count,
        transport=cast("QueryTransport", query.transport),
        first=instant(query.first),
        last=instant(query.last),
        response=query.response or None,
        answers=query.answers,
        inside={"inside": True, "undecided": None}.get(one.standing, False),
        domain=one.domain,
        operator=one.operator or None,
    )


def _flow_order(flow: FlowDocument) -> tuple[object, ...]:
    return (
        flow.capture, flow.first, flow.src, flow.src_port, flow.dst, flow.dst_port,
        str(flow.protocol), flow.last, flow.vlan, flow.tunnel,
    )  # fmt: skip


def _query_order(query: QueryDocument) -> tuple[object, ...]:
    return (query.capture, query.first, query.name, query.type, query.client, query.server,
            query.transport)  # fmt: skip
