"""Writes what a machine shows of its ways out: radios, the USB bus, the TPM."""

from __future__ import annotations

from .memory import Machine


def usb(machine: Machine, *, storage: bool) -> None:
    """Put a USB bus: `storage` with its driver loaded, else with the driver forbidden."""
    machine.files("/sys/bus/usb/devices/usb1", authorized_default="1", product="xHCI")
    if storage:
        machine.folder("/sys/module/usb_storage")
    else:
        machine.file("/etc/modprobe.d/no-usb-storage.conf",
                     "install usb-storage /bin/false\ninstall uas /bin/false\n")  # fmt: skip


def tpm(machine: Machine) -> None:
    """Put a TPM 2.0."""
    machine.files("/sys/class/tpm/tpm0", tpm_version_major="2")


def radio(machine: Machine, folder: str, driver: str, *, blocked: bool) -> None:
    """Put a radio with its switch under a class folder of sysfs."""
    machine.files(f"{folder}/rfkill0", soft="1" if blocked else "0", hard="0")
    machine.link(f"{folder}/device/driver", f"/sys/bus/usb/drivers/{driver}")
