"""Parses the routes and addresses that procfs prints (net/ipv4/fib_trie.c, net/ipv6/route.c)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from auditor.collect._byte_order import ByteOrder
from auditor.collect._reading import lines

# include/uapi/linux/route.h and ipv6_route.h
_UP = 0x1
_REJECT = 0x200
_LOCAL = 0x80000000
_ANYCAST = 0x00100000
_HEX4 = re.compile(r"^[0-9A-F]{8}$")
_HEX6 = re.compile(r"^[0-9a-f]{32}$")
_LEAF = re.compile(r"^\s*\|-- (\d+\.\d+\.\d+\.\d+)$")
_PREFIX = re.compile(r"^\s*/(\d+) (\w+) (\w+)")


class Row(Struct, frozen=True, kw_only=True):
    """A route: `network` and `prefix` of the destination, `gateway` empty where it is direct."""

    network: str
    prefix: int
    gateway: str
    interface: str
    metric: int

    @property
    def destination(self) -> str:
        """Return the destination in CIDR form."""
        return f"{self.network}/{self.prefix}"


class Malformed(Struct, frozen=True):
    """A line (counted from 1) that is none of the table's."""

    line: int


def routes4(text: str, order: ByteOrder) -> Iterator[Row | Malformed]:
    """Yield the routes of `/proc/net/route`; those that reject lead nowhere and are left out."""
    for number, line in enumerate(lines(text), start=1):
        fields = line.split()
        if number == 1 or not fields:
            continue
        if len(fields) < 8 or not all(_HEX4.match(fields[i]) for i in (1, 2, 7)):  # noqa: PLR2004
            yield Malformed(number)
            continue
        flags = _number(fields[3], 16)
        metric = _number(fields[6], 10)
        if flags is None or metric is None:
            yield Malformed(number)
        elif flags & _UP and not flags & _REJECT:
            gateway = _four(fields[2], order)
            yield Row(
                network=_four(fields[1], order),
                prefix=int(fields[7], 16).bit_count(),
                gateway="" if gateway == "0.0.0.0" else gateway,  # noqa: S104 - compared, not bound
                interface=fields[0],
                metric=metric,
            )


def routes6(text: str) -> Iterator[Row | Malformed]:
    """Yield the routes of `/proc/net/ipv6_route`, without this host's own and multicast ones."""
    for number, line in enumerate(lines(text), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) < 10 or not (_HEX6.match(fields[0]) and _HEX6.match(fields[4])):  # noqa: PLR2004
            yield Malformed(number)
            continue
        prefix, metric, flags = (_number(fields[i], 16) for i in (1, 5, 8))
        if prefix is None or metric is None or flags is None:
            yield Malformed(number)
            continue
        network, gateway = _six(fields[0]), _six(fields[4])
        if flags & (_REJECT | _LOCAL | _ANYCAST) or network.is_multicast or fields[9] == "lo":
            continue
        yield Row(
            network=str(network),
            prefix=prefix,
            gateway="" if gateway.is_unspecified else str(gateway),
            interface=fields[9],
            metric=metric,
        )


def local_addresses(fib_trie: str) -> tuple[str, ...]:
    """Return the own IPv4 addresses that `/proc/net/fib_trie` tells: the `/32 host LOCAL` ones."""
    found: dict[str, None] = {}
    leaf = ""
    for line in lines(fib_trie):
        named = _LEAF.match(line)
        if named:
            leaf = named[1]
            continue
        prefix = _PREFIX.match(line)
        if prefix and leaf and prefix[1] == "32" and prefix[3] == "LOCAL":
            found[leaf] = None
    return tuple(found)


def other_tables(fib_trie: str) -> tuple[str, ...]:
    """Return the names of routing tables that `/proc/net/route` does not show."""
    return tuple(
        line[:-1] for line in lines(fib_trie) if line.startswith("Id ") and line.endswith(":")
    )


def addresses6(text: str) -> Iterator[tuple[str, str] | Malformed]:
    """Yield interface and address (`fe80::1/64`) of each line of `/proc/net/if_inet6`."""
    for number, line in enumerate(lines(text), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 6 or not _HEX6.match(fields[0]) or _number(fields[2], 16) is None:  # noqa: PLR2004
            yield Malformed(number)
            continue
        yield fields[5], f"{_six(fields[0])}/{int(fields[2], 16)}"


def interface_of(address: str, rows: tuple[Row, ...]) -> tuple[str, int] | None:
    """Return the interface and prefix of the direct route that an own IPv4 address lies in."""
    value = int(IPv4Address(address))
    fitting = [
        row
        for row in rows
        if not row.gateway
        and row.prefix
        and (value ^ int(IPv4Address(row.network))) >> (32 - row.prefix) == 0
    ]
    if value >> 24 == 127:  # noqa: PLR2004 - RFC 1122: 127/8 is the loopback
        return "lo", 8
    best = max(fitting, key=lambda row: row.prefix, default=None)
    return (best.interface, best.prefix) if best else None


def _number(text: str, base: int) -> int | None:
    try:
        return int(text, base) if len(text) <= 20 else None  # noqa: PLR2004 - 64 bits
    except ValueError:
        return None


def _four(digits: str, order: ByteOrder) -> str:
    return str(IPv4Address(int(digits, 16).to_bytes(4, order)))


def _six(digits: str) -> IPv6Address:
    return IPv6Address(bytes.fromhex(digits))
