"""Makers of accelerators by their PCI vendor identifier, and the device files of their drivers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DeviceType = Literal["gpu", "npu", "other"]

# PCI base class and subclass (PCI Code and ID Assignment): `CCSS` of the six digits `CCSSII`.
VGA, THREE_D, DISPLAY, PROCESSING = "0300", "0302", "0380", "1200"
CLASSES = (VGA, THREE_D, DISPLAY, PROCESSING)


class Vendor(Struct, frozen=True, kw_only=True):
    """A maker: `kind` of its accelerators, and where they do not follow the PCI classes.

    `any_class`: devices that are accelerators whatever class they claim, all of them for `*`.
    `screens`: its devices of the VGA class are accelerators too, not mere screens of a server's
    management controller.
    """

    name: str
    kind: DeviceType
    any_class: tuple[str, ...] = ()
    screens: bool = False


VENDORS: dict[str, Vendor] = {
    "0x10de": Vendor(name="NVIDIA", kind="gpu", screens=True),
    "0x1002": Vendor(name="AMD", kind="gpu", screens=True),
    "0x8086": Vendor(name="Intel", kind="gpu", screens=True),
    "0x19e5": Vendor(name="Huawei", kind="npu"),
    "0xcabc": Vendor(name="Cambricon", kind="npu"),
    "0x1ed5": Vendor(name="Moore Threads", kind="gpu", screens=True),
    "0x1da3": Vendor(name="Habana", kind="npu"),
    "0x1d94": Vendor(name="Hygon", kind="gpu"),
    "0x1d22": Vendor(name="Baidu Kunlunxin", kind="npu"),
    "0x1e3e": Vendor(name="Iluvatar CoreX", kind="gpu"),
    "0x1ae0": Vendor(name="Google", kind="npu"),
    "0x1ac1": Vendor(name="Google Coral", kind="npu", any_class=("0x089a",)),
    "0x1e60": Vendor(name="Hailo", kind="npu", any_class=("*",)),
    "0x1e52": Vendor(name="Tenstorrent", kind="npu"),
    "0x1d95": Vendor(name="Graphcore", kind="npu"),
    "0x17cb": Vendor(name="Qualcomm", kind="npu"),
    "0x10ee": Vendor(name="AMD Xilinx", kind="other"),
}

# Device files by which a driver shows an accelerator that hangs on no PCI bus that can be seen:
# a folder, what the names in it begin with, the maker and the driver.
DEVICE_FILES: tuple[tuple[str, str, str, str], ...] = (
    ("/dev", "davinci", "Huawei", "davinci"),
    ("/dev", "cambricon_dev", "Cambricon", "cambricon"),
    ("/dev", "hailo", "Hailo", "hailo"),
    ("/dev", "apex_", "Google Coral", "apex"),
    ("/dev", "nvhost-gpu", "NVIDIA", "nvgpu"),
)


def kind_of_device(vendor: Vendor | None, pci_class: str) -> DeviceType:
    """Return what a device is: an Intel device of the processing class is its NPU."""
    if vendor is None:
        return "other" if pci_class == PROCESSING else "gpu"
    if vendor.name == "Intel" and pci_class == PROCESSING:
        return "npu"
    return vendor.kind


def is_accelerator(vendor: Vendor | None, pci_class: str, device: str) -> bool:
    """Return whether a PCI device is one, and not a screen of a management controller."""
    if vendor is not None and {"*", device} & set(vendor.any_class):
        return True
    if pci_class == VGA:
        return vendor is not None and vendor.screens
    return pci_class in (THREE_D, PROCESSING) or (pci_class == DISPLAY and vendor is not None)
