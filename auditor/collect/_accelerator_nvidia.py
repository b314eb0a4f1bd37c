"""Reads what NVIDIA's kernel driver tells of its GPUs in procfs, whatever the PCI bus shows."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cached_property

from msgspec import Struct

from auditor.collect._accelerator_names import TEXT, UNNAMED, module_version, pci_address
from auditor.collect._reading import Reading, lines
from auditor.evidence.host import Accelerator
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable

VENDOR, DRIVER = "NVIDIA", "nvidia"
_FOLDER = "/proc/driver/nvidia"
READS = (f"{_FOLDER}/version", f"{_FOLDER}/gpus/*/information")
_VERSION = re.compile(r"Kernel Module\s+(?:for \S+\s+)?([0-9][0-9.]*)")
_MINOR = re.compile(r"[0-9]{1,5}")
# Drivers that hold a GPU of NVIDIA's without its own: the version of that one is not theirs.
_OTHERS = frozenset({"", "vfio-pci", "pci-stub", "pciback", "xen-pciback", "nouveau", "nova-core"})


class _Gpu(Struct, frozen=True, kw_only=True):
    """One GPU as the driver tells it; `minor` is the number in `/dev/nvidia<minor>`."""

    path: str
    model: str
    minor: str


class NvidiaDriver:
    """The GPUs that the driver holds, by PCI address, and its version."""

    def __init__(self, reading: Reading) -> None:
        """Read the folder that the driver keeps for its GPUs; what is refused is a gap."""
        self._reading = reading
        self._listed = True
        self._gpus = {address: self._gpu(path) for address, path in self._folders().items()}

    def model(self, address: str) -> str:
        """Return what the driver calls the GPU at a PCI address, `` where it does not tell."""
        gpu = self._gpus.get(pci_address(address))
        if gpu is None and not self._listed:
            gpu = self._gpu(f"{_FOLDER}/gpus/{address}/information")
        return gpu.model if gpu else ""

    def name(self, address: str, linked: str) -> str:
        """Return the driver of a GPU: what the bus links to, or this one where it tells it."""
        return linked or (DRIVER if pci_address(address) in self._gpus else "")

    def version_for(self, driver: str) -> str:
        """Return this driver's version, `` for a driver that holds GPUs without it."""
        return "" if driver in _OTHERS else self.version

    @cached_property
    def version(self) -> str:
        """The version that the driver tells in procfs, else in its module's folder."""
        match = _VERSION.search(self._reading.text(f"{_FOLDER}/version") or "")
        return match[1] if match else module_version(self._reading, DRIVER)

    @property
    def device_files(self) -> frozenset[str]:
        """The names in `/dev` of the GPUs that the driver tells."""
        return frozenset(f"{DRIVER}{gpu.minor}" for gpu in self._gpus.values() if gpu.minor)

    def accelerators(self, known: Container[str]) -> Iterator[Accelerator]:
        """Yield the GPUs whose address is not among those `known`, sorted by address."""
        for address, gpu in sorted(self._gpus.items()):
            if address not in known:
                yield Accelerator(
                    origin=self._reading.origin(gpu.path),
                    vendor=VENDOR,
                    model=gpu.model or UNNAMED,
                    device_type="gpu",
                    driver=DRIVER,
                    driver_version=self.version,
                    address=address,
                )

    def _folders(self) -> dict[str, str]:
        folder = f"{_FOLDER}/gpus"
        try:
            names = self._reading.host.list(folder)
        except Absent:
            return {}
        except Unreadable as error:
            self._reading.miss(folder, error.reason, error.detail)
            self._listed = False
            return {}
        found = {}
        for name in names:
            address, path = pci_address(name), recordable(f"{folder}/{name}")
            if address:
                found[address] = f"{path}/information"
            else:
                self._reading.miss(path, "malformed", "not the PCI address of a GPU")
        return found

    def _gpu(self, path: str) -> _Gpu:
        told: dict[str, str] = {}
        for line in lines(self._reading.text(path) or ""):
            name, _, value = line.partition(":")
            told.setdefault(name.strip(), value.strip()[:TEXT])
        minor = told.get("Device Minor", "")
        return _Gpu(
            path=path,
            model=told.get("Model", ""),
            minor=minor if _MINOR.fullmatch(minor) else "",
        )
