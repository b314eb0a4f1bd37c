from __future__ import annotations

import struct

from tests.model_wire import Flat


def core(layout: str = "FlabuffersModel_v1", parts: tuple[str, ...] = ()) -> bytes:
    """Return the flatbuffer of a model (model.fbs): layout, trees, information, further parts."""
    pair = ["params", b'{"loss_function": {"type": "RMSE"}}']
    return Flat().build(
        [layout, None, ("tables", [pair]), ("tables", list(parts)) if parts else None]
    )


def sample(layout: str = "FlabuffersModel_v1", tail: bytes = b"", **more) -> bytes:
    data = core(layout, **more)
    return b"CBM1" + struct.pack("<I", len(data)) + data + tail
