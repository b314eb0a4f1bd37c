"""Finds what a host runs by the clock or at start: cron, anacron, at, systemd timers, services."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._enabled_units import Units
from auditor.collect._ini import entries
from auditor.collect._reading import Reading, lines
from auditor.host import KIB, Absent, Unreadable

_SYSTEM_TABLES = ("/etc/crontab",)
_TABLE_FOLDERS = ("/etc/cron.d",)
_SCRIPT_FOLDERS = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
                   "/etc/periodic/15min", "/etc/periodic/hourly", "/etc/periodic/daily",
                   "/etc/periodic/weekly", "/etc/periodic/monthly")  # fmt: skip
# Where a system keeps the crontabs of its users: Debian, Red Hat, SUSE, Alpine.
_USER_TABLES = ("/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs",
                "/etc/crontabs")  # fmt: skip
_ANACRON = "/etc/anacrontab"
_AT_FOLDERS = ("/var/spool/cron/atjobs", "/var/spool/at")
_NO_TABLES = frozenset({"crontabs", "atjobs", "atspool", "tabs", "lost+found", "spool"})
_EXEC = ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecStop",
         "ExecStopPost")  # fmt: skip
_VARIABLE = re.compile(r"[A-Za-z_]\w*\s*=")
_TEXT = 256 * KIB
_JOBS_LIMIT = 5_000
READS = (
    *_SYSTEM_TABLES,
    *(f"{folder}/*" for folder in (*_TABLE_FOLDERS, *_SCRIPT_FOLDERS, *_USER_TABLES)),
    _ANACRON,
    *(f"{folder}/*" for folder in _AT_FOLDERS),
    "the unit files of what is started",
)


class Job(Struct, frozen=True, kw_only=True):
    """Something that runs by itself: `text` is its command or script, `line` where it begins."""

    subject: str
    text: str
    path: str
    line: int = 0
    script: bool = False


def jobs(reading: Reading, units: Units) -> Iterator[Job]:
    """Yield the jobs of the host, at most 5,000: more are a gap."""
    sources = (_tables(reading), _scripts(reading), _units(reading, units))
    count = 0
    for source in sources:
        for job in source:
            count += 1
            if count > _JOBS_LIMIT:
                reading.miss(job.path, "limit", f"more than {_JOBS_LIMIT} jobs")
                return
            yield job


def _tables(reading: Reading) -> Iterator[Job]:
    system = (*_SYSTEM_TABLES, *(p for folder in _TABLE_FOLDERS for p in reading.folder(folder)))
    for path in system:
        yield from table(reading.text(path) or "", path, f"cron {path}", user=True)
    for folder in _USER_TABLES:
        for path in reading.folder(folder):
            name = posixpath.basename(path)
            if name not in _NO_TABLES:
                yield from table(reading.text(path) or "", path, f"crontab of {name}", user=False)
    for number, line in enumerate(lines(reading.text(_ANACRON) or ""), start=1):
        words = line.split(None, 3)
        if len(words) == 4 and not line.startswith("#") and not _VARIABLE.match(line):  # noqa: PLR2004 - period, delay, job, command
            yield Job(subject=f"anacron {words[2]}", text=words[3], path=_ANACRON, line=number)


def table(text: str, path: str, subject: str, *, user: bool) -> Iterator[Job]:
    """Yield the jobs of a crontab(5); with `user` a name stands before each command."""
    for number, raw in enumerate(lines(text), start=1):
        line = raw.strip()
        if not line or line.startswith("#") or _VARIABLE.match(line):
            continue
        times = 1 if line.startswith("@") else 5
        words = line.split(None, times + user)
        if len(words) <= times + user:
            continue
        # crontab(5): an unescaped percent sign ends the command; what follows is its input.
        command = re.split(r"(?<!\\)%", words[-1], maxsplit=1)[0].replace("\\%", "%")
        owner = f" ({words[times]})" if user else ""
        yield Job(subject=subject + owner, text=command, path=path, line=number)


def _scripts(reading: Reading) -> Iterator[Job]:
    for folder in _SCRIPT_FOLDERS:
        for path in reading.folder(folder):
            yield from _script(reading, path, path.removeprefix("/etc/"))
    for folder in _AT_FOLDERS:
        for path in reading.folder(folder):
            if posixpath.basename(path) not in {"spool", "lockfile"}:
                yield from _script(reading, path, "at job")


def _script(reading: Reading, path: str, subject: str) -> Iterator[Job]:
    text = script_text(reading, path)
    if text:
        yield Job(subject=subject, text=text, path=path, script=True)


def script_text(reading: Reading, path: str) -> str:
    """Return a script's text; empty for what is absent, no file or no text. A refusal is a gap."""
    try:
        body = reading.host.read(path, limit=_TEXT, head=True)
    except Absent:
        return ""
    except Unreadable as error:
        if error.reason != "unsupported":
            reading.miss(path, error.reason, error.detail)
        return ""
    if body[:4] == b"\x7fELF" or b"\0" in body[:4096]:
        return ""
    if len(body) == _TEXT:
        reading.miss(path, "limit", f"a script of more than {_TEXT} bytes")
    return body.decode("utf-8", "replace")


def _units(reading: Reading, units: Units) -> Iterator[Job]:
    """Yield the commands of the services that start with the machine or on a timer."""
    by_timer: dict[str, str] = {}
    for timer in sorted(name for name in units.started if name.endswith(".timer")):
        if not units.enabled(timer) or timer not in units.files:
            continue
        settings = entries(reading.text(units.files[timer]) or "", continuation="backslash")
        named = [entry.value for entry in settings if entry.key == "Unit" and entry.value]
        by_timer[named[-1] if named else timer.removesuffix(".timer") + ".service"] = timer
    started = {name for name in units.started if name.endswith(".service") and units.enabled(name)}
    for service in sorted(started | set(by_timer)):
        own = units.files.get(service) or units.files.get(_template(service))
        dropins = [
            folder for folder in units.dropins if posixpath.basename(folder) == f"{service}.d"
        ]
        for path in (
            own,
            *(path for folder in dropins for path in reading.folder(folder, ".conf")),
        ):
            if path and not path.startswith("/etc/init.d/"):
                yield from _commands(reading, path, by_timer.get(service, service))


def _template(service: str) -> str:
    return f"{service.partition('@')[0]}@.service" if "@" in service else service


def _commands(reading: Reading, path: str, subject: str) -> Iterator[Job]:
    text = reading.text(path)
    if text is None or "Exec" not in text:
        return
    for entry in entries(text, continuation="backslash"):
        if entry.section == "Service" and entry.key in _EXEC and entry.value:
            command = entry.value.lstrip("@-:+!|").replace("\n", " ").replace("%%", "%")
            yield Job(subject=subject, text=command, path=path, line=entry.line)
