"""Reads a LUKS header (LUKS1 and LUKS2 on-disk formats): what it tells, and nothing of its keys."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

import msgspec
from msgspec import Struct

from auditor.evidence.volumes import LuksFacts, LuksKeyslot, LuksSegment
from auditor.host import Absent, Unreadable

Read = Callable[[int, int], bytes]

_FIRST, _SECOND = b"LUKS\xba\xbe", b"SKUL\xba\xbe"
_LUKS1 = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT1 = struct.Struct(">II32sII")
_SLOTS1 = 8
_ENABLED = 0x00AC71F3
_LUKS2 = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_CHECKSUM = slice(448, 512)
_BINARY = 4096
# The sizes that the format allows for a header with its JSON area; the second copy follows.
_SIZES = tuple(16 * 1024 << shift for shift in range(9))
_ALGORITHMS = {"sha256": 32, "sha512": 64}
_MOST_SLOTS = 64


class _Kdf(Struct):
    type: str
    hash: str = ""
    iterations: int = 0
    time: int = 0
    memory: int = 0
    cpus: int = 0


class _Keyslot(Struct):
    type: str
    key_size: int = 0
    kdf: _Kdf | None = None


class _Integrity(Struct):
    type: str = ""


class _Segment(Struct):
    type: str
    encryption: str = ""
    sector_size: int = 512
    integrity: _Integrity | None = None
    flags: tuple[str, ...] = ()


class _Token(Struct):
    type: str
    keyslots: tuple[str, ...] = ()


class _Requirements(Struct):
    mandatory: tuple[str, ...] = ()


class _Config(Struct):
    requirements: _Requirements | None = None


class _Metadata(Struct):
    """The JSON area, of which only these fields are taken: no salt, digest or token's contents."""

    keyslots: dict[str, _Keyslot]
    segments: dict[str, _Segment]
    config: _Config
    tokens: dict[str, _Token] = {}


class _Copy(Struct, frozen=True):
    """A copy of a LUKS2 header whose checksum holds."""

    sequence: int
    metadata: _Metadata


def parse(read: Read, device: str) -> LuksFacts:
    """Return what the header of a device tells; `read(offset, length)` gives at most `length`.

    At most 8 MiB are read. Raises `Absent` where the device has no LUKS header, and
    `Unreadable(malformed)` where it has one that cannot be trusted.
    """
    begin = read(0, _BINARY)
    version = int.from_bytes(begin[6:8], "big") if begin.startswith(_FIRST) else 0
    if version == 1:
        return _luks1(begin, device)
    if version not in (0, 2):
        raise Unreadable(device, "unsupported", f"LUKS of version {version}")
    sizes = _SIZES if version == 0 else _sizes(begin)
    first = _copy(read, 0, _FIRST, _SIZES) if version == 2 else None  # noqa: PLR2004
    second = next((c for size in sizes if (c := _copy(read, size, _SECOND, (size,)))), None)
    sound = [copy for copy in (first, second) if copy is not None]
    if not sound:
        if version == 0:
            raise Absent(device)
        raise Unreadable(device, "malformed", "no copy of its LUKS2 header holds its checksum")
    return _luks2(max(sound, key=lambda copy: copy.sequence).metadata, 2 - len(sound))


def _sizes(begin: bytes) -> tuple[int, ...]:
    """Return where the second copy may be: where the first says, or where the format allows."""
    said = int.from_bytes(begin[8:16], "big")
    return (said,) if said in _SIZES else _SIZES


def _copy(read: Read, offset: int, magic: bytes, allowed: tuple[int, ...]) -> _Copy | None:
    """Return the copy at `offset`, `None` where there is none that holds together."""
    head = read(offset, _BINARY)
    if len(head) < _BINARY or not head.startswith(magic):
        return None
    fields = _LUKS2.unpack_from(head)
    version, size, sequence = fields[1], fields[2], fields[3]
    length = _ALGORITHMS.get(_text(fields[5]))
    if version != 2 or size not in allowed or fields[9] != offset or length is None:  # noqa: PLR2004
        return None
    area = read(offset + _BINARY, size - _BINARY)
    blank = head[: _CHECKSUM.start] + bytes(64) + head[_CHECKSUM.stop :]
    if len(area) != size - _BINARY:
        return None
    if hashlib.new(_text(fields[5]), blank + area).digest() != fields[11][:length]:
        return None
    try:
        metadata = msgspec.json.decode(area.partition(b"\0")[0], type=_Metadata)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _Copy(sequence, metadata)


def _luks2(metadata: _Metadata, damaged: int) -> LuksFacts:
    tokens = {key: token for key, token in metadata.tokens.items() if key.isdecimal()}
    held = {slot: token.type for _, token in sorted(tokens.items()) for slot in token.keyslots}
    slots = [
        (int(key), slot)
        for key, slot in metadata.keyslots.items()
        if key.isdecimal() and len(key) < 4  # noqa: PLR2004 - the format ends at 32
    ]
    asked = metadata.config.requirements or _Requirements()
    reencryption = any(slot.type == "reencrypt" for _, slot in slots)
    required = {*asked.mandatory, *(["online-reencrypt"] if reencryption else [])}
    return LuksFacts(
        version=2,
        key_bits=max((slot.key_size * 8 for _, slot in slots if slot.kdf), default=0),
        segments=tuple(
            _segment(part)
            for _, part in sorted(metadata.segments.items())
            # Kept for a re-encryption to begin or end with, not how the volume is now.
            if not any(flag.startswith("backup-") for flag in part.flags)
        ),
        keyslots=tuple(
            _keyslot(number, slot.kdf, held.get(str(number), ""))
            for number, slot in sorted(slots, key=lambda pair: pair[0])[:_MOST_SLOTS]
            if slot.kdf is not None
        ),
        tokens=tuple(sorted(token.type for token in tokens.values())),
        requirements=tuple(sorted(required)),
        damaged_copies=damaged,
    )


def _segment(segment: _Segment) -> LuksSegment:
    return LuksSegment(
        segment_type=segment.type,
        cipher=segment.encryption,
        sector_size=segment.sector_size,
        integrity=segment.integrity.type if segment.integrity else "",
    )


def _keyslot(number: int, kdf: _Kdf, token: str) -> LuksKeyslot:
    return LuksKeyslot(
        slot=number,
        kdf=kdf.type,
        hash=kdf.hash,
        memory=kdf.memory,
        passes=kdf.time,
        cpus=kdf.cpus,
        iterations=kdf.iterations,
        token=token,
    )


def _luks1(begin: bytes, device: str) -> LuksFacts:
    if len(begin) < _LUKS1.size + _SLOTS1 * _SLOT1.size:
        raise Unreadable(device, "malformed", "its LUKS1 header is cut off")
    _, _, cipher, mode, digest, _, key_bytes, *_ = _LUKS1.unpack_from(begin)
    slots = []
    for number in range(_SLOTS1):
        state, iterations, *_ = _SLOT1.unpack_from(begin, _LUKS1.size + number * _SLOT1.size)
        if state == _ENABLED:
            kdf = _Kdf(type="pbkdf2", hash=_text(digest), iterations=iterations)
            slots.append(_keyslot(number, kdf, ""))
    segment = LuksSegment(
        segment_type="crypt",
        cipher=f"{_text(cipher)}-{_text(mode)}",
        sector_size=512,
        integrity="",
    )
    return LuksFacts(version=1, key_bits=key_bytes * 8, segments=(segment,), keyslots=tuple(slots))


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")
