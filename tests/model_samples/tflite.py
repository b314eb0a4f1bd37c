from __future__ import annotations

import struct

from tests.model_wire import Flat


def sample() -> bytes:
    tensor = [("vector", "i", (2, 3)), ("b", 0), ("I", 1), "w"]
    codes = [[("b", 9), None, None, ("i", 9)]]
    graph = [("tables", [tensor]), None, None, ("tables", [[("I", 0)]]), "main"]
    buffers = [[None], [struct.pack("<6f", *range(6))]]
    model = [
        ("I", 3),
        ("tables", codes),
        ("tables", [graph]),
        "MLIR Converted.",
        ("tables", buffers),
    ]
    return Flat(b"TFL3").build(model)
