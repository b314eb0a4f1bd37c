"""EtherNet/IP by `scapy.contrib.enipTCP`, which has no layer of CIP: that is read here.

Volume 1 of the CIP Networks Library, appendices A and C, and Rockwell 1756-PM020 (tags).
"""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.enipTCP import ENIPTCP, ENIPSendRRData, ENIPSendUnitData

from auditor.capture.layers._cip import services
from auditor.capture.layers._layer import AnswerError, Did, Layer, UndissectedError, dissected
from auditor.capture.talks import Does

_HEAD = 24
_CONNECTED, _UNCONNECTED = 0x00B1, 0x00B2
_ADDRESSES = frozenset({0x0000, 0x00A1, 0x8000, 0x8001, 0x8002})
_COMMANDS: dict[int, tuple[Does, str]] = {
    0x00: ("other", "NOP"), 0x04: ("other", "ListServices"), 0x63: ("other", "ListIdentity"),
    0x64: ("other", "ListInterfaces"), 0x65: ("other", "RegisterSession"),
    0x66: ("other", "UnregisterSession"),
}  # fmt: skip
_DATA = frozenset({0x6F, 0x70})


def _size(data: bytes, at: int) -> int:
    if len(data) < at + _HEAD:
        return 0
    command = int.from_bytes(data[at : at + 2], "little")
    if command not in _COMMANDS and command not in _DATA:
        return -1
    return _HEAD + int.from_bytes(data[at + 2 : at + 4], "little")


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    command = int.from_bytes(message[:2], "little")
    if command in _COMMANDS:
        does, name = _COMMANDS[command]
        yield Did(does, name)
        return
    packet = dissected(ENIPTCP(message))
    inner = packet.payload
    if not isinstance(inner, ENIPSendRRData | ENIPSendUnitData):
        if packet.status:
            raise AnswerError  # it was refused, and nothing is in it
        raise UndissectedError
    for item in inner.items:
        if len(item.data) != item.length:
            raise UndissectedError
        if item.typeId in {_CONNECTED, _UNCONNECTED}:
            # A connection numbers its messages before the service.
            data = item.data[::-1]  # scapy turns the bytes round
            cip = data[2:] if item.typeId == _CONNECTED else data
            yield from services(cip, of_client=of_client)
        elif item.typeId not in _ADDRESSES:
            raise UndissectedError


LAYER = Layer(size=_size, read=_read)
