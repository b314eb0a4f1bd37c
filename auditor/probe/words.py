"""What is said over the pipes between the audit and the probe: JSON, a line a message."""

from __future__ import annotations

import ipaddress
from typing import Literal

import msgspec
from msgspec import Struct

Speaks = Literal["tls", "tlcp", "ssh", "clear", "silent"]
# No host of ours has more; each costs up to a few seconds where a listener keeps silent.
MOST_TARGETS = 512
LONGEST_LINE = 1024 * 1024


class Target(Struct, frozen=True, order=True):
    """A listener to be asked: a loopback address and a port."""

    address: str
    port: int


class Request(Struct, frozen=True, kw_only=True):
    """What the probe is asked to do, and for how long in all (seconds)."""

    targets: tuple[Target, ...]
    seconds: float


class Answer(Struct, frozen=True, kw_only=True):
    """What one listener answered.

    `speaks` is `None` where it cannot be told, with the `reason`. `versions` are those that it
    agreed to, oldest first. `banner` is the beginning of what it said unasked, `chain` the
    certificates that it showed (DER), its own first.
    """

    target: Target
    speaks: Speaks | None
    reason: str = ""
    versions: tuple[str, ...] | None = None
    cipher: str = ""
    banner: bytes = b""
    chain: tuple[bytes, ...] = ()


_ENCODER = msgspec.json.Encoder()
_REQUESTS = msgspec.json.Decoder(Request)
_ANSWERS = msgspec.json.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """Return a message as a line."""
    return _ENCODER.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Return a request; raises `msgspec.DecodeError` for what is none."""
    return _REQUESTS.decode(line)


def decode_answer(line: bytes) -> Answer:
    """Return an answer; raises `msgspec.DecodeError` for what is none."""
    return _ANSWERS.decode(line)


def is_loopback(address: str) -> bool:
    """Return whether an address is this host alone: 127.0.0.0/8 or `::1`, in their own spelling.

    Names are refused, as are scopes and IPv4 addresses in IPv6 ones.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found in ipaddress.IPv4Network("127.0.0.0/8")
    return found == ipaddress.IPv6Address("::1") and "%" not in address
