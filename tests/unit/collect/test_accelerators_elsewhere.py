"""Accelerators that the PCI bus does not show, or shows otherwise than their driver does."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.collect._accelerator_names import DEVICE_TREE
from tests.unit.collect.conftest import Refusing, pci

ADDRESS = "0000:00:06.0"
PLAIN_BUS = {"/sys/bus/cpu/x": ""}


NETWORK_CARD = pci("0000:00:01.0", "0x1af4", "0x1041", "0x020000")
H100 = pci(ADDRESS, "0x10de", "0x2330", "0x030200", "nvidia")
VERSION = {
    "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64"
    "  580.65.06  Release Build\nGCC version:  gcc version 13\n"
}


def information(address=ADDRESS, minor=0):
    text = f"Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 45\nDevice Minor: \t {minor}\n"
    return {f"/proc/driver/nvidia/gpus/{address}/information": text}


NODES = {f"/dev/{n}": "" for n in ("nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap1")}


def told(records):
    return [(a.vendor, a.model, a.driver, a.driver_version, a.address) for a in records]


MODEL = "NVIDIA H100 80GB HBM3"
WHOLE = [("NVIDIA", MODEL, "nvidia", "580.65.06", ADDRESS)]


@pytest.mark.parametrize("bus", [NETWORK_CARD, PLAIN_BUS], ids=["paravirtual", "no-pci"])
def test_a_gpu_that_only_its_driver_tells(accelerators, bus):
    records, gaps = accelerators(bus, VERSION, information(), NODES)
    assert (told(records), gaps) == (WHOLE, [])
    assert records[0].device_type == "gpu"
    assert records[0].origin.source.endswith(f"gpus/{ADDRESS}/information")


@pytest.mark.parametrize("bus", [NETWORK_CARD, PLAIN_BUS], ids=["paravirtual", "no-pci"])
def test_a_gpu_that_only_its_device_file_tells(accelerators, bus):
    records, gaps = accelerators(bus, NODES)
    assert (told(records), gaps) == ([("NVIDIA", "unnamed", "nvidia", "", "nvidia0")], [])


def test_a_device_file_with_the_version_that_the_driver_tells(accelerators):
    records, _ = accelerators(PLAIN_BUS, VERSION, NODES)
    assert told(records) == [("NVIDIA", "unnamed", "nvidia", "580.65.06", "nvidia0")]


def test_without_sysfs_what_was_seen_elsewhere_is_told_and_the_bus_is_a_gap(accelerators):
    records, gaps = accelerators(VERSION, information(), NODES)
    assert (told(records), gaps) == (WHOLE, ["absent"])


def test_a_bus_that_is_refused_does_not_hide_what_the_driver_tells(accelerators):
    records, gaps = accelerators(H100, VERSION, information(), refused=("/sys/bus/pci/devices",))
    assert (told(records), gaps) == (WHOLE, ["denied"])


def test_control_files_alone_are_no_gpu(accelerators):
    assert accelerators(PLAIN_BUS, {"/dev/nvidiactl": "", "/dev/nvidia-uvm": ""}) == ([], [])


def test_a_gpu_without_a_link_to_its_driver(accelerators):
    bus = pci(ADDRESS, "0x10de", "0x2330", "0x030200")
    assert told(accelerators(bus, VERSION, information(), NODES)[0]) == WHOLE


def test_a_driver_of_another_name_keeps_it(accelerators):
    bus = pci(ADDRESS, "0x10de", "0x2330", "0x030200", "nvproxy")
    records, _ = accelerators(bus, VERSION, information(), NODES)
    assert told(records) == [("NVIDIA", MODEL, "nvproxy", "580.65.06", ADDRESS)]


def test_one_handed_to_a_guest_has_not_the_version_of_the_driver_beside_it(accelerators):
    guest = pci("0000:00:07.0", "0x10de", "0x2330", "0x030200", "vfio-pci")
    records, _ = accelerators(H100, guest, VERSION, information(), NODES, {"/dev/nvidia1": ""})
    assert told(records) == [*WHOLE, ("NVIDIA", "0x2330", "vfio-pci", "", "0000:00:07.0")]


@pytest.mark.parametrize("written", ["00000000:00:06.0", "0000:00:06.0"])
def test_a_pci_domain_of_eight_digits_is_the_same(accelerators, written):
    assert told(accelerators(H100, VERSION, information(written), NODES)[0]) == WHOLE


def test_a_second_gpu_that_the_bus_hides(accelerators):
    records, _ = accelerators(H100, VERSION, information(), NODES, {"/dev/nvidia1": ""})
    assert told(records) == [*WHOLE, ("NVIDIA", "unnamed", "nvidia", "580.65.06", "nvidia1")]


def test_a_second_gpu_whose_minor_comes_first(accelerators):
    nodes = {"/dev/nvidia0": "", "/dev/nvidia1": ""}
    records, _ = accelerators(H100, VERSION, information(minor=1), nodes)
    assert [a.address for a in records] == [ADDRESS, "nvidia0"]


def test_device_files_are_counted_where_no_minors_are_told(accelerators):
    nodes = {f"/dev/nvidia{n}": "" for n in (0, 2, 10)}
    second = pci("0000:00:07.0", "0x10de", "0x2330", "0x030200", "nvidia")
    records, _ = accelerators(H100, second, VERSION, nodes)
    assert [a.address for a in records] == [ADDRESS, "0000:00:07.0", "nvidia10"]


def test_what_is_no_address_among_the_drivers_gpus_is_a_gap(accelerators):
    records, gaps = accelerators(PLAIN_BUS, VERSION, information("x\x1b[2J"))
    assert (records, gaps) == ([], ["malformed"])


def test_a_gpu_whose_information_is_refused_is_told_and_a_gap(accelerators):
    path = f"/proc/driver/nvidia/gpus/{ADDRESS}/information"
    records, gaps = accelerators(PLAIN_BUS, VERSION, information(), refused=(path,))
    assert (told(records), gaps) == (
        [("NVIDIA", "unnamed", "nvidia", "580.65.06", ADDRESS)],
        ["denied"],
    )


def test_a_list_of_gpus_that_is_refused_leaves_those_on_the_bus_their_names(plain_tree):
    class Unlisted(Refusing):
        def read(self, path, **keywords):
            return self._host.read(path, **keywords)

    host = Unlisted(plain_tree({**H100, **VERSION, **information()}), ("/proc/driver/nvidia/gpus",))
    *records, gap = load("accelerators").collect(host, Options())
    assert (told(records), gap.reason) == (WHOLE, "denied")


def test_the_gpu_of_a_windows_host(accelerators):
    records, gaps = accelerators(NETWORK_CARD, {"/dev/dxg": ""})
    assert told(records) == [("Microsoft", "unnamed", "dxgkrnl", "", "dxg")]
    assert (records[0].device_type, gaps) == ("gpu", [])


def test_the_gpu_of_a_windows_host_that_is_on_the_bus_too(accelerators):
    bus = pci(ADDRESS, "0x1414", "0x008e", "0x030200", "dxgkrnl")
    records, _ = accelerators(bus, {"/dev/dxg": ""})
    assert told(records) == [("Microsoft", "0x008e", "dxgkrnl", "", ADDRESS)]


def test_a_board_shows_one_gpu_by_several_files(accelerators):
    files = ("nvhost-gpu", "nvgpu/igpu0/power", "nvidia0", "nvidiactl", "dri/renderD128")
    records, _ = accelerators(
        PLAIN_BUS, {f"/dev/{name}": "" for name in files}, {DEVICE_TREE: "Jetson AGX Orin\0"}
    )
    assert told(records) == [("NVIDIA", "Jetson AGX Orin", "nvgpu", "", "nvhost-gpu")]


NODE = "/sys/class/kfd/kfd/topology/nodes"
PROPERTIES = "simd_count 304\nvendor_id 4098\nlocation_id 49920\ndomain 0\n"
KFD = {
    f"{NODE}/0/name": "\n",
    f"{NODE}/0/properties": "cpu_cores_count 64\nsimd_count 0\nlocation_id 0\n",
    f"{NODE}/1/name": "gfx942\n",
    f"{NODE}/1/properties": PROPERTIES,
    "/sys/module/amdgpu/version": "6.10.5\n",
    "/dev/kfd": "",
    "/dev/dri/renderD128": "",
}


def test_amd_without_a_pci_bus(accelerators):
    records, gaps = accelerators(PLAIN_BUS, KFD)
    assert told(records) == [("AMD", "gfx942", "amdgpu", "6.10.5", "0000:c3:00.0")]
    assert gaps == []


def test_amd_on_the_bus_is_told_once(accelerators):
    bus = pci("0000:c3:00.0", "0x1002", "0x74a1", "0x120000", "amdgpu")
    assert told(accelerators(bus, KFD)[0]) == [
        ("AMD", "gfx942", "amdgpu", "6.10.5", "0000:c3:00.0")
    ]


def test_another_maker_that_took_over_amds_compute_driver(accelerators):
    hygon = {f"{NODE}/1/properties": PROPERTIES.replace("4098", "7572")}
    ((vendor, model, driver, *_),) = told(accelerators(PLAIN_BUS, {**KFD, **hygon})[0])
    assert (vendor, model, driver) == ("Hygon", "gfx942", "")


def test_amds_device_file_alone(accelerators):
    records, _ = accelerators(PLAIN_BUS, {"/dev/kfd": ""})
    assert told(records) == [("AMD", "unnamed", "amdgpu", "", "kfd")]


def test_amds_compute_driver_without_a_gpu(accelerators):
    nodes = {name: text for name, text in KFD.items() if name.startswith(f"{NODE}/0")}
    assert accelerators(PLAIN_BUS, nodes, {"/dev/kfd": ""}) == ([], [])


def device(kind, name, place, driver=""):
    folder = f"/sys/class/{kind}/{name}/device"
    above = {"accel": "/dev/accel", "drm": "/dev/dri"}[kind]
    files = {f"{above}/{name}": "", folder: Path(f"../../../devices/{place}")}
    if driver:
        files[f"/sys/devices/{place}/driver"] = Path(f"../../bus/x/drivers/{driver}")
    return files


def test_an_npu_whose_class_on_the_bus_does_not_tell(accelerators):
    place = "0000:c6:00.1"
    bus = pci(place, "0xbeef", "0x1502", "0x118000", "amdxdna")
    records, gaps = accelerators(bus, device("accel", "accel0", f"pci0/{place}"))
    assert [(a.vendor, a.address, a.device_type) for a in records] == [
        ("PCI vendor 0xbeef", place, "other")
    ]
    assert gaps == []


@pytest.mark.parametrize(
    ("vendor", "device_id", "pci_class", "name"),
    [
        ("0x1022", "0x1502", "0x118000", "AMD"),
        ("0x1ae0", "0x0063", "0xff0000", "Google"),
        ("0x1d0f", "0x7264", "0x088000", "Amazon"),
    ],
)
def test_npus_that_claim_other_classes(accelerators, vendor, device_id, pci_class, name):
    (npu,), _ = accelerators(pci(ADDRESS, vendor, device_id, pci_class))
    assert (npu.vendor, npu.device_type) == (name, "npu")
    assert accelerators(pci(ADDRESS, vendor, "0x0001", pci_class)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "name", "driver", "vendor", "type_"),
    [
        ("drm", "renderD128", "panthor", "Arm", "gpu"),
        ("drm", "renderD128", "i915", "Intel", "gpu"),
        ("accel", "accel0", "intel_vpu", "Intel", "npu"),
        ("accel", "accel0", "habanalabs", "Habana", "npu"),
        ("accel", "accel0", "rocket", "Rockchip", "npu"),
        ("accel", "accel0", "newdriver", "unnamed", "other"),
        ("drm", "renderD128", "newdriver", "unnamed", "gpu"),
    ],
)
def test_a_node_on_no_bus_that_can_be_seen(accelerators, kind, name, driver, vendor, type_):  # noqa: PLR0917
    records, gaps = accelerators(PLAIN_BUS, device(kind, name, "platform/fb000000.npu", driver))
    assert [(a.vendor, a.driver, a.address, a.device_type) for a in records] == [
        (vendor, driver, name, type_)
    ]
    assert gaps == []


def test_an_intel_gpu_where_neither_bus_nor_class_is_shown(accelerators):
    records, _ = accelerators(PLAIN_BUS, {"/dev/dri/renderD128": "", "/dev/dri/card0": ""})
    assert told(records) == [("unnamed", "unnamed", "", "", "renderD128")]


@pytest.mark.parametrize("driver", ["virtio_gpu", "vgem", "vkms"])
def test_emulated_screens_are_none(accelerators, driver):
    assert accelerators(PLAIN_BUS, device("drm", "renderD128", "virtio/virtio3", driver)) == (
        [],
        [],
    )


def test_a_screen_on_the_bus_stays_none(accelerators):
    bus = pci(ADDRESS, "0x1af4", "0x1050", "0x030000", "virtio-pci")
    assert accelerators(bus, device("drm", "renderD128", f"pci0/{ADDRESS}")) == ([], [])


@pytest.mark.parametrize(
    ("name", "vendor", "type_"),
    [
        ("davinci3", "Huawei", "npu"),
        ("cambricon_dev0", "Cambricon", "npu"),
        ("xpu0", "Baidu Kunlunxin", "npu"),
        ("iluvatar0", "Iluvatar CoreX", "gpu"),
        ("mtgpu.0", "Moore Threads", "gpu"),
        ("bm-sophon0", "Sophgo", "npu"),
        ("bm-tpu0", "Sophgo", "npu"),
        ("hl0", "Habana", "npu"),
        ("neuron0", "Amazon", "npu"),
        ("tenstorrent/0", "Tenstorrent", "npu"),
        ("hailo0", "Hailo", "npu"),
    ],
)
def test_makers_by_their_device_files(accelerators, name, vendor, type_):
    records, gaps = accelerators(PLAIN_BUS, {f"/dev/{name}": ""})
    assert [(a.vendor, a.device_type, gaps) for a in records] == [(vendor, type_, [])]


@pytest.mark.parametrize(
    "name", ["xpuctrl", "davinci_manager", "hisi_hdc", "nvidia-modeset", "hlx0", "dri/card0", "hl"]
)
def test_other_files_of_drivers_are_no_accelerators(accelerators, name):
    assert accelerators(PLAIN_BUS, {f"/dev/{name}": ""}) == ([], [])


def test_more_chips_than_cards_are_on_the_bus(accelerators):
    card = pci(ADDRESS, "0x19e5", "0xd500", "0x120000")
    records, _ = accelerators(card, {"/dev/davinci0": "", "/dev/davinci1": ""})
    assert [a.address for a in records] == [ADDRESS, "davinci1"]


@pytest.mark.parametrize("refused", ["/dev", "/dev/dri", "/sys/class/drm/renderD128/device"])
def test_device_files_that_are_refused_are_gaps(accelerators, refused):
    node = device("drm", "renderD128", "platform/gpu", "panthor")
    _, gaps = accelerators(H100, VERSION, information(), node, refused=(refused,))
    assert gaps == ["denied"]


@pytest.mark.parametrize(("vendor", "name"), [("0x9999", "MetaX"), ("0xbeef", "PCI vendor 0xbeef")])
def test_new_makers_that_claim_to_be_displays_without_a_screen(accelerators, vendor, name):
    (gpu,), _ = accelerators(pci(ADDRESS, vendor, "0x4001", "0x038000"))
    assert (gpu.vendor, gpu.device_type) == (name, "gpu")


def test_a_module_of_another_name_than_its_driver(accelerators):
    bus = pci(ADDRESS, "0x19e5", "0xd802", "0x120000", "devdrv_device_driver")
    files = {
        "/sys/bus/pci/drivers/devdrv_device_driver/module": Path("../../../../module/drv_pcie"),
        "/sys/module/drv_pcie/version": "24.1.0\n",
    }
    ((*_, version, _address),) = told(accelerators(bus, files)[0])
    assert version == "24.1.0"
