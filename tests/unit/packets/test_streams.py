"""Streams: order, overlap, turn of the sequence numbers, bounds."""

from __future__ import annotations

from random import Random

import pytest

from auditor.packets.streams import MOST_WAITING, Stream

TEXT = bytes(range(256)) * 8


def test_segments_in_order_are_data_at_once() -> None:
    stream = Stream(1000, 16384)
    assert stream.add(1000, b"GET / ")
    assert stream.add(1006, memoryview(b"HTTP/1.1"))
    assert stream.data == b"GET / HTTP/1.1"
    assert stream.missing == 0


def test_a_segment_ahead_waits_for_the_one_before() -> None:
    stream = Stream(0, 100)
    assert not stream.add(3, b"def")
    assert stream.missing == 3
    assert stream.add(0, b"abc")
    assert stream.data == b"abcdef"


def test_sequence_numbers_turn_over() -> None:
    stream = Stream(0xFFFFFFFE, 100)
    assert not stream.add(2, b"ef")
    assert stream.add(0xFFFFFFFE, b"abcd")
    assert stream.data == b"abcdef"


def test_a_start_beyond_the_turn_is_the_same_number() -> None:
    stream = Stream(1 << 32, 100)
    assert stream.add(0, b"a")


@pytest.mark.parametrize("seed", range(50))
def test_any_order_with_overlaps_gives_the_text(seed: int) -> None:
    random = Random(seed)
    start = random.randrange(1 << 32)
    pieces = []
    at = 0
    while at < len(TEXT):
        end = min(len(TEXT), at + random.randrange(20, 200))
        pieces.append((max(at - random.randrange(20), 0), end))
        at = end
    pieces += random.choices(pieces, k=10)
    random.shuffle(pieces)
    stream = Stream(start, 1 << 14)
    for begin, end in pieces:
        stream.add((start + begin) % (1 << 32), TEXT[begin:end])
    assert stream.data == TEXT
    assert not stream.contradicted
    assert stream.missing == 0


def test_what_came_first_is_kept_and_a_contradiction_is_told() -> None:
    stream = Stream(0, 100)
    stream.add(0, b"evil.example")
    assert not stream.add(0, b"good.example")
    assert stream.data == b"evil.example"
    assert stream.contradicted


def test_a_contradiction_among_waiting_segments_is_told() -> None:
    stream = Stream(0, 100)
    stream.add(4, b"aaaa")
    stream.add(2, b"xxbb")
    assert stream.contradicted
    stream.add(0, b"..")
    assert stream.data == b"..xxaaaa"


def test_the_same_bytes_again_are_no_contradiction() -> None:
    stream = Stream(0, 100)
    stream.add(4, b"efgh")
    stream.add(2, b"cdefghij")
    stream.add(0, b"abcdef")
    stream.add(0, b"abcdefghij")
    assert stream.data == b"abcdefghij"
    assert not stream.contradicted


def test_no_more_than_the_bound_is_held() -> None:
    stream = Stream(0, 10)
    assert stream.add(0, b"12345678")
    assert not stream.full
    assert stream.add(8, b"90abc")
    assert stream.full
    assert stream.data == b"1234567890"
    assert not stream.add(13, b"more")


def test_a_segment_far_ahead_is_dropped() -> None:
    stream = Stream(0, 10)
    assert not stream.add(10, b"far")
    assert stream.missing == 0


def test_waiting_segments_are_bounded() -> None:
    stream = Stream(0, 100_000)
    for number in range(10_000):
        stream.add(1 + number * 2, b"x")
    assert stream.add(0, b"x")
    assert len(stream.data) <= 2 * MOST_WAITING
    full = Stream(0, 100_000)
    for number in range(MOST_WAITING):
        full.add(1 + number * 2, b"b")
    assert full.add(0, b"a")
    assert full.data == b"ab"


def test_consumed_bytes_make_room() -> None:
    stream = Stream(0, 10)
    stream.add(0, b"1234567890")
    stream.consume(6)
    assert stream.data == b"7890"
    assert stream.add(10, b"abc")
    assert stream.data == b"7890abc"
    assert not stream.add(0, b"123456")
    assert not stream.contradicted


def test_what_lacks_may_be_given_up() -> None:
    stream = Stream(0, 100)
    assert not stream.jump()
    stream.add(0, b"half a mess")
    stream.add(20, b"next")
    stream.add(30, b"last")
    assert stream.jump()
    assert stream.data == b"next"
    assert stream.missing == 6
    assert stream.add(24, b"______")
    assert stream.data == b"next______last"


def test_an_empty_segment_is_nothing() -> None:
    stream = Stream(5, 100)
    assert not stream.add(5, b"")
    assert not stream.add(4, b"\0")
    assert not stream.data
