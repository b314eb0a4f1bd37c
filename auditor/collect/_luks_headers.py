"""Reads the LUKS headers of the volumes that are in use, wherever below the mapping they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.collect._reading import Reading
from auditor.evidence.storage import BlockDevice
from auditor.evidence.volumes import LuksFacts, LuksHeader
from auditor.host import Absent, Host, Unreadable

_CLAIMS = ("CRYPT-LUKS1-", "CRYPT-LUKS2-")
# Mappings of cryptsetup's that have no LUKS header, and helpers that belong to another mapping.
_WITHOUT = ("CRYPT-", "VERACRYPT-")
_HELPERS = ("CRYPT-SUBDEV-", "CRYPT-INTEGRITY-")
_DEEPEST = 8


def headers(host: Host, devices: Iterable[BlockDevice], reading: Reading) -> Iterator[LuksHeader]:
    """Yield the header of every mapping that encrypts or is called LUKS, each once.

    Only devices below such a mapping are opened, never one that stands idle.
    """
    by_name = {device.name: device for device in devices}
    for device in by_name.values():
        claims = device.mapper_uuid.startswith(_CLAIMS)
        other = device.mapper_uuid.startswith(_WITHOUT) and not claims
        if not claims and (device.layer != "crypt" or other):
            continue
        found = _Search(host, by_name, reading).below(device)
        if found is not None:
            yield _record(reading, device, found[0], found[1])
        elif claims and not _missed(reading, device, by_name):
            yield _record(reading, device, ", ".join(device.members or ()), None)


class _Search:
    """Looks for a header below a mapping."""

    def __init__(self, host: Host, by_name: dict[str, BlockDevice], reading: Reading) -> None:
        self._host = host
        self._by_name = by_name
        self._reading = reading

    def below(self, device: BlockDevice, depth: int = 0) -> tuple[str, LuksFacts] | None:
        """Return the device that holds the header and what it tells, `None` where none does."""
        for name in device.members or ():
            try:
                return name, self._host.luks_header(name)
            except Absent:
                member = self._by_name.get(name)
                # Between a mapping and its header lie helpers alone (dm-integrity, hot zones).
                if member is None or not member.mapper_uuid.startswith(_HELPERS):
                    continue
                deeper = self.below(member, depth + 1) if depth < _DEEPEST else None
                if deeper is not None:
                    return deeper
            except Unreadable as error:
                self._reading.miss(f"/dev/{name}", error.reason, error.detail)
        return None


def _missed(reading: Reading, device: BlockDevice, by_name: dict[str, BlockDevice]) -> bool:
    """Return whether something below the mapping could not be looked at: a gap tells of it."""
    if device.members is None:
        reading.miss(device.origin.source, "malformed", "what the mapping lies on is not told")
        return True
    below = [*device.members]
    for name in below[:64]:
        member = by_name.get(name)
        if member is not None and member.mapper_uuid.startswith(_HELPERS):
            below += member.members or ()
    return any(reading.missed(f"/dev/{name}") for name in below)


def _record(
    reading: Reading, device: BlockDevice, holder: str, facts: LuksFacts | None
) -> LuksHeader:
    return LuksHeader(
        origin=reading.origin(f"/dev/{holder}" if facts else device.origin.source),
        device=holder,
        mapper_name=device.mapper_name,
        detached=facts is None,
        version=facts.version if facts else None,
        key_bits=facts.key_bits if facts else None,
        segments=facts.segments if facts else None,
        keyslots=facts.keyslots if facts else None,
        tokens=facts.tokens if facts else None,
        requirements=facts.requirements if facts else None,
        damaged_copies=facts.damaged_copies if facts else None,
    )
