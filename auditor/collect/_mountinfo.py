"""Parses the kernel's lists of mounts and swap areas (proc(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence import Origin
from auditor.evidence.storage import Mount, Swap

_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_DEVICE = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_FIXED_FIELDS = 6
_AFTER_SEPARATOR = 3
_SWAP_FIELDS = 5
_KIB = 1024


class Malformed(Struct, frozen=True):
    """A line that is not what proc(5) says, counted from 1."""

    line: int


def parse_mounts(data: bytes, origin: Origin) -> Iterator[Mount | Malformed]:
    r"""Yield the mounts of a `mountinfo`, and what stands for each line that is not one.

    `36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/sda1 rw`: the optional fields (here
    `master:1`) end at the lone dash. Blanks and the like are escaped as `\040`; options are cut
    at their commas before that is decoded, since a comma in a value is escaped as well.
    """
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line:
            yield _mount(line, Origin(origin.collector, origin.source, number)) or Malformed(number)


def _mount(line: bytes, origin: Origin) -> Mount | None:
    before, separator, after = line.partition(b" - ")
    fields, rest = before.split(b" "), after.split(b" ")
    # The file system's source may be empty: then two blanks follow one another.
    if not separator or len(fields) < _FIXED_FIELDS or len(rest) < _AFTER_SEPARATOR:
        return None
    mount_id, parent_id, device_number = (_text(field) for field in fields[:3])
    path = _text(fields[4])
    if not (
        _NUMBER.fullmatch(mount_id)
        and _NUMBER.fullmatch(parent_id)
        and _DEVICE.fullmatch(device_number)
        and path.startswith("/")
    ):
        return None
    filesystem = _text(rest[0])
    return Mount(
        origin=origin,
        device=_text(rest[1]),
        path=path,
        filesystem=filesystem,
        options=_options(fields[5]),
        super_options=_options(b" ".join(rest[2:])),
        device_number=device_number,
        root=_text(fields[3]),
        mount_id=int(mount_id),
        parent_id=int(parent_id),
        members=None if filesystem == "btrfs" else (),
    )


def parse_swaps(data: bytes, origin: Origin) -> Iterator[Swap | Malformed]:
    """Yield the active swap areas of `/proc/swaps`; sizes stand there in KiB."""
    lines = data.split(b"\n")
    if not lines[0].startswith(b"Filename"):
        yield Malformed(1)
        return
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            yield _swap(line, Origin(origin.collector, origin.source, number)) or Malformed(number)


def _swap(line: bytes, origin: Origin) -> Swap | None:
    fields = line.split()
    if len(fields) != _SWAP_FIELDS or not fields[0].startswith(b"/"):
        return None
    path, swap_type, size, used = (_text(field) for field in fields[:4])
    if not _NUMBER.fullmatch(size) or not _NUMBER.fullmatch(used):
        return None
    if swap_type not in ("partition", "file"):
        return None
    return Swap(
        origin=origin,
        path=path,
        swap_type="partition" if swap_type == "partition" else "file",
        size=int(size) * _KIB,
        used=int(used) * _KIB,
    )


def _options(field: bytes) -> tuple[str, ...]:
    return tuple(_text(option) for option in field.split(b","))


def _text(field: bytes) -> str:
    raw = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field)
    return raw.decode("utf-8", "backslashreplace")
