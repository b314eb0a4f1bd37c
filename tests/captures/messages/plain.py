"""HTTP/1.1, SSH, NTP and DHCP, in the clear."""

from __future__ import annotations

import random
from struct import pack


def request(
    host: str, path: str = "/", method: str = "GET", body: bytes = b"", agent: str = "curl/8.5.0"
) -> bytes:
    """Return a request of HTTP/1.1."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n{length}\r\n"
    return head.encode() + body


def response(body: bytes, status: str = "200 OK", kind: str = "application/octet-stream") -> bytes:
    """Return an answer of HTTP/1.1."""
    head = f"HTTP/1.1 {status}\r\nServer: nginx\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def ssh_banner(software: str = "OpenSSH_9.6") -> bytes:
    """Return the line with which SSH begins (RFC 4253, 4.2)."""
    return f"SSH-2.0-{software}\r\n".encode()


def ssh_key_exchange(rng: random.Random) -> bytes:
    """Return SSH_MSG_KEXINIT with one algorithm of each kind."""
    lists = (b"curve25519-sha256", b"ssh-ed25519", b"aes256-gcm@openssh.com", b"aes256-gcm@openssh.com",
             b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b"")  # fmt: skip
    body = b"\x14" + rng.randbytes(16) + b"".join(pack(">I", len(x)) + x for x in lists) + bytes(5)
    padding = 8 - (len(body) + 5) % 8 + 8
    return pack(">IB", len(body) + 1 + padding, padding) + body + bytes(padding)


def ntp(*, client: bool = True) -> bytes:
    """Return an NTP version 4 packet (RFC 5905)."""
    first = 0x23 if client else 0x24
    return pack(">BBbbII4s", first, 0 if client else 2, 6, -20, 0, 0, b"GPS\0") + pack(
        ">QQQQ", 0, 0, 0, 0xE8F0000000000000
    )


def dhcp(rng: random.Random, kind: int, mac: bytes, host: str = "press-7") -> bytes:
    """Return a DHCP message: 1 discover, 2 offer, 3 request, 5 acknowledge (RFC 2131)."""
    operation = 1 if kind in {1, 3} else 2
    head = pack(">BBBBIHH4s4s4s4s16s", operation, 1, 6, 0, rng.getrandbits(32), 0, 0x8000,
                bytes(4), bytes(4), bytes(4), bytes(4), mac + bytes(10))  # fmt: skip
    options = bytes([53, 1, kind]) + bytes([12, len(host)]) + host.encode() + b"\xff"
    return head + bytes(192) + b"\x63\x82\x53\x63" + options + bytes(max(0, 60 - len(options)))
