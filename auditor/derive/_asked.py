"""Groups the questions for names by the domain that somebody registered, and judges the names."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Literal

from msgspec import Struct

from auditor.derive._cluster import Cluster
from auditor.derive._kept import Kept
from auditor.derive._verdict import Question, Verdict, judge
from auditor.evidence import Evidence
from auditor.evidence.site import Site
from auditor.evidence.traffic import NameQuery
from auditor.hostnames import Address, address_of, ascii_name
from auditor.site import listed

Standing = Literal["inside", "outside", "approved", "undecided"]

# Asked on the spot, of whoever listens: no server takes these questions further. Only where they
# are put to somebody outside do they leave.
_LOCAL_TRANSPORTS = frozenset({"mdns", "llmnr", "netbios"})
# Below these everybody can register: `a.co.uk` is somebody's, `co.uk` nobody's. Not a full list:
# where a suffix is missing here, several owners' names stand in one record.
_SECOND_LEVEL = re.compile(
    r"(?:com|co|net|org|edu|ac|gov|gob|go|mil|ne|or|gv|nom|plc|ltd)\.[a-z]{2}"
)
_HOSTING = frozenset({
    "github.io", "gitlab.io", "pages.dev", "workers.dev", "vercel.app", "netlify.app",
    "herokuapp.com", "web.app", "firebaseapp.com", "azurewebsites.net", "cloudapp.net",
    "duckdns.org", "ngrok.io", "ngrok-free.app", "trycloudflare.com", "dyndns.org", "no-ip.org",
})  # fmt: skip
_LONGEST_NAME = 253
# A dot within a label is written with a backslash.
_LABELS = re.compile(r"(?<!\\)\.")
_REVERSE4 = re.compile(r"((?:\d{1,3}\.){1,4})in-addr\.arpa")
_REVERSE6 = re.compile(r"((?:[0-9a-f]\.){1,32})ip6\.arpa")
_IPV4_LABELS = 4
_IPV6_LABELS = 32
_NO_CLUSTER = Cluster(manifests=False, services={}, compose=frozenset())


class JudgedQuery(Struct, frozen=True, kw_only=True, gc=False):
    """A question with what the site says of the name: `domain` is the registered part.

    `server_outside`: it was put to a server that is not inside and not declared as a resolver.
    `may_leave` is false for what is asked of whoever listens on the spot (inside), and for what
    somebody outside asks a server inside.
    """

    query: NameQuery
    domain: str
    standing: Standing
    exception: str
    operator: str
    operator_country: str
    category: str
    server_outside: bool
    may_leave: bool


def judge_queries(evidence: Evidence) -> tuple[JudgedQuery, ...]:
    """Return every question of the evidence, judged against its site at its time."""
    return _judged(evidence.site, evidence.taken_at, Kept(evidence.records))


def judged_queries(evidence: Evidence) -> tuple[JudgedQuery, ...]:
    """Return the questions that may leave: neither those on the spot, nor those from outside."""
    return tuple(one for one in judge_queries(evidence) if one.may_leave)


@lru_cache(maxsize=1)
def _judged(site: Site, at: str, records: Kept) -> tuple[JudgedQuery, ...]:
    asked = _Asked(site, at)
    return tuple(asked.judge(record) for record in records if isinstance(record, NameQuery))


class _Asked:
    """Judges names of one site at one time; what it was asked before it knows."""

    def __init__(self, site: Site, at: str) -> None:
        self._site = site
        self._at = at
        self._verdicts: dict[tuple[str, str], Verdict] = {}

    def judge(self, query: NameQuery) -> JudgedQuery:
        """Return a question judged."""
        reverse = reversed_range(query.name)
        name = reverse or _host_part(query.name)
        verdict = self._verdict(name, "connection")
        client = self._verdict(query.client, "connection")
        server = self._verdict(query.server, "resolver")
        of_others = client.inside is False and server.inside is True
        return JudgedQuery(
            query=query,
            domain=_domain(query.name, reverse),
            standing=self._standing(name, verdict),
            exception=verdict.exception,
            operator=verdict.operator,
            operator_country=verdict.operator_country,
            category=verdict.category,
            server_outside=server.inside is False,
            may_leave=not of_others
            and (query.transport not in _LOCAL_TRANSPORTS or server.inside is False),
        )

    def _standing(self, name: str, verdict: Verdict) -> Standing:
        if verdict.inside:
            return "inside"
        site = self._site
        declared = (*site.mirrors, *site.registries, *site.time_servers, *site.resolvers)
        if verdict.exception or listed(declared, name):
            return "approved"
        return "undecided" if verdict.inside is None else "outside"

    def _verdict(self, target: str, use: str) -> Verdict:
        key = (target, use)
        if key not in self._verdicts:
            question = Question(target=target, port=0, use=use)
            self._verdicts[key] = judge(self._site, _NO_CLUSTER, self._at, question)
        return self._verdicts[key]


@lru_cache(maxsize=4096)
def registered_domain(name: str) -> str:
    """Return the part of a name that somebody registers, by common suffixes: `example.co.uk`."""
    plain = ascii_name(name)
    labels = (plain or name.lower().rstrip(".")).split(".")
    keep = 2
    if _SECOND_LEVEL.fullmatch(".".join(labels[-2:])) or ".".join(labels[-2:]) in _HOSTING:
        keep = 3
    return ".".join(labels[-keep:])


def reversed_range(name: str) -> str:
    """Return the address or range that a name of a reverse zone stands for, else ``."""
    plain = name.lower().rstrip(".")
    try:
        if found := _REVERSE4.fullmatch(plain):
            parts = found[1].rstrip(".").split(".")[::-1]
            text = ".".join([*parts, *["0"] * (_IPV4_LABELS - len(parts))])
            return _range(str(ip_address(text)), 8 * len(parts), 8 * _IPV4_LABELS)
        if found := _REVERSE6.fullmatch(plain):
            digits = "".join(found[1].split(".")[::-1])
            full = digits.ljust(_IPV6_LABELS, "0")
            text = ":".join(full[i : i + 4] for i in range(0, _IPV6_LABELS, 4))
            return _range(str(ip_address(text)), 4 * len(digits), 4 * _IPV6_LABELS)
    except ValueError:
        return ""
    return ""


def information(names: Iterable[str], domain: str) -> int:
    """Return the bits that distinct names below a domain may have carried out.

    For each name the characters in front of the domain, times what a character of all of them
    tells (Shannon): an estimate from above for text, about right for encoded bytes.
    """
    parts = {name.lower().rstrip(".") for name in names}
    heads = [part.removesuffix(domain).rstrip(".") for part in parts if part != domain]
    letters = Counter("".join(heads).replace(".", ""))
    total = letters.total()
    if not total:
        return 0
    entropy = -sum(n / total * math.log2(n / total) for n in letters.values())
    return int(total * entropy)


def _range(address: str, prefix: int, whole: int) -> str:
    return address if prefix == whole else str(ip_network(f"{address}/{prefix}"))


def _domain(name: str, reverse: str) -> str:
    if reverse:
        address: Address | None = address_of(reverse)
        return str(address) if address else reverse
    return registered_domain(_host_part(name))


def _host_part(name: str) -> str:
    """Return a name as a host's: without the labels of services in front (`_ldap._tcp.dc.example`).

    Labels that no host has (bytes of a tunnel) become `_`: whose the name is, stands at its end.
    """
    if len(labels := _LABELS.split(name.lower().rstrip("."))) == 1:
        return name
    while len(labels) > 1 and labels[0].startswith("_"):
        labels = labels[1:]
    plain = [label if ascii_name(label) and "." not in label else "_" for label in labels]
    while len(plain) > 1 and len(".".join(plain)) > _LONGEST_NAME:
        del plain[0]
    return ".".join(plain)
