from __future__ import annotations

import struct

from tests.model_wire import Flat

# Schema.fbs: a field has a name, whether it may be null, its type's number and the type; 2 is
# Int, with its bits and sign.
FIELD = ["salary", ("B", 1), ("B", 2), [("i", 32), ("B", 1)], None, ("tables", [])]


def schema(extra: bytes = b"") -> list:
    pairs = [["own", extra]] if extra else []
    return [("h", 0), ("tables", [FIELD]), ("tables", pairs)]


def table(extra: bytes = b"", kind: int = 1, body: int = 0) -> bytes:
    """Return the table of a message that holds a schema (Message.fbs)."""
    data = Flat().build([("h", 4), ("B", kind), schema(extra), ("q", body)])
    return data + b"\0" * (-len(data) % 8)


def message(data: bytes) -> bytes:
    return b"\xff\xff\xff\xff" + struct.pack("<I", len(data)) + data


END = message(b"")


def sample(extra: bytes = b"", tail: bytes = END) -> bytes:
    return message(table(extra)) + tail


def file(extra: bytes = b"") -> bytes:
    footer = Flat().build([("h", 4), schema(extra), ("tables", []), ("tables", [])])
    tail = footer + struct.pack("<I", len(footer)) + b"ARROW1"
    return b"ARROW1\0\0" + sample() + tail
