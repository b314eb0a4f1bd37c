from __future__ import annotations

from tests.model_wire import message, varint


def block(*entries: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        b"\0" + varint(len(key)) + varint(len(value)) + key + value for key, value in entries
    )
    return body + b"\0\0\0\0" + b"\1\0\0\0"


def build(*entries: tuple[bytes, bytes], kind: int = 0) -> bytes:
    data = block(*entries)
    index = block((b"z", varint(0) + varint(len(data))))
    handles = varint(0) + varint(0) + varint(len(data) + 5) + varint(len(index))
    footer = handles.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")
    return data + bytes([kind]) + b"\0" * 4 + index + b"\0" * 5 + footer


def entry(kind: int, shape: tuple[int, ...], offset: int, size: int) -> bytes:
    dimensions = message(*((2, message((1, n))) for n in shape))
    return message((1, kind), (2, dimensions), (4, offset), (5, size))


def sample() -> bytes:
    header = message((1, 1), (3, message((1, 1))))
    return build((b"", header), (b"a", entry(1, (3, 3), 0, 36)), (b"b", entry(1, (2,), 36, 8)))
