"""What a machine keeps: mounts, block devices, swap, model stores and model files."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record
from auditor.evidence.site import StorePurpose

LayerType = Literal[
    "disk", "partition", "crypt", "linear", "raid", "multipath", "loop", "zram", "cache",
    "verity", "integrity", "mapper", "unknown",
]  # fmt: skip


class Mount(Record, frozen=True, kw_only=True):
    """A mount as `/proc/self/mountinfo` gives it (proc(5)), octal escapes decoded.

    `members` are the names of the block devices of a file system that lies on several (btrfs, ext
    with a journal apart), where the kernel tells them all; `()` for every other file system.
    """

    device: str
    path: str
    filesystem: str
    options: tuple[str, ...]
    super_options: tuple[str, ...]
    device_number: str
    root: str
    mount_id: int
    parent_id: int
    members: tuple[str, ...] | None = ()

    @property
    def label(self) -> str:
        """Return the mount point."""
        return self.path


class BlockDevice(Record, frozen=True, kw_only=True):
    """A block device and what it is made of.

    `members` are the names of the devices below it (partition: its disk; dm, md: its slaves),
    `backing_file` the file of a loop device. `encryption` is of this layer alone: `verified`
    from the kernel's table (root), `claimed` from the device-mapper uuid (anybody can forge
    one), `null` for a cipher that does not encrypt, `none`, or `unknown`. `cipher` needs root.
    `transport` is how a disk is attached (`ata`, `nvme`, `usb`, `virtio`, `iscsi`, `fc` …).
    """

    name: str
    device_number: str
    layer: LayerType
    size: int
    mapper_name: str
    mapper_uuid: str
    members: tuple[str, ...] | None
    backing_file: str
    encryption: Literal["verified", "claimed", "null", "none", "unknown"]
    cipher: str
    key_bits: int
    removable: bool | None
    model: str
    transport: str = ""

    @property
    def label(self) -> str:
        """Return the device name, and its mapper name."""
        return f"{self.name} ({self.mapper_name})" if self.mapper_name else self.name


class Swap(Record, frozen=True, kw_only=True):
    """An active swap area: `swap_type` is `partition` or `file`; sizes in bytes."""

    path: str
    swap_type: Literal["partition", "file"]
    size: int
    used: int

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path


class ModelStore(Record, frozen=True, kw_only=True):
    """A folder that holds models or data, and how it was found.

    `tool` is the layout recognised (`huggingface`, `ollama`, `triton` …, `folder`),
    `discovered_by` one of `well-known`, `option`, `site`, `service`. `files` and `size` count
    what was seen in it, symlinks not followed; `complete` is false where the walk met a limit
    or a refusal. `writers` tells who besides the owner may write: ``, `group` or `everyone`.
    `path` is the folder itself, symbolic links resolved; the path as it was named is the
    origin's. `device_number` is its file system's (stat(2) `st_dev`), empty where a tree does
    not tell. `encryption_policy` is the fscrypt policy, empty where the folder has none.
    """

    path: str
    tool: str
    discovered_by: Literal["well-known", "option", "site", "service"]
    holds: str
    owner: int | None
    writers: Literal["", "group", "everyone"] | None
    files: int | None
    size: int | None
    complete: bool
    device_number: str = ""
    encryption_policy: str | None = None

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path


class DataFolder(Record, frozen=True, kw_only=True):
    """A folder where a host keeps data of its own accord: logs, temporary files, crash dumps.

    `path` is the folder itself, symbolic links resolved; `known_as` the path that programs use.
    `device_number` as in `ModelStore`.
    """

    path: str
    known_as: str
    holds: StorePurpose
    device_number: str

    @property
    def label(self) -> str:
        """Return the path that programs use."""
        return self.known_as
