"""The commands that build or take evidence, judge it and hand the judgement over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from auditor import api, delivery, output
from auditor.api import Criteria, Prepared
from auditor.commands._terminal import progress
from auditor.delivery import Delivery
from auditor.errors import EvidenceError, ExitCode, UsageError

if TYPE_CHECKING:
    from auditor.evidence import Evidence
    from auditor.host import Host
    from auditor.policy.findings import Severity


class Asked(Struct, frozen=True, kw_only=True):
    """The options that scan, gate and evaluate share, as they were given."""

    site: Path | None = None
    packs: tuple[str, ...] = ()
    profile: Path | None = None
    waivers: Path | None = None
    formats: tuple[str, ...] = ()
    folder: Path | None = None
    fail_on: str = "medium"
    allow_unknown: bool = False
    language: str = "en"
    key: Path | None = None
    quiet: bool = False
    at: str = ""

    @property
    def target(self) -> Delivery:
        """Where the judgement is to go."""
        return Delivery(formats=self.formats, folder=self.folder, key=self.key, quiet=self.quiet)

    def criteria(self, judged_at: str = "") -> Criteria:
        """Return what to judge by."""
        return Criteria(
            packs=self.packs,
            profile=self.profile,
            waivers=self.waivers,
            fail_on=cast("Severity", self.fail_on),
            allow_unknown=self.allow_unknown,
            judged_at=judged_at,
        )

    @property
    def moment(self) -> str:
        """The time of the audit: the one given, else now."""
        return api.moment(self.at) if self.at else api.now()


def scan(  # noqa: PLR0913 - each is an option of the command
    asked: Asked,
    root: Path | None,
    stores: Sequence[str] | None,
    record: Path | None,
    *,
    captures: tuple[Path, ...] = (),
    deep: bool = False,
    probe_loopback: bool = False,
    hashing: api.Hashing = api.NO_DIGESTS,
) -> ExitCode:
    """Audit this host or a recorded one; its listeners are asked only with `probe_loopback`."""
    from auditor.host.record import RecordingHost

    if deep and not captures:
        raise UsageError("--deep dissects a capture", hint="Name one with --capture")
    prepared = ready(asked)
    site = api.load_site(asked.site)
    with audited_host(root) as (host, restraints), progress("reading", quiet=asked.quiet) as show:
        reader = host if record is None else RecordingHost(host)
        evidence = api.scan(
            reader,
            site=site,
            stores=_absolute(stores or ()),
            captures=captures,
            deep=deep,
            probe_loopback=probe_loopback,
            hashing=hashing,
            restraints=restraints,
            at=asked.moment,
            progress=show,
        )
    if record is not None and isinstance(reader, RecordingHost):
        reader.save(record, at=evidence.taken_at)
    return judge(evidence, asked, prepared)


def _absolute(stores: Sequence[str]) -> tuple[str, ...]:
    """Return the stores that were named; an empty name would mean the current folder."""
    if "" in stores:
        raise UsageError("the path of a store is empty")
    return tuple(str(Path(store).absolute()) for store in stores)


def gate(paths: Sequence[Path], asked: Asked) -> ExitCode:
    """Judge manifests."""
    prepared = ready(asked)
    site = api.load_site(asked.site)
    with progress("reading", quiet=asked.quiet) as show:
        evidence = api.gate(tuple(paths), site=site, at=asked.moment, progress=show)
    return judge(evidence, asked, prepared)


def evaluate(path: Path, asked: Asked) -> ExitCode:
    """Judge finished evidence, against another site where one is named."""
    prepared = ready(asked, judged_at=api.moment(asked.at) if asked.at else "")
    evidence = api.load_evidence(path)
    if asked.site is not None:
        evidence = msgspec.structs.replace(evidence, site=api.load_site(asked.site))
    return judge(evidence, asked, prepared)


def report(path: Path, style: str, language: str) -> ExitCode:
    """Print a finished audit in another format; its findings are taken, not made again."""
    from auditor.evidence import encode

    evidence = api.load_evidence(path)
    folder = path if path.is_dir() else path.parent
    findings = api.load_findings(folder / "findings.json")
    if findings.evidence_sha256 != hashlib.sha256(encode(evidence)).hexdigest():
        raise EvidenceError(
            "these findings were made from other evidence",
            where=str(folder / "findings.json"),
            hint="Judge the evidence again with audit evaluate",
        )
    judgement = api.judgement(evidence, findings, language=language)
    return delivery.deliver(judgement, Delivery(formats=(style,)))


def init(path: Path, root: Path | None) -> ExitCode:
    """Write a first site file; an existing one is never overwritten."""
    from auditor.commands._terminal import say
    from auditor.site_init import write_site

    if path.exists():
        raise UsageError("there is a file already", where=str(path), hint="Name another with -o")
    with audited_host(root) as (host, _), progress("reading", quiet=False) as show:
        evidence = api.scan(host, at=api.now(), progress=show)
    output.write_all(path.parent, {path.name: write_site(evidence).encode()})
    say(f"{path} written from what {evidence.subject.name} shows: read it, correct it, then")
    say(f"  audit scan --site {path}")
    return ExitCode.PASS


def ready(asked: Asked, *, judged_at: str = "") -> Prepared:
    """Refuse what cannot be delivered or judged before any work is done."""
    delivery.check(asked.target)
    return api.prepare(asked.criteria(judged_at))


def judge(evidence: Evidence, asked: Asked, prepared: Prepared) -> ExitCode:
    """Judge the evidence and hand the judgement over."""
    with progress("judging", quiet=asked.quiet) as show:
        show(evidence.subject.name)
        judgement = api.evaluate(
            evidence,
            prepared,
            language=asked.language,
            sentences=asked.target.sentences(asked.language),
        )
    return delivery.deliver(judgement, asked.target)


@contextmanager
def audited_host(root: Path | None) -> Iterator[tuple[Host, tuple[str, ...]]]:
    """Give this machine, restrained so that it is no burden, or the recorded one."""
    if root is not None:
        from auditor.host.tree import TreeHost

        if not root.is_dir():
            raise UsageError("there is no such folder", where=str(root))
        yield TreeHost(root), ()
        return
    from auditor.host import live

    restraints = live.restrain()
    host = live.LiveHost()
    try:
        yield host, restraints
    finally:
        host.close()
