"""Radios, ports, what USB disks may do, and the TPM."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.evidence.channels import Channel, SecurityChip, UsbStoragePolicy

UNIT = "[Service]\nExecStart=/bin/true\n"
BASE = {
    "/etc/systemd/system/a.service": UNIT,
    "/sys/class/net/lo/type": "772\n",
    "/sys/bus/pci/devices/x": "",
}


def channels(records):
    return {
        (r.channel_type, r.name): (r.active, r.state) for r in records if isinstance(r, Channel)
    }


def policy(records):
    return next(r for r in records if isinstance(r, UsbStoragePolicy))


def test_radios_are_on_unless_every_switch_blocks_them(plain_tree, collected):
    host = plain_tree(
        {
            **BASE,
            "/sys/class/ieee80211/phy0/rfkill0/soft": "0\n",
            "/sys/class/ieee80211/phy0/rfkill0/hard": "0\n",
            "/sys/class/ieee80211/phy1/device/rfkill1/soft": "1\n",
            "/sys/class/ieee80211/phy1/device/rfkill1/hard": "0\n",
            "/sys/class/bluetooth/hci0/rfkill2/soft": "0\n",
            "/sys/class/bluetooth/hci0/rfkill2/hard": "1\n",
            "/sys/class/bluetooth/hci0:256/type": "",
            "/sys/class/wwan/wwan0/type": "",
            "/sys/class/wwan/wwan0at0/type": "",
        }
    )
    records, gaps = collected("channels", host)
    assert channels(records) == {
        ("wifi", "phy0"): (True, "on"),
        ("wifi", "phy1"): (False, "blocked by software"),
        ("bluetooth", "hci0"): (False, "blocked by a switch"),
        ("wwan", "wwan0"): (True, "no switch is told"),
    }
    assert gaps == []


def test_a_switch_that_may_not_be_read_never_counts_as_blocked(plain_tree, collected):
    host = plain_tree({**BASE, "/sys/class/ieee80211/phy0/rfkill0/soft": "1\n"})
    records, gaps = collected("channels", host, refused=["/sys/class/ieee80211/phy0/rfkill0"])
    assert channels(records) == {("wifi", "phy0"): (True, "on")}
    assert {gap.kind for gap in gaps} == {"channel"}


def test_ports(plain_tree, collected):
    host = plain_tree(
        {
            **BASE,
            "/sys/class/net/usb0/uevent": "INTERFACE=usb0\n",
            "/sys/class/net/usb0/operstate": "unknown\n",
            "/sys/class/net/usb0/device/subsystem": Path("../../bus/usb"),
            "/sys/class/net/usb1/uevent": "INTERFACE=usb1\n",
            "/sys/class/net/usb1/operstate": "up\n",
            "/sys/class/net/usb1/device/subsystem": Path("../../bus/usb"),
            "/sys/class/net/usb1/product": "Virtual Ethernet\n",
            "/sys/class/net/wwan0/uevent": "DEVTYPE=wwan\n",
            "/sys/class/net/wwan0/device/subsystem": Path("../../bus/usb"),
            "/sys/class/udc/dwc3.0/state": "not attached\n",
            "/sys/bus/thunderbolt/devices/domain0/security": "user\n",
            "/sys/bus/thunderbolt/devices/0-0/authorized": "1\n",
            "/sys/class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE\n",
            "/sys/class/infiniband/mlx5_0/ports/1/link_layer": "InfiniBand\n",
            "/sys/firmware/dmi/entries/38-0/raw": "",
            "/proc/cmdline": "root=/dev/sda console=tty0 console=ttyS1,115200n8\n",
            "/etc/systemd/system/getty.target.wants/serial-getty@ttyUSB0.service": UNIT,
        }
    )
    records, _ = collected("channels", host)
    assert channels(records) == {
        ("usb-network", "usb0"): (True, "unknown"),
        ("bmc-network", "usb1"): (True, "up"),
        ("usb-gadget", "dwc3.0"): (False, "not attached"),
        ("thunderbolt", "domain0"): (True, "security user"),
        ("rdma", "mlx5_0/1"): (True, "ACTIVE InfiniBand"),
        ("bmc", "38-0"): (True, "named by the firmware (DMI 38)"),
        ("serial-console", "ttyS1"): (True, "kernel console"),
        ("serial-console", "ttyUSB0"): (True, "login"),
    }


@pytest.mark.parametrize(
    ("files", "mountable"),
    [
        ({}, False),  # no USB at all
        ({"hub": "1"}, True),
        ({"hub": "0"}, False),
        ({"hub": "2"}, False),
        ({"hub": "1", "conf": "install usb-storage /bin/false\n"}, False),
        ({"hub": "1", "conf": "install usb_storage /sbin/modprobe x\n"}, True),
        ({"hub": "1", "conf": "blacklist usb-storage\n"}, True),  # uas would load it
        ({"hub": "1", "conf": "blacklist usb-storage\nblacklist uas\n"}, False),
        ({"hub": "1", "conf": "# install usb-storage /bin/false\n"}, True),
        ({"hub": "1", "conf": "install usb-storage /bin/false\n", "loaded": True}, True),
        ({"hub": "1", "guard": "ImplicitPolicyTarget=block\n"}, False),
        ({"hub": "1", "guard": "ImplicitPolicyTarget=allow\n"}, True),
    ],
)
def test_whether_a_usb_disk_can_be_used(plain_tree, collected, files, mountable):
    tree = dict(BASE)
    if "hub" in files:
        tree["/sys/bus/usb/devices/usb1/authorized_default"] = files["hub"] + "\n"
    if "conf" in files:
        tree["/etc/modprobe.d/x.conf"] = files["conf"]
    if files.get("loaded"):
        tree["/sys/module/usb_storage/version"] = "1\n"
    if "guard" in files:
        tree["/etc/usbguard/usbguard-daemon.conf"] = files["guard"]
        tree["/usr/lib/systemd/system/usbguard.service"] = UNIT
        tree["/etc/systemd/system/basic.target.wants/usbguard.service"] = UNIT
    assert policy(collected("channels", plain_tree(tree))[0]).mountable is mountable


@pytest.mark.parametrize("refused", ["/sys/bus", "/etc/modprobe.d", "/etc/systemd"])
def test_what_could_not_be_read_never_says_that_disks_are_shut_out(plain_tree, collected, refused):
    tree = {
        **BASE,
        "/sys/bus/usb/devices/usb1/authorized_default": "1\n",
        "/etc/modprobe.d/x.conf": "blacklist floppy\n",
    }
    records, _ = collected("channels", plain_tree(tree), refused=[refused])
    assert policy(records).mountable is not False


def test_a_tpm_is_there_is_not_or_cannot_be_told(plain_tree, collected):
    def chips(tree, refused=()):
        records, _ = collected("channels", plain_tree(tree), refused=refused)
        return [(r.present, r.version) for r in records if isinstance(r, SecurityChip)]

    assert chips(BASE) == [(False, "")]
    tree = {**BASE, "/sys/class/tpm/tpm0/tpm_version_major": "2\n"}
    assert chips(tree) == [(True, "2.0")]
    assert chips(tree, ["/sys/class/tpm"]) == []


def test_a_tree_without_sysfs_has_gaps(plain_tree, collected):
    _, gaps = collected("channels", plain_tree({"/etc/hostname": "x\n"}))
    assert {gap.kind for gap in gaps} == {"channel", "usb_storage_policy", "security_chip"}


def test_two_refusals_of_one_kind_are_two(plain_tree, collected):
    tree = {
        **BASE,
        "/sys/bus/usb/devices/usb1/authorized_default": "1\n",
        "/etc/modprobe.d/x.conf": "blacklist floppy\n",
    }
    refused = ["/sys/bus/usb/devices/usb1/authorized_default", "/etc/modprobe.d", "/sys/module"]
    records, _ = collected("channels", plain_tree(tree), refused=refused)
    assert policy(records).driver_blocked is None
    assert policy(records).mountable is None
