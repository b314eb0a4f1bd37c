"""IEC 60870-5-104 by `scapy.contrib.scada.iec104`: commands with stations and objects."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.scada.iec104 import (
    IEC104_I_Message,
    IEC104_S_Message,
    IEC104_U_Message,
    iec104_decode,
)
from scapy.contrib.scada.iec104.iec104_information_objects import IEC104_IO_NAMES, IEC104_IO_Packet

from auditor.capture.layers._layer import Did, Layer, UndissectedError
from auditor.capture.talks import Does

_START, _SHORTEST = 0x68, 4
# Types (IEC 60870-5-101, 7.2.1; 104, 8): the low numbers tell values, commands and set points.
_TOLD = frozenset({*range(1, 41), 70})
_COMMANDS = frozenset({45, 46, 47, 58, 59, 60})
_SETS = frozenset({48, 49, 50, 51, 61, 62, 63, 64, 110, 111, 112, 113})
_ASKS = frozenset({100, 101, 102})
_CLOCK, _TESTS, _RESET = 103, frozenset({104, 106, 107}), 105
_FILES = range(120, 128)
# Causes: what is asked for, activated or broken off, and its confirmation; its end, its refusal.
_ASKED, _OVER = frozenset({5, 6, 7, 8, 9}), frozenset({10, 44, 45, 46, 47})
_TITLES = {
    45: "single command", 46: "double command", 47: "regulating step", 48: "set point",
    49: "set point", 50: "set point", 51: "bit string", 58: "single command",
    59: "double command", 60: "regulating step", 61: "set point", 62: "set point",
    63: "set point", 64: "bit string", 100: "interrogation", 101: "counter interrogation",
    102: "read", 103: "clock synchronization", 105: "reset process", 110: "parameter",
    111: "parameter", 112: "parameter", 113: "parameter activation",
}  # fmt: skip


def _size(data: bytes, at: int) -> int:
    if len(data) < at + 2:
        return 0
    return 2 + data[at + 1] if data[at] == _START and data[at + 1] >= _SHORTEST else -1


def _does(kind: int) -> Does:
    if kind in _COMMANDS or kind == _RESET:
        return "control"
    if kind in _SETS or kind == _CLOCK:
        return "write"
    if kind in _ASKS:
        return "read"
    if kind in _TOLD or kind in _TESTS:
        return "other"
    # Files go both ways: which, only their contents tell.
    raise UndissectedError


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    del of_client  # what is confirmed was asked for, whoever is the client
    packet = iec104_decode(message)  # type: ignore[no-untyped-call]  # as scapy has it
    if isinstance(packet, IEC104_S_Message | IEC104_U_Message):
        return
    if not isinstance(packet, IEC104_I_Message) or packet.type_id not in IEC104_IO_NAMES:
        raise UndissectedError
    kind, station = packet.type_id, f"station {packet.common_asdu_address}"
    does, title = _does(kind), f"{IEC104_IO_NAMES[kind]}"
    if kind in _TITLES:
        title += f" ({_TITLES[kind]})"
    objects = packet.io if isinstance(packet.io, list) else [packet.io]
    if len(objects) != packet.num_io or not all(isinstance(o, IEC104_IO_Packet) for o in objects):
        raise UndissectedError
    if kind not in _TOLD and packet.cot not in _ASKED:
        if packet.cot in _OVER:
            return
        raise UndissectedError
    if kind in _TOLD:
        yield Did(does, title, (station,))
        return
    base = getattr(packet, "information_object_address", None)
    numbers = [
        base + place if base is not None else one.information_object_address
        for place, one in enumerate(objects)
    ]
    yield Did(does, title, tuple(f"{station}, object {number}" for number in numbers))


LAYER = Layer(size=_size, read=_read)
