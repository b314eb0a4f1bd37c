from __future__ import annotations

import base64


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def struct(*fields) -> bytes:
    """Write a struct of Thrift's compact protocol; `fields` are of number, type and bytes."""
    out, before = b"", 0
    for number, kind, data in fields:
        out += bytes([(number - before) << 4 | kind]) + data
        before = number
    return out + b"\0"


def number(n: int) -> bytes:
    return varint(n << 1)


def binary(data: bytes) -> bytes:
    return varint(len(data)) + data


def structs(*items: bytes) -> bytes:
    return bytes([len(items) << 4 | 12]) + b"".join(items)


def footer(*, path: bytes | None = None, schema: bytes = b"", more=(), chunk=()) -> bytes:
    root = struct((4, 8, binary(b"schema")), (5, 5, number(1)))
    column = struct((1, 5, number(1)), (4, 8, binary(b"salary")))
    fields = [] if path is None else [(1, 8, binary(path))]
    group = struct(
        (1, 9, structs(struct(*fields, (2, 6, number(4)), *chunk))),
        (2, 6, number(0)),
        (3, 6, number(3)),
    )
    pair = struct((1, 8, binary(b"ARROW:schema")), (2, 8, binary(base64.b64encode(schema))))
    return struct(
        (1, 5, number(1)), (2, 9, structs(root, column)), (3, 6, number(3)),
        (4, 9, structs(group)), (5, 9, structs(*([pair] if schema else []))),
        (6, 8, binary(b"own writer")), *more,
    )  # fmt: skip


def sample(head: bytes = b"PAR1", tail: bytes = b"PAR1", **more) -> bytes:
    end = footer(**more)
    return head + bytes(8) + end + len(end).to_bytes(4, "little") + tail
