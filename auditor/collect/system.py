"""Reads what the machine is: distribution, kernel, virtualisation, and who keeps its time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._boot import READS as BOOT
from auditor.collect._boot import kernel
from auditor.collect._process_table import container_of
from auditor.collect._reading import Reading, lines
from auditor.evidence import GapReason, Origin
from auditor.evidence.host import (
    KernelInfo,
    OperatingSystem,
    TimeSynchronization,
    Virtualization,
)
from auditor.host import Host, Unreadable

NAME = "system"
_RELEASES = ("/etc/os-release", "/usr/lib/os-release")
_DMI = "/sys/class/dmi/id"
_LINE = re.compile(r"""^([A-Z][A-Z0-9_]{0,40})=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$""")

# By what DMI calls the vendor, product or BIOS; the first that fits.
_HYPERVISORS = (
    ("kvm", "kvm"), ("qemu", "qemu"), ("vmware", "vmware"), ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"), ("xen", "xen"), ("hyper-v", "hyper-v"), ("parallels", "parallels"),
    ("bochs", "bochs"), ("bhyve", "bhyve"), ("amazon ec2", "amazon"), ("google compute", "google"),
    ("alibaba cloud", "alibaba"), ("openstack", "openstack"), ("nutanix", "nutanix"),
    ("firecracker", "firecracker"),
)  # fmt: skip
_MICROSOFT_VM = "virtual machine"

# The service, and a path that is there while it runs or where it is enabled.
_UNITS = "/etc/systemd/system"
_WANTED = ("multi-user.target.wants", "sysinit.target.wants", "network-online.target.wants")
_SERVICES = {
    "chrony": ("chrony.service", "chronyd.service"),
    "ntpd": ("ntp.service", "ntpd.service", "ntpsec.service"),
    "openntpd": ("openntpd.service",),
    "systemd-timesyncd": ("systemd-timesyncd.service",),
    "ptp4l": ("ptp4l.service", "linuxptp.service"),
}
_RUNNING = {
    "chrony": ("/run/chrony/chronyd.pid", "/run/chronyd.pid"),
    "ntpd": ("/run/ntpd.pid", "/var/run/ntpd.pid"),
    "systemd-timesyncd": ("/run/systemd/timesync",),
}
_DEVICE_TREE = "/sys/firmware/devicetree/base"
_SYNCHRONIZED = "/run/systemd/timesync/synchronized"


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    release = Reading(host, NAME, "operating_system")
    boot = Reading(host, NAME, "kernel_info")
    system = _operating_system(release)
    if system is not None:
        yield system
    running = kernel(boot)
    if running is not None:
        yield running
    machine = Reading(host, NAME, "virtualization")
    yield from _virtualization(machine)
    clock = Reading(host, NAME, "time_synchronization")
    yield from _time(clock)
    yield from machine.gaps()
    yield from release.gaps()
    yield from boot.gaps()
    yield from clock.gaps()


def _operating_system(reading: Reading) -> OperatingSystem | None:
    for path in _RELEASES:
        text = reading.text(path)
        if text is None:
            continue
        values = _assignments(text)
        return OperatingSystem(
            origin=reading.origin(path),
            name=values.get("NAME", "Linux"),
            version=values.get("VERSION_ID") or values.get("VERSION", ""),
            platform=values.get("ID", "linux"),
            platform_like=tuple(values.get("ID_LIKE", "").split()),
            arch=_line(reading.host, "/proc/sys/kernel/arch"),
        )
    reading.miss(_RELEASES[0], "absent", "no such file")
    return None


def _assignments(text: str) -> dict[str, str]:
    """Return the settings of os-release(5); a later one of a name replaces the earlier."""
    found = {}
    for line in lines(text):
        match = _LINE.match(line)
        if match:
            found[match[1]] = next(value for value in match.groups()[1:] if value is not None)
    return found


def _virtualization(reading: Reading) -> Iterator[Virtualization]:
    """Yield what the machine runs in; where nothing that could tell is seen, that is a gap.

    To call such a machine bare metal would be a guess.
    """
    host = reading.host
    hypervisor = _hypervisor(host)
    if hypervisor is None:
        reason: GapReason = "absent" if reading.absent(_DMI) else "unsupported"
        reading.miss(_DMI, reason, "neither firmware nor processor tell of a hypervisor")
        return
    yield Virtualization(origin=_origin(_DMI), hypervisor=hypervisor, container=_container(host))


def _hypervisor(host: Host) -> str | None:
    """Return the hypervisor, empty where there is none, `None` where nothing tells."""
    identity = " ".join(
        _line(host, f"{_DMI}/{name}")
        for name in ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
    ).lower()
    named = next((name for word, name in _HYPERVISORS if word in identity), "")
    if named:
        return named
    if "microsoft" in identity and _MICROSOFT_VM in identity:
        return "hyper-v"
    kind = _line(host, "/sys/hypervisor/type")
    if kind:
        return kind
    # An x86 processor says that something runs it, but not what.
    flags = re.search(r"^flags\s*:(.*)$", _text(host), re.MULTILINE)
    if flags:
        return "unknown hypervisor" if "hypervisor" in flags[1].split() else ""
    return "" if identity.strip() else _board(host)


def _board(host: Host) -> str | None:
    """Return the hypervisor of a board without DMI (most of Arm), by its device tree.

    A hypervisor that starts one adds a node of its own (devicetree.org); QEMU names its board.
    """
    model = _line(host, f"{_DEVICE_TREE}/model")
    if not model:
        return None
    if "dummy-virt" in model:
        return "qemu"
    return "unknown hypervisor" if _is_there(host, f"{_DEVICE_TREE}/hypervisor") else ""


def _container(host: Host) -> str:
    for path, name in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
        if _is_there(host, path):
            return name
    return container_of(_line(host, "/proc/1/cgroup")).partition(":")[0]


def _time(reading: Reading) -> Iterator[TimeSynchronization]:
    """Yield the services found; only timesyncd leaves a mark of success that can be read.

    That there is none is said only where there are units that would tell: a tree without any is
    a gap, as is a folder that may not be read.
    """
    enabled = {
        path.rpartition("/")[2]
        for folder in _WANTED
        for path in reading.folder(f"{_UNITS}/{folder}")
    }
    services = tuple(
        service
        for service, units in _SERVICES.items()
        if enabled.intersection(units) or reading.present(*_RUNNING.get(service, ()))
    )
    if not services and reading.absent(_UNITS):
        reading.miss(_UNITS, "absent", "no units are seen: who keeps the time is not known")
    if services or not any(reading.gaps()):
        synchronized = _synchronized(reading)
        yield TimeSynchronization(
            origin=_origin("/run/systemd/timesync"), synchronized=synchronized, services=services
        )


def _synchronized(reading: Reading) -> bool | None:
    """Return what the kernel says of its clock; timesyncd's mark where it cannot be asked."""
    try:
        return reading.host.clock_synchronized()
    except Unreadable:
        return True if reading.present(_SYNCHRONIZED) else None


def _origin(path: str) -> Origin:
    return Origin(NAME, path)


def _line(host: Host, path: str) -> str:
    try:
        return host.read(path, limit=65536).decode("utf-8", "replace").strip()
    except Unreadable:
        return ""


def _text(host: Host) -> str:
    try:
        return host.read("/proc/cpuinfo", limit=65536, head=True).decode("utf-8", "replace")
    except Unreadable:
        return ""


def _is_there(host: Host, path: str) -> bool:
    """Return whether something is seen there; what is refused is not."""
    try:
        host.stat(path)
    except Unreadable:
        return False
    return True


COLLECTOR = Collector(
    title="Operating system, kernel, virtualisation and time",
    yields=(OperatingSystem, KernelInfo, Virtualization, TimeSynchronization),
    reads=(
        *_RELEASES,
        *BOOT,
        "/proc/sys/kernel/arch",
        f"{_DMI}/*",
        "/sys/hypervisor/type",
        f"{_DEVICE_TREE}/model",
        f"{_DEVICE_TREE}/hypervisor",
        "/proc/cpuinfo",
        "/.dockerenv",
        "/run/.containerenv",
        "/proc/1/cgroup",
        *(f"{_UNITS}/{folder}" for folder in _WANTED),
        *(path for paths in _RUNNING.values() for path in paths),
        _SYNCHRONIZED,
    ),
    collect=_collect,
)
