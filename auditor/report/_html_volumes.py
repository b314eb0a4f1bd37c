"""Arranges what guards a machine's volumes: how they are unlocked, and where keys lie."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.volumes import KeyFile, KeyProtection, LuksHeader, LuksKeyslot

MAX_ROWS = 200
_KEY_ORDER = ("plaintext", "mixed", None, "remote", "claimed", "memory-only", "verified")


class Volume(Struct, frozen=True, kw_only=True):
    """A volume's header; `slots` and `segments` in words, `None` where the header is not here."""

    header: LuksHeader
    slots: tuple[str, ...] | None
    segments: tuple[str, ...] | None


class Key(Struct, frozen=True, kw_only=True):
    """A key file: what protects its place, and what was seen of the file itself."""

    protection: KeyProtection
    file: KeyFile | None


class Volumes(Struct, frozen=True, kw_only=True):
    """The volumes and keys of a machine; `*_hidden` count rows that are not shown."""

    volumes: tuple[Volume, ...]
    volumes_hidden: int
    keys: tuple[Key, ...]
    keys_hidden: int


def volumes(records: Iterable[Record], derived: Iterable[Record]) -> Volumes:
    """Return the LUKS volumes, and the key files, those that lie in clear first."""
    records = tuple(records)
    headers = sorted((r for r in records if isinstance(r, LuksHeader)), key=lambda r: r.label)
    files = {record.known_as: record for record in records if isinstance(record, KeyFile)}
    keys = sorted(
        (record for record in derived if isinstance(record, KeyProtection)),
        key=lambda key: (_KEY_ORDER.index(key.encryption), key.path),
    )
    return Volumes(
        volumes=tuple(_volume(header) for header in headers[:MAX_ROWS]),
        volumes_hidden=max(0, len(headers) - MAX_ROWS),
        keys=tuple(Key(protection=key, file=files.get(key.path)) for key in keys[:MAX_ROWS]),
        keys_hidden=max(0, len(keys) - MAX_ROWS),
    )


def _volume(header: LuksHeader) -> Volume:
    segments = None
    if header.segments is not None:
        named = [f"{part.segment_type} {part.cipher}".strip() for part in header.segments]
        segments = tuple(dict.fromkeys(named))
    slots = None
    if header.keyslots is not None:
        slots = tuple(_slot(slot) for slot in header.keyslots)
    return Volume(header=header, slots=slots, segments=segments)


def _slot(slot: LuksKeyslot) -> str:
    """Return a keyslot in a few words, the same in every language."""
    cost = f"{slot.iterations:,} \N{MULTIPLICATION SIGN} {slot.hash}"
    if slot.memory:
        cost = f"{slot.memory // 1024:,} MiB \N{MULTIPLICATION SIGN} {slot.passes}"
    token = f" ← {slot.token}" if slot.token else ""
    return f"{slot.slot}: {slot.kdf}, {cost}{token}"
