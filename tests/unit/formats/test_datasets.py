"""Training data and indexes: what they are is told, what they hold is not, and nothing hides."""

from __future__ import annotations

import json
import struct

import pytest

from auditor import formats
from auditor.formats import Budget, Context, FormatError, Memory
from auditor.formats._thrift import Compact
from auditor.formats.tfrecord import masked_checksum
from tests.model_samples import arrow, faiss, jsonl, lance, parquet, sqlite, tfrecord, usearch

PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."


def found(data):
    return formats.inspect(Memory(data))


def verdict(data):
    inspected = found(data)
    return (inspected.model_format, inspected.verdict) if inspected else None


def rules(data):
    return {(reason.rule, reason.verdict) for reason in found(data).reasons}


def test_parquet():
    inspected = found(parquet.sample())
    assert (inspected.model_format, inspected.role, inspected.verdict) == (
        "parquet",
        "dataset",
        "data",
    )
    assert (inspected.header.tensors, inspected.header.producer) == (1, "own writer")


def test_no_name_of_a_column_is_kept():
    for data in (parquet.sample(), arrow.sample(), jsonl.sample()):
        told = str(found(data))
        assert "salary" not in told
        assert "prompt" not in told


def test_encrypted_parquet_is_not_inspectable():
    encrypted = {("parquet-encrypted", "not-inspectable")}
    assert rules(parquet.sample(b"PARE", b"PARE")) == encrypted
    assert rules(parquet.sample(more=((8, 12, parquet.struct()),))) == encrypted
    assert rules(parquet.sample(chunk=((8, 12, parquet.struct()),))) == encrypted


def test_words_that_begin_like_parquet():
    assert verdict(b"PARENT_DIRECTORY\n\nA text.") is None
    assert verdict(b"PARE" + bytes(60)) == ("parquet", "malformed")


def test_values_in_another_file():
    inspected = found(parquet.sample(path=b"part-0.parquet"))
    assert inspected.verdict == "data"
    assert [(e.location, e.needed) for e in inspected.external] == [("part-0.parquet", 0)]
    for path in (b"/etc/passwd", b"../x", b"s3://bucket/x"):
        assert rules(parquet.sample(path=path)) == {("parquet-external-escapes", "dangerous")}


@pytest.mark.parametrize("name", [b"arrow.py_extension_type", b"ray.data.arrow_pickled_object"])
def test_types_that_are_pickles(name):
    for data in (parquet.sample(schema=name + PICKLE), arrow.sample(name + PICKLE)):
        assert found(data).verdict == "dangerous"
        assert ("arrow-pickled-type", "not-inspectable") in rules(data)
    assert rules(arrow.sample(name)) == {("arrow-pickled-type", "not-inspectable")}
    assert rules(arrow.sample(PICKLE)) == set()


WHOLE = parquet.sample()
PARQUET = {
    "mark-alone": b"PAR1",
    "no-mark-at-the-end": WHOLE[:-1],
    "bytes-behind": WHOLE + b"\0",
    "footer-beyond-the-file": WHOLE[:-8] + b"\xff\xff\xff\0PAR1",
    "footer-ends-early": WHOLE[:-8] + b"\x05\0\0\0PAR1",
    "list-longer-than-its-bytes": b"PAR1\x29\xfc\xff\xff\xff\x0f\x06\0\0\0PAR1",
    "unknown-type": b"PAR1\x1f\0\x02\0\0\0PAR1",
    "endless-number": b"PAR1\x15" + b"\xff" * 12 + b"\x0d\0\0\0PAR1",
}


@pytest.mark.parametrize("name", PARQUET)
def test_broken_parquet(name):
    assert verdict(PARQUET[name]) == ("parquet", "malformed")


def test_a_deep_footer_ends():
    deep = b"\x1c" * 5000
    data = b"PAR1" + deep + len(deep).to_bytes(4, "little") + b"PAR1"
    assert verdict(data) == ("parquet", "not-inspectable")
    huge = b"PAR1" + bytes(33 << 20) + (33 << 20).to_bytes(4, "little") + b"PAR1"
    assert verdict(huge) == ("parquet", "not-inspectable")


@pytest.mark.parametrize(
    "raw",
    [b"\x11\0", b"\x12\0", b"\x13a\0", b"\x17" + bytes(8) + b"\0", b"\x18\1a\0", b"\x19\x21\1\2\0",
     b"\x1a\x18\1a\0", b"\x1b\0\0", b"\x1b\1\x58\2\1a\0", b"\x1c\x15\2\0\0", b"\x1d" + bytes(16) + b"\0",
     b"\x05\x64\2\0"],
)  # fmt: skip
def test_every_type_of_thrift_is_stepped_over(raw):
    source = Compact(raw, Budget())
    for _, kind in source.fields():
        source.skip(kind)
    assert source.place == len(raw)


def test_steps_of_a_footer_are_counted():
    budget = Budget()
    budget.steps = 50
    with pytest.raises(FormatError) as caught:
        formats.load("parquet").inspect(
            Memory(b"PAR1" + b"\x15\0" * 100 + b"\0\xc9\0\0\0PAR1"), Context(budget=budget)
        )
    assert caught.value.rule == "limit-steps"


def test_arrow_streams():
    inspected = found(arrow.sample())
    assert (inspected.model_format, inspected.role, inspected.verdict) == (
        "arrow",
        "dataset",
        "data",
    )
    assert inspected.header.tensors == 1
    assert verdict(arrow.sample(tail=b"")) == ("arrow", "data")


def test_arrow_files_and_feather():
    assert verdict(arrow.file()) == ("arrow", "data")
    assert found(arrow.file()).header.tensors == 1
    assert found(arrow.file(b"arrow.py_extension_type" + PICKLE)).verdict == "dangerous"
    feather = b"FEA1" + bytes(8) + b"meta" + (4).to_bytes(4, "little") + b"FEA1"
    assert verdict(feather) == ("arrow", "data")
    assert verdict(feather[:-1]) == ("arrow", "malformed")
    assert verdict(b"ARROW1\0\0" + bytes(40)) == ("arrow", "malformed")
    assert verdict(b"ARROW1\0\0" + bytes(40) + (4).to_bytes(4, "little") + b"ARROW1") == (
        "arrow",
        "malformed",
    )


def test_broken_streams():
    assert rules(arrow.sample(tail=arrow.END + b"PK")) == {("arrow-trailing-bytes", "malformed")}
    assert rules(arrow.sample(tail=b"text")) == {("arrow-trailing-bytes", "malformed")}
    cut = arrow.sample(tail=arrow.message(arrow.table(body=8)))
    assert verdict(cut) == ("arrow", "malformed")
    assert verdict(b"\xff" * 100) is None


def test_tfrecord():
    assert (
        masked_checksum(b"123456789")
        == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    )
    assert verdict(tfrecord.sample()) == ("tfrecord", "data")


TFRECORD = {
    "second-record-is-cut": tfrecord.record(b"first") + tfrecord.record(b"second")[:-1],
    "wrong-checksum-of-a-length": tfrecord.record(b"first") + bytes(20),
    "wrong-checksum-of-the-first-record": tfrecord.record(b"first")[:-1] + b"\0",
    "bytes-behind": tfrecord.sample() + b"\0",
}


@pytest.mark.parametrize("name", TFRECORD)
def test_broken_tfrecords(name):
    assert verdict(TFRECORD[name]) == ("tfrecord", "malformed")


def test_a_pickle_that_is_a_tfrecord_as_well_is_a_pickle():
    length = struct.pack("<BBBBI", ord("C"), 30, 1, 0, 0)
    head = length + struct.pack("<I", masked_checksum(length))
    evil = head + bytes(20) + b"0cposix\nsystem\n(S'id'\ntR."
    data = evil.ljust(int.from_bytes(length, "little") + 16, b"\0")
    assert verdict(data)[0] != "tfrecord"


def test_json_lines():
    assert verdict(jsonl.sample()) == ("jsonl", "data")
    assert verdict(jsonl.sample().replace(b"\n", b"\r\n")) == ("jsonl", "data")
    long = json.dumps({"text": "x" * 5000}).encode()
    assert verdict(long + b"\n" + long + b"\n" + long) == ("jsonl", "data")
    many = b'{"a": 1}\n' * 200_000
    assert verdict(many + b"no table") == ("jsonl", "data")


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}', b'{"a": 1}\n', b'{\n"a": 1}\n', b'{"a": 1,\n"b": 2}\n', b'{"a": 1}\n2\n',
        b'{"a": 1}\n[]\n', b"{}\n{", b"{", b'{"a": {\n"b": 1}\n}', b'{"a":"' + b"x" * (2 << 20),
    ],
)  # fmt: skip
def test_other_json_is_no_data_set(data):
    assert verdict(data) is None


def test_a_line_that_is_no_table():
    assert verdict(jsonl.sample() + b"text\n") == ("jsonl", "malformed")
    assert verdict(jsonl.sample() + b'{"a": ' + b"[" * 100_000) == ("jsonl", "malformed")


def test_faiss():
    inspected = found(faiss.sample())
    assert (inspected.model_format, inspected.role, inspected.verdict) == ("faiss", "index", "data")
    assert inspected.header.architecture == "IxF2, 3 vectors of 4"
    assert found(faiss.binary()).header.architecture == "IBxF, 2 vectors of 64"
    assert verdict(faiss.head(b"IHNf")) == ("faiss", "data")
    assert verdict(
        faiss.head(b"IxFl", metric=4) + bytes(4) + struct.pack("<Q", 12) + bytes(48)
    ) == ("faiss", "data")


def test_lists_of_an_index_in_another_file_are_told():
    inspected = found(faiss.on_disk())
    assert [(e.location, e.needed) for e in inspected.external] == [("/data/lists", 48)]
    assert rules(faiss.on_disk()) == {("faiss-on-disk", "unlisted")}
    assert verdict(faiss.on_disk()[:-9]) == ("faiss", "data")


def test_lists_of_an_index_within_another_are_told():
    wrapped = faiss.head(b"IxMp") + faiss.on_disk()
    assert [e.location for e in found(wrapped).external] == ["/data/lists"]
    both = faiss.on_disk(b"a") + faiss.on_disk(b"/etc/b")
    assert [e.location for e in found(both).external] == ["a", "/etc/b"]


FAISS = {
    "vectors-missing": faiss.sample()[:-1],
    "bytes-behind": faiss.sample() + b"\0",
    "another-count": faiss.head() + struct.pack("<Q", 13) + bytes(52),
    "more-than-any-file": faiss.head(b"IHNf", 1 << 23, 1 << 60),
}


@pytest.mark.parametrize("name", FAISS)
def test_broken_indexes(name):
    assert verdict(FAISS[name]) == ("faiss", "malformed")


@pytest.mark.parametrize(
    "data",
    [b"IxF2", b"IxF2" + bytes(60), b"I am a text", faiss.binary(width=63), faiss.head(width=0)],
)
def test_other_files_are_no_faiss(data):
    assert verdict(data) is None


def test_indexes_known_by_a_mark_elsewhere():
    assert verdict(usearch.sample()) == ("usearch", "data")
    assert found(usearch.sample()).header.producer == "USearch 2.1.0"
    assert verdict(usearch.sample()[:33]) == ("usearch", "malformed")
    assert verdict(lance.sample()) == ("lance", "data")
    assert found(lance.sample()).header.producer == "Lance file 0.2"
    assert verdict(bytes(64) + b"\xff\xff\xff\xffLANC") is None


def test_sqlite():
    inspected = found(sqlite.sample())
    assert (inspected.role, inspected.verdict, inspected.header.architecture) == (
        "index",
        "data",
        "Chroma",
    )
    assert found(sqlite.sample(text=b"CREATE TABLE x(a)")).role == "unknown"
    assert rules(sqlite.sample() + b"PK") == {("sqlite-trailing-bytes", "malformed")}
    assert rules(sqlite.sample(pages=2)) == {("sqlite-truncated", "malformed")}
    assert verdict(sqlite.sample(page=513)) == ("sqlite", "malformed")
    assert verdict(b"SQLite format 3\0") == ("sqlite", "malformed")
