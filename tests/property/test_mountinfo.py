"""The kernel's mount and swap lists, and device-mapper tables, from arbitrary bytes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect._mapper_layer import by_table, by_uuid
from auditor.collect._mountinfo import Malformed, parse_mounts, parse_swaps
from auditor.evidence import Origin
from auditor.evidence.storage import Mount, Swap

ORIGIN = Origin("storage", "x")
LINES = st.lists(
    st.sampled_from([b"1", b"0:1", b"/", b"-", b"- ", b" - ", b" ", b"\n", b"rw", b"\\040", b"\\777", b"/a", b"ext4", b"Filename", b"partition"]),
    max_size=40,
).map(b"".join)  # fmt: skip


def escaped(raw: bytes) -> bytes:
    """Escape as seq_escape(" \\t\\n\\\\") of the kernel does."""
    return b"".join(b"\\%03o" % c if c in b" \t\n\\" else bytes([c]) for c in raw)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | LINES)
def test_any_bytes_give_records_or_malformed_lines(data):
    for found, kind in ((parse_mounts(data, ORIGIN), Mount), (parse_swaps(data, ORIGIN), Swap)):
        assert all(isinstance(item, (kind, Malformed)) for item in found)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40).filter(lambda raw: b"\0" not in raw))
def test_every_mount_point_is_read_back(name):
    path = b"/" + name
    line = b"5 1 8:1 / " + escaped(path) + b" rw shared:1 - ext4 /dev/a rw\n"
    found = list(parse_mounts(line, ORIGIN))
    assert [m.path for m in found] == [path.decode("utf-8", "backslashreplace")]


WORDS = st.sampled_from(
    ["0", "8", "crypt", "linear", "aes-xts-plain64", "cipher_null-ecb", "-", "8:0", "x"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=7).map(" ".join), max_size=4), st.text(max_size=20))
def test_only_crypt_targets_alone_are_a_proof(lines, uuid):
    layer = by_table(tuple(lines))
    if layer is not None and layer.encryption == "verified":
        assert lines
        for line in lines:
            words = line.split()
            assert words[2] == "crypt"
            assert "null" not in words[3]
    assert by_uuid(uuid).encryption != "verified"
