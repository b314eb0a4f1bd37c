"""Writes small HDF5 files of the old layout: symbol tables, version 1 headers, no checksums."""

from __future__ import annotations

import struct

UNDEFINED = b"\xff" * 8


class Writer:
    """Puts the pieces of a file one behind the other; addresses count from the superblock."""

    def __init__(self, user_block=b""):
        self.user_block = user_block
        self.data = bytearray(96)

    def put(self, piece):
        self.data += b"\0" * (-len(self.data) % 8)
        self.data += piece
        return len(self.data) - len(piece)

    def group(self, links, *messages):
        """`links`: pairs of a name and an address, or a text for a soft link."""
        names, offsets = b"\0" * 8, []
        for name, _ in sorted(links):
            offsets.append(len(names))
            names += name.encode() + b"\0"
        soft = []
        for _, target in sorted(links):
            soft.append(len(names))
            names += target.encode() + b"\0" if isinstance(target, str) else b""
        names += b"\0" * (-len(names) % 8)
        segment = self.put(names)
        heap = self.put(b"HEAP" + struct.pack("<B3xQQQ", 0, len(names), 1, segment))
        node = b"SNOD" + struct.pack("<BBH", 1, 0, len(links))
        for (_, target), offset, value in zip(sorted(links), offsets, soft, strict=True):
            if isinstance(target, str):
                node += struct.pack("<Q8sII16s", offset, UNDEFINED, 2, 0, struct.pack("<I", value))
            else:
                node += struct.pack("<QQII16x", offset, target, 0, 0)
        node = self.put(node.ljust(8 + 8 * 40, b"\0"))
        tree = b"TREE" + struct.pack("<BBH", 0, 0, 1 if links else 0) + UNDEFINED * 2
        tree += struct.pack("<QQQ", 0, node, offsets[-1] if offsets else 0)
        tree = self.put(tree.ljust(24 + 8 * 65, b"\0"))
        return self.header((0x11, struct.pack("<QQ", tree, heap)), *messages)

    def header(self, *messages):
        body = b"".join(
            struct.pack("<HHBxxx", kind, len(data), 0) + data
            for kind, data in ((k, d + b"\0" * (-len(d) % 8)) for k, d in messages)
        )
        return self.put(struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    def done(self, root):
        head = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBBBBBBHHI", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
        base = len(self.user_block)
        head += struct.pack("<Q", base) + UNDEFINED + struct.pack("<Q", base + len(self.data))
        head += UNDEFINED + struct.pack("<QQII16x", 0, root, 0, 0)
        self.data[:96] = head
        return self.user_block + bytes(self.data)


def space(*shape):
    return struct.pack("<BBB5x", 1, len(shape), 0) + struct.pack(f"<{len(shape)}Q", *shape)


F32 = struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 0x1F, 0, 4, 0, 32, 23, 8, 0, 23, 127)


def text_type(length):
    return struct.pack("<BBBBI", 0x13, 0, 0, 0, length)


def attribute(name, value):
    """Return the message of an attribute of fixed text, version 1."""

    def padded(piece):
        return piece + b"\0" * (-len(piece) % 8)

    raw_name, kind = name.encode() + b"\0", text_type(len(value))
    head = struct.pack("<BxHHH", 1, len(raw_name), len(kind), len(space()))
    return 0x0C, head + padded(raw_name) + padded(kind) + padded(space()) + value


def dataset(writer, *shape, kind=F32, extra=(), width=4):
    length = width
    for dimension in shape:
        length *= dimension
    where = writer.put(b"\0" * length)
    return writer.header(
        (1, space(*shape)), (3, kind), (5, struct.pack("<BBBB", 2, 2, 2, 0)),
        (8, struct.pack("<BBQQ", 3, 1, where, length)), *extra,
    )  # fmt: skip


CONFIG = b'{"class_name": "Sequential", "config": {"name": "tiny", "layers": []}}'


def sample() -> bytes:
    writer = Writer()
    kernel = dataset(writer, 4, 3)
    layer = writer.group([("kernel", kernel)])
    weights = writer.group([("dense", layer)])
    root = writer.group(
        [("model_weights", weights)],
        attribute("keras_version", b"2.15.0"),
        attribute("backend", b"tensorflow"),
        attribute("model_config", CONFIG),
    )
    return writer.done(root)
