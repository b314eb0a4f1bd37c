"""Judges the recordings of the laboratory's stacks, as an audit of the recorded machine would."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import NamedTuple

from auditor import collect
from auditor.collect import Options
from auditor.derive import load
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Site, Subject, Tool, kind_of
from auditor.evidence.derived import StoreEncryption
from auditor.evidence.volumes import LuksHeader
from auditor.host.tree import TreeHost

ROOT = Path(__file__).resolve().parents[2]
COLLECTORS = ("storage", "stores")
USERS = (0, 65534)
# What may be said of each truth as root. To say less than the truth (unknown) is never wrong.
RIGHT = {
    "encrypted": {"verified", None},
    "memory": {"memory-only", "verified", None},
    "plain": {"plaintext", "mixed", None},
    "part": {"mixed", "plaintext", None},
}
PASSES = {"verified", "memory-only"}


class Stack(NamedTuple):
    """One stack: where it is, how it is really kept, its device and a description."""

    name: str
    truth: str
    device: str
    words: str

    @property
    def path(self) -> str:
        return f"/mnt/{self.name}"

    @property
    def phase(self) -> str:
        return self.name if self.name.startswith("swap-") else "stacks"


def stacks(folder: Path) -> list[Stack]:
    lines = (folder / "stacks.tsv").read_text(encoding="utf-8").splitlines()
    return [Stack(*line.split("\t")) for line in lines]


def allowed(stack: Stack, uid: int) -> set[str | None]:
    """Return the verdicts that are right for a user: without root a claim may be passed on."""
    return RIGHT[stack.truth] | ({"claimed"} if uid else set())


def evidence(recording: Path, paths: tuple[str, ...]) -> Evidence:
    host = TreeHost(recording)
    records, gaps, runs = [], [], []
    for name in COLLECTORS:
        collector = collect.load(name)
        kinds = tuple(sorted(kind_of(one) for one in collector.yields))
        runs.append(CollectorRun(collector=name, title="", kinds=kinds, records=0, gaps=0))
        for fact in collector.collect(host, Options(stores=paths)):
            if isinstance(fact, collect.Gap):
                gaps.append(fact)
            elif isinstance(fact, collect.Record):
                records.append(fact)
    return Evidence(
        schema=SCHEMA, tool=Tool(name="audit", version="0"), mode="host",
        subject=Subject(name="laboratory"), taken_at="2026-01-15T08:00:00Z", site=Site(),
        runs=tuple(runs), gaps=tuple(gaps), records=tuple(records),
    )  # fmt: skip


def judged(folder: Path, uid: int) -> dict[str, StoreEncryption]:
    """Return the verdict on every stack's path, as that user's audit gives it."""
    found = {}
    for phase in dict.fromkeys(stack.phase for stack in stacks(folder)):
        mine = [stack for stack in stacks(folder) if stack.phase == phase]
        whole = evidence(folder / f"{phase}-{uid}", tuple(stack.path for stack in mine))
        by_origin = {
            record.origin.source: record
            for record in load("stores").derive(whole)
            if isinstance(record, StoreEncryption)
        }
        for stack in mine:
            found[stack.name] = by_origin[stack.path]
    return found


def headers(folder: Path) -> dict[str, LuksHeader]:
    records = evidence(folder / "stacks-0", ()).records
    return {one.mapper_name: one for one in records if isinstance(one, LuksHeader)}


def keep(results: Path, folder: Path) -> None:
    """Copy recordings and tables into a folder, each recording as one file, places made neutral."""

    def neutral(body: bytes) -> bytes:
        places = {results: b"/results", results.parent: b"/laboratory", ROOT: b"/auditor"}
        for place, name in places.items():
            body = body.replace(bytes(place), name)
        return body

    folder.mkdir(parents=True)
    for name in ("stacks.tsv", "peers.json", "versions.json"):
        shutil.copy(results / name, folder / name)
    for document in sorted(results.glob("*/host.json")):
        whole = json.loads(document.read_bytes())
        for path, entry in whole["entries"].items():
            body = document.parent / "tree" / path.lstrip("/")
            if entry.pop("sha256", None) is not None:
                entry["body"] = base64.b64encode(neutral(body.read_bytes())).decode()
                entry.pop("stored", None)
        target = folder / document.parent.name
        target.mkdir()
        text = json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n"
        (target / "host.json").write_bytes(neutral(text))
