"""Finds the time sources that chrony, ntpd, OpenNTPD and systemd-timesyncd are told to ask."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from auditor.collect import Collector, Fact, Options
from auditor.collect._ini import list_setting
from auditor.collect._reading import Reading
from auditor.evidence.network import TimeServer
from auditor.host import Host

NAME = "time_servers"
_CHRONY = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
_NTP = (
    ("ntpd", "/etc/ntp.conf"),
    ("ntpd", "/etc/ntpsec/ntp.conf"),
    ("openntpd", "/etc/openntpd/ntpd.conf"),
    ("openntpd", "/etc/ntpd.conf"),
)
_SOURCE_WORDS = frozenset({"server", "servers", "pool", "peer"})
_FOLDER_WORDS = {"confdir": ".conf", "sourcedir": ".sources"}
_INCLUDE_WORDS = frozenset({"include", "includefile"})
_TIMESYNCD = "/etc/systemd/timesyncd.conf"
_TIMESYNCD_FILES = ("/usr/lib/systemd/timesyncd.conf", _TIMESYNCD)
_TIMESYNCD_FOLDERS = (
    "/etc/systemd/timesyncd.conf.d",
    "/run/systemd/timesyncd.conf.d",
    "/usr/lib/systemd/timesyncd.conf.d",
)
_TIMESYNCD_PROGRAMS = ("/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd")
_TIMESYNCD_UNIT = "/etc/systemd/system/systemd-timesyncd.service"
# What is there where timesyncd is enabled, or runs.
_TIMESYNCD_MARKS = (
    "/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service",
    "/usr/lib/systemd/system/sysinit.target.wants/systemd-timesyncd.service",
    "/etc/systemd/system/dbus-org.freedesktop.timesync1.service",
    "/run/systemd/timesync",
)
# An included file may include others; more than this is a loop or a joke.
_FILES_LIMIT = 64


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "time_server")
    daemons = (*(("chrony", main) for main in _CHRONY), *_NTP)
    named = [record for service, main in daemons for record in _daemon(reading, service, main)]
    yield from named
    # Some distributions install timesyncd with all of systemd, and let chrony keep the time.
    if not named or not all(reading.absent(mark) for mark in _TIMESYNCD_MARKS):
        yield from _timesyncd(reading)
    yield from reading.gaps()


def _daemon(reading: Reading, service: str, main: str) -> Iterator[TimeServer]:
    """Yield the sources of chrony.conf(5) or ntp.conf(5), with the files that it includes."""
    waiting = [main]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        if len(seen) == _FILES_LIMIT:
            reading.miss(path, "limit", f"more than {_FILES_LIMIT} included files")
            return
        seen.add(path)
        for number, raw in enumerate((reading.text(path) or "").split("\n"), start=1):
            words = raw.split()
            if len(words) > 1:
                for address in _sources(words):
                    yield _record(reading, service, address, path, number)
                waiting += _included(reading, words)


def _sources(words: list[str]) -> tuple[str, ...]:
    """Return the sources that a line names; `initstepslew` of chrony names several."""
    if words[0].lower() == "initstepslew":
        return tuple(words[2:])
    source = _source(words)
    return (source,) if source else ()


def _source(words: list[str]) -> str:
    """Return the source that a line names, or ``; a reference clock of ntpd is no address."""
    keyword = words[0].lower()
    if keyword in {"constraint", "constraints"} and words[1] == "from" and len(words) > 2:  # noqa: PLR2004
        # ntpd.conf(5) of OpenNTPD: the time of a web server bounds what is believed.
        return words[2].strip("\"'").partition("://")[2].partition("/")[0]
    if keyword not in _SOURCE_WORDS:
        return ""
    options = [word for word in words[1:] if word not in {"-4", "-6", "--ipv4", "--ipv6"}]
    address = options[0].strip("\"'") if options else ""
    return "" if address.startswith("127.127.") else address


def _included(reading: Reading, words: list[str]) -> list[str]:
    """Return the files that a line includes: a file, a pattern, or folders."""
    keyword = words[0].lower()
    if keyword in _FOLDER_WORDS:
        suffix = _FOLDER_WORDS[keyword]
        return [path for folder in words[1:] for path in reading.folder(folder, suffix)]
    if keyword not in _INCLUDE_WORDS:
        return []
    pattern = words[1].strip("\"'")
    folder, _, name = pattern.rpartition("/")
    if not set("*?[") & set(name):
        return [pattern]
    return [path for path in reading.folder(folder) if fnmatchcase(path.rpartition("/")[2], name)]


def _timesyncd(reading: Reading) -> Iterator[TimeServer]:
    """Yield `NTP=` and `FallbackNTP=` of timesyncd.conf(5), or the build's own default pool."""
    present = reading.present(*_TIMESYNCD_FILES, *_TIMESYNCD_PROGRAMS)
    if not present or reading.masked(_TIMESYNCD_UNIT):
        return
    dropins = reading.by_name(_TIMESYNCD_FOLDERS, ".conf")
    files = reading.texts((*_TIMESYNCD_FILES, *dropins))
    servers = list_setting(files, "Time", "NTP")
    fallback = list_setting(files, "Time", "FallbackNTP")
    for said in (*servers.words, *fallback.words):
        yield _record(reading, "systemd-timesyncd", said.word, said.path, said.line)
    # timesyncd.conf(5): the fallback counts only where no other server is known.
    if not servers.words and not fallback.said:
        yield from _default_pool(reading)


def _default_pool(reading: Reading) -> Iterator[TimeServer]:
    """Yield the pool that was compiled in, which the shipped file shows as a comment."""
    shown = False
    for path in _TIMESYNCD_FILES:
        for number, raw in enumerate((reading.text(path) or "").split("\n"), start=1):
            key, equals, value = raw.lstrip("#; \t").partition("=")
            if raw.startswith("#") and equals and key == "FallbackNTP":
                for address in value.split():
                    shown = True
                    yield _record(
                        reading, "systemd-timesyncd", address, path, number, explicit=False
                    )
    if not shown:
        path = next((path for path in _TIMESYNCD_FILES if reading.present(path)), _TIMESYNCD)
        yield _record(reading, "systemd-timesyncd", "", path, 0, explicit=False)


def _record(  # noqa: PLR0913 - the fields of one record
    reading: Reading, service: str, address: str, path: str, line: int, *, explicit: bool = True
) -> TimeServer:
    return TimeServer(
        origin=reading.origin(path, line),
        service=service,
        address=address,
        explicit=explicit,
    )


COLLECTOR = Collector(
    title="Time servers",
    yields=(TimeServer,),
    reads=(
        *_CHRONY,
        "folders named by confdir and sourcedir",
        *(main for _, main in _NTP),
        *_TIMESYNCD_FILES,
        *(f"{folder}/*.conf" for folder in _TIMESYNCD_FOLDERS),
        *_TIMESYNCD_MARKS,
    ),
    collect=_collect,
)
