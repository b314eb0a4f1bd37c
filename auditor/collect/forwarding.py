"""Reads how the kernel treats packets at each interface: forwarding, redirects, announcements."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Literal

from auditor.collect import Collector, Fact, Options
from auditor.collect._reading import Reading
from auditor.collect._routing import Malformed, addresses6
from auditor.collect._unsure import all_of, any_of
from auditor.evidence.channels import InterfacePolicy
from auditor.evidence.paths import recordable
from auditor.host import Absent, Host, Unreadable

NAME = "forwarding"
_SYSCTL = "/proc/sys/net"
_ADDRESSES6 = "/proc/net/if_inet6"
_ALL = "all"
_LEFT_OUT = ("default", "lo")
_ALWAYS = 2  # accept_ra: also where this host forwards


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "interface_policy")
    names4 = _interfaces(reading, "ipv4", required=True)
    names6 = _interfaces(reading, "ipv6", required=False)
    for name in names4:
        yield _policy4(reading, name)
    addresses = _addresses(reading) if names6 else {}
    for name in names6:
        found = None if addresses is None else tuple(sorted(addresses.get(name, ())))
        yield _policy6(reading, name, found)
    yield from reading.gaps()


def _interfaces(reading: Reading, family: str, *, required: bool) -> tuple[str, ...]:
    folder = f"{_SYSCTL}/{family}/conf"
    try:
        names = reading.host.list(folder, limit=20_000)
    except Absent as error:
        # A kernel without IPv6 has no such folder, and no addresses of it.
        if required or not reading.absent(_ADDRESSES6):
            reading.miss(folder, error.reason, error.detail)
        return ()
    except Unreadable as error:
        reading.miss(folder, error.reason, error.detail)
        return ()
    return tuple(name for name in names if name not in _LEFT_OUT)


def _addresses(reading: Reading) -> dict[str, list[str]] | None:
    """Return the global IPv6 addresses of each interface; `None` where the table is not told."""
    text = reading.text(_ADDRESSES6)
    if text is None:
        reading.miss(_ADDRESSES6, "absent", "the addresses of interfaces are not told")
        return None
    found: dict[str, list[str]] = {}
    for line in addresses6(text):
        if isinstance(line, Malformed):
            reading.malformed(_ADDRESSES6, line.line, "not a line of addresses")
            return None
        address = IPv6Address(line[1].partition("/")[0])
        # The ranges of documentation count as ordinary: nobody is told apart by them.
        if not (address.is_link_local or address.is_loopback or address in _UNIQUE_LOCAL):
            found.setdefault(line[0], []).append(str(address))
            found.setdefault(_ALL, [])
    return found


class _UniqueLocal:
    """The private range of IPv6 (RFC 4193)."""

    def __contains__(self, address: IPv6Address) -> bool:
        return int(address) >> 121 == 0xFC >> 1


_UNIQUE_LOCAL = _UniqueLocal()


def _policy4(reading: Reading, name: str) -> InterfacePolicy:
    mine, every = _Switches(reading, "ipv4", name), _Switches(reading, "ipv4", _ALL)
    forwarding = mine.on("forwarding")
    join = all_of if forwarding else any_of
    paths = (mine.number("rp_filter"), every.number("rp_filter"))
    return InterfacePolicy(
        origin=reading.origin(mine.folder),
        interface=recordable(name),
        family="ipv4",
        forwarding=forwarding,
        # ip-sysctl: for a router both must be on, for others either.
        redirects=join(mine.on("accept_redirects"), every.on("accept_redirects")),
        source_routing=all_of(mine.on("accept_source_route"), every.on("accept_source_route")),
        router_advertisements=False,
        proxy_arp=any_of(mine.on("proxy_arp"), every.on("proxy_arp")),
        reverse_path=None if None in paths else max(path for path in paths if path is not None),
        global_addresses=(),
    )


def _policy6(reading: Reading, name: str, addresses: tuple[str, ...] | None) -> InterfacePolicy:
    mine = _Switches(reading, "ipv6", name)
    forwarding = mine.on("forwarding")
    believed = mine.number("accept_ra")
    routed = mine.number("accept_source_route")
    heard: bool | None = None
    if believed is not None and forwarding is not None:
        heard = believed == _ALWAYS or (believed > 0 and not forwarding)
    return InterfacePolicy(
        origin=reading.origin(mine.folder),
        interface=recordable(name),
        family="ipv6",
        forwarding=forwarding,
        redirects=mine.on("accept_redirects"),
        # Of IPv6, 0 still takes the harmless type 2 routing header, a negative value none.
        source_routing=None if routed is None else routed > 0,
        # The value of `all` is that of no interface.
        router_advertisements=False if name == _ALL else heard,
        proxy_arp=mine.on("proxy_ndp"),
        reverse_path=0,
        global_addresses=addresses,
    )


class _Switches:
    """The sysctls of one interface."""

    def __init__(self, reading: Reading, family: Literal["ipv4", "ipv6"], name: str) -> None:
        """Read those of the interface `name`."""
        self._reading = reading
        self.folder = f"{_SYSCTL}/{family}/conf/{name}"

    def number(self, name: str) -> int | None:
        """Return a value; `None` where it is absent or could not be read."""
        path = f"{self.folder}/{name}"
        try:
            text = self._reading.host.read(path, limit=64).decode("ascii", "replace").strip()
            return int(text)
        except Absent:
            return None  # the field says so
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
        except ValueError:
            self._reading.malformed(path, 1, "not a number")
        return None

    def on(self, name: str) -> bool | None:
        """Return whether a switch is on."""
        value = self.number(name)
        return None if value is None else value > 0


COLLECTOR = Collector(
    title="Forwarding, redirects and router announcements",
    yields=(InterfacePolicy,),
    reads=(f"{_SYSCTL}/ipv4/conf/*", f"{_SYSCTL}/ipv6/conf/*", _ADDRESSES6),
    collect=_collect,
)
