"""Reads how a kernel was booted and what guards it: arguments, Secure Boot, lockdown, taint."""

from __future__ import annotations

import re
from typing import Literal

from auditor.collect._reading import Reading
from auditor.evidence.host import KernelInfo
from auditor.host import Absent, Unreadable
from auditor.redaction import redact_arguments

_EFI = "/sys/firmware/efi"
_SECURE_BOOT = f"{_EFI}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_LOCKDOWN = "/sys/kernel/security/lockdown"

READS = (
    "/proc/sys/kernel/osrelease",
    "/proc/cmdline",
    "/proc/sys/kernel/tainted",
    _LOCKDOWN,
    _EFI,
    _SECURE_BOOT,
)

Lockdown = Literal["none", "integrity", "confidentiality"]
_MODES: dict[str, Lockdown] = {
    "none": "none",
    "integrity": "integrity",
    "confidentiality": "confidentiality",
}


def kernel(reading: Reading) -> KernelInfo | None:
    """Return the running kernel; `None`, and a gap, where no kernel can be seen (an image)."""
    version = _line(reading, "/proc/sys/kernel/osrelease")
    if version is None:
        reading.miss("/proc/sys/kernel/osrelease", "absent", "no running kernel is seen")
        return None
    arguments = _line(reading, "/proc/cmdline")
    tainted = _line(reading, "/proc/sys/kernel/tainted") or ""
    firmware = _firmware(reading)
    return KernelInfo(
        origin=reading.origin("/proc/sys/kernel/osrelease"),
        version=version,
        arguments=None if arguments is None else redact_arguments(arguments.split()),
        lockdown=_lockdown(reading),
        secure_boot=False if firmware == "bios" else _secure_boot(reading),
        firmware=firmware,
        tainted=int(tainted) if tainted.isdecimal() and len(tainted) < 20 else None,  # noqa: PLR2004
    )


def _line(reading: Reading, path: str) -> str | None:
    """Return a one-line file; what cannot be read is `None` in the record, which says so."""
    try:
        line = reading.host.read(path, limit=65536).decode("utf-8", "replace").strip()
    except Unreadable:
        return None
    return None if "\0" in line else line


def _lockdown(reading: Reading) -> Lockdown | None:
    """Return the mode in brackets; without the file it is unknown: securityfs may be unmounted."""
    active = re.search(r"\[(\w+)\]", _line(reading, _LOCKDOWN) or "")
    return _MODES.get(active[1]) if active else None


def _firmware(reading: Reading) -> Literal["uefi", "bios"] | None:
    """Return how it booted; `None` where `/sys/firmware` itself cannot be seen."""
    try:
        names = reading.host.list("/sys/firmware")
    except Unreadable:
        return None
    return "uefi" if "efi" in names else "bios"


def _secure_boot(reading: Reading) -> bool | None:
    """Return the fifth byte of the variable: four bytes of attributes stand before the value."""
    try:
        value = reading.host.read(_SECURE_BOOT, limit=64)
    except Absent:
        return None
    except Unreadable:
        return None
    return value[4] == 1 if len(value) == 5 else None  # noqa: PLR2004 - UEFI: one byte of value
