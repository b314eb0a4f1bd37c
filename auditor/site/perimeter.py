"""Answers for an address or a name whether the declared site holds it.

What needs no declaration, because it cannot leave the machine or its cable: loopback and the
unspecified address (zone `this host`), link-local unicast and link-local multicast (RFC 3927,
4291, 5771: zone `link-local`), `localhost` (RFC 6761). Every other address, routed multicast
included, is inside only where a declared network holds it. The metadata addresses of clouds
look private, but the cloud answers: they are inside only where declared one by one.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from ipaddress import (
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

from auditor.evidence.site import EgressException, Network, Site
from auditor.hostnames import Address, address_of, ascii_name, is_under

Range = IPv4Network | IPv6Network

THIS_HOST = "this host"
LINK_LOCAL = "link-local"


class _Held(NamedTuple):
    """A network in numbers: the addresses of `version` that are `value` above `shift` bits."""

    version: int
    shift: int
    value: int
    network: Network


def _held(prefix: Range, network: Network) -> _Held:
    shift = prefix.max_prefixlen - prefix.prefixlen
    return _Held(prefix.version, shift, int(prefix.network_address) >> shift, network)


_LOCAL: tuple[_Held, ...] = tuple(
    _held(ip_network(cidr), Network(cidr=cidr, zone=zone))
    for cidr, zone in (
        ("127.0.0.0/8", THIS_HOST),
        ("0.0.0.0/32", THIS_HOST),
        ("::1/128", THIS_HOST),
        ("::/128", THIS_HOST),
        ("169.254.0.0/16", LINK_LOCAL),
        ("224.0.0.0/24", LINK_LOCAL),
        ("255.255.255.255/32", LINK_LOCAL),
        ("fe80::/10", LINK_LOCAL),
        ("ff01::/16", THIS_HOST),
        ("ff02::/16", LINK_LOCAL),
    )
)

# Metadata and credential services of Amazon, Microsoft, Google, Oracle (the first), Amazon's
# containers, and Alibaba: reachable from the machine, operated by the cloud.
METADATA: frozenset[Address] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
    )
)


@lru_cache(maxsize=1024)
def range_of(text: str) -> Range | None:
    """Return the range of a CIDR or single address, or `None` where the text is neither."""
    try:
        return ip_network(text, strict=True)
    except ValueError:
        return None


def zone_of(site: Site, address: str) -> Network | None:
    """Return the network that holds `address`: the longest prefix wins, `None` is outside.

    A declared network wins over what is local by nature; a name is in no network.
    """
    ip = address_of(address)
    if ip is None:
        return None
    number, version = int(ip), ip.version
    for held in _ranges(site.networks):
        if held.version == version and number >> held.shift == held.value:
            if held.shift and ip in METADATA:
                continue
            return held.network
    return None


def is_inside_name(site: Site, name: str) -> bool:
    """Return whether a declared suffix covers `name`, or it is `localhost`.

    False is not proof of the contrary for a name without a dot: the resolver decides there.
    """
    plain = ascii_name(name)
    if not plain:
        return False
    return is_under(plain, "localhost") or any(
        is_under(plain, suffix) for suffix in _suffixes(site.names)
    )


def matches(pattern: str, target: str) -> bool:
    """Return whether an entry of the site file names `target` (a host name or an address).

    An entry is a host name (that name alone), a suffix with a leading dot (`.corp.example`:
    every name below, not itself), an address, or a CIDR.
    """
    ip = address_of(target)
    if ip is not None:
        prefix = range_of(pattern)
        return prefix is not None and ip.version == prefix.version and ip in prefix
    plain = ascii_name(target)
    suffix = ascii_name(pattern.removeprefix("."))
    if not plain or not suffix:
        return False
    if pattern.startswith("."):
        return plain != suffix and is_under(plain, suffix)
    return plain == suffix


def listed(entries: tuple[str, ...], target: str) -> bool:
    """Return whether one of the site's resolvers, time servers, registries … is `target`."""
    return any(matches(entry, target) for entry in entries)


def excepted(site: Site, target: str, port: int, at: str) -> EgressException | None:
    """Return the exception that covers `target` (name or address) and `port` at the time `at`.

    `at` is an RFC 3339 time or date. An exception holds through its last day (UTC); an expired
    one, one whose date cannot be read, and a port that is not known (0) where the exception
    names one, except nothing.
    """
    today = _day(at)
    if today is None:
        return None
    for exception in site.exceptions:
        last = _day(exception.expires)
        current = last is not None and today <= last
        same_port = exception.port in (0, port)
        if current and same_port and matches(exception.destination, target):
            return exception
    return None


@lru_cache(maxsize=8)
def _ranges(networks: tuple[Network, ...]) -> tuple[_Held, ...]:
    """Return the declared networks, the longest prefix first, and behind them the local ones."""
    pairs = [(range_of(network.cidr), network) for network in networks]
    known = [_held(prefix, network) for prefix, network in pairs if prefix is not None]
    return (*sorted(known, key=lambda held: held.shift), *_LOCAL)


@lru_cache(maxsize=8)
def _suffixes(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ascii_name(name.removeprefix(".")) for name in names)


@lru_cache(maxsize=64)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
