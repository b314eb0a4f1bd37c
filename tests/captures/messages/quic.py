"""QUIC version 1 and 2 Initials, really encrypted (RFC 9000, 9001, 9369)."""

from __future__ import annotations

import random
from functools import lru_cache
from struct import pack

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

V1, V2 = 1, 0x6B3343CF
SALTS = {
    V1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    V2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
WORDS = {V1: "quic", V2: "quicv2"}


def _hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac.finalize()


def _expand(secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446, 7.1) for at most one block."""
    text = b"tls13 " + label.encode()
    return _hmac(secret, pack(">HB", size, len(text)) + text + b"\0\x01")[:size]


@lru_cache(maxsize=8)
def keys(version: int, dcid: bytes, sender: str) -> tuple[AESGCM, bytes, bytes]:
    """Return the sender's key, nonce and header key."""
    secret = _expand(_hmac(SALTS[version], dcid), f"{sender} in", 32)
    word = WORDS[version]
    key = AESGCM(_expand(secret, f"{word} key", 16))
    return key, _expand(secret, f"{word} iv", 12), _expand(secret, f"{word} hp", 16)


def number(value: int) -> bytes:
    """Return a variable-length integer."""
    if value < 64:
        return bytes([value])
    return pack(">H", 0x4000 | value) if value < 16384 else pack(">I", 0x80000000 | value)


def crypto(offset: int, data: bytes) -> bytes:
    """Return a CRYPTO frame."""
    return b"\x06" + number(offset) + number(len(data)) + data


def initial(
    version: int, dcid: bytes, scid: bytes, frames: bytes, *, ordinal: int = 0, size: int = 1200,
    sender: str = "client", secret_of: bytes = b"", token: bytes = b"",
) -> bytes:  # fmt: skip
    """Return an Initial of at least `size` bytes; keys come from the client's first DCID."""
    key, nonce, header_key = keys(version, secret_of or dcid, sender)
    kind = 0 if version == V1 else 1
    head = bytes([0xC0 | kind << 4 | 1]) + pack(">I", version)
    head += bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid + number(len(token)) + token
    frames += bytes(max(0, size - len(head) - 2 - 2 - 16 - len(frames)))
    head += pack(">H", 0x4000 | 2 + len(frames) + 16) + pack(">H", ordinal)
    iv = nonce[:-2] + bytes([nonce[-2] ^ ordinal >> 8, nonce[-1] ^ ordinal & 255])
    sealed = key.encrypt(iv, frames, head)
    mask = Cipher(algorithms.AES(header_key), modes.ECB()).encryptor().update(sealed[2:18])
    hidden = bytes(h ^ m for h, m in zip(head[-2:], mask[1:3], strict=True))
    return bytes([head[0] ^ mask[0] & 15]) + head[1:-2] + hidden + sealed


def long_header(
    rng: random.Random, version: int, kind: int, ends: tuple[bytes, bytes], size: int
) -> bytes:
    """Return a 0-RTT (1), Handshake (2) packet whose keys nobody has."""
    shift = 0 if version == V1 else 1
    dcid, scid = ends
    head = bytes([0xC0 | ((kind + shift) & 3) << 4 | rng.getrandbits(4)]) + pack(">I", version)
    head += bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    return head + pack(">H", 0x4000 | size) + rng.randbytes(size)


def short(rng: random.Random, dcid: bytes, size: int) -> bytes:
    """Return a 1-RTT packet."""
    return bytes([0x40 | rng.getrandbits(5)]) + dcid + rng.randbytes(size)


def parameters(scid: bytes) -> bytes:
    """Return transport parameters: idle timeout and the source connection id."""
    return b"\x01\x04\x80\x00\x75\x30" + b"\x0f" + bytes([len(scid)]) + scid
