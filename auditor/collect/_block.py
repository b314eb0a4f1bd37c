"""Reads the block devices of sysfs: what each is made of, and whether it encrypts."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from auditor.collect import _bcache as bcache
from auditor.collect import _disk as disk
from auditor.collect import _mapper_layer as mapper
from auditor.collect._reading import Reading
from auditor.evidence.paths import recordable
from auditor.evidence.storage import BlockDevice, LayerType
from auditor.host import Absent, Host, Unreadable, exists

SYSFS = "/sys/class/block"
MOST = 20_000
_SECTOR = 512  # `size` counts these, whatever the disk's own sectors (Documentation/ABI)
_DEVICE = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")
_PARTITION = re.compile(r"(?:(?<=[0-9])p|(?<=[^0-9]))[0-9]+$")
# Device files of drivers that hold nothing until they are set up.
_IDLE = ("loop", "zram", "nbd")
_WRITEBACK = frozenset({"writeback", "bd_stat", "writeback_limit"})


class Tables(Struct, frozen=True, kw_only=True):
    """How many device-mapper tables there are, and how many the kernel let us see."""

    seen: int
    total: int


class _Parts(Struct, frozen=True, kw_only=True):
    """What is found out of one device's making."""

    layer: LayerType
    members: tuple[str, ...] | None = ()
    encryption: Literal["verified", "claimed", "null", "none", "unknown"] = "none"
    cipher: str = ""
    key_bits: int = 0
    mapper_name: str = ""
    mapper_uuid: str = ""
    backing_file: str = ""
    transport: str = ""
    model: str = ""


class BlockReader:
    """Reads one machine's block devices; what cannot be read goes to `reading` as a gap."""

    def __init__(self, host: Host, reading: Reading) -> None:
        """Read from `host`."""
        self._host = host
        self._reading = reading
        self._names: dict[str, str] = {}
        self._tables_seen = 0
        self._tables_total = 0

    @property
    def tables(self) -> Tables:
        """Return how many device-mapper tables were seen, after `devices`."""
        return Tables(seen=self._tables_seen, total=self._tables_total)

    def devices(self) -> list[BlockDevice]:
        """Return the block devices, sorted by name; idle loop devices and the like are left out."""
        names = self._listed()
        numbers = {name: self._text(name, "dev") for name in names}
        self._names = {number: name for name, number in numbers.items()}
        found = []
        for name in names:
            if not _DEVICE.fullmatch(numbers[name]):
                self._reading.malformed(f"{SYSFS}/{name}/dev", 0, "no device number")
                continue
            device = self._device(name, numbers[name])
            if device is not None:
                found.append(device)
        return found

    def _listed(self) -> tuple[str, ...]:
        try:
            names = self._host.list(SYSFS)
        except Unreadable as error:
            self._reading.miss(SYSFS, error.reason, error.detail)
            return ()
        if len(names) > MOST:
            self._reading.miss(SYSFS, "limit", f"more than {MOST} block devices")
        return names[:MOST]

    def _device(self, name: str, number: str) -> BlockDevice | None:
        folder = f"{SYSFS}/{name}"
        try:
            attributes = frozenset(self._host.list(folder))
        except Unreadable as error:
            self._reading.miss(folder, error.reason, error.detail)
            return None
        sectors = self._text(name, "size")
        if not sectors.isdecimal() or len(sectors) > 18:  # noqa: PLR2004 - 64 bits
            self._reading.malformed(f"{folder}/size", 0, "no size")
            return None
        if sectors == "0" and name.startswith(_IDLE):
            return None
        parts = self._parts(name, attributes)
        return BlockDevice(
            origin=self._reading.origin(recordable(folder)),
            name=recordable(name),
            device_number=number,
            layer=parts.layer,
            size=int(sectors) * _SECTOR,
            mapper_name=parts.mapper_name,
            mapper_uuid=parts.mapper_uuid,
            members=parts.members,
            backing_file=parts.backing_file,
            encryption=parts.encryption,
            cipher=parts.cipher,
            key_bits=parts.key_bits,
            removable=self._removable(name, parts),
            model=parts.model,
            transport=parts.transport,
        )

    def _parts(self, name: str, attributes: frozenset[str]) -> _Parts:
        by_folder = (
            ("partition", self._partition),
            ("dm", self._mapped),
            ("md", self._raid),
        )
        for folder, read in by_folder:
            if folder in attributes:
                return read(name)
        if name.startswith("zram"):
            return self._zram(name, attributes)
        by_name = (("loop", self._loop), ("bcache", self._cache), ("ram", self._memory),
                   ("md", self._unexplained), ("dm-", self._unexplained))  # fmt: skip
        for prefix, read in by_name:
            if name.startswith(prefix):
                return read(name)
        return self._disk(name)

    def _cache(self, name: str) -> _Parts:
        """Return a bcache device: what it caches lies in clear on the caches of its set too."""
        backing = self._slaves(name)
        if self._text(name, "bcache/state") == "no cache":
            return _Parts(layer="cache", members=backing)
        caches = bcache.caches(self._host, f"{SYSFS}/{name}")
        if caches is None:
            self._reading.malformed(f"{SYSFS}/{name}/bcache", 0, "its caches are not told")
        if backing is None or caches is None:
            return _Parts(layer="cache", members=None)
        return _Parts(layer="cache", members=tuple(sorted({*backing, *caches})))

    def _memory(self, name: str) -> _Parts:  # noqa: ARG002 - read as its siblings are
        """Return a RAM disk of the old kind (brd); nothing is said of it."""
        return _Parts(layer="unknown", members=None)

    def _unexplained(self, name: str) -> _Parts:
        """Return a device of which only the name is known: from it nothing follows."""
        detail = "the device does not tell what it is made of"
        self._reading.miss(f"{SYSFS}/{name}", "malformed", detail)
        return _Parts(layer="unknown", members=None, encryption="unknown")

    def _disk(self, name: str) -> _Parts:
        model = disk.model(self._host, name)
        transport = disk.transport(self._host, name, self._link(name), model)
        # A stacked driver that is not known here shows itself by what it stands on.
        below = self._slaves(name, needed=False)
        layer: LayerType = "unknown" if below else "disk"
        return _Parts(layer=layer, members=below, model=model, transport=transport)

    def _partition(self, name: str) -> _Parts:
        parts = self._link(name).split("/")
        parent = parts[-2] if len(parts) > 1 else _PARTITION.sub("", name)
        if parent == name or parent not in self._names.values():
            self._reading.malformed(f"{SYSFS}/{name}", 0, "a partition whose disk is not listed")
            return _Parts(layer="partition", members=None)
        return _Parts(layer="partition", members=(recordable(parent),))

    def _mapped(self, name: str) -> _Parts:
        mapper_name = self._text(name, "dm/name")
        uuid = self._text(name, "dm/uuid")
        if not mapper_name:
            self._reading.malformed(f"{SYSFS}/{name}/dm/name", 0, "a mapped device without a name")
        layer = self._from_table(mapper_name) or mapper.by_uuid(uuid)
        members = self._slaves(name)
        if members is not None:
            # The table knows what the folder of links may lack.
            named = {self._names.get(number, number) for number in layer.devices}
            members = tuple(sorted({*members, *(recordable(other) for other in named)}))
        return _Parts(
            layer=layer.layer,
            members=members,
            encryption=layer.encryption,
            cipher=layer.cipher,
            key_bits=layer.key_bits,
            mapper_name=mapper_name,
            mapper_uuid=uuid,
        )

    def _from_table(self, mapper_name: str) -> mapper.Layer | None:
        self._tables_total += 1
        if not mapper_name:
            return None
        try:
            lines = self._host.mapper_table(mapper_name)
        except Unreadable as error:
            # Without the table the uuid's claim stands, which is never a proof: coverage tells.
            if error.reason in ("malformed", "limit", "timeout"):
                self._reading.miss(f"/dev/mapper/{mapper_name}", error.reason, error.detail)
            return None
        layer = mapper.by_table(lines)
        if layer is None:
            self._reading.malformed(f"/dev/mapper/{mapper_name}", 0, "a table that says nothing")
            return mapper.Layer(layer="mapper", encryption="unknown")
        self._tables_seen += 1
        return layer

    def _raid(self, name: str) -> _Parts:
        members = self._slaves(name)
        try:
            listed = self._host.list(f"{SYSFS}/{name}/md")
        except Unreadable as error:
            self._reading.miss(f"{SYSFS}/{name}/md", error.reason, error.detail)
            return _Parts(layer="raid", members=None)
        if members is not None:
            more = (recordable(entry[4:]) for entry in listed if entry.startswith("dev-"))
            members = tuple(sorted({*members, *more}))
        return _Parts(layer="raid", members=members)

    def _loop(self, name: str) -> _Parts:
        backing = self._text(name, "loop/backing_file")
        # The path is one of the mount namespace that set the loop device up. Where nothing
        # lies there in this one, it is another namespace's, and its disk cannot be told.
        here = backing.startswith("/") and self._is_behind(name, backing)
        if not here:
            detail = "the file of the loop device is not to be found here"
            self._reading.miss(f"{SYSFS}/{name}/loop/backing_file", "unsupported", detail)
        return _Parts(layer="loop", members=() if here else None, backing_file=recordable(backing))

    def _is_behind(self, name: str, path: str) -> bool:
        """Return whether the file at `path` is the loop device's own, as far as that is told.

        Something may have been mounted over it: then another file has its name. Only root is
        told the number of the file; without it what lies there by that name is taken for it,
        which can lead to a claim, but to no proof.
        """
        if not exists(self._host, path):
            return False
        try:
            number, inode = self._host.loop_backing(name)
            status = self._host.stat(path)
        except Unreadable:
            return not self._host.privileged
        return (status.device, status.inode) == (number, inode)

    def _zram(self, name: str, attributes: frozenset[str]) -> _Parts:
        """Return a compressed RAM disk; pages written back lie on its `backing_dev`.

        A kernel without CONFIG_ZRAM_WRITEBACK has none of the attributes that go with it.
        """
        if "backing_dev" in attributes:
            backing = self._text(name, "backing_dev")
            if backing == "none":
                return _Parts(layer="zram", members=())
            if backing.startswith("/dev/"):
                return _Parts(layer="zram", members=(recordable(backing[5:]),))
        elif "disksize" in attributes and not _WRITEBACK & attributes:
            return _Parts(layer="zram", members=())
        self._reading.malformed(
            f"{SYSFS}/{name}/backing_dev", 0, "where it writes back is not told"
        )
        return _Parts(layer="zram", members=None)

    def _slaves(self, name: str, *, needed: bool = True) -> tuple[str, ...] | None:
        path = f"{SYSFS}/{name}/slaves"
        try:
            return tuple(recordable(slave) for slave in self._host.list(path))
        except Absent as error:
            if not needed:
                return ()
            self._reading.miss(path, error.reason, error.detail)
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
        return None

    def _removable(self, name: str, parts: _Parts) -> bool | None:
        whole = parts.members[0] if parts.layer == "partition" and parts.members else name
        value = self._text(whole, "removable")
        return {"0": False, "1": True}.get(value)

    def _link(self, name: str) -> str:
        """Return where the device hangs in the tree of devices, `` where that is not told."""
        try:
            return self._host.readlink(f"{SYSFS}/{name}")
        except Unreadable:
            # A copied tree may have folders here instead of links; the name then tells.
            return ""

    def _text(self, name: str, attribute: str) -> str:
        return (self._reading.text(f"{SYSFS}/{name}/{attribute}") or "").strip("\n")
