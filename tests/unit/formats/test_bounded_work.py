"""A small file is no long work: what costs much a byte ends soon, with its reason."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import struct
import time
import zipfile

import pytest

from auditor import formats
from auditor.formats import Budget, FormatError, Memory
from auditor.formats._budget import MAX_INFLATED, MAX_STEPS
from tests.formats_reading import judged, rules
from tests.model_samples._archives import zipped
from tests.model_wire import field

# Ten times what it takes on one slow core: each of these took from 20 seconds to minutes.
SECONDS = 15


def local(name=b"a", packed=0, lengths=None, method=0, extra=b""):
    """Return a local header of zip; `lengths` of name and extra fields may be lies."""
    names, extras = lengths or (len(name), len(extra))
    head = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, 0, method, 0, 33, 0, packed, packed, names, extras
    )
    return head + name + extra


def within(count: int, tail: bytes) -> bytes:
    """Return headers of which each one's member is all that follows it."""
    size = len(local()) * count + len(tail)
    heads = (local(packed=size - len(local()) * (at + 1)) for at in range(count))
    return b"".join(heads) + tail


def fan(depth: int, opened: int) -> bytes:
    """Return a graph of TensorFlow in which a file's name is joined of one that is joined of..."""
    joined = [node(b"n%d" % at, b"StringJoin", *[b"n%d" % (at - 1)] * 2) for at in range(depth)]
    opens = [node(b"r", b"RestoreV2", b"n%d" % (depth - 1))] * opened
    return b"".join([*joined, *opens])


def node(name: bytes, operator: bytes, *inputs: bytes) -> bytes:
    return field(1, field(1, name) + field(2, operator) + b"".join(field(3, i) for i in inputs))


def packed(content: bytes, count: int) -> bytes:
    return zipped([(f"m{number}", content) for number in range(count)], zipfile.ZIP_DEFLATED)


FAR = local(b"", packed=5, lengths=(0xFFFF, 0xFFFF)) * 30_000
FIELDS = local(b"a", extra=b"\1\0\0\0" * 16_000)
HARD = {
    "headers_whose_names_are_the_file": FAR,
    "headers_of_members_of_a_few_bytes": local(packed=124) * 29_000,
    "forty_archives_in_each_other_before_headers": within(40, FAR[:90_000]),
    "fifty_archives_in_each_other": within(50, b""),
    "headers_with_thousands_of_fields": FIELDS + FAR[:300_000],
    "letters_c_behind_a_pickle": b"\x80\x02N." + b"c" * 900_000,
    "a_quarter_of_a_million_pickles": b"\x80\x02N." * 225_000,
    "beginnings_of_pickles_behind_one": b"\x80\x02N.\0" + b"\x80\x02]" * 300_000,
    "names_of_files_that_are_doubled": fan(100, 38_000),
    "members_of_ends_of_archives": packed(b"x" + b"PK\5\6" * 16_000, 4_000),
    "members_of_marks": packed(b"(" * 4_000 + b"\xff", 6_000),
    "opcodes_in_bzip2": bz2.compress(b"\x80\x02]" + b"N0" * (1 << 25)),
    "a_gigabyte_in_bzip2": bz2.compress(bytes(range(256)) * (1 << 15)) * 150,
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_it_ends_soon_and_is_no_pass(name):
    begun = time.process_time()
    found = formats.inspect(Memory(HARD[name]))
    assert time.process_time() - begun < SECONDS
    assert found is not None
    assert found.verdict in ("malformed", "not-inspectable")
    assert found.reasons


def test_a_file_pays_for_its_size_and_for_what_comes_out_of_it():
    small, large = Budget(0), Budget(1 << 30)
    assert small.steps < 2_000_000 < large.steps == MAX_STEPS
    assert small.inflated < large.inflated == MAX_INFLATED
    before = Budget(1000)
    steps = before.steps
    before.inflate(500)
    before.inflate(1 << 20)
    assert before.steps == steps + 3_000


def test_the_budget_says_how_much_it_was():
    budget = Budget(1)
    with pytest.raises(FormatError, match="more than 1500001 steps"):
        budget.step(2_000_000)


def test_large_plain_data_that_is_packed_well_is_still_read():
    """A hundred thousand small dicts, in a fortieth of their size."""
    whole = pickle.dumps([{"a": number, "b": [number, None, True]} for number in range(100_000)])
    assert rules(judged(gzip.compress(whole))) == set()


def test_a_member_that_is_called_by_more_letters_than_a_text_is_none():
    name = "x" * 60_000 + "/" + "y" * 5_000
    assert judged(zipped([(name, b"abc")])).verdict == "data"


def test_many_fields_of_nothing_are_malformed_where_something_follows_them():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.extra = b"\xfe\xca\0\0" * 64
        archive.writestr(info, b"abc")
        other = zipfile.ZipInfo("b.txt")
        other.extra = b"\xfe\xca\0\0" * 65
        archive.writestr(other, b"abc")
    told = [reason.detail for reason in judged(made.getvalue()).reasons]
    assert any("b.txt" in detail for detail in told)
    assert not any("a.txt" in detail for detail in told)
