from __future__ import annotations

import struct

PIECES = (b"<unk>", b"<s>", b"</s>", b"\xe2\x96\x81a", b"b")


def field(number: int, data: bytes) -> bytes:
    length, out = len(data), b""
    while length >= 0x80:
        out += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes([number << 3 | 2]) + out + bytes([length]) + data


def piece(text: bytes) -> bytes:
    return field(1, field(1, text) + b"\x15" + struct.pack("<f", -1.5))


def sample(pieces=PIECES, tail: bytes = b"") -> bytes:
    trainer = field(1, b"customers.txt") + field(2, b"own") + b"\x18\x02"
    return b"".join(map(piece, pieces)) + field(2, trainer) + field(3, b"") + tail
