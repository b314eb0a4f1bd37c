from __future__ import annotations

import struct


def core(layout: bytes = b"FlabuffersModel_v1") -> bytes:
    """Return the flatbuffer of a model: its layout's name and one pair of information."""
    name = struct.pack("<I", len(layout)) + layout + b"\0" * (4 - len(layout) % 4)
    key, value = b"params", b'{"loss_function": {"type": "RMSE"}}'
    pair_slots = struct.pack("<HHHH", 8, 12, 4, 8)
    texts = [struct.pack("<I", len(t)) + t + b"\0" * (4 - len(t) % 4) for t in (key, value)]
    # root, slots of the core, core, its name, the vector of pairs, slots of the pair, the pair
    data = struct.pack("<I", 20) + struct.pack("<HHHHHH", 12, 12, 4, 0, 8, 0) + b"\0" * 4
    vector = 32 + len(name)
    data += struct.pack("<iII", 16, 32 - 24, vector - 28) + name
    pair = vector + 8 + len(pair_slots)
    data += struct.pack("<II", 1, pair - vector - 4) + pair_slots
    first = pair + 12
    data += struct.pack("<iII", 8, first - pair - 4, first + len(texts[0]) - pair - 8)
    return data + b"".join(texts)


def sample(layout: bytes = b"FlabuffersModel_v1", tail: bytes = b"") -> bytes:
    data = core(layout)
    return b"CBM1" + struct.pack("<I", len(data)) + data + tail
