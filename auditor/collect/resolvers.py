"""Finds the name servers that this host asks, and the domains it asks under."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect._forwarders import READS as FORWARDERS
from auditor.collect._forwarders import upstreams
from auditor.collect._ini import list_setting
from auditor.collect._reading import Reading
from auditor.evidence.network import DnsResolver, SearchDomain
from auditor.host import Host

NAME = "resolvers"
HOST = "host"
DNS_PORT = 53
_PORT_MAX = 65535
_RESOLV_CONF = "/etc/resolv.conf"
# Written by systemd-resolved for programs that want the servers themselves, not its stub.
_UPSTREAM = "/run/systemd/resolve/resolv.conf"
_RESOLVED_FILES = ("/usr/lib/systemd/resolved.conf", "/etc/systemd/resolved.conf")
_RESOLVED_FOLDERS = (
    "/etc/systemd/resolved.conf.d",
    "/run/systemd/resolved.conf.d",
    "/usr/lib/systemd/resolved.conf.d",
)
# Where systemd-resolved itself answers (systemd-resolved.service(8)).
_RESOLVED_STUBS = frozenset({"127.0.0.53", "127.0.0.54"})


class _Server(Struct, frozen=True, kw_only=True):
    """A name server as a file names it."""

    address: str
    port: int
    stub: bool


class _Found:
    """What was read so far: a server said twice is one record, at the first place."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.servers: dict[_Server, DnsResolver] = {}
        self.domains: dict[str, SearchDomain] = {}
        self.said = 0

    def server(self, text: str, path: str, line: int) -> bool:
        """Keep the server that `text` names, and return whether it is another machine.

        What is no address is a malformed line.
        """
        server = _server(text)
        if server is None:
            self.reading.malformed(path, line, "not the address of a name server")
            return False
        self.said += 1
        record = DnsResolver(
            origin=self.reading.origin(path, line),
            subject=HOST,
            address=server.address,
            port=server.port,
            stub=server.stub,
        )
        self.servers.setdefault(server, record)
        return not server.stub

    def domain(self, text: str, path: str, line: int) -> None:
        """Keep a search suffix; `~` marks a routing domain (resolved.conf(5)), `.` is none."""
        domain = text.lstrip("~").strip(".").lower()
        if domain:
            record = SearchDomain(
                origin=self.reading.origin(path, line), subject=HOST, domain=domain
            )
            self.domains.setdefault(domain, record)

    @property
    def forwards(self) -> bool:
        """Whether a loopback server was found, so that somebody behind it is asked."""
        return any(server.stub for server in self.servers)

    def stubs(self) -> frozenset[str]:
        """Return the loopback servers found so far."""
        return frozenset(server.address for server in self.servers if server.stub)


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "dns_resolver", "search_domain")
    found = _Found(reading)
    _resolv_conf(found, _RESOLV_CONF)
    before = found.said
    _resolved(found)
    unexplained = bool(found.stubs() & _RESOLVED_STUBS) and found.said == before
    if found.stubs() - _RESOLVED_STUBS:
        unexplained = not _forwarders(found) or unexplained
    yield from found.servers.values()
    yield from found.domains.values()
    if unexplained:
        reading.miss(
            _RESOLV_CONF,
            "unsupported",
            "a forwarder on this host answers, and whom it asks for every name could not be read",
        )
    yield from reading.gaps()


def _resolv_conf(found: _Found, path: str) -> None:
    """Read resolv.conf(5): every `nameserver`, and the last of `search` and `domain`."""
    text = found.reading.text(path)
    if text is None:
        if path == _RESOLV_CONF and found.reading.absent(path):
            found.reading.miss(path, "absent", "no such file: whom this host asks is not known")
        return
    search: tuple[int, list[str]] = (0, [])
    servers = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        words = raw.split()
        if not words or words[0][0] in "#;":
            continue
        if words[0] == "nameserver":
            servers += 1
            found.server(words[1] if len(words) > 1 else "", path, number)
        elif words[0] in {"search", "domain"}:
            search = (number, words[1:])
    for domain in search[1]:
        found.domain(domain, path, search[0])
    if not servers and path == _RESOLV_CONF:
        # resolv.conf(5): "the default is to use the name server on the local machine".
        found.server("127.0.0.1", path, 0)


def _resolved(found: _Found) -> None:
    """Read systemd-resolved's upstreams where it is what the stub address leads to."""
    reading = found.reading
    configured = [path for path in _RESOLVED_FILES if reading.present(path)]
    if not reading.present(_UPSTREAM) and not (found.forwards and configured):
        return
    _resolv_conf(found, _UPSTREAM)
    files = reading.texts((*_RESOLVED_FILES, *reading.by_name(_RESOLVED_FOLDERS, ".conf")))
    for key in ("DNS", "FallbackDNS"):
        for said in list_setting(files, "Resolve", key).words:
            found.server(said.word, said.path, said.line)
    for said in list_setting(files, "Resolve", "Domains").words:
        found.domain(said.word, said.path, said.line)


def _forwarders(found: _Found) -> bool:
    """Read whom dnsmasq and unbound ask; return whether that is known for every name."""
    whole = False
    for upstream in upstreams(found.reading):
        elsewhere = found.server(upstream.address, upstream.path, upstream.line)
        whole = whole or (elsewhere and upstream.every_name)
    return whole


def _server(text: str) -> _Server | None:
    """Return the server that `ADDRESS[:PORT][%INTERFACE][#NAME]` stands for (resolved.conf(5))."""
    plain = text.partition("#")[0]
    port = str(DNS_PORT)
    if plain.startswith("["):
        plain, _, rest = plain[1:].partition("]")
        port = rest.partition("%")[0].removeprefix(":") or port
    elif plain.count(":") == 1:
        plain, _, port = plain.partition(":")
        port = port.partition("%")[0]
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    if not (port.isascii() and port.isdigit()) or int(port[:6]) > _PORT_MAX:
        return None
    local = address.is_loopback or address.is_unspecified
    return _Server(address=str(address), port=int(port), stub=local)


COLLECTOR = Collector(
    title="Name servers and search domains",
    yields=(DnsResolver, SearchDomain),
    reads=(
        _RESOLV_CONF,
        _UPSTREAM,
        *_RESOLVED_FILES,
        *(f"{folder}/*.conf" for folder in _RESOLVED_FOLDERS),
        *FORWARDERS,
    ),
    collect=_collect,
)
