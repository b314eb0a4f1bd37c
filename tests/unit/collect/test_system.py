"""What the machine is, and what could not be seen of it."""

import pytest

from auditor.collect import Options, load
from auditor.evidence import Gap, Record, kind_of

EFI = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
MACHINE = {
    "/etc/systemd/system/multi-user.target.wants/ssh.service": "",
    "/etc/os-release": 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\nID_LIKE=\'a b\'\nbad line\n',
    "/proc/sys/kernel/osrelease": "6.1.0\n",
    "/proc/sys/kernel/arch": "x86_64\n",
    "/proc/sys/kernel/tainted": "4097\n",
    "/proc/cmdline": "root=/dev/vda quiet secret.token=abcd password=geheim1\n",
    "/proc/cpuinfo": "flags\t\t: fpu vme\n",
    "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
    EFI: b"\x06\0\0\0\x01",
}


def run(host):
    facts = list(load("system").collect(host, Options()))
    records = {kind_of(fact): fact for fact in facts if isinstance(fact, Record)}
    return records, [fact for fact in facts if isinstance(fact, Gap)]


def test_a_machine(plain_tree):
    records, gaps = run(plain_tree(MACHINE))
    assert gaps == []
    system = records["operating_system"]
    assert (system.name, system.version, system.platform, system.platform_like, system.arch) == (
        "Debian GNU/Linux", "12", "debian", ("a", "b"), "x86_64",
    )  # fmt: skip
    kernel = records["kernel_info"]
    assert (kernel.version, kernel.lockdown, kernel.secure_boot) == ("6.1.0", "integrity", True)
    assert (kernel.firmware, kernel.tainted) == ("uefi", 4097)
    assert kernel.arguments == (
        "root=/dev/vda", "quiet", "secret.token=[redacted]", "password=[redacted]",
    )  # fmt: skip
    assert records["virtualization"].label == "bare metal"


@pytest.mark.parametrize(
    ("value", "expected"), [(b"\x06\0\0\0\0", False), (b"\x01", None), (b"", None), (None, None)]
)
def test_secure_boot_is_known_or_unknown(plain_tree, value, expected):
    files = {**MACHINE, EFI: value, "/sys/firmware/efi/fw_platform_size": "64"}
    assert run(plain_tree(files))[0]["kernel_info"].secure_boot is expected


WITHOUT_EFI = {path: body for path, body in MACHINE.items() if path != EFI}


def test_without_firmware_folder_secure_boot_is_unknown(plain_tree):
    kernel = run(plain_tree(WITHOUT_EFI))[0]["kernel_info"]
    assert (kernel.firmware, kernel.secure_boot) == (None, None)


def test_without_uefi_there_is_no_secure_boot(plain_tree):
    kernel = run(plain_tree({**WITHOUT_EFI, "/sys/firmware/acpi/x": ""}))[0]["kernel_info"]
    assert (kernel.firmware, kernel.secure_boot) == ("bios", False)


def test_lockdown_without_its_file_is_unknown(plain_tree):
    files = {**MACHINE, "/sys/kernel/security/lockdown": None}
    assert run(plain_tree(files))[0]["kernel_info"].lockdown is None


@pytest.mark.parametrize(
    ("files", "hypervisor"),
    [
        ({"/sys/class/dmi/id/product_name": "KVM"}, "kvm"),
        ({"/sys/class/dmi/id/sys_vendor": "VMware, Inc."}, "vmware"),
        ({"/proc/cpuinfo": "flags\t: fpu hypervisor lahf\n"}, "unknown hypervisor"),
    ],
)
def test_hypervisors(plain_tree, files, hypervisor):
    assert run(plain_tree({**MACHINE, **files}))[0]["virtualization"].hypervisor == hypervisor


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ({"/.dockerenv": ""}, "docker"),
        ({"/run/.containerenv": ""}, "podman"),
        (
            {"/proc/1/cgroup": "0::/kubepods.slice/cri-containerd-" + "ab12" * 16 + ".scope\n"},
            "containerd",
        ),
        ({"/proc/1/cgroup": "0::/init.scope\n"}, ""),
    ],
)
def test_containers(plain_tree, files, container):
    assert run(plain_tree({**MACHINE, **files}))[0]["virtualization"].container == container


def test_an_image_tells_neither_kernel_nor_hardware(plain_tree):
    records, gaps = run(plain_tree({"/usr/lib/os-release": "ID=alpine\nNAME=Alpine\n"}))
    assert records["operating_system"].platform == "alpine"
    assert {gap.kind for gap in gaps} == {"kernel_info", "virtualization", "time_synchronization"}
    assert "kernel_info" not in records
    assert "virtualization" not in records


def test_time_services_are_found_and_success_is_not_assumed(plain_tree):
    files = {
        **MACHINE,
        "/etc/systemd/system/multi-user.target.wants/chrony.service": "",
        "/run/systemd/timesync/clock": "",
    }
    time = run(plain_tree(files))[0]["time_synchronization"]
    assert time.services == ("chrony", "systemd-timesyncd")
    assert time.synchronized is None
    files["/run/systemd/timesync/synchronized"] = ""
    assert run(plain_tree(files))[0]["time_synchronization"].synchronized is True


@pytest.mark.parametrize(
    ("files", "hypervisor"),
    [
        ({"/sys/firmware/devicetree/base/model": "NVIDIA Jetson Orin\0"}, ""),
        ({"/sys/firmware/devicetree/base/model": "linux,dummy-virt\0"}, "qemu"),
        (
            {
                "/sys/firmware/devicetree/base/model": "Board\0",
                "/sys/firmware/devicetree/base/hypervisor/compatible": "xen,xen\0",
            },
            "unknown hypervisor",
        ),
    ],
)
def test_a_board_without_dmi_describes_itself(plain_tree, files, hypervisor):
    files = {**files, "/proc/cpuinfo": "processor : 0\nFeatures : fp asimd\n"}
    records, gaps = run(plain_tree(files))
    assert records["virtualization"].hypervisor == hypervisor
    assert "virtualization" not in {gap.kind for gap in gaps}
