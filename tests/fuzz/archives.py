"""Reads the members of a zip as leniently as any loader does, to compare our own reading with."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.corpus import hostile_cases

_LARGEST = 4000
_MOST = 100_000


def archives() -> list[bytes]:
    """Return the small cases of the corpus that are zip archives, or hold one."""
    whole = (case.data for case in hostile_cases())
    return [data for data in whole if b"PK\3\4" in data and len(data) < _LARGEST]


def members(data: bytes) -> Iterator[bytes]:
    """Yield what Python's zip reader makes of each member, its checksum and flags ignored."""
    try:
        listed = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OSError):
        return
    for info in listed:
        yield from _content(data, info)


def _content(data: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member by its entry in the directory: local header, then what is told to follow."""
    head = data[info.header_offset : info.header_offset + 30] if info.header_offset >= 0 else b""
    if len(head) < 30 or not head.startswith(b"PK\3\4"):
        return
    name, extra = struct.unpack("<HH", head[26:30])
    begin = info.header_offset + 30 + name + extra
    packed = data[begin : begin + min(info.compress_size, _MOST)]
    if info.compress_type == zipfile.ZIP_STORED:
        yield packed
    if info.compress_type == zipfile.ZIP_DEFLATED:
        try:
            yield zlib.decompressobj(wbits=-15).decompress(packed, _MOST)
        except zlib.error:
            return
