"""Judges one target against the site: inside or not, where it is, whose it is, how it is known."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import iptocc
from msgspec import Struct

from auditor.catalogues.operators import operator_of
from auditor.derive._cluster import Cluster
from auditor.evidence.site import EgressException, Network, Site
from auditor.hostnames import Address, address_of, ascii_name, is_under
from auditor.site import THIS_HOST, excepted, is_inside_name, listed, zone_of
from auditor.site.perimeter import range_of

Range = IPv4Network | IPv6Network

# Names that public DNS does not have (RFC 6762, 8375, ICANN 2024-07-29): a resolver on the spot
# answers for them, and what it answers cannot be told from here.
_NOT_PUBLIC = ("local", "internal", "home.arpa", "test", "invalid")
# What container engines call the machine that they run on.
_ENGINE_HOST = frozenset({"host.docker.internal", "host.containers.internal"})
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
_IPV4_BITS = 32


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Whether a target is inside (`None`: cannot be told), in which zone, and how that is known."""

    inside: bool | None
    zone: str
    how: str


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """The judged part of a `Destination`, under its field names."""

    address: str
    inside: bool | None
    approved: bool | None
    zone: str
    country: str
    operator: str
    operator_country: str
    category: str
    exception: str
    how: tuple[str, ...]


class Question(Struct, frozen=True, kw_only=True, gc=False):
    """What is asked: a `target` for a `use`, by somebody in `namespace` (manifests only).

    `place` is set where the caller knows the answer already; `known_as` is then the public name
    that a tool's default goes by, for the operator and the exceptions.
    """

    target: str
    port: int
    use: str
    namespace: str = ""
    place: Place | None = None
    known_as: str = ""


def judge(site: Site, cluster: Cluster, at: str, question: Question) -> Verdict:
    """Return the verdict on a target at the time `at` (RFC 3339)."""
    alias = cluster.alias_of(question.target, question.namespace)
    name = question.known_as or alias or question.target
    place = question.place or _place(site, cluster, question, alias)
    exception = excepted(site, name, question.port, at) if place.inside is not True else None
    address = numeric_address(name)
    written = str(address) if address else ""
    operator = None if place.inside else operator_of(written or name)
    country = _country(address, written) if address and not place.inside else ""
    how = [place.how]
    if alias:
        how.append(f"{question.target} is an alias of {alias} in the same manifests")
    if country:
        how.append(f"{country}: where the address is registered (RIR), not where it answers")
    if operator:
        how.append(f"{operator.operator} ({operator.country}): catalogue, {operator.suffix}")
    if exception:
        how.append(f"excepted by {exception.owner} until {exception.expires}: {exception.reason}")
    return Verdict(
        address=written,
        inside=place.inside,
        approved=True if exception else place.inside,
        zone=place.zone,
        country=country,
        operator=operator.operator if operator else "",
        operator_country=operator.country if operator else "",
        category=operator.category if operator else "",
        exception=_exception_text(exception),
        how=tuple(how),
    )


def _place(site: Site, cluster: Cluster, question: Question, alias: str) -> Place:
    """Return where a target is: a declaration for the use first, then address or name."""
    target = alias or question.target
    if listed(_declared_for(site, question.use), target):
        return Place(
            inside=True, zone="declared", how=f"the site declares {target} for {question.use}"
        )
    prefix = range_of(target) if "/" in target else None
    if prefix is not None and prefix.num_addresses > 1:
        return _range_place(site, prefix)
    address = numeric_address(target if prefix is None else str(prefix.network_address))
    if address is not None:
        return _address_place(site, address)
    if alias or not cluster.holds(target, question.namespace):
        return _name_place(site, target, in_cluster=cluster.manifests)
    how = f"{target} is a service inside the cluster"
    if not cluster.knows(target, question.namespace):
        # An ExternalName service in manifests that were not given would lead outside.
        how = f"{target} is a name of the cluster's own zone; its Service is not in these manifests"
    return Place(inside=True, zone="cluster", how=how)


def _declared_for(site: Site, use: str) -> tuple[str, ...]:
    """Return the site's entries that count as inside for one use alone."""
    if use == "resolver":
        return site.resolvers
    if use == "time":
        return site.time_servers
    if use in {"container-registry", "image"}:
        return site.registries
    if use in {"package-mirror", "model-mirror", "model-hub", "model-source", "repository"}:
        return site.mirrors
    return ()


def _address_place(site: Site, address: Address) -> Place:
    written = str(address)
    network = zone_of(site, written)
    if network is None:
        return Place(inside=False, zone="", how=f"no network of the site holds {written}")
    return Place(inside=True, zone=network.zone, how=_held(site, written, network))


def _range_place(site: Site, prefix: Range) -> Place:
    """Return the place of a range: inside where one network holds the whole of it."""
    first = str(prefix.network_address)
    local = zone_of(Site(), first)
    for network in (*site.networks, *((local,) if local else ())):
        holder = range_of(network.cidr)
        if holder is not None and _within(prefix, holder):
            return Place(inside=True, zone=network.zone, how=_held(site, str(prefix), network))
    return Place(inside=False, zone="", how=f"no network of the site holds all of {prefix}")


def _within(prefix: Range, holder: Range) -> bool:
    if isinstance(prefix, IPv4Network):
        return isinstance(holder, IPv4Network) and prefix.subnet_of(holder)
    return isinstance(holder, IPv6Network) and prefix.subnet_of(holder)


def _held(site: Site, what: str, network: Network) -> str:
    if network not in site.networks:
        return f"{what} is {network.zone} by its nature ({network.cidr})"
    assumed = "assumed" if site.assumed else "site's"
    return f"{what} is in the {assumed} network {network.cidr}"


def _name_place(site: Site, target: str, *, in_cluster: bool) -> Place:
    """Return the place of a name; without a dot, or in no public zone, it cannot be told."""
    name = ascii_name(target)
    if not name:
        return Place(inside=None, zone="", how="this is neither a host name nor an address")
    if is_inside_name(site, name):
        zone = THIS_HOST if is_under(name, "localhost") else "inside"
        return Place(inside=True, zone=zone, how=f"{name} is among the names of the inside")
    if in_cluster and name in _ENGINE_HOST:
        return Place(inside=True, zone=THIS_HOST, how=f"{name} is the machine of the engine")
    if "." not in name:
        return Place(
            inside=None, zone="", how=f"{name} has no dot: only its resolver knows where it leads"
        )
    if any(is_under(name, suffix) for suffix in _NOT_PUBLIC):
        return Place(
            inside=None, zone="", how=f"{name} is not a public name, and the site does not list it"
        )
    return Place(inside=False, zone="", how=f"{name} is under none of the site's names")


def _country(address: Address, written: str) -> str:
    """Return the registered country of a public address, empty where there is none."""
    return (iptocc.country_code(written) or "") if address.is_global else ""


def _exception_text(exception: EgressException | None) -> str:
    return f"{exception.owner}, until {exception.expires}" if exception else ""


def numeric_address(target: str) -> Address | None:
    """Return the address that a target is, also in the old forms that inet_aton(3) takes.

    `0x08080808`, `134744072` and `8.8.2056` lead a C library to 8.8.8.8: no name ends in a number.
    """
    address = address_of(target)
    if address is not None:
        return address
    parts = target.lower().removesuffix(".").split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):  # noqa: PLR2004
        return None
    values = [_number(part) for part in parts]
    *heads, last = values
    limit = 1 << (_IPV4_BITS - 8 * len(heads))
    if any(head < 0 or head > 255 for head in heads) or not 0 <= last < limit:  # noqa: PLR2004
        return None
    total = last
    for position, head in enumerate(heads):
        total += head << (24 - 8 * position)
    return IPv4Address(total)


def _number(text: str) -> int:
    """Return a part's value: `0x` is hexadecimal, a leading 0 octal; -1 for what is neither."""
    if len(text) > 12:  # noqa: PLR2004 - longer than any 32-bit number in any base
        return -1
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    if text.startswith("0") and len(text) > 1:
        return int(text, 8) if set(text) <= set("01234567") else -1
    return int(text)
