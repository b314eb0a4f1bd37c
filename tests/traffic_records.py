"""Makes records of captured traffic for tests: a flow, a question, a capture, evidence."""

from __future__ import annotations

from auditor.evidence import SCHEMA, CollectorRun, Evidence, Input, Origin, Record, Tool
from auditor.evidence.bundle import Subject
from auditor.evidence.site import EgressException, Network, Site
from auditor.evidence.traffic import Capture, Flow, NameQuery, NameSeen

AT = "2026-11-27T08:00:00Z"
SECOND = 1_000_000_000
ORIGIN = Origin("packets", "a.pcap")
SITE = Site(
    name="Plant 7",
    networks=(Network(cidr="10.1.0.0/16", zone="it"), Network(cidr="10.7.0.0/16", zone="cell")),
    names=("corp.example",),
    resolvers=("10.1.0.53",),
)


def excepted(destination: str, **changes: object) -> EgressException:
    fields = {"destination": destination, "owner": "ops", "reason": "x", "expires": "2027-01-31"}
    return EgressException(**(fields | changes))


def names(**said: str) -> tuple[NameSeen, ...]:
    """Return candidates: `names(tls_sni="a.example")`."""
    return tuple(NameSeen(name=name, source=source) for source, name in said.items())


def flow(src: str = "10.1.2.3", dst: str = "203.0.113.9", **changes: object) -> Flow:
    fields: dict[str, object] = {
        "origin": ORIGIN, "capture": "a.pcap", "src": src, "dst": dst, "src_port": 40000,
        "dst_port": 443, "protocol": "tcp", "packets_out": 5, "packets_in": 4, "bytes_out": 900,
        "bytes_in": 700, "first": 10 * SECOND, "last": 12 * SECOND, "application": "tls",
        "encrypted": True, "tcp_state": "closed",
    }  # fmt: skip
    return Flow(**(fields | changes))


def query(name: str = "api.example.com", **changes: object) -> NameQuery:
    fields: dict[str, object] = {
        "origin": ORIGIN, "capture": "a.pcap", "name": name, "query_type": "A",
        "client": "10.1.2.3", "server": "10.1.0.53", "transport": "udp", "count": 1,
        "first": SECOND, "last": SECOND, "response": "NOERROR",
    }  # fmt: skip
    return NameQuery(**(fields | changes))


def capture(**changes: object) -> Capture:
    fields: dict[str, object] = {
        "origin": ORIGIN, "path": "a.pcap", "sha256": "a" * 64, "file_format": "pcap",
        "packets": 9, "parsed": 9, "skipped": (), "bytes": 1600, "captured_bytes": 1600,
        "first": 10 * SECOND, "last": 40 * SECOND, "link_types": ("EN10MB",), "interfaces": (),
        "snap_cut": 0, "dropped": None, "truncated": False,
    }  # fmt: skip
    return Capture(**(fields | changes))


def evidence(*records: Record, site: Site = SITE, **changes: object) -> Evidence:
    run = CollectorRun(
        collector="packets", title="Captures", kinds=("capture", "flow", "name_query"),
        records=len(records), gaps=0,
    )  # fmt: skip
    fields: dict[str, object] = {
        "schema": SCHEMA, "tool": Tool(name="t", version="0"), "mode": "traffic",
        "subject": Subject(name="a.pcap"), "taken_at": AT, "site": site,
        "inputs": (Input(path="a.pcap", status="judged"),), "runs": (run,), "records": records,
    }  # fmt: skip
    return Evidence(**(fields | changes))
