"""Device-mapper tables as the kernel answers them; keys never come out."""

import errno
import struct

import pytest

from auditor.host import Unreadable
from auditor.host import _mapper as mapper

KEY = "0123456789abcdef" * 8


def answer(*targets, count=None, following=None):
    """Return a buffer as DM_TABLE_STATUS leaves it."""
    buffer = mapper.request(b"x", 8192)
    offset = start = 312
    for begin, length, kind, parameters in targets:
        body = parameters.encode() + b"\0"
        size = (40 + len(body) + 7) // 8 * 8
        after = offset + size - start if following is None else following
        struct.pack_into("=QQiI16s", buffer, offset, begin, length, 0, after, kind.encode())
        buffer[offset + 40 : offset + 40 + len(body)] = body
        offset += size
    struct.pack_into("=I", buffer, 20, len(targets) if count is None else count)
    return buffer


def test_the_request_is_the_kernels_structure():
    buffer = mapper.request(b"luks-root", 4096)
    assert mapper._HEADER.size == 312 == (mapper.TABLE_STATUS >> 16) & 0x3FFF
    assert struct.unpack_from("=3I", buffer) == (4, 0, 0)
    assert buffer[48:57] == b"luks-root"


def test_keys_are_replaced_in_every_kind_of_target():
    lines = mapper.parse(
        answer(
            (0, 100, "crypt", f"aes-xts-plain64 {KEY} 0 8:3 4096 1 allow_discards"),
            (100, 50, "linear", "8:4 0"),
            (150, 50, "integrity", f"8:4 0 28 J 2 internal_hash:hmac(sha256):{KEY} block_size:512"),
            (200, 9, "crypt", ":64:logon:cryptsetup:x 0 8:3 4096"),
        )
    )
    assert lines[0] == "0 100 crypt aes-xts-plain64 :64:raw:- 0 8:3 4096 1 allow_discards"
    assert lines[1] == "100 50 linear 8:4 0"
    assert lines[2] == "150 50 integrity 8:4 0 28 J 2 internal_hash:hmac(sha256):- block_size:512"
    assert KEY not in " ".join(lines)


@pytest.mark.parametrize(
    "buffer",
    [
        answer((0, 1, "crypt", "a b"), count=2, following=9000),
        answer((0, 1, "crypt", "a b"), count=2**32 - 1, following=0),
        answer((0, 1, "crypt", "a b"), count=2, following=2**32 - 1),
        answer((0, 1, "crypt", "a b"), count=2**32 - 1, following=7872),
    ],
)
def test_offsets_that_lead_out_are_malformed(buffer):
    with pytest.raises(Unreadable) as caught:
        mapper.parse(buffer)
    assert caught.value.reason == "malformed"


def test_a_table_that_does_not_fit_is_asked_again_and_buffers_are_wiped():
    buffers = []

    def ioctl(_descriptor, request, buffer, _mutate):
        assert request == mapper.TABLE_STATUS
        buffers.append(buffer)
        if len(buffers) == 1:
            struct.pack_into("=I", buffer, 28, 1 << 8)
        else:
            body = answer((0, 1, "crypt", f"aes {KEY} 0"))
            buffer[:8192] = body
        return 0

    assert mapper._ask(-1, "x", ioctl) == ("0 1 crypt aes :64:raw:- 0",)
    assert len(buffers[1]) > len(buffers[0])
    assert not any(any(buffer) for buffer in buffers)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENXIO, "unsupported"), (errno.EACCES, "denied"), (errno.EPERM, "denied")],
)
def test_refusals(number, reason):
    def ioctl(*_arguments):
        raise OSError(number, "no")

    with pytest.raises(Unreadable) as caught:
        mapper._ask(-1, "x", ioctl)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["", "x" * 128, "a\0b"])
def test_names_that_are_none(name):
    with pytest.raises(Unreadable):
        mapper._ask(-1, name, lambda *_: 0)
