"""Checkpoints of torch.distributed: archives end to end, each judged, and nothing in between."""

from __future__ import annotations

import struct

import pytest

from auditor.formats import Memory, _torch_parts, inspect
from tests.corpus._archives import hostile_torch, plain_zip, torch_zip
from tests.formats_reading import EVIL, judged, rules

GOOD, BAD = torch_zip(), hostile_torch()


def wide(data: bytes, *, at: int = 0) -> bytes:
    """Return an archive with a 64-bit end too, as torch writes it; `at` is where it says that is."""
    body, last = data[:-22], data[-22:]
    count, size, offset = struct.unpack_from("<HII", last, 10)
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at or len(body), 1)
    return body + end + locator + last


def test_several_archives_are_one_checkpoint():
    found = judged(GOOD + wide(GOOD) + GOOD)
    assert (found.model_format, found.role, found.verdict) == ("pytorch", "weights", "data")
    assert (found.header.parameters, found.header.tensors, found.reasons) == (12, 3, ())


@pytest.mark.parametrize("place", range(3))
def test_a_call_in_any_of_them_is_found_and_placed(place):
    parts = [GOOD, GOOD, GOOD]
    parts[place] = BAD
    found = judged(b"".join(parts))
    assert found.verdict == "dangerous"
    assert found.reasons[0].member == f"part {place}!archive/data.pkl"


@pytest.mark.parametrize(
    "data",
    [
        GOOD + b"\0" + GOOD,
        GOOD + b"\0" * 64 + GOOD,
        GOOD + EVIL + GOOD,
        GOOD + GOOD + b"\0",
        GOOD + GOOD + EVIL,
        b"\0" + GOOD + GOOD,
        GOOD + GOOD[:-1],
        GOOD[:-1] + GOOD,
        GOOD[1:] + GOOD,
        GOOD + plain_zip({"words.txt": b"words"}) + GOOD,
        GOOD + torch_zip(comment=b"words") + GOOD,
        GOOD + GOOD + torch_zip(comment=b"words"),
        GOOD + torch_zip(shifted=1) + GOOD,
        GOOD + torch_zip(gap=b"words") + GOOD,
        GOOD + torch_zip(count=2) + GOOD,
    ],
    ids=[
        "byte-between", "zeros-between", "pickle-between", "byte-behind", "pickle-behind",
        "byte-before", "last-cut", "first-cut", "beginning-cut", "plain-archive", "comment-within",
        "comment-last", "directory-shifted", "hole-in-a-part", "count-in-a-part",
    ],
)  # fmt: skip
def test_what_lies_beside_the_parts_is_malformed(data):
    found = inspect(Memory(data))
    assert found is not None
    assert found.verdict in ("malformed", "dangerous", "not-inspectable")


def test_more_parts_than_are_read_are_not_inspectable(monkeypatch):
    monkeypatch.setattr(_torch_parts, "MOST_PARTS", 3)
    assert judged(GOOD * 3).verdict == "data"
    found = judged(BAD + GOOD * 3)
    assert (found.verdict, rules(found)) == ("not-inspectable", {"limit-members"})


def test_parts_beyond_the_budget_are_no_pass():
    found = judged(GOOD * 9_000 + BAD)
    assert found.verdict == "dangerous"


def test_an_end_that_a_reader_finds_elsewhere_is_malformed():
    """The last part says where its 64-bit end is; counted from the file's beginning, another is."""
    last = wide(GOOD)
    record = last.index(b"PK\6\6")
    # The first part's own end lies where the last one says: that is no other archive.
    assert judged(last + last).verdict == "data"
    data = torch_zip(None, b"\0" * 16) + last
    at = data.index(b"PK\6\6")
    told = GOOD + wide(GOOD, at=at)
    assert record != at
    assert "torch-parts" in rules(judged(told))
