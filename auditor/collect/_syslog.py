"""Finds where rsyslog, syslog-ng and the journal are told to send what is logged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from auditor.collect._ini import list_setting
from auditor.collect._outbound import Place, place_of
from auditor.collect._reading import Reading, lines

_RSYSLOG = "/etc/rsyslog.conf"
_RSYSLOG_FOLDER = "/etc/rsyslog.d"
_SYSLOG_NG = "/etc/syslog-ng/syslog-ng.conf"
_SYSLOG_NG_FOLDER = "/etc/syslog-ng/conf.d"
_UPLOAD = "/etc/systemd/journal-upload.conf"
_JOURNAL = "/etc/systemd/journald.conf"
_FILES_LIMIT = 200
_LINE = 16_384
_DRIVERS_LIMIT = 500
READS = (_RSYSLOG, f"{_RSYSLOG_FOLDER}/*.conf", "files that rsyslog.conf includes", _SYSLOG_NG,
         f"{_SYSLOG_NG_FOLDER}/*.conf", _UPLOAD, f"{_UPLOAD}.d/*.conf", _JOURNAL,
         f"{_JOURNAL}.d/*.conf")  # fmt: skip

# `*.* @@(o)host:port`, `:omrelp:host:port` (rsyslog's older form).
_LEGACY = re.compile(
    r"(?:^|\s)(?P<at>@@?)(?:\([^)]{0,100}\))?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:;\[\]]{1,255})"
    r"(?::(?P<port>\d{1,5}))?(?:;\S*)?\s*$"
)
_RELP = re.compile(r":omrelp:(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:;]{1,255})(?::(?P<port>\d{1,5}))?")
_PARAMETER = re.compile(
    r"(?P<name>[A-Za-z][\w.]{0,60})\s*=\s*"
    r"(?:\"(?P<value>[^\"]{0,2000})\"|\[(?P<many>[^\]]{0,4000})\])"
)
_ACTION = re.compile(
    r"\baction\s*\(([^()]{0,8000}(?:\([^()]{0,2000}\)[^()]{0,8000}){0,20})\)", re.IGNORECASE
)
_GOES_OUT = {
    "omfwd": ("target",), "omrelp": ("target",), "omelasticsearch": ("server",),
    "omhttp": ("server",), "omkafka": ("broker",), "omamqp1": ("host",), "omrabbitmq": ("host",),
    "omclickhouse": ("server",), "omsnmp": ("server",), "ommysql": ("server",),
    "ompgsql": ("server",), "omgssapi": ("target",), "omudpspoof": ("target",),
    "omhiredis": ("server",), "ommongodb": ("uristr", "server"), "omdtls": ("target",),
}  # fmt: skip
_TLS_ON = re.compile(
    r"^\s*\$ActionSendStreamDriverMode\s+1\b|streamdrivermode\s*=\s*\"1\"",
    re.IGNORECASE | re.MULTILINE,
)
_INCLUDE = re.compile(
    r"^\s*\$IncludeConfig\s+(\S{1,500})|\binclude\s*\(\s*file\s*=\s*\"([^\"]{1,500})\"",
    re.IGNORECASE,
)
# `network("host" port(514) transport("tls"))` of syslog-ng.
_DRIVER = re.compile(
    r"\b(?P<driver>network|syslog|tcp6?|udp6?|http|elasticsearch-http|loki|opentelemetry|"
    r"kafka-c|redis|mqtt|splunk-hec-event|syslog-ng-otlp)\s*\("
)
_QUOTED = re.compile(r"[\"']([^\"']{1,500})[\"']")
_URL_OPTION = re.compile(
    r"\b(?:url|host|address|bootstrap-servers)\s*\(\s*[\"']([^\"']{1,500})[\"']"
)
_PORT_OPTION = re.compile(r"\bport\s*\(\s*[\"']?(\d{1,5})[\"']?\s*\)")
_DESTINATION = re.compile(r"\b(?:destination\b[^{]{0,200}|log\s*)\{", re.DOTALL)


class Shipment(Struct, frozen=True, kw_only=True):
    """Where a service ships to, and the place that says so."""

    service: str
    tool: str
    place: Place
    path: str
    line: int = 0


def syslog_shipments(reading: Reading) -> Iterator[Shipment]:
    """Yield where the logging services of the host send to."""
    yield from _rsyslog(reading)
    for path in (_SYSLOG_NG, *reading.folder(_SYSLOG_NG_FOLDER, ".conf")):
        yield from syslog_ng_shipments(reading.text(path) or "", path)
    yield from _journal(reading)


def _rsyslog(reading: Reading) -> Iterator[Shipment]:
    waiting = [_RSYSLOG, *reading.folder(_RSYSLOG_FOLDER, ".conf")]
    texts: dict[str, str] = {}
    while waiting:
        path = waiting.pop(0)
        if path in texts:
            continue
        if len(texts) == _FILES_LIMIT:
            reading.miss(path, "limit", f"more than {_FILES_LIMIT} included files")
            break
        texts[path] = reading.text(path) or ""
        for line in lines(texts[path]):
            match = _INCLUDE.search(line[:_LINE])
            if match and not line.lstrip().startswith("#"):
                waiting += _matching(reading, match[1] or match[2])
    tls = any(_TLS_ON.search(without_comments(text)) for text in texts.values())
    for path, text in texts.items():
        yield from rsyslog_shipments(text, path, tls=tls)


def _matching(reading: Reading, pattern: str) -> list[str]:
    folder, _, name = pattern.rpartition("/")
    if not set("*?[") & set(name):
        return [pattern] if name else list(reading.folder(folder))
    return [path for path in reading.folder(folder) if fnmatchcase(path.rpartition("/")[2], name)]


def without_comments(text: str) -> str:
    """Return the text with its comment lines emptied, so that every line stays where it was."""
    return "\n".join("" if line.lstrip().startswith("#") else line for line in text.split("\n"))


def rsyslog_shipments(text: str, path: str, *, tls: bool = False) -> Iterator[Shipment]:
    """Yield where a file of rsyslog.conf(5) forwards to; `tls`: the old-style driver is on."""
    plain = without_comments(text)
    for number, line in enumerate(plain.split("\n"), start=1):
        found = _RELP.search(line[:_LINE]) or (
            None if "(" in line.partition("@")[0] else _LEGACY.search(line[:_LINE])
        )
        if found:
            over_tcp = "omrelp" in line or found["at"] == "@@"
            host = found["host"].strip("[]")
            place = place_of(
                _bracketed(host), encrypted=tls and over_tcp, port=_port(found["port"])
            )
            yield Shipment(service="rsyslog", tool="syslog", place=place, path=path, line=number)
    for match in _ACTION.finditer(plain):
        number = plain.count("\n", 0, match.start()) + 1
        for place in _action(match[1]):
            yield Shipment(service="rsyslog", tool="syslog", place=place, path=path, line=number)


def _action(text: str) -> Iterator[Place]:
    """Yield where an `action()` goes: none where its module writes to this machine."""
    parameters = {
        match["name"].lower(): match["value"] if match["value"] is not None else match["many"]
        for match in _PARAMETER.finditer(text)
    }
    keys = _GOES_OUT.get(parameters.get("type", "").lower(), ())
    named = next((parameters[key] for key in keys if key in parameters), None)
    if not keys:
        return
    if named is None:
        yield Place(host=None)  # a template or a file names it
        return
    secured = "on" in (parameters.get("tls"), parameters.get("usehttps")) or (
        parameters.get("streamdrivermode") == "1"
    )
    port = parameters.get("port") or parameters.get("serverport") or ""
    for host in _QUOTED.findall(named) or [named]:
        yield place_of(_bracketed(host), encrypted=_secure(host, on=secured), port=_port(port))


def _secure(host: str, *, on: bool) -> bool:
    return on or host.lower().startswith("https://")


def _bracketed(host: str) -> str:
    return f"[{host}]" if host.count(":") > 1 and "/" not in host and host[0] != "[" else host


def _port(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 - ports


def syslog_ng_shipments(text: str, path: str) -> Iterator[Shipment]:
    """Yield where the destinations of a syslog-ng configuration go; beyond 500 is one untold."""
    plain = without_comments(text)
    position = 0
    drivers = 0
    while block := _DESTINATION.search(plain, position):
        body = _body(plain, block.end())
        position = block.end() + len(body)
        for match in _DRIVER.finditer(body):
            drivers += 1
            line = plain.count("\n", 0, block.end() + match.start()) + 1
            if drivers > _DRIVERS_LIMIT:
                untold = Place(host=None)
                yield Shipment(
                    service="syslog-ng", tool="syslog", place=untold, path=path, line=line
                )
                return
            options = _balanced(body[match.end() : match.end() + 2000])
            for place in _of_driver(options):
                yield Shipment(
                    service="syslog-ng", tool=match["driver"], place=place, path=path, line=line
                )


def _of_driver(options: str) -> Iterator[Place]:
    """Yield where one driver sends: its URLs, else its first argument."""
    named = _URL_OPTION.findall(options) or _QUOTED.findall(options)[:1]
    secured = bool(re.search(r"transport\s*\(\s*[\"']?(?:tls|proxied-tls)", options))
    port = _PORT_OPTION.search(options)
    for host in named or [""]:
        yield place_of(host, encrypted=_secure(host, on=secured), port=_port(port and port[1]))


def _body(text: str, start: int) -> str:
    """Return what stands between the brace before `start` and the one that closes it."""
    depth = 1
    for at in range(start, min(len(text), start + 50_000)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return text[start:at]
    return text[start : start + 50_000]


def _balanced(text: str) -> str:
    depth = 1
    for at, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not depth:
            return text[:at]
    return text


def _journal(reading: Reading) -> Iterator[Shipment]:
    """Yield where systemd-journal-upload and the journal's own forwarding send to."""
    for path, section, key in (
        (_UPLOAD, "Upload", "URL"),
        (_JOURNAL, "Journal", "ForwardToSocket"),
    ):
        files = reading.texts((path, *reading.folder(f"{path}.d", ".conf")))
        for said in list_setting(files, section, key).words[-1:]:
            if not said.word.startswith("/"):
                yield Shipment(
                    service="systemd-journald", tool="journal", place=place_of(said.word),
                    path=said.path, line=said.line,
                )  # fmt: skip
