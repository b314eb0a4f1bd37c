"""Makes ClientHello messages by hand and reads the first record of what comes back; pure.

A library negotiates only what it was built for: TLS 1.0 is refused by many, and TLCP (GB/T 38636,
with SM2 and SM4) is spoken by none. What a server agrees to stands in its ServerHello, in clear.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

VERSIONS: dict[str, int] = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302,
                            "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}  # fmt: skip
TLCP = 0x0101
# Every kind of key exchange and cipher that servers of the last twenty years know.
_SUITES = (
    0xC02C, 0xC030, 0xC02B, 0xC02F, 0xCCA9, 0xCCA8, 0xC024, 0xC028, 0xC023, 0xC027, 0xC00A,
    0xC014, 0xC009, 0xC013, 0x009F, 0x009E, 0xCCAA, 0x006B, 0x0067, 0x0039, 0x0033, 0x009D,
    0x009C, 0x003D, 0x003C, 0x0035, 0x002F, 0xC008, 0xC012, 0x0016, 0x000A, 0x0005, 0x0004,
    # Camellia, SEED; then what asks for no certificate, encrypts nothing, or is for export.
    0x0084, 0x0041, 0x0088, 0x0045, 0x0096, 0xC019, 0xC018, 0x003A, 0x0034, 0xC010, 0xC006,
    0x003B, 0x0002, 0x0001, 0x0009, 0x0003, 0x0008, 0x00FF,
)  # fmt: skip
_SUITES13 = (0x1302, 0x1303, 0x1301, 0x00C6, 0x00C7)  # the last two: SM4 (RFC 8998)
_SUITES_TLCP = (0xE011, 0xE013, 0xE051, 0xE053)  # ECDHE and ECC with SM4, CBC and GCM
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x0029, 0x0100)  # 0x0029: curveSM2
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
               0x0601, 0x0203, 0x0201, 0x0708)  # fmt: skip
_HANDSHAKE, _ALERT = 22, 21
_SERVER_HELLO = 2
_HEADER = 5
# Fixed, so that the same host gives the same answers; nothing is ever encrypted with it.
_RANDOM = hashlib.sha256(b"auditor: a question, no connection").digest()
_X25519_SHARE = bytes([9]) + bytes(31)  # the base point (RFC 7748): a public value of nobody


class Reply(Struct, frozen=True, kw_only=True):
    """The first record that came back: which kind, and what it agrees to.

    `agreed` is the version that a ServerHello names, `suite` its cipher suite; `alert` the
    description of an alert (RFC 8446 6). `other` is no record of TLS at all.
    """

    kind: Literal["hello", "alert", "other", "cut"]
    agreed: int = 0
    suite: int = 0
    alert: int = 0


def client_hello(version: int) -> bytes:
    """Return a ClientHello that offers `version` alone, as a whole record."""
    legacy = min(version, VERSIONS["TLSv1.2"])
    suites = _SUITES_TLCP if version == TLCP else _SUITES13 if version == 0x0304 else _SUITES  # noqa: PLR2004
    body = legacy.to_bytes(2) + _RANDOM
    # In TLS 1.3 a session id asks middleboxes to be quiet (RFC 8446 D.4).
    body += (bytes([32]) + _RANDOM) if version == VERSIONS["TLSv1.3"] else b"\0"
    body += _vector(b"".join(suite.to_bytes(2) for suite in suites), 2)
    body += b"\x01\0"  # no compression
    if version not in (TLCP, VERSIONS["SSLv3"]):
        body += _vector(_extensions(version), 2)
    message = b"\x01" + _vector(body, 3)
    # What older servers want to see in the record's own version (RFC 8446 5.1).
    record = version if version in (TLCP, VERSIONS["SSLv3"]) else VERSIONS["TLSv1"]
    return bytes([_HANDSHAKE]) + record.to_bytes(2) + _vector(message, 2)


def _extensions(version: int) -> bytes:
    groups = _vector(b"".join(group.to_bytes(2) for group in _GROUPS), 2)
    extensions = _extension(0x000A, groups) + _extension(0x000B, b"\x01\0")
    extensions += _extension(0xFF01, b"\0")
    if version >= VERSIONS["TLSv1.2"]:
        signatures = b"".join(scheme.to_bytes(2) for scheme in _SIGNATURES)
        extensions += _extension(0x000D, _vector(signatures, 2))
    if version == VERSIONS["TLSv1.3"]:
        extensions += _extension(0x002B, _vector(version.to_bytes(2), 1))
        extensions += _extension(0x002D, b"\x01\x01")
        share = (0x001D).to_bytes(2) + _vector(_X25519_SHARE, 2)
        extensions += _extension(0x0033, _vector(share, 2))
    return extensions


def _extension(number: int, body: bytes) -> bytes:
    return number.to_bytes(2) + _vector(body, 2)


def _vector(body: bytes, width: int) -> bytes:
    return len(body).to_bytes(width) + body


def enough(data: bytes) -> bool:
    """Return whether `data` tells what the first record is, so that no more need be read."""
    if len(data) < _HEADER:
        return bool(data) and data[0] not in (_HANDSHAKE, _ALERT)
    return data[0] != _HANDSHAKE or len(data) >= _HEADER + min(int.from_bytes(data[3:5]), 600)


def read_reply(data: bytes) -> Reply:
    """Return what the first record says; anything may come, and none of it is trusted."""
    if len(data) < _HEADER + 2 or data[0] not in (_HANDSHAKE, _ALERT) or data[1] not in (1, 3):
        is_begun = 0 < len(data) < _HEADER + 2 and data[0] in (_HANDSHAKE, _ALERT)
        return Reply(kind="cut" if is_begun else "other")
    body = data[_HEADER : _HEADER + int.from_bytes(data[3:5])]
    if data[0] == _ALERT:
        is_alert = int.from_bytes(data[3:5]) == 2 and body[0] in (1, 2)  # noqa: PLR2004 - level, description
        return Reply(kind="alert", alert=body[1]) if is_alert else Reply(kind="other")
    return _server_hello(body)


def _server_hello(body: bytes) -> Reply:
    """Return what a ServerHello agrees to (RFC 5246 7.4.1.3, RFC 8446 4.1.3)."""
    if body[0] != _SERVER_HELLO:
        return Reply(kind="other")
    message = body[4 : 4 + int.from_bytes(body[1:4])]
    session = message[34] if len(message) > 34 else 0  # noqa: PLR2004 - version and random
    rest = message[35 + session :]
    if len(message) < 35 or len(rest) < 3:  # noqa: PLR2004 - suite and compression
        return Reply(kind="cut")
    agreed = _supported_version(rest[3:]) or int.from_bytes(message[:2])
    return Reply(kind="hello", agreed=agreed, suite=int.from_bytes(rest[:2]))


def _supported_version(extensions: bytes) -> int:
    """Return the version that the extension of TLS 1.3 names, 0 where there is none."""
    rest = extensions[2:]
    while len(rest) >= 4:  # noqa: PLR2004 - number and length
        number, length = int.from_bytes(rest[:2]), int.from_bytes(rest[2:4])
        if number == 0x002B and length == 2:  # noqa: PLR2004
            return int.from_bytes(rest[4:6])
        rest = rest[4 + length :]
    return 0
