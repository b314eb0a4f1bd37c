"""The fscrypt policy of a directory, told or refused."""

import errno
import os

import pytest

from auditor.host import Absent, Unreadable
from auditor.host import _fscrypt as fscrypt


def answering(*head):
    def ioctl(_descriptor, request, buffer, _mutate):
        assert request == 0xC0096616
        assert int.from_bytes(buffer[:8], "little") == 24
        buffer[8 : 8 + len(head)] = bytes(head)
        return 0

    return ioctl


def failing(number):
    def ioctl(*_arguments):
        raise OSError(number, "no")

    return ioctl


def policy(path, ioctl):
    return fscrypt.policy(os.fsencode(path), str(path), ioctl=ioctl)


def test_policies(tmp_path):
    assert policy(tmp_path, answering(2, 1, 4, 0)) == "v2 AES-256-XTS/AES-256-CTS"
    assert policy(tmp_path, answering(0, 7, 8, 0)) == "v1 SM4-XTS/SM4-CTS"
    assert policy(tmp_path, answering(2, 99, 10, 0)) == "v2 mode 99/AES-256-HCTR2"


@pytest.mark.parametrize("number", [errno.ENODATA, errno.ENOTTY, errno.EOPNOTSUPP])
def test_not_encrypted(tmp_path, number):
    assert policy(tmp_path, failing(number)) == ""


def test_refusals_are_not_a_policy(tmp_path):
    with pytest.raises(Unreadable) as caught:
        policy(tmp_path, failing(errno.EACCES))
    assert caught.value.reason == "denied"
    with pytest.raises(Unreadable) as caught:
        policy(tmp_path, answering(3, 1, 4))
    assert caught.value.reason == "unsupported"
    with pytest.raises(Absent):
        policy(tmp_path / "nothing", answering(2, 1, 4))
    (tmp_path / "file").touch()
    with pytest.raises(Unreadable):
        policy(tmp_path / "file", answering(2, 1, 4))
