"""The functions that a rule may call beside CEL's own: addresses, URLs and the site's perimeter.

Names and meaning are those of Kubernetes' CEL libraries for IP, CIDR and URL where there are
any. A value of type `ip`, `cidr` or `url` is its text in normal form.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from auditor.evidence import Site
from auditor.policy.shapes import ANY, BOOL, CIDR, DOUBLE, INT, IP, STRING, URL, Shape

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Signature(Struct, frozen=True, kw_only=True):
    """How a function is called: `target` is the type that a method is called on.

    `built_in` functions come with CEL itself.
    """

    arguments: tuple[tuple[str, ...], ...]
    result: Shape
    target: tuple[str, ...] = ()
    call: Literal["function", "method", "either"] = "function"
    built_in: bool = False
    meaning: str


_TEXT = ("string",)
_IP = ("ip",)
_IPISH = ("ip", "string")

SIGNATURES: dict[str, Signature] = {
    "size": Signature(
        arguments=(("list",),), result=INT, call="either", target=("list",), built_in=True,
        meaning="the number of items of a list (of a string CEL's own size counts bytes)",
    ),
    "startsWith": Signature(
        target=_TEXT, arguments=(_TEXT,), result=BOOL, call="method", built_in=True,
        meaning="whether the string begins with the other",
    ),
    "endsWith": Signature(
        target=_TEXT, arguments=(_TEXT,), result=BOOL, call="method", built_in=True,
        meaning="whether the string ends with the other",
    ),
    "contains": Signature(
        target=_TEXT, arguments=(_TEXT,), result=BOOL, call="method", built_in=True,
        meaning="whether the string holds the other",
    ),
    "matches": Signature(
        target=_TEXT, arguments=(_TEXT,), result=BOOL, call="method", built_in=True,
        meaning="whether the regular expression (RE2 syntax, a constant) is found in the string",
    ),
    "string": Signature(
        arguments=(("int", "double", "bool", "string"),), result=STRING, built_in=True,
        meaning="the value as text",
    ),
    "int": Signature(
        arguments=(("string", "int", "double"),), result=INT, built_in=True,
        meaning="the value as a whole number; an error where it is none",
    ),
    "double": Signature(
        arguments=(("string", "int", "double"),), result=DOUBLE, built_in=True,
        meaning="the value as a number; an error where it is none",
    ),
    "lowerAscii": Signature(
        target=_TEXT, arguments=(), result=STRING, call="method",
        meaning="the string with A-Z made small",
    ),
    "isIP": Signature(arguments=(_TEXT,), result=BOOL, meaning="whether the text is an address"),
    "ip": Signature(
        arguments=(_TEXT,), result=IP, meaning="the address; an error where the text is none",
    ),
    "family": Signature(target=_IP, arguments=(), result=INT, call="method", meaning="4 or 6"),
    "isLoopback": Signature(
        target=_IP, arguments=(), result=BOOL, call="method",
        meaning="whether the address is this host's own (127.0.0.0/8, ::1)",
    ),
    "isUnspecified": Signature(
        target=_IP, arguments=(), result=BOOL, call="method",
        meaning="whether the address stands for every address (0.0.0.0, ::)",
    ),
    "isLinkLocalUnicast": Signature(
        target=_IP, arguments=(), result=BOOL, call="method",
        meaning="whether the address is link-local (169.254.0.0/16, fe80::/10)",
    ),
    "isGlobalUnicast": Signature(
        target=_IP, arguments=(), result=BOOL, call="method",
        meaning="whether the address is unicast beyond this link (private ranges too, as in Go)",
    ),
    "isCIDR": Signature(arguments=(_TEXT,), result=BOOL, meaning="whether the text is a range"),
    "cidr": Signature(
        arguments=(_TEXT,), result=CIDR, meaning="the range; an error where the text is none",
    ),
    "containsIP": Signature(
        target=("cidr",), arguments=(_IPISH,), result=BOOL, call="method",
        meaning="whether the range holds the address; never across IPv4 and IPv6",
    ),
    "containsCIDR": Signature(
        target=("cidr",), arguments=(("cidr", "string"),), result=BOOL, call="method",
        meaning="whether the range holds the whole other range",
    ),
    "prefixLength": Signature(
        target=("cidr",), arguments=(), result=INT, call="method", meaning="the prefix length",
    ),
    "isURL": Signature(
        arguments=(_TEXT,), result=BOOL, meaning="whether the text is a URL with scheme and host",
    ),
    "url": Signature(
        arguments=(_TEXT,), result=URL, meaning="the URL; an error where the text is none",
    ),
    "getScheme": Signature(
        target=("url",), arguments=(), result=STRING, call="method", meaning="the scheme, in small",
    ),
    "getHostname": Signature(
        target=("url",), arguments=(), result=STRING, call="method",
        meaning="the host without port and brackets, in small",
    ),
    "insidePerimeter": Signature(
        arguments=(_IPISH,), result=BOOL,
        meaning="whether the site holds the address or name (names by label suffix)",
    ),
    "sharesLabelSuffix": Signature(
        arguments=(_TEXT, _TEXT), result=BOOL,
        meaning="whether the name is the suffix or lies below it: never `evilx.y` for `x.y`",
    ),
}  # fmt: skip

MACROS: dict[str, Shape] = {
    "all": BOOL, "exists": BOOL, "exists_one": BOOL, "map": ANY, "filter": ANY,
}  # fmt: skip


@lru_cache(maxsize=4096)
def _address(text: str) -> _Address:
    """Return the address; raises `ValueError`. A zone (`%eth0`) is refused, as Kubernetes does."""
    if "%" in text:
        raise ValueError(f"'{text:.80}' is not an address without a zone")
    return ipaddress.ip_address(text)


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network:
    """Return the range; raises `ValueError`. Host bits may be set."""
    if "/" not in text or "%" in text:
        raise ValueError(f"'{text:.80}' is not a range")
    return ipaddress.ip_network(text, strict=False)


def _can(parse: Callable[[str], object], text: str) -> bool:
    """Return whether `parse` takes the text."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


def is_ip(text: str) -> bool:
    """Return whether the text is an IPv4 or IPv6 address."""
    return _can(_address, text)


def is_cidr(text: str) -> bool:
    """Return whether the text is an address range."""
    return _can(_network, text)


def contains_ip(network: str, address: str) -> bool:
    """Return whether the range holds the address."""
    return _address(address) in _network(network)


def contains_cidr(network: str, other: str) -> bool:
    """Return whether the range holds the whole other range."""
    outer, inner = _network(network), _network(other)
    if isinstance(outer, ipaddress.IPv4Network):
        return isinstance(inner, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, ipaddress.IPv6Network) and inner.subnet_of(outer)


def parse_url(text: str) -> str:
    """Return the URL; raises `ValueError` where it has no scheme or host (RFC 3986)."""
    parts = urlsplit(text)
    if not parts.scheme or not parts.hostname:
        raise ValueError(f"'{text:.80}' is not a URL with scheme and host")
    return text


def shares_label_suffix(name: str, suffix: str) -> bool:
    """Return whether `name` is `suffix` or lies below it, compared label by label."""
    wanted = suffix.strip(".").lower()
    given = name.rstrip(".").lower()
    return bool(wanted) and (given == wanted or given.endswith(f".{wanted}"))


def _is_global_unicast(text: str) -> bool:
    """Return what Go's `IsGlobalUnicast` says: private addresses count."""
    address = _address(text)
    special = (
        address.is_loopback, address.is_unspecified, address.is_link_local, address.is_multicast,
        address == ipaddress.IPv4Address("255.255.255.255"),
    )  # fmt: skip
    return not any(special)


def lower_ascii(text: str) -> str:
    """Return the text with A-Z made small and nothing else changed."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def functions(site: Site) -> dict[str, Callable[..., object]]:
    """Return the functions that the CEL library is given, bound to the declared site."""
    from auditor import site as perimeter

    def inside_perimeter(target: str) -> bool:
        """Return whether the site holds the address or name."""
        if is_ip(target):
            return perimeter.zone_of(site, target) is not None
        return perimeter.is_inside_name(site, target)

    return {
        "lowerAscii": lower_ascii,
        "isIP": is_ip,
        "ip": lambda text: str(_address(text)),
        "family": lambda text: _address(text).version,
        "isLoopback": lambda text: _address(text).is_loopback,
        "isUnspecified": lambda text: _address(text).is_unspecified,
        "isLinkLocalUnicast": lambda text: _address(text).is_link_local,
        "isGlobalUnicast": _is_global_unicast,
        "isCIDR": is_cidr,
        "cidr": lambda text: str(_network(text)),
        "containsIP": contains_ip,
        "containsCIDR": contains_cidr,
        "prefixLength": lambda text: _network(text).prefixlen,
        "isURL": lambda text: _can(parse_url, text),
        "url": parse_url,
        "getScheme": lambda text: urlsplit(text).scheme,
        "getHostname": lambda text: urlsplit(text).hostname or "",
        "insidePerimeter": inside_perimeter,
        "sharesLabelSuffix": shares_label_suffix,
    }
