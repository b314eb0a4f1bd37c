"""LUKS headers made here by their on-disk formats, sound and spoilt; nothing of a key comes out."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest

from auditor.host import Absent, Unreadable
from auditor.host._luks import parse

SIZE = 16384
KEYSLOT = {
    "type": "luks2", "key_size": 64, "af": {"type": "luks1"}, "area": {"offset": "32768"},
    "kdf": {"type": "argon2id", "time": 4, "memory": 1048576, "cpus": 4, "salt": "c2FsdA=="},
}  # fmt: skip
CRYPT = {"type": "crypt", "offset": "16777216", "size": "dynamic", "iv_tweak": "0",
         "encryption": "aes-xts-plain64", "sector_size": 4096}  # fmt: skip


def metadata(**parts):
    whole = {
        "keyslots": {"0": KEYSLOT},
        "segments": {"0": CRYPT},
        "tokens": {},
        "digests": {"0": {"type": "pbkdf2", "digest": "ZGlnZXN0", "salt": "c2FsdA=="}},
        "config": {"json_size": "12288", "keyslots_size": "16744448"},
    }
    return {**whole, **parts}


def copy(document, offset=0, sequence=3, algorithm="sha256", size=SIZE):
    magic = b"SKUL\xba\xbe" if offset else b"LUKS\xba\xbe"
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = struct.pack(
        ">6sHQQ48s32s64s40s48sQ184s64s3584s", magic, 2, size, sequence, b"label",
        algorithm.encode(), b"\x11" * 64, b"uuid", b"", offset, b"", b"", b"",
    )  # fmt: skip
    area = body.ljust(size - 4096, b"\0")
    checksum = hashlib.new(algorithm, head + area).digest().ljust(64, b"\0")
    return head[:448] + checksum + head[512:] + area


def luks2(document=None, **second):
    document = document or metadata()
    return copy(document) + copy(**{"document": document, "offset": SIZE, **second})


def luks1(*slots, mode="xts-plain64", digest="sha256"):
    head = struct.pack(
        ">6sH32s32s32sII20s32sI40s", b"LUKS\xba\xbe", 1, b"aes", mode.encode(), digest.encode(),
        4096, 64, b"\x22" * 20, b"\x33" * 32, 1000, b"uuid",
    )  # fmt: skip
    filled = [*slots, *[0] * (8 - len(slots))]
    for count in filled:
        state = 0x00AC71F3 if count else 0x0000DEAD
        head += struct.pack(">II32sII", state, count, b"\x44" * 32, 8, 4000)
    return head.ljust(4096, b"\0")


def read(data):
    return lambda offset, length: data[offset : offset + length]


def facts(data):
    return parse(read(data), "/dev/sda3")


def test_luks2():
    found = facts(luks2())
    assert (found.version, found.key_bits, found.damaged_copies) == (2, 512, 0)
    assert [(s.segment_type, s.cipher, s.sector_size) for s in found.segments] == [
        ("crypt", "aes-xts-plain64", 4096)
    ]
    slot = found.keyslots[0]
    assert (slot.kdf, slot.memory, slot.passes, slot.cpus, slot.token) == (
        "argon2id", 1048576, 4, 4, "",
    )  # fmt: skip


def test_luks1():
    found = facts(luks1(1000, 0, 250000))
    assert (found.version, found.key_bits) == (1, 512)
    assert [(s.slot, s.kdf, s.hash, s.iterations) for s in found.keyslots] == [
        (0, "pbkdf2", "sha256", 1000),
        (2, "pbkdf2", "sha256", 250000),
    ]
    assert found.segments[0].cipher == "aes-xts-plain64"


def test_nothing_of_a_key_comes_out():
    text = repr(facts(luks2())) + repr(facts(luks1(1000)))
    assert not any(
        word in text for word in ("c2FsdA", "ZGlnZXN0", "\\x11", "\\x22", "\\x33", "DDDD")
    )


def test_sha512_and_a_larger_area():
    whole = copy(metadata(), algorithm="sha512", size=65536)
    assert facts(whole + copy(metadata(), 65536, size=65536)).damaged_copies == 0


def test_tokens_name_the_slots_that_they_open():
    tokens = {"0": {"type": "systemd-tpm2", "keyslots": ["1"], "tpm2-blob": "secret"}}
    slots = {"0": KEYSLOT, "1": {**KEYSLOT, "kdf": {"type": "pbkdf2", "hash": "sha512",
             "iterations": 1000, "salt": "x"}}}  # fmt: skip
    found = facts(luks2(metadata(tokens=tokens, keyslots=slots)))
    assert found.tokens == ("systemd-tpm2",)
    assert [(s.slot, s.token, s.iterations) for s in found.keyslots] == [
        (0, "", 0),
        (1, "systemd-tpm2", 1000),
    ]
    assert "secret" not in repr(found)


def test_a_reencryption_shows_by_requirement_and_by_keyslot():
    config = {"requirements": {"mandatory": ["online-reencrypt-v2"]}}
    assert facts(luks2(metadata(config=config))).requirements == ("online-reencrypt-v2",)
    slots = {"0": KEYSLOT, "1": {"type": "reencrypt", "key_size": 1, "mode": "encrypt"}}
    assert facts(luks2(metadata(keyslots=slots))).requirements == ("online-reencrypt",)


def test_segments_kept_as_a_backup_are_not_how_the_volume_is_now():
    segments = {"0": {"type": "linear"}, "1": {**CRYPT, "flags": ["backup-final"]}}
    assert [s.segment_type for s in facts(luks2(metadata(segments=segments))).segments] == [
        "linear"
    ]


def test_integrity_and_opal():
    segments = {"0": {**CRYPT, "integrity": {"type": "hmac(sha256)"}}, "1": {"type": "hw-opal"}}
    found = facts(luks2(metadata(segments=segments)))
    assert [(s.segment_type, s.integrity) for s in found.segments] == [
        ("crypt", "hmac(sha256)"),
        ("hw-opal", ""),
    ]


def test_the_newer_copy_counts():
    newer = metadata(segments={"0": {**CRYPT, "encryption": "cipher_null-ecb"}})
    assert facts(luks2(document=metadata(), sequence=2)).segments[0].cipher == "aes-xts-plain64"
    both = copy(metadata(), sequence=2) + copy(newer, SIZE, sequence=9)
    assert facts(both).segments[0].cipher == "cipher_null-ecb"


@pytest.mark.parametrize("at", [460, 4200], ids=["checksum", "json"])
def test_a_damaged_copy_is_counted_and_the_other_read(at):
    spoilt = bytearray(luks2())
    spoilt[at] ^= 1
    assert facts(bytes(spoilt)).damaged_copies == 1
    spoilt = bytearray(luks2())
    spoilt[SIZE + at] ^= 1
    assert facts(bytes(spoilt)).damaged_copies == 1


def test_a_wiped_first_copy_leaves_the_second():
    assert facts(bytes(SIZE) + luks2()[SIZE:]).damaged_copies == 1


@pytest.mark.parametrize(
    "data",
    [
        copy(metadata()),
        copy(b"[" * 12000) + copy(b"[" * 12000, SIZE),
        copy(b'{"keyslots": []}') + copy(b"\xff\xfe", SIZE),
        b"LUKS\xba\xbe\0\x02" + bytes(4088),
    ],
    ids=["one-copy", "deep", "not-luks", "empty"],
)
def test_headers_that_cannot_be_trusted(data):
    if data.startswith(copy(metadata())[:16]) and len(data) == SIZE:
        assert facts(data).damaged_copies == 1
        return
    with pytest.raises(Unreadable) as caught:
        facts(data)
    assert caught.value.reason == "malformed"


def test_other_versions_are_unsupported():
    with pytest.raises(Unreadable) as caught:
        facts(b"LUKS\xba\xbe\0\x07" + bytes(4088))
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("data", [b"", b"\0" * 65536, b"LUKS", b"\x53\xef" * 4096], ids=len)
def test_no_header(data):
    with pytest.raises(Absent):
        facts(data)


def test_a_cut_off_luks1_header_is_malformed():
    with pytest.raises(Unreadable, match="cut off"):
        facts(luks1(1)[:300])
