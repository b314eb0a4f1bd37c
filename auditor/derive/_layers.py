"""Walks from a path through mount, file system and block devices to what keeps the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor.derive import _filesystems as filesystems
from auditor.derive import _nature as nature
from auditor.derive._mount_table import MountTable
from auditor.derive._protection import Protection, combine, unknown
from auditor.evidence import Evidence
from auditor.evidence.storage import BlockDevice, Mount, Swap
from auditor.evidence.volumes import LuksHeader

_DEEPEST = 48
_DELETED = " (deleted)"


class Layers:
    """The storage of one machine's evidence.

    Whatever is missing, ambiguous or circular makes the answer unknown, never better.
    """

    def __init__(self, evidence: Evidence) -> None:
        """Index mounts, block devices and swap areas."""
        records = evidence.records
        self.table = MountTable(record for record in records if isinstance(record, Mount))
        devices = [record for record in records if isinstance(record, BlockDevice)]
        self._by_name = _unique(devices, lambda device: device.name)
        self._by_number = _unique(devices, lambda device: device.device_number)
        self._by_mapper = _unique(devices, lambda device: device.mapper_name)
        headers = (record for record in records if isinstance(record, LuksHeader))
        self._opal = {header.mapper_name for header in headers if _by_disk_alone(header)}
        swaps = [record for record in records if isinstance(record, Swap)]
        self._swaps = sorted(swaps, key=lambda swap: swap.path)
        missed = {gap.kind for gap in evidence.gaps}
        asked = {kind for run in evidence.runs for kind in run.kinds}
        self._swaps_known = "swap" in asked and "swap" not in missed
        self._mounts_whole = "mount" not in missed
        self._found: dict[str, Protection] = {}
        self._passing: list[str] = []

    def below(self, path: str, device_number: str = "") -> Protection:
        """Return what protects the folder and everything mounted below it."""
        return self.with_deeper(self.path(path, device_number), path)

    def with_deeper(self, own: Protection, path: str) -> Protection:
        """Return what protects a folder, `own` by itself, together with what is mounted below."""
        deeper = [m for m in self.table.below(path) if m.filesystem not in filesystems.PSEUDO]
        if not deeper:
            return own
        return combine([own, *(self._visible(mount) for mount in deeper)])

    def path(self, path: str, device_number: str = "") -> Protection:
        """Return what protects the file or folder itself; links in `path` must be resolved."""
        mount = self.table.find(path)
        if mount is None:
            return unknown(f"the mount of {path} is not known")
        if not filesystems.agrees(mount, device_number):
            return unknown(
                f"{path} lies on device {device_number}, the mount table says "
                f"{mount.device_number} at {mount.path}"
            )
        found = self._mount(mount)
        if not self._mounts_whole and found.verdict not in ("plaintext", "mixed"):
            return unknown("the mount table could not be read whole", *found.chain)
        return found

    def swap(self, swap: Swap) -> Protection:
        """Return what protects what is swapped out to an area."""
        if swap.path.endswith(_DELETED):
            return unknown(f"the swap area {swap.path} has no name any more")
        if swap.swap_type == "partition":
            return self._device_file(swap.path)
        return self.path(swap.path).under(f"file {swap.path}")

    def device(self, path: str) -> Protection:
        """Return what protects a device, named by its device file or as `/dev/block/8:3`."""
        number = path.removeprefix("/dev/block/")
        device = self._by_number.get(number) if number != path else None
        return self._device(device) if device is not None else self._device_file(path)

    def _visible(self, mount: Mount) -> Protection:
        if self.table.find(mount.path) is not mount:
            return unknown(f"the mount at {mount.path} hangs on none that is known")
        return self._mount(mount)

    def _mount(self, mount: Mount) -> Protection:
        key = f"mount {mount.mount_id}"
        return self._once(key, lambda: self._filesystem(mount).under(_mounted(self, mount)))

    def _filesystem(self, mount: Mount) -> Protection:
        by_kind = {
            "btrfs": self._btrfs,
            "overlay": self._overlay,
            "ecryptfs": nature.ecryptfs,
            **dict.fromkeys(filesystems.SWAPPABLE, self._memory),
        }
        judge = by_kind.get(mount.filesystem)
        return judge(mount) if judge else nature.by_nature(mount) or self._on_devices(mount)

    def _on_devices(self, mount: Mount) -> Protection:
        if not filesystems.has_device(mount):
            return unknown(f"a file system of the kind {mount.filesystem} names no device")
        device = self._by_number.get(mount.device_number)
        if device is None:
            return unknown(f"nothing is known of device {mount.device_number} ({mount.device})")
        parts = [self._device(device)]
        parts += [self._device_file(path) for path in filesystems.further_devices(mount)]
        parts += [self._named(name) for name in mount.members or () if name != device.name]
        if mount.members is None:
            parts.append(unknown("it may have a journal on a device that is not told"))
        if mount.filesystem in filesystems.SPANNING:
            parts.append(unknown(f"{mount.filesystem} may span devices that are not told"))
        return combine(parts) if len(parts) > 1 else parts[0]

    def _btrfs(self, mount: Mount) -> Protection:
        if mount.members is None:
            shown = self._device_file(mount.device)
            return combine([shown, unknown("btrfs may span devices that are not told")])
        return combine([self._named(name) for name in mount.members])

    def _overlay(self, mount: Mount) -> Protection:
        folders = filesystems.overlay_layers(mount)
        if mount.path == "/":
            return unknown("the layers of the root overlay lie outside what can be seen")
        if not folders or not all(folder.startswith("/") for folder in folders):
            return unknown("the layers of the overlay are not told by whole paths")
        parts = [self._overlaid(folder, mount) for folder in dict.fromkeys(folders)]
        return combine(parts)

    def _overlaid(self, folder: str, overlay: Mount) -> Protection:
        """Return what protects a layer, which is the folder that had this name at mount time."""
        found = self.path(folder).under(f"layer {folder}")
        over = self.table.find(folder)
        later = over is not None and over.mount_id > overlay.mount_id
        if later and found.verdict not in ("plaintext", "mixed"):
            reason = f"a later mount than the overlay hides, or may hide, its layer {folder}"
            return unknown(reason, *found.chain)
        return found

    def _memory(self, mount: Mount) -> Protection:
        """Return what protects a file system in memory, whose pages may be swapped out."""
        if "noswap" in mount.super_options:
            return Protection(verdict="memory-only")
        if not self._swaps_known:
            return unknown("it is in memory, but whether there is swap is not known")
        areas = [self._once(f"swap {area.path}", self._swapped(area)) for area in self._swaps]
        worst = combine(areas).verdict if areas else "memory-only"
        if worst in ("verified", "memory-only"):
            return Protection(verdict="memory-only")
        if worst in ("plaintext", "mixed"):
            reason = "it is in memory, but may be swapped out in clear"
            return Protection(verdict="plaintext", reason=reason)
        reason = "it is in memory, but may be swapped out, and how swap is protected decides"
        return Protection(verdict=worst, reason=reason)

    def _swapped(self, swap: Swap) -> Callable[[], Protection]:
        return lambda: self.swap(swap)

    def _device_file(self, path: str) -> Protection:
        name = path.removeprefix("/dev/")
        device = (
            self._by_mapper.get(name.removeprefix("mapper/"))
            if name.startswith("mapper/")
            else self._by_name.get(name.replace("/", "!"))
        )
        if device is None or not path.startswith("/dev/"):
            return unknown(f"nothing is known of the device {path}")
        return self._device(device)

    def _named(self, name: str) -> Protection:
        device = self._by_name.get(name)
        if device is None:
            return unknown(f"nothing is known of the device {name}", f"device {name}")
        return self._device(device)

    def _device(self, device: BlockDevice) -> Protection:
        return self._once(f"device {device.name}", lambda: self._judge(device))

    def _judge(self, device: BlockDevice) -> Protection:
        below = self._beneath(device)
        chain = (_layer(device), *below.chain)
        if device.encryption == "verified":
            bits = f" {device.key_bits} bit" if device.key_bits else ""
            return Protection(verdict="verified", chain=chain, ciphers=(f"{device.cipher}{bits}",))
        if below.verdict == "verified":
            return below.under(_layer(device))
        if device.encryption == "claimed":
            reason = f"{device.label} says so by its name; the kernel's table was not read"
            return Protection(verdict="claimed", chain=chain, reason=reason)
        if below.verdict == "plaintext" and device.mapper_name in self._opal:
            reason = f"the disk is to encrypt {device.label} itself (OPAL): no proof of it is seen"
            return unknown(reason, *chain, beyond=True)
        if device.encryption == "unknown" and below.verdict != "claimed":
            return unknown(f"whether {device.label} encrypts could not be read", *chain)
        return below.under(_layer(device))

    def _beneath(self, device: BlockDevice) -> Protection:
        if device.members is None:
            return unknown(f"what {device.label} is made of is not known")
        if device.layer == "loop":
            return self._loop(device)
        if device.members:
            return combine([self._named(name) for name in device.members])
        if device.layer == "zram":
            return Protection(verdict="memory-only")
        if device.layer != "disk":
            return unknown(f"what {device.label} is made of is not known")
        return nature.disk(device)

    def _loop(self, device: BlockDevice) -> Protection:
        if not device.backing_file.startswith("/") or device.backing_file.endswith(_DELETED):
            return unknown(f"the file of {device.label} is not known")
        return self.path(device.backing_file).under(f"file {device.backing_file}")

    def _once(self, key: str, judge: Callable[[], Protection]) -> Protection:
        """Judge each thing once; what rests on itself (swap on a loop on tmpfs) is unknown."""
        if key in self._found:
            return self._found[key]
        if key in self._passing or len(self._passing) > _DEEPEST:
            return unknown("it rests on itself, or on more layers than can be followed")
        self._passing.append(key)
        try:
            self._found[key] = judge()
        finally:
            self._passing.pop()
        return self._found[key]

    def mapper_label(self, mount: Mount) -> str:
        """Return how a mount's device is called: with its mapper name where it has one."""
        device = self._by_number.get(mount.device_number)
        return device.label if device is not None else mount.device


def _mounted(layers: Layers, mount: Mount) -> str:
    on = layers.mapper_label(mount)
    what = f"{mount.filesystem} on {on}" if on else mount.filesystem
    return f"{what}, mounted on {mount.path}"


def _layer(device: BlockDevice) -> str:
    """Return a layer in words."""
    words = [device.layer, device.label]
    if device.model:
        words.append(f"[{device.model}]")
    text = " ".join(words)
    if device.encryption == "verified":
        bits = f", {device.key_bits} bit" if device.key_bits else ""
        return f"{text}, {device.cipher}{bits}"
    if device.encryption == "claimed":
        return f"{text}, encrypted by its name's claim"
    if device.encryption == "null":
        return f"{text}, {device.cipher}: encrypts nothing"
    return f"{text} over {', '.join(device.members)}" if device.members else text


def _by_disk_alone(header: LuksHeader) -> bool:
    """Return whether a LUKS header leaves all encryption to the disk."""
    return {segment.segment_type for segment in header.segments or ()} == {"hw-opal"}


def _unique(
    devices: Iterable[BlockDevice], key: Callable[[BlockDevice], str]
) -> dict[str, BlockDevice]:
    """Return the devices by a name that one alone has: of two with one name neither is known."""
    found: dict[str, list[BlockDevice]] = {}
    for device in devices:
        if key(device):
            found.setdefault(key(device), []).append(device)
    return {name: held[0] for name, held in found.items() if len(held) == 1}
