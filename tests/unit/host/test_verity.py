"""The digest that the kernel holds a file to, told or refused."""

import errno
import os

import pytest

from auditor.host import Absent, Unreadable
from auditor.host import _verity as verity
from auditor.host.tree import TreeHost


def answering(algorithm, digest, length=None):
    def ioctl(_descriptor, request, buffer, _mutate):
        assert request == 0xC0046686
        assert int.from_bytes(buffer[2:4], "little") == 64
        buffer[:2] = algorithm.to_bytes(2, "little")
        buffer[2:4] = (len(digest) if length is None else length).to_bytes(2, "little")
        buffer[4 : 4 + len(digest)] = digest
        return 0

    return ioctl


def failing(number):
    def ioctl(*_arguments):
        raise OSError(number, "no")

    return ioctl


@pytest.fixture
def file(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    return tmp_path / "file"


def measured(path, ioctl):
    return verity.measured(os.fsencode(path), str(path), ioctl=ioctl)


def test_digests(file):
    assert measured(file, answering(1, bytes(range(32)))) == f"sha256:{bytes(range(32)).hex()}"
    assert measured(file, answering(2, bytes(range(64)))) == f"sha512:{bytes(range(64)).hex()}"


def test_a_file_without(file):
    assert measured(file, failing(errno.ENODATA)) == ""


@pytest.mark.parametrize("number", [errno.ENOTTY, errno.EOPNOTSUPP, errno.EACCES, errno.EIO])
def test_a_refusal_is_not_a_file_without(file, number):
    with pytest.raises(Unreadable):
        measured(file, failing(number))


@pytest.mark.parametrize(
    "ioctl",
    [
        answering(3, bytes(32)),
        answering(1, bytes(20)),
        answering(1, bytes(32), 64),
        answering(0, b""),
    ],
)
def test_a_digest_of_another_kind_is_none(file, ioctl):
    with pytest.raises(Unreadable) as caught:
        measured(file, ioctl)
    assert caught.value.reason == "unsupported"


def test_what_is_no_file(tmp_path):
    with pytest.raises(Absent):
        measured(tmp_path / "nothing", failing(errno.ENODATA))
    with pytest.raises(Unreadable):
        measured(tmp_path, failing(errno.ENODATA))
    with pytest.raises(Unreadable) as caught:
        TreeHost(tmp_path).verity_digest("/file")
    assert caught.value.reason == "unsupported"
