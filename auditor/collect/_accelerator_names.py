"""Reads the names that accelerators go by: PCI addresses, boards, kernel modules."""

from __future__ import annotations

import re

from auditor.collect._reading import Reading

TEXT = 200  # characters of a name that a file tells
UNNAMED = "unnamed"
DEVICE_TREE = "/proc/device-tree/model"
MODULES = "/sys/module"
_DRIVERS = "/sys/bus/pci/drivers"
_ADDRESS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", re.IGNORECASE)
_MODULE = re.compile(r"[\w-]{1,64}", re.ASCII)


def pci_address(text: str) -> str:
    """Return a PCI address as sysfs writes it, `` where it is none.

    The domain has four digits there, and more only where it needs them (`pci_setup_device` of
    drivers/pci/probe.c); NVIDIA's tools write eight.
    """
    match = _ADDRESS.fullmatch(text)
    return f"{int(match[1], 16):04x}:{match[2].lower()}" if match else ""


def driver_version(reading: Reading, driver: str) -> str:
    """Return the version that the module of a driver on the PCI bus tells, `` where it has none.

    A module is mostly called as its driver is; where it is not, the driver links to it.
    """
    told = module_version(reading, driver)
    if told or not _MODULE.fullmatch(driver):
        return told
    return module_version(reading, reading.linked_name(f"{_DRIVERS}/{driver}/module"))


def module_version(reading: Reading, module: str) -> str:
    """Return the version that a module tells; one that comes with the kernel has none."""
    if not _MODULE.fullmatch(module):
        return ""
    name = module.replace("-", "_")  # as the kernel writes the names of modules
    return (reading.text(f"{MODULES}/{name}/version") or "").strip()[:TEXT]


def board(reading: Reading) -> str:
    """Return what the board is called: an accelerator on its own bus has no other name."""
    return (reading.text(DEVICE_TREE) or "").rstrip("\0").strip()[:TEXT] or UNNAMED


READS = (f"{MODULES}/*/version", f"{_DRIVERS}/*/module", DEVICE_TREE)
