"""Applications over UDP whose first datagram can be checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from auditor.packets.candidates import TCP, UDP
from auditor.packets.names._ber import element
from auditor.packets.names._clear_text import is_text
from auditor.packets.names._service import Service, Verdict, service

_TFTP = re.compile(rb"\0[\1\2][^\0]{1,255}\0(?i:netascii|octet|mail)\0")
_KERBEROS = frozenset({0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x7E})
_LONGEST_IKE = 0xFFFF
_COOKIE = 0x63825363
_STUN_COOKIE = 0x2112A442


def _ntp(data: bytes) -> bool:
    """Return whether it is time (RFC 5905, 7.3), or a question about it (mode 6 and 7)."""
    if len(data) < 8:  # noqa: PLR2004
        return False
    version, mode = data[0] >> 3 & 7, data[0] & 7
    if mode == 6:  # noqa: PLR2004
        return data[0] < 0x40 and 2 <= version <= 4  # noqa: PLR2004
    if mode == 7:  # noqa: PLR2004
        return version == 2 and data[2] <= 3  # noqa: PLR2004
    stratum = data[1]
    return 1 <= version <= 4 and mode > 0 and len(data) >= 48 and stratum <= 16  # noqa: PLR2004


def _dhcp(data: bytes) -> bool:
    return (
        len(data) >= 240 and data[0] in {1, 2} and int.from_bytes(data[236:240], "big") == _COOKIE  # noqa: PLR2004
    )


def _dhcpv6(data: bytes) -> bool:
    return len(data) >= 4 and 1 <= data[0] <= 36  # noqa: PLR2004


def _snmp(data: bytes) -> bool:
    whole = element(data, 0)
    version = element(data, whole.start) if whole else None
    return (
        whole is not None
        and whole.tag == 0x30  # noqa: PLR2004
        and whole.end >= len(data)
        and version is not None
        and version.tag == 2  # noqa: PLR2004
        and version.end == version.start + 1
        and data[version.start : version.end] in {b"\0", b"\1", b"\2", b"\3"}
    )


def _snmp_secrecy(data: bytes) -> Verdict:
    """Return what version 3 says of itself: msgFlags, bit 2 (RFC 3412, 6.4)."""
    whole = element(data, 0)
    version = element(data, whole.start) if whole else None
    if version is None or data[version.start : version.end] != b"\3":
        return False, "SNMP before version 3 has no encryption"
    head = element(data, version.end)
    at = head.start if head else len(data)
    for _ in range(2):  # msgID, msgMaxSize
        part = element(data, at)
        at = part.end if part else len(data)
    flags = element(data, at)
    if flags is None or flags.tag != 4 or flags.start >= len(data):  # noqa: PLR2004
        return None, "SNMP version 3 whose flags could not be read"
    if data[flags.start] & 2:
        return True, "SNMP version 3 with privacy"
    return False, "SNMP version 3 without privacy (of the first message)"


def _radius(data: bytes) -> bool:
    return len(data) >= 20 and 1 <= data[0] <= 51 and int.from_bytes(data[2:4], "big") == len(data)  # noqa: PLR2004


def _stun(data: bytes) -> bool:
    size = int.from_bytes(data[2:4], "big")
    cookie = int.from_bytes(data[4:8], "big")
    return len(data) >= 20 and data[0] < 0x40 and cookie == _STUN_COOKIE and size + 20 == len(data)  # noqa: PLR2004


def _ike(data: bytes) -> bool:
    # RFC 7296, 3.1: version 1 or 2, and the length; the length may be cut by the capture.
    return (
        len(data) >= 28  # noqa: PLR2004
        and data[17] >> 4 in {1, 2}
        and len(data) <= int.from_bytes(data[24:28], "big") <= _LONGEST_IKE
        and any(data[:8])
    )


def _ike_behind_nat(data: bytes) -> bool:
    return data[:4] == b"\0\0\0\0" and _ike(data[4:])


def _esp_in_udp(data: bytes) -> bool:
    # RFC 3948: an SPI that is not zero; a keep-alive is one byte.
    return (
        len(data) >= 28 and data[:4] != b"\0\0\0\0" and int.from_bytes(data[4:8], "big") < 0x100000  # noqa: PLR2004
    )


def _wireguard(data: bytes) -> bool:
    # Three reserved zero bytes after the type, and lengths that never differ.
    if data[1:4] != b"\0\0\0":
        return False
    return (data[0], len(data)) in {(1, 148), (2, 92), (3, 64)}


def _wireguard_data(data: bytes) -> bool:
    # Type 4, a receiver, a counter that is never near its end, and whole blocks with a tag.
    return (
        data[:4] == b"\4\0\0\0"
        and len(data) >= 32  # noqa: PLR2004
        and len(data) % 16 == 0
        and data[13:16] == b"\0\0\0"
    )


def _like_a_cipher(data: bytes) -> bool:
    """Return whether bytes are as varied as a cipher's (at least 16 of them)."""
    # Of n random bytes 256·(1 - (255/256)^n) differ; a fifth fewer is never seen.
    return len(data) >= 16 and len(set(data)) >= 0.8 * 256 * (1 - (255 / 256) ** len(data))  # noqa: PLR2004


def _secrecy_of(title: str, head: int) -> Callable[[bytes], Verdict]:
    """Return what tells whether a datagram is encrypted whose head alone has little magic."""

    def secrecy(data: bytes) -> Verdict:
        if _like_a_cipher(data[head:]):
            return True, f"{title}: what follows its head is as varied as a cipher makes it"
        return None, f"{title} by its head, but what follows is not like what a cipher makes"

    return secrecy


_wireguard_secrecy = _secrecy_of("WireGuard", 16)
_esp_secrecy = _secrecy_of("ESP in UDP", 8)


def _openvpn(data: bytes) -> bool:
    # Letters and digits have these numbers too: text is none of it.
    return len(data) >= 14 and data[0] in {0x38, 0x40, 0x50, 0x54} and not is_text(data)  # noqa: PLR2004


def _kerberos(data: bytes) -> bool:
    whole = element(data, 0)
    return whole is not None and whole.tag in _KERBEROS and whole.end >= len(data)


def _ldap(data: bytes) -> bool:
    whole = element(data, 0)
    return whole is not None and whole.tag == 0x30 and data[whole.start : whole.start + 1] == b"\2"  # noqa: PLR2004


def _rpc(data: bytes) -> bool:
    program = int.from_bytes(data[12:16], "big")
    return len(data) >= 24 and data[4:12] == b"\0\0\0\0\0\0\0\2" and 100_000 <= program < 0x60000000  # noqa: PLR2004


def _coap(data: bytes) -> bool:
    # RFC 7252, 3: version 1, a token of at most 8 bytes, a class 0, 2, 4 or 5.
    return (
        len(data) >= 4 and data[0] >> 6 == 1 and data[0] & 15 <= 8 and data[1] >> 5 in {0, 2, 4, 5}  # noqa: PLR2004
    )


def _tftp(data: bytes) -> bool:
    return _TFTP.match(data) is not None


def _datagram(data: bytes) -> bool:
    # RFC 1002, 4.4: a NetBIOS datagram.
    return len(data) >= 14 and 0x10 <= data[0] <= 0x16  # noqa: PLR2004


_udp = partial(service, UDP)

DATAGRAMS = (
    _udp("ntp", _ntp, 123),
    _udp("dhcp", _dhcp, 67, 68),
    _udp("dhcpv6", _dhcpv6, 546, 547),
    _udp("snmp", _snmp, 161, 162, encrypted=_snmp_secrecy),
    _udp("radius", _radius, 1812, 1813, 1645, 1646, 3799),
    _udp("stun", _stun, firsts=bytes(range(0x40))),
    _udp("ike", _ike, 500),
    _udp("ike", _ike_behind_nat, 4500),
    _udp("esp", _esp_in_udp, 4500, encrypted=_esp_secrecy),
    _udp("wireguard", _wireguard, firsts=b"\1\2\3", encrypted=_wireguard_secrecy),
    _udp("wireguard", _wireguard_data, firsts=b"\4", encrypted=_wireguard_secrecy),
    _udp("openvpn", _openvpn, 1194),
    _udp("kerberos", _kerberos, 88, 464),
    _udp("ldap", _ldap, 389),
    _udp("rpc", _rpc),
    _udp("coap", _coap, 5683),
    _udp("tftp", _tftp, 69),
    _udp("netbios", _datagram, 138),
    Service(
        application="snmp",
        transports=(TCP,),
        matches=_snmp,
        ports=(161, 162),
        encrypted=_snmp_secrecy,
    ),
)
