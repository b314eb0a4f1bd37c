"""Reads and compares what names a host: DNS names by labels, addresses by value."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

_LONGEST = 253
# RFC 1123 labels, and the underscore that service names carry (RFC 8552).
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@lru_cache(maxsize=4096)
def ascii_name(name: str) -> str:
    """Return a host name in lower-case ASCII without the root's dot, or `` for what is none.

    Names in other scripts take their `xn--` form (RFC 3490). What a URL parser could read
    differently (`evil.example#.corp.example`) is no name.
    """
    if len(name) > _LONGEST + 1:
        return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    name = name.lower().removesuffix(".")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        return ""
    return name


def is_under(name: str, suffix: str) -> bool:
    """Return whether `name` is `suffix` or a name below it; both as `ascii_name` gives them.

    Labels are compared whole: `evilopenai.com` is not under `openai.com`.
    """
    return bool(suffix) and (name == suffix or name.endswith(f".{suffix}"))


@lru_cache(maxsize=32768)
def address_of(text: str) -> Address | None:
    """Return the address that `text` is, or `None` for a name.

    Brackets and a zone index (`[fe80::1%eth0]`) are dropped, an IPv4-mapped IPv6 address is the
    IPv4 address that it stands for. Octal or shortened forms (`127.1`) are no addresses.
    """
    bare = text.strip().removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
