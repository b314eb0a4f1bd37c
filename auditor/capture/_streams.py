"""Puts what one end sent in order, and cuts it into messages; what does not hold is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from auditor.capture.talks import Segment

_WORD, _HALF = 1 << 32, 1 << 31
# What asks whether the other end is still there: a byte once more, that need not be the same.
_KEEP_ALIVE = b"\0"

# The length of the message that begins at an offset; 0: more bytes are needed, -1: none begins.
Size = Callable[[bytes, int], int]


def stream(segments: Iterable[Segment], size: Size) -> Iterator[bytes | None]:
    """Yield the messages of one direction of a TCP connection; `None` for a piece that is none.

    So is a hole, whose bytes were not captured, and a place where other bytes were sent again:
    nobody can say which of both the other end took.
    """
    for number, (run, starts, sound) in enumerate(_runs(_by_number(segments))):
        if number:
            yield None
        if not sound:
            yield None
        yield from _cut(run, starts, size)


def datagrams(segments: Iterable[Segment], size: Size) -> Iterator[bytes | None]:
    """Yield the messages of datagrams or frames, which hold whole ones."""
    for segment in segments:
        yield from _cut(segment.data, (), size)


def _by_number(segments: Iterable[Segment]) -> list[tuple[int, bytes]]:
    """Return the segments with their distance from the first, in the order of the stream."""
    placed: list[tuple[int, bytes]] = []
    begin = -1
    for segment in segments:
        if begin < 0:
            begin = segment.seq
        distance = (segment.seq - begin) % _WORD
        placed.append((distance - _WORD if distance >= _HALF else distance, segment.data))
    placed.sort(key=lambda pair: pair[0])
    return placed


def _runs(placed: list[tuple[int, bytes]]) -> Iterator[tuple[bytes, list[int], bool]]:
    """Yield runs without a hole, the places where segments begin, and whether they agree."""
    run, starts, at, sound = bytearray(), [0], 0, True
    for place, data in placed:
        if not run:
            at = place
        hole = place - (at + len(run))
        if hole > 0:
            yield bytes(run), starts, sound
            run, starts, at, sound, hole = bytearray(), [0], place, True, 0
        elif hole < 0 and data != _KEEP_ALIVE:
            before = run[place - at : place - at + len(data)]
            sound = sound and data[: len(before)] == before
        fresh = data[-hole:]  # what was sent before is not sent again
        if fresh and -hole < len(data):
            starts.append(len(run))
            run += fresh
    if run:
        yield bytes(run), starts, sound


def _cut(data: bytes, starts: Iterable[int], size: Size) -> Iterator[bytes | None]:
    """Yield messages; after a piece that is none it goes on where the next segment begins."""
    later = iter(sorted(starts))
    at = 0
    while at < len(data):
        length = size(data, at)
        if length > 0 and at + length <= len(data):
            yield data[at : at + length]
            at += length
            continue
        yield None
        at = next((start for start in later if start > at), len(data))
