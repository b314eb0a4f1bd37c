"""DNS, mDNS, LLMNR (RFC 1035, 6762, 4795) and the NetBIOS name service (RFC 1002)."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
    "SRV": 33, "HTTPS": 65, "ANY": 255, "NB": 32,
}  # fmt: skip


def labels(name: str) -> bytes:
    """Return a name as labels, not compressed."""
    parts = [part.encode() for part in name.split(".") if part]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def question(
    ident: int, name: str, kind: str = "A", *, edns: bool = False, unicast: bool = False
) -> bytes:
    """Return a question that wants recursion."""
    head = pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 1 if edns else 0)
    body = labels(name) + pack(">HH", TYPES[kind], 0x8001 if unicast else 1)
    return head + body + (pack(">BHHIH", 0, 41, 1232, 0, 0) if edns else b"")


def data_of(kind: str, value: str) -> bytes:
    """Return the data of a record."""
    if kind in {"A", "AAAA"}:
        return ip_address(value).packed
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    if kind == "MX":
        return pack(">H", 10) + labels(value)
    if kind == "SRV":
        return pack(">HHH", 0, 0, 443) + labels(value)
    if kind == "HTTPS":  # priority 1, the name itself, ALPN h2
        return pack(">HBHH", 1, 0, 1, 3) + b"\x02h2"
    return labels(value)


def answer(
    query: bytes, records: list[tuple[str, str, str]], *, code: int = 0, ttl: int = 300
) -> bytes:
    """Return an answer to a question: records (name, type, value), the owner compressed.

    An owner of "" is the name asked for, by a pointer to it.
    """
    end = 12
    while query[end]:
        end += 1 + query[end]
    head = query[:2] + pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    body = head + query[12 : end + 5]
    for owner, kind, value in records:
        rdata = data_of(kind, value)
        body += (labels(owner) if owner else b"\xc0\x0c") + pack(
            ">HHIH", TYPES[kind], 1, ttl, len(rdata)
        ) + rdata  # fmt: skip
    return body


def announcement(records: list[tuple[str, str, str]]) -> bytes:
    """Return what an mDNS responder says of itself."""
    body = pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0)
    for owner, kind, value in records:
        rdata = data_of(kind, value)
        body += labels(owner) + pack(">HHIH", TYPES[kind], 0x8001, 120, len(rdata)) + rdata
    return body


def netbios(ident: int, name: str, suffix: int = 0x20) -> bytes:
    """Return a broadcast question for a NetBIOS name."""
    padded = name.upper().ljust(15).encode() + bytes([suffix])
    encoded = bytes(65 + half for byte in padded for half in (byte >> 4, byte & 15))
    head = pack(">HHHHHH", ident, 0x0110, 1, 0, 0, 0)
    return head + b"\x20" + encoded + b"\0" + pack(">HH", 0x20, 1)


def framed(*messages: bytes) -> bytes:
    """Return messages as they go over TCP."""
    return b"".join(pack(">H", len(message)) + message for message in messages)
