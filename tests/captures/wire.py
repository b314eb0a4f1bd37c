"""Packets as bytes: IP, TCP, UDP, ICMP and their checksums (RFC 791, 8200, 9293, 768, 1071)."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

TCP, UDP, ICMP, ICMPV6, SCTP, ESP, GRE, IGMP = 6, 17, 1, 58, 132, 50, 47, 2
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_BASES: dict[bytes, int] = {}


def packed(address: str) -> bytes:
    """Return an address as 4 or 16 bytes."""
    return ip_address(address).packed


def words(data: bytes) -> int:
    """Return the sum of the 16-bit words, modulo 65535: the number that the bytes are, likewise."""
    number = int.from_bytes(data, "big")
    return (number << 8 if len(data) & 1 else number) % 65535


def complement(total: int) -> int:
    """Return the checksum of words with that sum."""
    return (65535 - total % 65535) % 65535


def pseudo(src: bytes, dst: bytes, protocol: int) -> int:
    """Return the sum of a pseudo-header, without the length."""
    base = _BASES.get(src + dst)
    if base is None:
        base = _BASES[src + dst] = words(src + dst)
    return base + protocol


def ip(
    src: bytes, dst: bytes, protocol: int, data: bytes, *, ident: int = 0, ttl: int = 64
) -> bytes:
    """Return an IP packet of the addresses' version, not to be fragmented."""
    if len(src) == 16:
        return pack(">IHBB", 0x60000000, len(data), protocol, ttl) + src + dst + data
    return ip4(src, dst, protocol, data, ident=ident, ttl=ttl)


def ip4(
    src: bytes, dst: bytes, protocol: int, data: bytes, *,
    ident: int = 0, ttl: int = 64, fragment: int = 0x4000, options: bytes = b"",
) -> bytes:  # fmt: skip
    """Return an IPv4 packet; `fragment` is the word of flags and offset."""
    size = 20 + len(options)
    head = pack(
        ">BBHHHBBH", 0x40 | size // 4, 0, size + len(data), ident, fragment, ttl, protocol, 0
    )
    head += src + dst + options
    return head[:10] + pack(">H", complement(words(head))) + head[12:] + data


def udp(src: bytes, dst: bytes, sport: int, dport: int, data: bytes) -> bytes:
    """Return a UDP datagram with its checksum."""
    size = 8 + len(data)
    total = pseudo(src, dst, UDP) + 2 * size + sport + dport + words(data)
    return pack(">HHHH", sport, dport, size, complement(total) or 65535) + data


def tcp(  # noqa: PLR0917 -- in the order in which the header has them
    src: bytes, dst: bytes, sport: int, dport: int, seq: int, ack: int, flags: int,
    data: bytes = b"", options: bytes = b"", window: int = 64240,
) -> bytes:  # fmt: skip
    """Return a TCP segment with its checksum."""
    size = 20 + len(options)
    head = pack(
        ">HHIIHHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, size // 4 << 12 | flags,
        window, 0, 0,
    ) + options  # fmt: skip
    total = pseudo(src, dst, TCP) + size + len(data) + words(head) + words(data)
    return head[:16] + pack(">H", complement(total)) + head[18:] + data


def icmp(kind: int, code: int, data: bytes) -> bytes:
    """Return an ICMP message; `data` begins with the second word."""
    body = pack(">BBH", kind, code, 0) + data
    return body[:2] + pack(">H", complement(words(body))) + data


def icmpv6(src: bytes, dst: bytes, kind: int, code: int, data: bytes) -> bytes:
    """Return an ICMPv6 message; `data` begins with the second word."""
    body = pack(">BBH", kind, code, 0) + data
    total = pseudo(src, dst, ICMPV6) + len(body) + words(body)
    return body[:2] + pack(">H", complement(total)) + data


def fragments4(packet: bytes, size: int) -> list[bytes]:
    """Return an IPv4 packet in pieces of at most `size` bytes of data (a multiple of 8)."""
    src, dst, protocol = packet[12:16], packet[16:20], packet[9]
    ident = int.from_bytes(packet[4:6], "big")
    data = packet[(packet[0] & 15) * 4 :]
    pieces = []
    for start in range(0, len(data), size):
        more = 0x2000 if start + size < len(data) else 0
        pieces.append(
            ip4(src, dst, protocol, data[start : start + size],
                ident=ident, fragment=more | start // 8)
        )  # fmt: skip
    return pieces


def fragments6(packet: bytes, size: int, ident: int) -> list[bytes]:
    """Return an IPv6 packet without extension headers in pieces (RFC 8200, 4.5)."""
    src, dst, protocol, data = packet[8:24], packet[24:40], packet[6], packet[40:]
    pieces = []
    for start in range(0, len(data), size):
        more = 1 if start + size < len(data) else 0
        header = pack(">BBHI", protocol, 0, start | more, ident)
        pieces.append(ip(src, dst, 44, header + data[start : start + size]))
    return pieces


def extended6(packet: bytes, kinds: tuple[int, ...]) -> bytes:
    """Return an IPv6 packet with extension headers of 8 or 16 bytes put before its data.

    0 hop-by-hop, 43 routing, 60 destination options: all are padding, so that they change nothing.
    """
    after, data = packet[6], packet[40:]
    for kind in reversed(kinds):
        if kind == 43:  # type 4 (segment routing) with no segments left and one segment
            data = pack(">BBBBBBH", after, 2, 4, 0, 0, 0, 0) + packet[24:40] + data
        else:
            data = pack(">BBBB4s", after, 0, 1, 4, bytes(4)) + data
        after = kind
    return pack(">IHBB", 0x60000000, len(data), after, 64) + packet[8:40] + data


def _crc32c_table() -> list[int]:
    table = []
    for byte in range(256):
        for _bit in range(8):
            byte = byte >> 1 ^ 0x82F63B78 if byte & 1 else byte >> 1  # noqa: PLW2901
        table.append(byte)
    return table


_CRC32C = _crc32c_table()


def sctp(sport: int, dport: int, tag: int, chunks: bytes) -> bytes:
    """Return an SCTP packet with its CRC32c (RFC 9260, appendix A)."""
    body = pack(">HHII", sport, dport, tag, 0) + chunks
    crc = 0xFFFFFFFF
    for byte in body:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 255]
    return body[:8] + pack("<I", crc ^ 0xFFFFFFFF) + body[12:]
