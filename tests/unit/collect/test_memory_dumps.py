"""Where memory would be written, by the kernel's own view and the tools' settings."""

from __future__ import annotations

from pathlib import Path

import pytest

POWER = {"/sys/power/resume": "0:0\n", "/sys/power/disk": "[platform] shutdown\n"}
KERNEL = {
    **POWER,
    "/sys/kernel/kexec_crash_loaded": "0\n",
    "/proc/sys/kernel/core_pattern": "|/bin/false\n",
}
LOADED = {**KERNEL, "/sys/kernel/kexec_crash_loaded": "1\n"}


@pytest.fixture
def dumps(plain_tree, collected):
    def run(files, **options):
        records, gaps = collected("memory_dumps", plain_tree(files), **options)
        found = [(r.mechanism, r.target_type, r.target) for r in records]
        return found, [(g.reason, g.detail) for g in gaps]

    return run


NONE = ("core", "none", "/bin/false")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("|/bin/false\n", NONE),
        ("core\n", ("core", "working-folder", "core")),
        ("\n", ("core", "working-folder", "")),
        ("|/usr/lib/systemd/systemd-coredump %P %u", ("core", "program", "/usr/lib/systemd/systemd-coredump")),
        ("|", ("core", "program", "")),
        ("/var/crash/core.%p", ("core", "folder", "/var/crash")),
        ("@/run/dumper.sock", ("core", "program", "@/run/dumper.sock")),
    ],
)  # fmt: skip
def test_core_pattern(dumps, pattern, expected):
    assert dumps({**KERNEL, "/proc/sys/kernel/core_pattern": pattern}) == ([expected], [])


def test_a_hibernation_image_by_number(dumps):
    found, gaps = dumps({**KERNEL, "/sys/power/resume": "8:3\n"})
    assert (found[0], gaps) == (("hibernation", "device", "/dev/block/8:3"), [])


def test_a_hibernation_image_by_the_command_line(dumps):
    files = {
        **KERNEL,
        "/proc/cmdline": "ro resume=UUID=ab-cd quiet",
        "/dev/sda3": "",
        "/dev/disk/by-uuid/ab-cd": Path("../../sda3"),
    }
    assert dumps(files)[0][0] == ("hibernation", "device", "/dev/sda3")


def test_a_device_that_nothing_names_keeps_its_name(dumps):
    files = {**KERNEL, "/proc/cmdline": "resume=UUID=ab-cd"}
    assert dumps(files)[0][0] == ("hibernation", "device", "UUID=ab-cd")


def test_hibernation_that_is_switched_off_or_not_there(dumps):
    off = {**KERNEL, "/sys/power/disk": "[disabled]\n", "/sys/power/resume": "8:3\n"}
    assert dumps(off) == ([NONE], [])
    without = {**KERNEL, "/sys/power/resume": None, "/sys/power/state": "freeze"}
    assert dumps(without) == ([NONE], [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, [("kdump", "folder", "/var/crash")]),
        ({"/etc/kdump.conf": "path /srv/crash # big\n"}, [("kdump", "folder", "/srv/crash")]),
        ({"/etc/kdump.conf": "#nfs x\nnfs store:/dumps\npath /a\n"}, [("kdump", "remote", "store:/dumps")]),
        ({"/etc/kdump.conf": "raw /dev/sdb1\n"}, [("kdump", "device", "/dev/sdb1")]),
        ({"/etc/default/kdump-tools": 'KDUMP_COREDIR="/srv/dumps"\n'}, [("kdump", "folder", "/srv/dumps")]),
        ({"/etc/default/kdump-tools": "#NFS=x\nSSH=ops@store\n"}, [("kdump", "remote", "ops@store")]),
    ],
)  # fmt: skip
def test_kernel_crashes(dumps, files, expected):
    found, gaps = dumps({**LOADED, **files})
    assert ([one for one in found if one[0] == "kdump"], gaps) == (expected, [])


def test_a_crash_folder_that_is_a_link_counts_where_it_leads(dumps):
    files = {**LOADED, "/srv/plain/x": "", "/var/crash": Path("/srv/plain")}
    assert ("kdump", "folder", "/srv/plain") in dumps(files)[0]


@pytest.mark.parametrize("path", ["/sys/power/resume", "/sys/kernel/kexec_crash_loaded",
                                  "/proc/sys/kernel/core_pattern"])  # fmt: skip
def test_what_cannot_be_read_is_a_gap(dumps, path):
    _, gaps = dumps(KERNEL, refused=(path,))
    assert [reason for reason, _ in gaps] == ["denied"]


def test_a_machine_without_sys_says_nothing(dumps):
    files = {"/proc/sys/kernel/core_pattern": "|/bin/false\n"}
    _, gaps = dumps(files)
    assert {reason for reason, _ in gaps} == {"absent"}
    _, gaps = dumps(POWER)
    assert ("absent" in {reason for reason, _ in gaps}) is True
