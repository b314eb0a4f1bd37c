"""Whatever a device begins with, the reader of LUKS headers ends, bounded, in a word or a record."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence.volumes import LuksFacts
from auditor.host import Unreadable
from auditor.host._key_form import HEAD, form_of
from auditor.host._luks import parse

MOST = 24 * 1024 * 1024
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def header(document, size=16384, offset=0, sequence=1):
    magic = b"SKUL\xba\xbe" if offset else b"LUKS\xba\xbe"
    head = bytearray(4096)
    head[:6], head[6:8] = magic, b"\0\2"
    head[8:16], head[16:24] = size.to_bytes(8, "big"), sequence.to_bytes(8, "big")
    head[72:78] = b"sha256"
    head[256:264] = offset.to_bytes(8, "big")
    area = document[: size - 4096].ljust(size - 4096, b"\0")
    head[448:480] = hashlib.sha256(bytes(head) + area).digest()
    return bytes(head) + area


def outcome(data):
    asked = 0

    def read(offset, length):
        nonlocal asked
        part = data[offset : offset + length]
        asked += len(part)
        return part

    try:
        return parse(read, "/dev/x")
    except Unreadable as error:
        return error.reason
    finally:
        assert asked <= MOST


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=9000), st.sampled_from([b"", b"LUKS\xba\xbe\0\1", b"LUKS\xba\xbe\0\2"]))
def test_any_bytes(data, begin):
    assert isinstance(outcome(begin + data), LuksFacts | str)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.dictionaries(
                st.sampled_from(["0", "1", "x", "99999"]), json_values, max_size=3
            )
            for name in ("keyslots", "segments", "tokens", "config")
        },
    )
)
def test_any_metadata_behind_a_checksum_that_holds(document):
    found = outcome(header(json.dumps(document).encode()))
    assert isinstance(found, LuksFacts | str)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2 * 16384 - 1), st.integers(1, 255))
def test_a_flipped_byte_never_changes_what_is_told(at, mask):
    document = json.dumps({
        "keyslots": {}, "tokens": {}, "config": {},
        "segments": {"0": {"type": "crypt", "encryption": "aes-xts-plain64"}},
    }).encode()  # fmt: skip
    whole = header(document) + header(document, offset=16384)
    spoilt = bytearray(whole)
    spoilt[at] ^= mask
    before, after = outcome(whole), outcome(bytes(spoilt))
    assert isinstance(before, LuksFacts)
    if isinstance(after, LuksFacts):
        assert after.segments == before.segments
    else:
        assert after == "unsupported"  # the version itself was hit
        assert at in (6, 7)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=HEAD), st.sampled_from([b"", b"-----BEGIN PRIVATE KEY-----\n",
       b"-----BEGIN OPENSSH PRIVATE KEY-----\n"]))  # fmt: skip
def test_any_key_file_has_a_form(data, begin):
    assert form_of((begin + data)[:HEAD]) in ("open", "passphrase", "public", "other")
