"""Writes interfaces, routes and sockets of a machine as procfs and sysfs show them."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_address, ip_interface
from typing import Literal

from msgspec import Struct

from .memory import Machine

_STATES = {"established": "01", "listen": "0A", "close": "07"}
_SL = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
_SL6 = ("  sl  local_address                         remote_address                        st "
        "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")  # fmt: skip
_ROUTE = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
_PACKET = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
_SWITCHES4 = {"forwarding": "0", "accept_redirects": "0", "accept_source_route": "0",
              "proxy_arp": "0", "rp_filter": "1", "send_redirects": "0",
              "secure_redirects": "1"}  # fmt: skip
_SWITCHES6 = {"forwarding": "0", "accept_redirects": "0", "accept_source_route": "0",
              "accept_ra": "0", "proxy_ndp": "0", "disable_ipv6": "0"}  # fmt: skip
_LOOPBACK = "772"  # ARPHRD_LOOPBACK
_ETHERNET = "1"


class Socket(Struct, frozen=True, kw_only=True):
    """A socket: `local` and `remote` as `address:port`; its owner names it by its inode."""

    protocol: Literal["tcp", "udp"] = "tcp"
    local: str
    remote: str = ""
    inode: int
    uid: int = 0


class Card(Struct, frozen=True, kw_only=True):
    """A network interface. `bus` is where it hangs below /sys/devices, `` if virtual.

    `uevent` are further lines (`DEVTYPE=wlan`), `folders` marks that sysfs shows (`wireless`).
    """

    name: str
    addresses: tuple[str, ...] = ()
    mac: str = "00:00:00:00:00:00"
    bus: str = ""
    driver: str = ""
    arp_type: str = _ETHERNET
    state: str = "up"
    mtu: int = 1500
    uevent: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


LOOPBACK = Card(
    name="lo", addresses=("127.0.0.1/8", "::1/128"), arp_type=_LOOPBACK, state="unknown", mtu=65536
)


class Way(Struct, frozen=True, kw_only=True):
    """A route: `to` in CIDR form, over `gateway` where it has one."""

    to: str
    card: str
    gateway: str = ""
    metric: int = 0


def add(  # noqa: PLR0913, PLR0917 - the parts of one network
    machine: Machine,
    cards: tuple[Card, ...],
    ways: tuple[Way, ...],
    sockets: tuple[Socket, ...],
    pid: int,
    switches: dict[str, str] | None = None,
    packets: tuple[int, ...] = (),
) -> None:
    """Put the network as the process `pid` (the auditor's own) sees it under `/proc/net`.

    `packets` are the inodes of packet sockets that see every frame.
    `switches` are those of ip-sysctl that differ from a host that forwards and believes nothing.
    """
    machine.link("/proc/net", "self/net")
    namespace(machine, cards, ways, sockets, pid, packets)
    for family, names in (("ipv4", _SWITCHES4), ("ipv6", _SWITCHES6)):
        values = {name: (switches or {}).get(name, value) for name, value in names.items()}
        for card in ("all", "default", "lo", *(card.name for card in cards)):
            machine.files(f"/proc/sys/net/{family}/conf/{card}", **values)
    for number, card in enumerate((LOOPBACK, *cards), start=1):
        _card(machine, card, number)


def namespace(  # noqa: PLR0913, PLR0917 - the parts of one network
    machine: Machine,
    cards: tuple[Card, ...],
    ways: tuple[Way, ...],
    sockets: tuple[Socket, ...],
    pid: int,
    packets: tuple[int, ...] = (),
) -> None:
    """Put the network tables of the namespace that the process `pid` is in."""
    folder = f"/proc/{pid}/net"
    cards = (LOOPBACK, *cards)
    for name, body in (
        ("tcp", _table(sockets, "tcp", 4)), ("tcp6", _table(sockets, "tcp", 6)),
        ("udp", _table(sockets, "udp", 4)), ("udp6", _table(sockets, "udp", 6)),
        ("route", _routes(ways)), ("ipv6_route", _routes6(cards, ways)),
        ("packet", _PACKET + "".join(map(_packet, packets))),
        ("raw", _table((), "raw", 4)), ("raw6", _table((), "raw", 6)),
        ("icmp", _table((), "icmp", 4)), ("icmp6", _table((), "icmp", 6)),
        ("if_inet6", _addresses6(cards)), ("fib_trie", _trie(cards)), ("dev", _counters(cards)),
    ):  # fmt: skip
        machine.file(f"{folder}/{name}", body, 0o444)


def _packet(inode: int) -> str:
    return f"0000000000000000 3      3    0003   2     1 0      0      {inode}\n"


def _card(machine: Machine, card: Card, number: int) -> None:
    below = f"{card.bus}/net" if card.bus else "virtual/net"
    folder = f"/sys/devices/{below}/{card.name}"
    machine.link(f"/sys/class/net/{card.name}", f"../../devices/{below}/{card.name}")
    machine.files(folder, address=card.mac, operstate=card.state, mtu=str(card.mtu),
                  type=card.arp_type, ifindex=str(number), carrier="1",
                  flags="0x9" if card.name == "lo" else "0x1003")  # fmt: skip
    lines = (*card.uevent, f"INTERFACE={card.name}", f"IFINDEX={number}")
    machine.file(f"{folder}/uevent", "".join(f"{line}\n" for line in lines))
    for name in card.folders:
        machine.folder(f"{folder}/{name}")
    if card.bus:
        bus_kind = "usb" if "/usb" in card.bus else "pci"
        machine.link(f"{folder}/device", f"../../../{card.bus.rpartition('/')[2]}")
        driver = f"/sys/devices/{card.bus}/driver"
        if driver not in machine.nodes:
            machine.link(driver, f"/sys/bus/{bus_kind}/drivers/{card.driver}")
            machine.folder(f"/sys/bus/{bus_kind}/drivers/{card.driver}")


def _table(sockets: tuple[Socket, ...], protocol: str, version: int) -> str:
    head = f"{_SL} inode" if version == 4 else _SL6  # noqa: PLR2004 - IPv4
    lines = [head.ljust(149 if version == 4 else 0)]  # noqa: PLR2004
    own = [s for s in sockets if s.protocol == protocol and _version(s.local) == version]
    for number, socket in enumerate(own):
        any_peer = "0.0.0.0:0" if version == 4 else "[::]:0"  # noqa: PLR2004
        remote = socket.remote or any_peer
        state = "established" if socket.remote else "listen" if protocol == "tcp" else "close"
        line = (
            f"{number:4d}: {_endpoint(socket.local)} {_endpoint(remote)} {_STATES[state]} "
            f"00000000:00000000 00:00000000 00000000 {socket.uid:5d}        0 {socket.inode} "
            "1 0000000000000000 100 0 0 10 0"
        )
        lines.append(line.ljust(149) if version == 4 else line)  # noqa: PLR2004
    return "".join(f"{line}\n" for line in lines)


def _split(endpoint: str) -> tuple[str, int]:
    address, _, port = endpoint.rpartition(":")
    return address.strip("[]"), int(port)


def _version(endpoint: str) -> int:
    return ip_address(_split(endpoint)[0]).version


def _endpoint(endpoint: str) -> str:
    """Return an address as the kernel prints it: words of 32 bits in the machine's own order."""
    address, port = _split(endpoint)
    packed = ip_address(address).packed
    words = [packed[at : at + 4][::-1].hex().upper() for at in range(0, len(packed), 4)]
    return f"{''.join(words)}:{port:04X}"


def _routes(ways: tuple[Way, ...]) -> str:
    lines = [_ROUTE.ljust(127)]
    for way in ways:
        if ":" in way.to:
            continue
        network = IPv4Network(way.to)
        flags = "0003" if way.gateway else "0001"
        gateway = _word(way.gateway or "0.0.0.0")  # noqa: S104 - written, not bound
        fields = (way.card, _word(str(network.network_address)), gateway, flags, "0", "0",
                  str(way.metric), _word(str(network.netmask)), "0", "0", "0")  # fmt: skip
        lines.append("\t".join(fields).ljust(127))
    return "".join(f"{line}\n" for line in lines)


def _word(address: str) -> str:
    return ip_address(address).packed[::-1].hex().upper()


def _routes6(cards: tuple[Card, ...], ways: tuple[Way, ...]) -> str:
    none = "0" * 32
    lines = []
    for card in cards:
        for address in _of_version(card, 6):
            network = address.network
            lines.append(_route6(network.network_address.packed.hex(), network.prefixlen, none,
                                 256, "00000001", card.name))  # fmt: skip
    for way in ways:
        if ":" in way.to:
            network = ip_interface(way.to).network
            gateway = ip_address(way.gateway).packed.hex() if way.gateway else none
            lines.append(_route6(network.network_address.packed.hex(), network.prefixlen, gateway,
                                 way.metric, "00000003" if way.gateway else "00000001",
                                 way.card))  # fmt: skip
    # The kernel's own entry for what has no route.
    lines.append(_route6(none, 0, none, 0xFFFFFFFF, "00200200", "lo"))
    return "".join(f"{line}\n" for line in lines)


def _route6(to: str, length: int, gateway: str, metric: int, flags: str, card: str) -> str:  # noqa: PLR0913, PLR0917 - the fields of one line
    return (
        f"{to} {length:02x} {'0' * 32} 00 {gateway} {metric:08x} 00000001 00000000 {flags} "
        f"{card:>8}"
    )


def _addresses6(cards: tuple[Card, ...]) -> str:
    lines = []
    for number, card in enumerate(cards, start=1):
        for address in _of_version(card, 6):
            scope = "10" if address.ip.is_loopback else "20" if address.ip.is_link_local else "00"
            lines.append(f"{address.ip.packed.hex()} {number:02x} {address.network.prefixlen:02x} "
                         f"{scope} 80 {card.name:>8}")  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _of_version(card: Card, version: int) -> list[IPv4Interface | IPv6Interface]:
    found = [ip_interface(address) for address in card.addresses]
    return [address for address in found if address.version == version]


def _trie(cards: tuple[Card, ...]) -> str:
    """Return the trie of local addresses; the kernel shows each table (main, local) alike."""
    lines = ["  +-- 0.0.0.0/0 3 0 5"]
    for card in cards:
        for address in _of_version(card, 4):
            network = address.network
            if network.prefixlen == 32:  # noqa: PLR2004 - a single address
                lines += [f"     |-- {address.ip}", "        /32 host LOCAL"]
                continue
            scope = "host LOCAL" if address.ip.is_loopback else "link UNICAST"
            lines += [
                f"     +-- {network} 2 0 2", f"        |-- {network.network_address}",
                f"           /{network.prefixlen} {scope}", f"        |-- {address.ip}",
                "           /32 host LOCAL", f"        |-- {network.broadcast_address}",
                "           /32 link BROADCAST",
            ]  # fmt: skip
    body = "".join(f"{line}\n" for line in lines)
    return f"Main:\n{body}Local:\n{body}"


def _counters(cards: tuple[Card, ...]) -> str:
    head = (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
        "drop fifo colls carrier compressed\n"
    )
    counts = "  884120    4120    0    0    0     0          0         0   884120    4120    0    0"
    return head + "".join(
        f"{card.name:>6}:{counts}    0     0       0          0\n" for card in cards
    )
