"""Writes a first site file from what a host shows, for a person to correct."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_interface, ip_network
from typing import TypeVar, get_args

from msgspec import Struct

from auditor.catalogues.operators import operator_of
from auditor.evidence import Evidence, Record
from auditor.evidence.network import (
    DnsResolver,
    Interface,
    Mirror,
    Route,
    SearchDomain,
    TimeServer,
)
from auditor.evidence.site import StorePurpose
from auditor.evidence.storage import ModelStore
from auditor.hostnames import address_of, is_under
from auditor.site import fields
from auditor.site.perimeter import Range, range_of

Kind = TypeVar("Kind", bound=Record)

# RFC 1918, 4193, 6598: ranges that nobody can be reached in from the Internet.
_PRIVATE = tuple(
    ip_network(cidr)
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Names that no public registry gives away (RFC 6762, 8375, ICANN's reservation of `internal`).
_PRIVATE_SUFFIXES = ("internal", "local", "lan", "home.arpa", "corp", "intranet", "private")

_HEAD = """\
# The perimeter of this site: everything that is not declared here is outside.
# Written from what the host {host} shows. Read every line, correct it, and take the comment
# signs away from what is yours. What is commented out below was seen but counts as outside.
"""


class _Item(Struct, frozen=True, kw_only=True):
    """A line of a list: active, or a comment that a person has to decide on."""

    value: str
    active: bool
    remark: str = ""


def write_site(evidence: Evidence) -> str:
    """Return the text of a first, commented site file that `load_site` accepts.

    Private networks of interfaces and routes, private resolvers, time servers and mirrors, and
    the stores found are declared; whatever is public is a comment. No jurisdiction is guessed.
    """
    sections = (
        _networks(evidence),
        _list("names", "DNS suffixes of your own (search domains)", _names(evidence)),
        _list("resolvers", "name servers that count as inside", _resolvers(evidence)),
        _list("time_servers", "time servers that count as inside", _time_servers(evidence)),
        _list(
            "registries",
            "container registries that count as inside",
            _mirrors(evidence, containers=True),
        ),
        _list(
            "mirrors",
            "package and model mirrors that count as inside",
            _mirrors(evidence, containers=False),
        ),
        _EXCEPTIONS,
        _JURISDICTION,
        _stores(evidence),
        _SIGNERS,
    )
    head = _HEAD.format(host=quoted(evidence.subject.name))
    name = f"name: {quoted(f'the site of {evidence.subject.name}')}\n"
    return "\n".join((head, name, *sections))


_EXCEPTIONS = """\
# Approved ways out, each with an owner and an end.
exceptions:
#  - destination: updates.partner.example
#    port: 443
#    owner: the name of who answers for it
#    reason: why it is needed
#    expires: 2027-01-31
"""
_JURISDICTION = """\
# Where you are at home, and where else data may go (ISO 3166).
# jurisdiction:
#   home: DE
#   allowed: [AT, FR]
"""
_SIGNERS = """\
# Whose signature on a report counts (`audit keygen` makes a key).
signers:
"""


def quoted(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar on one line, safe in a comment too.

    What cannot be printed is escaped; a byte that is not text (a lone surrogate) cannot stand
    in YAML at all and becomes `?`.
    """
    return f'"{"".join(_escaped(character) for character in text)}"'


def _escaped(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return f"\\{character}"
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates
        return "?"
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _of(evidence: Evidence, kind: type[Kind]) -> Iterator[Kind]:
    return (record for record in evidence.records if isinstance(record, kind))


def _networks(evidence: Evidence) -> str:
    """Return the networks: private ranges declared, public ones as comments."""
    found: dict[Range, str] = {}
    for interface in _of(evidence, Interface):
        for text in interface.addresses:
            prefix = _interface_range(text)
            if prefix is not None and not prefix.network_address.is_loopback:
                found.setdefault(prefix, f"of interface {interface.interface}")
    for route in _of(evidence, Route):
        prefix = range_of(route.destination)
        if prefix is not None and prefix.prefixlen and not _is_local(prefix):
            found.setdefault(prefix, f"routed through {route.interface}")
    lines = ["# Address ranges of your own, each with the name of its zone.", "networks:"]
    ordered = sorted(found, key=lambda prefix: (prefix.version, prefix))
    for prefix in (p for p in ordered if not _is_local(p)):
        remark = found[prefix]
        declared = _is_private(prefix) and _canonical(str(prefix), fields.network) != ""
        sign = "" if declared else "#"
        lines.append(f"{sign}  - cidr: {prefix}")
        lines.append(f"{sign}    zone: inside")
        lines.append(f"{sign}    description: {quoted(remark)}")
    return "\n".join(lines) + "\n"


def _interface_range(text: str) -> Range | None:
    try:
        return ip_interface(text.partition("%")[0]).network
    except ValueError:
        return None


def _is_private(prefix: Range) -> bool:
    return any(
        prefix.version == private.version and prefix.subnet_of(private)  # type: ignore[arg-type]
        for private in _PRIVATE
    )


def _is_local(prefix: Range) -> bool:
    """Return whether the range needs no declaration: loopback, link-local, multicast."""
    first = prefix.network_address
    return first.is_loopback or first.is_link_local or first.is_multicast


def _names(evidence: Evidence) -> Iterator[_Item]:
    for record in _of(evidence, SearchDomain):
        plain = _canonical(record.domain, fields.name_suffix)
        private = any(is_under(plain, suffix) for suffix in _PRIVATE_SUFFIXES)
        remark = "" if private else "is this domain yours?"
        yield _Item(value=plain or record.domain, active=private, remark=remark)


def _resolvers(evidence: Evidence) -> Iterator[_Item]:
    return (_judged(record.address) for record in _of(evidence, DnsResolver) if not record.stub)


def _time_servers(evidence: Evidence) -> Iterator[_Item]:
    return (_judged(record.address) for record in _of(evidence, TimeServer) if record.explicit)


def _mirrors(evidence: Evidence, *, containers: bool) -> Iterator[_Item]:
    for record in _of(evidence, Mirror):
        of_containers = record.ecosystem in ("docker", "containerd", "podman", "containers")
        if record.explicit and record.host and of_containers == containers:
            yield _judged(record.host)


def _judged(host: str) -> _Item:
    """Return a host as an item: private addresses and names are declared, others commented."""
    plain = _canonical(host, fields.entry)
    address = address_of(plain)
    if address is not None and address.is_loopback:
        return _Item(value=plain, active=False, remark="this host: needs no declaration")
    if address is not None:
        private = any(address in network for network in _PRIVATE)
    else:
        private = any(is_under(plain, suffix) for suffix in _PRIVATE_SUFFIXES)
    if private:
        return _Item(value=plain, active=True)
    operator = operator_of(host)
    remark = f"{operator.operator}: outside" if operator else "is this yours?"
    return _Item(value=plain or host, active=False, remark=remark)


def _list(key: str, title: str, items: Iterable[_Item]) -> str:
    unique = {item.value: item for item in items}
    ordered = [unique[value] for value in sorted(unique)]
    lines = [f"# What else is yours: {title}.", f"{key}:"]
    for item in ordered:
        remark = f"  # {_in_comment(item.remark)}" if item.remark else ""
        lines.append(f"{'' if item.active else '#'}  - {quoted(item.value)}{remark}")
    return "\n".join(lines) + "\n"


def _stores(evidence: Evidence) -> str:
    lines = ["# Folders that hold what must be encrypted at rest.", "stores:"]
    stores: dict[str, ModelStore] = {}
    for record in _of(evidence, ModelStore):
        stores.setdefault(_canonical(record.path, fields.path) or record.path, record)
    for path in sorted(stores):
        record = stores[path]
        holds = record.holds if record.holds in get_args(StorePurpose) else "models"
        sign = "" if _canonical(path, fields.path) and _is_text(path) else "#"
        lines.append(f"{sign}  - path: {quoted(path)}")
        lines.append(f"{sign}    holds: {holds}")
        lines.append(f"{sign}    description: {quoted(record.tool.strip() or 'a folder')}")
    return "\n".join(lines) + "\n"


def _in_comment(text: str) -> str:
    return quoted(text)[1:-1]


def _canonical(value: str, check: Callable[[str], str]) -> str:
    """Return the value as the reader of the site file takes it, or `` where it refuses it."""
    try:
        return check(value)
    except fields.Wrong:
        return ""


def _is_text(path: str) -> bool:
    """Return whether every byte of a file name is text (PEP 383 keeps others as surrogates)."""
    return not any("\ud800" <= character <= "\udfff" for character in path)
