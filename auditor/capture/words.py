"""What the audit and the program that listens say to each other: one JSON value a line."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

# What a capture may grow to, and how long it may take.
MOST_BYTES = 1 << 30
MOST_SECONDS = 24 * 3600
LONGEST_LINE = 1 << 12
# A name of an interface has 15 bytes at most (Linux, IFNAMSIZ).
LONGEST_NAME = 15

Ended = Literal["time", "size", "asked", "failed"]


class Request(Struct, frozen=True, kw_only=True):
    """Where to listen, for how long, and how large the capture may be."""

    interface: str
    seconds: float
    most_bytes: int = MOST_BYTES
    promiscuous: bool = False


class Told(Struct, frozen=True, kw_only=True):
    """What the program says: first that it is `ready`, in the end what it captured.

    `drops` are packets that the kernel could not hand over in time. `error` says why it failed.
    """

    ready: bool = False
    ended: Ended | None = None
    packets: int = 0
    bytes: int = 0
    drops: int = 0
    error: str = ""


def encode(value: Request | Told) -> bytes:
    """Return a line."""
    return msgspec.json.encode(value) + b"\n"


def decode_request(line: bytes) -> Request:
    """Read what is asked for. Raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(line, type=Request)


def decode_told(line: bytes) -> Told:
    """Read what the program said. Raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(line, type=Told)
