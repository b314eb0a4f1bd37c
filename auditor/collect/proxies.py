"""Finds the proxies that this host's tools, services and accounts are told to go through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect import _apt as apt
from auditor.collect._endpoint import endpoint
from auditor.collect._environment import HOST, READS, set_variables
from auditor.collect._homes import homes
from auditor.collect._reading import Reading
from auditor.collect._structured import Settings, json_settings, strings, table
from auditor.evidence.network import Proxy
from auditor.host import Host

NAME = "proxies"
# Variables that curl, Python, Go, wget and others read, in small or capital letters.
_VARIABLES = {
    "http_proxy": "http",
    "https_proxy": "https",
    "ftp_proxy": "ftp",
    "all_proxy": "all",
    "socks_proxy": "socks",
    "npm_config_proxy": "npm",
    "npm_config_https_proxy": "npm",
    "pip_proxy": "pip",
}
_DIRECT = frozenset({"", "none", "direct", "_none_", "false", "null", "off"})
_DAEMON = "/etc/docker/daemon.json"
_DOCKER_KEYS = {
    "http-proxy": "http", "https-proxy": "https", "httpProxy": "http",
    "httpsProxy": "https", "ftpProxy": "ftp", "allProxy": "all",
}  # fmt: skip
# Files of `key = value` (curl also writes `--key value` and `key: value`).
_SETTING = re.compile(r"\s*-{0,2}(?P<key>[\w-]+)(?:\s*[=:]\s*|\s+)(?P<value>.*)")
_SYSTEM_FILES = ("/etc/wgetrc", "/etc/curlrc", "/etc/dnf/dnf.conf", "/etc/yum.conf",
                 "/etc/gitconfig", "/etc/pip.conf", "/etc/npmrc")  # fmt: skip
_HOME_FILES = (".wgetrc", ".curlrc", ".gitconfig", ".config/git/config", ".npmrc",
               ".config/pip/pip.conf", ".pip/pip.conf")  # fmt: skip
_REPOSITORIES = ("/etc/yum.repos.d", "/etc/zypp/repos.d")
_KEYS = {
    "http_proxy": "http",
    "https_proxy": "https",
    "ftp_proxy": "ftp",
    "proxy": "all",
    "https-proxy": "https",
}


class _Place(Struct, frozen=True, kw_only=True):
    """Whose setting it is, where it stands, and the no-proxy list that goes with it."""

    subject: str
    path: str
    line: int = 0
    bypass: tuple[str, ...] = ()


class _Found:
    """Makes proxy records, each address once for each subject and protocol."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._seen: set[tuple[str, str, str, int]] = set()

    def proxy(self, place: _Place, protocol: str, value: str | None) -> Iterator[Proxy]:
        """Yield the proxy that `value` names; what cannot be told is a gap."""
        if value is None:
            where = f"{place.path}:{place.line}"
            self.reading.miss(where, "unsupported", "only a shell could expand this")
            return
        if value.strip().lower() in _DIRECT:
            return
        found = endpoint(value)
        if found is None:
            self.reading.malformed(place.path, place.line, "not the address of a proxy")
            return
        key = (place.subject, protocol, found.host, found.port)
        if key in self._seen:
            return
        self._seen.add(key)
        yield Proxy(
            origin=self.reading.origin(place.path, place.line),
            subject=place.subject,
            protocol=protocol,
            url=found.base,
            host=found.host,
            port=found.port,
            bypass=place.bypass,
        )


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "proxy")
    found = _Found(reading)
    accounts = homes(reading)
    yield from _variables(found)
    yield from _apt(found)
    yield from _docker(found, table(json_settings(reading, _DAEMON), "proxies"), "docker", _DAEMON)
    for home in accounts:
        path = f"{home.path}/.docker/config.json"
        for _, settings in sorted(table(json_settings(reading, path), "proxies").items()):
            yield from _docker(found, table(settings), f"user {home.username}", path)
    repositories = (path for folder in _REPOSITORIES for path in reading.folder(folder, ".repo"))
    for path in (*_SYSTEM_FILES, *repositories):
        yield from _file(found, HOST, path)
    for home in accounts:
        for name in _HOME_FILES:
            yield from _file(found, f"user {home.username}", f"{home.path}/{name}")
    yield from reading.gaps()


def _variables(found: _Found) -> Iterator[Proxy]:
    """Yield the proxies that variables name, with the no-proxy list of the same subject."""
    variables = tuple(set_variables(found.reading))
    bypass: dict[str, tuple[str, ...]] = {}
    for variable in variables:
        if variable.name.lower() == "no_proxy":
            bypass[variable.subject] = _bypass(variable.value or "")
    for variable in variables:
        protocol = _VARIABLES.get(variable.name.lower())
        if protocol:
            place = _Place(
                subject=variable.subject,
                path=variable.source,
                line=variable.line,
                bypass=bypass.get(variable.subject, ()),
            )
            yield from found.proxy(place, protocol, variable.value)


def _apt(found: _Found) -> Iterator[Proxy]:
    """Yield `Acquire::http::Proxy` and its kin (apt.conf(5), apt-transport-http(1))."""
    for setting in apt.settings(found.reading):
        parts = setting.name.lower().split("::")
        if parts[0] != "acquire" or len(parts) < 3:  # noqa: PLR2004 - Acquire::http::Proxy
            continue
        if parts[2] in {"proxy-auto-detect", "proxyautodetect"}:
            found.reading.miss(
                f"{setting.path}:{setting.line}", "unsupported", "a program names apt's proxy"
            )
        elif parts[2] == "proxy":
            place = _Place(subject="apt", path=setting.path, line=setting.line)
            yield from found.proxy(place, parts[1], setting.value)


def _docker(found: _Found, settings: Settings, subject: str, path: str) -> Iterator[Proxy]:
    """Yield the proxies of a Docker daemon, or those that a client gives to containers."""
    no_proxy = [value for key in ("no-proxy", "noProxy") for value in strings(settings.get(key))]
    place = _Place(subject=subject, path=path, bypass=_bypass(",".join(no_proxy)))
    for key, value in sorted(settings.items()):
        if key in _DOCKER_KEYS:
            for text in strings(value):
                yield from found.proxy(place, _DOCKER_KEYS[key], text)


def _file(found: _Found, subject: str, path: str) -> Iterator[Proxy]:
    """Yield the proxies of a file of settings: wgetrc, curlrc, dnf, git, pip, npm."""
    for number, line in enumerate((found.reading.text(path) or "").split("\n"), start=1):
        setting = _SETTING.match(line)
        protocol = _KEYS.get(setting["key"].lower()) if setting else None
        if setting and protocol:
            place = _Place(subject=subject, path=path, line=number)
            yield from found.proxy(place, protocol, setting["value"].strip().strip("\"'"))


def _bypass(value: str) -> tuple[str, ...]:
    """Return the entries of a no-proxy list."""
    return tuple(entry for entry in value.replace(",", " ").split() if entry)


COLLECTOR = Collector(
    title="Proxies",
    yields=(Proxy,),
    reads=(
        *READS,
        *apt.READS,
        _DAEMON,
        "~/.docker/config.json",
        *_SYSTEM_FILES,
        *(f"{folder}/*.repo" for folder in _REPOSITORIES),
        *(f"~/{name}" for name in _HOME_FILES),
    ),
    collect=_collect,
)
