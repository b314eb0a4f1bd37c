"""Finds accelerators by their device files: those that no bus and no driver has told of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Container, Iterator

from auditor.collect._accelerator_names import (
    UNNAMED,
    board,
    module_version,
    pci_address,
)
from auditor.collect._accelerator_nvidia import VENDOR as NVIDIA
from auditor.collect._accelerator_nvidia import NvidiaDriver
from auditor.collect._accelerator_vendors import (
    CLASS_DRIVERS,
    COMPUTE_DRIVER,
    COMPUTE_NODES,
    DEVICE_FILES,
    EMULATED,
    DeviceType,
)
from auditor.collect._reading import Reading
from auditor.evidence.host import Accelerator

_COMPUTING = "/sys/class/accel"
# Folder, names and class of the nodes by which any driver shows that it computes or draws
# (Documentation/accel/introduction.rst, Documentation/gpu/drm-uapi.rst: render nodes).
_CLASSES: tuple[tuple[str, str, str, DeviceType], ...] = (
    (*COMPUTE_NODES, _COMPUTING, "other"),
    ("/dev/dri", "renderD[0-9]+", "/sys/class/drm", "gpu"),
)
READS = (
    *sorted({folder for folder, *_ in DEVICE_FILES}),
    *(folder for folder, *_ in _CLASSES),
    *(f"{folder}/*/device" for _, _, folder, _ in _CLASSES),
)


def computing(reading: Reading) -> frozenset[str]:
    """Return the PCI addresses of devices that a driver shows as accelerators by its class."""
    names = _matching(reading.names(_COMPUTING), COMPUTE_NODES[1])
    links = (f"{_COMPUTING}/{name}/device" for name in names)
    return frozenset(pci_address(reading.linked_name(link)) for link in links) - {""}


class DeviceFiles:
    """The device files of accelerators, weighed against what was found without them.

    Nothing tells which file belongs to which device on a bus, but a maker's devices have a file
    each: those beyond the number of its accelerators stand for one that was not seen.
    """

    def __init__(self, reading: Reading, nvidia: NvidiaDriver, *, kfd_tells: bool) -> None:
        """Read the files with `reading`; `kfd_tells`: AMD's driver tells all its GPUs itself."""
        self._reading = reading
        self._nvidia = nvidia
        self._kfd_tells = kfd_tells

    def accelerators(
        self, found: Collection[Accelerator], known: Container[str]
    ) -> Iterator[Accelerator]:
        """Yield those beyond the ones `found`; what is at the addresses `known` was judged."""
        told = Counter(one.vendor for one in found)
        own = self._nvidia.device_files
        told[NVIDIA] -= len(own)
        folders = dict.fromkeys(folder for folder, *_ in DEVICE_FILES)
        listed = {folder: self._reading.names(folder) for folder in folders}
        for folder, pattern, vendor, driver, kind in DEVICE_FILES:
            if driver == COMPUTE_DRIVER and self._kfd_tells:
                continue
            names = [name for name in _matching(listed[folder], pattern) if name not in own]
            for name in names[max(told[vendor], 0) :]:
                told[vendor] += 1
                yield self._record(f"{folder}/{name}", vendor, driver, kind)
        told[NVIDIA] += len(own)
        told[UNNAMED] = told.total()
        yield from self._of_classes(told, known)

    def _of_classes(self, told: Counter[str], known: Container[str]) -> Iterator[Accelerator]:
        for folder, pattern, above, usual in _CLASSES:
            left = told.copy()
            for name in _matching(self._reading.names(folder), pattern):
                link = f"{above}/{name}/device"
                address = pci_address(self._reading.linked_name(link))
                driver = self._reading.linked_name(f"{link}/driver")
                if address in known or driver in EMULATED:
                    continue
                vendor, kind = CLASS_DRIVERS.get(driver, (UNNAMED, usual))
                left[vendor] -= 1
                if left[vendor] < 0:
                    told[vendor] += 1
                    yield self._record(f"{folder}/{name}", vendor, driver, kind)

    def _record(self, path: str, vendor: str, driver: str, kind: DeviceType) -> Accelerator:
        own = self._nvidia.version if driver == "nvidia" else ""
        return Accelerator(
            origin=self._reading.origin(path),
            vendor=vendor,
            model=board(self._reading),
            device_type=kind,
            driver=driver,
            driver_version=own or module_version(self._reading, driver),
            address=path.rpartition("/")[2],
        )


def _matching(names: tuple[str, ...], pattern: str) -> list[str]:
    """Return the names that match, by their numbers."""
    return sorted(filter(re.compile(pattern).fullmatch, names), key=lambda name: (len(name), name))
