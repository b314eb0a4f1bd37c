"""Finds tunnels (WireGuard, IPsec, MACsec, GRE, VXLAN …) and the fabrics that nothing encrypts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from auditor.collect import Collector, Fact, Options
from auditor.collect import _fabrics as fabrics
from auditor.collect import _ipsec as ipsec
from auditor.collect._reading import Reading
from auditor.evidence.paths import recordable
from auditor.evidence.transit import Fabric, Tunnel
from auditor.host import Absent, Host, Unreadable

NAME = "tunnels"
_NET = "/sys/class/net"
_WIREGUARD = "/etc/wireguard"
Kind = Literal[
    "wireguard", "ipsec", "macsec", "openvpn", "tun", "ppp", "vxlan", "geneve", "gre", "ipip"
]
State = Literal["up", "down", "configured"] | None

# What each kind of link does to what it carries; `None`: the program behind it decides.
_ENCRYPTS: dict[Kind, bool | None] = {
    "wireguard": True, "ipsec": True, "macsec": True, "openvpn": None, "tun": None, "ppp": None,
    "vxlan": False, "geneve": False, "gre": False, "ipip": False,
}  # fmt: skip
_BY_DEVTYPE: dict[str, Kind] = {
    "wireguard": "wireguard", "macsec": "macsec", "vxlan": "vxlan", "geneve": "geneve",
    "gretap": "gre", "ppp": "ppp",
}  # fmt: skip
# include/uapi/linux/if_arp.h
_BY_HARDWARE: dict[str, Kind] = {
    "512": "ppp", "768": "ipip", "769": "ipip", "776": "ipip", "778": "gre", "823": "gre",
}  # fmt: skip
# Devices that the kernel makes when the module is loaded, and that lead nowhere by themselves.
_FALLBACKS = frozenset({"tunl0", "gre0", "gretap0", "erspan0", "sit0", "ip6tnl0", "ip6gre0",
                        "ip_vti0", "ip6_vti0"})  # fmt: skip


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "tunnel")
    paths = Reading(host, NAME, "fabric")
    tunnels = [*_links(reading), *_configured(reading)]
    names = {tunnel.name for tunnel in tunnels if tunnel.state != "configured"}
    # A configuration whose interface is there says nothing that the interface does not.
    yield from (
        tunnel for tunnel in tunnels if tunnel.state != "configured" or tunnel.name not in names
    )
    protecting = fabrics.Protecting(
        interfaces=frozenset(t.name for t in tunnels if t.encrypted and t.state == "up")
    )
    yield from fabrics.rdma_ports(paths)
    yield from fabrics.collectives(paths, protecting)
    yield from reading.gaps()
    yield from paths.gaps()


def _links(reading: Reading) -> Iterator[Tunnel]:
    try:
        names = reading.host.list(_NET)
    except Unreadable as error:
        reading.miss(_NET, error.reason, error.detail)
        return
    for name in names:
        folder = f"{_NET}/{name}"
        kind = None if name in _FALLBACKS else _kind(reading, folder)
        if kind is not None:
            yield Tunnel(
                origin=reading.origin(recordable(folder)),
                tunnel_type=kind,
                name=recordable(name),
                encrypted=_ENCRYPTS[kind],
                state=_state(reading, folder),
                # Peers are told by netlink alone, and to root.
                endpoints=None,
                weak=() if kind == "wireguard" else None,
            )


def _kind(reading: Reading, folder: str) -> Kind | None:
    event = reading.text(f"{folder}/uevent") or ""
    named = re.search(r"^DEVTYPE=(\S{1,40})$", event, re.MULTILINE)
    if named and named[1] in _BY_DEVTYPE:
        return _BY_DEVTYPE[named[1]]
    if not reading.absent(f"{folder}/tun_flags"):
        return "tun"
    return _BY_HARDWARE.get(_attribute(reading, f"{folder}/type"))


def _state(reading: Reading, folder: str) -> State:
    """Return whether the link is up; WireGuard and tun say `unknown` where their flag is up."""
    state = _attribute(reading, f"{folder}/operstate")
    if state in ("up", "down"):
        return "up" if state == "up" else "down"
    flags = _attribute(reading, f"{folder}/flags")
    if re.fullmatch(r"0x[0-9a-f]{1,8}", flags):
        return "up" if int(flags, 16) & 1 else "down"
    return None


def _attribute(reading: Reading, path: str) -> str:
    try:
        return reading.host.read(path, limit=4096).decode("utf-8", "replace").strip()
    except Absent:
        return ""
    except Unreadable as error:
        if error.reason != "unsupported":
            reading.miss(path, error.reason, error.detail)
        return ""


def _configured(reading: Reading) -> Iterator[Tunnel]:
    """Yield the tunnels that files configure; of WireGuard's only the names: keys are in them."""
    for path in reading.folder(_WIREGUARD, ".conf"):
        name = path.rpartition("/")[2].removesuffix(".conf")
        yield Tunnel(
            origin=reading.origin(recordable(path)),
            tunnel_type="wireguard",
            name=recordable(name),
            encrypted=True,
            state="configured",
            endpoints=None,
            weak=(),
        )
    for connection in ipsec.connections(reading):
        yield Tunnel(
            origin=reading.origin(connection.path, connection.line),
            tunnel_type="ipsec",
            name=connection.name[:200],
            encrypted="null" not in connection.weak and not connection.also_clear,
            # Whether a connection is up stands in the kernel's policies: netlink alone tells.
            state=None,
            endpoints=tuple(sorted(set(connection.endpoints))),
            weak=tuple(sorted(connection.weak)),
        )


COLLECTOR = Collector(
    title="Tunnels and fabrics",
    yields=(Tunnel, Fabric),
    reads=(f"{_NET}/*", f"{_WIREGUARD}/*.conf", *ipsec.READS, *fabrics.READS),
    collect=_collect,
)
