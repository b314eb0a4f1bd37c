"""Finds fast paths between machines: RDMA ports, and the collectives of training processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.evidence.paths import recordable
from auditor.evidence.transit import Fabric
from auditor.host import KIB, Absent, Unreadable
from auditor.hostnames import address_of

RDMA = "/sys/class/infiniband"
READS = ("/proc", "/proc/*/environ", "/proc/*/stat", f"{RDMA}/*/ports/*", f"{RDMA}/*/device/net")
_ENVIRONMENT = 256 * KIB  # as the collector of processes reads it
_STAT = 64 * KIB
# Variables that only a process of a collective has (NCCL and PyTorch documentation).
_NCCL = ("NCCL_SOCKET_IFNAME", "NCCL_IB_HCA", "NCCL_NET", "NCCL_COMM_ID")
_GLOO = ("GLOO_SOCKET_IFNAME", "GLOO_DEVICE_TRANSPORT")
_LAUNCHED = ("MASTER_ADDR", "WORLD_SIZE")
_TLS_TRANSPORT = "TCP_TLS"


class Protecting(Struct, frozen=True, kw_only=True):
    """The network interfaces that are encrypted tunnels and up."""

    interfaces: frozenset[str]


def rdma_ports(reading: Reading) -> Iterator[Fabric]:
    """Yield the RDMA ports of the machine; no class of them in sysfs means that there are none."""
    for device in _names(reading, RDMA):
        for port in _names(reading, f"{RDMA}/{device}/ports"):
            folder = f"{RDMA}/{device}/ports/{port}"
            layer = _value(reading, f"{folder}/link_layer")
            state = _value(reading, f"{folder}/state")
            yield Fabric(
                origin=reading.origin(folder),
                fabric_type=_kind(layer),
                name=recordable(f"{device}/{port}"),
                interfaces=tuple(map(recordable, _names(reading, f"{RDMA}/{device}/device/net"))),
                # `4: ACTIVE`, `1: DOWN` (Documentation/ABI/stable/sysfs-class-infiniband)
                active=state.endswith("ACTIVE") if state else None,
                leaves_host=True,
                encrypted=False,
            )


def _kind(layer: str) -> Literal["infiniband", "roce", "rdma"]:
    if layer == "InfiniBand":
        return "infiniband"
    return "roce" if layer == "Ethernet" else "rdma"


def _names(reading: Reading, folder: str) -> tuple[str, ...]:
    try:
        return reading.host.list(folder, limit=1_000)
    except Absent:
        if reading.absent("/sys/class"):
            reading.miss("/sys/class", "absent", "sysfs is not there to tell of devices")
        return ()
    except Unreadable as error:
        reading.miss(folder, error.reason, error.detail)
        return ()


def _value(reading: Reading, path: str) -> str:
    return (reading.text(path) or "").strip()


def collectives(reading: Reading, protecting: Protecting) -> Iterator[Fabric]:
    """Yield the collectives by the environments of processes, like ones of a name once."""
    told: set[tuple[object, ...]] = set()
    for pid in _pids(reading):
        environment = _environment(reading, pid)
        kind = _collective(environment)
        if kind is None:
            continue
        made = _fabric(reading, pid, kind, environment, protecting)
        known = (made.fabric_type, made.name, made.interfaces, made.leaves_host)
        if known not in told:
            told.add(known)
            yield made


def _pids(reading: Reading) -> tuple[int, ...]:
    try:
        names = reading.host.list("/proc")
    except Unreadable as error:
        reading.miss("/proc", error.reason, error.detail)
        return ()
    return tuple(sorted(int(n) for n in names if n.isdecimal() and len(n) < 12))  # noqa: PLR2004


def _environment(reading: Reading, pid: int) -> dict[str, str]:
    path = f"/proc/{pid}/environ"
    try:
        data = reading.host.read(path, limit=_ENVIRONMENT, head=True)
    except Absent:
        return {}
    except Unreadable as error:
        # Of a kernel thread nothing is hidden: it has no environment.
        if _is_program(reading, pid):
            reading.miss("/proc/*/environ", error.reason, "variables of processes are refused")
        return {}
    pairs = (string.partition("=") for string in data.decode("utf-8", "replace").split("\0"))
    return {name: value for name, equals, value in pairs if equals}


def _is_program(reading: Reading, pid: int) -> bool:
    try:
        return bool(reading.host.read(f"/proc/{pid}/cmdline", limit=_STAT, head=True))
    except Absent:
        return False
    except Unreadable:
        return True


def _collective(environment: Mapping[str, str]) -> Literal["nccl", "gloo"] | None:
    if any(name in environment for name in _NCCL):
        return "nccl"
    if any(name in environment for name in _GLOO):
        return "gloo"
    # A launcher sets these for whatever backend: NCCL is that of every accelerator.
    return "nccl" if all(name in environment for name in _LAUNCHED) else None


def _fabric(
    reading: Reading,
    pid: int,
    kind: Literal["nccl", "gloo"],
    environment: Mapping[str, str],
    protecting: Protecting,
) -> Fabric:
    interfaces = _interfaces(environment, kind)
    leaves = _leaves(environment, interfaces)
    over_tunnel = bool(interfaces) and set(interfaces) <= protecting.interfaces
    # Gloo alone can speak TLS, and NCCL over RDMA does not pass the interface that it names.
    secure = kind == "gloo" and environment.get("GLOO_DEVICE_TRANSPORT") == _TLS_TRANSPORT
    rdma = kind == "nccl" and environment.get("NCCL_IB_DISABLE", "0") in ("", "0")
    protected = secure or (over_tunnel and not rdma)
    return Fabric(
        origin=reading.origin(f"/proc/{pid}/environ"),
        fabric_type=kind,
        name=_process_name(reading, pid),
        interfaces=tuple(map(recordable, interfaces)),
        active=True,
        leaves_host=leaves,
        encrypted=protected,
    )


def _interfaces(environment: Mapping[str, str], kind: str) -> tuple[str, ...]:
    """Return the interfaces named; a prefix or an exclusion (`^lo`) names none for certain."""
    value = environment.get(f"{kind.upper()}_SOCKET_IFNAME", "")
    if not value or value.startswith("^"):
        return ()
    return tuple(sorted(name.strip().lstrip("=")[:64] for name in value.split(",") if name.strip()))


def _leaves(environment: Mapping[str, str], interfaces: tuple[str, ...]) -> bool | None:
    """Return whether its traffic leaves the machine, `None` where the launcher does not tell.

    As many ranks here as there are at all, or a master on loopback, stay on the machine.
    """
    world, local = environment.get("WORLD_SIZE", ""), environment.get("LOCAL_WORLD_SIZE", "")
    if world.isdecimal() and local.isdecimal() and len(world) < 9 and len(local) < 9:  # noqa: PLR2004
        return int(world) > int(local)
    master = environment.get("MASTER_ADDR", "")
    address = address_of(master) if master else None
    if master == "localhost" or (address is not None and address.is_loopback):
        return False
    if interfaces == ("lo",):
        return False
    return True if master else None


def _process_name(reading: Reading, pid: int) -> str:
    try:
        stat = reading.host.read(f"/proc/{pid}/stat", limit=_STAT).decode("utf-8", "replace")
    except Unreadable:
        return f"process {pid}"
    return stat.partition("(")[2].rpartition(")")[0] or f"process {pid}"
