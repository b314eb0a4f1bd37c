"""TLS 1.2 and 1.3 (RFC 5246, 8446): hellos with names, ALPN, GREASE, and encrypted hellos."""

from __future__ import annotations

import random
from struct import pack

GREASE = (0x0A0A, 0x1A1A, 0x2A2A, 0x3A3A, 0x4A4A, 0x5A5A)


def _vector(data: bytes, size: int = 2) -> bytes:
    return len(data).to_bytes(size, "big") + data


def extension(kind: int, data: bytes) -> bytes:
    """Return one extension."""
    return pack(">H", kind) + _vector(data)


def server_name(name: str) -> bytes:
    """Return the extension that names the server."""
    return extension(0, _vector(b"\0" + _vector(name.encode())))


def alpn(*protocols: str) -> bytes:
    """Return the extension of application protocols."""
    return extension(16, _vector(b"".join(_vector(p.encode(), 1) for p in protocols)))


def encrypted_hello(rng: random.Random, config: int, payload: int) -> bytes:
    """Return `encrypted_client_hello` (0xfe0d), outer: X25519, HKDF-SHA256, AES-128-GCM.

    A browser's GREASE looks the same by design; only its random config id tells nothing.
    """
    body = (
        pack(">BHHB", 0, 1, 1, config)
        + _vector(rng.randbytes(32))
        + _vector(rng.randbytes(payload))
    )
    return extension(0xFE0D, body)


def client_hello(
    rng: random.Random, name: str | None, *, protocols: tuple[str, ...] = ("h2", "http/1.1"),
    newest: bool = True, large: bool = False, grease: bool = False, extra: bytes = b"",
    quic: bytes | None = None,
) -> bytes:  # fmt: skip
    """Return a ClientHello as a handshake message. `large` has a post-quantum key share."""
    ciphers = [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030] if newest else [0xC02F, 0x9C]
    values = [0x0304, 0x0303] if newest else []
    extensions = b""
    if grease:
        ciphers.insert(0, rng.choice(GREASE))
        values.insert(0, rng.choice(GREASE))
        extensions += extension(rng.choice(GREASE), b"")
    if name is not None:
        extensions += server_name(name)
    extensions += extension(10, _vector(pack(">HH", 0x001D, 0x0017)))
    extensions += extension(13, _vector(pack(">HHH", 0x0403, 0x0804, 0x0401)))
    if protocols:
        extensions += alpn(*protocols)
    if newest:
        extensions += extension(43, _vector(b"".join(pack(">H", v) for v in values), 1))
        share = pack(">H", 0x11EC) + _vector(rng.randbytes(1216)) if large else b""
        share += pack(">H", 0x001D) + _vector(rng.randbytes(32))
        extensions += extension(51, _vector(share))
    if quic is not None:
        extensions += extension(57, quic)
    extensions += extra
    session = b"" if quic is not None else rng.randbytes(32)
    body = b"\x03\x03" + rng.randbytes(32) + _vector(session, 1)
    body += _vector(b"".join(pack(">H", c) for c in ciphers)) + b"\x01\0" + _vector(extensions)
    return b"\x01" + _vector(body, 3)


def server_hello(rng: random.Random, *, newest: bool = True, protocol: str = "") -> bytes:
    """Return a ServerHello as a handshake message."""
    extensions = (
        extension(43, b"\x03\x04") + extension(51, pack(">H", 29) + _vector(rng.randbytes(32)))
        if newest
        else b""
    )
    if protocol and not newest:
        extensions += alpn(protocol)
    body = b"\x03\x03" + rng.randbytes(32) + _vector(rng.randbytes(32), 1)
    body += pack(">HB", 0x1301 if newest else 0xC02F, 0) + _vector(extensions)
    return b"\x02" + _vector(body, 3)


def record(kind: int, data: bytes, version: int = 0x0303) -> bytes:
    """Return one record: 20 cipher spec, 21 alert, 22 handshake, 23 data."""
    return pack(">BHH", kind, version, len(data)) + data


def records(kind: int, data: bytes, size: int, version: int = 0x0303) -> bytes:
    """Return a message over several records."""
    return b"".join(
        record(kind, data[start : start + size], version) for start in range(0, len(data), size)
    )
