"""Writes zip and tar archives field by field, so that their two directories can disagree."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from typing import NamedTuple

from tests.corpus._ops import Raw, attack, value


class Member(NamedTuple):
    """A zip member; what is `None` is told as it truly is."""

    name: bytes
    data: bytes
    local_name: bytes | None = None
    method: int = 0
    local_method: int | None = None
    flags: int = 0
    local_flags: int | None = None
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    local_size: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    attributes: int = 0
    descriptor: bool = False
    offset: int | None = None
    listed: bool = True
    stored: bytes | None = None


def _packed(member: Member) -> bytes:
    if member.stored is not None:
        return member.stored
    if member.method != 8:
        return member.data
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(member.data) + packer.flush()


def local(member: Member) -> bytes:
    """Return a local header, its data and its descriptor."""
    raw = _packed(member)
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    name = member.name if member.local_name is None else member.local_name
    flags = member.flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    size = len(member.data) if member.local_size is None else member.local_size
    stated = (0, 0, 0) if member.descriptor else (crc, len(raw), size)
    head = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags | (member.descriptor << 3), method,
                       0, 33, *stated, len(name), len(member.local_extra))  # fmt: skip
    tail = struct.pack("<4sIII", b"PK\7\10", crc, len(raw), size) if member.descriptor else b""
    return head + name + member.local_extra + raw + tail


def central(member: Member, offset: int) -> bytes:
    """Return a member's entry of the central directory."""
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    packed = len(_packed(member)) if member.packed is None else member.packed
    size = len(member.data) if member.size is None else member.size
    head = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x031E, 20,
                       member.flags | (member.descriptor << 3), member.method, 0, 33, crc, packed,
                       size, len(member.name), len(member.extra), 0, 0, 0, member.attributes,
                       offset if member.offset is None else member.offset)  # fmt: skip
    return head + member.name + member.extra


def end(count: int, size: int, start: int, comment: bytes = b"", total: int | None = None) -> bytes:
    both = (count, count if total is None else total)
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, *both, size, start, len(comment)) + comment


def archive(
    *members: Member, prefix: bytes = b"", comment: bytes = b"", count: int | None = None,
    shifted: int = 0, gap: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a zip; `count` and `shifted` are lies of its last record, `gap` bytes no one owns."""
    body, directory = prefix, b""
    for member in members:
        if member.listed:
            directory += central(member, len(body))
        body += local(member)
    body += gap
    listed = sum(member.listed for member in members)
    last = end(listed if count is None else count, len(directory), len(body) + shifted, comment)
    return body + directory + last


# What torch.save writes of {"w": a tensor of four floats}: the benign half of a forged archive.
def storage(key: str = "0", kind: str = "FloatStorage", count: int = 4) -> Raw:
    reference = ("storage", Raw(b"ctorch\n" + kind.encode() + b"\n"), key, "cpu", count)
    return Raw(value(reference) + b"Q")


def tensor(count: int = 4, shape: tuple = (4,), stride: tuple = (1,), offset: int = 0) -> Raw:
    hooks = Raw(b"ccollections\nOrderedDict\n)R")
    args = (storage(count=count), offset, shape, stride, False, hooks)
    return Raw(b"ctorch._utils\n_rebuild_tensor_v2\n" + value(args) + b"R")


def weights(item=None) -> bytes:
    """Return a torch pickle of a dictionary that holds one tensor, or of what is given."""
    inner = value({"w": tensor()} if item is None else item)
    return b"\x80\x02" + inner + b"."


def torch_members(pickle: bytes | None = None, data: bytes = b"\0" * 16) -> list[Member]:
    return [
        Member(b"archive/data.pkl", weights() if pickle is None else pickle),
        Member(b"archive/byteorder", b"little"),
        Member(b"archive/data/0", data),
        Member(b"archive/version", b"3\n"),
    ]


def torch_zip(
    pickle: bytes | None = None, data: bytes = b"\0" * 16, *more: Member, **lies
) -> bytes:
    return archive(*torch_members(pickle, data), *more, **lies)


def plain_zip(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def tar(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            made.addfile(info)
    return out.getvalue()


def hostile_torch(protocol: int = 2, **lies) -> bytes:
    """Return a torch archive whose data.pkl makes the inert call."""
    return torch_zip(attack(protocol), **lies)
