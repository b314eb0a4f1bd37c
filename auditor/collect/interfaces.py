"""Reads the network interfaces of every kind with their addresses, and the routes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._reading import Reading
from auditor.collect._routing import (
    Malformed,
    Row,
    addresses6,
    interface_of,
    local_addresses,
    other_tables,
    routes4,
    routes6,
)
from auditor.evidence import Coverage
from auditor.evidence.network import Interface, Route
from auditor.evidence.paths import recordable
from auditor.host import Host, Unreadable

NAME = "interfaces"
_NET = "/sys/class/net"

# include/uapi/linux/if_arp.h; 65534 (ARPHRD_NONE) are links without frames: IPsec's xfrm, tun.
_TYPES = {
    32: "infiniband", 256: "slip", 280: "can", 512: "ppp", 519: "rawip", 768: "tunnel",
    769: "tunnel", 772: "loopback", 776: "tunnel", 778: "tunnel", 783: "irda", 801: "wireless",
    802: "wireless", 803: "wireless", 804: "wireless", 805: "ieee802154", 823: "tunnel",
    825: "6lowpan", 65534: "tunnel",
}  # fmt: skip
_DEVTYPES = {
    "wlan": "wireless", "bridge": "bridge", "bond": "bond", "vlan": "vlan", "vxlan": "vxlan",
    "wireguard": "wireguard", "wwan": "wwan", "ppp": "ppp", "gretap": "tunnel", "geneve": "tunnel",
    "macvlan": "macvlan", "macsec": "macsec", "bluetooth": "bluetooth", "hsr": "hsr",
}  # fmt: skip
_FOLDERS = (
    ("wireless", "wireless"),
    ("phy80211", "wireless"),
    ("bridge", "bridge"),
    ("bonding", "bond"),
)
_ETHERNET = 1
_TAP = 0x2


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    interfaces = Reading(host, NAME, "interface")
    routing = Reading(host, NAME, "route")
    rows4 = _routes4(routing)
    rows6 = _routes6(routing)
    for path, rows in (("/proc/net/route", rows4), ("/proc/net/ipv6_route", rows6)):
        for row in rows:
            yield _route(routing, path, row)
    names = _names(interfaces)
    addresses = _addresses(interfaces, rows4, names)
    for name in names:
        yield _interface(interfaces, name, addresses.get(name, ()))
    if "" in addresses:
        yield _of_no_interface(interfaces, addresses[""])
    yield from interfaces.gaps()
    yield from routing.gaps()
    yield Coverage(what="interfaces", seen=len(names), total=len(names))


def _required(reading: Reading, path: str) -> str:
    """Return a table of procfs; one that is absent is a gap as well."""
    if reading.absent(path):
        reading.miss(path, "absent", "no such file")
        return ""
    return reading.text(path) or ""


def _routes4(reading: Reading) -> tuple[Row, ...]:
    path = "/proc/net/route"
    rows = _rows(reading, path, routes4(_required(reading, path), byte_order(reading.host)))
    # Absence of the tree is noted with the addresses that it also tells.
    hidden = other_tables(reading.text("/proc/net/fib_trie") or "")
    if hidden:
        reading.miss(
            path, "unsupported", f"routing tables are not shown there: {', '.join(hidden[:8])}"
        )
    return rows


def _routes6(reading: Reading) -> tuple[Row, ...]:
    path = "/proc/net/ipv6_route"
    if not _speaks_ipv6(reading):
        return ()
    return _rows(reading, path, routes6(_required(reading, path)))


def _speaks_ipv6(reading: Reading) -> bool:
    """Return whether the kernel has IPv6, so that its tables must be there."""
    places = ("/proc/net/if_inet6", "/proc/net/ipv6_route", "/proc/sys/net/ipv6")
    return not all(reading.absent(place) for place in places)


def _rows(reading: Reading, path: str, parsed: Iterator[Row | Malformed]) -> tuple[Row, ...]:
    rows = []
    for row in parsed:
        if isinstance(row, Malformed):
            reading.malformed(path, row.line, "not a line of a routing table")
        else:
            rows.append(row)
    return tuple(rows)


def _route(reading: Reading, path: str, row: Row) -> Route:
    return Route(
        origin=reading.origin(path),
        family="ipv6" if ":" in row.network else "ipv4",
        destination=row.destination,
        gateway=row.gateway,
        interface=row.interface,
        metric=row.metric,
    )


def _names(reading: Reading) -> tuple[str, ...]:
    try:
        names = reading.host.list(_NET)
    except Unreadable as error:
        reading.miss(_NET, error.reason, error.detail)
        return ()
    # A file among the links (`bonding_masters`) is no interface.
    return tuple(name for name in names if not reading.absent(f"{_NET}/{name}/type"))


def _addresses(
    reading: Reading, rows: tuple[Row, ...], names: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return the addresses of each interface.

    A `/32` (a floating address, a cloud's) lies in no route of an interface: procfs does not tell
    whose it is, and it is returned under the empty name.
    """
    found: dict[str, list[str]] = {name: [] for name in names}
    for own in local_addresses(_required(reading, "/proc/net/fib_trie")):
        place = interface_of(own, rows)
        if place is None:
            found.setdefault("", []).append(f"{own}/32")
        elif place[0] not in found:
            reading.miss("/proc/net/fib_trie", "unsupported", f"whose address {own} is")
        else:
            found[place[0]].append(f"{own}/{place[1]}")
    if _speaks_ipv6(reading):
        path = "/proc/net/if_inet6"
        for line in addresses6(_required(reading, path)):
            if isinstance(line, Malformed):
                reading.malformed(path, line.line, "not a line of addresses")
            elif line[0] in found:
                found[line[0]].append(line[1])
    return {name: tuple(sorted(set(own))) for name, own in found.items()}


def _of_no_interface(reading: Reading, addresses: tuple[str, ...]) -> Interface:
    """Return the addresses of this host of which procfs does not tell the interface."""
    return Interface(
        origin=reading.origin("/proc/net/fib_trie"),
        interface="(not told)",
        link_type="unknown",
        mac="",
        addresses=addresses,
        state="unknown",
        mtu=0,
        driver="",
        physical=False,
    )


def _interface(reading: Reading, name: str, addresses: tuple[str, ...]) -> Interface:
    folder = f"{_NET}/{name}"
    physical = not reading.absent(f"{folder}/device")
    return Interface(
        origin=reading.origin(folder),
        interface=recordable(name),
        link_type=_link_type(reading, folder, physical=physical),
        mac=_value(reading, folder, "address"),
        addresses=addresses,
        state=_value(reading, folder, "operstate"),
        mtu=_integer(_value(reading, folder, "mtu")),
        driver=reading.linked_name(f"{folder}/device/driver") if physical else "",
        physical=physical,
    )


def _link_type(reading: Reading, folder: str, *, physical: bool) -> str:
    """Return the kind: the kernel's own word, else a tell-tale folder, else the hardware type."""
    event = reading.text(f"{folder}/uevent") or ""
    named = re.search(r"^DEVTYPE=(\S+)$", event, re.MULTILINE)
    if named:
        return _DEVTYPES.get(named[1], named[1])
    for part, kind in _FOLDERS:
        if not reading.absent(f"{folder}/{part}"):
            return kind
    flags = reading.text(f"{folder}/tun_flags")
    if flags is not None:
        return "tap" if _integer(flags.strip()) & _TAP else "tun"
    hardware = _integer(_value(reading, folder, "type"))
    if hardware == _ETHERNET:
        return "ethernet" if physical else "virtual"
    return _TYPES.get(hardware, f"type {hardware}")


def _value(reading: Reading, folder: str, name: str) -> str:
    """Return an attribute; one that the kernel refuses to tell (EINVAL) is empty."""
    path = f"{folder}/{name}"
    try:
        return reading.host.read(path, limit=4096).decode("utf-8", "replace").strip()
    except Unreadable as error:
        if error.reason not in ("absent", "unsupported"):
            reading.miss(path, error.reason, error.detail)
        return ""


def _integer(text: str) -> int:
    try:
        return int(text, 0) if len(text) < 20 else 0  # noqa: PLR2004 - 64 bits
    except ValueError:
        return 0


COLLECTOR = Collector(
    title="Network interfaces and routes",
    yields=(Interface, Route),
    reads=(
        f"{_NET}/*",
        "/proc/net/route",
        "/proc/net/ipv6_route",
        "/proc/net/fib_trie",
        "/proc/net/if_inet6",
        "/proc/sys/net/ipv6",
        *BYTE_ORDER,
    ),
    collect=_collect,
)
