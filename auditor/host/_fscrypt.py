"""Asks a directory for its fscrypt policy (Documentation/filesystems/fscrypt.rst)."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable

from auditor.host import Unreadable
from auditor.host._direct import failure, reasons

GET_POLICY_EX = 0xC0096616  # _IOWR('f', 22, __u8[9])
_SIZE = 8
_POLICY = 24

_MODES = {
    1: "AES-256-XTS",
    4: "AES-256-CTS",
    5: "AES-128-CBC",
    6: "AES-128-CTS",
    7: "SM4-XTS",
    8: "SM4-CTS",
    9: "Adiantum",
    10: "AES-256-HCTR2",
}
_VERSIONS = {0: "v1", 2: "v2"}
# Not encrypted; a file system that cannot; one that could and has it switched off.
_NONE = frozenset({errno.ENODATA, errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL})

Ioctl = Callable[[int, int, bytearray, bool], int]


def policy(real: bytes, asked: str, *, ioctl: Ioctl = fcntl.ioctl) -> str:
    """Return the policy of the directory at `real`; see `Host.encryption_policy`.

    No privilege is needed. The key's identifier is not read out.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    with reasons(asked):
        descriptor = os.open(real, flags)
    buffer = bytearray(_SIZE + _POLICY)
    buffer[:_SIZE] = _POLICY.to_bytes(_SIZE, "little")
    try:
        ioctl(descriptor, GET_POLICY_EX, buffer, True)  # noqa: FBT003 - its own signature
    except OSError as error:
        if error.errno in _NONE:
            return ""
        raise failure(error, asked) from error
    finally:
        os.close(descriptor)
    version, contents, names = buffer[_SIZE : _SIZE + 3]
    if version not in _VERSIONS:
        raise Unreadable(asked, "unsupported", f"fscrypt policy of version {version}")
    return f"{_VERSIONS[version]} {mode_name(contents)}/{mode_name(names)}"


def mode_name(number: int) -> str:
    """Return the name of an fscrypt mode; an unknown one keeps its number."""
    return _MODES.get(number, f"mode {number}")
