"""What a layer is: where a message of a protocol ends, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from scapy.packet import NoPayload, Packet, Padding, Raw

from auditor.capture._streams import Size
from auditor.capture.talks import Does

_MOST_LAYERS = 256


class UndissectedError(Exception):
    """The layer does not know this message, or not all of it."""


class AnswerError(Exception):
    """This answer holds, but does not say what was asked for: the question does."""


class Did(NamedTuple):
    """What a message asks for, or tells that it was asked for."""

    does: Does
    function: str
    objects: tuple[str, ...] = ()


class Layer(Struct, frozen=True, kw_only=True):
    """A protocol. `size` tells how long a message is, `read` what it did.

    `read` raises `AnswerError`, `UndissectedError`, or whatever scapy raises, where it cannot tell.
    A message that does nothing gives nothing.
    """

    size: Size
    read: Callable[[bytes, bool], Iterable[Did]]


def layers_of(packet: Packet) -> Iterator[Packet]:
    """Yield a packet's layers, the outermost first. Raises `UndissectedError` for too many."""
    for _each in range(_MOST_LAYERS):
        if isinstance(packet, NoPayload):
            return
        yield packet
        packet = packet.payload
    raise UndissectedError


def dissected(packet: Packet) -> Packet:
    """Return a packet of which nothing is left as bytes. Raises `UndissectedError`."""
    if any(isinstance(layer, Raw | Padding) for layer in layers_of(packet)):
        raise UndissectedError
    return packet
