"""Reads whom the forwarders dnsmasq(8) and unbound(8) on this host ask, and for which names."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading

_DNSMASQ = (
    ("/etc/dnsmasq.conf", "/etc/dnsmasq.d", ""),
    ("/etc/NetworkManager/dnsmasq.d/upstream.conf", "/etc/NetworkManager/dnsmasq.d", ".conf"),
)
_UNBOUND = (("/etc/unbound/unbound.conf", "/etc/unbound/unbound.conf.d", ".conf"),)
_ZONES = frozenset({"forward-zone", "stub-zone"})
_ADDRESSES = frozenset({"forward-addr", "stub-addr"})
# Who stands for a name is asked by this host's own resolver first.
_HOSTS = frozenset({"forward-host", "stub-host"})

READS = (
    *(path for main, folder, _ in (*_DNSMASQ, *_UNBOUND) for path in (main, f"{folder}/*")),
    "the file that dnsmasq's resolv-file names",
)


class Upstream(Struct, frozen=True, kw_only=True):
    """A server that a forwarder asks: `every_name` where not for one domain alone."""

    address: str
    path: str
    line: int
    every_name: bool


class _Zone(Struct):
    """A zone of unbound.conf(5): whom it asks for the names below `name`.

    `falls_back` is whether it asks the servers of the world itself where those do not answer.
    """

    name: str = ""
    falls_back: bool = False
    servers: list[tuple[str, str, int]] = []


def upstreams(reading: Reading) -> Iterator[Upstream]:
    """Yield the servers that are asked, in the order of the files.

    An unbound without a forward zone for the root asks the servers of the world itself.
    """
    for path in _files(reading, _DNSMASQ):
        yield from _dnsmasq(reading, path)
    zones: list[_Zone] = []
    for path in _files(reading, _UNBOUND):
        zones += _unbound(reading, path)
    for zone in zones:
        whole = zone.name == "." and not zone.falls_back
        for address, path, line in zone.servers:
            yield Upstream(address=address, path=path, line=line, every_name=whole)


def _files(reading: Reading, places: tuple[tuple[str, str, str], ...]) -> tuple[str, ...]:
    found = [
        path
        for main, folder, suffix in places
        for path in sorted({main, *reading.folder(folder, *((suffix,) if suffix else ()))})
    ]
    return tuple(found)


def _lines(reading: Reading, path: str) -> Iterator[tuple[int, str]]:
    yield from enumerate((reading.text(path) or "").split("\n"), start=1)


def _dnsmasq(reading: Reading, path: str) -> Iterator[Upstream]:
    """Yield `server=ADDRESS`, `server=/DOMAIN/ADDRESS`, and the servers of `resolv-file=`."""
    for number, raw in _lines(reading, path):
        key, _, value = raw.strip().partition("=")
        key, value = key.strip(), value.strip()
        if key == "server":
            *domains, last = value.split("/")
            address = _with_port(last.partition("@")[0], "#")
            if address:
                # `/domain/address` asks that server for one domain only: it is asked all the same.
                yield Upstream(address=address, path=path, line=number, every_name=not domains)
        elif key == "resolv-file" and value.startswith("/"):
            yield from _resolv_file(reading, value)


def _resolv_file(reading: Reading, path: str) -> Iterator[Upstream]:
    for number, raw in _lines(reading, path):
        words = raw.split()
        if len(words) > 1 and words[0] == "nameserver":
            yield Upstream(address=words[1], path=path, line=number, every_name=True)


def _unbound(reading: Reading, path: str) -> list[_Zone]:
    """Return the forward and stub zones of a file."""
    zones: list[_Zone] = []
    current: _Zone | None = None
    for number, raw in _lines(reading, path):
        key, colon, value = raw.partition("#")[0].strip().partition(":")
        key, value = key.strip(), value.strip().strip("\"'")
        if colon and not value:
            current = _Zone() if key in _ZONES else None
            zones += [current] if current is not None else []
            continue
        if current is None and key in _ADDRESSES | _HOSTS:
            # A fragment that is included into a zone begins in the midst of it.
            current = _Zone()
            zones.append(current)
        if current is None:
            continue
        if key == "name":
            current.name = value
        elif key in {"forward-first", "stub-first"}:
            current.falls_back = value == "yes"
        elif key in _ADDRESSES:
            address = _with_port(value, "@")
            current.servers.append((address, path, number))
        elif key in _HOSTS:
            reading.miss(f"{path}:{number}", "unsupported", "a server that is named, not addressed")
    return zones


def _with_port(text: str, mark: str) -> str:
    """Return `ADDRESS` or `ADDRESS:PORT` of an address whose port stands behind `mark`."""
    address, _, port = text.partition(mark)
    port = port.partition("#")[0]
    return f"{address}:{port}" if port and ":" not in address else address
