"""Finds out what happens when somebody plugs in a USB disk."""

from __future__ import annotations

import posixpath
import re

from auditor.collect._enabled_units import Units
from auditor.collect._radios import attribute, entries
from auditor.collect._reading import Reading, lines
from auditor.collect._unsure import all_of, any_of
from auditor.evidence.channels import UsbStoragePolicy

_USB = "/sys/bus/usb/devices"
_BUSES = "/sys/bus"
_LOADED = ("/sys/module/usb_storage", "/sys/module/uas")
_FOLDERS = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
            "/usr/lib/modprobe.d", "/lib/modprobe.d")  # fmt: skip
_GUARD = "/etc/usbguard/usbguard-daemon.conf"
_GUARD_UNIT = "usbguard.service"
_REFUSES = re.compile(r"(?:/usr)?/s?bin/(?:true|false)")
READS = (
    f"{_USB}/usb*/authorized_default",
    *_LOADED,
    *(f"{folder}/*.conf" for folder in _FOLDERS),
    "/proc/cmdline",
    _GUARD,
)


def usb_storage_policy(reading: Reading, units: Units) -> UsbStoragePolicy:
    """Return what stands between a USB disk and this host; `None` where it could not be told."""
    usb = _has_usb(reading)
    driver = _driver_blocked(reading)
    authorized = _authorized_by_default(reading) if usb else False if usb is False else None
    guarded = _guarded(reading, units)
    stopped = any_of(
        None if driver is None else driver,
        None if authorized is None else not authorized,
        guarded,
        None if usb is None else not usb,
    )
    return UsbStoragePolicy(
        origin=reading.origin(_USB),
        usb=usb,
        driver_blocked=driver,
        authorized_by_default=authorized,
        guarded=guarded,
        mountable=None if stopped is None else not stopped,
    )


def _has_usb(reading: Reading) -> bool | None:
    """Return whether there is a USB bus with a root hub; `None` where no bus is seen at all."""
    if not entries(reading, _BUSES):
        reading.miss(_BUSES, "absent", "no bus is seen")
        return None
    seen = reading.losses
    hubs = _hubs(reading)
    return bool(hubs) if reading.losses == seen else None


def _hubs(reading: Reading) -> tuple[str, ...]:
    found = entries(reading, _USB)
    return tuple(path for path in found if re.fullmatch(r"usb\d+", posixpath.basename(path)))


def _authorized_by_default(reading: Reading) -> bool | None:
    """Return whether any hub lets new devices work at once (0 none, 1 all, 2 internal ports)."""
    values = [attribute(reading, f"{hub}/authorized_default") for hub in _hubs(reading)]
    return any_of(*(None if value is None else value not in ("0", "2") for value in values))


def _driver_blocked(reading: Reading) -> bool | None:
    """Return whether the storage drivers are kept from being loaded (modprobe.d(5)).

    A blacklisted module is still loaded where another one needs it: uas needs usb-storage.
    """
    if reading.present(*_LOADED):
        return False
    seen = reading.losses
    installs: set[str] = set()
    blacklisted: set[str] = set()
    for path in reading.by_name(_FOLDERS, ".conf"):
        for line in lines((reading.text(path) or "").replace("\\\n", " ")):
            words = line.split()
            if len(words) > 2 and words[0] == "install" and _REFUSES.fullmatch(words[2]):  # noqa: PLR2004 - install MODULE COMMAND
                installs.add(_module(words[1]))
            elif len(words) > 1 and words[0] == "blacklist":
                blacklisted.add(_module(words[1]))
    arguments = attribute(reading, "/proc/cmdline") or ""
    for names in re.findall(r"(?:^|\s)(?:modprobe\.blacklist|module_blacklist)=(\S+)", arguments):
        blacklisted.update(_module(name) for name in names.split(","))
    blocked = "usb_storage" in installs or {"usb_storage", "uas"} <= installs | blacklisted
    return None if not blocked and reading.losses > seen else blocked


def _module(name: str) -> str:
    return name.replace("-", "_")


def _guarded(reading: Reading, units: Units) -> bool | None:
    """Return whether USBGuard starts, and blocks what its rules do not name."""
    enabled = units.enabled(_GUARD_UNIT)
    if enabled is False:
        return False
    seen = reading.losses
    text = reading.text(_GUARD) or ""
    blocks = not re.search(r"^\s*ImplicitPolicyTarget\s*=\s*allow\b", text, re.MULTILINE)
    return all_of(enabled, None if reading.losses > seen else blocks)
