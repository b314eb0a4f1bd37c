"""Where the kinds of file systems keep their data, as far as the mount table tells it."""

from __future__ import annotations

from auditor.evidence.storage import Mount

# Views of the kernel's own state: nothing is kept in them.
PSEUDO = frozenset({
    "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "bpf", "nsfs", "securityfs",
    "debugfs", "tracefs", "pstore", "efivarfs", "configfs", "fusectl", "binfmt_misc", "autofs",
    "rpc_pipefs", "selinuxfs", "smackfs", "nfsd", "fuse.portal", "fuse.lxcfs", "fuse.gvfsd-fuse",
})  # fmt: skip
MEMORY = frozenset({"ramfs", "hugetlbfs"})
SWAPPABLE = frozenset({"tmpfs", "devtmpfs"})
_REMOTE = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "glusterfs", "beegfs", "gpfs",
    "afs", "orangefs", "pvfs2", "panfs", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
    "fuse.juicefs", "fuse.ceph", "fuse.ceph-fuse", "fuse.rclone", "fuse.goofys", "fuse.gcsfuse",
    "fuse.mount-s3", "fuse.blobfuse", "fuse.blobfuse2", "fuse.cvmfs2", "fuse.curlftpfs",
    "fuse.seaweedfs", "fuse.alluxio-fuse",
})  # fmt: skip
# The host of a virtual machine decides, or a program that can do as it likes, or a pool.
_BEYOND = frozenset({"virtiofs", "9p", "vboxsf", "fuse.vmhgfs-fuse", "zfs"})
# Programs that encrypt what passes through them, by their own word alone.
ENCRYPTING_PROGRAMS = frozenset({"fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.securefs"})
_FURTHER: dict[str, tuple[str, ...]] = {
    "xfs": ("logdev", "rtdev"), "reiserfs": ("jdev",), "erofs": ("device",),
}  # fmt: skip
# File systems that may span devices which nothing tells.
SPANNING = frozenset({"f2fs", "bcachefs", "nilfs2"})


def is_remote(mount: Mount) -> bool:
    """Return whether another machine keeps the data."""
    return mount.filesystem in _REMOTE


def is_beyond(mount: Mount) -> bool:
    """Return whether who keeps the data cannot be seen from this machine."""
    by_program = mount.filesystem.startswith("fuse.") or mount.filesystem == "fuse"
    return mount.filesystem in _BEYOND or (
        by_program and mount.filesystem not in ENCRYPTING_PROGRAMS
    )


def has_device(mount: Mount) -> bool:
    """Return whether the mount's number is a block device's: major 0 is never one."""
    return not mount.device_number.startswith("0:")


def agrees(mount: Mount, device_number: str) -> bool:
    """Return whether a file's `st_dev` fits the mount; an empty number says nothing.

    btrfs gives each subvolume, and network file systems each export, a number of its own.
    """
    if not device_number or mount.device_number == device_number:
        return True
    many = mount.filesystem == "btrfs" or is_remote(mount) or is_beyond(mount)
    return many and not has_device(mount) and device_number.startswith("0:")


def further_devices(mount: Mount) -> tuple[str, ...]:
    """Return the device files that a file system's options name beside its own.

    XFS names its log and realtime section (xfs(5)), reiserfs its journal, erofs further devices.
    """
    names = _FURTHER.get(mount.filesystem, ())
    return tuple(
        value
        for option in mount.super_options
        for name, _, value in [option.partition("=")]
        if name in names and value
    )


def overlay_layers(mount: Mount) -> tuple[str, ...]:
    r"""Return the folders of an overlay: upper, work and every lower one, in that order.

    Colons part the lower folders; `\:` is a colon of a name (Documentation/filesystems/
    overlayfs.rst). `lowerdir+` and `datadir+` name one folder each.
    """
    upper: list[str] = []
    lower: list[str] = []
    for option in mount.super_options:
        name, _, value = option.partition("=")
        if name in ("upperdir", "workdir"):
            upper.append(value)
        elif name in ("lowerdir+", "datadir+"):
            lower.append(value)
        elif name == "lowerdir":
            lower += split_lower(value)
    return (*upper, *lower)


def split_lower(value: str) -> list[str]:
    """Return the folders of a `lowerdir` value; `::` before data-only folders counts as one."""
    found = [""]
    escaped = False
    for character in value:
        if escaped:
            found[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == ":":
            found.append("")
        else:
            found[-1] += character
    return [folder for folder in found if folder]


def ecryptfs_cipher(mount: Mount) -> str:
    """Return the cipher of an eCryptfs mount, `` where it does not name one or names none."""
    options = dict(option.partition("=")[::2] for option in mount.super_options)
    cipher = options.get("ecryptfs_cipher", "")
    bits = options.get("ecryptfs_key_bytes", "")
    if not cipher or "null" in cipher:
        return ""
    return f"{cipher} {int(bits) * 8} bit" if bits.isdecimal() and len(bits) < 4 else cipher  # noqa: PLR2004
