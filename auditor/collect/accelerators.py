"""Collects GPUs, NPUs and other accelerators from the PCI bus and their drivers' files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._accelerator_vendors import (
    DEVICE_FILES,
    VENDORS,
    is_accelerator,
    kind_of_device,
)
from auditor.collect._reading import Reading, lines
from auditor.evidence.host import Accelerator
from auditor.evidence.paths import recordable
from auditor.host import Absent, Host, Unreadable

NAME = "accelerators"
PCI = "/sys/bus/pci/devices"
NVIDIA = "/proc/driver/nvidia"
KFD = "/sys/class/kfd/kfd/topology/nodes"
DEVICE_TREE = "/proc/device-tree/model"
_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_CLASS = re.compile(r"0x([0-9a-f]{4})[0-9a-f]{2}")
_IDENTIFIER = re.compile(r"0x[0-9a-f]{4}")
_NVIDIA_VERSION = re.compile(r"Kernel Module\s+(?:for \S+\s+)?([0-9][0-9.]*)")
_DECIMAL = re.compile(r"[0-9]{1,10}")
_NUMBERED = re.compile(r"[0-9]*")
_TEXT = 200


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "accelerator")
    found = list(_Bus(host, reading).accelerators())
    yield from found
    makers = {accelerator.vendor for accelerator in found}
    yield from _by_device_files(host, reading, makers)
    yield from reading.gaps()


class _Bus:
    """The PCI bus of one machine, and what the drivers add to it."""

    def __init__(self, host: Host, reading: Reading) -> None:
        self._host = host
        self._reading = reading

    def accelerators(self) -> Iterator[Accelerator]:
        """Yield the accelerators, sorted by address."""
        try:
            addresses = self._host.list(PCI)
        except Absent:
            if self._reading.absent("/sys/bus"):
                self._reading.miss(PCI, "absent", "sysfs does not tell what is on the bus")
            return  # a machine without a PCI bus
        except Unreadable as error:
            self._reading.miss(PCI, error.reason, error.detail)
            return
        models = self._kfd_models()
        for address in addresses:
            found = self._device(address, models)
            if found is not None:
                yield found

    def _device(self, address: str, models: dict[str, str]) -> Accelerator | None:
        folder = f"{PCI}/{recordable(address)}"
        read = {name: self._attribute(address, name) for name in ("class", "vendor", "device")}
        pci_class = _CLASS.fullmatch(read["class"])
        identifiers = (read["vendor"], read["device"])
        if (
            pci_class is None
            or not _ADDRESS.fullmatch(address)
            or not all(_IDENTIFIER.fullmatch(word) for word in identifiers)
        ):
            self._reading.miss(folder, "malformed", "not a PCI device as sysfs has it")
            return None
        vendor = VENDORS.get(read["vendor"])
        if not is_accelerator(vendor, pci_class[1], read["device"]):
            return None
        driver = self._driver(address)
        return Accelerator(
            origin=self._reading.origin(folder),
            vendor=vendor.name if vendor else f"PCI vendor {read['vendor']}",
            model=self._model(address, driver) or models.get(address, "") or read["device"],
            device_type=kind_of_device(vendor, pci_class[1]),
            driver=driver,
            driver_version=self._version(driver),
            address=address,
        )

    def _driver(self, address: str) -> str:
        try:
            target = self._host.readlink(f"{PCI}/{address}/driver")
        except Absent:
            return ""  # no driver has taken it
        except Unreadable as error:
            self._reading.miss(f"{PCI}/{address}/driver", error.reason, error.detail)
            return ""
        return recordable(target.rpartition("/")[2])

    def _model(self, address: str, driver: str) -> str:
        """Return the model as the driver calls it, `` where it does not."""
        if driver == "nvidia":
            text = self._reading.text(f"{NVIDIA}/gpus/{address}/information") or ""
            for line in lines(text):
                name, _, value = line.partition(":")
                if name.strip() == "Model":
                    return value.strip()[:_TEXT]
        return self._attribute(address, "product_name")[:_TEXT]

    def _version(self, driver: str) -> str:
        """Return the driver's own version; one that comes with the kernel has none."""
        if driver == "nvidia":
            match = _NVIDIA_VERSION.search(self._reading.text(f"{NVIDIA}/version") or "")
            if match:
                return match[1]
        if not driver:
            return ""
        return (self._reading.text(f"/sys/module/{driver}/version") or "").strip()[:_TEXT]

    def _kfd_models(self) -> dict[str, str]:
        """Return AMD's names of GPUs by PCI address (`location_id` is bus, device, function)."""
        try:
            nodes = self._host.list(KFD)
        except Absent:
            return {}
        except Unreadable as error:
            self._reading.miss(KFD, error.reason, error.detail)
            return {}
        found = {}
        for node in nodes:
            name = (self._reading.text(f"{KFD}/{node}/name") or "").strip()
            properties = dict(
                line.split(maxsplit=1)
                for line in lines(self._reading.text(f"{KFD}/{node}/properties") or "")
                if len(line.split(maxsplit=1)) == 2  # noqa: PLR2004 - a name and a number
            )
            place = properties.get("location_id", "0"), properties.get("domain", "0")
            if name and all(_DECIMAL.fullmatch(word) for word in place):
                found[_pci_address(int(place[0]), int(place[1]))] = name[:_TEXT]
        return found

    def _attribute(self, address: str, name: str) -> str:
        return (self._reading.text(f"{PCI}/{address}/{name}") or "").strip()


def _pci_address(location: int, domain: int) -> str:
    bus, device, function = location >> 8 & 0xFF, location >> 3 & 0x1F, location & 7
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function}"


def _by_device_files(host: Host, reading: Reading, makers: set[str]) -> Iterator[Accelerator]:
    """Yield accelerators that show themselves by a device file alone: on a board's own bus."""
    for folder, prefix, vendor, driver in DEVICE_FILES:
        if vendor in makers:
            continue
        try:
            names = host.list(folder)
        except Absent:
            continue
        except Unreadable as error:
            reading.miss(folder, error.reason, error.detail)
            continue
        for name in names:
            if name.startswith(prefix) and _NUMBERED.fullmatch(name[len(prefix) :]):
                yield Accelerator(
                    origin=reading.origin(f"{folder}/{name}"),
                    vendor=vendor,
                    model=_board(reading),
                    device_type="gpu" if vendor == "NVIDIA" else "npu",
                    driver=driver,
                    driver_version=(reading.text(f"/sys/module/{driver}/version") or "").strip(),
                    address=name,
                )


def _board(reading: Reading) -> str:
    """Return what the board is called: an accelerator on its own bus has no other name."""
    return (reading.text(DEVICE_TREE) or "").rstrip("\0").strip()[:_TEXT] or "unnamed"


COLLECTOR = Collector(
    title="GPUs, NPUs and other accelerators",
    yields=(Accelerator,),
    reads=(
        f"{PCI}/*", f"{NVIDIA}/version", f"{NVIDIA}/gpus/*/information", f"{KFD}/*",
        "/sys/module/*/version", "/dev", DEVICE_TREE,
    ),
    collect=_collect,
)  # fmt: skip
