"""How records spell addresses, protocols and link types."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from struct import unpack

from auditor.packets.dissected import LAYER_2

# IANA's protocol numbers, keywords in lower case; ICMP for IPv6 as everybody writes it.
_PROTOCOLS = {
    0: "hopopt", 1: "icmp", 2: "igmp", 3: "ggp", 4: "ipv4", 5: "st", 6: "tcp", 8: "egp", 9: "igp",
    17: "udp", 27: "rdp", 33: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah",
    58: "icmpv6", 59: "ipv6-nonxt", 88: "eigrp", 89: "ospf", 94: "ipip", 97: "etherip",
    103: "pim", 108: "ipcomp", 112: "vrrp", 115: "l2tp", 124: "is-is", 132: "sctp", 133: "fc",
    136: "udplite", 137: "mpls-in-ip", 139: "hip", 140: "shim6", 142: "rohc", 143: "ethernet",
}  # fmt: skip

# The tcpdump group's LINKTYPE_ names, in lower case.
_LINK_TYPES = {
    0: "null", 1: "ethernet", 6: "token-ring", 8: "slip", 9: "ppp", 10: "fddi", 12: "raw",
    14: "raw", 50: "ppp-hdlc", 51: "ppp-ether", 101: "raw", 104: "c-hdlc", 105: "ieee802-11",
    107: "frame-relay", 108: "loop", 113: "linux-sll", 114: "localtalk", 117: "pflog",
    119: "ieee802-11-prism", 127: "ieee802-11-radiotap", 143: "docsis", 147: "user0",
    163: "ieee802-11-avs", 166: "ppp-with-direction", 187: "bluetooth-hci", 189: "usb-linux",
    192: "ppi", 195: "ieee802-15-4", 201: "bluetooth-hci", 204: "ppp-with-direction",
    220: "usb-linux", 227: "can", 228: "ipv4", 229: "ipv6", 230: "ieee802-15-4", 239: "nflog",
    240: "netanalyzer", 249: "usbpcap", 252: "wireshark-upper-pdu", 253: "netlink",
    274: "ethernet-mpacket", 276: "linux-sll2",
}  # fmt: skip

# Numbers made text once, not for every address.
_BYTES = tuple(str(number) for number in range(256))
# Runs of zeros within `:…:…:`, the longest first: the first of the longest becomes `::`.
_ZEROS = tuple(":" + "0:" * count for count in range(8, 1, -1))
_MAPPED = bytes(10) + b"\xff\xff"


@lru_cache(maxsize=1 << 14)
def address(raw: bytes) -> str:
    """Return an address of 4 or 16 bytes as text (RFC 5952); of 6, a MAC address."""
    if len(raw) == 4:  # noqa: PLR2004
        return f"{_BYTES[raw[0]]}.{_BYTES[raw[1]]}.{_BYTES[raw[2]]}.{_BYTES[raw[3]]}"
    if len(raw) != 16:  # noqa: PLR2004
        return raw.hex(":")
    if raw.startswith(_MAPPED):
        return str(IPv6Address(raw))
    text = ":%x:%x:%x:%x:%x:%x:%x:%x:" % unpack(">8H", raw)  # noqa: UP031 - four times faster
    for zeros in _ZEROS:
        before, found, after = text.partition(zeros)
        if found:
            return f"{before[1:]}::{after[:-1]}"
    return text[1:-1]


def protocol(number: int) -> str:
    """Return the keyword of an IP protocol, or its number; of a frame `0x` and its EtherType."""
    if number & LAYER_2:
        return f"0x{number & 0xFFFF:04x}"
    return _PROTOCOLS.get(number) or str(number)


def link_type(number: int) -> str:
    """Return the name of a link type, or its number."""
    return _LINK_TYPES.get(number) or str(number)
