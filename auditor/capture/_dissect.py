"""Dissects conversations with scapy's layers, in the dark: a line of answer each, then the end."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from types import FrameType
from typing import NoReturn

import msgspec
from msgspec import Struct
from scapy.config import conf

from auditor.capture._confine import confine
from auditor.capture._streams import datagrams, stream
from auditor.capture.layers._layer import AnswerError, Did, Layer
from auditor.capture.talks import (
    LAYERS,
    LONGEST_NAME,
    LONGEST_OBJECT,
    MOST_ACTIONS,
    MOST_BYTES,
    MOST_OBJECTS,
    Action,
    Answer,
    Does,
    Failed,
    Talk,
    Unfinished,
    decode_talks,
    encode_answer,
)

_OUTPUT = 1
# What the program may use: bytes of memory, seconds of processor time, seconds a conversation.
_MEMORY, _SECONDS, _SECONDS_EACH = 1 << 30, 240, 20.0
# Objects that are told apart; beyond them they are only counted as one more.
_MOST_DISTINCT = 1 << 12
_GRAVITY: tuple[Does, ...] = ("write", "control", "read", "other")


class _TooLong(BaseException):
    """A conversation's time is over."""


class _Side(Struct):
    """What one end's messages said: how often each function, and of what."""

    counts: Counter[tuple[Does, str]] = msgspec.field(default_factory=Counter)
    objects: dict[tuple[Does, str], set[str]] = msgspec.field(default_factory=dict)
    undissected: int = 0
    unsaid: int = 0

    def add(self, did: Did) -> None:
        """Count what one message did."""
        key = (did.does, _shown(did.function, LONGEST_NAME))
        self.counts[key] += 1
        known = self.objects.setdefault(key, set())
        for one in did.objects:
            if len(known) < _MOST_DISTINCT:
                known.add(_shown(one, LONGEST_OBJECT))


def main() -> None:
    """Answer for each conversation on standard input, after giving up all that is not needed."""
    # What a layer cannot read it shall say, and not hide in bytes.
    conf.debug_dissector = True
    layers = {name: _layer(name) for name in LAYERS}
    signal.signal(signal.SIGALRM, _over)
    try:
        confine(memory=_MEMORY, seconds=_SECONDS)
    except (OSError, ValueError):
        why = "the program could not give up its privileges"
        _say(Failed(unfinished=Unfinished(reason="denied", why=why)))
        sys.exit(1)
    for talk in decode_talks(sys.stdin.buffer.read(2 * MOST_BYTES)):
        _say(_answer(talk, layers))


def _layer(name: str) -> Layer:
    module = import_module(f"auditor.capture.layers.{name.replace('-', '_')}")
    layer = module.LAYER
    assert isinstance(layer, Layer)  # noqa: S101 - our own module
    return layer


def _over(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _TooLong


def _say(answer: Answer | Failed) -> None:
    left = memoryview(encode_answer(answer))
    while left:
        left = left[os.write(_OUTPUT, left) :]


def _answer(talk: Talk, layers: dict[str, Layer]) -> Answer:
    """Return what a conversation did, as far as its time and its memory allow."""
    client, server = _Side(), _Side()
    unfinished = None
    signal.setitimer(signal.ITIMER_REAL, _SECONDS_EACH)
    try:
        layer = layers[talk.application]
        for side, of_client in ((client, True), (server, False)):
            _hear(side, talk, layer, of_client=of_client)
    except _TooLong:
        unfinished = Unfinished(reason="timeout", why="it took too long")
    except MemoryError:
        unfinished = Unfinished(reason="limit", why="it took too much memory")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return _summed(talk.number, client, server, unfinished)


def _hear(side: _Side, talk: Talk, layer: Layer, *, of_client: bool) -> None:
    segments = [one for one in talk.segments if one.of_client == of_client]
    cut = stream if talk.carried == "stream" else datagrams
    for message in cut(segments, layer.size):
        if message is None:
            side.undissected += 1
            continue
        try:
            for did in list(layer.read(message, of_client)):
                side.add(did)
        except AnswerError:
            side.unsaid += 1
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - whatever scapy raises: this one message is not known
            side.undissected += 1


def _summed(number: int, client: _Side, server: _Side, unfinished: Unfinished | None) -> Answer:
    """Return both sides as one: what is asked and answered counts once.

    An answer that does not say what it answers is told by the question, where one was seen.
    """
    unsaid = 0 if client.counts else client.unsaid + server.unsaid
    actions = sorted(_actions(client, server), key=lambda a: (_GRAVITY.index(a.does), -a.count, a))
    if unfinished is None and len(actions) > MOST_ACTIONS:
        unfinished = Unfinished(reason="limit", why="too many functions")
    return Answer(
        number=number,
        actions=tuple(actions[:MOST_ACTIONS]),
        undissected=client.undissected + server.undissected + unsaid,
        unfinished=unfinished,
    )


def _actions(client: _Side, server: _Side) -> Iterator[Action]:
    for does, function in client.counts | server.counts:
        key = (does, function)
        objects = client.objects.get(key, set()) | server.objects.get(key, set())
        yield Action(
            does=does,
            function=function,
            count=max(client.counts[key], server.counts[key]),
            objects=tuple(sorted(objects, key=_by_number)[:MOST_OBJECTS]),
            objects_total=len(objects),
        )


def _by_number(text: str) -> tuple[int, str]:
    return len(text), text


def _shown(text: str, longest: int) -> str:
    """Return a name that came out of packets as printable and short."""
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: longest + 1])
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
