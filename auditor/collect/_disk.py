"""Tells how a disk is attached and what it calls itself, from where it hangs in sysfs."""

from __future__ import annotations

from auditor.host import Absent, Host, Unreadable

_SYSFS = "/sys/class/block"
_TEXT = 4096
# A step of the device's path, and the transport that it stands for; the first match decides.
_STEPS = (
    ("/session", "iscsi"),
    ("/rport-", "fc"),
    ("/usb", "usb"),
    ("/mmc_host", "mmc"),
    ("/end_device-", "sas"),
    ("/virtio", "virtio"),
    ("/vbd-", "xen"),
    ("/VMBUS:", "vmbus"),
    ("/ata", "ata"),
)
# Disks whose blocks another machine keeps, by their driver's names.
_NETWORK = ("nbd", "rbd", "drbd", "aoe", "etherd")
# What virtual disks call themselves to a guest.
_VIRTUAL = (
    "qemu harddisk", "virtual disk", "virtual_disk", "vbox harddisk", "persistentdisk",
    "vmware virtual", "elastic block store", "accelerated disk", "blockvolume",
)  # fmt: skip


def model(host: Host, name: str) -> str:
    """Return vendor and model of a disk as sysfs gives them, or ``."""
    words = [
        word
        for field in ("vendor", "model", "name")
        if (word := _text(host, f"{_SYSFS}/{name}/device/{field}")) and not word.startswith("0x")
    ]
    return " ".join(words[:2])


def transport(host: Host, name: str, link: str, disk_model: str) -> str:
    """Return how a disk is attached, or `` where sysfs does not tell.

    `link` is where `/sys/class/block/NAME` leads. `virtual` is a disk that a hypervisor shows
    as another kind; `network` one whose driver keeps its blocks on another machine.
    """
    if name.startswith(_NETWORK):
        return "network"
    if any(word in disk_model.lower() for word in _VIRTUAL):
        return "virtual"
    if name.startswith("nvme"):
        over = _text(host, f"{_SYSFS}/{name}/device/transport")
        return "nvme" if over in ("", "pcie") else f"nvme-{over}"
    if name.startswith("xvd"):
        return "xen"
    return next((word for step, word in _STEPS if step in link), "")


def _text(host: Host, path: str) -> str:
    """Return an attribute that only describes, `` where it cannot be read."""
    try:
        return " ".join(host.read(path, limit=_TEXT).decode("utf-8", "replace").split())
    except Absent:
        return ""
    except Unreadable:
        # A name for the reader: no verdict rests on it but that of network and virtual disks,
        # which only turns plaintext into "another machine decides", never into a pass.
        return ""
