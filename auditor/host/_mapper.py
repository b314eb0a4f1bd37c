"""Asks device-mapper for a table (linux/dm-ioctl.h) and takes the keys out before anything else."""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable

from auditor.host import Unreadable
from auditor.host._direct import failure, reasons

CONTROL = "/dev/mapper/control"
TABLE_STATUS = 0xC138FD0C  # _IOWR(0xfd, 12, struct dm_ioctl)
_STATUS_TABLE = 1 << 4  # the table, not the state
_BUFFER_FULL = 1 << 8
_NO_FLUSH = 1 << 11  # asking must not make a thin pool flush
_SECURE_DATA = 1 << 15  # the kernel wipes its copy

_HEADER = struct.Struct("=3I 2I I i 3I Q 128s 129s 7s")
_TARGET = struct.Struct("=QQiI16s")
_FLAGS = 28
_FIRST = 64 * 1024
_MOST = 4 * 1024 * 1024
_NAME = 127

# Targets whose second parameter is the volume key, in hex or as a keyring's name.
_KEYED = frozenset({"crypt", "default-key", "inlinecrypt"})
_IN_KEYRING = re.compile(r":(?P<size>\d{1,6}):(?P<type>logon|user|encrypted|trusted):")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
# `algorithm:key` among the parameters of dm-integrity.
_KEYED_OPTION = re.compile(r"^((?:internal_hash|journal_crypt|journal_mac):[^:]+):.+$")

Ioctl = Callable[[int, int, bytearray, bool], int]


def table(name: str, *, ioctl: Ioctl = fcntl.ioctl) -> tuple[str, ...]:
    """Return the table of the device called `name`; see `Host.mapper_table`. Needs root.

    The kernel gives the real volume key of LUKS1 and plain mappings: it is replaced by `-` in
    the first step, and the buffer that held it is zeroed.
    """
    if not os.path.lexists("/sys/class/misc/device-mapper"):
        # The control node stands there even without the driver, and opening it would load it.
        raise Unreadable(CONTROL, "unsupported", "the kernel has no device-mapper")
    with reasons(CONTROL):
        descriptor = os.open(CONTROL, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return _ask(descriptor, name, ioctl)
    finally:
        os.close(descriptor)


def _ask(descriptor: int, name: str, ioctl: Ioctl) -> tuple[str, ...]:
    raw_name = name.encode("utf-8", "surrogateescape")
    if not raw_name or len(raw_name) > _NAME or b"\0" in raw_name:
        raise Unreadable(CONTROL, "malformed", "not a name of a mapped device")
    size = _FIRST
    while size <= _MOST:
        buffer = request(raw_name, size)
        try:
            ioctl(descriptor, TABLE_STATUS, buffer, True)  # noqa: FBT003 - its own signature
            if not int.from_bytes(buffer[_FLAGS : _FLAGS + 4], "little") & _BUFFER_FULL:
                return parse(buffer)
        except OSError as error:
            raise failure(error, CONTROL) from error
        finally:
            buffer[:] = bytes(len(buffer))
        size *= 4
    raise Unreadable(CONTROL, "limit", f"the table is larger than {_MOST} bytes")


def request(name: bytes, size: int) -> bytearray:
    """Return a buffer of `size` bytes that asks for the table of `name`."""
    buffer = bytearray(size)
    flags = _STATUS_TABLE | _NO_FLUSH | _SECURE_DATA
    _HEADER.pack_into(buffer, 0, 4, 0, 0, size, _HEADER.size, 0, 0, flags, 0, 0, 0, name, b"", b"")
    return buffer


def parse(buffer: bytearray) -> tuple[str, ...]:
    """Return the targets of an answered buffer as `start length target parameters`, keyless.

    Raises `Unreadable(malformed)` where an offset leads out of the buffer.
    """
    fields = _HEADER.unpack_from(buffer)
    data_start, count = fields[4], fields[5]
    lines = []
    offset = data_start
    for _ in range(count):
        if not data_start <= offset <= len(buffer) - _TARGET.size:
            raise Unreadable(CONTROL, "malformed", "the kernel's table leads out of its buffer")
        start, length, _status, following, raw_type = _TARGET.unpack_from(buffer, offset)
        begin = offset + _TARGET.size
        end = buffer.find(b"\0", begin)
        if end < 0:
            raise Unreadable(CONTROL, "malformed", "the kernel's table has no end")
        target = raw_type.rstrip(b"\0").decode("ascii", "replace")
        parameters = keyless(target, buffer[begin:end].decode("utf-8", "replace"))
        lines.append(f"{start} {length} {target} {parameters}".rstrip())
        # When a table is retrieved, `next` counts from the first target (dm-ioctl.h).
        if data_start + following <= offset:
            raise Unreadable(CONTROL, "malformed", "the kernel's table leads back")
        offset = data_start + following
    return tuple(lines)


def _length_of(key: str) -> str:
    """Return what may be kept of a key field: its length in bytes and where the key is held."""
    held = _IN_KEYRING.match(key)
    if held:
        return f":{held['size']}:{held['type']}:-"
    return f":{len(key) // 2}:raw:-" if _HEX.fullmatch(key) else "-"


def keyless(target: str, parameters: str) -> str:
    """Return a target's parameters with every key replaced by `-`.

    Of a volume key only the length stays, in the form that the kernel gives for keys in a
    keyring (`:64:logon:-`; `:64:raw:-` for one that stood there in hex).
    """
    words = parameters.split(" ")
    if target in _KEYED and len(words) > 1:
        words[1] = _length_of(words[1])
    return " ".join(_KEYED_OPTION.sub(r"\1:-", word) for word in words)
