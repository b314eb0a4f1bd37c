"""The vocabulary: frozen typed records, gaps, the site, and the bundle that holds them."""

from __future__ import annotations

from auditor.evidence import (
    channels,
    containers,
    crossing,
    derived,
    host,
    models,
    network,
    storage,
    traffic,
    transit,
    volumes,
    workload,
)
from auditor.evidence.base import Coverage, Gap, GapReason, Origin, Record, kind_name
from auditor.evidence.bundle import (
    CollectorRun,
    Evidence,
    Input,
    Subject,
    Tool,
    decode,
    encode,
    run_of,
)
from auditor.evidence.kinds import COLLECTED, DERIVED, KINDS, kind_of
from auditor.evidence.migrate import SCHEMA
from auditor.evidence.site import ASSUMED_SITE, Site

__all__ = [
    "ASSUMED_SITE",
    "COLLECTED",
    "DERIVED",
    "KINDS",
    "SCHEMA",
    "CollectorRun",
    "Coverage",
    "Evidence",
    "Gap",
    "GapReason",
    "Input",
    "Origin",
    "Record",
    "Site",
    "Subject",
    "Tool",
    "channels",
    "containers",
    "crossing",
    "decode",
    "derived",
    "encode",
    "host",
    "kind_name",
    "kind_of",
    "models",
    "network",
    "run_of",
    "storage",
    "traffic",
    "transit",
    "volumes",
    "workload",
]
