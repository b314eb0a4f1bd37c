"""What follows for the data from the nature of a disk or file system alone."""

from __future__ import annotations

from auditor.derive import _filesystems as filesystems
from auditor.derive._protection import Protection, unknown
from auditor.evidence.storage import BlockDevice, Mount

# Disks whose blocks a hypervisor, an array or another machine keeps.
_HYPERVISOR = frozenset({"virtio", "xen", "vmbus", "virtual"})
_ELSEWHERE = frozenset({"network", "iscsi", "fc", "nvme-tcp", "nvme-rdma", "nvme-fc"})


def disk(device: BlockDevice) -> Protection:
    """Return what protects what a whole disk holds: nothing, or what cannot be seen from here."""
    if device.transport in _ELSEWHERE:
        reason = f"another machine keeps disk {device.name} ({device.transport})"
        return Protection(verdict="remote", reason=reason, beyond=True)
    if device.transport in _HYPERVISOR:
        reason = f"virtual disk {device.name} gets it in clear; what its host does is not seen here"
        return Protection(verdict="plaintext", reason=reason, beyond=True)
    return Protection(verdict="plaintext", reason=f"disk {device.name} holds it in clear")


def by_nature(mount: Mount) -> Protection | None:
    """Return what follows from the kind of file system alone, `None` where its device decides."""
    kind = mount.filesystem
    if kind in filesystems.MEMORY:
        return Protection(verdict="memory-only")
    if filesystems.is_remote(mount):
        reason = f"another machine keeps it ({kind} from {mount.device})"
        return Protection(verdict="remote", reason=reason, beyond=True)
    if filesystems.is_beyond(mount):
        return unknown(f"what {kind} does with it cannot be seen from here", beyond=True)
    if kind in filesystems.ENCRYPTING_PROGRAMS:
        return Protection(verdict="claimed", reason=f"{kind} says so by its name alone")
    return None


def ecryptfs(mount: Mount) -> Protection:
    """Return what protects an eCryptfs mount, whose options the kernel itself tells."""
    cipher = filesystems.ecryptfs_cipher(mount)
    if not cipher:
        return unknown("the cipher of eCryptfs is not told")
    if "ecryptfs_passthrough" in mount.super_options:
        reason = "eCryptfs lets files pass in clear (ecryptfs_passthrough)"
        return Protection(verdict="mixed", reason=reason)
    return Protection(verdict="verified", ciphers=(cipher,))
