"""Reads the GPUs of AMD's compute driver, which other makers have taken over, from sysfs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from msgspec import Struct

from auditor.collect._accelerator_names import TEXT, module_version
from auditor.collect._accelerator_vendors import VENDORS
from auditor.collect._reading import Reading, lines
from auditor.evidence.host import Accelerator
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable

_NODES = "/sys/class/kfd/kfd/topology/nodes"
READS = (f"{_NODES}/*",)
_DECIMAL = re.compile(r"[0-9]{1,10}")
_AMD = 0x1002


class _Node(Struct, frozen=True, kw_only=True):
    """One node that computes: `numbers` as `properties` tells them, processors have no `name`."""

    path: str
    name: str
    numbers: dict[str, int]

    @property
    def address(self) -> str:
        """Where it is on PCI: `location_id` holds bus, device and function."""
        location, domain = self.numbers.get("location_id", 0), self.numbers.get("domain", 0)
        bus, device, function = location >> 8 & 0xFF, location >> 3 & 0x1F, location & 7
        return f"{domain:04x}:{bus:02x}:{device:02x}.{function}"


class ComputeDriver:
    """The nodes of the compute driver (drivers/gpu/drm/amd/amdkfd/kfd_topology.c)."""

    def __init__(self, reading: Reading) -> None:
        """Read the topology; what is refused is a gap. `tells` is whether there is one."""
        self._reading = reading
        self.tells = False
        self._nodes = tuple(self._read())
        self.models = {node.address: node.name for node in self._nodes}

    def accelerators(self, known: Container[str]) -> Iterator[Accelerator]:
        """Yield the GPUs whose address is not among those `known`, one for each address."""
        by_address = {n.address: n for n in self._nodes if n.numbers.get("simd_count", 0)}
        for address, node in sorted(by_address.items()):
            if address in known:
                continue
            number = node.numbers.get("vendor_id", _AMD)
            vendor = VENDORS.get(f"0x{number:04x}")
            driver = "amdgpu" if number == _AMD else ""
            yield Accelerator(
                origin=self._reading.origin(node.path),
                vendor=vendor.name if vendor else f"PCI vendor 0x{number:04x}",
                model=node.name,
                device_type="gpu",
                driver=driver,
                driver_version=module_version(self._reading, driver),
                address=address,
            )

    def _read(self) -> Iterator[_Node]:
        try:
            names = self._reading.host.list(_NODES)
        except Absent:
            return
        except Unreadable as error:
            self._reading.miss(_NODES, error.reason, error.detail)
            return
        self.tells = True
        for name in names:
            path = recordable(f"{_NODES}/{name}")
            told = (self._reading.text(f"{path}/name") or "").strip()[:TEXT]
            numbers = dict(_numbers(self._reading.text(f"{path}/properties") or ""))
            if told:
                yield _Node(path=path, name=told, numbers=numbers)


def _numbers(text: str) -> Iterator[tuple[str, int]]:
    for line in lines(text):
        name, _, value = line.partition(" ")
        if _DECIMAL.fullmatch(value):
            yield name, int(value)
