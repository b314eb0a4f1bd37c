"""Opens QUIC Initials: their keys come from what the packet itself says (RFC 9001, 5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherContext
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

V1, V2 = 0x00000001, 0x6B3343CF
_SALT_V1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SALT_V2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")
# draft-ietf-quic-tls 23 to 28, and 29 to 32; 33 and 34 have that of version 1.
_SALT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_SALT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_TAG = 16
# What a key's bytes become within HMAC, and the length that it is filled up to (RFC 2104).
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_BLOCK = 64
_SAMPLE = 16


class Keys(NamedTuple):
    """One side's keys: packet protection, its nonce as a number, and header protection."""

    packet: AESGCM
    nonce: int
    header: CipherContext


def salt_of(version: int) -> bytes | None:
    """Return the salt of a version; `None` where its Initials cannot be opened."""
    if version == V1:
        return _SALT_V1
    if version == V2:
        return _SALT_V2
    if version >> 8 == 0xFF0000:  # noqa: PLR2004
        draft = version & 0xFF
        if 23 <= draft <= 28:  # noqa: PLR2004
            return _SALT_23
        if 29 <= draft <= 32:  # noqa: PLR2004
            return _SALT_29
        if 33 <= draft <= 34:  # noqa: PLR2004
            return _SALT_V1
    return None


def _label(word: str, size: int) -> bytes:
    text = b"tls13 " + word.encode()
    return bytes([0, size, len(text)]) + text + b"\0\x01"


_SECRET = _label("client in", 32)
_WORDS = {
    prefix: (_label(f"{prefix} key", 16), _label(f"{prefix} iv", 12), _label(f"{prefix} hp", 16))
    for prefix in ("quic", "quicv2")
}


def client_keys(version: int, connection: bytes) -> Keys | None:
    """Return the keys of a client's Initials; `connection` is the id that it first chose."""
    salt = salt_of(version)
    if salt is None:
        return None
    key, iv, header = _WORDS["quicv2" if version == V2 else "quic"]
    derived = _hmac(_hmac(_hmac(salt)(connection))(_SECRET))
    library = _cryptography()
    return Keys(
        library.aead(derived(key)[:16]),
        int.from_bytes(derived(iv)[:12], "big"),
        library.block(derived(header)[:16]),
    )


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC (RFC 2104) with SHA-256 and a key of at most a block.

    Nothing here is secret: the standard library's, made for what is, takes 1.7 times as long.
    """
    filled = key.ljust(_BLOCK, b"\0")
    inner, outer = filled.translate(_INNER), filled.translate(_OUTER)
    return lambda message: sha256(outer + sha256(inner + message).digest()).digest()


def opened(keys: Keys, packet: bytes, number_at: int) -> bytes | None:
    """Return an Initial's frames; `None` where the keys do not fit. `packet` ends where it ends.

    `number_at` is where the (hidden) packet number begins (RFC 9001, 5.4).
    """
    sample = packet[number_at + 4 : number_at + 4 + _SAMPLE]
    if len(sample) < _SAMPLE:
        return None
    # One block each time, as the specification says: no mode is involved.
    mask = keys.header.update(sample)
    first = packet[0] ^ (mask[0] & 0x0F)
    size = (first & 3) + 1
    end = number_at + size
    number = int.from_bytes(packet[number_at:end], "big") ^ int.from_bytes(
        mask[1 : 1 + size], "big"
    )
    head = bytes([first]) + packet[1:number_at] + number.to_bytes(size, "big")
    if len(packet) - end < _TAG:
        return None
    # Initials count from 0: a number cut to its low bytes is the whole one until 2^(8·size).
    nonce = (keys.nonce ^ number).to_bytes(12, "big")
    try:
        return keys.packet.decrypt(nonce, packet[end:], head)
    except _cryptography().invalid:
        return None


class _Cryptography(NamedTuple):
    """What is needed of the library; it is imported when the first Initial comes."""

    aead: type[AESGCM]
    block: Callable[[bytes], CipherContext]
    invalid: type[Exception]


@cache
def _cryptography() -> _Cryptography:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    mode = modes.ECB()  # noqa: S305

    def block(key: bytes) -> CipherContext:
        return Cipher(algorithms.AES(key), mode).encryptor()

    return _Cryptography(AESGCM, block, InvalidTag)
