"""What is handed to the program that dissects, and what it may answer: strict and bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

# All that one program is handed, the longest line that it may answer with, and all its lines.
MOST_BYTES = 64 << 20
LONGEST_LINE, MOST_SAID = 1 << 19, 1 << 27
# Kinds of actions of a conversation, and objects of an action, that are told by name.
MOST_ACTIONS, MOST_OBJECTS = 48, 16
LONGEST_NAME, LONGEST_OBJECT = 80, 120
# The protocols that scapy has layers of; each has a file of its own in `layers`.
LAYERS = {
    "modbus": "scapy.contrib.modbus",
    "ethernet-ip": "scapy.contrib.enipTCP",
    "mqtt": "scapy.contrib.mqtt",
    "iec-104": "scapy.contrib.scada.iec104",
    "profinet": "scapy.contrib.pnio",
    "ethercat": "scapy.contrib.ethercat",
}

Does = Literal["read", "write", "control", "other"]
Carried = Literal["stream", "datagram", "frame"]
# Why something stays unknown: words of `evidence.GapReason`, which who dissects does not import.
Reason = Literal["absent", "denied", "timeout", "limit", "crashed"]
Count = Annotated[int, Meta(ge=0, le=1 << 40)]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Object = Annotated[str, Meta(min_length=1, max_length=LONGEST_OBJECT)]


class Segment(Struct, frozen=True, array_like=True):
    """Bytes that one end sent: `seq` is its TCP sequence number, 0 elsewhere."""

    of_client: bool
    seq: int
    data: bytes


class Talk(Struct, frozen=True, array_like=True):
    """A conversation in the order of its packets; `number` is answered with."""

    number: int
    application: str
    carried: Carried
    segments: tuple[Segment, ...]


class Action(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """What messages asked for: a function by its name, and what it was about.

    `objects` are the first ones that were named, `objects_total` counts distinct ones.
    """

    does: Does
    function: Name
    count: Annotated[int, Meta(ge=1, le=1 << 40)]
    objects: Annotated[tuple[Object, ...], Meta(max_length=MOST_OBJECTS)] = ()
    objects_total: Count = 0


class Unfinished(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kept something from being dissected whole."""

    reason: Reason
    why: Annotated[str, Meta(min_length=1, max_length=160)]


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a conversation did; `undissected` counts messages, or pieces, that stay unknown."""

    number: Count
    actions: Annotated[tuple[Action, ...], Meta(max_length=MOST_ACTIONS)] = ()
    undissected: Count = 0
    unfinished: Unfinished | None = None


class Failed(Struct, frozen=True, kw_only=True, tag_field="failed", forbid_unknown_fields=True):
    """Why nothing can be dissected at all."""

    unfinished: Unfinished


def encode_talks(talks: Iterable[Talk]) -> bytes:
    """Return what the program is handed."""
    return msgspec.msgpack.encode(tuple(talks))


def decode_talks(data: bytes) -> tuple[Talk, ...]:
    """Read what is to be dissected. Raises `msgspec.MsgspecError`."""
    return msgspec.msgpack.decode(data, type=tuple[Talk, ...])


def encode_answer(answer: Answer | Failed) -> bytes:
    """Return a line."""
    return msgspec.json.encode(answer) + b"\n"


_ANSWERS = msgspec.json.Decoder(Answer)
_FAILURES = msgspec.json.Decoder(Failed)


def decode_answer(line: bytes) -> Answer | Failed:
    """Read a line of the program. Raises `msgspec.MsgspecError` for whatever else stands there."""
    if len(line) > LONGEST_LINE:
        raise msgspec.ValidationError("the line is too long")
    return _FAILURES.decode(line) if line.startswith(b'{"failed"') else _ANSWERS.decode(line)
