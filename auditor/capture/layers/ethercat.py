"""EtherCAT by `scapy.contrib.ethercat`: the datagrams of a frame, by address."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.ethercat import EtherCat, EtherCatType12DLPDU

from auditor.capture.layers._layer import Did, Layer, UndissectedError, dissected, layers_of
from auditor.capture.talks import Does

_HEAD, _LENGTH = 2, 0x07FF
_DATAGRAMS = 1
# IEC 61158-4-12, 5.4: what the commands do to memory.
_FUNCTIONS: dict[str, tuple[Does, str]] = {
    "APRD": ("read", "auto increment read"),
    "FPRD": ("read", "configured address read"),
    "BRD": ("read", "broadcast read"),
    "LRD": ("read", "logical read"),
    "APWR": ("write", "auto increment write"),
    "FPWR": ("write", "configured address write"),
    "BWR": ("write", "broadcast write"),
    "LWR": ("write", "logical write"),
    "APRW": ("write", "auto increment read and write"),
    "FPRW": ("write", "configured address read and write"),
    "BRW": ("write", "broadcast read and write"),
    "LRW": ("write", "logical read and write"),
    "ARMW": ("write", "auto increment read, multiple write"),
    "FRMW": ("write", "configured address read, multiple write"),
}


def _size(data: bytes, at: int) -> int:
    if at:
        return len(data) - at  # padding after the frame's only message
    return _HEAD + (int.from_bytes(data[:_HEAD], "little") & _LENGTH) if len(data) > _HEAD else 0


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    del of_client
    if not any(message):
        return
    packet = dissected(EtherCat(message))
    if packet.type != _DATAGRAMS:
        raise UndissectedError
    for part in list(layers_of(packet))[1:]:
        name = type(part).__name__.removeprefix("EtherCat")
        if not isinstance(part, EtherCatType12DLPDU) or name not in _FUNCTIONS:
            raise UndissectedError
        does, title = _FUNCTIONS[name]
        where = f"address {part.adr:#010x}" if "adr" in part.fields else (
            f"device {part.adp:#06x}, address {part.ado:#06x}"
        )  # fmt: skip
        yield Did(does, f"{name} ({title})", (where,))


LAYER = Layer(size=_size, read=_read)
