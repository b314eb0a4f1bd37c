"""Reads the ports of a host that a network or a person may come by: USB, Thunderbolt, BMC."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect._enabled_units import Units
from auditor.collect._radios import attribute, driver_of, entries
from auditor.collect._reading import Reading
from auditor.evidence.channels import Channel
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable

_NET = "/sys/class/net"
_GADGETS = "/sys/class/udc"
_THUNDERBOLT = "/sys/bus/thunderbolt/devices"
_RDMA = "/sys/class/infiniband"
_IPMI = "/sys/class/ipmi"
_DMI = "/sys/firmware/dmi/entries"
_DMI_IPMI = "38-"  # SMBIOS: IPMI Device Information
_TAKES_PCI = frozenset({"none", "user", "secure"})
# What the management controllers of servers call their network card on the USB bus.
_OF_BMC = re.compile(r"\b(?:bmc|idrac|ilo|xcc|imm|irmc|virtual ethernet|megarac)\b", re.IGNORECASE)
_CONSOLE = re.compile(r"console=(tty(?:S|AMA|USB|ACM|PS|SAC|LP|mxc|GS|MSM|O|STM|sclp)\w*|hvc\d+)")
_GETTY = re.compile(r"(?:serial-)?getty@(tty(?:S|AMA|USB|ACM|PS|SAC|LP|mxc|MSM|O|STM)\w*)\.service")
READS = (
    f"{_NET}/*/device",
    f"{_GADGETS}/*/state",
    f"{_THUNDERBOLT}/*",
    f"{_RDMA}/*/ports/*/{{state,link_layer}}",
    f"{_IPMI}/*",
    "/dev/ipmi0",
    _DMI,
    "/proc/cmdline",
)


def ports(reading: Reading, units: Units) -> Iterator[Channel]:
    """Yield the ports that there are, in use or not."""
    yield from _usb_networks(reading)
    for folder in entries(reading, _GADGETS):
        state = attribute(reading, f"{folder}/state")
        active = None if state is None else state not in ("not attached", "")
        yield _channel(reading, folder, "usb-gadget", active=active, state=state or "")
    yield from _thunderbolt(reading)
    yield from _rdma(reading)
    yield from _controllers(reading)
    yield from _consoles(reading, units)


def _usb_networks(reading: Reading) -> Iterator[Channel]:
    """Yield the network cards on the USB bus that are no radio: adapters, phones, the BMC's."""
    for folder in entries(reading, _NET):
        event = attribute(reading, f"{folder}/uevent") or ""
        if "DEVTYPE=" in event or not _is_on_usb(reading, folder):
            continue
        product = " ".join(
            attribute(reading, f"{folder}/device/../{name}") or ""
            for name in ("manufacturer", "product")
        )
        state = attribute(reading, f"{folder}/operstate")
        yield _channel(
            reading,
            folder,
            "bmc-network" if _OF_BMC.search(product) else "usb-network",
            active=None if state is None else state != "down",
            state=state or "",
        )


def _is_on_usb(reading: Reading, folder: str) -> bool:
    try:
        return reading.host.readlink(f"{folder}/device/subsystem").endswith("/usb")
    except Absent:
        pass
    except Unreadable as error:
        reading.miss(f"{folder}/device/subsystem", error.reason, error.detail)
        return False
    try:
        return "/usb" in reading.host.readlink(folder)
    except Unreadable:
        return False  # a folder of its own is no device of a bus


def _thunderbolt(reading: Reading) -> Iterator[Channel]:
    """Yield the Thunderbolt controllers: active where a device that is plugged in gets PCIe."""
    for folder in entries(reading, _THUNDERBOLT):
        if folder.rpartition("/")[2].startswith("domain"):
            security = attribute(reading, f"{folder}/security")
            active = None if security is None else security in _TAKES_PCI
            yield _channel(
                reading, folder, "thunderbolt", active=active, state=f"security {security or '?'}"
            )


def _rdma(reading: Reading) -> Iterator[Channel]:
    for device in entries(reading, _RDMA):
        for port in entries(reading, f"{device}/ports"):
            state = (attribute(reading, f"{port}/state") or "").partition(":")[2].strip()
            layer = attribute(reading, f"{port}/link_layer") or ""
            yield Channel(
                origin=reading.origin(port),
                channel_type="rdma",
                name=f"{recordable(device.rpartition('/')[2])}/{port.rpartition('/')[2]}",
                active=state == "ACTIVE" if state else None,
                state=f"{state} {layer}".strip(),
                driver=driver_of(reading, device),
            )


def _controllers(reading: Reading) -> Iterator[Channel]:
    """Yield the management controllers (IPMI) that the kernel or the firmware tells of."""
    found = entries(reading, _IPMI)
    for folder in found:
        yield _channel(reading, folder, "bmc", active=True, state="the kernel talks to it")
    if found:
        return
    if reading.present("/dev/ipmi0"):
        yield _channel(reading, "/dev/ipmi0", "bmc", active=True, state="the kernel talks to it")
        return
    told = [
        path for path in entries(reading, _DMI) if path.rpartition("/")[2].startswith(_DMI_IPMI)
    ]
    for folder in told[:1]:
        # It is powered and on its own network whether a driver is loaded or not.
        yield _channel(reading, folder, "bmc", active=True, state="named by the firmware (DMI 38)")


def _consoles(reading: Reading, units: Units) -> Iterator[Channel]:
    """Yield the serial lines on which the kernel speaks or a login waits."""
    arguments = attribute(reading, "/proc/cmdline") or ""
    spoken = {name.partition(",")[0]: "/proc/cmdline" for name in _CONSOLE.findall(arguments)}
    logins = {
        match[1]: unit
        for unit in sorted(units.started)
        if (match := _GETTY.fullmatch(unit)) and units.enabled(unit)
    }
    for name in sorted({*spoken, *logins}):
        # systemd starts a login on every console of the kernel (systemd-getty-generator(8)).
        yield Channel(
            origin=reading.origin(spoken.get(name) or units.files.get(logins[name], "/etc")),
            channel_type="serial-console",
            name=name,
            active=True,
            state="kernel console" if name in spoken else "login",
            driver="",
        )


def _channel(
    reading: Reading, folder: str, channel_type: str, *, active: bool | None, state: str
) -> Channel:
    return Channel(
        origin=reading.origin(folder),
        channel_type=channel_type,  # type: ignore[arg-type]  # one of those named above
        name=recordable(folder.rpartition("/")[2]),
        active=active,
        state=state,
        driver=driver_of(reading, folder),
    )
