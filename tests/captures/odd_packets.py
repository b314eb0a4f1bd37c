"""One packet of each odd link and tunnel, by name, around the same datagram of IPv4 or IPv6."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

from tests.captures import wire

SRC4, DST4 = wire.packed("10.1.0.1"), wire.packed("10.2.0.2")
SRC6, DST6 = wire.packed("fd00::1"), wire.packed("fd00::2")
NEAR4, FAR4 = wire.packed("192.0.2.1"), wire.packed("198.51.100.2")
NEAR6, FAR6 = wire.packed("2001:db8::1"), wire.packed("2001:db8::2")
MACS = bytes.fromhex("0200000000bb0200000000aa")
PORTS = 40000, 9999
TEXT = b"what the datagram carries"
INNER4 = wire.ip(SRC4, DST4, wire.UDP, wire.udp(SRC4, DST4, *PORTS, TEXT))
INNER6 = wire.ip(SRC6, DST6, wire.UDP, wire.udp(SRC6, DST6, *PORTS, TEXT))

IPV4, IPV6 = 0x0800, 0x86DD


class Odd(NamedTuple):
    """A packet and what the slow path shall say of it."""

    link_type: int
    data: bytes
    tunnels: tuple[str, ...] = ()
    vlans: tuple[int, ...] = ()
    version: int = 4
    carriers: tuple[tuple[bytes, bytes], ...] = ()
    fcs: int = 0


def frame(kind: int, data: bytes) -> bytes:
    """Return an Ethernet frame."""
    return MACS + pack(">H", kind) + data


def snap(kind: int, data: bytes) -> bytes:
    """Return IEEE 802.2 with SNAP."""
    return b"\xaa\xaa\x03\0\0\0" + pack(">H", kind) + data


def labels(data: bytes, *numbers: int) -> bytes:
    """Return a stack of MPLS labels before data."""
    last = len(numbers) - 1
    stack = (pack(">I", n << 12 | (at == last) << 8 | 64) for at, n in enumerate(numbers))
    return b"".join(stack) + data


def wlan(data: bytes, *, control: int = 0x08, flags: int = 1, quality: bytes = b"") -> bytes:
    """Return an IEEE 802.11 frame."""
    four = MACS[:6] if flags & 3 == 3 else b""
    addresses = MACS[:6] + MACS[6:] + MACS[:6]
    return bytes((control, flags, 0, 0)) + addresses + bytes(2) + four + quality + data


def over(protocol: int, data: bytes, *, six: bool = False) -> Odd:
    """Return data in IP between the tunnel's ends."""
    near, far = (NEAR6, FAR6) if six else (NEAR4, FAR4)
    return Odd(1, frame(IPV6 if six else IPV4, wire.ip(near, far, protocol, data)))


def over_udp(sport: int, dport: int, data: bytes) -> Odd:
    """Return data in UDP between the tunnel's ends."""
    return over(wire.UDP, wire.udp(NEAR4, FAR4, sport, dport, data))


def _tunnelled(outer: Odd, *tunnels: str, vlans: tuple[int, ...] = (), version: int = 4) -> Odd:
    six = outer.data[12:14] == b"\x86\xdd"
    ends = (NEAR6, FAR6) if six else (NEAR4, FAR4)
    return outer._replace(tunnels=tunnels, vlans=vlans, version=version, carriers=(ends,))


def _tlv(kind: int, value: bytes, order: str = "<") -> bytes:
    return pack(f"{order}HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


_PPP4, _PPP6 = b"\x00\x21" + INNER4, b"\x00\x57" + INNER6
_TAGGED = MACS + pack(">HHH", 0x8100, 7, IPV4) + INNER4
_LLC4 = snap(IPV4, INNER4)
_TEREDO_AUTH = pack(">HBB8sB", 1, 0, 0, bytes(8), 0)
_TEREDO_ORIGIN = pack(">HHI", 0, 0x1234, 0x01020304)

LINKS = {
    "raw": Odd(101, INNER4),
    "raw-ipv6": Odd(229, INNER6, version=6),
    "null-little": Odd(0, pack("<I", 2) + INNER4),
    "null-big": Odd(0, pack(">I", 2) + INNER4),
    "null-ipv6-of-a-mac": Odd(0, pack("<I", 30) + INNER6, version=6),
    "loop": Odd(108, pack(">I", 24) + INNER6, version=6),
    "ppp": Odd(9, b"\xff\x03" + _PPP4),
    "ppp-without-address": Odd(9, _PPP4),
    "ppp-short-protocol": Odd(9, b"\x21" + INNER4),
    "ppp-ipv6": Odd(9, b"\xff\x03" + _PPP6, version=6),
    "ppp-mpls": Odd(9, b"\x02\x81" + labels(INNER4, 16), ("mpls",)),
    "ppp-multilink-whole": Odd(9, b"\x00\x3d" + pack(">I", 0xC0000001) + _PPP4),
    "ppp-bridged": Odd(9, b"\x00\x31\x00\x01" + frame(IPV4, INNER4)),
    "ppp-hdlc": Odd(50, b"\xff\x03" + _PPP4),
    "cisco-hdlc": Odd(104, b"\x0f\x00" + pack(">H", IPV4) + INNER4),
    "cisco-hdlc-in-ppp-hdlc": Odd(50, b"\x8f\x00" + pack(">H", IPV6) + INNER6, version=6),
    "ppp-with-direction": Odd(204, b"\x01\xff\x03" + _PPP4),
    "pppoe-alone": Odd(51, pack(">BBHH", 0x11, 0, 5, len(_PPP4)) + _PPP4, ("pppoe",)),
    "cooked": Odd(113, pack(">HHH6sHH", 0, 1, 6, MACS[6:], 0, IPV4) + INNER4),
    "cooked-tagged": Odd(
        113,
        pack(">HHH6sHH", 0, 1, 6, MACS[6:], 0, 0x8100) + pack(">HH", 9, IPV4) + INNER4,
        vlans=(9,),
    ),
    "cooked-llc": Odd(113, pack(">HHH6sHH", 0, 1, 6, MACS[6:], 0, 4) + _LLC4),
    "cooked-radiotap": Odd(
        113, pack(">HHH6sHH", 0, 803, 6, MACS[6:], 0, 0x19) + pack("<BBHI", 0, 0, 8, 0) + wlan(_LLC4)
    ),
    "cooked-2": Odd(276, pack(">HHIHBB6sH", IPV6, 0, 2, 1, 0, 6, MACS[6:], 0) + INNER6, version=6),
    "nflog": Odd(
        239, pack(">BBH", 2, 0, 0) + _tlv(1, pack(">HBB", 0x800, 3, 0)) + _tlv(10, b"in\0") + _tlv(9, INNER4)
    ),
    "nflog-big": Odd(239, pack(">BBH", 10, 0, 0) + _tlv(9, INNER6, ">"), version=6),
    "pflog": Odd(117, bytes((61, 2)) + bytes(62) + INNER4),
    "enc": Odd(109, pack("<III", 2, 0, 0) + INNER4),
    "wlan": Odd(105, wlan(_LLC4)),
    "wlan-four-addresses": Odd(105, wlan(_LLC4, flags=3)),
    "wlan-quality": Odd(105, wlan(_LLC4, control=0x88, flags=2, quality=bytes(2))),
    "wlan-quality-and-control": Odd(105, wlan(_LLC4, control=0x88, flags=0x82, quality=bytes(6))),
    "wlan-aggregate-of-one": Odd(
        105,
        wlan(
            MACS + pack(">H", len(_LLC4)) + _LLC4, control=0x88, flags=2, quality=b"\x80\x00"
        ),
    ),
    "radiotap": Odd(127, pack("<BBHI", 0, 0, 8, 0) + wlan(_LLC4)),
    "radiotap-checksum": Odd(
        127, pack("<BBHIQB", 0, 0, 25, 3, 0, 0x10).ljust(25, b"\0") + wlan(_LLC4) + b"CRC!"
    ),
    "radiotap-two-words": Odd(
        127,
        pack("<BBHII4xQB", 0, 0, 25, 0x80000003, 0, 0, 0x20) + wlan(_LLC4, control=0x88, flags=1, quality=bytes(4)),
    ),
    "prism": Odd(119, pack("<II", 0x41, 144).ljust(144, b"\0") + wlan(_LLC4)),
    "avs": Odd(163, pack(">II", 0x80211001, 64).ljust(64, b"\0") + wlan(_LLC4)),
    "avs-as-prism": Odd(119, pack(">II", 0x80211001, 64).ljust(64, b"\0") + wlan(_LLC4)),
    "per-packet-information": Odd(192, pack("<BBHI", 0, 0, 8, 105) + wlan(_LLC4)),
    "mpls-alone": Odd(219, labels(INNER4, 100, 200), ("mpls",)),
    "infiniband": Odd(242, bytes(40) + pack(">HH", IPV4, 0) + INNER4),
    "atm-llc": Odd(100, _LLC4),
    "ethernet-llc": Odd(1, frame(len(_LLC4), _LLC4)),
    "ethernet-checksum": Odd(1, frame(IPV4, INNER4) + b"CRC!", fcs=4),
    "three-tags": Odd(
        1,
        MACS + pack(">HHHHHHH", 0x88A8, 5, 0x8100, 6, 0x8100, 7, IPV4) + INNER4,
        vlans=(5, 6, 7),
    ),
    "hsr": Odd(1, frame(0x892F, pack(">HHH", 0x1033, 1, IPV4) + INNER4)),
    "frer": Odd(1, frame(0xF1C1, pack(">HHH", 0, 1, IPV4) + INNER4)),
    "backbone": Odd(
        1, frame(0x88E7, pack(">I", 99) + frame(IPV4, INNER4)), ("pbb",)
    ),
    "service-header": Odd(
        1, frame(0x894F, pack(">HBBI16s", 0x0FC6, 1, 3, 0x123FF, bytes(16)) + frame(IPV4, INNER4)), ("nsh",)
    ),
}  # fmt: skip

TUNNELS = {
    "gre": _tunnelled(over(47, pack(">HH", 0, IPV4) + INNER4), "gre"),
    "gre-everything": _tunnelled(
        over(47, pack(">HHIII", 0xB000, IPV6, 0, 5, 6) + INNER6), "gre", version=6
    ),
    "gre-over-ipv6": _tunnelled(over(47, pack(">HH", 0, IPV4) + INNER4, six=True), "gre"),
    "gre-ethernet": _tunnelled(
        over(47, pack(">HHI", 0x2000, 0x6558, 77) + _TAGGED), "gre", vlans=(7,)
    ),
    "nvgre": _tunnelled(
        over(47, pack(">HHI", 0x2000, 0x6558, 0x1234_5607) + _TAGGED), "nvgre", vlans=(7,)
    ),
    "gre-mpls": _tunnelled(over(47, pack(">HH", 0, 0x8847) + labels(INNER4, 20)), "gre", "mpls"),
    "pptp": _tunnelled(
        over(47, pack(">HHHHII", 0x3081, 0x880B, len(_PPP4), 1, 1, 1) + _PPP4), "gre"
    ),
    "eoip": _tunnelled(
        over(47, pack(">HHH", 0x2001, 0x6400, 14 + len(INNER4)) + b"\x05\0" + frame(IPV4, INNER4)),
        "eoip",
    ),
    "erspan-1": _tunnelled(over(47, pack(">HH", 0, 0x88BE) + frame(IPV4, INNER4)), "erspan"),
    "erspan-2": _tunnelled(
        over(47, pack(">HHIII", 0x1000, 0x88BE, 1, 0x10010001, 0) + _TAGGED), "erspan", vlans=(7,)
    ),
    "erspan-3": _tunnelled(
        over(47, pack(">HHIIIHH", 0x1000, 0x22EB, 1, 0x20010001, 0, 0, 1) + bytes(8)
             + frame(IPV4, INNER4)),
        "erspan",
    ),
    "ipip": _tunnelled(over(4, INNER4), "ipip"),
    "6in4": _tunnelled(over(41, INNER6), "6in4", version=6),
    "4in6": _tunnelled(over(4, INNER4, six=True), "4in6"),
    "6in6": _tunnelled(over(41, INNER6, six=True), "6in6", version=6),
    "etherip": _tunnelled(over(97, b"\x30\x00" + frame(IPV4, INNER4)), "etherip"),
    "mpls-in-ip": _tunnelled(over(137, labels(INNER4, 20)), "mpls"),
    "mpls-in-udp": _tunnelled(over_udp(50000, 6635, labels(INNER4, 20)), "mpls"),
    "gre-in-udp": _tunnelled(over_udp(50000, 4754, pack(">HH", 0, IPV4) + INNER4), "gre"),
    "vxlan": _tunnelled(over_udp(50000, 4789, pack(">II", 0x08000000, 42 << 8) + _TAGGED), "vxlan", vlans=(7,)),
    "vxlan-old-port": _tunnelled(
        over_udp(50000, 8472, pack(">II", 0x08000000, 42 << 8) + _TAGGED), "vxlan", vlans=(7,)
    ),
    "vxlan-policy": _tunnelled(
        over_udp(50000, 4789, pack(">BBHI", 0x88, 8, 300, 42 << 8) + _TAGGED), "vxlan", vlans=(7,)
    ),
    "vxlan-gpe": _tunnelled(
        over_udp(50000, 4790, pack(">BBBBI", 0x0C, 0, 0, 2, 42 << 8) + INNER6), "vxlan-gpe", version=6
    ),
    "geneve": _tunnelled(
        over_udp(50000, 6081, pack(">BBHIHBBI", 2, 0, 0x6558, 7 << 8, 0x0102, 3, 1, 9) + _TAGGED),
        "geneve", vlans=(7,),
    ),
    "geneve-ip": _tunnelled(over_udp(50000, 6081, pack(">BBHI", 0, 0, IPV4, 7 << 8) + INNER4), "geneve"),
    "teredo": _tunnelled(over_udp(50000, 3544, INNER6), "teredo", version=6),
    "teredo-indications": _tunnelled(
        over_udp(3544, 50000, _TEREDO_AUTH + _TEREDO_ORIGIN + INNER6), "teredo", version=6
    ),
    "gtp-u": _tunnelled(over_udp(2152, 2152, pack(">BBHI", 0x30, 255, len(INNER4), 1) + INNER4), "gtp-u"),
    "gtp-u-extended": _tunnelled(
        over_udp(50000, 2152, pack(">BBHIHBB", 0x34, 255, len(INNER6) + 8, 1, 0, 0, 0x85)
                 + b"\x01\x10\x05\x00" + INNER6),
        "gtp-u", version=6,
    ),
    "l2tp": _tunnelled(over_udp(1701, 1701, pack(">HHH", 2, 1, 1) + b"\xff\x03" + _PPP4), "l2tp"),
    "l2tp-everything": _tunnelled(
        over_udp(1701, 1701, pack(">HHHHHHH2s", 0x4A02, 16 + len(_PPP4), 1, 1, 0, 0, 2, b"..") + _PPP4),
        "l2tp",
    ),
    "pppoe": Odd(1, frame(0x8864, pack(">BBHH", 0x11, 0, 5, len(_PPP6)) + _PPP6), ("pppoe",), version=6),
    "mpls": Odd(1, frame(0x8847, labels(INNER4, 16, 17, 18)), ("mpls",)),
    "mpls-pseudowire": Odd(1, frame(0x8847, labels(bytes(4) + frame(IPV4, INNER4), 16)), ("mpls",)),
    "mpls-pseudowire-without-word": Odd(1, frame(0x8847, labels(frame(IPV4, INNER4), 16)), ("mpls",)),
    "vxlan-in-ipip-in-ppp": Odd(
        9,
        b"\x00\x21" + wire.ip(
            NEAR4, FAR4, 4,
            wire.ip(SRC4, DST4, 17, wire.udp(SRC4, DST4, 50000, 4789, pack(">II", 1 << 27, 256) + frame(IPV6, INNER6))),
        ),
        ("ipip", "vxlan"), version=6, carriers=((NEAR4, FAR4), (SRC4, DST4)),
    ),
}  # fmt: skip

ALL = LINKS | TUNNELS
