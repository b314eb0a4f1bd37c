"""Reads the jobs that run by the clock or at start, and where they call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._calls import MAX_CALLS, calls
from auditor.collect._enabled_units import READS as UNIT_READS
from auditor.collect._enabled_units import units
from auditor.collect._jobs import READS as JOB_READS
from auditor.collect._jobs import Job, jobs, script_text
from auditor.collect._outbound import outbound
from auditor.collect._reading import Reading
from auditor.evidence import Coverage
from auditor.evidence.channels import OutboundTarget
from auditor.host import Absent, Host, Unreadable

NAME = "schedules"
# Scripts below these are a distribution's own: what those do is the catalogue's to say.
_DISTRIBUTION = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/lib/", "/lib/",
                 "/usr/libexec/", "/usr/share/", "/snap/", "/dev/", "/proc/", "/sys/")  # fmt: skip
_PATH = re.compile(r"(?:^|[\s\"'=;&|(])(/[\w./+\-]{2,500})")
_FOLLOWED = 8
_FOLLOWED_IN_ALL = 500


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "outbound_target")
    if reading.absent("/etc"):
        reading.miss("/etc", "absent", "no jobs are seen")
    started = units(reading)
    total = 0
    followed: set[str] = set()
    for job in jobs(reading, started):
        total += 1
        yield from _where(reading, job)
        for script in _scripts(reading, job, followed):
            yield from _where(reading, script)
    yield from reading.gaps()
    yield Coverage(what="jobs and started services", seen=total, total=total)


def _where(reading: Reading, job: Job) -> Iterator[OutboundTarget]:
    for number, call in enumerate(calls(job.text), start=1):
        if number > MAX_CALLS:
            reading.miss(job.path, "limit", f"more than {MAX_CALLS} calls in one job")
            return
        yield outbound(
            reading,
            "scheduled",
            subject=job.subject,
            tool=call.tool,
            place=call.place,
            path=job.path,
            # A job's line is that of its table, a script's that within it.
            line=call.line if job.script else job.line,
            command=call.command,
        )


def _scripts(reading: Reading, job: Job, followed: set[str]) -> Iterator[Job]:
    """Yield the scripts that a command names by path, each once, one step far."""
    if job.script:
        return
    for path in _PATH.findall(job.text)[:_FOLLOWED]:
        if path.startswith(_DISTRIBUTION) or path in followed or path.endswith("/"):
            continue
        if len(followed) >= _FOLLOWED_IN_ALL:
            reading.miss(path, "limit", f"more than {_FOLLOWED_IN_ALL} scripts of jobs")
            return
        followed.add(path)
        text = script_text(reading, path) if _is_script(reading, path) else ""
        if text:
            yield Job(subject=job.subject, text=text, path=path, script=True)


def _is_script(reading: Reading, path: str) -> bool:
    """Return whether a path is one of a program by its first bytes, or by its name."""
    if path.endswith((".sh", ".py", ".pl", ".rb", ".bash")):
        return True
    return _head(reading, path) == b"#!"


def _head(reading: Reading, path: str) -> bytes:
    """Return the first two bytes of a file, none where it cannot be read."""
    try:
        return reading.host.read(path, limit=2, head=True)
    except Absent:
        return b""
    except Unreadable as error:
        if error.reason != "unsupported":
            reading.miss(path, error.reason, error.detail)
        return b""


COLLECTOR = Collector(
    title="Jobs and services that call other machines",
    yields=(OutboundTarget,),
    reads=(*JOB_READS, *UNIT_READS, "scripts that jobs name"),
    collect=_collect,
)
