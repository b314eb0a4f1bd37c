"""Makers of accelerators by their PCI vendor identifier, and the device files of their drivers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DeviceType = Literal["gpu", "npu", "other"]

# PCI base class and subclass (PCI Code and ID Assignment): `CCSS` of the six digits `CCSSII`.
VGA, THREE_D, DISPLAY, PROCESSING = "0300", "0302", "0380", "1200"


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
    # Its NPUs claim to process signals (drivers/accel/amdxdna/amdxdna_pci_drv.c).
    "0x1022": Vendor(name="AMD", kind="npu", any_class=("0x1502", "0x17f0")),
    "0x8086": Vendor(name="Intel", kind="gpu", screens=True),
    "0x19e5": Vendor(name="Huawei", kind="npu"),
    "0xcabc": Vendor(name="Cambricon", kind="npu"),
    "0x1ed5": Vendor(name="Moore Threads", kind="gpu", screens=True),
    "0x1da3": Vendor(name="Habana", kind="npu"),
    "0x1d94": Vendor(name="Hygon", kind="gpu"),
    "0x1d22": Vendor(name="Baidu Kunlunxin", kind="npu"),
    "0x1e3e": Vendor(name="Iluvatar CoreX", kind="gpu"),
    # TPU v2 to v7, which claim no class.
    "0x1ae0": Vendor(
        name="Google",
        kind="npu",
        any_class=("0x0027", "0x0056", "0x005e", "0x0062", "0x0063", "0x006f", "0x0076"),
    ),
    "0x1ac1": Vendor(name="Google Coral", kind="npu", any_class=("0x089a",)),
    "0x1e60": Vendor(name="Hailo", kind="npu", any_class=("*",)),
    "0x1e52": Vendor(name="Tenstorrent", kind="npu"),
    "0x1d95": Vendor(name="Graphcore", kind="npu"),
    "0x17cb": Vendor(name="Qualcomm", kind="npu"),
    "0x10ee": Vendor(name="AMD Xilinx", kind="other"),
    "0x9999": Vendor(name="MetaX", kind="gpu"),
    # The GPU of a Windows host, as its Linux guests see it.
    "0x1414": Vendor(name="Microsoft", kind="gpu"),
    # Inferentia and Trainium claim to be peripherals of the system.
    "0x1d0f": Vendor(
        name="Amazon",
        kind="npu",
        any_class=("0x7064", "0x7065", "0x7066", "0x7067", "0x7164", "0x7264", "0x7364"),
    ),
}

COMPUTE_DRIVER = "amdgpu"

# Device files by which a driver shows an accelerator, whatever bus it hangs on: folder, names,
# maker, driver and kind. A board's own file stands before one that it has only for its screen.
DEVICE_FILES: tuple[tuple[str, str, str, str, DeviceType], ...] = (
    ("/dev", "davinci[0-9]+", "Huawei", "davinci", "npu"),
    ("/dev", "cambricon_dev[0-9]*", "Cambricon", "cambricon", "npu"),
    ("/dev", "hailo[0-9]*", "Hailo", "hailo", "npu"),
    ("/dev", "apex_[0-9]+", "Google Coral", "apex", "npu"),
    ("/dev", "nvhost-gpu", "NVIDIA", "nvgpu", "gpu"),
    ("/dev/nvgpu", "igpu[0-9]+", "NVIDIA", "nvgpu", "gpu"),
    ("/dev", "nvidia[0-9]+", "NVIDIA", "nvidia", "gpu"),
    ("/dev", "dxg", "Microsoft", "dxgkrnl", "gpu"),
    ("/dev", "kfd", "AMD", COMPUTE_DRIVER, "gpu"),
    ("/dev", "xpu[0-9]+", "Baidu Kunlunxin", "kunlun", "npu"),
    ("/dev", "iluvatar[0-9]+", "Iluvatar CoreX", "iluvatar", "gpu"),
    ("/dev", r"mtgpu\.?[0-9]+", "Moore Threads", "mtgpu", "gpu"),
    ("/dev", "mxcd", "MetaX", "metax", "gpu"),
    ("/dev", "bm-(?:sophon|tpu)[0-9]+", "Sophgo", "bmsophon", "npu"),
    ("/dev", "hl[0-9]+", "Habana", "habanalabs", "npu"),
    ("/dev", "neuron[0-9]+", "Amazon", "neuron", "npu"),
    ("/dev/tenstorrent", "[0-9]+", "Tenstorrent", "tenstorrent", "npu"),
    ("/dev", "rknpu", "Rockchip", "rknpu", "npu"),
)

# The nodes of the kernel's class `accel`, of whatever maker.
COMPUTE_NODES = ("/dev/accel", "accel[0-9]+")

# Makers by the drivers of the kernel's classes `accel` and `drm` (drivers/accel, drivers/gpu/drm).
CLASS_DRIVERS: dict[str, tuple[str, DeviceType]] = {
    "amdgpu": ("AMD", "gpu"),
    "amdxdna": ("AMD", "npu"),
    "asahi": ("Apple", "gpu"),
    "etnaviv": ("VeriSilicon", "gpu"),
    "habanalabs": ("Habana", "npu"),
    "i915": ("Intel", "gpu"),
    "intel_vpu": ("Intel", "npu"),
    "lima": ("Arm", "gpu"),
    "mali": ("Arm", "gpu"),
    "msm": ("Qualcomm", "gpu"),
    "nouveau": ("NVIDIA", "gpu"),
    "nvidia": ("NVIDIA", "gpu"),
    "panfrost": ("Arm", "gpu"),
    "panthor": ("Arm", "gpu"),
    "powervr": ("Imagination", "gpu"),
    "qaic": ("Qualcomm", "npu"),
    "radeon": ("AMD", "gpu"),
    "rknpu": ("Rockchip", "npu"),
    "RKNPU": ("Rockchip", "npu"),
    "rocket": ("Rockchip", "npu"),
    "tegra-gr3d": ("NVIDIA", "gpu"),
    "v3d": ("Broadcom", "gpu"),
    "vc4_v3d": ("Broadcom", "gpu"),
    "xe": ("Intel", "gpu"),
}
# Drivers of screens that are only pretended, and makers of such screens on the bus.
EMULATED = frozenset({"virtio_gpu", "virtio-pci", "vgem", "vkms", "bochs-drm", "qxl", "vmwgfx"})
_SCREENS = frozenset({
    "0x1af4", "0x1234", "0x1b36", "0x15ad", "0x80ee", "0x5853", "0x1013",  # emulated
    "0x1a03", "0x102b", "0x126f", "0x18ca",  # a server's management controller
})  # fmt: skip


def kind_of_device(vendor: Vendor | None, pci_class: str) -> DeviceType:
    """Return what a device is: an Intel device of the processing class is its NPU."""
    if vendor is None:
        return "gpu" if pci_class in (VGA, THREE_D, DISPLAY) else "other"
    if vendor.name == "Intel" and pci_class == PROCESSING:
        return "npu"
    return vendor.kind


def is_accelerator(vendor: str, pci_class: str, device: str) -> bool:
    """Return whether a PCI device is one, and not a screen of a management controller.

    `vendor` and `device` are identifiers as sysfs has them. A display controller of a maker that
    is not known is one: it drives no screen, and new makers of accelerators claim that class.
    """
    known = VENDORS.get(vendor)
    if known is not None and {"*", device} & set(known.any_class):
        return True
    if pci_class == VGA:
        return known is not None and known.screens
    return pci_class in (THREE_D, PROCESSING) or (pci_class == DISPLAY and vendor not in _SCREENS)
