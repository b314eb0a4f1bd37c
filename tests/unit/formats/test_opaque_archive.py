"""What is packed or encrypted in ways that are not read is named, and never called clean."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import Memory
from auditor.formats._polyglot import zip_at_the_end
from tests.model_samples import gguf, safetensors
from tests.model_samples._archives import zipped

HEADS = {
    "lz4": b"\x04\x22\x4d\x18\x64\x40",
    "lz4-legacy": b"\x02\x21\x4c\x18abcd",
    "zstandard": b"\x28\xb5\x2f\xfd\x04\x58",
    "zstandard-skippable": b"\x5a\x2a\x4d\x18\4\0\0\0abcd",
    "snappy": b"\xff\x06\x00\x00sNaPpY",
    "7z": b"7z\xbc\xaf\x27\x1c\0\4",
    "rar": b"Rar!\x1a\x07\x01\0",
    "compress": b"\x1f\x9d\x90abc",
    "gzip-of-another-method": b"\x1f\x8b\x07abc",
    "lzip": b"LZIP\1\x0c",
    "luks": b"LUKS\xba\xbe\0\2",
    "bitlocker": b"\xeb\x58\x90-FVE-FS-",
    "age": b"age-encryption.org/v1\n-> X25519",
    "age-armoured": b"-----BEGIN AGE ENCRYPTED FILE-----\n",
    "pgp-armoured": b"-----BEGIN PGP MESSAGE-----\n",
    "pgp-to-a-key": b"\x85\x01\x0c\x03abcdefgh\x01\x07\xff",
    "pgp-to-a-passphrase": b"\x8c\x0d\x04\x09\x03\x02abcdefgh",
    "openssl": b"Salted__abcdefgh",
    "openssl-as-text": b"U2FsdGVkX1+abcdefgh",
    "first-part-of-a-split-zip": b"PK\x07\x08PK\3\4",
    "zpaq": b"7kSt\xa0\x31",
    "cpio": b"070701000000",
    "ar": b"!<arch>\nfile.o/",
    "iso": b"\0" * 32769 + b"CD001",
}


@pytest.mark.parametrize("name", HEADS)
def test_it_cannot_be_inspected(name):
    found = formats.inspect(Memory(HEADS[name] + b"\x93" * 200))
    assert found is not None
    assert (found.model_format, found.verdict) == ("opaque_archive", "not-inspectable")
    assert found.reasons[0].detail.startswith("it is ")


@pytest.mark.parametrize("text", [b"7zip", b"some words", b"{}", b"\x85words", b"LZ", b"070a"])
def test_text_is_not_taken_for_one(text):
    found = formats.inspect(Memory(text * 20))
    assert found is None or found.model_format != "opaque_archive"


@pytest.mark.parametrize(
    "sample", [gguf.sample(), safetensors.sample()], ids=["gguf", "safetensors"]
)
def test_an_archive_behind_another_file_is_seen(sample):
    archive = zipped({"a.txt": b"words"})
    assert zip_at_the_end(Memory(sample)) == -1
    assert zip_at_the_end(Memory(sample + archive)) == len(sample) + archive.rindex(b"PK\5\6")
    assert formats.inspect(Memory(sample + archive)).verdict == "malformed"


def test_a_count_of_none_hides_no_archive():
    archive = zipped({"a.txt": b"words"})
    end = archive.rindex(b"PK\5\6")
    lying = archive[: end + 8] + b"\0" * 4 + archive[end + 12 :]
    assert zip_at_the_end(Memory(b"words" + lying)) == end + 5
    assert formats.inspect(Memory(b"\0" * 9 + lying)).verdict == "malformed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\5\6",
        b"PK\5\6" + b"\0" * 18,
        b"x" * 100 + b"PK\5\6" + b"\1" * 18,
        zipped({"a": b"b"}) + b"x" * 70_000,
    ],
    # An archive has the time in it: as a name it would differ from one process to the next.
    ids=["nothing", "magic alone", "no entries", "entries beyond", "too far from the end"],
)
def test_what_leads_to_no_entries_is_no_archive(data):
    assert zip_at_the_end(Memory(data)) == -1
