"""Collects GPUs, NPUs and other accelerators from the PCI bus, drivers and device files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect import _accelerator_amd as amd
from auditor.collect import _accelerator_names as names
from auditor.collect import _accelerator_nodes as nodes
from auditor.collect import _accelerator_nvidia as nvidia
from auditor.collect._accelerator_names import TEXT, driver_version, pci_address
from auditor.collect._accelerator_vendors import VENDORS, is_accelerator, kind_of_device
from auditor.collect._reading import Reading
from auditor.evidence.host import Accelerator
from auditor.evidence.paths import recordable
from auditor.host import Absent, Host, Unreadable

NAME = "accelerators"
PCI = "/sys/bus/pci/devices"
_CLASS = re.compile(r"0x([0-9a-f]{4})[0-9a-f]{2}")
_IDENTIFIER = re.compile(r"0x[0-9a-f]{4}")


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "accelerator")
    driver = nvidia.NvidiaDriver(reading)
    compute = amd.ComputeDriver(reading)
    bus = _Bus(reading, driver, compute.models)
    found = list(bus.accelerators())
    found.extend(driver.accelerators({one.address for one in found}))
    # What stands on the bus was judged there, also where it is no accelerator.
    known = {*bus.addresses, *(one.address for one in found)}
    found.extend(compute.accelerators(known))
    files = nodes.DeviceFiles(reading, driver, kfd_tells=compute.tells)
    found.extend(files.accelerators(tuple(found), known))
    yield from found
    yield from reading.gaps()


class _Bus:
    """The PCI bus of one machine, and what the drivers add to it."""

    def __init__(
        self, reading: Reading, driver: nvidia.NvidiaDriver, models: dict[str, str]
    ) -> None:
        self._reading = reading
        self._driver_of_nvidia = driver
        self._models = models
        self.addresses = self._listed()

    def _listed(self) -> tuple[str, ...]:
        try:
            return self._reading.host.list(PCI)
        except Absent:
            if self._reading.absent("/sys/bus"):
                self._reading.miss(PCI, "absent", "sysfs does not tell what is on the bus")
        except Unreadable as error:
            self._reading.miss(PCI, error.reason, error.detail)
        return ()  # also a machine without a PCI bus

    def accelerators(self) -> Iterator[Accelerator]:
        """Yield the accelerators, sorted by address."""
        computing = nodes.computing(self._reading)
        for address in self.addresses:
            found = self._device(address, computes=address in computing)
            if found is not None:
                yield found

    def _device(self, address: str, *, computes: bool) -> Accelerator | None:
        folder = f"{PCI}/{recordable(address)}"
        read = {name: self._attribute(address, name) for name in ("class", "vendor", "device")}
        pci_class = _CLASS.fullmatch(read["class"])
        identifiers = (read["vendor"], read["device"])
        if (
            pci_class is None
            or not pci_address(address)
            or not all(_IDENTIFIER.fullmatch(word) for word in identifiers)
        ):
            self._reading.miss(folder, "malformed", "not a PCI device as sysfs has it")
            return None
        if not (computes or is_accelerator(read["vendor"], pci_class[1], read["device"])):
            return None
        vendor = VENDORS.get(read["vendor"])
        of_nvidia = vendor is not None and vendor.name == nvidia.VENDOR
        driver = self._reading.linked_name(f"{PCI}/{address}/driver")
        if of_nvidia:
            driver = self._driver_of_nvidia.name(address, driver)
        own = self._driver_of_nvidia.version_for(driver) if of_nvidia else ""
        return Accelerator(
            origin=self._reading.origin(folder),
            vendor=vendor.name if vendor else f"PCI vendor {read['vendor']}",
            model=self._model(address, of_nvidia=of_nvidia) or read["device"],
            device_type=kind_of_device(vendor, pci_class[1]),
            driver=driver,
            driver_version=own or driver_version(self._reading, driver),
            address=address,
        )

    def _model(self, address: str, *, of_nvidia: bool) -> str:
        """Return the model as a driver or the board itself calls it, `` where neither does."""
        told = self._driver_of_nvidia.model(address) if of_nvidia else ""
        told = told or self._attribute(address, "product_name")[:TEXT]
        return told or self._models.get(address, "")

    def _attribute(self, address: str, name: str) -> str:
        return (self._reading.text(f"{PCI}/{address}/{name}") or "").strip()


COLLECTOR = Collector(
    title="GPUs, NPUs and other accelerators",
    yields=(Accelerator,),
    reads=(f"{PCI}/*", *nvidia.READS, *amd.READS, *nodes.READS, *names.READS),
    collect=_collect,
)
