"""Compressed files: what comes out is judged, and what breaks or follows the stream is told."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

import pytest

from auditor import formats
from auditor.formats import Budget, FormatError, Memory
from auditor.formats._inflated import Inflated, bzip2, deflate, xz
from auditor.formats._zlib_stream import gzip_member, zlib_stream
from tests.formats_reading import EVIL, judged, rules
from tests.model_samples._archives import tarred, zipped

PICKLE = b"\x80\x02]q\x00(K\x01K\x02e."
PACKERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zlib": zlib.compress,
    "zlib-fast": lambda data: zlib.compress(data, 1),
    "zlib-best": lambda data: zlib.compress(data, 9),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("name", PACKERS)
def test_what_comes_out_is_judged(name):
    found = judged(PACKERS[name](EVIL))
    assert (found.model_format, found.verdict) == ("pickle", "dangerous")
    assert found.reasons[0].member == name.partition("-")[0]
    assert judged(PACKERS[name](PICKLE)).verdict == "data"


@pytest.mark.parametrize("name", PACKERS)
def test_archives_and_further_packing_are_opened(name):
    assert judged(PACKERS[name](tarred({"a": EVIL}))).verdict == "dangerous"
    assert judged(PACKERS[name](zipped({"a": EVIL}))).verdict == "dangerous"
    assert judged(PACKERS[name](PACKERS["gzip"](EVIL))).verdict == "dangerous"


@pytest.mark.parametrize("name", ["gzip", "zlib", "bzip2", "xz"])
def test_streams_behind_one_another_are_one(name):
    pack = PACKERS[name]
    half = len(EVIL) // 2
    assert judged(pack(EVIL[:half]) + pack(EVIL[half:])).verdict == "dangerous"


MALFORMED = {
    **{f"{name}-cut": pack(b"words " * 400)[:-6] for name, pack in PACKERS.items()},
    **{f"{name}-bytes-behind": pack(b"words " * 400) + b"tail" for name, pack in PACKERS.items()},
    **{f"{name}-pickle-behind": pack(b"words " * 40) + EVIL for name, pack in PACKERS.items()},
    "gzip-checksum": PACKERS["gzip"](b"words")[:-8] + b"\0" * 8,
    "zlib-checksum": zlib.compress(b"words")[:-4] + b"\0" * 4,
    "gzip-archive-behind": PACKERS["gzip"](b"words") + zipped({"a": EVIL}),
    "gzip-second-member-broken": PACKERS["gzip"](b"words") + b"\x1f\x8b\x08\0broken",
    "xz-checksum": lzma.compress(b"words" * 9)[:-30] + b"\1" + lzma.compress(b"words" * 9)[-29:],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    found = judged(MALFORMED[name])
    assert found.verdict in ("malformed", "dangerous"), found
    assert rules(found) & {"stream-broken", "stream-tail"}


def with_fields(flags, fields):
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0" * 6 + fields + PACKERS["gzip"](EVIL)[10:]


@pytest.mark.parametrize(
    "flags,fields", [(8, b"name\0"), (16, b"note\0"), (4, b"\3\0abc"), (28, b"\1\0xn\0c\0")]
)
def test_a_header_with_more_fields_is_passed_over(flags, fields):
    assert judged(with_fields(flags, fields)).verdict == "dangerous"
    assert judged(with_fields(flags, fields[:-1])[:11]).verdict == "malformed"


def test_a_wrong_checksum_hides_nothing():
    for packed in (zlib.compress(EVIL)[:-1] + b"\0", PACKERS["gzip"](EVIL)[:-8] + b"\0" * 8):
        found = judged(packed)
        assert (found.verdict, "stream-broken" in rules(found)) == ("dangerous", True)


def test_tapes_pad_with_zeros():
    assert judged(PACKERS["gzip"](b"\x80\x04N.") + b"\0" * 512).verdict == "data"


def test_nothing_in_it_is_nothing():
    assert judged(PACKERS["gzip"](b"")).verdict == "data"


def test_packing_around_what_is_unknown_tells_no_more_than_without_it():
    for pack in PACKERS.values():
        assert formats.inspect(Memory(pack(b"some words"))) is None
        assert formats.inspect(Memory(pack(pack(b"some words")))) is None
    assert judged(PACKERS["gzip"](b"some words") + b"tail").verdict == "malformed"


def test_a_dictionary_that_is_too_large_cannot_be_inspected():
    packed = lzma.compress(
        EVIL, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    )
    found = judged(packed)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"stream-broken"})


def test_more_than_is_read_cannot_be_inspected():
    bomb = gzip.compress(b"\0" * (32 << 20), 1) * 40
    found = judged(bomb)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"limit-inflated"})


@pytest.mark.parametrize(
    "data",
    [
        b"\x78\x9c", b"\x78\x9cwords", b"BZh9words", b"\x1f\x8b", b"x\xdaA",
        # The head of a NIfTI image: 348, then zeros.
        b"\x5c\1\0\0" + bytes(344),
    ],
)  # fmt: skip
def test_two_bytes_alone_are_a_likeness(data):
    found = formats.inspect(Memory(data))
    assert found is None or found.model_format != "compressed"


def stream(data, opener, **more):
    return Inflated(Memory(data), opener, Budget(), **more)


@pytest.mark.parametrize(
    "pack,opener",
    [
        (zlib.compress, zlib_stream),
        (lambda data: bz2.compress(data, 1), bzip2),
        (lambda data: lzma.compress(data, preset=0), xz),
        (lambda data: gzip.compress(data, mtime=0), gzip_member),
        (lambda data: zlib.compress(data)[2:-4], deflate),
    ],
)
def test_any_place_can_be_read_in_any_order(pack, opener):
    whole = b"".join(number.to_bytes(4, "little") for number in range(1_500_000))
    view = stream(pack(whole), opener)
    assert view.at(5, 20) == whole[5:25]
    assert view.size == len(whole)
    for offset in (5_900_000, 0, 3_000_001, 70_000, 2, 5_999_990):
        assert view.at(offset, 50) == whole[offset : offset + 50]
    assert view.at(1_000_000, 3_000_000) == whole[1_000_000:4_000_000]
    assert view.at(len(whole), 1) == view.at(-1, 1) == b""
    assert view.trouble == ""


def test_memory_is_bounded_and_what_is_read_again_is_charged_again():
    budget = Budget()
    view = Inflated(Memory(zlib.compress(b"\0" * (40 << 20))), zlib_stream, budget)
    assert view.size == 40 << 20
    assert len(view._kept) <= 5 << 20
    before = budget.inflated
    view.at(1 << 20, 1)
    assert budget.inflated < before

    def to_and_fro():
        for _ in range(200):
            view.at(39 << 20, 1)
            view.at(1 << 20, 1)

    with pytest.raises(FormatError) as caught:
        to_and_fro()
    assert caught.value.rule == "limit-inflated"
