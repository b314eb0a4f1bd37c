"""Accelerators by PCI class and maker, with the names that their drivers give them."""

from __future__ import annotations

import pytest

from auditor.collect._accelerator_names import DEVICE_TREE
from auditor.collect.accelerators import COLLECTOR
from auditor.evidence.host import Accelerator
from tests.unit.collect.conftest import pci

A100 = pci("0000:07:00.0", "0x10de", "0x20b0", "0x030200", "nvidia")
NVIDIA = {
    "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19\nGCC version: 12\n",
    "/proc/driver/nvidia/gpus/0000:07:00.0/information": "Model: \t\t NVIDIA A100-SXM4-80GB\nIRQ:   \t\t 16\nBus Location: \t 0000:07:00.0\n",
}


def test_it_yields_what_it_says():
    assert COLLECTOR.yields == (Accelerator,)


def test_nvidia_by_its_driver(accelerators):
    (gpu,), gaps = accelerators(A100, NVIDIA)
    assert (gpu.vendor, gpu.model, gpu.device_type) == ("NVIDIA", "NVIDIA A100-SXM4-80GB", "gpu")
    assert (gpu.driver, gpu.driver_version, gpu.address) == ("nvidia", "535.129.03", "0000:07:00.0")
    assert gaps == []


def test_the_open_kernel_module_tells_its_version_elsewhere_in_the_line(accelerators):
    line = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release\n"
    (gpu,), _ = accelerators(A100, {"/proc/driver/nvidia/version": line})
    assert (gpu.driver_version, gpu.model) == ("570.86.15", "0x20b0")


def test_a_device_that_no_driver_has_taken(accelerators):
    (gpu,), gaps = accelerators(pci("0000:07:00.0", "0x10de", "0x20b0", "0x030200"))
    assert (gpu.driver, gpu.driver_version, gaps) == ("", "", [])


def test_amd_by_the_names_of_its_compute_driver(accelerators):
    node = "/sys/class/kfd/kfd/topology/nodes/1"
    kfd = {
        f"{node}/name": "gfx90a\n",
        f"{node}/properties": "simd_count 4\nlocation_id 49920\ndomain 0\n",
    }
    (gpu,), _ = accelerators(pci("0000:c3:00.0", "0x1002", "0x740c", "0x038000", "amdgpu"), kfd)
    assert (gpu.vendor, gpu.model, gpu.driver) == ("AMD", "gfx90a", "amdgpu")


def test_amd_by_the_name_that_the_board_itself_holds(accelerators):
    named = pci("0000:c3:00.0", "0x1002", "0x740c", "0x120000", "amdgpu", product_name="MI250X\n")
    (gpu,), _ = accelerators(named)
    assert (gpu.model, gpu.device_type) == ("MI250X", "gpu")


@pytest.mark.parametrize(
    ("vendor", "device", "pci_class", "name", "kind"),
    [
        ("0x19e5", "0xd802", "0x120000", "Huawei", "npu"),
        ("0xcabc", "0x0370", "0x120000", "Cambricon", "npu"),
        ("0x1ed5", "0x0200", "0x030000", "Moore Threads", "gpu"),
        ("0x1da3", "0x1020", "0x120000", "Habana", "npu"),
        ("0x1d94", "0x54b7", "0x038000", "Hygon", "gpu"),
        ("0x1e60", "0x2864", "0x0b4000", "Hailo", "npu"),
        ("0x1ac1", "0x089a", "0x0000ff", "Google Coral", "npu"),
        ("0x8086", "0x7d1d", "0x120000", "Intel", "npu"),
        ("0x8086", "0x56c0", "0x038000", "Intel", "gpu"),
        ("0xbeef", "0x0001", "0x120000", "PCI vendor 0xbeef", "other"),
        ("0xbeef", "0x0001", "0x030200", "PCI vendor 0xbeef", "gpu"),
    ],
)
def test_makers_by_their_identifier(accelerators, vendor, device, pci_class, name, kind):  # noqa: PLR0917
    (accelerator,), _ = accelerators(pci("0000:01:00.0", vendor, device, pci_class))
    assert (accelerator.vendor, accelerator.device_type, accelerator.model) == (name, kind, device)


@pytest.mark.parametrize(
    ("vendor", "pci_class"),
    [
        ("0x1a03", "0x030000"),  # a management controller's screen
        ("0x19e5", "0x030000"),  # likewise
        ("0x1234", "0x030000"),  # an emulated one
        ("0x1af4", "0x038000"),  # likewise
        ("0x10de", "0x040300"),  # sound of a GPU
        ("0x1002", "0x060400"),  # a bridge
    ],
)
def test_what_is_no_accelerator(accelerators, vendor, pci_class):
    assert accelerators(pci("0000:01:00.0", vendor, "0x0001", pci_class)) == ([], [])


def test_accelerators_without_a_pci_bus(accelerators):
    board = {
        "/sys/bus/cpu/x": "",
        "/dev/davinci0": "",
        "/dev/davinci1": "",
        "/dev/davinci_manager": "",
    }
    records, gaps = accelerators(board, {DEVICE_TREE: "Atlas 200\0"})
    assert [(a.vendor, a.model, a.address) for a in records] == [
        ("Huawei", "Atlas 200", "davinci0"),
        ("Huawei", "Atlas 200", "davinci1"),
    ]
    assert gaps == []


def test_one_that_is_on_the_bus_is_not_counted_again_by_its_device_file(accelerators):
    records, _ = accelerators(
        pci("0000:01:00.0", "0x19e5", "0xd802", "0x120000"), {"/dev/davinci0": ""}
    )
    assert len(records) == 1


def test_no_sysfs_is_a_gap_and_a_machine_without_pci_is_not(accelerators):
    assert accelerators({"/etc/x": ""}) == ([], ["absent"])
    assert accelerators({"/sys/bus/usb/x": ""}) == ([], [])


@pytest.mark.parametrize(
    "defect", [{"vendor": "nvidia"}, {"pci_class": "0x03"}, {"address": "bus7"}]
)
def test_malformed_devices_are_gaps(accelerators, defect):
    parts = {
        "address": "0000:01:00.0",
        "vendor": "0x10de",
        "device": "0x20b0",
        "pci_class": "0x030200",
    }
    assert accelerators(pci(**{**parts, **defect})) == ([], ["malformed"])


@pytest.mark.parametrize(
    "refused", ["/sys/bus/pci/devices", "/proc/driver/nvidia/gpus", "/proc/driver/nvidia/version"]
)
def test_what_is_refused_is_a_gap(accelerators, refused):
    _, gaps = accelerators(A100, NVIDIA, refused=(refused,))
    assert "denied" in gaps
