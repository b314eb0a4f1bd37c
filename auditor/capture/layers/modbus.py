"""Modbus/TCP by `scapy.contrib.modbus`: registers and coils by their numbers."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.modbus import ModbusADURequest, ModbusADUResponse
from scapy.packet import Packet

from auditor.capture.layers._layer import AnswerError, Did, Layer, UndissectedError, dissected
from auditor.capture.talks import Does

# MODBUS Application Protocol 1.1b3, 6; the word is what the number stands for.
_FUNCTIONS: dict[int, tuple[Does, str, str]] = {
    1: ("read", "Read Coils", "coil"),
    2: ("read", "Read Discrete Inputs", "input"),
    3: ("read", "Read Holding Registers", "register"),
    4: ("read", "Read Input Registers", "input register"),
    5: ("write", "Write Single Coil", "coil"),
    6: ("write", "Write Single Register", "register"),
    7: ("read", "Read Exception Status", ""),
    8: ("other", "Diagnostics", "subfunction"),
    11: ("read", "Get Comm Event Counter", ""),
    12: ("read", "Get Comm Event Log", ""),
    15: ("write", "Write Multiple Coils", "coil"),
    16: ("write", "Write Multiple Registers", "register"),
    17: ("read", "Report Server ID", ""),
    20: ("read", "Read File Record", ""),
    21: ("write", "Write File Record", ""),
    22: ("write", "Mask Write Register", "register"),
    23: ("write", "Read/Write Multiple Registers", "register"),
    24: ("read", "Read FIFO Queue", "register"),
    43: ("read", "Read Device Identification", ""),
}
_DIAGNOSE, _FAILED = 8, 0x80
# Subfunctions of diagnostics: the first restarts the device, the fourth silences it.
_CONTROLS = {1: "Restart Communications", 4: "Force Listen Only Mode", 10: "Clear Counters"}
_HEAD, _SHORTEST, _LONGEST = 6, 2, 254
_FIRST = ("startAddr", "outputAddr", "registerAddr", "refAddr", "writeStartingAddr",
          "FIFOPointerAddr")  # fmt: skip
_COUNT = ("quantity", "quantityOutput", "quantityRegisters", "writeQuantityRegisters")


def _size(data: bytes, at: int) -> int:
    if len(data) < at + _HEAD + 2:
        return 0
    length = int.from_bytes(data[at + 4 : at + 6], "big")
    if data[at + 2 : at + 4] != b"\0\0" or not _SHORTEST <= length <= _LONGEST:
        return -1
    return _HEAD + length


def _number(pdu: Packet, names: tuple[str, ...]) -> int | None:
    return next((pdu.fields[name] for name in names if name in pdu.fields), None)


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    code = message[7]
    if not of_client and code & _FAILED:
        raise AnswerError  # it was refused: what was asked for stands in the question
    if code not in _FUNCTIONS:
        raise UndissectedError
    adu = dissected((ModbusADURequest if of_client else ModbusADUResponse)(message))
    does, function, word = _FUNCTIONS[code]
    pdu, unit = adu.payload, f"unit {adu.unitId}"
    if code == _DIAGNOSE:
        if pdu.subFunc in _CONTROLS:
            does, function = "control", f"Diagnostics: {_CONTROLS[pdu.subFunc]}"
        yield Did(does, function, (unit,))
        return
    first = _number(pdu, _FIRST) if word else None
    if first is None:
        yield Did(does, function, (unit,) if of_client else ())
        return
    many = _number(pdu, _COUNT) or 1
    numbers = f"{word} {first}" if many == 1 else f"{word}s {first}-{first + many - 1}"
    yield Did(does, function, (f"{unit}, {numbers}",))


LAYER = Layer(size=_size, read=_read)
