"""PROFINET by `scapy.contrib.pnio`, `pnio_dcp` and `pnio_rpc`: names, addresses and records."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.pnio import PNIORealTimeCyclicPDU, ProfinetIO
from scapy.contrib.pnio_dcp import DCP_OPTIONS, ProfinetDCP
from scapy.contrib.pnio_rpc import Alarm_High, Alarm_Low, IODReadReq, IODWriteReq
from scapy.layers.dcerpc import DceRpc4
from scapy.packet import Packet

from auditor.capture.layers._layer import Did, Layer, UndissectedError, layers_of
from auditor.capture.talks import Does

# DCE/RPC: its version and the kinds that ask and answer (C706, 12.5); the head has 80 bytes.
_RPC, _RPC_HEAD = 4, 80
# The end of the identifiers of PROFINET's objects and interfaces, in both orders.
_OBJECTS = (bytes.fromhex("6c9711d18271"), bytes.fromhex("976cd1118271"))
_ASKS, _ANSWERS = 0, 2
_OPERATIONS: dict[int, tuple[Does, str]] = {
    0: ("control", "Connect"), 1: ("control", "Release"), 2: ("read", "Read"),
    3: ("write", "Write"), 4: ("control", "Control"), 5: ("read", "Read Implicit"),
}  # fmt: skip
_DCP: dict[int, tuple[Does, str]] = {
    3: ("read", "DCP Get"), 4: ("write", "DCP Set"), 5: ("other", "DCP Identify"),
    6: ("other", "DCP Hello"),
}  # fmt: skip
_REQUEST = 0


def _size(data: bytes, at: int) -> int:
    return len(data) - at


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    # A frame of class 3 may begin so as well: as long as a call it is taken for one.
    if message[0] == _RPC and len(message) >= _RPC_HEAD:
        return _rpc(message, of_client)
    return _frame(message)


def _rpc(message: bytes, of_client: bool) -> Iterator[Did]:
    if not any(object_ in message[8:40] for object_ in _OBJECTS):
        raise UndissectedError
    packet = DceRpc4(message)
    if packet.ptype not in {_ASKS, _ANSWERS}:
        return
    if packet.opnum not in _OPERATIONS:
        raise UndissectedError
    does, title = _OPERATIONS[packet.opnum]
    places = tuple(_places(packet)) if of_client or packet.ptype == _ASKS else ()
    yield Did(does, title, places)


def _places(packet: Packet) -> Iterator[str]:
    for layer in layers_of(packet):
        for block in layer.fields.get("blocks", ()):
            if isinstance(block, IODReadReq | IODWriteReq):
                yield (
                    f"slot {block.slotNumber}, subslot {block.subslotNumber}, "
                    f"index {block.index:#06x}"
                )


def _frame(message: bytes) -> Iterator[Did]:
    packet = ProfinetIO(message)
    inner = packet.payload
    if isinstance(inner, PNIORealTimeCyclicPDU):
        yield Did("other", "cyclic data")
    elif isinstance(inner, Alarm_Low | Alarm_High):
        yield Did("other", "alarm")
    elif isinstance(inner, ProfinetDCP) and inner.service_id in _DCP:
        does, title = _DCP[inner.service_id]
        if inner.service_type == _REQUEST:
            yield Did(does, title, (f"option {DCP_OPTIONS.get(inner.option, inner.option)}",))
        elif does != "other":
            yield Did(does, title)
    else:
        raise UndissectedError


LAYER = Layer(size=_size, read=_read)
